import KeyVault
import KeyVaultCrypto
import KeyVaultFormat
import KeyVaultStorage

import struct Foundation.Date

/// The vault header: what is accepted is what its encoding gives back; and a store that holds it opens as a vault where the
/// keys vouch for it, or gives a typed error.
///
/// An input is a byte, then the header. If the byte's last bit is set, the codes behind the body are made right first: what
/// somebody could do who has the keys.
struct HeaderTarget: FuzzTarget {
    let name = "header"

    var seeds: [[UInt8]] {
        get throws {
            let ids = try Samples.ring(0, 1).ids
            let date = Date(timeIntervalSince1970: 1_800_000_000)
            let slot = PassphraseSlot(
                parameters: try .init(
                    keyID: ids[0], operations: 3, memory: 64 << 20, salt: [UInt8](repeating: 1, count: 16)),
                salt: [UInt8](repeating: 2, count: 32), commitment: [UInt8](repeating: 3, count: 32),
                wrappedKey: [UInt8](repeating: 4, count: 48))
            let headers = [
                VaultHeader(
                    vaultID: Samples.vaultID, generation: 1, activeKeyID: ids[0],
                    keys: [.init(id: ids[0], state: .live, added: date)], slots: [slot]),
                VaultHeader(
                    vaultID: Samples.vaultID, generation: 9, activeKeyID: ids[1],
                    keys: [
                        .init(id: ids[0], state: .live, added: date), .init(id: ids[1], state: .live, added: date),
                    ]),
                VaultHeader(
                    vaultID: Samples.vaultID, generation: 9, activeKeyID: ids[1],
                    keys: [
                        .init(id: ids[0], state: .retired, added: date), .init(id: ids[1], state: .live, added: date),
                    ]),
            ]
            return try headers.flatMap { [[0] + (try Self.authenticated($0.body)), [1] + $0.body] }
        }
    }

    func run(_ input: [UInt8]) async throws {
        guard let first = input.first else { return }
        var bytes = Array(input.dropFirst())
        if first & 1 == 1 { bytes = try Self.authenticated(bytes) }

        let sealed = try? StoredHeader(bytes)
        if let sealed {
            try Finding.require(sealed.encoded == bytes, "the encoding is not what was read")
            try Finding.require(sealed.header.body == sealed.body, "the body is not what was read")
        }
        let store = MemoryStore()
        do { try await store.create(header: bytes, generation: sealed?.header.generation ?? 1) } catch { return }
        let mayOpen = try sealed.map(Self.isAuthentic) ?? false
        do {
            let vault = try await Vault.open(store, keys: try Samples.ring(0, 1))
            try Finding.require(mayOpen, "a header was believed for which the keys do not vouch")
            try Finding.require(vault.id == sealed?.header.vaultID, "another vault was opened")
            await vault.close()
        } catch let error as VaultError {
            let codes: [VaultError.Code] = [
                .damagedHeader, .newerVault, .wrongMasterKey, .missingMasterKey, .retiredMasterKey,
            ]
            try Finding.require(codes.contains(error.code), "another error: \(error.code)")
            try Finding.require(!mayOpen, "an authentic header was refused: \(error)")
        }
    }

    /// Whether the two keys vouch for all of it, as SPEC.md section 5.1 asks.
    private static func isAuthentic(_ sealed: StoredHeader) throws -> Bool {
        let codes = try zip(sealed.header.liveKeyIDs, sealed.codes).map { id, code in
            try Self.code(of: sealed.body, under: id) == code
        }
        let states = try Samples.ring(0, 1).ids.map { id in sealed.header.keys.first { $0.id == id }?.state }
        return !codes.contains(false) && states.first { $0 != .retired } == .live
    }

    /// `nil` for a key that is not one of the two.
    private static func code(of body: [UInt8], under id: MasterKeyID) throws -> [UInt8]? {
        for number in [UInt8(0), 1] {
            let key = try Samples.masterKey(number)
            if key.id == id { return try key.headerCode(body.span) }
        }
        return nil
    }

    /// The body that `bytes` begin with, and the codes that it should have.
    private static func authenticated(_ bytes: [UInt8]) throws -> [UInt8] {
        guard bytes.count >= 56 else { return bytes }
        let (keys, slots) = (Int(bytes[48]) << 8 | Int(bytes[49]), Int(bytes[50]) << 8 | Int(bytes[51]))
        let length = 56 + keys * 32 + slots * 176
        guard length <= bytes.count else { return bytes }
        let body = Array(bytes.prefix(length))
        let live = (0..<keys).map { 56 + $0 * 32 }.filter { body[$0 + 16] == VaultHeader.Key.State.live.rawValue }
        return try live.reduce(into: body) { bytes, start in
            let id = MasterKeyID(trusted: Array(body[start..<(start + 16)]))
            bytes += try code(of: body, under: id) ?? [UInt8](repeating: 0, count: 32)
        }
    }
}
