import ArgumentParser
import KeyVault

/// `keyvault`
struct KeyVaultCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keyvault",
        abstract: "Keeps other people's API keys, encrypted.",
        discussion: """
            REF names a key: TENANT/PROVIDER, or TENANT/PROVIDER/LABEL where a tenant has several of one provider.

            Exit codes: 0 done; 1 another failure; 3 not found (a key, a vault); 4 key rejected; 5 check inconclusive; \
            6 no master key, or the wrong one; 7 something is damaged; 8 another revision is stored; 9 refused (a terminal, \
            empty input); 10 expired or disabled; 64 wrong usage; 126 and 127 the command of 'exec' cannot be run, or is not there.
            """,
        version: KeyVaultVersion.current,
        subcommands: [
            InitCommand.self, PutCommand.self, RevealCommand.self, ShowCommand.self, ListCommand.self,
            DeleteCommand.self,
            VerifyCommand.self, ImportCommand.self, HistoryCommand.self, RollbackCommand.self, SweepCommand.self,
            MasterKeyCommand.self, RotateCommand.self, PassphraseCommand.self, BackupCommand.self, RestoreCommand.self,
            MigrateCommand.self,
            ExecCommand.self, TokenCommand.self, DoctorCommand.self, MeasureCommand.self,
            TestCommand.self, EnableCommand.self, DisableCommand.self, ProvidersCommand.self, RemindersCommand.self,
            RepairCommand.self,
        ])
}
