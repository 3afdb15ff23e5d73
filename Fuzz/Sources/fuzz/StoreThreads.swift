import Foundation

/// The threads of the stores. They end by themselves, a little after their store was closed or forgotten.
enum StoreThreads {
    /// Returns when there is none any more.
    static func waitForTheirEnd() {
        let deadline = ContinuousClock.now + .seconds(20)
        while areThere {
            guard .now < deadline else { fatalError("a thread of a store does not end") }
            usleep(1000)
        }
    }

    /// Each has a name that begins with ours.
    private static var areThere: Bool {
        let folder = "/proc/self/task"
        let threads = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return threads.contains { thread in
            let name = try? String(contentsOfFile: "\(folder)/\(thread)/comm", encoding: .utf8)
            return name?.hasPrefix("KeyVault") ?? false
        }
    }
}
