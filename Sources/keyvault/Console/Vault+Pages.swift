import KeyVault

extension Vault {
    /// All pages of a list, one after the other.
    func pages(of tenant: String?) -> ListPages { ListPages(vault: self, tenant: tenant) }
}

/// The pages of a list, each read when it is asked for.
struct ListPages: AsyncSequence, AsyncIteratorProtocol {
    private let vault: Vault
    private let tenant: String?
    private var cursor: RecordID?
    private var isAtEnd = false

    init(vault: Vault, tenant: String?) {
        self.vault = vault
        self.tenant = tenant
    }

    func makeAsyncIterator() -> ListPages { self }

    mutating func next() async throws(VaultError) -> [ListEntry]? {
        guard !isAtEnd else { return nil }
        let page = try await vault.list(tenant: tenant, after: cursor, limit: 1000)
        cursor = page.next
        isAtEnd = page.next == nil
        return page.entries
    }
}
