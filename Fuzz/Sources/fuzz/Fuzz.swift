import CFuzzer
import FuzzTargets
import Glibc

// The functions that libFuzzer calls. KEYVAULT_FUZZ_TARGET names what is fuzzed; libFuzzer brings `main`.

private let target: any FuzzTarget = {
    let name = unsafe getenv("KEYVAULT_FUZZ_TARGET").map { unsafe String(cString: $0) } ?? ""
    guard let target = FuzzTargets.all.first(where: { $0.name == name }) else {
        fatalError("Set KEYVAULT_FUZZ_TARGET to one of \(FuzzTargets.all.map(\.name).joined(separator: ", ")).")
    }
    return target
}()

private let executor = InlineExecutor()

@_cdecl("LLVMFuzzerInitialize")
public func initialize(
    _: UnsafeMutablePointer<CInt>, _: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>>>
) -> CInt {
    // Before leaks are looked for: what a thread that is about to end holds is none.
    atexit { StoreThreads.waitForTheirEnd() }
    return 0
}

@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    // libFuzzer's buffer holds `size` bytes during this call.
    let input = unsafe Array(UnsafeBufferPointer(start: data, count: size))
    executor.run {
        do { try await target.run(input) } catch { fatalError("\(target.name): \(error)") }
    }
    return 0
}

/// One of libFuzzer's own mutations, and then mostly a repair of what it broke.
@_cdecl("LLVMFuzzerCustomMutator")
public func mutate(_ data: UnsafeMutablePointer<UInt8>, _ size: Int, _ maximumSize: Int, _ seed: CUnsignedInt) -> Int {
    // The buffer has room for `maximumSize` bytes; that many at most come back.
    let mutated = unsafe LLVMFuzzerMutate(data, size, maximumSize)
    guard !seed.isMultiple(of: 8) else { return mutated }
    var bytes = unsafe Array(UnsafeBufferPointer(start: data, count: mutated))
    target.repair(&bytes)
    let count = min(bytes.count, maximumSize)
    for index in 0..<count { unsafe data[index] = bytes[index] }
    return count
}
