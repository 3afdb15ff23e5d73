import KeyVaultFormat

extension Vault {
    /// Finds out whether the rules let a key in, as ``put(_:)`` does first. Stores nothing and asks nobody.
    ///
    /// - Returns: what a put would warn of.
    /// - Throws: ``VaultError`` `keyRejected`, `emptySecret`, `invalidArgument`.
    public func checkFormat(of request: PutRequest) throws(VaultError) -> [KeyWarning] {
        try checkNotReserved(request.id)
        return try checkFormat(request).warnings
    }

    /// Checks the shape of every key, then asks the providers, all at once. Nothing is stored while one is in doubt.
    func check(_ requests: [PutRequest]) async throws(VaultError) -> [CheckedPut] {
        var puts: [CheckedPut] = []
        for request in requests { puts.append(try checkFormat(request)) }
        guard let validator = configuration.validator, configuration.checks != .off else { return puts }
        let validations = await withTaskGroup(of: (index: Int, validation: Validation).self) { group in
            for (index, put) in puts.enumerated() {
                guard let provider = configuration.providers[put.request.id.provider] else { continue }
                let secret = put.request.secret
                group.addTask {
                    (index, await secret.withSpan { await unsafe validator.validate($0.bytes, of: provider) })
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        // In the order of the requests, so that of two refusals the same one is always reported.
        for (index, validation) in validations.sorted(by: { $0.index < $1.index }) {
            try settle(&puts[index], validation)
        }
        return puts
    }

    /// Refuses a key whose shape no key of its provider has; trims white space off one that is stored.
    private func checkFormat(_ request: PutRequest) throws(VaultError) -> CheckedPut {
        var put = CheckedPut(request)
        guard let provider = configuration.providers[request.id.provider] else { return put }
        switch request.secret.withSpan({ configuration.providers.match($0, of: provider) }) {
        case .matches:
            break
        case .unknownShape where configuration.checks != .strict:
            put.warnings.append(.unknownShape(provider: provider.displayName))
        case let match:
            throw .rejected(request.id, provider, match, in: configuration.providers)
        }
        put.request.secret = try request.secret.trimmed()
        return put
    }

    private func settle(_ put: inout CheckedPut, _ validation: Validation) throws(VaultError) {
        if validation.verdict == .invalid { throw .rejected(put.request.id, validation, in: configuration.providers) }
        if validation.verdict.isLive {
            put.verdict = validation.verdict
            put.validated = validation.time
            return
        }
        guard configuration.checks == .lenient else {
            throw .inconclusive(put.request.id, validation, in: configuration.providers)
        }
        put.warnings.append(.unverified(validation))
    }
}

extension VaultError {
    fileprivate static func rejected(
        _ id: RecordID, _ provider: Provider, _ match: KeyFormat.Match, in registry: ProviderRegistry
    ) -> VaultError {
        let cause = KeyRejection(id: id, displayName: provider.displayName, reason: .format(match))
        switch match {
        case .refused(.empty):
            return VaultError(.emptySecret, "The key for \(id) is empty.", hint: "Give the key itself.", cause: cause)
        case .refused(let refusal):
            return VaultError(
                .keyRejected, "The key for \(id) \(refusal.explanation).", hint: provider.prefixHint, cause: cause)
        case .belongsToAnother(let names):
            let owners = names.map { registry[$0]?.displayName ?? $0 }.joined(separator: " or ")
            return VaultError(
                .keyRejected, "The key for \(id) is one of \(owners), not of \(provider.displayName).",
                hint: "Store it under the provider that issued it.", cause: cause)
        case .unknownShape, .matches:
            return VaultError(
                .keyRejected,
                "The key for \(id) has none of the shapes that \(provider.displayName) is known to issue.",
                hint: "Copy it again, or store it without the strict check.", cause: cause)
        }
    }

    fileprivate static func rejected(
        _ id: RecordID, _ validation: Validation, in registry: ProviderRegistry
    ) -> VaultError {
        VaultError(
            .keyRejected, "The key for \(id) was not stored. \(validation.reason)",
            hint: "Check on the provider's page that the key is active, and copy it again.",
            cause: KeyRejection(id: id, in: registry, validation))
    }

    fileprivate static func inconclusive(
        _ id: RecordID, _ validation: Validation, in registry: ProviderRegistry
    ) -> VaultError {
        VaultError(
            .inconclusiveCheck, "The key for \(id) was not stored: it could not be verified. \(validation.reason)",
            hint: "Try again later, or store it without the strict check.",
            cause: KeyRejection(id: id, in: registry, validation))
    }
}

extension KeyRejection {
    fileprivate init(id: RecordID, in registry: ProviderRegistry, _ validation: Validation) {
        self.init(
            id: id, displayName: registry[id.provider]?.displayName ?? id.provider, reason: .validation(validation))
    }
}

extension Provider {
    fileprivate var prefixHint: String? {
        guard !requiredPrefixes.isEmpty else { return nil }
        return "A key of \(displayName) begins with \(requiredPrefixes.joined(separator: " or "))."
    }
}

extension Secret {
    /// The same key without the white space around it.
    fileprivate func trimmed() throws(VaultError) -> Secret {
        try withSpan { bytes throws(VaultError) in
            let range = KeyFormat.trimmed(bytes)
            if range.count == bytes.count { return self }
            return try Secret(copying: bytes.extracting(range))
        }
    }
}
