import Foundation

/// What the service manager hands over.
enum ServiceManager {
    /// The file of a credential, where there is one.
    static func credential(_ name: String) -> String? {
        guard let directory = ProcessInfo.processInfo.environment["CREDENTIALS_DIRECTORY"] else { return nil }
        let path = "\(directory)/\(name)"
        return FileManager.default.fileExists(atPath: path) ? path : nil
    }
}
