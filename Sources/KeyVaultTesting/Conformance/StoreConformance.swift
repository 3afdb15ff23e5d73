public import KeyVaultStorage

/// The suite that every ``KeyVaultStorage/RecordStore`` must pass, ours or yours.
///
/// It drives itself through ``KeyVaultStorage/RecordStore`` alone and needs no test framework. With Swift Testing:
///
/// ```swift
/// @Test(arguments: StoreConformance.cases)
/// func conforms(_ testCase: StoreConformance.Case) async throws {
///     try await StoreConformance(traits: [.durable]) { place in try MyStore(path: folder + place) }.check(testCase)
/// }
/// ```
///
/// With another framework, call ``check(_:)`` for each of ``cases`` and report what it throws.
public struct StoreConformance: Sendable {
    /// What a store promises beyond the common contract.
    public enum Trait: Sendable {
        /// What was written is there again when the same place is opened after a `close()`.
        case durable
        /// One place can be open more than once at a time, as it is when several processes use it.
        case shared
    }

    /// One named case; each runs on a place of its own.
    public struct Case: Sendable, CustomStringConvertible {
        /// What must hold, as a sentence.
        public let name: String
        let requires: Trait?
        let body: @Sendable (ConformanceRun) async throws -> Void

        init(
            _ name: String, requires: Trait? = nil, _ body: @escaping @Sendable (ConformanceRun) async throws -> Void
        ) {
            self.name = name
            self.requires = requires
            self.body = body
        }

        public var description: String { name }
    }

    /// Every case.
    public static let cases: [Case] =
        headCases + changeCases + replaceCases + revisionCases + scanCases + byteCases + contentionCases
        + durabilityCases
        + sharedCases + closeCases + sizeCases

    let traits: Set<Trait>
    let size: Int
    let open: @Sendable (String) async throws -> any RecordStore

    /// - Parameters:
    ///   - traits: What the store promises; cases that need more pass without doing anything.
    ///   - size: How many records the case about many of them stores.
    ///   - open: Opens the store at the place of this name, and makes an empty one where there is none. A name is ASCII
    ///     letters and digits, and a new one for every run of a case.
    public init(
        traits: Set<Trait> = [], size: Int = 100_000,
        open: @escaping @Sendable (_ place: String) async throws -> any RecordStore
    ) {
        self.traits = traits
        self.size = size
        self.open = open
    }

    /// Runs one case.
    ///
    /// - Throws: ``ConformanceFailure`` that names the clause which the store breaks; or what the store threw where it
    ///   should not have.
    public func check(_ testCase: Case) async throws {
        if let required = testCase.requires, !traits.contains(required) { return }
        let run = ConformanceRun(suite: self, name: testCase.name)
        do {
            try await testCase.body(run)
        } catch {
            await run.closeAll()
            throw error
        }
        await run.closeAll()
    }
}
