/// What lies on a disk: files, and the names under which they are found.
package struct DiskImage: Sendable, Equatable {
    /// By number; a file that has no name any more stays.
    package var files: [[UInt8]] = []
    /// Of each file, what lies behind its end: bytes of a write whose new size did not reach the disk. A size that does so without its
    /// bytes brings them back.
    package var hidden: [Int: [UInt8]] = [:]
    package var names: [String: Int] = [:]

    package init() {}

    package subscript(name: String) -> [UInt8]? { names[name].map { files[$0] } }

    /// Which part of an operation.
    package enum Part: Sendable {
        case all
        /// Of a write, only so many bytes.
        case bytes(Int)
        /// Of a write that makes the file longer, what it does not make so: the bytes behind the old end are there, and hidden.
        case withoutSize
        /// Of such a write only the new size.
        case sizeAlone
    }

    /// Does `operation`, or a part of it.
    package mutating func apply(_ operation: DiskOperation, _ part: Part = .all) {
        switch operation {
        case .create(let name, let file):
            while files.count <= file { files.append([]) }
            names[name] = file
        case .write(let file, let offset, let bytes):
            while files.count <= file { files.append([]) }
            let size = files[file].count
            if case .bytes(let limit) = part { return write(bytes.prefix(limit), to: file, at: offset) }
            if case .sizeAlone = part { return resize(file, max(size, offset + bytes.count)) }
            write(bytes[...], to: file, at: offset)
            if case .withoutSize = part, files[file].count > size {
                hidden[file] = Array(files[file][size...])
                files[file].removeSubrange(size...)
            }
        case .truncate(let file, let size):
            guard file < files.count else { return }
            resize(file, size)
        case .rename(let name, let target):
            // Without its creation, which a crash may have undone, there is nothing to rename.
            if let file = names.removeValue(forKey: name) { names[target] = file }
        case .remove(let name): names[name] = nil
        case .sync, .syncDirectory: break
        }
    }

    private mutating func write(_ bytes: ArraySlice<UInt8>, to file: Int, at offset: Int) {
        let end = offset + bytes.count
        if files[file].count < end { resize(file, end) }
        files[file].replaceSubrange(offset..<end, with: bytes)
    }

    /// What is cut off is written over with zeros, as far as its block goes.
    private mutating func resize(_ file: Int, _ size: Int) {
        let growth = size - files[file].count
        guard growth > 0 else {
            files[file].removeLast(-growth)
            if growth < 0 { hidden[file] = nil }
            return
        }
        let back = hidden[file, default: []].prefix(growth)
        files[file] += back + [UInt8](repeating: 0, count: growth - back.count)
        hidden[file] = hidden[file].map { Array($0.dropFirst(growth)) }
    }
}

/// One thing that was asked of a ``SimulatedDisk``.
package enum DiskOperation: Sendable, Equatable {
    case create(String, file: Int)
    case write(file: Int, at: Int, [UInt8])
    case truncate(file: Int, size: Int)
    case rename(String, to: String)
    case remove(String)
    case sync(file: Int)
    case syncDirectory

    /// Whether a sync of `file` makes it durable.
    func changes(file: Int) -> Bool {
        switch self {
        case .write(file, _, _), .truncate(file, _): true
        default: false
        }
    }

    /// Whether a sync of the directory makes it durable.
    var changesDirectory: Bool {
        switch self {
        case .create, .rename, .remove: true
        default: false
        }
    }
}
