import Foundation
import TestSupport
import Testing

/// The independent implementation in `Tests/Interop`, which was written from SPEC.md alone.
enum Python {
    /// A Python that has what `Tests/Interop/requirements.txt` names.
    static let interpreter = ProcessInfo.processInfo.environment["KEYVAULT_PYTHON"]
    static let isThere = interpreter?.isEmpty == false
    static let notice: Comment = "KEYVAULT_PYTHON is not set; `make test` makes one of Tests/Interop/requirements.txt"

    /// Runs a command of `interop.py`: one JSON object in, one out.
    static func run<Answer: Decodable>(_ command: String, _ request: some Encodable) async throws -> Answer {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        let output = try await run(["interop.py", command], input: encoder.encode(request))
        return try JSONDecoder().decode(Answer.self, from: output)
    }

    /// Runs Python in `Tests/Interop`, and fails unless it ends with 0.
    @discardableResult
    static func run(_ arguments: [String], input: Data = Data()) async throws -> Data {
        let interpreter = try #require(interpreter)
        // Files rather than pipes: nobody waits for a pipe to be read.
        return try await TemporaryFolder.with { folder in
            let (inputFile, outputFile) = (folder.appending(path: "in"), folder.appending(path: "out"))
            try input.write(to: inputFile)
            try Data().write(to: outputFile)
            let process = Process()
            process.executableURL = URL(filePath: interpreter)
            process.arguments = ["-B"] + arguments
            process.currentDirectoryURL =
                URL(filePath: #filePath).deletingLastPathComponent()
                .appending(path: "../../Interop").standardized
            process.standardInput = try FileHandle(forReadingFrom: inputFile)
            process.standardOutput = try FileHandle(forWritingTo: outputFile)
            process.standardError = process.standardOutput
            try await withCheckedThrowingContinuation { (ended: CheckedContinuation<Void, any Error>) in
                process.terminationHandler = { _ in ended.resume() }
                do { try process.run() } catch { ended.resume(throwing: error) }
            }
            let output = try Data(contentsOf: outputFile)
            try #require(process.terminationStatus == 0, "\(String(decoding: output.suffix(4000), as: UTF8.self))")
            return output
        }
    }
}
