import KeyVaultFormat
import KeyVaultTesting
import TestSupport
import Testing

@testable import KeyVaultStorage

/// Bytes that change on disk, by one bit at a time.
@Suite struct DamageTests {
    private static let path = CrashEnumeration.path
    private static let hintPath = path + "-hint"
    private let records: [RecordID]
    private let image: DiskImage
    private let contents: Contents

    /// A store of 64 records that was closed.
    init() throws {
        let disk = SimulatedDisk()
        let log = try FileLog(Self.path, creating: true, layer: disk)
        try log.create(header: LogWorkload.header, generation: 1)
        records = try (0..<64).map { try RecordID(tenant: "t", provider: "p", label: "\($0)") }
        for (number, id) in records.enumerated() {
            let change = RecordChange.insert(RecordKey(id: id, revision: 1), sealed: [UInt8(number), 3])
            #expect(log.commit([WriteBatch(generation: 1, changes: [change])]) == [nil])
        }
        contents = try Contents(log)
        log.close()
        image = disk.image
    }

    /// Without a hint the whole log is read: damage is always found when the store is opened, but for that of the last
    /// checkpoint, which holds no record; it is then cut off as if it were torn.
    @Test func everyBitOfTheLog() throws {
        let log = try #require(image[Self.path])
        let file = try #require(image.names[Self.path])
        var damaged = image
        damaged.names[Self.hintPath] = nil
        let checkpoint = log.count - 48
        for bit in 0..<(log.count * 8) {
            damaged.files[file][bit / 8] ^= 1 << (bit % 8)
            defer { damaged.files[file][bit / 8] ^= 1 << (bit % 8) }
            let (opened, refusal) = open(damaged)
            if let opened {
                #expect(bit / 8 >= checkpoint)
                #expect(try Contents(opened) == contents)
            } else {
                #expect(bit / 8 < checkpoint)
                #expect([.corrupt, .foreign, .newer].contains(refusal))
            }
        }
    }

    /// A log that was not closed has zeros behind its last frame, and nothing that is missed where they change.
    @Test func bitsBehindTheLastFrame() throws {
        let disk = SimulatedDisk(image)
        let log = try FileLog(Self.path, creating: false, layer: disk)
        let id = try RecordID(tenant: "t", provider: "p", label: "last")
        let change = RecordChange.insert(RecordKey(id: id, revision: 1), sealed: [1])
        #expect(log.commit([WriteBatch(generation: 1, changes: [change])]) == [nil])
        let contents = try Contents(log)
        let end = Int(log.shared.withLock(\.end))
        var damaged = disk.image
        let file = try #require(damaged.names[Self.path])
        #expect(damaged.files[file].count.isMultiple(of: 4096) && damaged.files[file].count > end)
        for bit in stride(from: end * 8, to: damaged.files[file].count * 8, by: Proof.isOn ? 1 : 7) {
            damaged.files[file][bit / 8] ^= 1 << (bit % 8)
            defer { damaged.files[file][bit / 8] ^= 1 << (bit % 8) }
            let opened = try FileLog(Self.path, creating: false, layer: SimulatedDisk(damaged))
            #expect(try Contents(opened) == contents)
        }
    }

    /// A tail that is torn is cut off, and the cut is durable before anything else is done: what lay behind it must not come back
    /// behind what is appended.
    @Test func theCutOfATornTailIsSynced() throws {
        var torn = image
        let file = try #require(image.names[Self.path])
        torn.files[file] += [0, 0, 0, 9, 0xFF]
        let disk = SimulatedDisk(torn)
        let log = try FileLog(Self.path, creating: false, layer: disk)
        let cut = DiskOperation.truncate(file: file, size: image.files[file].count)
        let place = try #require(disk.trace.firstIndex(of: cut))
        #expect(disk.trace[place...].dropFirst().first == .sync(file: file))
        #expect(try Contents(log) == contents)
    }

    /// With a hint, damage to a row is found when that row is read, and others are not touched.
    @Test func bitsOfTheLogBelowAHint() throws {
        let log = try #require(image[Self.path])
        let file = try #require(image.names[Self.path])
        var random = SplitMix64(seed: 5)
        for byte in 36..<(log.count - 48) {
            var damaged = image
            damaged.files[file][byte] ^= 1 << UInt8(random.below(8))
            let (store, refusal) = open(damaged)
            guard let opened = store else {
                // The head, which every opening reads.
                #expect(refusal == .corrupt && byte < 87)
                continue
            }
            var refused = 0
            for (number, id) in records.enumerated() {
                switch read(id, in: opened) {
                case .success(let record): #expect(record?.sealed == [UInt8(number), 3])
                case .failure(let error):
                    #expect(error.code == .corrupt)
                    refused += 1
                }
            }
            #expect(refused == 1)
        }
    }

    /// A hint that is not the one that the log vouches for is not used.
    @Test func everyBitOfTheHint() throws {
        let hint = try #require(image[Self.hintPath])
        let file = try #require(image.names[Self.hintPath])
        for bit in stride(from: 0, to: hint.count * 8, by: Proof.isOn ? 1 : 7) {
            var damaged = image
            damaged.files[file][bit / 8] ^= 1 << (bit % 8)
            let opened = try FileLog(Self.path, creating: false, layer: SimulatedDisk(damaged))
            #expect(try opened.read(records[bit % 64])?.sealed == [UInt8(bit % 64), 3])
        }
    }

    /// One that somebody forged, and that the log vouches for, names a row under another hash or with another revision: the row is not
    /// left out in silence.
    @Test(arguments: [(48, 7), (56, 0), (56, 9)] as [(Int, UInt64)])
    func aHintOfOtherRows(_ offset: Int, _ number: UInt64) throws {
        var forged = image
        let (log, hint) = (try #require(image.names[Self.path]), try #require(image.names[Self.hintPath]))
        // The first entry, behind 48 bytes: a hash, a revision, a place.
        var bytes = Array(image.files[hint].dropLast(4))
        bytes.replaceSubrange(offset..<(offset + 8), with: Self.number(number))
        let checksum = CRC32C.of(bytes.span)
        bytes.append(bigEndian: checksum)
        forged.files[hint] = bytes
        // The checkpoint at the log's end: 32 bytes, the number of entries, the checksum of the hint.
        var frames = image.files[log]
        let start = frames.count - 48
        let (sequence, mark) = (frames.span.uint64(at: start + 8), frames.span.uint64(at: start + 16))
        frames.replaceSubrange((start + 40)..<(start + 44), with: bytes.suffix(4))
        let header = try LogHeader(Array(frames[..<36]), path: Self.path)
        Frame.complete(at: start, sequence: sequence, mark: mark, seed: header.frameSeed, in: &frames)
        forged.files[log] = frames

        let opened = try FileLog(Self.path, creating: false, layer: SimulatedDisk(forged))
        for scope in [ScanScope.everything, .current] {
            #expect(throws: StoreError(.corrupt, "")) { try opened.scan(scope, after: nil, limit: 100) }
        }
    }

    @Test func everyLength() throws {
        let log = try #require(image[Self.path])
        let file = try #require(image.names[Self.path])
        // A file header, a head, and a put for each record.
        var ends: [Int] = []
        for id in records { ends.append((ends.last ?? 36 + 32 + 19) + 32 + 5 + id.label.utf8.count + 8 + 2) }
        #expect(ends.last == log.count - 48)
        for length in 0..<log.count {
            var cut = image
            cut.files[file].removeLast(log.count - length)
            let (opened, refusal) = open(cut)
            if let opened {
                let rows = try Contents(opened).rows
                #expect(rows.allSatisfy(contents.rows.contains))
                #expect(rows.count == ends.count { $0 <= length })
            } else {
                #expect(refusal == .foreign && length < 36)
            }
        }
    }

    private func open(_ image: DiskImage) -> (FileLog?, StoreError.Code?) {
        do throws(StoreError) {
            return (try FileLog(Self.path, creating: false, layer: SimulatedDisk(image)), nil)
        } catch { return (nil, error.code) }
    }

    private func read(_ id: RecordID, in log: FileLog) -> Result<StoredRecord?, StoreError> {
        do throws(StoreError) { return .success(try log.read(id)) } catch { return .failure(error) }
    }

    // MARK: Repair

    @Test func aRepairKeepsEverythingElse() throws {
        let log = try #require(image[Self.path])
        let file = try #require(image.names[Self.path])
        var random = SplitMix64(seed: 6)
        // Each byte of the file header, and some of what is behind.
        let bytes = Array(8..<36) + stride(from: 36, to: log.count - 48, by: Proof.isOn ? 1 : 23)
        for byte in bytes {
            var damaged = image
            damaged.files[file][byte] ^= 1 << UInt8(random.below(8))
            let disk = SimulatedDisk(damaged)
            let repair: FileRepair
            do throws(StoreError) { repair = try FileRepair(Self.path, layer: disk) } catch {
                // The frame behind the file header, which holds the vault header.
                #expect(error.code == .corrupt && (36..<87).contains(byte))
                continue
            }
            let damage = try #require(repair.damage)
            #expect(damage.ranges.count == 1 && damage.ranges[0].contains(UInt64(byte)))
            #expect(disk.image == damaged)

            let done = try #require(try repair.run())
            // Of a generation that is damaged itself, the name says what was read.
            let copy = try #require(done.damagedCopy)
            #expect(copy == Self.path + "-damaged-1" || (8..<16).contains(byte))
            #expect(disk.image[copy] == damaged[Self.path])
            #expect(done.keptRows == (byte < 36 ? 64 : 63))
        }
    }

    /// The frames tell that it is the checksum of the file header that is damaged, whatever generation the header states.
    @Test(arguments: [1, 1 << 40, .max] as [UInt64]) func aDamagedChecksumOfTheFileHeader(_ generation: UInt64) throws {
        let header = LogHeader(generation: generation, hashKey: [UInt8](repeating: 4, count: 16))
        let head = StoreHead(header: LogWorkload.header, generation: 1, revisionFloor: 5)
        var bytes = header.encoded
        Frame.append(.head(head), sequence: 1, mark: 36, continues: false, seed: header.frameSeed, to: &bytes)
        bytes[35] ^= 1
        var damaged = DiskImage()
        damaged.apply(.create(Self.path, file: 0))
        damaged.apply(.write(file: 0, at: 0, bytes))
        let disk = SimulatedDisk(damaged)
        #expect(try FileRepair(Self.path, layer: disk).run()?.ranges == [0..<36])
        let opened = try FileLog(Self.path, creating: false, layer: disk)
        #expect(try opened.head() == head)
        opened.close()
    }

    @Test func aRepairedStoreOpensAndItsFloorIsAboveWhatWasLost() throws {
        let file = try #require(image.names[Self.path])
        var damaged = image
        damaged.files[file][120] ^= 1
        let disk = SimulatedDisk(damaged)
        do {
            let repair = try FileRepair(Self.path, layer: disk)
            #expect(try repair.run()?.lostChanges == 1)
        }
        let opened = try FileLog(Self.path, creating: false, layer: disk)
        #expect(try Contents(opened).rows == contents.rows.filter { $0.id != records[0] })
        #expect(try opened.head()?.revisionFloor == 2)
        opened.close()
        #expect(try FileRepair(Self.path, layer: disk).damage == nil)
    }

    /// Foreign bytes between two frames that are whole and numbered one after the other cost nothing, within a batch either.
    @Test(arguments: [0, 1, 2, 3], [1, 7, 60]) func foreignBytesBetweenFrames(_ frame: Int, _ length: Int) throws {
        let disk = SimulatedDisk()
        let log = try FileLog(Self.path, creating: true, layer: disk)
        try log.create(header: LogWorkload.header, generation: 1)
        let batches = [records[0..<1], records[1..<4], records[4..<5]].map { ids in
            let changes = ids.map { RecordChange.insert(RecordKey(id: $0, revision: 1), sealed: [9]) }
            return WriteBatch(generation: 1, changes: changes)
        }
        for batch in batches { #expect(log.commit([batch]) == [nil]) }
        log.close()

        var torn = disk.image
        torn.names[Self.hintPath] = nil
        let file = try #require(torn.names[Self.path])
        // The head, a frame before the batch, the three of the batch, and one behind it.
        let starts = Self.frames(of: torn.files[file])
        let gap = starts[2 + frame]
        torn.files[file].insert(contentsOf: [UInt8](repeating: 0, count: length), at: gap)
        #expect(open(torn).1 == .corrupt)

        let damaged = SimulatedDisk(torn)
        let damage = try #require(try FileRepair(Self.path, layer: damaged).run())
        #expect(damage.ranges == [UInt64(gap)..<UInt64(gap + length)])
        #expect(damage.lostChanges == 0)
        let opened = try FileLog(Self.path, creating: false, layer: damaged)
        #expect(try Contents(opened).rows.map(\.id) == records[0..<5].sorted())
        opened.close()
        #expect(try FileRepair(Self.path, layer: damaged).damage == nil)
    }

    /// A frame of a batch that is left out has been seen all the same, with the revision and the floor that it shows to have been used.
    @Test(arguments: 0..<3) func theFloorIsAboveTheRevisionsOfWhatIsLeftOut(_ kind: Int) throws {
        let entry = [
            LogEntry.put(RecordKey(id: records[1], revision: 900), sealed: [9]),
            .tombstone(RecordKey(id: records[1], revision: 2), floor: 900),
            .head(StoreHead(header: LogWorkload.header, generation: 1, revisionFloor: 900)),
        ][kind]
        let header = LogHeader(generation: 1, hashKey: [UInt8](repeating: 4, count: 16))
        let head = StoreHead(header: LogWorkload.header, generation: 1, revisionFloor: 0)
        var bytes = header.encoded
        Frame.append(.head(head), sequence: 1, mark: 36, continues: false, seed: header.frameSeed, to: &bytes)
        Frame.append(entry, sequence: 2, mark: 36, continues: true, seed: header.frameSeed, to: &bytes)
        // The rest of the batch is lost.
        let last = LogEntry.put(RecordKey(id: records[0], revision: 1), sealed: [9])
        Frame.append(last, sequence: 4, mark: 36, continues: false, seed: header.frameSeed, to: &bytes)
        var damaged = DiskImage()
        damaged.apply(.create(Self.path, file: 0))
        damaged.apply(.write(file: 0, at: 0, bytes))
        let disk = SimulatedDisk(damaged)
        #expect(try FileRepair(Self.path, layer: disk).run()?.lostChanges == 2)
        let opened = try FileLog(Self.path, creating: false, layer: disk)
        #expect(try opened.head()?.revisionFloor == 902)
        #expect(try Contents(opened).rows.map(\.id) == [records[0]])
    }

    /// The frames of a batch that come again between its own are no gap in it.
    @Test func aFrameThatIsThereTwiceWithinABatchCostsNothing() throws {
        let header = LogHeader(generation: 1, hashKey: [UInt8](repeating: 4, count: 16))
        let head = StoreHead(header: LogWorkload.header, generation: 1, revisionFloor: 0)
        var bytes = header.encoded
        Frame.append(.head(head), sequence: 1, mark: 36, continues: false, seed: header.frameSeed, to: &bytes)
        for (sequence, index, continues) in [(2, 0, true), (2, 0, true), (3, 1, true), (2, 0, true), (4, 2, false)] {
            let put = LogEntry.put(RecordKey(id: records[index], revision: 1), sealed: [9])
            Frame.append(
                put, sequence: UInt64(sequence), mark: 36, continues: continues, seed: header.frameSeed, to: &bytes)
        }
        var damaged = DiskImage()
        damaged.apply(.create(Self.path, file: 0))
        damaged.apply(.write(file: 0, at: 0, bytes))
        let disk = SimulatedDisk(damaged)
        let damage = try #require(try FileRepair(Self.path, layer: disk).run())
        #expect(damage.ranges.count == 2 && damage.lostChanges == 0)
        let opened = try FileLog(Self.path, creating: false, layer: disk)
        #expect(try Contents(opened).rows.map(\.id) == records[0..<3].sorted())
    }

    /// Frames that are whole, and that no writer writes: names, revisions, floors, generations and a type that there are not. A log with
    /// one is refused, and repaired without the batch that it belongs to.
    @Test(arguments: strangeFrames) func aFrameThatNoWriterWrites(_ strange: StrangeFrame) throws {
        let file = try #require(image.names[Self.path])
        let header = try LogHeader(Array(image.files[file][..<36]), path: Self.path)
        for isOfBatch in [false, true] {
            var forged = image
            forged.names[Self.hintPath] = nil
            let start = UInt64(forged.files[file].count)
            // The frames so far: a head, the records, a checkpoint.
            var sequence = UInt64(records.count + 2)
            func append(_ type: UInt8, _ payload: [UInt8], continues: Bool) {
                sequence += 1
                let length = UInt32(payload.count)
                forged.files[file].append(bigEndian: length)
                forged.files[file].append(bigEndian: ~length)
                forged.files[file] += Self.number(0, 0) + [type, continues ? 1 : 0, 0, 0, 0, 0, 0, 0] + payload
                Frame.complete(
                    at: forged.files[file].count - 32 - payload.count, sequence: sequence, mark: start,
                    seed: header.frameSeed, in: &forged.files[file])
            }
            let neighbour = Self.name("neighbour") + Self.number(2)
            if isOfBatch { append(1, neighbour, continues: true) }
            append(strange.type, strange.payload, continues: isOfBatch)
            if isOfBatch { append(1, neighbour, continues: false) }
            let end = UInt64(forged.files[file].count)
            append(1, Self.name("last") + Self.number(7), continues: false)

            #expect(open(forged).1 == .corrupt)
            let disk = SimulatedDisk(forged)
            #expect(try FileRepair(Self.path, layer: disk).run()?.ranges == [start..<end])
            let opened = try FileLog(Self.path, creating: false, layer: disk)
            #expect(try Contents(opened).rows.count == records.count + 1)
            #expect(try opened.read(RecordID(tenant: "last", provider: "p", label: "l")) != nil)
            opened.close()
        }
    }

    struct StrangeFrame: Sendable {
        let type: UInt8
        let payload: [UInt8]
    }

    private static let strangeFrames: [StrangeFrame] = {
        let notUTF8: [UInt8] = [1, 0xFF, 1, 0x70, 1, 0x6C]
        let puts = [
            name("a/b") + number(1), name("\u{7F}") + number(1), notUTF8 + number(1), name("a") + number(0),
            name("a") + number(1 << 63), name("a"),
        ]
        let tombstones = [name("a/b") + number(1, 1), name("a") + number(1, 1 << 63), name("a") + number(1)]
        let heads = [number(1, 1 << 63), number(1 << 63, 1)]
        return puts.map { StrangeFrame(type: 1, payload: $0) } + tombstones.map { StrangeFrame(type: 2, payload: $0) }
            + heads.map { StrangeFrame(type: 3, payload: $0) }
            + [StrangeFrame(type: 4, payload: number(0)), StrangeFrame(type: 5, payload: [])]
    }()

    private static func name(_ tenant: String) -> [UInt8] {
        [UInt8(tenant.utf8.count)] + Array(tenant.utf8) + [1, 0x70, 1, 0x6C]
    }

    private static func number(_ numbers: UInt64...) -> [UInt8] {
        var bytes: [UInt8] = []
        for number in numbers { bytes.append(bigEndian: number) }
        return bytes
    }

    /// Where each frame of a log begins (SPEC.md section 7.2.3).
    private static func frames(of log: [UInt8]) -> [Int] {
        var starts: [Int] = []
        var offset = 36
        while offset < log.count {
            starts.append(offset)
            offset += 32 + log[offset..<(offset + 4)].reduce(0) { $0 << 8 | Int($1) }
        }
        return starts
    }
}
