import Foundation

/// Keys that are made to be found again: whatever shows one shows the marker, in one form or another.
enum Canary {
    /// 18 bytes, which stand three times in each key, at places that differ modulo 3: so every alignment of base64 occurs.
    static let marker = "canary+in/a~cage=?"

    /// The shortest piece of the marker that counts as found: one more byte than a hint shows, which takes them from both ends.
    static let pieceLength = 8

    static func key(_ number: Int) -> String {
        (0..<3).map { "\(marker)\(String(repeating: "\(number % 10)", count: $0 + 5))" }.joined() + "\(number)"
    }

    /// The marker as texts may show it: any piece of it, as it is and in hexadecimal; and all of it in base64, base64url and
    /// percent-encoded.
    static let forms: [String] = {
        let bytes = Array(marker.utf8)
        let pieces = (0...(bytes.count - pieceLength)).map { bytes[$0..<($0 + pieceLength)] }
        let hexadecimal = pieces.map { $0.map { String($0, radix: 16) }.joined() }
        let escaped = marker.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? marker
        let base64 = (0..<3).map { offset -> String in
            let bytes = Data(repeating: 0, count: offset) + Data(marker.utf8)
            // The first and the last digits depend on what stands beside the marker.
            return String(bytes.base64EncodedString().dropFirst(4).dropLast(4))
        }
        let base64url = base64.map { $0.replacing("+", with: "-").replacing("/", with: "_") }
        return pieces.map { String(decoding: $0, as: UTF8.self) } + hexadecimal + hexadecimal.map { $0.uppercased() }
            + [escaped, escaped.lowercased()] + base64 + base64url
    }()

    /// The first form of the marker that `bytes` hold.
    static func found(in bytes: Data) -> String? { forms.first { bytes.range(of: Data($0.utf8)) != nil } }
}
