import ArgumentParser

/// What every command takes that looks into a store, with a key or without: where the store is.
struct StoreOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Where the vault is: sqlite:PATH or file:PATH. Default: $KEYVAULT_STORE, else sqlite:keyvault.db.",
            valueName: "URL"))
    var store: String?

    var storeURL: StoreURL {
        get throws { try StoreURL(store ?? Environment["KEYVAULT_STORE"] ?? "sqlite:keyvault.db") }
    }
}
