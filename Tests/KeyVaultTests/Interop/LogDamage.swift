import Testing

/// One thing that may happen to a log that was closed, and what both sides are to make of it.
struct LogDamage: CustomTestStringConvertible, Sendable {
    enum Outcome: Equatable, Sendable {
        /// It opens, and this many rows are there.
        case opens(rows: Int)
        /// It opens, and one row, whose frame lies here, is refused.
        case opensButFor(offset: Int)
        case refused(InteropLog.Outcome, offset: Int? = nil)
    }

    struct Files {
        var log: [UInt8]
        var hint: [UInt8]?
        /// Of the log before anything happened to it.
        let frames: [InteropLog.Frame]

        /// Flips a bit of the last byte of a frame.
        mutating func damage(_ frame: InteropLog.Frame) { log[frame.end - 1] ^= 1 }
        mutating func cut(to length: Int) { log.removeSubrange(length...) }
    }

    let testDescription: String
    let change: @Sendable (inout Files) -> Outcome

    init(_ description: String, _ change: @escaping @Sendable (inout Files) -> Outcome) {
        (testDescription, self.change) = (description, change)
    }

    static let all = fileHeader + frames + tails + hints

    private static let fileHeader = [
        LogDamage("an empty file") { files in
            files.log = []
            return .refused(.foreign)
        },
        LogDamage("cut within the file header") { files in
            files.cut(to: 35)
            return .refused(.foreign)
        },
        LogDamage("another magic") { files in
            files.log[0] ^= 1
            return .refused(.foreign)
        },
        LogDamage("another version") { files in
            files.log[4] = 2
            return .refused(.newer)
        },
        LogDamage("another generation") { files in
            files.log[15] ^= 1
            return .refused(.corrupt, offset: 0)
        },
        LogDamage("another checksum of the file header") { files in
            files.log[35] ^= 1
            return .refused(.corrupt, offset: 0)
        },
    ]

    /// Without a hint: all of the log is read, and all but its last frame is known to have been synced.
    private static let frames = [
        LogDamage("a flipped bit of a row") { files in
            files.hint = nil
            files.damage(files.frames[2])
            return .refused(.corrupt, offset: files.frames[2].offset)
        },
        LogDamage("a flipped bit of a tombstone") { files in
            files.hint = nil
            files.damage(files.frames[6])
            return .refused(.corrupt, offset: files.frames[6].offset)
        },
        LogDamage("a length that points behind the end") { files in
            files.hint = nil
            files.log[files.frames[7].offset + 1] = 0xFF
            files.log[files.frames[7].offset + 5] = 0
            return .refused(.corrupt, offset: files.frames[7].offset)
        },
        LogDamage("zeros over several frames") { files in
            files.hint = nil
            let range = files.frames[3].offset..<files.frames[6].end
            files.log.replaceSubrange(range, with: repeatElement(0, count: range.count))
            return .refused(.corrupt, offset: range.lowerBound)
        },
        LogDamage("a frame twice") { files in
            files.hint = nil
            let frame = files.frames[6]
            files.log.insert(contentsOf: files.log[frame.offset..<frame.end], at: frame.end)
            return .refused(.corrupt, offset: frame.end)
        },
    ]

    private static let tails = [
        LogDamage("cut within the last checkpoint") { files in
            files.cut(to: files.log.count - 1)
            return .opens(rows: 4)
        },
        LogDamage("a flipped bit of the last checkpoint") { files in
            files.damage(files.frames[8])
            return .opens(rows: 4)
        },
        LogDamage("cut within a batch of one row") { files in
            files.cut(to: files.frames[7].end - 1)
            return .opens(rows: 3)
        },
        LogDamage("a flipped bit of the last batch, which nothing bears witness of") { files in
            files.cut(to: files.frames[7].end)
            files.damage(files.frames[7])
            return .opens(rows: 3)
        },
        LogDamage("cut between two rows of a batch") { files in
            files.cut(to: files.frames[4].end)
            return .opens(rows: 3)
        },
        LogDamage("cut within the first batch of rows") { files in
            files.cut(to: files.frames[3].end - 1)
            return .opens(rows: 0)
        },
        LogDamage("a page of zeros behind the end") { files in
            files.log += [UInt8](repeating: 0, count: 4096)
            return .opens(rows: 4)
        },
        LogDamage("what looks like frames within frames, more than a search looks into") { files in
            let end = files.log.count
            for left in (0..<40).reversed() {
                let length = UInt8(left)
                // Of 32 bytes each, the payload up to the end; sequence number 255, mark 36, a put.
                files.log += [0, 0, length >> 3, length << 5, 255, 255, ~(length >> 3), ~(length << 5)]
                files.log += [0, 0, 0, 0, 0, 0, 0, 255, 0, 0, 0, 0, 0, 0, 0, 36, 1, 0, 0, 0, 0, 0, 0, 0]
            }
            return .refused(.corrupt, offset: end)
        },
        LogDamage("a frame of another place behind the end") { files in
            files.log += files.log[files.frames[7].offset..<files.frames[7].end]
            return .opens(rows: 4)
        },
    ]

    private static let hints = [
        LogDamage("nothing") { _ in .opens(rows: 4) },
        LogDamage("no hint") { files in
            files.hint = nil
            return .opens(rows: 4)
        },
        LogDamage("a flipped bit of the hint") { files in
            files.hint?[60] ^= 1
            return .opens(rows: 4)
        },
        LogDamage("a hint that is cut") { files in
            files.hint?.removeLast(24)
            return .opens(rows: 4)
        },
        LogDamage("a flipped bit of a row below a hint") { files in
            files.damage(files.frames[7])
            return .opensButFor(offset: files.frames[7].offset)
        },
        LogDamage("a flipped bit of a deleted row below a hint") { files in
            files.damage(files.frames[2])
            return .opens(rows: 4)
        },
        LogDamage("a flipped bit of the head below a hint") { files in
            files.damage(files.frames[0])
            return .refused(.corrupt, offset: files.frames[0].offset)
        },
    ]
}
