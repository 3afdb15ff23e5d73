import Foundation

/// Keys that are made to be found again: whatever shows one shows the marker, in one form or another.
enum Canary {
    /// 18 bytes, which stand three times in each key, at places that differ modulo 3: so every alignment of base64 occurs.
    static let marker = "canary+in/a~cage=?"

    static func key(_ number: Int) -> String {
        (0..<3).map { "\(marker)\(String(repeating: "\(number % 10)", count: $0 + 5))" }.joined() + "\(number)"
    }

    /// The marker as texts may show it: as it is, in hexadecimal, base64, base64url and percent-encoded.
    static let forms: [String] = {
        let hexadecimal = marker.utf8.map { String($0, radix: 16) }.joined()
        let escaped = marker.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? marker
        let base64 = (0..<3).map { offset -> String in
            let bytes = Data(repeating: 0, count: offset) + Data(marker.utf8)
            // The first and the last digits depend on what stands beside the marker.
            return String(bytes.base64EncodedString().dropFirst(4).dropLast(4))
        }
        let base64url = base64.map { $0.replacing("+", with: "-").replacing("/", with: "_") }
        return [marker, hexadecimal, hexadecimal.uppercased(), escaped, escaped.lowercased()] + base64 + base64url
    }()

    /// The first form of the marker that `bytes` hold.
    static func found(in bytes: Data) -> String? { forms.first { bytes.range(of: Data($0.utf8)) != nil } }
}
