extension FileStore {
    /// What is wrong with the store at `path`, which nobody may have open; `nil` when nothing is. Changes
    /// nothing but the lock beside it, which is made where it is missing.
    ///
    /// - Throws: ``StoreError``: `notFound`, `foreign`, `newer`, `busy`, `readOnly`, `invalid` on a network file system, `io`; `corrupt`
    ///   where there is nothing that a repair could save.
    public static func damage(
        at path: String, allowsNetworkFileSystems: Bool = false
    ) async throws(StoreError) -> FileStoreDamage? {
        try StoreError.check(path: path)
        return try await SystemThread.run(named: "KeyVault file") { () throws(StoreError) in
            try FileRepair(path, layer: LinuxFileLayer(), allowsNetwork: allowsNetworkFileSystems).damage
        }
    }

    /// Gives up what ``damage(at:allowsNetworkFileSystems:)`` names, for good, and makes a whole store of the rest.
    ///
    /// - Returns: what was given up, and where the file as it was is kept; `nil` when nothing was wrong.
    /// - Throws: as ``damage(at:allowsNetworkFileSystems:)``, and `full`. The store is then as it was, but for one case: where the
    ///   new file is in place and that cannot be made durable, a crash may bring back the file as it was, of which a copy is
    ///   kept too.
    public static func repairAcceptingLoss(
        _ path: String, allowsNetworkFileSystems: Bool = false
    ) async throws(StoreError) -> FileStoreDamage? {
        try StoreError.check(path: path)
        return try await SystemThread.run(named: "KeyVault file") { () throws(StoreError) in
            try FileRepair(path, layer: LinuxFileLayer(), allowsNetwork: allowsNetworkFileSystems).run()
        }
    }
}
