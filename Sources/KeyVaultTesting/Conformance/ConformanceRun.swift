import KeyVaultFormat
import KeyVaultStorage
import Synchronization

/// One run of one case: its place, the stores it has opened, and the means to say what it expects.
final class ConformanceRun: Sendable {
    static let header: [UInt8] = Array("header".utf8)

    let suite: StoreConformance
    private let name: String
    private let place = "conformance" + String(UInt64.random(in: .min ... .max), radix: 36)
    private let opened = Mutex<[any RecordStore]>([])

    init(suite: StoreConformance, name: String) {
        self.suite = suite
        self.name = name
    }

    /// The store at the place of this run; once more with every call.
    func open() async throws -> any RecordStore {
        let store = try await suite.open(place)
        opened.withLock { $0.append(store) }
        return store
    }

    /// A store that holds a vault, at generation 1.
    func created() async throws -> any RecordStore {
        let store = try await open()
        try await store.create(header: Self.header)
        return store
    }

    func closeAll() async {
        for store in opened.withLock({ $0 }) { await store.close() }
    }

    func expect(
        _ condition: Bool, _ clause: ConformanceFailure.Clause, _ message: @autoclosure () -> String,
        file: StaticString = #fileID, line: UInt = #line
    ) throws {
        if !condition {
            throw ConformanceFailure(clause: clause, message: message(), testCase: name, location: "\(file):\(line)")
        }
    }

    func expectError(
        _ code: StoreError.Code, _ clause: ConformanceFailure.Clause, _ what: String, file: StaticString = #fileID,
        line: UInt = #line, from body: () async throws -> Void
    ) async throws {
        do {
            try await body()
        } catch {
            let came = (error as? StoreError)?.code
            return try expect(
                came == code, clause, "\(what) must throw \(code.rawValue), and threw \(error)", file: file, line: line)
        }
        try expect(false, clause, "\(what) must throw \(code.rawValue), and threw nothing", file: file, line: line)
    }

    /// Writes at generation 1.
    func write(_ changes: RecordChange..., to store: any RecordStore) async throws {
        try await store.write(WriteBatch(generation: 1, changes: changes))
    }

    /// Refuses unless a batch of `changes` ends in a conflict over `id`.
    func expectConflict(
        over id: RecordID, _ what: String, _ clause: ConformanceFailure.Clause = .changes, in store: any RecordStore,
        changes: RecordChange..., file: StaticString = #fileID, line: UInt = #line
    ) async throws {
        do throws(StoreError) {
            try await store.write(WriteBatch(generation: 1, changes: changes))
        } catch {
            return try expect(
                error.code == .conflict && error.conflictingID == id, clause,
                "\(what) must be a conflict over \(id), and was \(error.code.rawValue) over \(String(describing: error.conflictingID))",
                file: file, line: line)
        }
        try expect(false, clause, "\(what) must be a conflict, and was accepted", file: file, line: line)
    }

    /// The keys of every page of `scope`, put together.
    func allRows(
        _ scope: ScanScope, of store: any RecordStore, pageSize: Int = 100
    ) async throws -> [StoredRecord] {
        var rows: [StoredRecord] = []
        while true {
            let page = try await store.scan(scope, after: rows.last?.key, limit: pageSize)
            try expect(page.count <= pageSize, .scan, "a page has at most \(pageSize) rows, and had \(page.count)")
            rows += page
            if page.count < pageSize { return rows }
        }
    }
}

/// Sealed bytes for a test: any bytes do, but those of a commitment lie where SPEC.md section 4.1 puts it.
func sealedBytes(_ seed: UInt64, length: Int = 412) -> [UInt8] {
    var state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1
    return (0..<length).map { _ in
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return UInt8(truncatingIfNeeded: state)
    }
}

/// The commitment in `sealed`.
func commitment(of sealed: [UInt8]) -> [UInt8] { Array(sealed[SealedRecord.commitmentRange]) }

/// An id of which a case needs only that it differs from others.
func id(_ tenant: String, _ provider: String = "openai", _ label: String = "default") throws -> RecordID {
    try RecordID(tenant: tenant, provider: provider, label: label)
}

extension RecordID {
    func at(_ revision: UInt64) -> RecordKey { RecordKey(id: self, revision: revision) }
}
