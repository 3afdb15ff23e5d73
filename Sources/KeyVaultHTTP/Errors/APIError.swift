public import HTTPTypes
public import Hummingbird

/// What a client is told where a request failed: never a key or a part of one, never an error's own description.
///
/// Codes and messages are the API's contract; clients compare them word for word. What more there is to say stands in
/// ``APIError/hint``.
public struct APIError: Error, Sendable {
    public var status: HTTPResponse.Status
    /// For programs, such as `invalid_request`.
    public var code: String
    /// For people.
    public var message: String
    /// Why, or what to do about it, where there is something to add.
    public var hint: String?
    /// The name of the provider whose key it is about.
    public var provider: String?
    /// After how many seconds it is worth trying again.
    public var retryAfter: Int?
    /// Sent along as they are.
    public var headers: HTTPFields
    /// Whether the log has a line on it, which says more than this does.
    private(set) var isLogged = false

    public init(
        _ status: HTTPResponse.Status, _ code: String, _ message: String, hint: String? = nil, provider: String? = nil,
        retryAfter: Int? = nil, headers: HTTPFields = [:]
    ) {
        self.status = status
        self.code = code
        self.message = message
        self.hint = hint
        self.provider = provider
        self.retryAfter = retryAfter
        self.headers = headers
    }

    /// The same, of which the log has a line.
    var logged: APIError {
        var copy = self
        copy.isLogged = true
        return copy
    }

    /// The request itself is wrong.
    static func invalidRequest(_ message: String, hint: String? = nil, provider: String? = nil) -> APIError {
        APIError(.badRequest, "invalid_request", message, hint: hint, provider: provider)
    }
}

extension APIError: HTTPResponseError {
    public func response(from request: Request, context: some RequestContext) throws -> Response {
        response(requestID: RequestID.make())
    }

    func response(requestID: String) -> Response {
        var headers = headers
        if let retryAfter { headers[.retryAfter] = String(retryAfter) }
        let body = JSONWriter.object { json in
            json.member("error", code)
            json.member("message", message)
            if let provider { json.member("provider", provider) }
            if let hint { json.member("hint", hint) }
            json.member("request_id", requestID)
        }
        return .json(status, body, requestID: requestID, headers: headers)
    }
}
