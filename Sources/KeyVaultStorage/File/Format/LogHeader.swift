import KeyVaultFormat

/// The first bytes of a log (SPEC.md section 7.2.2).
struct LogHeader {
    static let length = 36
    private static let magic: [UInt8] = Array("KVLG".utf8)

    /// 1 for a new log; raised by one each time it is rewritten.
    let generation: UInt64
    /// 16 bytes; what the names of rows are hashed under.
    let hashKey: [UInt8]
    /// Where the checksum of every frame of this file starts from.
    let frameSeed: CRC32C

    init(generation: UInt64, hashKey: [UInt8]) {
        self.generation = generation
        self.hashKey = hashKey
        frameSeed = Self.seed(Self.checked(generation: generation, hashKey: hashKey))
    }

    /// - Parameter bytes: the beginning of the file, at most 36 bytes.
    init(_ bytes: [UInt8], path: String) throws(StoreError) {
        guard bytes.count == Self.length, bytes.starts(with: Self.magic) else {
            throw StoreError(
                .foreign, "\(path) is not a KeyVault file store. Give the path of one, or of a file that is not there.")
        }
        guard bytes[4] == FormatVersion.current else {
            throw StoreError(
                .newer,
                "\(path) is a file store of format version \(bytes[4]). Open it with a later release of KeyVault.")
        }
        let (generation, hashKey) = (bytes.span.uint64(at: 8), Array(bytes[16..<32]))
        guard generation > 0, bytes == Self.checked(generation: generation, hashKey: hashKey) else {
            throw .damaged(path, at: 0, "its file header")
        }
        self.init(generation: generation, hashKey: hashKey)
    }

    /// Takes 36 bytes that do not agree with their checksum at their word, so that the frames can be read.
    ///
    /// - Parameter frames: what comes behind. It tells whether it is the checksum that is damaged, by which every frame is
    ///   checked.
    init(salvaging bytes: [UInt8], before frames: Span<UInt8>) {
        // Whatever it says, a next one has to be left. Its checksum is that of what it says.
        let said = bytes.span.uint64(at: 8)
        generation = max(1, min(said, 1 << 32))
        hashKey = Array(bytes[16..<32])
        let (stored, right) = (Self.seed(bytes), Self.seed(Self.checked(generation: said, hashKey: hashKey)))
        frameSeed = Frame(frames, at: UInt64(Self.length), seed: right) == nil ? stored : right
    }

    /// The header that a rewritten log begins with. That of a last generation, which nobody reaches, is a first one again.
    var next: LogHeader { LogHeader(generation: generation == .max ? 1 : generation + 1, hashKey: hashKey) }

    var encoded: [UInt8] { Self.checked(generation: generation, hashKey: hashKey) }

    private static func checked(generation: UInt64, hashKey: [UInt8]) -> [UInt8] {
        var bytes = magic + [FormatVersion.current, 0, 0, 0]
        bytes.append(bigEndian: generation)
        bytes += hashKey
        bytes.append(bigEndian: CRC32C.of(bytes.span))
        return bytes
    }

    private static func seed(_ encoded: [UInt8]) -> CRC32C {
        var checksum = CRC32C()
        checksum.update(encoded.span.extracting(32..<36))
        return checksum
    }
}
