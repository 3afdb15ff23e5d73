import Foundation

/// Takes a key, and every part of it that is long enough to matter, out of a text that somebody else wrote: providers quote
/// keys in their refusals. Written in hexadecimal, base64 or percent form it is found as well.
struct SecretScrubber {
    /// The longest key that is looked for, in bytes; none that a provider issues is half as long. To look for a key takes time
    /// that grows with it, and a stored one may have 64 KiB.
    static let longest = 1024
    /// Shorter parts say nothing: `sk-proj-` is 8 bytes long.
    private static let window = 9

    /// A window's bytes.
    private struct Part: Hashable {
        private var last: UInt8 = 0
        private var others: UInt64 = 0

        init(_ bytes: ArraySlice<UInt8>) {
            for byte in bytes {
                others = others << 8 | UInt64(last)
                last = byte
            }
        }
    }

    private let isTooLong: Bool
    /// How long each of the parts is.
    private let length: Int
    private let parts: Set<Part>

    init(_ key: String) {
        let bytes = Array(key.utf8)
        isTooLong = bytes.count > Self.longest
        length = min(bytes.count, Self.window)
        var parts: Set<Part> = []
        if !isTooLong {
            for form in bytes.count >= Self.window ? Self.forms(of: bytes) : [bytes] {
                for start in 0...(form.count - length) { parts.insert(Part(form[start..<(start + length)])) }
            }
        }
        self.parts = parts
    }

    private static func forms(of key: [UInt8]) -> [[UInt8]] {
        let hexadecimal = key.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
        let percent = hexadecimal.map { "%" + $0 }.joined()
        // In base64 a byte looks different at each of three places; what neighbours could change is cut off.
        let base64 = (0..<3).map { shift in
            let digits = Data([UInt8](repeating: 0, count: shift) + key).base64EncodedString().replacing("=", with: "")
            return String(digits.dropFirst(shift == 0 ? 0 : shift + 1).dropLast())
        }
        let texts = [hexadecimal.joined(), percent] + base64
        let others =
            texts.prefix(2).map { $0.uppercased() }
            + base64.map { $0.replacing("+", with: "-").replacing("/", with: "_") }
        return [key] + (texts + others).map { Array($0.utf8) }
    }

    /// The text without the key; `nil` where the key is too long to be looked for, and where there would still be a part of it
    /// for whoever reads the escapes of JSON, such as `\u0073` for `s`, or single bytes in percent form, such as `%2B` for `+`.
    func clean(_ text: String) -> String? {
        guard !isTooLong else { return nil }
        let clean = scrub(text)
        var read = clean
        // Providers put the answers of others into theirs, as strings, so that escapes nest. No honest one does so deeper.
        for _ in 0..<8 {
            guard secretBytes(of: Self.withoutPercents(read)) == nil else { return nil }
            let inside = JSONString.text(read.utf8.span)
            // Each escape is longer than what it stands for.
            guard inside.utf8.count < read.utf8.count else { return clean }
            guard secretBytes(of: Array(inside.utf8)) == nil else { return nil }
            read = inside
        }
        return nil
    }

    /// What a text says where some of its bytes are in percent form: which ones, writers do not agree on.
    private static func withoutPercents(_ text: String) -> [UInt8] {
        var rest = Array(text.utf8)[...]
        var read: [UInt8] = []
        while let byte = rest.popFirst() {
            let digits = byte == UInt8(ascii: "%") ? rest.prefix(2).compactMap(JSONString.hexadecimal) : []
            read.append(digits.count == 2 ? UInt8(digits[0] << 4 | digits[1]) : byte)
            if digits.count == 2 { rest.removeFirst(2) }
        }
        return read
    }

    private func scrub(_ text: String) -> String {
        let bytes = Array(text.utf8)
        guard let isSecret = secretBytes(of: bytes) else { return text }
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

    /// Which bytes are a part of the key; `nil` where none is.
    private func secretBytes(of bytes: [UInt8]) -> [Bool]? {
        guard length > 0, bytes.count >= length else { return nil }
        var isSecret: [Bool]?
        for start in 0...(bytes.count - length) where parts.contains(Part(bytes[start..<(start + length)])) {
            var marked = isSecret ?? [Bool](repeating: false, count: bytes.count)
            // One array, not a copy for each part.
            isSecret = nil
            for index in start..<(start + length) { marked[index] = true }
            isSecret = marked
        }
        return isSecret
    }
}
