extension HTTPTarget {
    private static let login = "Authorization: Bearer @TOKEN@\n"
    private static let keys = "/v1/account/llm-keys"
    private static let chat = "POST /v1/chat/completions\n\(login)"
    private static let question = #"{"model":"gpt-4o","messages":[{"role":"user","content":"hi \u00e9\n"}],"n":-1.5e3}"#

    /// Each thing that the API does, and each way in which a provider answers.
    static let requests: [String] = [
        "GET \(keys)\n\(login)\n", "GET \(keys)/details\n\(login)If-None-Match: *\n\n", "GET /health\n\n",
        "GET \(keys)\nAuthorization: bearer kvt_0123456789abcdef_AAAA\n\n", "PUT \(keys)\n\n", "GET /none\n\n",
        "POST \(keys)\n\(login)Content-Type: application/json\n\n" + #"{"openai_key":"@KEY@"}"#,
        "POST \(keys)\n\(login)If-Match: *\n\n"
            + #" { "anthropic_key" : "sk-\u0061nt-\ud83d\ude00", "groq_key":null} "#,
        "POST \(keys)\n\(login)If-Match: \"1\", \"2\"\n\n{}",
        "DELETE \(keys)?provider=openai&label=default\n\(login)\n", "DELETE \(keys)\n\(login)If-Match: *\n\n",
        "POST \(keys)/openai/test?label=a%2Fb\n\(login)\n", "POST \(keys)/openai/disable\n\(login)\n",
        "POST \(keys)/@KEY@/enable?label=@KEY@\n\(login)\n",
        chat + "\n" + question + "\u{1E}200\n\n" + #"{"id":"x","choices":[]} "#,
        chat + "X-OpenAI-Key: @KEY@\nAccept: text/event-stream\n\n" + question
            + "\u{1E}200\nContent-Type: text/event-stream\n\ndata: {}\n\nda\u{1E}ta: [DO\u{1E}NE]\n\n",
        chat + "\n" + question + "\u{1E}200\nContent-Type: text/event-stream\n\ndata: {}\n",
        chat + "\n" + question + "\u{1E}401\n\n{\"error\":\"@KEY@\"}",
        chat + "\n" + question + "\u{1E}500\n\nIncorrect key @KEY@",
        chat + "\n" + question + "\u{1E}429\nRetry-After: 7\n\n", chat + "\n" + question + "\u{1E}302\nLocation: /\n\n",
        chat + "X-Anthropic-Key: @KEY@\n\n" + #"{"model":"stratus-small-claude-3","messages":[[],{},"",1,true,null]}"#
            + "\u{1E}200\n\n{}",
    ]
}
