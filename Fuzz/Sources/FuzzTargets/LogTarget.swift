import KeyVaultFormat
import KeyVaultStorage
import KeyVaultTesting

/// The file store's log, and the hint beside it: any bytes are recovered or give a typed error, twice the same; what
/// was recovered takes a write and is recovered again; and what was not is repaired, where it is a log with a head
/// left.
///
/// An input is the length of the hint (two bytes; 0 for none), the hint, and the log.
struct LogTarget: FuzzTarget {
    let name = "log"
    private static let path = "/d/v"

    var seeds: [[UInt8]] {
        get throws {
            let disk = SimulatedDisk()
            let log = try FileLog(Self.path, creating: true, layer: disk, settings: FileLog.Settings())
            try log.create(header: [1, 2, 3], generation: 1)
            let ids = try ["acme/openai", "acme/other", "b/openai/second"].map { try RecordID($0) }
            let rows = ids.map { RecordKey(id: $0, revision: 1) }
            let batches: [[RecordChange]] = [
                rows.map { .insert($0, sealed: [UInt8](repeating: 5, count: 40)) },
                [
                    .replace(
                        RecordKey(id: ids[0], revision: 2), sealed: [6], replacing: 1, commitment: nil, retained: [7]),
                    .delete(ids[1], revision: nil),
                ],
                [.delete(ids[2], revision: 1)],
            ]
            for changes in batches {
                let refused = log.commit([WriteBatch(generation: 1, changes: changes)])
                try Finding.require(refused == [nil], "a seed was refused: \(refused)")
            }
            let torn = disk.image[Self.path] ?? []
            log.close()
            let whole = disk.image
            return [
                Parts(hint: whole[Self.path + "-hint"] ?? [], log: whole[Self.path] ?? []).encoded,
                Parts(hint: [], log: torn).encoded,
            ]
        }
    }

    func run(_ input: [UInt8]) throws {
        guard let parts = Parts(input) else { return }
        let disk = SimulatedDisk(parts.image)
        let found = Self.contents(of: disk)
        try Finding.require(found == Self.contents(of: SimulatedDisk(parts.image)), "opened twice, and not the same")
        switch found {
        case .success(let contents): try Self.write(to: disk, holding: contents)
        case .failure(let error): try Self.repair(parts, refusedWith: error)
        }
    }

    /// Writes into a store that was recovered: what was there stays, and is there for the next one who opens it.
    private static func write(to disk: SimulatedDisk, holding before: Contents) throws {
        let again = contents(of: SimulatedDisk(disk.image))
        try Finding.require(again == .success(before), "another recovery found something else: \(again)")
        if let failure = before.failure {
            // Beneath a hint damage shows only here.
            return try Finding.require(failure.code == .corrupt, "another error: \(failure)")
        }
        // The last revision leaves none for a write.
        guard let head = before.head, head.revisionFloor < UInt64(Int64.max) else { return }
        let id = try RecordID("fuzz/openai/of its own")
        guard !before.rows.contains(where: { $0.id == id }) else { return }
        let row = StoredRecord(key: RecordKey(id: id, revision: head.revisionFloor + 1), sealed: [1, 2, 3])
        do {
            let log = try FileLog(path, creating: false, layer: disk, settings: FileLog.Settings())
            defer { log.close() }
            let batch = WriteBatch(
                generation: head.generation, changes: [.insert(row.key, sealed: row.sealed)])
            // Frames never run out of numbers: none is above its own offset.
            let refused = log.commit([batch])
            try Finding.require(refused == [nil], "recovered, and takes no write: \(refused)")
        }
        guard case .success(let after) = contents(of: disk) else {
            throw Finding("what was written to cannot be opened: \(contents(of: disk))")
        }
        try Finding.require(after.rows == (before.rows + [row]).sorted { $0.key < $1.key }, "the write is not there")
    }

    /// Repairs a store that does not open. What is no log is refused as before, and a log only where there is nothing
    /// to save (SPEC.md 7.2.8); the rest opens, and all of it is sound.
    private static func repair(_ parts: Parts, refusedWith refusal: StoreError) throws {
        let disk = SimulatedDisk(parts.image)
        do throws(StoreError) { _ = try FileRepair(path, layer: disk).run() } catch {
            let isRight = error.code == .corrupt ? !parts.hasHead : [.foreign, .newer].contains(error.code)
            return try Finding.require(isRight && error == refusal, "\(refusal) And it is not repaired: \(error)")
        }
        let repaired = contents(of: disk)
        guard case .success(let contents) = repaired, contents.head != nil, contents.failure == nil else {
            throw Finding("repaired, and not sound: \(repaired)")
        }
    }

    /// Everything that a store gives out.
    private struct Contents: Equatable {
        var head: StoreHead?
        var rows: [StoredRecord] = []
        /// What the scan ended with, if it did not end well.
        var failure: StoreError?
    }

    private static func contents(of disk: SimulatedDisk) -> Result<Contents, StoreError> {
        do throws(StoreError) {
            let log = try FileLog(path, creating: false, layer: disk, settings: FileLog.Settings())
            defer { log.close() }
            var contents = Contents(head: try log.head())
            do throws(StoreError) {
                try log.putInOrder()
                while true {
                    let page = try log.scan(.everything, after: contents.rows.last?.key, limit: 7)
                    guard !page.isEmpty else { break }
                    contents.rows += page
                }
            } catch { contents.failure = error }
            return .success(contents)
        } catch { return .failure(error) }
    }

    func repair(_ input: inout [UInt8]) {
        guard var parts = Parts(input) else { return }
        parts.repairLog()
        parts.repairHint()
        input = parts.encoded
    }

    private struct Parts {
        var hint: [UInt8]
        var log: [UInt8]

        init(hint: [UInt8], log: [UInt8]) {
            self.hint = hint
            self.log = log
        }

        init?(_ input: [UInt8]) {
            guard input.count >= 2 else { return nil }
            let length = min(Int(input[0]) << 8 | Int(input[1]), input.count - 2)
            hint = Array(input[2..<(2 + length)])
            log = Array(input[(2 + length)...])
        }

        var encoded: [UInt8] { [UInt8(hint.count >> 8), UInt8(truncatingIfNeeded: hint.count)] + hint + log }

        var image: DiskImage {
            var image = DiskImage()
            image.apply(.create(path, file: 0))
            image.apply(.write(file: 0, at: 0, log))
            guard !hint.isEmpty else { return image }
            image.apply(.create(path + "-hint", file: 1))
            image.apply(.write(file: 1, at: 0, hint))
            return image
        }

        // MARK: What a repair finds

        /// Whether there is a head that a repair has to find: a whole one, alone in its batch. Not where what begins
        /// like a frame claims so much that the repair gives up.
        var hasHead: Bool {
            var right = [UInt8](repeating: 0, count: 4)
            right.setUInt32(Checksum.of(log[0..<32]), at: 0)
            let seed = isFrame(at: 36, seed: right) ? right : Array(log[32..<36])
            var (start, sequence, isInBatch, left) = (36, UInt64(0), false, log.count * 8)
            var isThere = false
            while start < log.count {
                guard let length = claim(at: start) else {
                    start += 1
                    continue
                }
                left -= length
                guard left >= 0 else { return false }
                guard isFrame(at: start, seed: seed) else {
                    start += 1
                    continue
                }
                let number = log.uint64(at: start + 8)
                // One with an earlier number was moved behind, and says nothing.
                if number > sequence {
                    let continues = log[start + 25] == 1
                    let isAlone = !continues && (!isInBatch || number > sequence + 1)
                    isThere = isThere || isAlone && isHead(at: start, length)
                    (sequence, isInBatch) = (number, continues)
                }
                start += length
            }
            return isThere
        }

        /// How long what begins like a frame says that it is, where the log has as much.
        private func claim(at start: Int) -> Int? {
            guard start + 32 <= log.count else { return nil }
            let length = log.uint32(at: start)
            guard log.uint32(at: start + 4) == ~length, length <= 1 << 20, start + 32 + Int(length) <= log.count else {
                return nil
            }
            return 32 + Int(length)
        }

        /// Whether there is a valid frame, but for its number, under a file header with the checksum `seed`.
        private func isFrame(at start: Int, seed: [UInt8]) -> Bool {
            guard let length = claim(at: start), log[start + 25] <= 1, log[start + 26] == 0, log[start + 27] == 0,
                log.uint64(at: start + 8) <= UInt64(start), 36...UInt64(start) ~= log.uint64(at: start + 16)
            else { return false }
            var checksum = Checksum()
            checksum.update(seed)
            checksum.update(log[start..<(start + 28)])
            checksum.update(log[(start + 32)..<(start + length)])
            return checksum.value == log.uint32(at: start + 28)
        }

        private func isHead(at start: Int, _ length: Int) -> Bool {
            log[start + 24] == 3 && length >= 48 && log.uint64(at: start + 32) <= UInt64(Int64.max)
                && log.uint64(at: start + 40) <= UInt64(Int64.max)
        }

        // MARK: Mutation

        /// Makes the checksums of header and frames right, and of the frames' lengths, marks and numbers what can be.
        mutating func repairLog() {
            guard log.count >= 36 else { return }
            log.replaceSubrange(0..<8, with: Array("KVLG".utf8) + [1, 0, 0, 0])
            log.setUInt32(Checksum.of(log[0..<32]), at: 32)
            var seed = Checksum()
            seed.update(log[32..<36])
            var (start, sequence) = (36, UInt64(1))
            // Zeros at the end are no frame.
            while start + 32 <= log.count, log[start...].contains(where: { $0 != 0 }) {
                let length = min(Int(log.uint32(at: start)), log.count - start - 32)
                log.setUInt32(UInt32(length), at: start)
                log.setUInt32(~UInt32(length), at: start + 4)
                // A number that was moved on purpose stays: it is what a torn tail looks like.
                if log.uint64(at: start + 8) &- sequence < 1 << 8 { log.setUInt64(sequence, at: start + 8) }
                log.setUInt64(min(max(log.uint64(at: start + 16), 36), UInt64(start)), at: start + 16)
                var checksum = seed
                checksum.update(log[start..<(start + 28)])
                checksum.update(log[(start + 32)..<(start + 32 + length)])
                log.setUInt32(checksum.value, at: start + 28)
                start += 32 + length
                sequence += 1
            }
        }

        /// Makes the hint's checksum right, and has the checkpoint that it names vouch for it.
        mutating func repairHint() {
            guard hint.count >= 52, log.count >= 36 else { return }
            let checksum = Checksum.of(hint.dropLast(4))
            hint.setUInt32(checksum, at: hint.count - 4)
            let checkpoint = hint.uint64(at: 16)
            guard checkpoint <= UInt64(log.count), Int(checkpoint) + 48 <= log.count, checkpoint >= 36 else { return }
            log.setUInt64(hint.uint64(at: 40), at: Int(checkpoint) + 32)
            log.setUInt32(checksum, at: Int(checkpoint) + 40)
            repairLog()
        }
    }
}
