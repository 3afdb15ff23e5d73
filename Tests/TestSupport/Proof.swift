import Glibc

/// The long form of a test that proves by counting: `make proof`.
package enum Proof {
    /// Whether the counts are those of `make proof`, and not CI's.
    package static let isOn = environment("KEYVAULT_PROOF") != nil

    /// How often: what `variable` of the environment says, else `proof` or `ci`.
    package static func count(_ variable: String, ci: Int, proof: Int) -> Int {
        environment(variable).flatMap { Int($0) } ?? (isOn ? proof : ci)
    }

    /// Says at once, on standard error, how far it is; `make proof` shows the last of these lines.
    package static func report(_ line: String) {
        let bytes = Array("proof: \(line)\n".utf8)
        // The buffer is passed with its own length.
        _ = unsafe bytes.withUnsafeBytes { unsafe write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }

    private static func environment(_ name: String) -> String? {
        // The C library's own string, copied at once.
        unsafe getenv(name).map { unsafe String(cString: $0) }
    }
}
