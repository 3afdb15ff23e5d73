// Beside NIO, the compiler finds `timespec` here.
import CDispatch
import Glibc
import KeyVault

/// The look at a key's shape, and the rules that give a model to a provider: an answer for any bytes, the same twice, and in
/// time linear in them.
///
/// An input is a byte that chooses the provider, a wildcard pattern behind its length, and the text.
struct KeyFormatTarget: FuzzTarget {
    let name = "keyformat"

    var seeds: [[UInt8]] {
        let patterns = ["gpt-*", "o[0-9]*", "*a*b*", "x"]
        let texts = [
            "sk-proj-0123456789", "sk-ant-api03-abc", "gpt-4o", "x1ac-small-gpt-4o", " your-key-here\n", "sk-...abcd",
            "xxxxxxxxxxxxxxxxxxxx", "a/b-c-d",
        ]
        return texts.enumerated().map { index, text in
            let pattern = patterns[index % patterns.count].utf8
            return [UInt8(index), UInt8(pattern.count)] + pattern + text.utf8
        }
    }

    func run(_ input: [UInt8]) throws {
        guard input.count >= 2 else { return }
        let registry = ProviderRegistry.builtIn
        let provider = registry.providers[Int(input[0]) % registry.providers.count]
        let pattern = String(decoding: input.dropFirst(2).prefix(Int(input[1])), as: UTF8.self)
        let text = Array(input.dropFirst(2 + Int(input[1])))

        let match = registry.match(text.span, of: provider)
        try Finding.require(match == registry.match(text.span, of: provider), "another verdict the second time")
        if let route = ModelRoute(pattern: pattern, provider: "fuzz") {
            let model = String(decoding: text, as: UTF8.self)
            let found = ProviderRegistry(models: [route]).target
            let first = try? found(model)
            try Finding.require(first == (try? found(model)), "another provider the second time")
        }
        guard !text.isEmpty else { return }
        guard seconds({ look(text, 1 << 14, registry, provider, pattern) }) > Self.worthALook else { return }
        let eighth = seconds { look(text, 1 << 11, registry, provider, pattern) }
        // Once more: what is made at the first use only is made by now.
        let taken = seconds { look(text, 1 << 14, registry, provider, pattern) }
        try Finding.require(
            taken < 24 * eighth, "16 KiB took \(taken) seconds, an eighth of it \(eighth): more than linear")
    }

    /// Seconds. To be slow is no finding, since a machine may be, or a build with sanitizers; to take far more than eight times as
    /// long for eight times as much is one. (What is quadratic takes 64 times as long.)
    private static let worthALook = 0.05

    private func look(
        _ text: [UInt8], _ length: Int, _ registry: ProviderRegistry, _ provider: Provider, _ pattern: String
    ) {
        let long = (0..<length).map { text[$0 % text.count] }
        _ = registry.match(long.span, of: provider)
        _ = try? registry.target(ofModel: String(decoding: long, as: UTF8.self))
        _ = try? registry.target(ofModel: "stratus-" + String(decoding: long, as: UTF8.self))
        if let route = ModelRoute(pattern: pattern, provider: "fuzz") { _ = route.matcher.matches(long.span) }
    }

    /// Of this thread, on the processor.
    private func seconds(_ body: () -> Void) -> Double {
        let start = Self.now
        body()
        return Self.now - start
    }

    private static var now: Double {
        var time = timespec()
        // The clock of the thread itself; the structure is written whole.
        unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
