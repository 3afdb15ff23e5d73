"""SPEC.md, section 7.2.7: the hint, the index of a log as of one checkpoint."""

from __future__ import annotations

from dataclasses import dataclass

from .basics import LAST_REVISION, Reader, RecordID, check, check_version, refuse
from .log import FILE_HEADER, Checkpoint, CorruptLogError, FileHeader, Frame, NewHead, Put, State, crc32c, read_log, u64

HINT_VERSION = 1
MASK = 2**64 - 1


def siphash13(key: bytes, data: bytes) -> int:
    """SipHash with one round for each block and three at the end."""
    k0, k1 = int.from_bytes(key[:8], "little"), int.from_bytes(key[8:], "little")
    v = (k0 ^ 0x736F6D6570736575, k1 ^ 0x646F72616E646F6D, k0 ^ 0x6C7967656E657261, k1 ^ 0x7465646279746573)
    padded = data + bytes(-(len(data) + 1) % 8) + bytes([len(data) & 0xFF])
    for at in range(0, len(padded), 8):
        block = int.from_bytes(padded[at : at + 8], "little")
        v0, v1, v2, v3 = _round(v[0], v[1], v[2], v[3] ^ block)
        v = (v0 ^ block, v1, v2, v3)
    v = (v[0], v[1], v[2] ^ 0xFF, v[3])
    for _ in range(3):
        v = _round(*v)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def _round(v0: int, v1: int, v2: int, v3: int) -> tuple[int, int, int, int]:
    v0, v2 = (v0 + v1) & MASK, (v2 + v3) & MASK
    v1, v3 = _rotated(v1, 13) ^ v0, _rotated(v3, 16) ^ v2
    v0, v2 = (_rotated(v0, 32) + v3) & MASK, (v2 + v1) & MASK
    v1, v3 = _rotated(v1, 17) ^ v2, _rotated(v3, 21) ^ v0
    return v0, v1, _rotated(v2, 32), v3


def _rotated(number: int, bits: int) -> int:
    return (number << bits | number >> (64 - bits)) & MASK


@dataclass(frozen=True, order=True)
class Entry:
    hash: int
    revision: int
    offset: int
    length: int

    @staticmethod
    def of(id: RecordID, revision: int, frame: Frame, hash_key: bytes) -> Entry:
        return Entry(siphash13(hash_key, id.encode()), revision, frame.offset, frame.length)


@dataclass(frozen=True)
class Hint:
    generation: int
    checkpoint: int
    head: int
    floor: int
    entries: tuple[Entry, ...]

    def encode(self) -> bytes:
        numbers = (self.generation, self.checkpoint, self.head, self.floor, len(self.entries))
        fields = b"KVLH" + bytes([HINT_VERSION, 0, 0, 0]) + b"".join(map(u64, numbers))
        for entry in self.entries:
            fields += u64(entry.hash) + u64(entry.revision) + u64(entry.offset << 24 | entry.length)
        return fields + crc32c(fields)

    @staticmethod
    def parse(data: bytes) -> Hint:
        reader = Reader(data, "7.2.7")
        check(reader.take(4) == b"KVLH", "7.2.7", "not a hint")
        check_version(reader.number(1), HINT_VERSION, "7.2.7", "the hint")
        reader.zeros(3)
        generation, checkpoint, head, floor, count = (reader.number(8) for _ in range(5))
        check(len(data) == 52 + 24 * count, "7.2.7", "a length that is not that of its entries")
        entries = []
        for _ in range(count):
            hash, revision, place = (reader.number(8) for _ in range(3))
            entries.append(Entry(hash, revision, place >> 24, place & 0xFFFFFF))
        check(reader.take(4) == crc32c(data[:-4]), "7.2.7", "a wrong checksum")
        check(floor <= LAST_REVISION, "7.2.7", "a floor above 2^63 - 1")
        inside = all(FILE_HEADER <= entry.offset <= checkpoint - entry.length for entry in entries)
        check(inside, "7.2.7", "an entry outside of the log")
        return Hint(generation, checkpoint, head, floor, tuple(entries))


class HintedLog:
    """A log as of the checkpoint that its hint names."""

    def __init__(self, data: bytes, hint: bytes) -> None:
        """Refuses a hint that must be ignored."""
        self.data, self.header, self.hint = data, FileHeader.parse(data), Hint.parse(hint)
        check(self.hint.generation == self.header.generation, "7.2.7", "the hint of another generation")
        checkpoint = self._frame(self.hint.checkpoint)
        if checkpoint is None or checkpoint.content != Checkpoint(len(self.hint.entries), hint[-4:]):
            refuse("7.2.7", "no checkpoint that vouches for the hint")
        self.checkpoint, self.head = checkpoint, None
        if self.hint.head != 0:
            self.head = self._frame(self.hint.head)
            if self.head is None or not isinstance(self.head.content, NewHead) or self.head.end > checkpoint.offset:
                refuse("7.2.7", "no head where the hint says that one is")

    def _frame(self, offset: int) -> Frame | None:
        return Frame.read(self.data, offset, self.header.checksum)

    def state(self) -> tuple[State, dict[int, CorruptLogError]]:
        """What the entries point to; and by the hash of the identifier, the damage that other entries met."""
        state, damage = State(self.head, self.hint.floor), dict[int, CorruptLogError]()
        for entry in self.hint.entries:
            try:
                state.replay([self._put(entry)])
            except CorruptLogError as error:
                damage[entry.hash] = error
        return state, damage

    def _put(self, entry: Entry) -> Frame:
        frame = self._frame(entry.offset)
        content = frame.content if frame else None
        if frame is None or not isinstance(content, Put) or frame.length != entry.length:
            raise CorruptLogError(entry.offset, "an entry of the hint points to no put")
        if entry != Entry.of(content.id, content.revision, frame, self.header.hash_key):
            raise CorruptLogError(entry.offset, "an entry of the hint points to another row")
        return frame

    def check_entries(self) -> None:
        """Whether the hint is what replaying the log up to its checkpoint gives: no entry is missing or stale."""
        frames = [frame for frame in read_log(self.data).frames if frame.offset < self.checkpoint.offset]
        state = State().replay(frames)
        check(sorted(self.hint.entries) == entries_of(state, self.header), "7.2.7", "other entries than the log's rows")
        check(self.hint.floor == state.floor, "7.2.7", "another floor than the log's")
        check(self.head == state.head, "7.2.7", "another head than the log's last")


def entries_of(state: State, header: FileHeader) -> list[Entry]:
    rows = ((id, *row) for id, rows in state.rows.items() for row in rows.items())
    return sorted(Entry.of(*row, header.hash_key) for row in rows)
