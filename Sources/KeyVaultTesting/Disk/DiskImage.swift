/// What lies on a disk: files, and the names under which they are found.
package struct DiskImage: Sendable, Equatable {
    /// By number; a file that has no name any more stays.
    package var files: [[UInt8]] = []
    package var names: [String: Int] = [:]

    package init() {}

    package subscript(name: String) -> [UInt8]? { names[name].map { files[$0] } }

    /// Does `operation`, or of a write only the first `limit` bytes.
    package mutating func apply(_ operation: DiskOperation, limit: Int = .max) {
        switch operation {
        case .create(let name, let file):
            while files.count <= file { files.append([]) }
            names[name] = file
        case .write(let file, let offset, let bytes):
            while files.count <= file { files.append([]) }
            let part = bytes.prefix(limit)
            let end = offset + part.count
            if files[file].count < end {
                files[file] += [UInt8](repeating: 0, count: end - files[file].count)
            }
            files[file].replaceSubrange(offset..<end, with: part)
        case .truncate(let file, let size):
            guard file < files.count else { return }
            let count = files[file].count
            if size < count {
                files[file].removeLast(count - size)
            } else {
                files[file] += [UInt8](repeating: 0, count: size - count)
            }
        case .rename(let name, let target):
            // Without its creation, which a crash may have undone, there is nothing to rename.
            if let file = names.removeValue(forKey: name) { names[target] = file }
        case .remove(let name): names[name] = nil
        case .sync, .syncDirectory: break
        }
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
