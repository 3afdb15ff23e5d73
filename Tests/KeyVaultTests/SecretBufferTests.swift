import Foundation
import KeyVault
import Testing

@Suite struct SecretBufferTests {
    private func text(_ buffer: borrowing SecretBuffer) -> String {
        buffer.withSpan { span in
            String(decoding: span.indices.map { span[$0] }, as: UTF8.self)
        }
    }

    @Test func readsAFileUntilItsEnd() throws {
        let pipe = Pipe()
        try pipe.fileHandleForWriting.write(contentsOf: Data("sk-0123456789".utf8))
        try pipe.fileHandleForWriting.close()
        var buffer = try SecretBuffer()
        while try buffer.read(from: pipe.fileHandleForReading.fileDescriptor) > 0 {}
        let read = text(buffer)
        #expect(read == "sk-0123456789")
    }

    @Test func takesNoMoreThanThereIsRoomFor() throws {
        let pipe = Pipe()
        try pipe.fileHandleForWriting.write(contentsOf: Data("0123456789".utf8))
        var buffer = try SecretBuffer(capacity: 4)
        let counts = [
            try buffer.read(from: pipe.fileHandleForReading.fileDescriptor),
            try buffer.read(from: pipe.fileHandleForReading.fileDescriptor),
        ]
        #expect(counts == [4, 0])
        let tookMore = buffer.append(0x78)
        #expect(!tookMore)
        let full = text(buffer)
        #expect(full == "0123")
        buffer.removeAll()
        let tookAgain = buffer.append(0x78)
        #expect(tookAgain)
        let again = text(buffer)
        #expect(again == "x")
    }

    @Test(arguments: [("sk-1\n", "sk-1"), ("sk-1\r\n", "sk-1"), ("sk-1\n\n", "sk-1\n"), ("sk-1", "sk-1"), ("", "")])
    func oneLineBreakAtTheEndIsDropped(_ typed: String, _ kept: String) throws {
        var buffer = try SecretBuffer(capacity: 16)
        for byte in typed.utf8 { _ = buffer.append(byte) }
        buffer.removeLineBreak()
        let held = text(buffer)
        #expect(held == kept)
    }

    /// A number below zero once ended the process.
    @Test(arguments: [Int.min, -1, SecretBuffer.maximumCapacity + 1, Int.max])
    func aCapacityThatIsNoneIsRefused(_ capacity: Int) {
        let code = Result { try SecretBuffer(capacity: capacity).capacity }
        #expect(throws: VaultError(.invalidArgument, "")) { try code.get() }
    }

    @Test func aSecretIsMadeOfWhatItHolds() throws {
        var buffer = try SecretBuffer(capacity: 4)
        for byte in "sk-1".utf8 { _ = buffer.append(byte) }
        let secret = try buffer.withSpan { bytes in try Secret(copying: bytes) }
        #expect(try secret == Secret("sk-1"))
    }

    @Test func saysWhyItCannotRead() throws {
        var buffer = try SecretBuffer()
        let code = Result { try buffer.read(from: -1) }
        #expect(throws: VaultError(.unreadableSecret, "")) { try code.get() }
    }
}
