/// What a provider answers in JSON, of which single members are looked up.
enum AnswerDocument: Decodable {
    case object([String: AnswerDocument])
    /// A string, or `true` or `false` written out.
    case text(String)
    case other

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let members = try? container.decode([String: AnswerDocument].self) {
            self = .object(members)
        } else if let text = try? container.decode(String.self) {
            self = .text(text)
        } else if let flag = try? container.decode(Bool.self) {
            self = .text(String(flag))
        } else {
            self = .other
        }
    }

    /// - Parameter path: names with dots between them.
    func text(at path: String) -> String? {
        var place = self
        for name in path.split(separator: ".") {
            guard case .object(let members) = place, let member = members[String(name)] else { return nil }
            place = member
        }
        guard case .text(let text) = place else { return nil }
        return text
    }
}
