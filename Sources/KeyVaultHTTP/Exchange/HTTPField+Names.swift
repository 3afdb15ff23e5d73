import HTTPTypes

extension HTTPField.Name {
    /// Names the request.
    static let requestID = constant("X-Request-ID")
    /// `user` or `formation`.
    static let keySource = constant("X-Key-Source")
    /// `inline`, `vault` or `pool`.
    static let keyOrigin = constant("X-Key-Origin")
    /// What is added to the price, such as `0.25`; absent where nothing is.
    static let markupApplied = constant("X-Formation-Markup-Applied")
    static let frameOptions = constant("X-Frame-Options")
    static let referrerPolicy = constant("Referrer-Policy")

    private static func constant(_ name: String) -> HTTPField.Name {
        // Every name above is a token of RFC 9110, so the initialiser cannot fail.
        HTTPField.Name(name) ?? .cookie
    }
}
