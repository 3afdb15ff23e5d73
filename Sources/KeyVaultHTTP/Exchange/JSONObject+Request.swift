extension JSONObject {
    /// The top level of a request's body.
    init(ofRequest body: Span<UInt8>) throws(APIError) {
        do {
            try self.init(body)
        } catch {
            throw .invalidRequest(
                "The request body is not a JSON object", hint: "At byte \(error.position): \(error.reason).")
        }
    }
}
