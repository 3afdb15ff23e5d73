/// The top level of a JSON object: which members there are, and where their values stand in the text.
///
/// Nothing is built from the values. A secret among them can so be copied straight from the request into guarded memory, and
/// a request can be passed on as it came but for one member. The whole text is checked against RFC 8259 all the same, in one
/// pass, with a bound on how deep it nests.
struct JSONObject {
    enum Kind {
        case string, number, bool, null, object, array
    }

    struct Member {
        let name: String
        let kind: Kind
        /// With the quotes of a string, the braces of an object.
        let value: Range<Int>
        /// A string without its quotes.
        var inside: Range<Int> { (value.lowerBound + 1)..<(value.upperBound - 1) }
    }

    /// More than any request has: each takes more memory than its text.
    private static let mostMembers = 1024

    /// In the order of the text.
    let members: [Member]

    /// - Throws: ``JSONSyntaxError`` for text that is no JSON object, and for one that names a member twice: readers
    ///   disagree on which of the two counts.
    init(_ text: Span<UInt8>) throws(JSONSyntaxError) {
        guard (try? UTF8Span(validating: text)) != nil else {
            throw JSONSyntaxError(position: 0, reason: "it is not UTF-8")
        }
        var position = 0
        var members: [Member] = []
        var names: Set<String> = []
        try text.walkObject(&position, depth: 0) { name, kind, value throws(JSONSyntaxError) in
            guard members.count < Self.mostMembers else {
                throw JSONSyntaxError(
                    position: value.lowerBound, reason: "it has more than \(Self.mostMembers) members")
            }
            let name = JSONString.text(text.extracting(name))
            guard names.insert(name).inserted else {
                throw JSONSyntaxError(position: value.lowerBound, reason: "a member is named twice")
            }
            members.append(Member(name: name, kind: kind, value: value))
        }
        try text.walkEnd(&position)
        self.members = members
    }

    subscript(name: String) -> Member? { members.first { $0.name == name } }
}

/// Where and why a text is not the JSON that was expected. Never a part of the text.
struct JSONSyntaxError: Error {
    let position: Int
    let reason: String
}
