import KeyVault

import struct Foundation.Date

/// The one word that says how a stored key is doing, and a sentence behind it.
struct KeyCondition {
    let name: String
    let explanation: String

    private init(_ name: String, _ explanation: String) {
        self.name = name
        self.explanation = explanation
    }

    init(_ entry: ListEntry, at now: Date) {
        guard let metadata = entry.metadata else {
            self.init(unreadable: entry.code)
            return
        }
        switch metadata.obstacle(at: now) {
        case .expired: self.init("expired", "This key expired and is no longer used.")
        case .disabled(let reason, let until): self.init(disabled: reason, until: until)
        case nil: self.init(served: metadata.verdict)
        }
    }

    private init(unreadable code: VaultError.Code?) {
        switch code {
        case .missingMasterKey?, .newerRecord?:
            // Nothing is wrong with the key: whoever replaced it would lose it.
            self.init(
                "unavailable", "This key is kept, but cannot be read at the moment. The operator has to see to that.")
        default: self.init("damaged", "This key can no longer be read.")
        }
    }

    private init(served verdict: Verdict) {
        switch verdict {
        case .valid: self.init("valid", "The provider confirmed this key.")
        case .restricted: self.init("restricted", "The provider confirmed this key; some of its rights are withheld.")
        case .withoutCredit: self.init("without_credit", "The key is live, but the account behind it has no credit.")
        case .invalid: self.init("invalid", "The provider refused this key.")
        case .rateLimited, .unreachable, .unsupported, .unverified:
            self.init("unverified", "Nobody has confirmed this key yet. It is used all the same.")
        }
    }

    private init(disabled reason: DisabledReason, until: Date?) {
        switch reason {
        case .requested: self.init("disabled", "You disabled this key. It is kept, and not used.")
        case .rejected: self.init("rejected", "The provider refused this key, so it is no longer used.")
        case .coolingDown:
            let end = until.map { "at \($0.iso8601)" } ?? "once you enable it"
            self.init("cooling_down", "The provider asked for a pause. The key is used again \(end).")
        }
    }
}
