import KeyVault
import Testing

@Suite struct ModelRouteTests {
    private let registry = ProviderRegistry.builtIn

    @Test(arguments: [
        ("gpt-4o", "openai", "gpt-4o"), ("gpt-5.1", "openai", "gpt-5.1"),
        ("chatgpt-4o-latest", "openai", "chatgpt-4o-latest"),
        ("o1", "openai", "o1"), ("o3-mini", "openai", "o3-mini"),
        ("claude-sonnet-4-5", "anthropic", "claude-sonnet-4-5"),
        ("gemini-2.5-pro", "google", "gemini-2.5-pro"), ("openai/gpt-4o", "openrouter", "openai/gpt-4o"),
        ("meta-llama/llama-3-70b", "openrouter", "meta-llama/llama-3-70b"),
        ("stratus-x1ac-small-gpt-4o", "openai", "gpt-4o"),
        ("stratus-x1ac-base-claude-sonnet-4-5", "anthropic", "claude-sonnet-4-5"),
        ("stratus-gpt-4o", "openai", "gpt-4o"), ("stratus-x1ac-huge-o3-mini", "openai", "o3-mini"),
        ("stratus-x1ac-small-gemini-2.5-pro", "google", "gemini-2.5-pro"),
        ("stratus-x1ac-small-meta-llama/llama-3", "openrouter", "meta-llama/llama-3"),
        ("stratus-x1ac-small-qwen/qwq", "openrouter", "qwen/qwq"),
    ]) func aNameIsGivenToItsProvider(_ name: String, _ provider: String, _ model: String) throws {
        let target = try registry.target(ofModel: name)
        #expect(target.provider == provider)
        #expect(target.model == model)
        #expect(target.model(at: provider) == model)
    }

    /// A name is tried behind each of its dashes: of a long one that would take hours.
    @Test func noModelHasALongName() {
        let name = String(repeating: "-", count: 505)
        #expect(throws: UnknownModelError.self) { try ProviderRegistry.builtIn.target(ofModel: "gpt-4" + name + "123") }
        #expect(throws: Never.self) { try ProviderRegistry.builtIn.target(ofModel: "gpt-4" + name + "12") }
    }

    @Test(arguments: ["", "llama-3", "octopus", "o", "stratus-", "stratus-x1ac-small", "stratus-a/b", "gpt"])
    func whatNobodyServesIsAnErrorThatListsWhatIsKnown(_ name: String) {
        let error = #expect(throws: UnknownModelError.self) { try registry.target(ofModel: name) }
        #expect(error?.description.contains("gpt-*") == true)
    }

    @Test func openRouterKnowsOthersModelsUnderTheirVendor() throws {
        let target = try registry.target(ofModel: "gpt-4o")
        #expect(target.model(at: "openrouter") == "openai/gpt-4o")
        #expect(target.model(at: "openai") == "gpt-4o")
        // Nobody else does.
        #expect(target.model(at: "groq") == "gpt-4o")
    }

    @Test(arguments: ["", "gpt-[", "gpt 4", "gpt-\u{E9}"]) func whatIsNoPatternIsNoRule(_ pattern: String) {
        #expect(ModelRoute(pattern: pattern, provider: "openai") == nil)
    }

    @Test func anAddedRuleComesFirst() throws {
        var registry = registry
        registry.add(try #require(ModelRoute(pattern: "gpt-oss-*", provider: "groq")))
        #expect(try registry.target(ofModel: "gpt-oss-120b").provider == "groq")
        #expect(try registry.target(ofModel: "gpt-4o").provider == "openai")
    }
}
