"""The rules of SPEC.md for flat files (7.2): what replaying a log gives, and what damage to it comes to."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from interop import run_log
from keyvault.basics import RecordID, VaultError
from keyvault.hint import HintedLog, siphash13
from keyvault.log import (
    FILE_HEADER,
    FRAME_HEADER,
    Checkpoint,
    CorruptLogError,
    FileHeader,
    Frame,
    Put,
    Tombstone,
    crc32c,
    read_log,
)
from keyvault.logstore import LogStore, LogWriter, hinted_log
from keyvault.record import Metadata
from keyvault.store import (
    ConflictError,
    Delete,
    DeleteRetained,
    DeleteTenant,
    ForeignFileError,
    Insert,
    RaiseFloor,
    Replace,
)
from keyvault.vault import Opened, Vault

KEY, OTHER = bytes(range(1, 33)), bytes(range(101, 133))
IDS = [RecordID("tenant", "provider", f"label {number}") for number in range(4)]
METADATA = Metadata(created=1, updated=2)


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


class Checksums(unittest.TestCase):
    def test_known_answers(self) -> None:
        self.assertEqual(crc32c(b"1234", b"56789"), bytes.fromhex("e3069283"))  # its check value
        self.assertEqual(siphash13(bytes(range(16)), b"").to_bytes(8, "little"), bytes.fromhex("dcc40f055801acab"))

    @unittest.skipUnless(sys.hash_info.algorithm == "siphash13", "this Python hashes otherwise")
    def test_siphash_is_that_of_python(self) -> None:
        program = "print([hash(bytes(range(n))) % 2**64 for n in range(1, 40)])"
        environment = {**os.environ, "PYTHONHASHSEED": "0"}  # a key of zeros
        output = subprocess.run(
            [sys.executable, "-c", program], env=environment, check=True, capture_output=True
        ).stdout
        self.assertEqual([siphash13(bytes(16), bytes(range(n))) for n in range(1, 40)], json.loads(output))


class Damage(unittest.TestCase):
    """A small log, closed: the store knows nothing of what is sealed."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        store = LogWriter.create(Path(folder.name) / "small.log", bytes(40))
        store.apply(0, [Insert(id, 1, b"sealed") for id in IDS[:3]])
        store.apply(0, [Replace(IDS[0], 1, 2, b"new", b"retained")])
        store.apply(0, [Delete(IDS[1])])
        store.close()
        self.data = store.path.read_bytes()
        self.frames = read_log(self.data).frames
        self.seed = self.data[32:36]

    def test_every_flipped_byte(self) -> None:
        """The log was closed, so all of it but its last checkpoint, which says so, is known to have been synced."""
        for at in range(self.frames[-1].offset):
            with self.subTest(at), self.assertRaises(VaultError) as caught:
                read_log(flipped(self.data, at))
            if at >= FILE_HEADER and isinstance(caught.exception, CorruptLogError):
                self.assertEqual(caught.exception.offset, next(f.offset for f in self.frames if at < f.end))
        for at in range(self.frames[-1].offset, len(self.data)):
            log = read_log(flipped(self.data, at))
            self.assertEqual((log.end, log.frames), (self.frames[-1].offset, self.frames[:-1]))

    def test_every_length(self) -> None:
        """What ends early is torn, and its complete batches are read."""
        ends = [FILE_HEADER, *(frame.end for frame in self.frames if not frame.continues)]
        for length in range(len(self.data)):
            if length < FILE_HEADER:
                self.assertRaises(ForeignFileError, read_log, self.data[:length])
                continue
            log = read_log(self.data[:length])
            self.assertEqual(log.end, max(end for end in ends if end <= length))
            self.assertEqual(log.frames, [frame for frame in self.frames if frame.end <= log.end])

    def test_a_batch_without_its_end(self) -> None:
        first = next(frame for frame in self.frames if frame.continues)
        log = read_log(self.data[: first.end])
        self.assertEqual((log.end, log.torn), (first.offset, first.length))

    def test_the_last_group_before_an_unclean_stop(self) -> None:
        """Nothing shows that it was synced: damage to it is a torn tail, and so is a block of zeros behind it."""
        data = self.data[: self.frames[-2].end]
        self.assertEqual(read_log(flipped(data, len(data) - 1)).end, self.frames[-2].offset)
        self.assertEqual(read_log(data + bytes(4096)).end, len(data))
        # The last write that got through bears witness for those before it.
        self.assertRaises(CorruptLogError, read_log, flipped(data, self.frames[-3].end - 1))

    def test_frames_of_other_logs(self) -> None:
        """A frame is of one generation of one log, by its checksum; and in its place, by its sequence number."""
        end, last = len(self.data), self.frames[-1]
        frame = Frame.of(Put(IDS[3], 9, b"sealed"), end, last.sequence + 1, end)
        self.assertEqual(len(read_log(self.data + frame.encode(self.seed)).frames), last.sequence + 1)
        other = FileHeader(2, bytes(16)).checksum
        self.assertEqual(read_log(self.data + frame.encode(other)).torn, frame.length)
        again = Frame.of(Put(IDS[3], 9, b"sealed"), end, last.sequence, end)
        self.assertEqual(read_log(self.data + again.encode(self.seed)).torn, again.length)
        # Behind damage, one with a later number shows that what is damaged was synced; an earlier one is left over.
        for sequence in (last.sequence, last.sequence + 1):
            behind = (
                self.data + b"damage" + Frame.of(Checkpoint(0, bytes(4)), end + 6, sequence, end + 6).encode(self.seed)
            )
            if sequence == last.sequence:
                self.assertEqual(read_log(behind).end, end)
            else:
                self.assertRaises(CorruptLogError, read_log, behind)

    def test_a_search_is_bounded(self) -> None:
        """Frames within frames, n of them: checksums over (n + 1) / 2 times their bytes, of which 8 are allowed."""

        def claims(count: int) -> bytes:
            frames = [Frame(4096, 255, FILE_HEADER, 1, False, bytes(32 * left)) for left in reversed(range(count))]
            return b"".join(frame.encode(bytes(4))[:FRAME_HEADER] for frame in frames)

        self.assertEqual(read_log(self.data + claims(15)).torn, 15 * FRAME_HEADER)
        with self.assertRaises(CorruptLogError) as caught:
            read_log(self.data + claims(16))
        self.assertEqual(caught.exception.offset, len(self.data))

    def test_refused_frames(self) -> None:
        end, last = len(self.data), self.frames[-1]

        def read(type: int, payload: bytes, continues: bool = False) -> None:
            frame = Frame(end, last.sequence + 1, end, type, continues, payload)
            read_log(self.data + frame.encode(self.seed))

        id, one = IDS[0].encode(), (1).to_bytes(8, "big")
        read(1, id + one)
        read(2, id + one + bytes(8))
        read(3, bytes(16))
        read(4, bytes(16))
        for type, payload in [
            (0, b""),
            (5, b""),
            (1, id + one[:7]),
            (1, id + bytes(8)),
            (1, id + b"\x80" + bytes(7)),
            (1, b"\1/\1p\1l" + one),
            (1, b"\0\1p\1l" + one),
            (2, id + one),
            (2, id + one + bytes(9)),
            (2, id + one + b"\x80" + bytes(7)),
            (3, b"\x80" + bytes(15)),
            (3, bytes(15)),
            (4, bytes(15) + b"\1"),
            (4, bytes(17)),
        ]:
            with self.subTest((type, payload)), self.assertRaises(CorruptLogError) as caught:
                read(type, payload)
            self.assertEqual(caught.exception.offset, end)
        self.assertRaises(CorruptLogError, read, 4, bytes(16), True)


class Logs(unittest.TestCase):
    """A log of one vault, closed: IDS[0] replaced and retained, IDS[1] replaced, IDS[2] deleted, IDS[3] put."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "vault.log"
        vault = Vault.create(self.path, KEY, 1, LogWriter.create)
        for number in (0, 1, 2, 3):
            vault.put(IDS[number], b"old %d" % number, METADATA)
        vault.put(IDS[0], b"new 0", METADATA, retain_until=0)
        vault.put(IDS[1], b"new 1", METADATA)
        vault.delete(IDS[2])
        vault.close()
        self.data, self.hint = self.path.read_bytes(), self.hint_path.read_bytes()
        self.header = FileHeader.parse(self.data)

    @property
    def hint_path(self) -> Path:
        return Path(f"{self.path}-hint")

    def write(self, data: bytes, hint: bytes | None = None) -> None:
        self.path.write_bytes(data)
        self.hint_path.unlink(missing_ok=True)
        if hint is not None:
            self.hint_path.write_bytes(hint)

    def secrets(self) -> list[bytes]:
        return [row.secret for row in Vault.open(self.path, [KEY]).opened() if isinstance(row, Opened)]

    def test_rows(self) -> None:
        for hint in (self.hint, None):
            self.write(self.data, hint)
            self.assertEqual(self.secrets(), [b"old 0", b"new 0", b"new 1", b"old 3"])
            self.assertEqual(LogStore(self.path).head().revision_floor, 1)
            with self.assertRaises(KeyError):
                Vault.open(self.path, [KEY]).read(IDS[2])

    def test_hints(self) -> None:
        self.assertEqual(run_log({"path": str(self.path)})["entries"], 4)
        for at in range(len(self.hint)):
            self.write(self.data, flipped(self.hint, at))
            self.assertIsNone(hinted_log(self.path, self.data), at)
        for hint in (self.hint[:-1], self.hint + b"\0", b""):
            self.write(self.data, hint)
            self.assertIsNone(hinted_log(self.path, self.data))
        hinted = HintedLog(self.data, self.hint)
        hinted.check_entries()
        checkpoint = hinted.checkpoint
        self.assertEqual((checkpoint.synced, checkpoint.end), (checkpoint.offset, len(self.data)))
        # Of a log whose checkpoint is another one, or gone.
        other = Frame.of(Checkpoint(4, bytes(4)), checkpoint.offset, checkpoint.sequence, checkpoint.offset)
        for end in (other.encode(self.header.checksum), b""):
            self.write(self.data[: checkpoint.offset] + end, self.hint)
            self.assertIsNone(hinted_log(self.path, self.path.read_bytes()))

    def test_damage_below_a_hint(self) -> None:
        """Shows when the row is read: other rows are read by name, a walk over all of them fails."""
        entry = next(frame for frame in read_log(self.data).frames if b"label 3" in frame.payload)
        self.write(flipped(self.data, entry.end - 1), self.hint)
        self.assertEqual(run_log({"path": str(self.path)})["damaged"], [entry.offset])
        vault = Vault.open(self.path, [KEY])
        self.assertEqual(vault.read(IDS[0]).secret, b"new 0")
        for read in (lambda: vault.read(IDS[3]), vault.list):
            with self.assertRaises(CorruptLogError) as caught:
                read()
            self.assertEqual(caught.exception.offset, entry.offset)

    def test_frames_behind_a_hint(self) -> None:
        end, last = len(self.data), read_log(self.data).frames[-1]
        new = Frame.of(Tombstone(IDS[3], 1, 1), end, last.sequence + 1, end).encode(self.header.checksum)
        self.write(self.data + new, self.hint)
        self.assertEqual(self.secrets(), [b"old 0", b"new 0", b"new 1"])

    def test_batches(self) -> None:
        path = self.path.with_name("other.log")
        vault = Vault.create(path, KEY, 1, LogWriter.create)
        store = vault.store
        store.apply(1, [Insert(id, 1, b"x" * 88) for id in IDS])
        for change in [
            Insert(IDS[0], 2, b""),
            Replace(IDS[0], 2, 3, b""),
            Replace(IDS[0], 1, 2, b"", None, bytes(32)),
            Delete(IDS[0], 2),
            DeleteRetained(IDS[0], 1),
        ]:
            with self.subTest(change), self.assertRaises(ConflictError):
                store.apply(1, [Insert(RecordID("other", "p"), 1, b""), change])  # type: ignore[list-item]
        self.assertRaises(ConflictError, store.apply, 2, [Delete(IDS[0])])
        store.apply(1, [Replace(IDS[0], 1, 2, b"", b""), DeleteRetained(IDS[0], 1), RaiseFloor(7)])
        store.apply(1, [Delete(RecordID("nobody", "p")), RaiseFloor(7)])
        store.apply(1, [Delete(IDS[1]), DeleteTenant("tenant")])
        self.assertRaises(ConflictError, store.apply, 1, [Insert(IDS[0], 7, b"")])
        vault.rotate(OTHER, 2)
        vault.close()
        frames = [(frame.type, frame.continues) for frame in read_log(path.read_bytes()).frames]
        four_puts = [(1, True)] * 3 + [(1, False)]
        replaced = [(1, True), (1, True), (2, True), (3, False)]
        four_deleted = [(2, True)] * 3 + [(2, False)]
        rotated = [(3, False)] * 3
        self.assertEqual(frames, [(3, False), *four_puts, *replaced, *four_deleted, *rotated, (4, False)])
        head = Vault.open(path, [OTHER]).store.head()
        self.assertEqual((head.generation, head.revision_floor), (4, 7))

    def test_refused_files(self) -> None:
        seeded = self.data[:32]
        for data, error in [
            (b"", "foreign"),
            (self.data[:35], "foreign"),
            (flipped(self.data, 0), "foreign"),
            (flipped(self.data, 4), "newer"),
            (flipped(self.data, 5), "corrupt"),
            (flipped(self.data, 15), "corrupt"),
            (flipped(self.data, 35), "corrupt"),
            (seeded[:8] + bytes(8) + seeded[16:] + crc32c(seeded[:8], bytes(8), seeded[16:]), "corrupt"),
        ]:
            self.write(data)
            self.assertEqual(run_log({"path": str(self.path)})["outcome"], error)

    def test_a_copy_is_only_read(self) -> None:
        shutil.copy(self.path, copy := self.path.with_name("copy.log"))
        with self.assertRaises(NotImplementedError):
            Vault.open(copy, [KEY]).put(IDS[0], b"newer", METADATA)
        self.assertEqual(copy.read_bytes(), self.data)


if __name__ == "__main__":
    unittest.main()
