import Foundation
import Glibc
import Testing

/// A program on a pseudo-terminal, and the person in front of it.
final class Terminal {
    private let screen: Int32
    private let process = Process()
    /// Everything that the terminal has shown.
    private(set) var shown = ""

    /// Starts the program. Its standard output leads to the terminal too where `isOutputShown`, else nowhere.
    init(_ box: Sandbox, _ arguments: String..., isOutputShown: Bool = false, environment: [String: String] = [:])
        throws
    {
        // Closed in programs that other tests start meanwhile: while one of them has it open, the line does not end.
        screen = unsafe open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        // Linux's own calls, since Swift's Glibc has no posix_openpt: unlock the other side (TIOCSPTLCK), ask for its number
        // (TIOCGPTN). Both read or write one integer.
        var (lock, number): (Int32, Int32) = (0, 0)
        try #require(unsafe ioctl(screen, 0x4004_5431, &lock) == 0 && ioctl(screen, 0x8004_5430, &number) == 0)
        let descriptor = unsafe open("/dev/pts/\(number)", O_RDWR | O_NOCTTY | O_CLOEXEC)
        try #require(descriptor >= 0)
        let line = FileHandle(fileDescriptor: descriptor, closeOnDealloc: false)
        process.executableURL = Sandbox.program
        process.arguments = arguments
        process.currentDirectoryURL = box.folder
        process.environment = box.environment(environment)
        process.standardInput = line
        process.standardError = line
        process.standardOutput = isOutputShown ? line : FileHandle.nullDevice
        try process.run()
        close(descriptor)
    }

    deinit { close(screen) }

    /// Whether what is typed is shown.
    var isEchoOn: Bool {
        var settings = termios()
        // Room for what is filled in.
        guard unsafe tcgetattr(screen, &settings) == 0 else { return false }
        return settings.c_lflag & tcflag_t(ECHO) != 0
    }

    func type(_ text: String) {
        let bytes = Array(text.utf8)
        // The buffer is passed with its own length.
        _ = unsafe bytes.withUnsafeBytes { unsafe write(screen, $0.baseAddress, $0.count) }
    }

    /// Reads until the terminal has shown `text`.
    func wait(for text: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
        while !shown.contains(text) {
            try #require(readMore(), "never shown; shown was: \(shown)", sourceLocation: sourceLocation)
        }
    }

    func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

    /// Waits for the program's end.
    func finish() -> (status: Int32, reason: Process.TerminationReason) {
        while readMore() {}
        process.waitUntilExit()
        return (process.terminationStatus, process.terminationReason)
    }

    private func readMore() -> Bool {
        var poll = pollfd(fd: screen, events: Int16(POLLIN), revents: 0)
        // One descriptor; ten minutes are for ever here.
        guard unsafe Glibc.poll(&poll, 1, 600_000) == 1 else { return false }
        var bytes = [UInt8](repeating: 0, count: 4096)
        // The buffer is passed with its own length.
        let count = unsafe bytes.withUnsafeMutableBytes { unsafe read(screen, $0.baseAddress, $0.count) }
        // When the other side is closed, this is EIO.
        guard count > 0 else { return false }
        shown += String(decoding: bytes.prefix(count), as: UTF8.self)
        return true
    }
}
