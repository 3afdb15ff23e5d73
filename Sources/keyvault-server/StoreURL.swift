import KeyVault
import KeyVaultSQLite

/// Opens the store that `sqlite:PATH` or `file:PATH` names.
enum StoreURL {
    static func open(_ text: String) async throws -> any RecordStore {
        let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
        guard parts.count == 2 else { throw unknown(text) }
        do {
            switch parts[0] {
            case "sqlite": return try await SQLiteStore.open(parts[1])
            case "file": return try await FileStore.open(parts[1])
            default: throw unknown(text)
            }
        } catch let error as StoreError {
            throw StartFailure(VaultError(error))
        }
    }

    private static func unknown(_ text: String) -> StartFailure {
        StartFailure("A store is sqlite:PATH or file:PATH, not '\(text)'.")
    }
}
