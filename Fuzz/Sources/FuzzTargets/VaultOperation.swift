import KeyVault
import KeyVaultFormat

/// What can be asked of a vault.
enum VaultOperation {
    case put(RecordID, secret: [UInt8], lifetime: Duration?, expectedRevision: UInt64?)
    case read(RecordID)
    case delete(RecordID)
    case deleteAll(tenant: String)
    case list(tenant: String)
    case sweep
    case advance(Duration)
    /// To the next master key; `true` to seal everything anew.
    case rotate(reseals: Bool)
    case verify
    case compact
    case reopen
    /// The power goes for the file store; what was not synced is there or not, by the bits of the number. SQLite's
    /// process is killed.
    case crash(UInt64)

    init(_ source: inout ByteSource) {
        let choice = source.byte()
        switch choice % 16 {
        case 0...3:
            let id = Self.id(&source)
            let flags = source.byte()
            self = .put(
                id, secret: Self.secret(&source),
                lifetime: flags & 1 == 1 ? .seconds(Int(source.byte() % 16)) : nil,
                expectedRevision: flags & 2 == 2 ? UInt64(source.byte() % 16) : nil)
        case 4...6: self = .read(Self.id(&source))
        case 7: self = .delete(Self.id(&source))
        case 8: self = .deleteAll(tenant: Self.tenant(&source))
        case 9: self = .list(tenant: Self.tenant(&source))
        case 10: self = choice < 128 ? .sweep : .verify
        case 11: self = .advance(.seconds(Int(source.byte() % 8)))
        case 12: self = .rotate(reseals: choice < 128)
        case 13: self = .compact
        case 14: self = .reopen
        default: self = .crash(UInt64(source.byte()) &* 0x9E37_79B9_7F4A_7C15)
        }
    }

    /// Few names, so that operations meet; among them two that Swift's `==` takes for one.
    private static let tenants = ["acme", "\u{E9}", "e\u{301}", "a"]

    private static func tenant(_ source: inout ByteSource) -> String { tenants[Int(source.byte() % 4)] }

    private static func id(_ source: inout ByteSource) -> RecordID {
        let (tenant, rest) = (tenant(&source), source.byte())
        let made = try? RecordID(
            tenant: tenant, provider: "p\(rest % 2)", label: rest & 2 == 2 ? "other" : RecordID.defaultLabel)
        guard let made else { fatalError("these names are all allowed") }
        return made
    }

    /// Up to a few blocks of 128 bytes, at their edges mostly.
    private static func secret(_ source: inout ByteSource) -> [UInt8] {
        let length = source.byte()
        let count = length < 200 ? Int(length) + 1 : 128 * (Int(length) - 199) - 64
        return [UInt8](repeating: source.byte(), count: count)
    }
}
