import Foundation

/// A file that the service manager hands over: systemd's `LoadCredential` and its relatives.
package enum ServiceCredential {
    /// The file of that name, where there is one.
    package static func path(named name: String) -> String? {
        guard let path = directory.map({ "\($0)/\(name)" }), FileManager.default.fileExists(atPath: path) else {
            return nil
        }
        return path
    }

    /// `$CREDENTIALS_DIRECTORY`, where it is set.
    static var directory: String? { ProcessInfo.processInfo.environment["CREDENTIALS_DIRECTORY"] }
}
