import Foundation
package import KeyVault

/// Where a provider is: a base URL that keys may be sent to, by https except to this machine.
package struct ProviderBase: Sendable {
    /// Why a text is no such URL.
    package enum Refusal: Error {
        /// It is no base: it lacks a host, or has more than one may have, or a port that there is not, or characters that no base
        /// needs. Two bases with a comma between them would else be one, whose host has a comma in it.
        case form
        /// It would carry keys in the clear.
        case insecure
    }

    /// Without a slash at its end.
    package let url: String
    package let host: String
    let isLoopback: Bool

    package init(_ text: String) throws(Refusal) {
        // With these characters alone there is neither a user nor a query nor a fragment.
        guard text.utf8.allSatisfy(Self.mayStand), let parsed = URL(string: text),
            let scheme = parsed.scheme?.lowercased(), let host = parsed.host(), !host.isEmpty, !host.contains("%"),
            parsed.port.map({ (1...65_535).contains($0) }) ?? true
        else { throw .form }
        self.host = host.lowercased()
        isLoopback = PublicAddressGuard.namesLoopback(self.host)
        guard scheme == "https" || scheme == "http" && isLoopback else { throw .insecure }
        url = text.hasSuffix("/") ? String(text.dropLast()) : text
    }

    private static func mayStand(_ byte: UInt8) -> Bool {
        CharacterClass.wordAndDot.contains(byte) || "~:/[]%".utf8.contains(byte)
    }
}

extension ProviderRegistry {
    /// The hosts that live checks go to where those of this release do not: whoever has named them may mean hosts inside.
    package var addedHosts: Set<String> {
        let added = providers.filter { ProviderRegistry.builtIn[$0.name]?.check?.base != $0.check?.base }
        return Set(added.compactMap { $0.check?.base.flatMap { try? ProviderBase($0) }?.host })
    }
}
