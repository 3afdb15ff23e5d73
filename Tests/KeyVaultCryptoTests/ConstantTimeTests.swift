import Glibc
import KeyVaultCrypto
import Testing

@Suite struct ConstantTimeTests {
    private func equal(_ left: [UInt8], _ right: [UInt8]) -> Bool { ConstantTime.equal(left.span, right.span) }

    @Test func comparesBytesAndLengths() {
        let bytes = Samples.counting(32)
        #expect(equal(bytes, Samples.counting(32)))
        for index in bytes.indices {
            var other = bytes
            other[index] ^= 0x80
            #expect(!equal(bytes, other))
        }
        #expect(!equal(bytes, Samples.counting(31)))
        #expect(equal([], []))
    }

    /// A comparison that stops where the bytes differ leaves the pages behind that place untouched, and the kernel can tell.
    @Test func looksAtEveryByteThoughTheFirstDiffers() throws {
        let (page, count) = (Int(sysconf(Int32(_SC_PAGESIZE))), 16)
        let mapping = try unsafe #require(
            mmap(nil, page * count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))
        defer { unsafe munmap(mapping, page * count) }
        // Fresh memory of that length, used up to the end of the test.
        unsafe mapping.storeBytes(of: 1, as: UInt8.self)
        let fresh = unsafe Span<UInt8>(
            _unsafeElements: UnsafeBufferPointer(
                start: UnsafePointer(mapping.assumingMemoryBound(to: UInt8.self)), count: page * count))
        var resident = [UInt8](repeating: 0, count: count)
        // Room for one byte of each page, as the call asks.
        #expect(unsafe mincore(mapping, page * count, &resident) == 0)
        #expect(resident.reduce(0) { $0 + Int($1 & 1) } == 1)

        let isEqual = ConstantTime.equal(fresh, [UInt8](repeating: 0, count: page * count).span)
        #expect(!isEqual)
        #expect(unsafe mincore(mapping, page * count, &resident) == 0)
        #expect(resident.reduce(0) { $0 + Int($1 & 1) } == count)
    }
}
