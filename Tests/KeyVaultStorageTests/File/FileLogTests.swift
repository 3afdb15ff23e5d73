import Glibc
import KeyVaultFormat
import KeyVaultTesting
import Synchronization
import Testing

@testable import KeyVaultStorage

@Suite struct FileLogTests {
    private static let path = CrashEnumeration.path
    private let disk = SimulatedDisk()
    private let id: RecordID

    init() throws { id = try RecordID(tenant: "acme", provider: "openai") }

    private func open(_ settings: FileLog.Settings = .init()) throws -> FileLog {
        try FileLog(Self.path, creating: true, layer: disk, settings: settings)
    }

    private func created(_ settings: FileLog.Settings = .init()) throws -> FileLog {
        let log = try open(settings)
        try log.create(header: LogWorkload.header, generation: 1)
        return log
    }

    private func insert(_ label: String, revision: UInt64 = 1) throws -> WriteBatch {
        let id = try RecordID(tenant: "acme", provider: "openai", label: label)
        return WriteBatch(generation: 1, changes: [.insert(RecordKey(id: id, revision: revision), sealed: [1, 2, 3])])
    }

    /// A frame holds more than a record can have: whoever copies the store would be refused by every other.
    @Test func aRowThatIsLongerThanAnyRecordIsGivenWithoutItsBytes() async throws {
        let log = try created()
        let key = RecordKey(id: id, revision: 1)
        let sealed = [UInt8](repeating: 1, count: SealedRecord.maximumLength + 1)
        #expect(log.commit([WriteBatch(generation: 1, changes: [.insert(key, sealed: sealed)])]) == [nil])
        let row = StoredRecord(key: key, sealed: [])
        #expect(try log.read(id) == row)
        #expect(try log.scan(.everything, after: nil, limit: 9) == [row])
        let copy = MemoryStore()
        try await copy.create(header: LogWorkload.header)
        try await copy.write(WriteBatch(generation: 1, changes: [.insert(row.key, sealed: row.sealed)]))
    }

    @Test func aSecondOpenerIsToldThatItIsItself() throws {
        let log = try open()
        let error = try #require(throws: StoreError.self) { try open() }
        #expect(error.code == .busy && error.message.contains("is open in this process already"))
        log.close()
        _ = try open()
    }

    @Test func whoLooksDuringACompactionFindsTheLogInItsPlace() throws {
        let layer = InterruptibleLayer(disk)
        let log = try FileLog(Self.path, creating: true, layer: layer, settings: .init())
        try log.create(header: LogWorkload.header, generation: 1)
        #expect(log.commit([try insert("a")]) == [nil])
        let looks = Mutex(0)
        layer.whenNamesChange {
            #expect(throws: Never.self) { _ = try log.head() }
            #expect(throws: Never.self) { try log.scan(.everything, after: nil, limit: 9) }
            looks.withLock { $0 += 1 }
        }
        // The log refers to the layer.
        defer { layer.whenNamesChange(nil) }
        try log.compact()
        // The new log's name is synced, it is renamed, that is synced, and the hint is renamed.
        #expect(looks.withLock { $0 } == 4)
    }

    @Test func aRepairLeavesWhatSomebodyHasRestoredMeanwhile() throws {
        let log = try created()
        for label in ["a", "b", "c"] { #expect(log.commit([try insert(label)]) == [nil]) }
        log.close()
        let whole = try #require(disk.image[Self.path])
        var damaged = whole
        damaged[200] ^= 1
        @Sendable func restore(_ bytes: [UInt8]) throws {
            let file = try disk.open("backup", creating: true)
            try file.writeFully(bytes, at: 0)
            try disk.rename("backup", to: Self.path)
        }
        try restore(damaged)
        let layer = InterruptibleLayer(disk)
        let isRestored = Mutex(false)
        layer.whenNamesChange {
            guard
                !isRestored.withLock({ done in
                    defer { done = true }; return done
                })
            else { return }
            #expect(throws: Never.self) { try restore(whole) }
        }
        defer { layer.whenNamesChange(nil) }
        #expect(throws: StoreError(.io, "")) { try FileRepair(Self.path, layer: layer).run() }
        #expect(disk.image[Self.path] == whole)
    }

    @Test func aCompactionLeavesWhatHasComeToLieInItsPlace() throws {
        let layer = InterruptibleLayer(disk)
        let log = try FileLog(Self.path, creating: true, layer: layer, settings: .init())
        try log.create(header: LogWorkload.header, generation: 1)
        #expect(log.commit([try insert("a")]) == [nil])
        let disk = disk
        layer.onceAFileIsMade {
            #expect(throws: Never.self) {
                try disk.open("backup", creating: true).writeFully([1, 2, 3], at: 0)
                try disk.rename("backup", to: Self.path)
            }
        }
        #expect(throws: StoreError(.io, "")) { try log.compact() }
        #expect(disk.image[Self.path] == [1, 2, 3])
    }

    @Test func aListWhoseRowsAreGoneReadsThemOnce() throws {
        let log = try created()
        let count = 5_000
        #expect(log.commit(try (0..<count).map { try insert("\($0)") }).allSatisfy { $0 == nil })
        #expect(try log.scan(.everything, after: nil, limit: 1).count == 1)
        #expect(log.commit([WriteBatch(generation: 1, changes: [.deleteTenant("acme")])]) == [nil])
        #expect(try log.scan(.everything, after: nil, limit: 1).isEmpty)
        let before = disk.calls
        #expect(try log.scan(.everything, after: nil, limit: 1).isEmpty)
        #expect(disk.calls - before < 100)
    }

    /// Who has had them put in order once is not sent back: beside a writer without end the list would never begin.
    @Test func aListGoesOnWhereManyRowsAreGone() throws {
        let log = try created()
        #expect(log.commit(try (0..<5_000).map { try insert("\($0)") }).allSatisfy { $0 == nil })
        try log.putInOrder()
        #expect(log.commit([WriteBatch(generation: 1, changes: [.deleteTenant("acme")])]) == [nil])
        try log.putInOrder()
        #expect(try log.page(.everything, after: nil, limit: 1, acceptsGaps: true)?.isEmpty == true)
        #expect(try log.page(.everything, after: nil, limit: 1, acceptsGaps: false) == nil)
    }

    @Test func keysThatAreReplacedAllTheTimeDoNotFillTheOrder() throws {
        let layer = InterruptibleLayer(disk)
        let log = try FileLog(Self.path, creating: true, layer: layer, settings: .init())
        try log.create(header: LogWorkload.header, generation: 1)
        #expect(log.commit(try (0..<100).map { try insert("\($0)") }).allSatisfy { $0 == nil })
        let ids = try (0..<100).map { try RecordID(tenant: "acme", provider: "openai", label: "\($0)") }
        let revision = Mutex<UInt64>(1)
        layer.onReads {
            let next = revision.withLock { revision in
                revision += 1
                return revision
            }
            let changes = ids.map { id in
                RecordChange.replace(
                    RecordKey(id: id, revision: next), sealed: [1], replacing: next - 1, commitment: nil, retained: nil)
            }
            #expect(log.commit([WriteBatch(generation: 1, changes: changes)]) == [nil])
        }
        try log.putInOrder()
        layer.onReads(nil)
        #expect(revision.withLock { $0 } > 50)
        #expect(try log.page(.everything, after: nil, limit: 1_000, acceptsGaps: false)?.count == 100)
    }

    /// A row that is retained lies elsewhere than where it was noted.
    @Test func retainedRowsStayInTheOrderWhereItIsMerged() throws {
        let log = try created()
        #expect(try log.scan(.everything, after: nil, limit: 1).isEmpty)
        #expect(log.commit(try (0..<300).map { try insert("\($0)") }).allSatisfy { $0 == nil })
        let changes = try (0..<300).map { number in
            let id = try RecordID(tenant: "acme", provider: "openai", label: "\(number)")
            return RecordChange.replace(
                RecordKey(id: id, revision: 2), sealed: [2], replacing: 1, commitment: nil, retained: [3])
        }
        #expect(log.commit(changes.map { WriteBatch(generation: 1, changes: [$0]) }).allSatisfy { $0 == nil })
        let rows = try log.scan(.everything, after: nil, limit: 1_000)
        #expect(rows.count == 600)
        #expect(rows.allSatisfy { $0.sealed == ($0.revision == 1 ? [3] : [2]) })
        #expect(try log.scan(.current, after: nil, limit: 1_000).count == 300)
    }

    /// Whatever the vault keeps for itself is jumped over.
    @Test func aListReadsFewOfTheVaultsOwnRows() throws {
        let log = try created()
        let own = try (0..<3_000).map { number in
            let id = try RecordID(tenant: number < 1_500 ? "_a" : "_tokens", provider: "t", label: "\(number)")
            return WriteBatch(generation: 1, changes: [.insert(RecordKey(id: id, revision: 1), sealed: [1])])
        }
        #expect(log.commit(own).allSatisfy { $0 == nil })
        #expect(log.commit([try insert("a")]) == [nil])
        for tenant in ["`", "^"] {
            let key = RecordKey(id: try RecordID(tenant: tenant, provider: "p"), revision: 1)
            #expect(log.commit([WriteBatch(generation: 1, changes: [.insert(key, sealed: [1])])]) == [nil])
        }
        try log.putInOrder()
        let before = disk.calls
        #expect(try log.scan(.current, after: nil, limit: 9).map(\.id.tenant) == ["^", "`", "acme"])
        #expect(disk.calls - before < 60)
        #expect(try log.scan(.everything, after: nil, limit: 9_999).count == 3_003)
        #expect(try log.scan(.currentOf(tenant: "_a"), after: nil, limit: 9_999).count == 1_500)
    }

    /// Others read and write while the rows of a page are read, and it is one point in time all the same.
    @Test(arguments: [ScanScope.current, .everything, .currentOf(tenant: "acme")])
    func aPageIsOnePointInTimeThoughNobodyWaitsForIt(_ scope: ScanScope) throws {
        let layer = InterruptibleLayer(disk)
        let log = try FileLog(Self.path, creating: true, layer: layer, settings: .init())
        try log.create(header: LogWorkload.header, generation: 1)
        let ids = try (100..<140).map { try RecordID(tenant: "acme", provider: "openai", label: "\($0)") }
        let first = ids.map { RecordChange.insert(RecordKey(id: $0, revision: 1), sealed: [1]) }
        #expect(log.commit([WriteBatch(generation: 1, changes: first)]) == [nil])
        try log.putInOrder()
        let revision = Mutex<UInt64>(1)
        layer.onReads {
            let next = revision.withLock { revision in
                revision += 1
                return revision
            }
            // All of them at once; and one more in front of each, which makes the pages move.
            var changes = ids.map { id in
                RecordChange.replace(
                    RecordKey(id: id, revision: next), sealed: [1], replacing: next - 1, commitment: nil, retained: nil)
            }
            if let id = try? RecordID(tenant: "acme", provider: "openai", label: "0-\(next)") {
                changes.append(.insert(RecordKey(id: id, revision: next), sealed: [1]))
            }
            #expect(log.commit([WriteBatch(generation: 1, changes: changes)]) == [nil])
        }
        let rows = try log.scan(scope, after: nil, limit: 1_000).filter { !$0.id.label.hasPrefix("0-") }
        layer.onReads(nil)
        #expect(revision.withLock { $0 } > 10)
        #expect(rows.map(\.id) == ids)
        #expect(Set(rows.map(\.revision)).count == 1)
    }

    @Test func aWalkReadsEachRetainedRowOnce() throws {
        func reads(revisions: UInt64) throws -> Int {
            let disk = SimulatedDisk()
            let log = try FileLog(Self.path, creating: true, layer: disk, settings: .init())
            try log.create(header: LogWorkload.header, generation: 1)
            try #require(log.commit([try insert("a")]) == [nil])
            let id = try RecordID(tenant: "acme", provider: "openai", label: "a")
            for revision in 2...revisions {
                let change = RecordChange.replace(
                    RecordKey(id: id, revision: revision), sealed: [1], replacing: revision - 1, commitment: nil,
                    retained: [2])
                try #require(log.commit([WriteBatch(generation: 1, changes: [change])]) == [nil])
            }
            _ = try log.scan(.everything, after: nil, limit: 1)
            let before = disk.calls
            #expect(try log.scan(.everything, after: nil, limit: .max).count == Int(revisions))
            return disk.calls - before
        }
        let (few, many) = (try reads(revisions: 50), try reads(revisions: 100))
        #expect(many <= 2 * few + 20, "\(few) reads, then \(many)")
    }

    @Test func aScanThatFailsLeavesNothingThatGrows() throws {
        let log = try created()
        #expect(log.commit([try insert("a")]) == [nil])
        disk.fail(disk.calls..<(disk.calls + 1), with: .error(.inputOutput))
        #expect(throws: StoreError.self) { try log.scan(.everything, after: nil, limit: 9) }
        #expect(try !log.isOrdered())
        #expect(log.commit([try insert("b")]) == [nil])
        #expect(log.shared.withLock { $0.order.recent.isEmpty })
        #expect(try log.scan(.everything, after: nil, limit: 9).count == 2)
    }

    @Test func aLinkThatIsTurnedWhileItIsOpenedIsRefused() throws {
        let layer = InterruptibleLayer(disk)
        layer.onceAFileIsMade { layer.move() }
        #expect(throws: StoreError(.busy, "")) { try FileLog(Self.path, creating: true, layer: layer) }
        // And nothing is held any more.
        try created().close()
    }

    @Test func aChildOfForkIsRefused() throws {
        let log = try created()
        disk.fork()
        #expect(throws: StoreError.closed) { try log.read(id) }
        #expect(try log.commit([insert("a")]) == [.closed])
        #expect(throws: StoreError.closed) { try log.compact() }
        let before = disk.image
        log.close()
        #expect(disk.image == before)
    }

    /// Whoever cut it, or gave it its name, may have died before either was durable.
    @Test func openingMakesTheLogAndItsNameDurable() throws {
        try created().close()
        let before = disk.trace.count
        _ = try open()
        let opening = disk.trace[before...]
        #expect(opening.contains { if case .sync = $0 { true } else { false } })
        #expect(opening.contains(.syncDirectory))
    }

    /// A sync that has a new size to note takes longer.
    @Test func aLogThatIsWrittenToHasTheSizeOfWholeBlocks() throws {
        let log = try created()
        let file = try #require(disk.image.names[Self.path])
        #expect(disk.image.files[file].count == 4096)
        let before = disk.trace.count
        for label in 0..<20 { #expect(log.commit([try insert("\(label)")]) == [nil]) }
        let end = Int(log.shared.withLock(\.end))
        let writes = disk.trace[before...].compactMap {
            if case .write(_, let at, let bytes) = $0 { at + bytes.count } else { nil }
        }
        #expect(writes.count == 20 && writes.last == end)
        let bytes = try #require(disk.image[Self.path])
        #expect(bytes.count == 4096 && bytes[end...].allSatisfy { $0 == 0 })
        // Two more blocks at once, with what is left of the first.
        let key = RecordKey(id: id, revision: 1)
        let sealed = [UInt8](repeating: 1, count: 9_000)
        #expect(log.commit([WriteBatch(generation: 1, changes: [.insert(key, sealed: sealed)])]) == [nil])
        #expect(disk.image.files[file].count == 12_288)
        // Whoever closes it leaves none.
        let last = Int(log.shared.withLock(\.end))
        log.close()
        #expect(disk.image.files[file].count == last + LogEntry.checkpointLength)
        #expect(try open().read(id)?.sealed == sealed)
    }

    /// It is no damage: a repair would copy the log for nothing.
    @Test func aLogThatWasNotClosedNeedsNoRepair() throws {
        let log = try created()
        #expect(log.commit([try insert("a")]) == [nil])
        var left = disk.image
        #expect(try FileRepair(Self.path, layer: SimulatedDisk(left)).damage == nil)
        let file = try #require(left.names[Self.path])
        left.files[file][4095] = 1
        let damage = try #require(try FileRepair(Self.path, layer: SimulatedDisk(left)).damage)
        #expect(damage.ranges == [log.shared.withLock(\.end)..<4096] && damage.lostChanges == 0)
        // All of its frames are gone.
        left.files[file].replaceSubrange(36..., with: repeatElement(0, count: 4060))
        #expect(throws: StoreError(.corrupt, "")) { try FileRepair(Self.path, layer: SimulatedDisk(left)) }
    }

    /// Of the zeros that fill up a block there is room for some.
    @Test func zerosThatHaveNoRoomAreNoFailure() throws {
        let log = try created()
        let key = RecordKey(id: id, revision: 1)
        let sealed = [UInt8](repeating: 1, count: 3_900)
        #expect(log.commit([WriteBatch(generation: 1, changes: [.insert(key, sealed: sealed)])]) == [nil])
        // Looking for the log and the lock comes first. The write does half of what it should, and all of the frame.
        disk.fail((disk.calls + 2)..<(disk.calls + 3), with: .short)
        #expect(log.commit([try insert("a")]) == [nil])
        #expect(disk.struck == [.write])
        let size = try #require(disk.image[Self.path]).count
        #expect(size > Int(log.shared.withLock(\.end)) && size < 8192)
        // The next one that needs more fills up the block.
        let next = RecordChange.replace(
            RecordKey(id: id, revision: 2), sealed: sealed, replacing: 1, commitment: nil, retained: nil)
        #expect(log.commit([WriteBatch(generation: 1, changes: [next])]) == [nil])
        #expect(try #require(disk.image[Self.path]).count.isMultiple(of: 4096))
    }

    /// The power failed when bytes had reached the disk and the file's new size had not.
    @Test func whatLiesBehindTheEndDoesNotComeBack() throws {
        let log = try created()
        let end = Int(log.shared.withLock(\.end))
        let whole = disk.image
        #expect(log.commit([try insert("a"), try insert("b")]) == [nil, nil])
        let file = try #require(whole.names[Self.path])
        var left = whole
        left.files[file].removeSubrange(end...)
        left.hidden[file] = Array(disk.image.files[file][end...])
        // Neither was acknowledged, and who opens the log sees neither. The first is written again, and the power fails once more.
        let again = SimulatedDisk(left)
        let second = try FileLog(Self.path, creating: false, layer: again)
        #expect(try Contents(second).rows.isEmpty)
        let before = again.trace.count
        #expect(second.commit([try insert("a")]) == [nil])
        var cut = UnsyncedDisk(left)
        for operation in again.trace[..<before] { cut.apply(operation) }
        for operation in again.trace[before...] {
            cut.apply(operation)
            let found = try FileLog(
                Self.path, creating: false, layer: SimulatedDisk(cut.image(.sizeAlone) { _ in true }))
            #expect(try Contents(found).rows.count <= 1)
            guard case .write = operation else { continue }
            #expect(try Contents(found).rows.isEmpty)
        }
    }

    /// What it cuts off are zeros as well.
    @Test func aLogThatIsCutAfterAFailureGetsWholeBlocksAgain() throws {
        let log = try created()
        #expect(log.commit([try insert("a")]) == [nil])
        disk.fail((disk.calls + 2)..<(disk.calls + 3), with: .error(.noSpace))
        #expect(log.commit([try insert("b")]) == [StoreError(.full, "")])
        #expect(disk.struck == [.write])
        #expect(try #require(disk.image[Self.path]).count == Int(log.shared.withLock(\.end)))
        #expect(log.commit([try insert("b")]) == [nil])
        #expect(try #require(disk.image[Self.path]).count == 4096)
    }

    /// A checkpoint that may not be on the disk yet is not vouched for by the group that writes it once more.
    @Test func aHoleInTheLastGroupIsATornTail() throws {
        let log = try created()
        #expect(log.commit([try insert("a")]) == [nil])
        // Closing looks for the log and the lock, makes, writes and renames the hint, writes the checkpoint, cuts the zeros behind it,
        // and syncs both: that fails.
        let end = Int(log.shared.withLock(\.end))
        disk.fail((disk.calls + 7)..<(disk.calls + 8), with: .error(.inputOutput))
        log.close()
        let again = try open()
        #expect(again.commit([try insert("b")]) == [nil])
        var torn = disk.image
        let file = try #require(torn.names[Self.path])
        #expect(torn.files[file].count > end + 100)
        torn.files[file][end + 9] ^= 1
        torn.names[Self.path + "-hint"] = nil
        let left = try FileLog(Self.path, creating: false, layer: SimulatedDisk(torn))
        #expect(try Contents(left).rows.map(\.id.label) == ["a"])
    }

    /// Each head would cost a checksum of 32 KiB.
    @Test func aRepairOfHeadsThatAreNoFramesGivesUp() throws {
        try created().close()
        var forged = disk.image
        let file = try #require(forged.names[Self.path])
        for _ in 0..<2048 {
            forged.files[file] += [0, 0, 0x80, 0, 0xFF, 0xFF, 0x7F, 0xFF] + Array(repeating: 0, count: 24)
        }
        forged.names[Self.path + "-hint"] = nil
        let error = #expect(throws: StoreError.self) { try FileRepair(Self.path, layer: SimulatedDisk(forged)).run() }
        #expect(error?.code == .corrupt && error?.message.contains("looks like frames") == true)
    }

    /// It would eat the room that somebody made for the next one.
    @Test func aRepairThatFailsLeavesNoCopyBehind() throws {
        let log = try created()
        #expect(log.commit([try insert("a")]) == [nil])
        #expect(log.commit([try insert("b")]) == [nil])
        log.close()
        var damaged = disk.image
        let file = try #require(damaged.names[Self.path])
        damaged.files[file][damaged.files[file].count / 2] ^= 1
        damaged.names[Self.path + "-hint"] = nil
        let whole = SimulatedDisk(damaged)
        let copy = try #require(try FileRepair(Self.path, layer: whole).run()?.damagedCopy)
        #expect(whole.image[copy] == damaged.files[file])
        // It is on the disk before the log is replaced.
        let replaced = try #require(whole.trace.firstIndex(of: .rename(Self.path + "-new", to: Self.path)))
        let number = try #require(whole.image.names[copy])
        #expect(whole.trace[..<replaced].contains(.sync(file: number)))
        for call in 0..<whole.calls {
            let disk = SimulatedDisk(damaged)
            disk.fail(call..<(call + 1), with: .error(.noSpace))
            let outcome = Result { () throws(StoreError) in try FileRepair(Self.path, layer: disk).run() }
            let isReplaced = disk.image[Self.path] != damaged.files[file]
            #expect((disk.image[copy] != nil) == isReplaced, "call \(call)")
            if case .success = outcome { #expect(isReplaced) }
        }
    }

    @Test func aNetworkIsRefusedUnlessItIsAllowed() throws {
        disk.setOnNetwork(true)
        #expect(throws: StoreError(.invalid, "")) { try open() }
        var settings = FileLog.Settings()
        settings.allowsNetwork = true
        _ = try open(settings)
    }

    @Test func whatIsMissingIsNotFound() throws {
        #expect(throws: StoreError(.notFound, "")) { try FileLog(Self.path, creating: false, layer: disk) }
    }

    @Test(arguments: [
        ("", StoreError.Code.foreign), ("SQLite format 3....................................", .foreign),
        ("KVLG\u{2}...............................", .newer), ("KVLG\u{1}...............................", .corrupt),
    ])
    func otherFilesAreCalledWhatTheyAre(_ text: String, _ code: StoreError.Code) throws {
        let bytes = Array(text.utf8)
        var image = DiskImage()
        image.files = [bytes]
        image.names = [Self.path: 0]
        let disk = SimulatedDisk(image)
        #expect(throws: StoreError(code, "")) { try FileLog(Self.path, creating: true, layer: disk) }
        #expect(disk.image == image)
    }

    @Test func writesThatWaitTogetherNeedOneSync() throws {
        let log = try created()
        let before = disk.trace.count
        #expect(log.commit(try (0..<9).map { try insert("\($0)") }).allSatisfy { $0 == nil })
        #expect(disk.trace[before...].filter { if case .sync = $0 { true } else { false } }.count == 1)
    }

    @Test func aFullDiskRefusesOneWriteAndTheNextOneGoesOn() throws {
        let log = try created()
        // A commit looks whether the log and the lock are where they were, writes and syncs.
        disk.fail((disk.calls + 2)..<(disk.calls + 3), with: .error(.noSpace))
        #expect(log.commit([try insert("a")]) == [StoreError(.full, "")])
        #expect(log.commit([try insert("b")]) == [nil])
        #expect(try Contents(log).rows.map(\.id.label) == ["b"])
    }

    @Test func aFailedSyncEndsWritingUntilTheStoreIsRewritten() throws {
        let log = try created()
        #expect(log.commit([try insert("a")]) == [nil])
        disk.fail((disk.calls + 3)..<(disk.calls + 4), with: .error(.inputOutput))
        #expect(log.commit([try insert("b")]) == [StoreError(.io, "")])
        #expect(log.commit([try insert("c")]) == [StoreError(.readOnly, "")])
        #expect(try Contents(log).rows.map(\.id.label) == ["a"])
        try log.compact()
        #expect(log.commit([try insert("c")]) == [nil])
        log.close()
        #expect(try Contents(open()).rows.map(\.id.label) == ["a", "c"])
    }

    @Test func aCompactionKeepsTheRowsAndDropsTheRest() throws {
        let log = try created()
        for revision in UInt64(1)...40 {
            let change =
                revision == 1
                ? RecordChange.insert(RecordKey(id: id, revision: 1), sealed: [0])
                : .replace(
                    RecordKey(id: id, revision: revision), sealed: [UInt8(revision)], replacing: revision - 1,
                    commitment: nil, retained: nil)
            #expect(log.commit([WriteBatch(generation: 1, changes: [change])]) == [nil])
        }
        let (before, size) = (try Contents(log), disk.image[Self.path]?.count ?? 0)
        try log.compact()
        #expect(try Contents(log) == before)
        #expect((disk.image[Self.path]?.count ?? 0) * 10 < size)
        #expect(disk.image.names.keys.sorted() == [Self.path, Self.path + "-hint"])
        log.close()
        #expect(try Contents(open()) == before)
    }

    /// In a few large pieces, or in many small ones while what is left is still too much to have the writers wait for.
    @Test(arguments: [1 << 20, 64]) func whatIsWrittenDuringACompactionIsKept(_ chunk: Int) throws {
        var settings = FileLog.Settings()
        settings.chunk = chunk
        let layer = InterruptibleLayer(disk)
        let log = try FileLog(Self.path, creating: true, layer: layer, settings: settings)
        try log.create(header: LogWorkload.header, generation: 1)
        #expect(log.commit(try ["a", "b", "c"].map { try insert($0) }) == [nil, nil, nil])

        func key(_ label: String, _ revision: UInt64) throws -> RecordKey {
            RecordKey(id: try RecordID(tenant: "acme", provider: "openai", label: label), revision: revision)
        }
        let batches = try [
            insert("d"),
            WriteBatch(
                generation: 1,
                changes: [
                    .insert(key("e", 1), sealed: [4]),
                    .replace(key("b", 2), sealed: [5], replacing: 1, commitment: nil, retained: nil),
                ]),
            WriteBatch(generation: 1, changes: [.delete(key("a", 1).id, revision: nil)]),
        ]
        let outcomes = Mutex<[StoreError?]>([])
        let kept = try key("c", 1)
        let seen = Mutex<StoredRecord?>(nil)
        layer.onceAFileIsMade {
            outcomes.withLock { $0 = log.commit(batches) }
            seen.withLock { $0 = try? log.read(kept.id) }
        }
        try log.compact()
        #expect(outcomes.withLock { $0 } == [nil, nil, nil])
        // Who reads meanwhile is not kept waiting.
        #expect(seen.withLock { $0?.key } == kept)

        let contents = try Contents(log)
        #expect(contents.rows.map(\.key) == (try [key("b", 2), key("c", 1), key("d", 1), key("e", 1)]))
        // The deleted one's revision is not given again.
        #expect(log.commit([try insert("a")]) == [StoreError(.conflict, "")])
        log.close()
        #expect(try Contents(open()) == contents)
    }

    @Test func aFileThatHasTakenTheNameOfTheNewGenerationIsLeftAlone() throws {
        let layer = InterruptibleLayer(disk)
        let log = try FileLog(Self.path, creating: true, layer: layer, settings: .init())
        try log.create(header: LogWorkload.header, generation: 1)
        #expect(log.commit([try insert("a")]) == [nil])
        let disk = disk
        // The hint is made when the new log has its name.
        layer.onceAFileIsMade {
            layer.onceAFileIsMade {
                #expect(throws: Never.self) {
                    let other = try disk.open("other", creating: true)
                    try other.writeFully([1, 2, 3], at: 0)
                    try disk.rename("other", to: Self.path + "-new")
                }
            }
        }
        #expect(throws: StoreError(.io, "")) { try log.compact() }
        #expect(disk.image[Self.path + "-new"] == [1, 2, 3])
        #expect(try Contents(log).rows.count == 1)
        log.close()
        #expect(try Contents(open()).rows.count == 1)
    }

    /// Somebody who names the wrong file must not write to what is to be the log.
    @Test func anUnfinishedGenerationIsNoLog() throws {
        var settings = FileLog.Settings()
        settings.chunk = 64
        let layer = InterruptibleLayer(disk)
        let log = try FileLog(Self.path, creating: true, layer: layer, settings: settings)
        try log.create(header: LogWorkload.header, generation: 1)
        #expect(log.commit(try (0..<9).map { try insert("\($0)") }).allSatisfy { $0 == nil })
        let looks = Mutex<[StoreError.Code?]>([])
        @Sendable func look() {
            let (path, disk) = (Self.path + "-new", disk)
            let error = #expect(throws: StoreError.self) { try FileLog(path, creating: false, layer: disk) }
            looks.withLock { $0.append(error?.code) }
        }
        // The new log is made first, then its hint, when the rows are there.
        layer.onceAFileIsMade { layer.onceAFileIsMade { look() } }
        try log.compact()
        #expect(looks.withLock { $0 } == [.foreign])
        #expect(try Contents(log).rows.count == 9)
    }

    @Test func whatIsWrittenDuringACompactionIsCopiedManyFramesAtATime() throws {
        let layer = InterruptibleLayer(disk)
        let log = try FileLog(Self.path, creating: true, layer: layer, settings: .init())
        try log.create(header: LogWorkload.header, generation: 1)
        let batches = try (0..<1_000).map { try insert("\($0)") }
        let start = Mutex(0)
        layer.onceAFileIsMade {
            #expect(log.commit(batches).allSatisfy { $0 == nil })
            start.withLock { $0 = disk.calls }
        }
        try log.compact()
        #expect(disk.calls - start.withLock { $0 } < 100)
        #expect(try Contents(log).rows.count == batches.count)
    }

    @Test func itAsksForACompactionWhenMostOfItIsOfNoUse() throws {
        var settings = FileLog.Settings()
        settings.compactionMinimum = 300
        let log = try created(settings)
        for revision in UInt64(1)...4 {
            #expect(!log.startsCompaction())
            #expect(log.commit([try insert("a", revision: revision)]) == [nil])
            let all = WriteBatch(generation: 1, changes: [.deleteTenant("acme")])
            #expect(log.commit([all]) == [nil])
            if log.startsCompaction() { break }
        }
        #expect(!log.startsCompaction())
        log.compactInBackground()
        #expect((disk.image[Self.path]?.count ?? 0) < 200)
    }

    @Test func aHintSparesReadingTheLog() throws {
        let log = try created()
        #expect(log.commit(try (0..<200).map { try insert("\($0)") }).allSatisfy { $0 == nil })
        let contents = try Contents(log)
        log.close()
        var damaged = disk.image
        let file = try #require(damaged.names[Self.path])
        // Nothing reads this row, so nothing can know.
        damaged.files[file][300] ^= 1
        let again = try FileLog(Self.path, creating: false, layer: SimulatedDisk(damaged))
        #expect(try again.read(contents.rows[199].id) == contents.rows[199])
    }

    /// What a log has been through before it is written to and closed.
    enum Past: CaseIterable { case opening, compaction, refusal }

    /// Whatever that was, the end of the log says where its hint stands, and what lies before is not read.
    @Test(arguments: Past.allCases) func aHintSparesReadingTheLogWhateverCameBefore(_ past: Past) throws {
        let log = try created()
        #expect(log.commit([try insert("first")]) == [nil])
        var again = log
        switch past {
        case .opening:
            log.close()
            again = try open()
        case .compaction:
            // So that the head does not lie where it lay before.
            #expect(log.commit([WriteBatch(generation: 1, header: LogWorkload.header)]) == [nil])
            try log.compact()
        case .refusal:
            // Of a head that was planned.
            let refused = WriteBatch(generation: 1, changes: [.raiseFloor(1)] + (try insert("first")).changes)
            #expect(log.commit([refused, try insert("second")]) == [StoreError(.conflict, ""), nil])
        }
        let generation = try #require(try again.head()).generation
        let batches = try (0..<200).map { number in
            var batch = try insert("\(number)")
            batch.generation = generation
            return batch
        }
        #expect(again.commit(batches).allSatisfy { $0 == nil })
        let contents = try Contents(again)
        again.close()
        var damaged = disk.image
        let file = try #require(damaged.names[Self.path])
        // The middle of what was written last.
        damaged.files[file][damaged.files[file].count / 2] ^= 1
        let last = try FileLog(Self.path, creating: false, layer: SimulatedDisk(damaged))
        let row = try #require(contents.rows.first { $0.id.label == "199" })
        #expect(try last.read(row.id) == row)
    }

    /// The hint is whole, and somebody has made it.
    @Test func aHintThatItsLogDoesNotVouchForIsIgnored() throws {
        let log = try created()
        #expect(log.commit(try ["a", "b"].map { try insert($0) }) == [nil, nil])
        let contents = try Contents(log)
        log.close()
        var forged = disk.image
        let file = try #require(forged.names[Self.path + "-hint"])
        // The name of the first row.
        forged.files[file][48] ^= 1
        let body = Array(forged.files[file].dropLast(4))
        let checksum = CRC32C.of(body.span)
        forged.files[file] = body + (0..<4).map { UInt8(truncatingIfNeeded: checksum >> (24 - 8 * UInt32($0))) }
        let again = try FileLog(Self.path, creating: false, layer: SimulatedDisk(forged))
        for row in contents.rows { #expect(try again.read(row.id) == row) }
    }

    @Test(arguments: [true, false]) func theFloorOutlivesAnOpening(withAHint: Bool) throws {
        let log = try created()
        #expect(log.commit([try insert("a", revision: 7)]) == [nil])
        #expect(log.commit([WriteBatch(generation: 1, changes: [.deleteTenant("acme")])]) == [nil])
        log.close()
        var image = disk.image
        if !withAHint { image.names[Self.path + "-hint"] = nil }
        let again = try FileLog(Self.path, creating: false, layer: SimulatedDisk(image))
        #expect(try again.head()?.revisionFloor == 7)
        let outcomes = again.commit([try insert("a", revision: 7), try insert("a", revision: 8)])
        #expect(outcomes == [StoreError(.conflict, ""), nil])
    }

    /// The last frame of a batch decides when the batch counts, and not what counts of it.
    @Test func aHeadThatComesBeforeARowInItsBatchCounts() throws {
        let log = try created()
        let batch = WriteBatch(generation: 1, changes: [.raiseFloor(5)] + (try insert("a", revision: 6)).changes)
        #expect(log.commit([batch]) == [nil])
        let again = try FileLog(Self.path, creating: false, layer: SimulatedDisk(disk.image))
        #expect(try again.head()?.revisionFloor == 5)
        #expect(try Contents(again).rows.map(\.revision) == [6])
    }

    /// The checkpoint was the old file's.
    @Test func aCheckpointToBeWrittenAgainIsNotWrittenIntoTheNextGeneration() throws {
        let log = try created()
        #expect(log.commit([try insert("a")]) == [nil])
        // Its sync fails.
        disk.fail((disk.calls + 7)..<(disk.calls + 8), with: .error(.inputOutput))
        log.close()
        let again = try open()
        #expect(again.writer.withLock { !$0.unproven.isEmpty })
        try again.compact()
        #expect(again.commit([try insert("b")]) == [nil])
        let last = try FileLog(Self.path, creating: false, layer: SimulatedDisk(disk.image))
        #expect(try Contents(last).rows.map(\.id.label) == ["a", "b"])
    }

    /// One with a number beyond the next is of another time.
    @Test func aFrameThatIsNotTheNextOneIsNone() throws {
        let log = try created()
        #expect(log.commit([try insert("a")]) == [nil])
        let last = log.writer.withLock { $0.sequence }
        let end = Int(log.shared.withLock(\.end))
        for gap in 1...2 as ClosedRange<UInt64> {
            var image = disk.image
            let file = try #require(image.names[Self.path])
            image.files[file].removeSubrange(end...)
            Frame.append(
                .put(RecordKey(id: id, revision: 1), sealed: [4]), sequence: last + gap, mark: UInt64(end),
                continues: false, seed: log.shared.withLock { $0.log.header.frameSeed }, to: &image.files[file])
            let again = try FileLog(Self.path, creating: false, layer: SimulatedDisk(image))
            #expect(try (again.read(id) != nil) == (gap == 1))
        }
    }

    /// Neither the rows that it would have made nor those that it would have replaced are what the next one finds.
    @Test func aBatchThatIsRefusedInTheEndIsNotBuiltUpon() throws {
        let log = try created()
        #expect(log.commit([try insert("b")]) == [nil])
        func replace(_ revision: UInt64) throws -> RecordChange {
            .replace(
                RecordKey(id: id, revision: revision), sealed: [1], replacing: revision - 1, commitment: nil,
                retained: nil)
        }
        let first = RecordChange.insert(RecordKey(id: id, revision: 1), sealed: [1])
        let refused = WriteBatch(
            generation: 1, changes: [first, try replace(2), try replace(3)] + (try insert("b")).changes)
        let next = WriteBatch(generation: 1, changes: [first, try replace(2)])
        #expect(log.commit([refused, next]) == [StoreError(.conflict, ""), nil])
        #expect(try log.read(id)?.revision == 2)
    }

    @Test func aPlanThatAnotherHasOvertakenIsNotCommitted() throws {
        let log = try created()
        var (one, other) = (try log.plan(), try log.plan())
        try one.add(try insert("a"))
        try other.add(try insert("b"))
        #expect(try log.commitIfCurrent(one))
        #expect(try !log.commitIfCurrent(other))
        #expect(try Contents(log).rows.map(\.id.label) == ["a"])
    }

    /// Nobody knows what lies behind its end.
    @Test func aLogThatTakesNoWritesIsLeftAsItIs() throws {
        var settings = FileLog.Settings()
        settings.compactionMinimum = 0
        let log = try created(settings)
        #expect(log.commit([try insert("a")]) == [nil])
        #expect(log.commit([WriteBatch(generation: 1, changes: [.deleteTenant("acme")])]) == [nil])
        log.refuseWrites()
        #expect(!log.startsCompaction())
        let before = disk.image
        log.close()
        #expect(disk.image == before)
    }

    @Test func aCompactionThatFailsLeavesNothingBehind() throws {
        let log = try created()
        #expect(log.commit([try insert("a")]) == [nil])
        let contents = try Contents(log)
        let first = disk.calls
        try log.compact()
        for call in 0..<(disk.calls - first) {
            disk.fail((disk.calls + call)..<(disk.calls + call + 1), with: .error(.noSpace))
            try? log.compact()
            #expect(disk.image.names[log.paths.newLog] == nil, "call \(call)")
            #expect(try Contents(log) == contents)
        }
    }

    /// Another process may have the files only when nobody renames them any more.
    @Test func aLogThatIsClosedDuringACompactionIsLockedUntilThatHasEnded() throws {
        let layer = InterruptibleLayer(disk)
        let log = try FileLog(Self.path, creating: true, layer: layer, settings: .init())
        try log.create(header: LogWorkload.header, generation: 1)
        #expect(log.commit([try insert("a")]) == [nil])
        let disk = disk
        layer.onceAFileIsMade {
            #expect(SystemThread.start(named: "closing") { log.close() })
            while !log.shared.withLock({ $0.isClosed }) { sched_yield() }
            for _ in 0..<1_000 {
                sched_yield()
                #expect(throws: StoreError(.busy, "")) { try FileLog(Self.path, creating: true, layer: disk) }
            }
        }
        #expect(throws: StoreError.closed) { try log.compact() }
        while log.lock.withLock({ $0 != nil }) { sched_yield() }
        #expect(try Contents(open()).rows.map(\.id.label) == ["a"])
    }

    /// The next try comes when the log has doubled.
    @Test func aCompactionThatFailedIsNotTriedAgainAtOnce() throws {
        var settings = FileLog.Settings()
        settings.compactionMinimum = 100
        let log = try created(settings)
        func fill() throws {
            let revision = (try log.head()?.revisionFloor ?? 0) + 1
            #expect(log.commit([try insert("a", revision: revision)]) == [nil])
            #expect(log.commit([WriteBatch(generation: 1, changes: [.deleteTenant("acme")])]) == [nil])
        }
        while !log.startsCompaction() { try fill() }
        let end = log.shared.withLock(\.end)
        disk.fail(disk.calls..<(disk.calls + 1), with: .error(.noSpace))
        log.compactInBackground()
        #expect(!log.startsCompaction())
        while !log.startsCompaction() { try fill() }
        #expect(log.shared.withLock(\.end) >= 2 * end)
    }

    /// Nothing stands in the way of the next one any more.
    @Test func aCompactionThatSucceedsEndsTheWaitAfterOneThatFailed() throws {
        var settings = FileLog.Settings()
        settings.compactionMinimum = 100
        let log = try created(settings)
        func fill() throws {
            let revision = (try log.head()?.revisionFloor ?? 0) + 1
            #expect(log.commit([try insert("a", revision: revision)]) == [nil])
            #expect(log.commit([WriteBatch(generation: 1, changes: [.deleteTenant("acme")])]) == [nil])
        }
        // Long enough for twice its length to be far away.
        for _ in 0..<20 { try fill() }
        #expect(log.startsCompaction())
        disk.fail(disk.calls..<(disk.calls + 1), with: .error(.noSpace))
        log.compactInBackground()
        let end = log.shared.withLock(\.end)
        try log.compact()
        while !log.startsCompaction() { try fill() }
        #expect(log.shared.withLock(\.end) < end)
    }

    /// It would rewrite once more what has just been rewritten.
    @Test func noCompactionIsStartedBesideAnother() throws {
        var settings = FileLog.Settings()
        settings.compactionMinimum = 0
        let layer = InterruptibleLayer(disk)
        let log = try FileLog(Self.path, creating: true, layer: layer, settings: settings)
        try log.create(header: LogWorkload.header, generation: 1)
        for revision in UInt64(1)...9 {
            #expect(log.commit([try insert("a", revision: revision)]) == [nil])
            #expect(log.commit([WriteBatch(generation: 1, changes: [.deleteTenant("acme")])]) == [nil])
        }
        let isStarted = Mutex<Bool?>(nil)
        layer.onceAFileIsMade { isStarted.withLock { $0 = log.startsCompaction() } }
        try log.compact()
        #expect(isStarted.withLock { $0 } == false)
    }

    /// Its place in the index would be another one.
    @Test func aRowThatLiesBeyondWhatTheIndexCanNameIsRefused() throws {
        let log = try created()
        let file = log.shared.withLock { $0.log }
        var bytes: [UInt8] = []
        Frame.append(
            .put(RecordKey(id: id, revision: 1), sealed: [4]), sequence: 7, mark: 36, continues: false,
            seed: file.header.frameSeed, to: &bytes)
        for (offset, isTaken) in [(RowIndex.Place.maximumOffset - 1, true), (RowIndex.Place.maximumOffset, false)] {
            guard let frame = Frame(bytes.span, at: offset, seed: file.header.frameSeed) else {
                Issue.record("the frame is whole")
                continue
            }
            var replay = Replay(file)
            do throws(StoreError) {
                try replay.take(frame, bytes.span, at: offset)
                #expect(isTaken && replay.index.places.map(\.offset) == [offset])
            } catch { #expect(!isTaken && error.code == .corrupt) }
        }
    }

    /// What is wrong with a batch is no matter of the disk.
    @Test func aBatchThatIsRefusedIsToldWhyThoughTheDiskFailsTheOthers() throws {
        let log = try created()
        #expect(log.commit([try insert("a")]) == [nil])
        disk.fail((disk.calls + 2)..<(disk.calls + 3), with: .error(.noSpace))
        let outcomes = log.commit([try insert("a"), try insert("b")])
        #expect(outcomes == [StoreError(.conflict, ""), StoreError(.full, "")])
    }

    @Test func aScanFindsWhatCameAndWentWhileItWentOn() throws {
        let log = try created()
        #expect(log.commit(try (0..<600).map { try insert("\(1000 + 2 * $0)") }).allSatisfy { $0 == nil })
        var (seen, cursor) = ([String](), RecordKey?.none)
        for round in 0..<100 {
            let page = try log.scan(.current, after: cursor, limit: 50)
            guard let last = page.last else { break }
            seen += page.map(\.id.label)
            cursor = last.key
            guard round < 10 else { continue }
            // One that is still to come; and many that have been gone by, so that they are merged now and then.
            #expect(log.commit([try insert("9-\(round)")]) == [nil])
            #expect(log.commit(try (0..<40).map { try insert("0-\(round)-\($0)") }).allSatisfy { $0 == nil })
        }
        #expect(seen == (0..<600).map { "\(1000 + 2 * $0)" } + (0..<10).map { "9-\($0)" })
    }
}

/// A file layer in which something can happen at the moment when a file is made: where a compaction begins to write.
private final class InterruptibleLayer: FileLayer {
    private let disk: SimulatedDisk
    private let action = Mutex<(@Sendable () -> Void)?>(nil)
    private let hasMoved = Mutex(false)

    init(_ disk: SimulatedDisk) { self.disk = disk }

    private let whenNamesChange = Mutex<(@Sendable () -> Void)?>(nil)

    /// After every renaming, and before every sync of a directory.
    func whenNamesChange(_ action: (@Sendable () -> Void)?) { whenNamesChange.withLock { $0 = action } }

    func onceAFileIsMade(_ action: @escaping @Sendable () -> Void) { self.action.withLock { $0 = action } }

    /// From now on every path is a link to another one.
    func move() { hasMoved.withLock { $0 = true } }

    func open(_ path: String, creating: Bool) throws(FileError) -> any OpenFile {
        let action: (@Sendable () -> Void)? = creating ? action.withLock { $0.take() } : nil
        action?()
        return InterruptibleFile(try disk.open(path, creating: creating)) { [weak self] in self?.read() }
    }

    private let onReads = Mutex<(@Sendable () -> Void)?>(nil)

    /// Before every read, but for those that `action` makes itself.
    func onReads(_ action: (@Sendable () -> Void)?) { onReads.withLock { $0 = action } }

    private func read() {
        guard let action = onReads.withLock({ $0.take() }) else { return }
        action()
        onReads.withLock { $0 = action }
    }

    var processID: Int32 { disk.processID }
    func makeHashKey() -> [UInt8] { disk.makeHashKey() }
    func resolve(_ path: String) throws(FileError) -> String {
        try disk.resolve(path) + (hasMoved.withLock { $0 } ? "-moved" : "")
    }
    func isOnNetwork(_ path: String) throws(FileError) -> Bool { try disk.isOnNetwork(path) }
    func lock(_ path: String, of log: String) throws(FileError) -> LockOutcome { try disk.lock(path, of: log) }
    func rename(_ path: String, to target: String) throws(FileError) {
        try disk.rename(path, to: target)
        whenNamesChange.withLock { $0 }?()
    }
    func remove(_ path: String) throws(FileError) { try disk.remove(path) }
    func syncDirectory(of path: String) throws(FileError) {
        whenNamesChange.withLock { $0 }?()
        try disk.syncDirectory(of: path)
    }
}

private final class InterruptibleFile: OpenFile {
    private let file: any OpenFile
    private let beforeReads: @Sendable () -> Void

    init(_ file: any OpenFile, beforeReads: @escaping @Sendable () -> Void) {
        (self.file, self.beforeReads) = (file, beforeReads)
    }

    func isAt(_ path: String) throws(FileError) -> Bool { try file.isAt(path) }
    func size() throws(FileError) -> UInt64 { try file.size() }
    func read(into buffer: inout MutableSpan<UInt8>, at offset: UInt64) throws(FileError) -> Int {
        beforeReads()
        return try file.read(into: &buffer, at: offset)
    }
    func write(_ bytes: Span<UInt8>, at offset: UInt64) throws(FileError) -> Int { try file.write(bytes, at: offset) }
    func truncate(to size: UInt64) throws(FileError) { try file.truncate(to: size) }
    func sync() throws(FileError) { try file.sync() }
}
