"""SPEC.md, sections 6 and 7.1: the changes of a record store, and SQLite files."""

from __future__ import annotations

import fcntl
import itertools
import os
import sqlite3
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

from .basics import LAST_GENERATION, FormatError, NewerFormatError, RecordID, VaultError, check, check_revision

APPLICATION_ID = 1_263_946_836  # "KVLT"
USER_VERSION = 1
SCHEMA = """
CREATE TABLE vault (
    singleton INTEGER PRIMARY KEY CHECK (singleton = 1),
    header BLOB NOT NULL, generation INTEGER NOT NULL, revision_floor INTEGER NOT NULL
) STRICT;
CREATE TABLE records (
    tenant TEXT NOT NULL, provider TEXT NOT NULL, label TEXT NOT NULL, revision INTEGER NOT NULL, sealed BLOB NOT NULL,
    PRIMARY KEY (tenant, provider, label, revision)
) STRICT, WITHOUT ROWID;
"""
NAMED = "tenant = CAST(? AS TEXT) AND provider = CAST(? AS TEXT) AND label = CAST(? AS TEXT)"


class ConflictError(VaultError):
    """A precondition of a batch does not hold (6)."""


class ForeignFileError(VaultError):
    """Not a vault of ours (7.1)."""


class DamagedStoreError(VaultError):
    """A vault of ours without the one row that holds its header, or whose schema is gone (7.1)."""


@dataclass(frozen=True)
class Head:
    header: bytes
    generation: int
    revision_floor: int


@dataclass(frozen=True)
class Row:
    """`id` is None where section 2 refuses the names or the revision: then the row is damaged, not the vault."""

    id: RecordID | None
    revision: int
    retained: bool
    sealed: bytes


@dataclass(frozen=True)
class Insert:
    id: RecordID
    revision: int
    sealed: bytes


@dataclass(frozen=True)
class Replace:
    """`retained` is the replaced row sealed again as a retained one (4.4); without it, that row is removed."""

    id: RecordID
    read_revision: int
    revision: int
    sealed: bytes
    retained: bytes | None = None
    read_commitment: bytes | None = None


@dataclass(frozen=True)
class Rewrap:
    id: RecordID
    revision: int
    read_commitment: bytes
    sealed: bytes


@dataclass(frozen=True)
class Delete:
    id: RecordID
    read_revision: int | None = None


@dataclass(frozen=True)
class DeleteTenant:
    tenant: str


@dataclass(frozen=True)
class DeleteRetained:
    id: RecordID
    revision: int


@dataclass(frozen=True)
class RaiseFloor:
    floor: int


Change = Insert | Replace | Rewrap | Delete | DeleteTenant | DeleteRetained | RaiseFloor


class Store(Protocol):
    def head(self) -> Head: ...

    def rows(self) -> Iterator[Row]:
        """All rows, in order; the last one of each identifier is the current one (4.4)."""

    def current(self, id: RecordID) -> tuple[int, bytes] | None: ...

    def apply(self, generation: int, changes: Sequence[Change]) -> None:
        """A batch: all of it or nothing. `generation` is that of the header that its writer sealed under."""

    def replace_header(self, generation: int, header: bytes) -> None:
        """`generation` is that of the header which this one replaces."""

    def close(self) -> None: ...


class SQLiteStore:
    def __init__(self, path: Path) -> None:
        """Opens an existing vault file."""
        path = self.path = path.resolve()  # 7.1: the lock lies beside the file itself, not beside a link to it
        with locked(path):
            self.connection = connect(path)
            try:
                self._check()
            except BaseException:
                self.connection.close()
                raise

    @staticmethod
    def create(path: Path, header: bytes) -> SQLiteStore:
        path = path.resolve()
        with locked(path):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
            connection = connect(path)
            with closing_transaction(connection, before="PRAGMA encoding = 'UTF-8'; PRAGMA journal_mode = WAL;"):
                connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                connection.execute(f"PRAGMA user_version = {USER_VERSION}")
                for statement in SCHEMA.split(";"):
                    connection.execute(statement)
                generation = int.from_bytes(header[24:32], "big")
                connection.execute("INSERT INTO vault VALUES (1, ?, ?, 0)", (header, generation))
        return SQLiteStore(path)

    def close(self) -> None:
        with locked(self.path):  # the last one to close checkpoints
            self.connection.close()

    def __enter__(self) -> SQLiteStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Reading

    def head(self) -> Head:
        rows = self.connection.execute("SELECT header, generation, revision_floor FROM vault").fetchall()
        if len(rows) != 1:
            raise DamagedStoreError("no vault, or a damaged one")
        return Head(*rows[0])

    def rows(self) -> Iterator[Row]:
        query = "SELECT tenant, provider, label, revision, sealed FROM records ORDER BY 1, 2, 3, 4"
        for _, group in itertools.groupby(self.connection.execute(query), key=lambda row: row[:3]):
            rows = list(group)
            for place, (*names, revision, sealed) in enumerate(rows, start=1):
                yield Row(_id(names, revision), revision, place < len(rows), sealed)

    def current(self, id: RecordID) -> tuple[int, bytes] | None:
        query = f"SELECT revision, sealed FROM records WHERE {NAMED} ORDER BY revision DESC LIMIT 1"
        row: tuple[int, bytes] | None = self.connection.execute(query, names(id)).fetchone()
        return row

    # Writing

    def apply(self, generation: int, changes: Sequence[Change]) -> None:
        with self._writing(generation):
            for change in changes:
                self._apply(change)

    def replace_header(self, generation: int, header: bytes) -> None:
        new = int.from_bytes(header[24:32], "big")
        check(new == generation + 1 <= LAST_GENERATION, "6", "a new header raises the generation by exactly one")
        with self._writing(generation):
            self.connection.execute("UPDATE vault SET header = ?, generation = ?", (header, new))

    def _apply(self, change: Change) -> None:
        execute = self.connection.execute
        match change:
            case Insert(id, revision, sealed):
                self._require(self.current(id) is None and revision > self.head().revision_floor)
                self._insert(id, revision, sealed)
            case Replace(id, read_revision, revision, sealed, retained, read_commitment):
                current = self.current(id)
                self._require(current is not None and current[0] == read_revision < revision)
                self._require(read_commitment in (None, commitment(current[1] if current else b"")))
                execute(f"DELETE FROM records WHERE {NAMED} AND revision = ?", (*names(id), read_revision))
                if retained is not None:
                    self._insert(id, read_revision, retained)
                self._insert(id, revision, sealed)
            case Rewrap(id, revision, read_commitment, sealed):
                where = f"{NAMED} AND revision = ? AND substr(sealed, 57, 32) = ?"
                done = execute(
                    f"UPDATE records SET sealed = ? WHERE {where}", (sealed, *names(id), revision, read_commitment)
                )
                self._require(done.rowcount == 1)
            case Delete(id, read_revision):
                current = self.current(id)
                self._require(read_revision is None or (current is not None and current[0] == read_revision))
                self._delete(NAMED, names(id))
            case DeleteTenant(tenant):
                self._delete("tenant = CAST(? AS TEXT)", (tenant.encode(),))
            case DeleteRetained(id, revision):
                current = self.current(id)
                self._require(current is None or current[0] != revision)
                execute(f"DELETE FROM records WHERE {NAMED} AND revision = ?", (*names(id), revision))

            case RaiseFloor(floor):
                check_revision(floor)
                execute("UPDATE vault SET revision_floor = max(revision_floor, ?)", (floor,))

    def _insert(self, id: RecordID, revision: int, sealed: bytes) -> None:
        check_revision(revision)
        values = "CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT), ?, ?"
        self.connection.execute(f"INSERT INTO records VALUES ({values})", (*names(id), revision, sealed))

    def _delete(self, where: str, values: Sequence[bytes]) -> None:
        highest = f"(SELECT coalesce(max(revision), 0) FROM records WHERE {where})"
        self.connection.execute(f"UPDATE vault SET revision_floor = max(revision_floor, {highest})", values)
        self.connection.execute(f"DELETE FROM records WHERE {where}", values)

    def _require(self, holds: bool) -> None:
        if not holds:
            raise ConflictError("the vault has changed")

    @contextmanager
    def _writing(self, generation: int) -> Iterator[None]:
        with locked(self.path):
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                self._require(self.head().generation == generation)
                yield
                self.connection.execute("COMMIT")
            except BaseException:
                self.connection.execute("ROLLBACK")
                raise

    def _check(self) -> None:
        """7.1: what a reader refuses."""
        try:
            self.connection.execute("PRAGMA synchronous = FULL")
            application, version = self._pragma("application_id"), self._pragma("user_version")
        except sqlite3.DatabaseError:
            raise ForeignFileError("not a database") from None
        if application != APPLICATION_ID:
            raise ForeignFileError("a database of another application")
        if version != USER_VERSION:
            raise NewerFormatError("8", f"the store has version {version!r}; a later release is needed")
        schema = "SELECT sql FROM sqlite_schema WHERE type = 'table' AND name IN ('vault', 'records')"
        tables = [bare(sql.decode()) for (sql,) in self.connection.execute(schema)]
        if sorted(tables) != sorted(filter(None, bare(SCHEMA).split(";"))) or self._pragma("encoding") != b"UTF-8":
            raise DamagedStoreError("another schema")
        self._pragma("journal_mode = WAL")  # VACUUM INTO leaves its copies in another mode
        self.head()

    def _pragma(self, name: str) -> object:
        return self.connection.execute(f"PRAGMA {name}").fetchone()[0]


def names(id: RecordID) -> tuple[bytes, bytes, bytes]:
    """As bytes, which are cast to TEXT: so nothing between here and the file can change them."""
    return id.tenant.encode(), id.provider.encode(), id.label.encode()


def _id(names: Sequence[bytes], revision: int) -> RecordID | None:
    try:
        check_revision(revision)
        return RecordID.of_bytes(*names)
    except FormatError:
        return None


def bare(sql: str) -> str:
    """7.1: schemas are compared but for letter case and white space."""
    return "".join(sql.split()).lower()


def commitment(sealed: bytes) -> bytes:
    return sealed[56:88]


def connect(path: Path) -> sqlite3.Connection:
    """Never creates the file. Names come as bytes, since a damaged row may hold what is not UTF-8."""
    connection = sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=rw", uri=True, isolation_level=None)
    connection.text_factory = bytes
    return connection


@contextmanager
def closing_transaction(connection: sqlite3.Connection, before: str) -> Iterator[None]:
    try:
        connection.executescript(before)
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("COMMIT")
    finally:
        connection.close()


@contextmanager
def locked(path: Path) -> Iterator[int]:
    """7.1, 7.2.9: an exclusive open-file-description lock on the first byte of PATH-lock, whose descriptor it gives."""
    descriptor = os.open(f"{path}-lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        lock = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 1, 0)
        fcntl.fcntl(descriptor, fcntl.F_OFD_SETLKW, lock)
        yield descriptor
    finally:
        os.close(descriptor)
