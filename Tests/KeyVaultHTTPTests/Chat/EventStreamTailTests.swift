import NIOCore
import Testing

@testable import KeyVaultHTTP

@Suite struct EventStreamTailTests {
    private let event = Array(#"{"k":1}"#.utf8)

    private func pass(_ text: String, inPartsOf size: Int) -> String {
        var tail = EventStreamTail(event: event)
        var output = ""
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            output += String(buffer: tail.pass(ByteBuffer(bytes: rest.prefix(size))))
            rest = rest.dropFirst(size)
        }
        return output + String(buffer: tail.end())
    }

    private static let stream = "data: {\"x\":\"data: [DONE]\"}\n\ndata: [DON\n\nd\n: data\ndata: [DONE]\n\n"

    /// However the parts are cut.
    @Test(arguments: 1...70) func comesBeforeTheLastEvent(size: Int) {
        let expected = "data: {\"x\":\"data: [DONE]\"}\n\ndata: [DON\n\nd\n: data\ndata: {\"k\":1}\n\ndata: [DONE]\n\n"
        #expect(pass(Self.stream, inPartsOf: size) == expected)
    }

    @Test(arguments: 1...20) func theSpaceIsForTheSenderToChoose(size: Int) {
        #expect(
            pass("data:[DO\ndata:a\ndata:[DONE]\n\n", inPartsOf: size)
                == "data:[DO\ndata:a\ndata: {\"k\":1}\n\ndata:[DONE]\n\n")
    }

    @Test(arguments: ["\n", "\r", "\r\n"], 1...20) func linesEndInAnyOfTheThreeWays(end: String, size: Int) {
        let (before, after) = ("data: a\(end)\(end)", "data: [DONE]\(end)\(end)")
        #expect(pass(before + after, inPartsOf: size) == before + "data: {\"k\":1}\n\n" + after)
    }

    @Test(arguments: 1...30) func comesOnce(size: Int) {
        let done = "data: [DONE]\n\n"
        #expect(pass(done + done, inPartsOf: size) == "data: {\"k\":1}\n\n" + done + done)
    }

    @Test(arguments: [1, 7, 100]) func comesAtTheEndWhereThereIsNoLastEvent(size: Int) {
        #expect(pass("data: a\n\n", inPartsOf: size) == "data: a\n\n\n\ndata: {\"k\":1}\n\n")
        #expect(pass("data: a\r\ndata: [DO", inPartsOf: size) == "data: a\r\ndata: [DO\n\ndata: {\"k\":1}\n\n")
        #expect(pass("", inPartsOf: size) == "\n\ndata: {\"k\":1}\n\n")
    }

    @Test func holdsNothingBackThatCannotBeTheLastEvent() {
        var tail = EventStreamTail(event: event)
        #expect(String(buffer: tail.pass(ByteBuffer(string: "data: {\"a\"}\n\n"))) == "data: {\"a\"}\n\n")
        #expect(String(buffer: tail.pass(ByteBuffer(string: "data: {"))) == "data: {")
    }
}
