import KeyVaultFormat

import struct Foundation.Date

extension Metadata {
    /// Disables a key by what a provider did, which never overrules what a person decided.
    mutating func disable(_ reason: DisabledReason, until: Date?) {
        switch state {
        case .disabled(.requested, _): return
        // A refusal outlasts any pause.
        case .disabled(.rejected, _) where reason == .coolingDown: return
        // Two requests may have met the limit: what the one was told does not shorten what the other was.
        case .disabled(.coolingDown, let known?) where reason == .coolingDown:
            state = .disabled(reason, until: until.map { max($0, known) })
        default: state = .disabled(reason, until: until)
        }
    }

    /// Takes over what a live check found.
    mutating func apply(_ validation: Validation, disablesRejectedKeys: Bool) {
        // A check that came to no end says nothing: what was known stays.
        guard !validation.verdict.isInconclusive else { return }
        verdict = validation.verdict
        lastValidated = validation.time.roundedToMilliseconds
        switch (validation.verdict, state) {
        case (.invalid, _): if disablesRejectedKeys { disable(.rejected, until: nil) }
        // The reason is gone.
        case (_, .disabled(.rejected, _)), (_, .disabled(.coolingDown, _)): state = .enabled
        default: break
        }
    }
}
