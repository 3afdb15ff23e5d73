import Foundation
import KeyVault
import KeyVaultSQLite

/// Where a vault is: the kind of its store and a path, as `sqlite:PATH` or `file:PATH`.
struct StoreURL: CustomStringConvertible {
    private enum Kind: String, CaseIterable {
        case sqlite, file

        /// What its files begin with.
        var magic: String {
            switch self {
            case .sqlite: "SQLite format 3"
            case .file: "KVLG"
            }
        }
    }

    private let kind: Kind
    /// The file.
    let path: String

    private init(kind: Kind, path: String) {
        self.kind = kind
        self.path = path
    }

    /// - Parameter option: what gave `text`; `nil` for an argument.
    init(_ text: String, of option: String? = "--store") throws(Failure) {
        let option = option.map { $0 + " " } ?? ""
        guard !text.isEmpty else {
            throw Failure(.usage, "An empty text names no file.", hint: "Write \(option)sqlite:PATH.")
        }
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2 else {
            throw Failure(
                .usage, "The store '\(text)' does not say of which kind it is.", hint: "Write \(option)sqlite:\(text).")
        }
        guard parts[0] != "memory" else {
            throw Failure(
                .usage, "A vault in memory would end with this command.",
                hint: "Name a file: \(option)sqlite:keyvault.db.")
        }
        guard let kind = Kind(rawValue: parts[0]) else {
            let known = Kind.allCases.map { "\($0.rawValue):PATH" }.joined(separator: ", ")
            throw Failure(.usage, "There is no kind of store named '\(parts[0])'.", hint: "Known are: \(known).")
        }
        guard !parts[1].isEmpty else {
            throw Failure(.usage, "The store '\(text)' names no file.", hint: "Write \(option)\(kind.rawValue):PATH.")
        }
        self.init(kind: kind, path: parts[1])
    }

    /// Whether it is the store that a repair knows.
    var isFileStore: Bool { kind == .file }

    /// A store of the same kind as this one, which `text` names wholly or by its path alone.
    func sibling(_ text: String) throws(Failure) -> StoreURL {
        let prefix = text.contains(":") ? String(text.prefix { $0 != ":" }) : ""
        guard Kind(rawValue: prefix) != nil || prefix == "memory" else { return StoreURL(kind: kind, path: text) }
        let named = try StoreURL(text, of: nil)
        guard named.kind == kind else {
            throw Failure(
                .usage, "A vault in \(kind.rawValue):… has its backups in \(kind.rawValue):…, and not in \(text).",
                hint: "'keyvault migrate' copies a vault into another kind of store.")
        }
        return named
    }

    /// Opens the store.
    ///
    /// - Parameter create: whether to make an empty one where there is none.
    func open(create: Bool = false) async throws(Failure) -> any RecordStore {
        do throws(StoreError) {
            switch kind {
            case .sqlite: return try await SQLiteStore.open(path, create: create)
            case .file: return try await FileStore.open(path, create: create)
            }
        } catch {
            // Here, what of the message is the path is known.
            let failure = Failure(store: error, at: path)
            guard error.code == .foreign, let other = otherKind else { throw failure }
            throw Failure(
                failure.status, failure.message,
                hint: "Name it \(other); 'keyvault migrate' copies a vault into another kind of store.")
        }
    }

    /// What is there, where that is a store of another kind.
    private var otherKind: StoreURL? {
        guard let file = FileHandle(forReadingAtPath: path), let start = try? file.read(upToCount: 16) else {
            return nil
        }
        let found = Kind.allCases.first { $0 != kind && start.starts(with: $0.magic.utf8) }
        return found.map { StoreURL(kind: $0, path: path) }
    }

    var description: String { "\(kind.rawValue):\(path)" }
}
