import Foundation
import KeyVault
import Synchronization

/// Two writers, each with records of its own that it puts and deletes, and two readers of records that nobody changes.
struct Worker: Sendable {
    let vault: Vault
    let name: String
    private let isDone = Flag()

    init(vault: Vault, name: String) {
        self.vault = vault
        self.name = name
    }

    /// Works until standard input ends, then prints how much was read, and what each written record holds now.
    func run() async throws {
        Thread.detachNewThread {
            _ = FileHandle.standardInput.readDataToEndOfFile()
            isDone.set()
        }
        async let first = write(0)
        async let second = write(1)
        async let reads = read()
        async let others = read()
        let (held, counts) = try await ([first, second], [reads, others])
        print("read", counts[0] + counts[1])
        for (writer, values) in held.enumerated() {
            for (number, value) in values.enumerated() { print("\(name)\(writer)", number, value) }
        }
    }

    /// - Returns: the text that each of ten records holds; empty where it was deleted.
    private func write(_ writer: Int) async throws -> [String] {
        var held = [String](repeating: "", count: 10)
        var round = 0
        while !isDone.isSet {
            let number = round % held.count
            let id = try RecordID(tenant: "\(name)\(writer)", provider: "p", label: "\(number)")
            if round % 7 == 3 {
                try await vault.delete(id)
                held[number] = ""
            } else {
                try await vault.put(Secret("\(name) \(round)"), for: id)
                held[number] = "\(name) \(round)"
            }
            round += 1
        }
        return held
    }

    /// Reads every record of the tenant `fixed`, again and again, past the cache too. Any failure ends the process.
    private func read() async throws -> Int {
        var count = 0
        while !isDone.isSet {
            var page = try await vault.list(tenant: "fixed", limit: 1000)
            while true {
                for entry in page.entries {
                    guard entry.damage == nil else { fatalError("\(entry.id) does not open") }
                    let isRight = try await vault.withSecret(entry.id) { secret in
                        unsafe secret.withUnsafeBytes { unsafe $0.elementsEqual("secret of \(entry.id.label)".utf8) }
                    }
                    guard isRight else { fatalError("\(entry.id) has another secret") }
                    count += 1
                    if isDone.isSet { return count }
                }
                guard let next = page.next else { break }
                page = try await vault.list(tenant: "fixed", after: next, limit: 1000)
            }
        }
        return count
    }
}

/// Set once.
private final class Flag: Sendable {
    private let value = Atomic(false)

    var isSet: Bool { value.load(ordering: .acquiring) }

    func set() { value.store(true, ordering: .releasing) }
}
