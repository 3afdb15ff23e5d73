import NIOCore

/// Takes a key, and every part of it that is long enough to matter, out of a text that somebody else wrote: providers quote
/// keys in their refusals.
struct SecretScrubber {
    /// Shorter parts say nothing: `sk-proj-` is 8 bytes long.
    private static let window = 9

    private let parts: Set<[UInt8]>

    init(_ key: String) {
        let bytes = Array(key.utf8)
        guard bytes.count > Self.window else {
            parts = [bytes]
            return
        }
        parts = Set((0...(bytes.count - Self.window)).map { Array(bytes[$0..<($0 + Self.window)]) })
    }

    func scrub(_ body: ByteBuffer) -> String {
        let bytes = Array(body.readableBytesView)
        guard let length = parts.first?.count, length > 0, bytes.count >= length else {
            return String(decoding: bytes, as: UTF8.self)
        }
        var isSecret = [Bool](repeating: false, count: bytes.count)
        for start in 0...(bytes.count - length) where parts.contains(Array(bytes[start..<(start + length)])) {
            for index in start..<(start + length) { isSecret[index] = true }
        }
        var clean: [UInt8] = []
        for index in bytes.indices {
            if !isSecret[index] {
                clean.append(bytes[index])
            } else if index == 0 || !isSecret[index - 1] {
                clean += Array("[removed]".utf8)
            }
        }
        return String(decoding: clean, as: UTF8.self)
    }
}
