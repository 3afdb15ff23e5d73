import KeyVaultFormat

/// The name of a member of a JSON object.
struct MemberName: CodingKey, ExpressibleByStringLiteral {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init(stringLiteral value: String) { stringValue = value }
    init?(intValue: Int) { nil }
}

extension Decoder {
    /// The members of an object that has no others than `known`.
    func members(_ known: [String]) throws -> KeyedDecodingContainer<MemberName> {
        let members = try container(keyedBy: MemberName.self)
        // Sorted, so that of two the same one is always named.
        for member in members.allKeys.sorted(by: { $0.stringValue < $1.stringValue })
        where !known.contains(member.stringValue) {
            throw members.refusal(
                "This member is not known; known are \(known.joined(separator: ", ")).", forKey: member)
        }
        return members
    }
}

extension KeyedDecodingContainer<MemberName> {
    func refusal(_ reason: String, forKey key: MemberName) -> DecodingError {
        .dataCorrupted(.init(codingPath: codingPath + [key], debugDescription: reason))
    }

    func prefixes(forKey key: MemberName) throws -> [String] {
        let prefixes = try decodeIfPresent([String].self, forKey: key) ?? []
        guard !prefixes.contains("") else { throw refusal("A prefix is not empty.", forKey: key) }
        return prefixes
    }

    func statuses(forKey key: MemberName) throws -> [Int: Verdict] {
        var statuses: [Int: Verdict] = [:]
        for (status, name) in try decodeIfPresent([String: String].self, forKey: key) ?? [:] {
            let number = Int(status) ?? 0
            statuses[number] = try verdict(name, ofStatus: number, forKey: key)
        }
        return statuses
    }

    func verdict(_ name: String, ofStatus status: Int, forKey key: MemberName) throws -> Verdict {
        guard (200...599).contains(status), let verdict = Verdict.allCases.first(where: { $0.name == name }) else {
            let names = Verdict.allCases.map(\.name).joined(separator: ", ")
            throw refusal("A status from 200 to 599 is given one of \(names).", forKey: key)
        }
        return verdict
    }
}
