import ArgumentParser
import KeyVault

/// `keyvault repair`
struct RepairCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "repair",
        abstract: "Say what is damaged in a file store, and give it up where that is accepted.",
        discussion: """
            Works on file:PATH, while nobody has it open, and needs no master key. Without --accept-loss nothing is \
            changed. The damaged file is kept beside the new one.
            """)

    @Flag(
        name: .customLong("accept-loss"), help: "Give up what is damaged, for good, and make a whole store of the rest."
    )
    var acceptsLoss = false

    @OptionGroup var place: StoreOptions
    @OptionGroup var options: ConsoleOptions

    func run() async throws {
        let url = try place.storeURL
        guard url.isFileStore else {
            throw Failure(
                .usage, "\(url) is no file store.",
                hint: "Restore a backup of it: 'keyvault restore'. Repairs are for file:PATH.")
        }
        let damage =
            acceptsLoss ? try await FileStore.repairAcceptingLoss(url.path) : try await FileStore.damage(at: url.path)
        guard let damage else { return try options.console.say("Nothing is damaged in \(url).") }
        guard acceptsLoss else {
            throw Failure(
                .integrity, "\(damage)",
                hint: "Restore a backup; or give up what is damaged, with 'keyvault repair --accept-loss'.")
        }
        try options.console.result("\(damage)")
    }
}
