import ArgumentParser
import Glibc
import KeyVault

/// `keyvault-server`: what is given on the command line goes before the environment, and that before the file.
@main
struct ServerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keyvault-server",
        abstract:
            "Serves encrypted provider keys over HTTP: accounts manage theirs, and their chats are served with them.",
        discussion: """
            Every option but --config can also stand in the configuration file (JSON, "masterKeyFile": …), and every one in the \
            environment (KEYVAULT_MASTER_KEY_FILE; several are separated by commas). Only in the file or the environment: the \
            brand's name (brand, responseObject), whether the pool may serve (poolPolicy: allow or deny), a JSON document with \
            more providers (providers), and the limits, all of them whole numbers. The variable of a setting is KEYVAULT_ and its \
            name in capitals, with underscores between the words (cacheTTL: KEYVAULT_CACHE_TTL):

            headerTimeout: seconds to the end of a connection's first header, 1 to 3600. Default: 15.
            bodyTimeout: seconds for a request's body, 1 to 3600. Default: 60.
            cacheTTL: seconds for which a key that was read is kept, sealed, 0 to 86400; no more than 900 count. Default: 300.
            writesPerMinute: changes to keys by one account, 0 (no limit) to 1000000. Default: 60.
            maximumConnections: connections at once, 1 to 1000000; no more than the limit of descriptors allows. Default: 4096.

            A variable that begins with KEYVAULT_ and is no setting is warned of in the log.

            SIGHUP reads the master keys and the TLS certificate again; which files hold the master keys may have changed in the \
            configuration file. SIGTERM and SIGINT let running requests end: streams may go on for 30 seconds.

            Exit codes: 3 there is no vault, 6 there is no master key or the wrong one, 64 the settings are wrong, 1 any other failure.
            """,
        version: KeyVaultVersion.current)

    @Option(help: ArgumentHelp("A JSON file with more options.", valueName: "F"))
    var config: String?

    @Option(
        help: ArgumentHelp(
            "Where the vault is: sqlite:PATH or file:PATH. Default: sqlite:keyvault.db.", valueName: "URL"))
    var store: String?

    @Option(
        help: ArgumentHelp(
            "The file that holds the master key; may repeat while keys are rotated. Default: the credential master-key of "
                + "the service manager, else $XDG_CONFIG_HOME/keyvault/master.key.", valueName: "F"))
    var masterKeyFile: [String] = []

    @Option(help: ArgumentHelp("Where to listen. Default: 127.0.0.1:8080.", valueName: "HOST:PORT"))
    var listen: String?

    @Option(help: ArgumentHelp("Where to show metrics, at /metrics. Default: nowhere.", valueName: "HOST:PORT"))
    var metricsListen: String?

    @Option(
        help: ArgumentHelp(
            "The file that holds the shared pool's OpenRouter key. Default: the credential pool-key, else no pool.",
            valueName: "F"))
    var poolKeyFile: String?

    @Option(
        name: .customLong("upstream"),
        help: ArgumentHelp(
            "Where a provider is, for chats and checks; may repeat. A private address is not refused here.",
            valueName: "PROVIDER=URL"))
    var upstreams: [String] = []

    @Option(
        help: ArgumentHelp(
            "Whether keys are checked live: off, lenient or strict. Default: lenient.", valueName: "MODE"))
    var validation: String?

    @Option(help: ArgumentHelp("A PEM file with the TLS certificate chain. Default: no TLS.", valueName: "F"))
    var tlsCertificate: String?

    @Option(help: ArgumentHelp("A PEM file with the certificate's private key.", valueName: "F"))
    var tlsKey: String?

    @Option(
        help: ArgumentHelp("How much to log: trace, debug, info, warning or error. Default: info.", valueName: "LEVEL"))
    var logLevel: String?

    static func main() async {
        // Before anything is opened.
        StandardError.prepare()
        await main(nil)
    }

    mutating func run() async throws {
        // Until the keys are there to be read again, it would end the program.
        signal(SIGHUP, SIG_IGN)
        do {
            let settings = try ServerSettings.load(self)
            try await Server(settings, command: self).run()
        } catch let error as StartFailure {
            StandardError.write("keyvault-server: \(error)")
            throw ExitCode(error.exitCode)
        }
    }
}
