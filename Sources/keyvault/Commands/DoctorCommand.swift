import ArgumentParser
import Foundation
import KeyVault

/// `keyvault doctor`
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Check the machine, the key files and the vault.",
        discussion: "The exit code is 1 where there is a problem; warnings do not count.")

    @Flag(help: "Print a JSON object.")
    var json = false

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        let findings = Machine.findings + keyFiles + storeFile + (await vault())
        if json {
            try options.console.result(json: ["checks": findings])
        } else {
            try options.console.result(findings.map(line).joined(separator: "\n"))
        }
        let problems = findings.filter { $0.result == .problem }
        guard problems.isEmpty else {
            throw Failure(
                .other, "Problems: \(problems.map(\.check).joined(separator: ", ")).",
                hint: "Each one says on standard output what is wrong.")
        }
    }

    private func line(_ finding: Finding) -> String {
        let style = options.console.style
        let result = finding.result.rawValue.padding(toLength: 9, withPad: " ", startingAt: 0)
        let paint =
            switch finding.result {
            case .ok: style.bold
            case .warning: style.yellow
            case .problem: style.red
            }
        return "\(paint(result))\(finding.check.padding(toLength: 17, withPad: " ", startingAt: 0))\(finding.detail)"
    }

    private var keyFiles: [Finding] {
        if options.usesPassphrase { return [] }
        do {
            return try options.masterKeyPaths.map(keyFile)
        } catch {
            return [problem("key file", error)]
        }
    }

    /// Loading checks who may read the file, and what is in it.
    private func keyFile(_ path: String) -> Finding {
        do throws(VaultError) {
            _ = try MasterKeyFile(path).load()
            return Finding(check: "key file", result: .ok, detail: "\(path) is readable by its owner alone.")
        } catch {
            return problem("key file", Failure(keyFiles: error))
        }
    }

    /// Whoever can write to it can destroy keys.
    private var storeFile: [Finding] {
        // That there is none is the vault's finding.
        guard let path = (try? options.storeURL.path).map({ URL(filePath: $0).resolvingSymlinksInPath().path }),
            let rights = try? FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int,
            rights & 0o022 != 0
        else { return [] }
        return [
            Finding(
                check: "store file", result: .warning,
                detail: "\(path) may be written to by others than its owner. Run 'chmod go-w \(path)'.")
        ]
    }

    private func vault() async -> [Finding] {
        do {
            return try await options.withVault { vault in await findings(vault.health()) }
        } catch {
            return [problem("vault", error)]
        }
    }

    private func findings(_ health: VaultHealth) -> [Finding] {
        var findings: [Finding] = []
        switch health.store {
        case .connected:
            findings.append(
                Finding(check: "vault", result: .ok, detail: "\(health.vaultID) opens (\(health.storeKind))."))
        case .unavailable(let reason):
            findings.append(Finding(check: "vault", result: .problem, detail: reason))
        }
        findings += health.masterKeys.filter(\.isActive).map(age)
        if health.masterKeys.count > 1 {
            findings.append(
                Finding(
                    check: "rotation", result: .warning,
                    detail: "\(health.masterKeys.count) master keys are live: a rotation has not ended. Go on with it.")
            )
        }
        findings += unusedKeys(health)
        let isLocked = health.unlockedBytes == 0
        findings.append(
            Finding(
                check: "key memory", result: isLocked ? .ok : .warning,
                detail: isLocked
                    ? "All of it is locked." : "\(health.unlockedBytes) bytes are not locked. Raise 'ulimit -l'."))
        return findings
    }

    private func age(of key: VaultHealth.Key) -> Finding {
        let days = Int(Date().timeIntervalSince(key.added) / 86_400)
        return Finding(
            check: "master key", result: days > 365 ? .warning : .ok,
            detail: "\(days) days old.\(days > 365 ? " Rotate it: 'keyvault rotate master'." : "")")
    }

    /// Whoever else holds a retired key is trusted wherever it is configured (SECURITY.md). One that cannot be loaded is named already.
    private func unusedKeys(_ health: VaultHealth) -> [Finding] {
        let paths = options.usesPassphrase ? [] : (try? options.masterKeyPaths) ?? []
        let unused = paths.filter { path in
            guard let id = try? MasterKeyFile(path).load().ids.first else { return false }
            return !health.masterKeys.contains { $0.id == id }
        }
        return unused.map { path in
            Finding(
                check: "unused key", result: .warning,
                detail: "No record is under the key in \(path). If it was retired, drop it from every configuration.")
        }
    }

    private func problem(_ check: String, _ error: any Error) -> Finding {
        let failure = Failure(error)
        return Finding(check: check, result: .problem, detail: "\(failure.message) \(failure.hint)")
    }
}
