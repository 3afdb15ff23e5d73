import KeyVaultFormat

// The rules of the providers that most people use, as of autumn 2026. Sources: the public rules of trufflehog, gitleaks,
// betterleaks, kingfisher and secretlint, and the providers' own documentation. Lengths that providers have changed before are
// given generously.

extension Provider {
    package static let builtIn: [Provider] = [
        openAI, anthropic, google, openRouter, groq, xAI, mistral, cohere, deepSeek, together, fireworks, perplexity,
        huggingFace, replicate, cerebras, nvidia, azure, elevenLabs, voyage, moonshot,
    ]

    private static let openAI = Provider(
        name: "openai", displayName: "OpenAI",
        formats: [
            KeyFormat(prefix: "sk-proj-", length: 40...260, marker: "T3BlbkFJ"),
            KeyFormat(prefix: "sk-svcacct-", length: 40...260, marker: "T3BlbkFJ"),
            KeyFormat(prefix: "sk-", characters: .alphanumeric, length: 48...48, marker: "T3BlbkFJ"),
        ],
        requiredPrefixes: ["sk-"],
        administrativePrefixes: ["sk-admin-"],
        check: LiveCheck(base: "https://api.openai.com", path: "/v1/models", statuses: [403: .restricted]))

    private static let anthropic = Provider(
        name: "anthropic", displayName: "Anthropic",
        formats: [
            KeyFormat(prefix: "sk-ant-api03-", length: 95...95, suffix: "AA"),
            KeyFormat(prefix: "sk-ant-oat01-", length: 80...120),
        ],
        requiredPrefixes: ["sk-ant-"],
        administrativePrefixes: ["sk-ant-admin"],
        check: LiveCheck(
            base: "https://api.anthropic.com", path: "/v1/models", header: "x-api-key", scheme: "",
            headers: ["anthropic-version": "2023-06-01"],
            // An OAuth token is not an API key: this header would have it refused however live it is.
            uncheckedPrefixes: ["sk-ant-oat"]))

    private static let google = Provider(
        name: "google", displayName: "Google",
        formats: [
            KeyFormat(prefix: "AIza", length: 35...35),
            KeyFormat(prefix: "AQ.", characters: .wordAndDot, length: 30...250),
        ],
        requiredPrefixes: ["AIza", "AQ."],
        check: LiveCheck(
            base: "https://generativelanguage.googleapis.com", path: "/v1beta/models", header: "x-goog-api-key",
            scheme: "",
            statuses: [400: .invalid, 403: .restricted],
            // It does not serve the place that the request comes from.
            answers: [
                AnswerRule(status: 400, member: "error.status", value: "FAILED_PRECONDITION", verdict: .unverified)
            ]))

    private static let openRouter = Provider(
        name: "openrouter", displayName: "OpenRouter",
        formats: [KeyFormat(prefix: "sk-or-v1-", characters: .hexadecimal, length: 64...64)],
        requiredPrefixes: ["sk-or-"],
        // Its list of models is public and proves nothing.
        check: LiveCheck(base: "https://openrouter.ai", path: "/api/v1/key"))

    private static let groq = Provider(
        name: "groq", displayName: "Groq",
        formats: [KeyFormat(prefix: "gsk_", characters: .alphanumeric, length: 52...52)],
        check: LiveCheck(base: "https://api.groq.com", path: "/openai/v1/models"))

    private static let xAI = Provider(
        name: "xai", displayName: "xAI",
        formats: [KeyFormat(prefix: "xai-", length: 70...120)],
        check: LiveCheck(base: "https://api.x.ai", path: "/v1/api-key", statuses: [400: .invalid]))

    private static let mistral = Provider(
        name: "mistral", displayName: "Mistral",
        formats: [KeyFormat(characters: .alphanumeric, length: 32...32)],
        check: LiveCheck(base: "https://api.mistral.ai", path: "/v1/models"))

    private static let cohere = Provider(
        name: "cohere", displayName: "Cohere",
        formats: [KeyFormat(characters: .alphanumeric, length: 40...40)],
        check: LiveCheck(base: "https://api.cohere.com", path: "/v1/models"))

    private static let deepSeek = Provider(
        name: "deepseek", displayName: "DeepSeek",
        formats: [KeyFormat(prefix: "sk-", characters: .lowerAlphanumeric, length: 32...32)],
        check: LiveCheck(
            base: "https://api.deepseek.com", path: "/user/balance", statuses: [200: .unverified],
            answers: [
                AnswerRule(status: 200, member: "is_available", value: "true", verdict: .valid),
                AnswerRule(status: 200, member: "is_available", value: "false", verdict: .withoutCredit),
            ]))

    private static let together = Provider(
        name: "together", displayName: "Together",
        formats: [
            KeyFormat(prefix: "tgp_v1_", length: 30...80),
            KeyFormat(characters: .hexadecimal, length: 64...64),
        ],
        check: LiveCheck(base: "https://api.together.xyz", path: "/v1/models"))

    private static let fireworks = Provider(
        name: "fireworks", displayName: "Fireworks",
        formats: [KeyFormat(prefix: "fw_", characters: .alphanumeric, length: 20...60)],
        check: LiveCheck(base: "https://api.fireworks.ai", path: "/inference/v1/models"))

    private static let perplexity = Provider(
        name: "perplexity", displayName: "Perplexity",
        formats: [KeyFormat(prefix: "pplx-", characters: .alphanumeric, length: 48...48)])

    private static let huggingFace = Provider(
        name: "huggingface", displayName: "Hugging Face",
        formats: [KeyFormat(prefix: "hf_", characters: .alphanumeric, length: 34...34)],
        check: LiveCheck(base: "https://huggingface.co", path: "/api/whoami-v2"))

    private static let replicate = Provider(
        name: "replicate", displayName: "Replicate",
        formats: [KeyFormat(prefix: "r8_", length: 37...37)],
        check: LiveCheck(base: "https://api.replicate.com", path: "/v1/account"))

    private static let cerebras = Provider(
        name: "cerebras", displayName: "Cerebras",
        formats: [KeyFormat(prefix: "csk-", characters: .lowerAlphanumeric, length: 48...48)],
        check: LiveCheck(base: "https://api.cerebras.ai", path: "/v1/models"))

    private static let nvidia = Provider(
        name: "nvidia", displayName: "NVIDIA",
        formats: [KeyFormat(prefix: "nvapi-", length: 60...70)])

    private static let azure = Provider(
        name: "azure", displayName: "Azure OpenAI",
        formats: [
            KeyFormat(characters: .hexadecimal, length: 32...32),
            KeyFormat(characters: .alphanumeric, length: 52...100),
        ],
        // Every customer has a host of their own.
        check: LiveCheck(
            base: nil, path: "/openai/models?api-version=2024-10-21", header: "api-key", scheme: ""))

    private static let elevenLabs = Provider(
        name: "elevenlabs", displayName: "ElevenLabs",
        formats: [KeyFormat(prefix: "sk_", characters: .hexadecimal, length: 48...48)],
        check: LiveCheck(
            base: "https://api.elevenlabs.io", path: "/v1/user", header: "xi-api-key", scheme: "",
            // A key that may not read its user's account, and may well do what it is for.
            answers: [
                AnswerRule(status: 401, member: "detail.status", value: "missing_permissions", verdict: .restricted)
            ]))

    private static let voyage = Provider(
        name: "voyage", displayName: "Voyage",
        formats: [KeyFormat(prefix: "pa-", length: 43...43), KeyFormat(prefix: "al-", length: 43...43)],
        check: LiveCheck(base: "https://api.voyageai.com", path: "/v1/files", statuses: [403: .restricted]))

    private static let moonshot = Provider(
        name: "moonshot", displayName: "Moonshot",
        formats: [KeyFormat(prefix: "sk-", characters: .alphanumeric, length: 48...48)],
        check: LiveCheck(base: "https://api.moonshot.ai", path: "/v1/models"))
}
