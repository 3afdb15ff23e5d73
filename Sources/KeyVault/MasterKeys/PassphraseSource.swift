import KeyVaultFormat

/// A master key that lies in the vault's own header, wrapped under a passphrase (Argon2id).
///
/// Opening takes most of a second: that is what a passphrase costs an attacker for each guess.
public struct PassphraseSource: MasterKeySource {
    private let passphrase: Secret

    /// - Parameter passphrase: as it was typed, without a line break: one that is there is a part of it. `Secret(contentsOfFile:)` drops it.
    public init(_ passphrase: Secret) { self.passphrase = passphrase }

    /// Refuses what is too short for a passphrase.
    package static func checkLength(_ passphrase: Secret) throws(VaultError) {
        guard passphrase.withSpan({ $0.count }) >= 8 else {
            throw VaultError(
                .invalidArgument, "The passphrase is shorter than 8 bytes.", hint: "Take several words instead.")
        }
    }

    /// - Throws: ``VaultError`` `missingMasterKey` where the vault knows no passphrase, `wrongMasterKey` where it is another.
    public func masterKeys(for request: MasterKeyRequest) async throws -> MasterKeyRing {
        guard !request.slots.isEmpty else {
            throw VaultError(
                .missingMasterKey, "This vault does not open by a passphrase.", hint: "Name its key file instead.")
        }
        var ring: MasterKeyRing?
        // The active key's slot first: its key must authenticate the header.
        for id in request.liveKeyIDs {
            for slot in request.slots where slot.parameters.keyID == id {
                guard let found = try await slot.unwrap(passphrase, vault: request.vaultID) else { continue }
                if ring == nil { ring = found } else { ring?.add(found) }
            }
        }
        guard let ring else {
            throw VaultError(.wrongMasterKey, "Wrong passphrase for this vault.", hint: "Try again.")
        }
        return ring
    }
}

/// The keys of a vault that was just created by a passphrase, at hand without deriving them; those that come later are in its header.
struct FirstKeys: MasterKeySource {
    let ring: MasterKeyRing
    let others: PassphraseSource

    func masterKeys(for request: MasterKeyRequest) async throws -> MasterKeyRing {
        request.liveKeyIDs == ring.ids ? ring : try await others.masterKeys(for: request)
    }
}
