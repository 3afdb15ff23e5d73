"""SPEC.md, sections 7.2.2 to 7.2.6: the bytes of a flat file, from its header to the end of its last complete batch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from .basics import LAST_GENERATION, LAST_REVISION, FormatError, NewerFormatError, Reader, RecordID, VaultError, check
from .store import ForeignFileError

LOG_VERSION = 1
FILE_HEADER, FRAME_HEADER = 36, 32  # their lengths
LONGEST_PAYLOAD = 1_048_576


class CorruptLogError(VaultError):
    """Bytes that were synced are damaged, or a frame holds what 7.2.3 refuses."""

    def __init__(self, offset: int, why: str) -> None:
        super().__init__(f"offset {offset}: {why}")
        self.offset = offset


def u64(number: int) -> bytes:
    return number.to_bytes(8, "big")


# --- 7.2 CRC-32C -----------------------------------------------------------------------------------------------------


def _crc32c_of_byte(byte: int) -> int:
    for _ in range(8):
        byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)  # 1EDC6F41, reflected
    return byte


_CRC32C = [_crc32c_of_byte(byte) for byte in range(256)]


def crc32c(*parts: bytes) -> bytes:
    crc = 0xFFFFFFFF
    for part in parts:
        for byte in part:
            crc = crc >> 8 ^ _CRC32C[(crc ^ byte) & 0xFF]
    return (crc ^ 0xFFFFFFFF).to_bytes(4, "big")


# --- 7.2.2 File header -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class FileHeader:
    generation: int
    hash_key: bytes

    def encode(self) -> bytes:
        fields = b"KVLG" + bytes([LOG_VERSION, 0, 0, 0]) + u64(self.generation) + self.hash_key
        return fields + crc32c(fields)

    @property
    def checksum(self) -> bytes:
        return self.encode()[32:]

    @staticmethod
    def parse(log: bytes) -> FileHeader:
        if len(log) < FILE_HEADER or log[:4] != b"KVLG":
            raise ForeignFileError("not a log")
        if log[4] != LOG_VERSION:
            raise NewerFormatError("7.2.2", f"the log has version {log[4]}; a later release is needed")
        header = FileHeader(int.from_bytes(log[8:16], "big"), log[16:32])
        if header.generation == 0 or header.encode() != log[:FILE_HEADER]:  # zeros and checksum
            raise CorruptLogError(0, "a damaged file header")
        return header


# --- 7.2.3 Frames ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Put:
    id: RecordID
    revision: int
    sealed: bytes

    def encode(self) -> bytes:
        return self.id.encode() + u64(self.revision) + self.sealed


@dataclass(frozen=True)
class Tombstone:
    id: RecordID
    revision: int
    floor: int = 0

    def encode(self) -> bytes:
        return self.id.encode() + u64(self.revision) + u64(self.floor)


@dataclass(frozen=True)
class NewHead:
    generation: int
    floor: int
    header: bytes

    def encode(self) -> bytes:
        return u64(self.generation) + u64(self.floor) + self.header


@dataclass(frozen=True)
class Checkpoint:
    """Of the hint that it vouches for: 0 and zeros where there is none."""

    entries: int
    checksum: bytes

    def encode(self) -> bytes:
        return u64(self.entries) + self.checksum + bytes(4)


Content = Put | Tombstone | NewHead | Checkpoint
TYPES: dict[type[Content], int] = {Put: 1, Tombstone: 2, NewHead: 3, Checkpoint: 4}


@dataclass(frozen=True)
class Frame:
    offset: int
    sequence: int
    synced: int
    type: int
    continues: bool
    payload: bytes

    @staticmethod
    def of(content: Content, offset: int, sequence: int, synced: int) -> Frame:
        """One that ends its batch."""
        return Frame(offset, sequence, synced, TYPES[type(content)], False, content.encode())

    @property
    def length(self) -> int:
        return FRAME_HEADER + len(self.payload)

    @property
    def end(self) -> int:
        return self.offset + self.length

    def encode(self, seed: bytes) -> bytes:
        """`seed` is the checksum of the file header."""
        length = len(self.payload).to_bytes(4, "big")
        inverted = bytes(byte ^ 0xFF for byte in length)
        fields = length + inverted + u64(self.sequence) + u64(self.synced) + bytes([self.type, self.continues, 0, 0])
        return fields + crc32c(seed, fields, self.payload) + self.payload

    @staticmethod
    def read(log: bytes, offset: int, seed: bytes) -> Frame | None:
        """The frame at an offset, if it is valid but for its sequence number."""
        frame = Frame.claimed(log, offset)
        if not frame or not FILE_HEADER <= frame.synced <= offset or frame.sequence > offset:
            return None
        # Flags and zeros that are none encode to something else.
        return frame if frame.encode(seed) == log[offset : frame.end] else None

    @staticmethod
    def claimed(log: bytes, offset: int) -> Frame | None:
        """What begins like a frame, whatever else it holds, and is there to its end."""
        fields = log[offset : offset + FRAME_HEADER]
        length = int.from_bytes(fields[:4], "big")
        if len(fields) < FRAME_HEADER or int.from_bytes(fields[4:8], "big") != length ^ 0xFFFFFFFF:
            return None
        payload = log[offset + FRAME_HEADER : offset + FRAME_HEADER + length]
        if length > LONGEST_PAYLOAD or len(payload) < length:
            return None
        sequence, synced = int.from_bytes(fields[8:16], "big"), int.from_bytes(fields[16:24], "big")
        return Frame(offset, sequence, synced, fields[24], fields[25] == 1, payload)

    @cached_property
    def content(self) -> Content:
        try:
            return self._content()
        except FormatError as error:
            raise CorruptLogError(self.offset, str(error)) from None

    def _content(self) -> Content:
        reader = Reader(self.payload, "7.2.3")
        content: Content
        match self.type:
            case 1:
                content = Put(_id(reader), _revision(reader), _rest(reader))
            case 2:
                content = Tombstone(_id(reader), _revision(reader), _number(reader, LAST_REVISION))
            case 3:
                content = NewHead(_number(reader, LAST_GENERATION), _number(reader, LAST_REVISION), _rest(reader))
            case 4:
                check(not self.continues, "7.2.3", "a checkpoint that continues")
                content = Checkpoint(reader.number(8), reader.take(4))
                reader.zeros(4)
            case _:
                check(False, "7.2.3", "an unknown type of frame")
        reader.end()
        return content


def _id(reader: Reader) -> RecordID:
    return RecordID.of_bytes(*(reader.take(reader.number(1)) for _ in range(3)))


def _revision(reader: Reader) -> int:
    revision = _number(reader, LAST_REVISION)
    check(revision != 0, "7.2.3", "revision 0")
    return revision


def _number(reader: Reader, highest: int) -> int:
    number = reader.number(8)
    check(number <= highest, "7.2.3", "a number above 2^63 - 1")
    return number


def _rest(reader: Reader) -> bytes:
    return reader.take(len(reader.data) - reader.at)


# --- 7.2.3, 7.2.4 Replaying ------------------------------------------------------------------------------------------


@dataclass
class State:
    """What a store keeps (6): the frame of the last head, the floor, and for every row the frame that put it."""

    head: Frame | None = None
    floor: int = 0
    rows: dict[RecordID, dict[int, Frame]] = field(default_factory=dict)

    def replay(self, frames: Iterable[Frame]) -> State:
        for frame in frames:
            match frame.content:
                case Put(id, revision, _):
                    self.rows.setdefault(id, {})[revision] = frame
                case Tombstone(id, revision, floor):
                    self.rows.get(id, {}).pop(revision, None)
                    self.floor = max(self.floor, floor)
                case NewHead(_, floor, _):
                    self.head, self.floor = frame, max(self.floor, floor)
        return self

    def current(self, id: RecordID) -> tuple[int, bytes] | None:
        rows = self.rows.get(id)
        return (max(rows), sealed(rows[max(rows)])) if rows else None

    def copy(self) -> State:
        return State(self.head, self.floor, {id: dict(rows) for id, rows in self.rows.items()})


def sealed(row: Frame) -> bytes:
    content = row.content
    assert isinstance(content, Put)
    return content.sealed


# --- 7.2.6 Opening ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Log:
    header: FileHeader
    frames: list[Frame]  # of complete batches
    end: int  # T; what lies behind it is a torn tail
    synced: int  # S; from there to `end` the tail is unproven
    length: int

    @property
    def torn(self) -> int:
        return self.length - self.end


def read_log(data: bytes, checkpoint: Frame | None = None) -> Log:
    """The state at T of a file that nobody writes; nothing is changed. With a hint, what lies behind its checkpoint."""
    header = FileHeader.parse(data)
    frames: list[Frame] = []
    offset, sequence, synced = FILE_HEADER, 0, FILE_HEADER
    if checkpoint is not None:
        offset, sequence, synced = checkpoint.end, checkpoint.sequence, checkpoint.offset
    end, complete = offset, 0
    while frame := Frame.read(data, offset, header.checksum):
        if frame.sequence != sequence + 1 or frame.sequence > offset:
            break
        _ = frame.content  # refuses, also in a batch without an end
        frames.append(frame)
        offset, sequence, synced = frame.end, frame.sequence, max(synced, frame.synced)
        if not frame.continues:
            end, complete = offset, len(frames)
    if not offset == end == len(data) and max(synced, _highest_mark(data, offset, sequence, header)) > end:
        raise CorruptLogError(offset, "bytes that were synced are damaged")
    return Log(header, frames[:complete], end, synced, len(data))


def _highest_mark(data: bytes, offset: int, sequence: int, header: FileHeader) -> int:
    """Rule 2: of the frames from `offset` on that are valid but for a sequence number above the last one."""
    highest, claimed, at = 0, 0, offset
    while at < len(data):
        claim = Frame.claimed(data, at)
        claimed += claim.length if claim else 0
        if claimed > 8 * (len(data) - offset):
            raise CorruptLogError(offset, "too many bytes that look like frames")
        frame = Frame.read(data, at, header.checksum)
        if frame and frame.sequence > sequence:
            highest = max(highest, frame.synced)
        at = frame.end if frame else at + 1
    return highest
