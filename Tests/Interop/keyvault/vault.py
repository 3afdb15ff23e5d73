"""A vault of SPEC.md as a whole: a SQLite file or a log together with the master keys that open it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from .basics import LAST_REVISION, FormatError, Place, RecordID, VaultError, check, key_id_of
from .header import Header, KeyState, ListedKey, open_header
from .logstore import LogStore
from .record import Metadata, SealedRecord, open_record, rewrap, seal
from .store import ConflictError, Delete, Insert, Replace, Rewrap, Row, SQLiteStore, Store, commitment


@dataclass(frozen=True)
class Opened:
    id: RecordID
    revision: int
    retained: bool
    metadata: Metadata
    secret: bytes


class Vault:
    def __init__(self, store: Store, master_keys: Sequence[bytes]) -> None:
        """5.4. The caller's keys in the caller's order."""
        self.store = store
        self._read_header(master_keys)

    def _read_header(self, master_keys: Sequence[bytes]) -> None:
        head = self.store.head()
        self.header = open_header(head.header, head.generation, master_keys)
        self.keys = [key for key in master_keys if key_id_of(key) in self.header.live_key_ids]

    @staticmethod
    def open(path: Path, master_keys: Sequence[bytes]) -> Vault:
        with open(path, "rb") as file:
            store: Store = LogStore(path) if file.read(4) == b"KVLG" else SQLiteStore(path)
        try:
            return Vault(store, master_keys)
        except BaseException:
            store.close()
            raise

    @staticmethod
    def create(
        path: Path, master_key: bytes, now: int, new: Callable[[Path, bytes], Store] = SQLiteStore.create
    ) -> Vault:
        key = ListedKey(key_id_of(master_key), KeyState.LIVE, now)
        header = Header(secrets.token_bytes(16), 1, key.id, (key,))
        return Vault(new(path, header.encode([master_key])), [master_key])

    def close(self) -> None:
        self.store.close()

    # Reading

    def list(self) -> list[RecordID]:
        """The current rows; not the vault's own records (2)."""
        return [row.id for row in self.store.rows() if row.id and not row.retained and not row.id.reserved]

    def read(self, id: RecordID) -> Opened:
        """The current row of an identifier."""
        current = self.store.current(id)
        if current is None:
            raise KeyError("no such record")
        return self.open_row(Row(id, current[0], False, current[1]))

    def open_row(self, row: Row) -> Opened:
        place = self.place(row)
        metadata, secret = open_record(self.keys, place, SealedRecord.parse(row.sealed))
        return Opened(place.id, row.revision, row.retained, metadata, secret)

    def opened(self) -> Iterator[Opened | Row]:
        """Every row; one that does not open as it is, since no other row is damaged by it (10)."""
        for row in self.store.rows():
            try:
                yield self.open_row(row)
            except VaultError:
                yield row

    def place(self, row: Row) -> Place:
        if row.id is None:
            raise FormatError("7.1", "a damaged row")
        return Place(self.header.vault_id, row.id, row.revision, row.retained)

    # Writing

    @property
    def active_key(self) -> bytes:
        return next(key for key in self.keys if key_id_of(key) == self.header.active_key_id)

    def put(self, id: RecordID, secret: bytes, metadata: Metadata, retain_until: int | None = None) -> int:
        """Adds or replaces; with `retain_until` keeps what it replaces (0: for good). Gives the new revision."""
        current = self.store.current(id)
        revision = (current[0] if current else self.store.head().revision_floor) + 1
        check(revision <= LAST_REVISION, "6", "the revisions are used up")
        sealed = seal(self.active_key, Place(self.header.vault_id, id, revision), metadata, secret).encode()
        if current is None:
            self.store.apply(self.header.generation, [Insert(id, revision, sealed)])
            return revision
        retained = None
        if retain_until is not None:
            old = self.open_row(Row(id, current[0], False, current[1]))
            place = Place(self.header.vault_id, id, current[0], retained=True)
            retained = seal(self.active_key, place, replace(old.metadata, until=retain_until), old.secret).encode()
        change = Replace(id, current[0], revision, sealed, retained, commitment(current[1]))
        self.store.apply(self.header.generation, [change])
        return revision

    def delete(self, id: RecordID) -> None:
        self.store.apply(self.header.generation, [Delete(id)])

    def write_header(self, header: Header, master_keys: Sequence[bytes]) -> None:
        """`master_keys` are those that open the vault from now on."""
        self.store.replace_header(self.header.generation, header.encode(master_keys))
        self._read_header(master_keys)

    def rewrap_all(self) -> None:
        """5.2: every row that is not under the active key, retained ones and reserved tenants too."""
        for row in list(self.store.rows()):
            record = SealedRecord.parse(row.sealed)
            if record.key_id == self.header.active_key_id:
                continue
            place = self.place(row)
            new = rewrap(self.keys, self.active_key, place, record)
            self.store.apply(
                self.header.generation, [Rewrap(place.id, row.revision, record.wrap.commitment, new.encode())]
            )

    def rotate(self, new_key: bytes, now: int) -> None:
        """5.2, all of it, from the active key to another one."""
        old, keys = self.header.active_key_id, [new_key, *self.keys]
        self.write_header(self.header.adding(key_id_of(new_key), now), keys)
        self.write_header(self.header.activating(key_id_of(new_key)), keys)
        self.rewrap_all()
        if any(SealedRecord.parse(row.sealed).key_id == old for row in self.store.rows()):
            raise ConflictError("a row is still under the old key")
        self.write_header(self.header.retiring(old), [key for key in keys if key_id_of(key) != old])
