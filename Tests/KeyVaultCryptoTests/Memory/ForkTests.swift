import Glibc
import Testing

@testable import KeyVaultCrypto

/// What happens in a child process that was forked while keys were in memory.
@Suite(.serialized) struct ForkTests {
    /// Runs `body` in a forked child and gives back what it exits with.
    ///
    /// The child may do little more than compute: other threads' locks are held for ever in it. An alarm ends one that hangs.
    private func exitCode(of body: () -> Int32) throws -> Int32 {
        // Swift hides fork, since few programs can use it safely; its address says what it is.
        guard let symbol = unsafe dlsym(nil, "fork") else { return -1 }
        let fork = unsafe unsafeBitCast(symbol, to: (@convention(c) () -> pid_t).self)
        let child = fork()
        if child == 0 {
            alarm(20)
            _exit(body())
        }
        try #require(child > 0)
        var status: Int32 = 0
        // `status` is room for what is filled in.
        while unsafe waitpid(child, &status, 0) < 0, errno == EINTR {}
        return status & 0x7F == 0 ? (status >> 8) & 0xFF : -(status & 0x7F)
    }

    private static func use(_ bytes: borrowing GuardedBytes) -> Int32 {
        var code: Int32 = 0
        do throws(CryptoError) {
            try GuardedArena.checkProcess()
        } catch {
            if error == .usedAfterFork { code |= 1 }
        }
        do throws(CryptoError) {
            _ = try GuardedBytes(count: 32)
        } catch {
            if error == .usedAfterFork { code |= 2 }
        }
        // The parent's key is not there.
        if bytes.withSpan({ $0[0] == 0 && $0[31] == 0 }) { code |= 4 }
        return code
    }

    @Test func useInAChildIsATypedErrorAndItsKeysAreGone() throws {
        let key = try Samples.guarded([UInt8](repeating: 0xAA, count: 32))
        // Here first, so that the child meets nothing that it would have to initialise.
        #expect(Self.use(key) == 0)
        #expect(try exitCode { Self.use(key) } == 7)
        // The parent's own are untouched.
        #expect(key.exposed() == [UInt8](repeating: 0xAA, count: 32))
    }

    @Test func aCipherOrHashOfTheParentIsRefusedInAChild() throws {
        let cipher = try AES256GCM(key: Samples.guarded(Samples.keyBytes))
        let plaintext = [UInt8](repeating: 1, count: 16)
        var sealed = [UInt8](repeating: 0, count: 32)
        func code() -> Int32 {
            var output = sealed.mutableSpan
            do throws(CryptoError) {
                try cipher.seal(plaintext.span, nonce: .zero, associatedData: plaintext.span, into: &output)
                return 0
            } catch {
                return error == .usedAfterFork ? 1 : 2
            }
        }
        #expect(code() == 0)
        #expect(try exitCode { code() } == 1)
    }

    @Test func memoryThatCannotBeLockedIsUsedAndCounted() throws {
        func code() -> Int32 {
            do throws(CryptoError) {
                let pool = SlotPool(slotSize: 4096, slotsPerChunk: 4)
                let taken = try pool.take()
                unsafe taken.chunk.pointee.put(taken)
                let (locked, unlocked) = pool.lockedBytes
                return locked == 0 && unlocked >= 16_384 ? 1 : 0
            } catch {
                return 2
            }
        }
        // Root may lock whatever the limit says, so the child becomes nobody first.
        let allowed = code()
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        let refused = try exitCode {
            // The structure is read during the call.
            guard unsafe setrlimit(__rlimit_resource_t(__RLIMIT_MEMLOCK.rawValue), &none) == 0 else { return 3 }
            if geteuid() == 0, setuid(65_534) != 0 { return 4 }
            return code()
        }
        #expect(refused == 1)
        #expect(allowed == 0 || allowed == 1)
    }
}
