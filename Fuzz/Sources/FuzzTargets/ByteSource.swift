/// Takes values off the front of an input; zeros when it has ended.
struct ByteSource {
    private var rest: ArraySlice<UInt8>

    init(_ input: [UInt8]) { rest = input[...] }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func byte() -> UInt8 { rest.popFirst() ?? 0 }

    mutating func bytes(_ count: Int) -> [UInt8] {
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }

    /// Small numbers mostly, since those are where the edges are.
    mutating func int64() -> Int64 {
        let first = Int64(Int8(bitPattern: byte()))
        switch first {
        case 100...: return .max - (127 - first)
        case ...(-100): return .min + (first + 128)
        default: return first
        }
    }
}
