import Foundation
import Glibc
import KeyVaultSQLite
import KeyVaultStorage
import TestSupport
import Testing

/// Where the system gives no thread, a store says so, and what can be done without one is done.
@Suite struct ThreadLimitTests {
    private static let pathVariable = "KEYVAULT_THREAD_LIMIT_TEST_STORE"

    /// In a process of its own, which has no threads left afterwards.
    @Test func aStoreThatGetsNoThreadSaysSo() async throws {
        let folder = try TemporaryFolder()
        // The process that the exit test starts inherits it.
        // Both strings outlive the call.
        unsafe setenv(Self.pathVariable, folder.file("store"), 1)
        await #expect(processExitsWith: .success) {
            let path = try #require(ProcessInfo.processInfo.environment[ThreadLimitTests.pathVariable])
            try ThreadLimitTests.takeAllThreads()
            #expect(await SystemThread.run(named: "none") { 7 } == 7)
            await #expect(throws: StoreError.noThread) { try await FileStore.open(path + ".log", create: true) }
            await #expect(throws: StoreError.noThread) { try await SQLiteStore.open(path + ".db", create: true) }
        }
    }

    /// Leaves room in memory for a few stacks, and starts threads until there is none left.
    private static func takeAllThreads() throws {
        let pages = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
        let size = try #require(pages.first.flatMap { UInt($0) }) * UInt(sysconf(Int32(_SC_PAGESIZE)))
        var limit = rlimit(rlim_cur: size + 64 << 20, rlim_max: size + 64 << 20)
        // `limit` outlives the call.
        try #require(unsafe setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0)
        while SystemThread.start(named: "taken", { while true { pause() } }) {}
    }
}
