/// Why an operation on keys or guarded memory could not be done.
public enum CryptoError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The processor lacks what AES-256-GCM needs here.
    case hardwareUnavailable
    /// libsodium refused to start.
    case libraryUnavailable
    /// No guarded memory could be had.
    case outOfMemory
    /// The keys belong to the parent process; a fork wiped them.
    case usedAfterFork
    /// Wrong key, changed bytes, or bytes that belong elsewhere: these are never told apart.
    case authenticationFailed
    /// Key material that is not a key.
    case invalidKey(InvalidKey)

    /// What is wrong with material that was to become a master key.
    public enum InvalidKey: Hashable, Sendable {
        /// Neither 32 bytes, nor 64 hexadecimal digits, nor base64 of 32 bytes.
        case unknownEncoding
        /// 32 bytes of printable text: somebody typed it.
        case typedPassword
        /// All bytes are the same.
        case constant
    }

    public var description: String {
        switch self {
        case .hardwareUnavailable:
            "This processor lacks the AES and carry-less multiplication instructions that AES-256-GCM needs here. Run on "
                + "x86-64 with AES-NI and PCLMUL."
        case .libraryUnavailable: "libsodium could not be initialised. Check the installation of libsodium."
        case .outOfMemory: "The system gave no memory for keys. Close other vaults or raise the memory limit."
        case .usedAfterFork:
            "This process is a fork, and keys do not survive a fork. Start a new program (exec) that opens the vault."
        case .authenticationFailed: "The data does not open under this key: a wrong key, or changed or moved data."
        case .invalidKey(.unknownEncoding):
            "A master key is 32 random bytes: raw, as 64 hexadecimal digits, or as base64. Make one with "
                + "'head -c 32 /dev/urandom'."
        case .invalidKey(.typedPassword):
            "These 32 bytes are printable text, a password rather than a key. Make a random key, or use a passphrase."
        case .invalidKey(.constant): "All bytes of this master key are the same. Make a random key."
        }
    }
}
