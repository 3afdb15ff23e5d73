import Foundation

/// What the kernel says of this process's memory.
enum MemoryMap {
    struct Mapping {
        var range: Range<UInt>
        var permissions: Substring
        /// The `VmFlags` line: two letters each.
        var flags: [Substring] = []
    }

    static func mapping(at address: UInt) throws -> Mapping? {
        var current: Mapping?
        for line in try text("/proc/self/smaps").split(separator: "\n") {
            if line.hasPrefix("VmFlags:") {
                current?.flags = line.split(separator: " ").dropFirst().map { $0 }
                if let current, current.range.contains(address) { return current }
            }
            let fields = line.split(separator: " ", maxSplits: 2)
            let ends = fields[0].split(separator: "-")
            if ends.count == 2, let start = UInt(ends[0], radix: 16), let end = UInt(ends[1], radix: 16) {
                current = Mapping(range: start..<end, permissions: fields[1])
            }
        }
        return nil
    }

    /// Reads until there is no more: Foundation takes the first short read of such a file for its end.
    private static func text(_ path: String) throws -> String {
        let file = try FileHandle(forReadingFrom: URL(filePath: path))
        var data = Data()
        while let more = try file.read(upToCount: 65_536), !more.isEmpty { data += more }
        return String(decoding: data, as: UTF8.self)
    }
}
