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
    func refusal(_ reason: String, forKey key: MemberName, member: String? = nil) -> DecodingError {
        let path = [key] + (member.map { [MemberName(stringValue: $0)] } ?? [])
        return .dataCorrupted(.init(codingPath: codingPath + path, debugDescription: reason))
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
            guard isStatus(number), let verdict = Verdict(named: name) else {
                throw badVerdict(forKey: key, member: status)
            }
            statuses[number] = verdict
        }
        return statuses
    }

    func status(forKey key: MemberName) throws -> Int {
        let status = try decode(Int.self, forKey: key)
        guard isStatus(status) else { throw badVerdict(forKey: key) }
        return status
    }

    func verdict(forKey key: MemberName) throws -> Verdict {
        guard let verdict = Verdict(named: try decode(String.self, forKey: key)) else { throw badVerdict(forKey: key) }
        return verdict
    }

    private func isStatus(_ status: Int) -> Bool { (200...599).contains(status) }

    private func badVerdict(forKey key: MemberName, member: String? = nil) -> DecodingError {
        let names = Verdict.allCases.map(\.name).joined(separator: ", ")
        return refusal("A status from 200 to 599 is given one of \(names).", forKey: key, member: member)
    }
}

extension Verdict {
    fileprivate init?(named name: String) {
        guard let verdict = Verdict.allCases.first(where: { $0.name == name }) else { return nil }
        self = verdict
    }
}
