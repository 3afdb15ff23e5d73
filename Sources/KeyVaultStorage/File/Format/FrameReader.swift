/// Reads frames one after the other through a window, so that each byte is read from the file once.
struct FrameReader {
    private let log: LogFile
    private let chunk: Int
    /// Where the file ended when the reading began.
    let end: UInt64
    /// Of the next frame.
    private(set) var offset: UInt64
    private var window: [UInt8] = []
    private var windowStart: UInt64 = 0
    /// The bytes of the frame that ``next()`` gave last, within ``window``.
    private var current = 0..<0

    init(_ log: LogFile, from offset: UInt64, to end: UInt64, chunk: Int = 1 << 20) {
        self.log = log
        self.offset = offset
        self.end = end
        self.chunk = chunk
    }

    /// The valid frame at ``offset``, which then moves behind it; `nil` where there is none, and nothing moves.
    mutating func next() throws(StoreError) -> Frame? {
        guard let length = try nextLength() else { return nil }
        try fill(length)
        let start = Int(offset - windowStart)
        guard start + length <= window.count else { return nil }
        guard
            let frame = Frame(window.span.extracting(start..<(start + length)), at: offset, seed: log.header.frameSeed)
        else { return nil }
        current = start..<(start + length)
        offset += UInt64(length)
        return frame
    }

    /// How long the frame at ``offset`` says that it is, where it begins as a frame does.
    mutating func nextLength() throws(StoreError) -> Int? {
        try fill(Frame.headerLength)
        let start = Int(offset - windowStart)
        guard start + Frame.headerLength <= window.count else { return nil }
        return Frame.length(window.span.extracting(start..<(start + Frame.headerLength)))
    }

    mutating func skip(_ count: UInt64) { offset += count }

    /// The frame that ``next()`` gave last.
    var frameBytes: ArraySlice<UInt8> { window[current] }

    /// Calls `body` with the bytes of the frame that ``next()`` gave last.
    func withFrameBytes<Result>(
        _ body: (Span<UInt8>) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        try body(window.span.extracting(current))
    }

    /// Has `count` bytes from ``offset`` on in the window, or all that there are.
    private mutating func fill(_ count: Int) throws(StoreError) {
        if offset >= windowStart, offset + UInt64(count) <= windowStart + UInt64(window.count) { return }
        let left = end > offset ? Int(clamping: end - offset) : 0
        guard left > 0, windowStart != offset || window.count < min(count, left) else {
            if left == 0 { (window, windowStart) = ([], offset) }
            return
        }
        window = try log.read(min(max(count, chunk), left), at: offset)
        windowStart = offset
    }
}
