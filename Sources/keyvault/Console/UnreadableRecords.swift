import KeyVault

extension VaultError.Code {
    /// What a table says of a record that does not open for this reason.
    var stateOfUnreadable: String {
        switch self {
        case .missingMasterKey: "no master key"
        case .newerRecord: "later release"
        default: "damaged"
        }
    }
}

extension [VerifyReport.Damage] {
    var damaged: [VerifyReport.Damage] { filter { $0.code == .damagedRecord } }

    /// Those that may well be sound.
    var unopened: [VerifyReport.Damage] { filter { $0.code != .damagedRecord } }

    /// Why they do not open: a master key that is missing is what to look for first. Of records that are there.
    var reason: VaultError.Code { contains { $0.code == .missingMasterKey } ? .missingMasterKey : self[0].code }

    /// Of the first five, which and why.
    var summary: String {
        let names = prefix(5).map { record in
            let why = record.code == .damagedRecord ? "" : ", \(record.code.stateOfUnreadable)"
            return "\(record.id) (revision \(record.revision)\(why))"
        }
        return names.joined(separator: ", ") + (count > 5 ? ", …" : "")
    }
}

extension KeyedEncodingContainer {
    /// Says that a record does not open: that it is damaged, or else why it may well be sound.
    mutating func encode(unreadable code: VaultError.Code?, damaged: Key, otherwise: Key) throws {
        switch code {
        case let code? where code != .damagedRecord: try encode(code.rawValue, forKey: otherwise)
        default: try encode(true, forKey: damaged)
        }
    }
}
