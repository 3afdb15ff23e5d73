import Testing

@testable import KeyVaultCrypto

@Suite struct KeyedHashTests {
    struct Known: Sendable {
        let personalization: Personalization
        let length: Int
        let hash: String

        init(_ personalization: Personalization, _ length: Int, _ hash: String) {
            (self.personalization, self.length, self.hash) = (personalization, length, hash)
        }
    }

    /// Computed with Python's hashlib.blake2b(data, key=bytes(range(32)), digest_size=…, person=…).
    static let known = [
        Known(.keyID, 0, "f7225bbc7e16d3923312e80ab33ae150"),
        Known(.keyID, 300, "2c488df37f76285f9885e258c32c384b"),
        Known(.seed, 0, "9bc53f837e2992589a0f9619058704f860b19440d9612a978d69b6cab17ce935"),
        Known(.seed, 300, "e54f8a2a4b4bba784806e454869bfa9335fe2f55db7c357a44ce721acec624c3"),
        Known(.salt, 0, "60285a260bec924633b2c86b0211b74ac867fdef6ff3944df1b15aee32f13884"),
        Known(.salt, 300, "3eb00ebbc9e341011420db2c4ce1073c675c8088550e63e13756c2f24c873b2a"),
        Known(
            .wrap, 0,
            "de003b405f092511e5d035ef300ba63a96287bc9bc12d6de6a67bcf9092ac559"
                + "e22ce06abb930e009808a28d6e6da0e66f74ec7bc93f4471927237155e2e8948"),
        Known(
            .wrap, 1,
            "4f99f9602d8f6b85fc1b929a70a6054aeb81e0692f9a58966cea6c772975864b"
                + "e4db1ef732277d5c8c1c340e6f7c15f0d4ad76a6800625b8c070283cc4954735"),
        Known(
            .wrap, 128,
            "7e14f1568f296730783fe890bbbce999636ac3c58b398de57b59158f36b749d7"
                + "fcf1551c58c122645460ce2a070692954eb35386fc21b3b2d5f1f578446aa7f5"),
        Known(
            .wrap, 129,
            "2869e9a974ae858f305b262d2a65e36c79f984f10c66326f4738bfe997aefb58"
                + "b84399ecce99d120402988e61cb9fe20aa2f2baaa1393b25d7210a7b2159f034"),
        Known(
            .wrap, 300,
            "ee05a80434cd132c5bcb09abd4a8b895deaea8fc5d91175fce98bf5c916a8650"
                + "53eed4f64a11e8291c292387924ba3d7b28316b4ce3a2e7ade74cc44140b5e12"),
        Known(.header, 0, "3ad150f333a05ea32c367680eae29534568a94f37491dcf1a6e6f5a245722545"),
        Known(.header, 300, "049c33861693da6ebf278611ba2ee0643fe2176a445cfb43da4d5f847092a292"),
    ]

    @Test(arguments: known) func hasTheKnownValue(_ known: Known) throws {
        let expected = Samples.hexadecimal(known.hash)
        let data = Samples.counting(known.length)
        func hash() throws -> KeyedHash {
            try KeyedHash(
                key: Samples.guarded(Samples.keyBytes), personalization: known.personalization,
                outputLength: expected.count)
        }
        var whole = try hash()
        whole.update(data.span)
        #expect(whole.finish() == expected)

        // Piece by piece, and into guarded memory, it is the same.
        var pieces = try hash()
        for byte in data {
            let piece = [byte]
            pieces.update(piece.span)
        }
        let guarded = try pieces.finishGuarded()
        #expect(guarded.exposed() == expected)
    }

    @Test func personalizationsFitAndDiffer() {
        let all = Personalization.allCases.map { Array($0.rawValue.utf8) }
        #expect(Set(all).count == all.count)
        // The parameter block's field has this length, and libsodium reads as much.
        #expect(all.allSatisfy { $0.count == 16 })
    }
}
