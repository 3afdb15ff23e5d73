import KeyVaultFormat
import Testing

@Suite struct FormatErrorTests {
    @Test func isEqualByCodeAlone() {
        let error = FormatError(.truncated, "It ends early.", section: "4.1")
        #expect(error == FormatError(.truncated, "Another message.", section: "5.1"))
        #expect(error != FormatError(.tooLarge, "It ends early.", section: "4.1"))
        #expect(FormatError.Code(rawValue: "truncated") == .truncated)
    }

    @Test func saysWhereTheRuleStands() {
        #expect(
            "\(FormatError(.truncated, "It ends early.", section: "4.1"))" == "It ends early. (SPEC.md section 4.1)")
    }
}
