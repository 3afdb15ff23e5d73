import Glibc

/// A word that is not zero, in memory that a fork sets to zero.
@safe struct ForkSentinel: @unchecked Sendable {
    private let word: UnsafeMutablePointer<UInt64>

    init() throws(CryptoError) {
        try Sodium.start()
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        guard
            let mapping = unsafe mmap(nil, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
            unsafe mapping != MAP_FAILED, unsafe madvise(mapping, page, MADV_WIPEONFORK) == 0
        else { throw .outOfMemory }
        // A fresh page, aligned for any type, that is never unmapped.
        unsafe word = mapping.bindMemory(to: UInt64.self, capacity: 1)
        unsafe word.pointee = 0x4B56_4C54_4B56_4C54
    }

    @inline(__always)
    func check() throws(CryptoError) {
        // Never unmapped; written once, before anyone could read it.
        guard unsafe word.pointee != 0 else { throw .usedAfterFork }
    }
}
