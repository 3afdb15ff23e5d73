import Glibc
import KeyVault

/// The bytes of a file in lines, a guarded buffer at a time.
struct ImportInput: ~Copyable {
    private let descriptor: Int32
    private var buffer: SecretBuffer
    private var position = 0
    private var isInLine = false

    /// - Parameter path: a file; standard input where there is none.
    init(path: String?) throws {
        guard path != nil || !StandardStream.input.isTerminal else {
            throw Failure(
                .refused, "A terminal would show the keys that are typed.", hint: "Name a file, or pipe one in.")
        }
        let buffer = try SecretBuffer(capacity: 8192)
        descriptor = try path.map(Self.open) ?? StandardStream.input.rawValue
        self.buffer = buffer
    }

    deinit { if descriptor > 2 { close(descriptor) } }

    /// Goes to the next line; at the beginning, stays at the first.
    ///
    /// - Returns: whether there is one.
    mutating func startLine() throws(VaultError) -> Bool {
        if isInLine {
            while try next() != nil {}
            position += 1
        }
        isInLine = try byte() != nil
        return isInLine
    }

    /// The next byte of the line, which stays where it is; `nil` at its end.
    mutating func peek() throws(VaultError) -> UInt8? {
        guard let byte = try byte(), byte != UInt8(ascii: "\n") else { return nil }
        return byte
    }

    /// The next byte of the line; `nil` at its end.
    mutating func next() throws(VaultError) -> UInt8? {
        guard let byte = try peek() else { return nil }
        position += 1
        return byte
    }

    private mutating func byte() throws(VaultError) -> UInt8? {
        if position >= buffer.count {
            buffer.removeAll()
            position = 0
            guard try buffer.read(from: descriptor) > 0 else { return nil }
        }
        let index = position
        return buffer.withSpan { $0[index] }
    }

    private static func open(_ path: String) throws(Failure) -> Int32 {
        let descriptor = unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            let reason = FileError(errno).reason
            throw Failure(.other, "\(path) cannot be read: \(reason).", hint: "Check the path.")
        }
        return descriptor
    }
}
