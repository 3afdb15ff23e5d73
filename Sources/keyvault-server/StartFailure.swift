import KeyVault

/// Why the server did not start, for the person who started it.
struct StartFailure: Error, CustomStringConvertible {
    /// As the exit status of `keyvault` has it.
    let exitCode: Int32
    let description: String

    init(_ description: String, exitCode: Int32 = 64) {
        self.description = description
        self.exitCode = exitCode
    }

    init(_ error: VaultError) {
        switch error.code {
        case _ where error.isOfMasterKey: exitCode = 6
        case .noVault: exitCode = 3
        default: exitCode = 1
        }
        description =
            error.code == .noVault && error.hint == nil
            ? "\(error.message) Create a vault there with 'keyvault init', or check --store." : error.description
    }
}
