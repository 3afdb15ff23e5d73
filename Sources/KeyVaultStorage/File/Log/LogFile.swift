import KeyVaultFormat

/// One generation of the log, open. Closed when the last reader lets go of it.
final class LogFile: Sendable {
    /// Longer frames are read into memory of their own. A secret of up to 192 bytes under names of up to 188 fits.
    private static let onStack = 640

    let file: any OpenFile
    let path: String
    let header: LogHeader
    private let names: SipHash

    /// Whether ``header`` is what the file says, and not a guess.
    let isHeaderWhole: Bool

    init(_ file: any OpenFile, path: String, header: LogHeader, isHeaderWhole: Bool = true) {
        self.isHeaderWhole = isHeaderWhole
        self.file = file
        self.path = path
        self.header = header
        names = SipHash(key: header.hashKey)
    }

    /// Opens the log at `path`; `nil` where there is none.
    convenience init?(existing path: String, _ layer: some FileLayer) throws(StoreError) {
        let file: any OpenFile
        do { file = try layer.open(path, creating: false) } catch .notFound { return nil } catch {
            throw error.doing("opened", path)
        }
        let header = try LogHeader(Self.read(LogHeader.length, at: 0, of: file, path), path: path)
        self.init(file, path: path, header: header)
    }

    /// Opens a log whose file header may be damaged, though not so much that it is none.
    convenience init(salvaging path: String, _ layer: some FileLayer) throws(StoreError) {
        let file: any OpenFile
        do { file = try layer.open(path, creating: false) } catch .notFound {
            throw StoreError(.notFound, "There is no file store at \(path).")
        } catch { throw error.doing("opened", path) }
        let bytes = try Self.read(LogHeader.length, at: 0, of: file, path)
        do throws(StoreError) {
            self.init(file, path: path, header: try LogHeader(bytes, path: path))
        } catch {
            guard error.code == .corrupt else { throw error }
            let frames = try Self.read(
                Frame.headerLength + Frame.maximumPayload, at: UInt64(LogHeader.length), of: file, path)
            let header = LogHeader(salvaging: bytes, before: frames.span)
            self.init(file, path: path, header: header, isHeaderWhole: false)
        }
    }

    /// Refuses to go on with a log that was moved or deleted since it was opened: what is written to it then is gone with its last
    /// user.
    ///
    /// - Parameter place: where it has to be; ``path`` unless another one is given.
    func checkPlace(_ place: String? = nil) throws(StoreError) {
        let path = place ?? path
        let isInPlace: Bool
        do { isInPlace = try file.isStill(at: path) } catch { throw error.doing("looked for", path) }
        guard isInPlace else {
            throw StoreError(
                .io, "\(path) was moved or deleted while it was open. Put it back, or restart what has it open.")
        }
    }

    /// Zeros for what is left of the block in which a log ends.
    static func rest(ofBlock block: UInt64, behind end: UInt64) -> [UInt8] {
        [UInt8](repeating: 0, count: Int((block - end % block) % block))
    }

    func hash(_ encodedID: Span<UInt8>) -> UInt64 { names.hash(encodedID) }

    func size() throws(StoreError) -> UInt64 {
        do { return try file.size() } catch { throw error.doing("measured", path) }
    }

    /// Up to `count` bytes; fewer where the file ends.
    func read(_ count: Int, at offset: UInt64) throws(StoreError) -> [UInt8] {
        try Self.read(count, at: offset, of: file, path)
    }

    /// Calls `body` with the valid frame at `place`.
    ///
    /// Inlined, as all that a read passes a closure to: otherwise references on what the closure captures are counted several times
    /// over, which took a quarter of a read.
    @inline(__always)
    func withFrame<Result>(
        at place: RowIndex.Place, _ body: (Frame, Span<UInt8>) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        if place.length <= Self.onStack {
            var buffer = InlineArray<640, UInt8>(repeating: 0)
            var span = buffer.mutableSpan
            var bytes = span._mutatingExtracting(0..<place.length)
            let count: Int
            do { count = try file.readFully(into: &bytes, at: place.offset) } catch { throw error.doing("read", path) }
            return try check(buffer.span.extracting(0..<min(count, place.length)), place, body)
        }
        let buffer = try read(place.length, at: place.offset)
        return try check(buffer.span, place, body)
    }

    @inline(__always)
    private func check<Result>(
        _ bytes: Span<UInt8>, _ place: RowIndex.Place, _ body: (Frame, Span<UInt8>) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        guard let frame = Frame(bytes, at: place.offset, seed: header.frameSeed), frame.length == place.length else {
            throw .damaged(path, at: place.offset, "a frame")
        }
        return try body(frame, bytes)
    }

    private static func read(
        _ count: Int, at offset: UInt64, of file: any OpenFile, _ path: String
    ) throws(StoreError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        do {
            var span = bytes.mutableSpan
            let done = try file.readFully(into: &span, at: offset)
            bytes.removeLast(count - done)
        } catch { throw error.doing("read", path) }
        return bytes
    }
}
