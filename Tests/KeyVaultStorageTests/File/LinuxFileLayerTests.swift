import Foundation
import Glibc
import KeyVaultFormat
import TestSupport
import Testing

@testable import KeyVaultStorage

/// The operating system's own files: what a simulated disk cannot show.
@Suite(.serialized) struct LinuxFileLayerTests {
    /// The numbers of statfs(2), and of <linux/magic.h>.
    @Test(arguments: [
        0x6969, 0x517B, 0xFF53_4D42, 0xFE53_4D42, 0x0102_1997, 0x00C3_6400, 0x5346_414F, 0x786F_4256,
        0x1983_0326,
    ])
    func networkFileSystemsAreKnownByTheirNumbers(type: UInt32) { #expect(NetworkFileSystem.includes(type)) }

    /// ext4, tmpfs, XFS, Btrfs, overlayfs, F2FS, ZFS, proc; and FUSE, which says nothing.
    @Test(arguments: [
        0xEF53, 0x0102_1994, 0x5846_5342, 0x9123_683E, 0x794C_7630, 0xF2F5_2010, 0x2FC1_2FC1, 0x9FA0, 0x6573_5546,
    ])
    func localFileSystemsPass(type: UInt32) { #expect(!NetworkFileSystem.includes(type)) }

    @Test(arguments: [
        (EACCES, StoreError.Code.readOnly, "Give this user the right"), (EROFS, .readOnly, "Give this user the right"),
        (ENOSPC, .full, "Make room"), (EDQUOT, .full, "Make room"), (EIO, .io, "Input/output error"),
    ])
    func whatTheSystemRefusesSaysWhatToDo(number: Int32, code: StoreError.Code, text: String) {
        let error = FileError(number).doing("opened", "/keys.vault")
        #expect(error.code == code && error.message.contains(text) && error.message.contains("/keys.vault"))
    }

    /// A mark that combines with the slash makes one character of both, and the path is absolute all the same.
    @Test func aLinkLeadsWhereItsBytesSay() throws {
        let folder = try TemporaryFolder()
        try FileManager.default.createSymbolicLink(
            atPath: folder.file("link"), withDestinationPath: "/\u{301}keyvault-none")
        #expect(try LinuxFileLayer().resolve(folder.file("link")) == "/\u{301}keyvault-none")
    }

    @Test func theSystemIsAskedAboutTheFolder() async throws {
        let folder = try TemporaryFolder()
        let layer = LinuxFileLayer()
        for path in [folder.file("store"), "/dev/shm/store", "/proc/store", "store"] {
            #expect(try !layer.isOnNetwork(path), "\(path)")
        }
        #expect(throws: FileError(ENOENT)) { try layer.isOnNetwork(folder.file("none/store")) }
        let store = try await FileStore.open(folder.file("store"), create: true)
        await store.close()
    }

    /// Runs `body` in a forked child. An alarm ends a child that hangs.
    private func child(_ body: () -> Int32) throws -> pid_t {
        // Swift hides fork, since few programs can use it safely; its address says what it is.
        let symbol = unsafe try #require(dlsym(nil, "fork"))
        let fork = unsafe unsafeBitCast(symbol, to: (@convention(c) () -> pid_t).self)
        let child = fork()
        if child == 0 {
            alarm(20)
            _exit(body())
        }
        try #require(child > 0)
        return child
    }

    /// Runs `body` in a forked child and gives back what it exits with.
    private func exitCode(of body: () -> Int32) throws -> Int32 { exitCode(of: try child(body)) }

    private func exitCode(of child: pid_t) -> Int32 {
        var status: Int32 = 0
        // `status` is room for what is filled in.
        while unsafe waitpid(child, &status, 0) < 0, errno == EINTR {}
        return status & 0x7F == 0 ? (status >> 8) & 0xFF : -(status & 0x7F)
    }

    /// One bit for each use that is refused as it should be.
    private func refusals(_ log: FileLog, _ batch: WriteBatch, _ id: RecordID) -> Int32 {
        var code: Int32 = 0
        do throws(StoreError) { _ = try log.read(id) } catch { if error.code == .closed { code |= 1 } }
        do throws(StoreError) { _ = try log.head() } catch { if error.code == .closed { code |= 2 } }
        if log.commit([batch])[0]?.code == .closed { code |= 4 }
        do throws(StoreError) { try log.compact() } catch { if error.code == .closed { code |= 8 } }
        return code
    }

    @Test func aRealChildOfForkIsRefusedAndTheParentKeepsItsLock() throws {
        let folder = try TemporaryFolder()
        let (path, layer) = (folder.file("store"), LinuxFileLayer())
        let log = try FileLog(path, creating: true, layer: layer)
        try log.create(header: [1], generation: 1)
        let id = try RecordID(tenant: "t", provider: "p")
        let insert = WriteBatch(generation: 1, changes: [.insert(RecordKey(id: id, revision: 1), sealed: [1, 2, 3])])
        #expect(log.commit([insert]) == [nil])
        let again = WriteBatch(generation: 1, changes: [.delete(id, revision: nil)])
        // Every kind of refusal once before, so that the child meets nothing that it would have to initialise.
        let closed = try FileLog(folder.file("other"), creating: true, layer: layer)
        closed.close()
        #expect(refusals(closed, again, id) == 15)

        let before = try folder.bytes(of: "store")
        #expect(try exitCode { refusals(log, again, id) } == 15)
        #expect(try folder.bytes(of: "store") == before)
        // The child took a copy of the lock with it into its end.
        let busy = try #require(throws: StoreError.self) { try FileLog(path, creating: false, layer: layer) }
        #expect(busy.code == .busy && busy.message.contains("is open in this process already"))
        #expect(try log.read(id)?.sealed == [1, 2, 3])
        #expect(log.commit([again]) == [nil])
        log.close()
    }

    /// A program that is being started has copies of all descriptors for a moment: that keeps nobody from opening the store again.
    @Test func closingGivesUpALockThatAChildHasACopyOf() throws {
        let folder = try TemporaryFolder()
        let (path, layer) = (folder.file("store"), LinuxFileLayer())
        let log = try FileLog(path, creating: true, layer: layer)
        try log.create(header: [1], generation: 1)
        // Which no program that another test starts gets a copy of.
        let pipe = Pipe()
        let (reading, writing) = (pipe.fileHandleForReading.fileDescriptor, pipe.fileHandleForWriting.fileDescriptor)
        let copy = try child {
            // Until the parent is done, or gone.
            close(writing)
            var byte: UInt8 = 0
            return unsafe Int32(read(reading, &byte, 1))
        }
        log.close()
        #expect(throws: Never.self) { try FileLog(path, creating: false, layer: layer).close() }
        try pipe.fileHandleForWriting.close()
        #expect(exitCode(of: copy) == 0)
    }

    @Test func aChildThatDropsItsCopyLeavesTheParentsLockAlone() throws {
        let folder = try TemporaryFolder()
        let (path, layer) = (folder.file("store"), LinuxFileLayer())
        var log: FileLog? = try FileLog(path, creating: true, layer: layer)
        try #require(log).create(header: [1], generation: 1)
        let code = try exitCode {
            log = nil
            return 0
        }
        #expect(code == 0)
        #expect(throws: StoreError(.busy, "")) { try FileLog(path, creating: false, layer: layer) }
        try #require(log).close()
    }
}
