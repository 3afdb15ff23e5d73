import KeyVault

/// How much of the vault has been worked on, as a bar on a terminal.
struct ProgressBar {
    private static let width = 30

    private let console: Console
    private let total: Int

    /// - Parameter vault: how many records it has is found out, where somebody will see it.
    init(_ console: Console, vault: Vault) async throws {
        self.console = console
        var count = 0
        if console.showsProgress {
            for try await entries in vault.pages(of: nil) { count += entries.count }
        }
        total = count
    }

    func show(_ done: Int) {
        // Earlier revisions and the vault's own records come on top of what a list holds.
        let total = max(total, done, 1)
        let filled = done * Self.width / total
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: Self.width - filled)
        console.progress("\(bar) \(done * 100 / total) %  \(done) of \(total)")
    }

    func end() { console.endProgress() }
}
