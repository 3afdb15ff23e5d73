/// One thing that takes bytes from outside, and what must hold whatever they are.
public protocol FuzzTarget: Sendable {
    /// What the command line calls it.
    var name: String { get }

    /// Sound inputs: what a corpus begins with.
    var seeds: [[UInt8]] { get throws }

    /// Feeds it `input`.
    ///
    /// - Throws: ``Finding`` where something does not hold. A trap is a finding as well.
    func run(_ input: [UInt8]) async throws

    /// Makes checksums and lengths right again after a mutation, so that the fuzzer gets past them.
    func repair(_ input: inout [UInt8])
}

extension FuzzTarget {
    public func repair(_ input: inout [UInt8]) {}
}

/// Something that must hold and does not.
public struct Finding: Error, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }

    static func require(_ holds: Bool, _ what: @autoclosure () -> String) throws(Finding) {
        guard holds else { throw Finding(what()) }
    }
}

/// The targets there are.
public enum FuzzTargets {
    public static let all: [any FuzzTarget] = engine + service

    private static let engine: [any FuzzTarget] = [
        RecordTarget(), EnvelopeTarget(), HeaderTarget(), NamesTarget(), LogTarget(), SQLiteTarget(), DatabaseTarget(),
        ProvidersTarget(), KeyFormatTarget(), StoresTarget(),
    ]

    #if HTTP_SERVICE
        private static let service: [any FuzzTarget] = [HTTPTarget()]
    #else
        private static let service: [any FuzzTarget] = []
    #endif
}
