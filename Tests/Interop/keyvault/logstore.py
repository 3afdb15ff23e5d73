"""SPEC.md, sections 6 and 7.2: the flat file as a record store. One that reads, and one that makes a new file."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from .basics import FormatError, RecordID, check, check_revision
from .hint import Hint, HintedLog, entries_of, siphash13
from .log import (
    FILE_HEADER,
    Checkpoint,
    Content,
    CorruptLogError,
    FileHeader,
    Frame,
    NewHead,
    Put,
    State,
    Tombstone,
    read_log,
    sealed,
)
from .store import (
    Change,
    ConflictError,
    DamagedStoreError,
    Delete,
    DeleteRetained,
    DeleteTenant,
    Head,
    Insert,
    RaiseFloor,
    Replace,
    Rewrap,
    Row,
    Store,
    commitment,
    locked,
)


class LogStore(Store):
    """Reads a log that nobody writes (7.2.6), through its hint where there is one, and changes nothing."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        data = self.path.read_bytes()
        self.damage: dict[int, CorruptLogError] = {}
        hinted = hinted_log(self.path, data)
        if hinted is None:
            log = read_log(data)
            self.state = State()
        else:
            log = read_log(data, hinted.checkpoint)
            self.state, self.damage = hinted.state()
        self.header = log.header
        self.state.replay(log.frames)

    def close(self) -> None:
        pass

    def apply(self, generation: int, changes: Sequence[Change]) -> None:
        raise NotImplementedError("a log is only read")

    def replace_header(self, generation: int, header: bytes) -> None:
        raise NotImplementedError("a log is only read")

    def head(self) -> Head:
        content = self.state.head and self.state.head.content
        if not isinstance(content, NewHead):
            raise DamagedStoreError("no vault")
        return Head(content.header, content.generation, self.state.floor)

    def rows(self) -> Iterator[Row]:
        for error in self.damage.values():
            raise error
        for id, rows in sorted(self.state.rows.items()):
            for revision, frame in sorted(rows.items()):
                yield Row(id, revision, revision < max(rows), sealed(frame))

    def current(self, id: RecordID) -> tuple[int, bytes] | None:
        if error := self.damage.get(siphash13(self.header.hash_key, id.encode())):
            raise error
        return self.state.current(id)


def hinted_log(path: Path, data: bytes) -> HintedLog | None:
    """7.2.7: a hint that is missing or not right is as good as none."""
    try:
        return HintedLog(data, Path(f"{path}-hint").read_bytes())
    except (FileNotFoundError, FormatError, CorruptLogError):
        return None


class LogWriter(LogStore):
    """Makes a new log, and holds its lock until it is closed. It opens none, and so has nothing to cut or to prove."""

    @staticmethod
    def create(path: Path, header: bytes) -> LogWriter:
        """7.2.2: complete and synced before it has its name, and its file header written last."""
        path = path.resolve()
        with ExitStack() as lock:
            os.pwrite(lock.enter_context(locked(path)), b"%d\n" % os.getpid(), 0)
            file_header = FileHeader(1, secrets.token_bytes(16))
            head = Frame.of(NewHead(generation_of(header), 0, header), FILE_HEADER, 1, FILE_HEADER)
            new = Path(f"{path}-new")
            with open(new, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
                os.pwrite(file.fileno(), head.encode(file_header.checksum), FILE_HEADER)
                os.pwrite(file.fileno(), file_header.encode(), 0)
                os.fsync(file.fileno())
            sync_folder(path)
            new.rename(path)
            sync_folder(path)
            return LogWriter(path, lock.pop_all())

    def __init__(self, path: Path, lock: ExitStack) -> None:
        super().__init__(path)
        self.lock, self.sequence = lock, 1
        self.file = lock.enter_context(open(path, "ab", buffering=0))

    def apply(self, generation: int, changes: Sequence[Change]) -> None:
        self._require(self.head().generation == generation)
        self._append(lambda state: (content for change in changes for content in self._contents(state, change)))

    def replace_header(self, generation: int, header: bytes) -> None:
        check(generation_of(header) == generation + 1, "6", "a new header raises the generation by exactly one")
        self._require(self.head().generation == generation)
        self._append(lambda state: iter([NewHead(generation + 1, state.floor, header)]))

    def close(self) -> None:
        """A checkpoint, and the hint that it vouches for (7.2.7)."""
        entries = tuple(entries_of(self.state, self.header))
        head = self.state.head.offset if self.state.head else 0
        hint = Hint(self.header.generation, self.file.tell(), head, self.state.floor, entries).encode()
        self._append(lambda _: iter([Checkpoint(len(entries), hint[-4:])]))
        new = Path(f"{self.path}-hint-new")
        new.write_bytes(hint)
        new.rename(f"{self.path}-hint")
        self.lock.close()

    def _append(self, contents: Callable[[State], Iterator[Content]]) -> None:
        """A batch, with one write and one sync. Each content is asked for once the state has those before it."""
        state, start = self.state.copy(), self.file.tell()
        frames: list[Frame] = []
        for content in contents(state):
            offset = frames[-1].end if frames else start
            frames.append(Frame.of(content, offset, self.sequence + len(frames) + 1, start))
            state.replay(frames[-1:])
        frames[:-1] = [replace(frame, continues=True) for frame in frames[:-1]]
        if frames:
            self.file.write(b"".join(frame.encode(self.header.checksum) for frame in frames))
            os.fdatasync(self.file.fileno())
        self.state, self.sequence = state, self.sequence + len(frames)

    def _contents(self, state: State, change: Change) -> Iterator[Content]:
        """7.2.4, and the preconditions of section 6."""
        match change:
            case Insert(id, revision, new):
                self._require(not state.rows.get(id) and revision > state.floor)
                yield Put(id, revision, new)
            case Replace(id, read_revision, revision, new, retained, read_commitment):
                current = state.current(id)
                self._require(current is not None and current[0] == read_revision < revision)
                self._require(read_commitment in (None, commitment(current[1] if current else b"")))
                yield Tombstone(id, read_revision) if retained is None else Put(id, read_revision, retained)
                yield Put(id, revision, new)
            case Rewrap(id, revision, read_commitment, new):
                row = state.rows.get(id, {}).get(revision)
                self._require(row is not None and commitment(sealed(row)) == read_commitment)
                yield Put(id, revision, new)
            case Delete(id, read_revision):
                current = state.current(id)
                self._require(read_revision is None or (current is not None and current[0] == read_revision))
                yield from self._tombstones(state, id)
            case DeleteTenant(tenant):
                for id in [id for id in state.rows if id.tenant == tenant]:
                    yield from self._tombstones(state, id)
            case DeleteRetained(id, revision):
                current = state.current(id)
                self._require(current is None or current[0] != revision)
                if revision in state.rows.get(id, {}):
                    yield Tombstone(id, revision)
            case RaiseFloor(floor):
                check_revision(floor)
                head = self.head()
                if floor > state.floor:
                    yield NewHead(head.generation, floor, head.header)

    def _tombstones(self, state: State, id: RecordID) -> Iterator[Content]:
        revisions = sorted(state.rows.get(id, {}))
        for revision in revisions:
            yield Tombstone(id, revision, revision if revision == revisions[-1] else 0)

    def _require(self, holds: bool) -> None:
        if not holds:
            raise ConflictError("the vault has changed")


def generation_of(header: bytes) -> int:
    return int.from_bytes(header[24:32], "big")


def sync_folder(path: Path) -> None:
    descriptor = os.open(path.parent, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)
