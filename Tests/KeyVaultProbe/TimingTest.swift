import Glibc

@testable import KeyVaultCrypto

/// Whether the time of a comparison tells where two values differ, by dudect's method (Reparaz, Balasch and Verbauwhede, "Dude, is
/// my code constant time?", 2017): many measurements of two classes of input in random order, and Welch's t-test on their times.
/// |t| below 4.5 means that no difference was found.
struct TimingTest {
    private static let length = 32
    private let samples: Int

    init(samples: Int) { self.samples = samples }

    /// Prints the statistic for the comparison of commitments, codes and tokens, and for one that stops early: the test must be able
    /// to find something.
    func run() {
        let careful = statistic { ConstantTime.equal($0, $1) }
        let careless = statistic { left, right in
            for index in left.indices where left[index] != right[index] { return false }
            return true
        }
        print("samples \(samples) t \(Self.rounded(careful)) of one that stops early \(Self.rounded(careless))")
    }

    /// One class differs from the secret in its first byte, the other in its last.
    private func statistic(_ compare: (Span<UInt8>, Span<UInt8>) -> Bool) -> Double {
        let secret = (0..<Self.length).map { _ in UInt8.random(in: .min ... .max) }
        var times: [[Double]] = [[], []]
        var matches = 0
        for _ in 0..<samples {
            let isLate = Bool.random()
            // Made anew each time, so that neither class has a place in memory of its own.
            var guess = secret
            guess[isLate ? Self.length - 1 : 0] ^= 0x55
            let start = Self.nanoseconds()
            if compare(secret.span, guess.span) { matches += 1 }
            times[isLate ? 1 : 0].append(Double(Self.nanoseconds() - start))
        }
        precondition(matches == 0, "the classes differ from the secret")
        // The slowest tenth is the system's own: interrupts and other processes.
        let bound = (times[0] + times[1]).sorted()[samples * 9 / 10]
        return Self.welch(times[0].filter { $0 <= bound }, times[1].filter { $0 <= bound })
    }

    private static func welch(_ first: [Double], _ second: [Double]) -> Double {
        func moments(_ values: [Double]) -> (mean: Double, errorSquared: Double) {
            let count = Double(values.count)
            let mean = values.reduce(0, +) / count
            return (mean, values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1) / count)
        }
        let (one, other) = (moments(first), moments(second))
        return (one.mean - other.mean) / (one.errorSquared + other.errorSquared).squareRoot()
    }

    private static func nanoseconds() -> Int {
        var time = timespec()
        // `time` is room for what is filled in.
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return time.tv_sec * 1_000_000_000 + time.tv_nsec
    }

    private static func rounded(_ value: Double) -> Double { (value * 100).rounded() / 100 }
}
