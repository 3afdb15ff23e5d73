import Glibc
public import KeyVaultCrypto

/// A master key in a file: 32 raw bytes, 64 hexadecimal digits, or base64.
public struct MasterKeyFile: MasterKeySource {
    /// The file of each key, in the order of the ring.
    public let paths: [String]

    /// - Parameter paths: at least one path. The files must hold all live keys of the vault, and the first key among them that this
    ///   vault has not retired must be a live one.
    public init(_ paths: String...) { self.paths = paths }

    /// - Parameter paths: as for ``init(_:)``.
    public init(paths: [String]) { self.paths = paths }

    public func masterKeys(for request: MasterKeyRequest) async throws -> MasterKeyRing {
        do throws(VaultError) { return try load() } catch {
            guard error.code == .missingMasterKey, !request.slots.isEmpty else { throw error }
            // Perhaps there never was a key file.
            throw VaultError(
                error.code, error.message,
                hint: "This vault opens by a passphrase: give that, or its key file. A rotation can make one.")
        }
    }

    /// Reads all of the files.
    ///
    /// - Throws: ``VaultError`` `missingMasterKey` for a file that is not there, and where none is named; `unreadableMasterKey`
    ///   for one that gives its group or others any right, for a directory, and for one that cannot be read, is empty or too
    ///   long, or is no key.
    public func load() throws(VaultError) -> MasterKeyRing {
        guard let first = paths.first else {
            throw VaultError(
                .missingMasterKey, "No master-key file is named.", hint: "Name one.")
        }
        var ring = MasterKeyRing(try Self.load(first))
        for path in paths.dropFirst() { ring.add(try Self.load(path)) }
        return ring
    }

    /// Makes a new random key and writes it to `path`, readable by its owner only, durably.
    ///
    /// - Throws: ``VaultError`` `exists` when there is a file: a master key is never overwritten; `unreadableMasterKey` where
    ///   none can be made or written.
    public static func create(at path: String) throws(VaultError) -> MasterKey {
        let key = try VaultError.wrap { () throws(CryptoError) in try MasterKey.random() }
        try SecretFile.create(at: path) { write throws(VaultError) in
            try key.withExposedBytes { bytes throws(VaultError) in try write(bytes) }
        }
        return key
    }

    private static func load(_ path: String) throws(VaultError) -> MasterKey {
        let contents = try SecretFile.read(
            path, limit: MasterKey.maximumEncodedLength,
            ifMissing: "Name the file of the key that the vault was created with."
        )
        do {
            return try contents.withSpan { text throws(CryptoError) in try MasterKey(copying: text) }
        } catch {
            throw VaultError(.unreadableMasterKey, "\(path) is no master key: \(error)", cause: error)
        }
    }
}
