"""The rules of SPEC.md that need no vectors: what a reader refuses, and what a store does with a batch."""

import base64
import os
import sqlite3
import tempfile
import unittest
from dataclasses import replace
from pathlib import Path

from keyvault.basics import (
    LAST_TIME,
    CryptoError,
    DamagedHeaderError,
    FormatError,
    MissingKeyError,
    NewerFormatError,
    OtherVaultError,
    Place,
    RecordID,
    RetiredKeyError,
    WrongKeyError,
    key_id_of,
    master_key_of_file,
)
from keyvault.header import Header, KeyState, ListedKey, Slot, keys_of_passphrase, open_header
from keyvault.record import Metadata, SealedRecord, encode_plaintext, open_record, parse_plaintext, rewrap, seal
from keyvault.store import (
    ConflictError,
    DamagedStoreError,
    Delete,
    DeleteRetained,
    DeleteTenant,
    ForeignFileError,
    Insert,
    Replace,
    Rewrap,
    Row,
    SQLiteStore,
)
from keyvault.vault import Opened, Vault

KEY, OTHER = bytes(range(1, 33)), bytes(range(101, 133))
VAULT = bytes(range(16))
ID = RecordID("tenant", "provider")
SECRET = b"sk-0123456789-0123456789AbCd"
METADATA = Metadata(created=1, updated=2)
PLACE = Place(VAULT, ID, 7)


def patched(data: bytes, at: int, new: bytes) -> bytes:
    return data[:at] + new + data[at + len(new) :]


class Names(unittest.TestCase):
    def test_refused(self) -> None:
        bad = [
            b"",
            b"x" * 256,
            b"a/b",
            b"\0",
            b"\x1f",
            b"\x7f",
            "\x80".encode(),
            "\x9f".encode(),
            b"\xff",
            b"\xc0\xaf",
            b"\xed\xa0\x80",
            b"\xf4\x90\x80\x80",
            b"\xe2\x82",
        ]
        for name in bad:
            with self.subTest(name), self.assertRaises(FormatError):
                RecordID.of_bytes(b"tenant", name, b"label")
        with self.assertRaises(FormatError):
            RecordID("a\ud800", "b")

    def test_accepted(self) -> None:
        for name in [b"x" * 255, b" ", "\xa0é\u0301\u2028\U0010ffff".encode(), "\ufeff".encode()]:
            RecordID.of_bytes(name, name, name)

    def test_references(self) -> None:
        self.assertEqual(RecordID.of_reference("a/b"), RecordID("a", "b", "default"))
        for text in ["a", "a/", "/b", "a/b/", "a/b/c/d", "", "//"]:
            with self.subTest(text), self.assertRaises(FormatError):
                RecordID.of_reference(text)

    def test_not_normalised(self) -> None:
        composed, decomposed = RecordID("é", "p"), RecordID("e\u0301", "p")
        self.assertNotEqual(composed.encode(), decomposed.encode())


class KeyFiles(unittest.TestCase):
    def test_forms(self) -> None:
        key = os.urandom(32)
        text = base64.b64encode(key)
        for form in [key.hex().encode(), key.hex().upper().encode(), text, text[:43]]:
            for end in [b"", b"\n", b"\r\n"]:
                self.assertEqual(master_key_of_file(form + end), key)
            for bad in [
                form + b"\n\n",
                form + b"\r",
                b" " + form,
                form + b" ",
                b"\xef\xbb\xbf" + form,
                form[:-1] + b"!",
            ]:
                with self.assertRaises(FormatError):
                    master_key_of_file(bad)
        self.assertEqual(master_key_of_file(key), key)
        last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".index(chr(text[42]))
        for bad in [
            key + b"\n",
            bytes(32),
            b"p" * 32,
            b"correct horse battery staple 123",
            text[:42] + chr(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[last + 1]).encode(),
            bytes(32).hex().encode(),
            b"",
            text[:42] + b"==",
        ]:
            with self.assertRaises(FormatError):
                master_key_of_file(bad)


class Records(unittest.TestCase):
    record = seal(KEY, PLACE, METADATA, SECRET)

    def test_every_flipped_byte(self) -> None:
        data = self.record.encode()
        for at in range(len(data)):
            with self.subTest(at), self.assertRaises((FormatError, CryptoError)):
                open_record([KEY, OTHER], PLACE, SealedRecord.parse(patched(data, at, bytes([data[at] ^ 1]))))

    def test_every_truncation(self) -> None:
        data = self.record.encode()
        for length in [*range(len(data)), len(data) + 1]:
            with self.assertRaises(FormatError):
                SealedRecord.parse((data + b"\0")[:length])

    def test_lengths_of_ct(self) -> None:
        for n in [0, 16, 143, 145, 65_680 + 128, 2**32 - 16]:
            with self.assertRaises(FormatError):
                SealedRecord.parse(patched(self.record.encode(), 136, n.to_bytes(4, "big")) + bytes(min(n, 70_000)))

    def test_newer_version(self) -> None:
        with self.assertRaises(NewerFormatError):
            SealedRecord.parse(patched(self.record.encode(), 4, b"\2"))

    def test_moved(self) -> None:
        for place in [
            replace(PLACE, revision=8),
            replace(PLACE, retained=True),
            replace(PLACE, vault_id=bytes(16)),
            replace(PLACE, id=RecordID("tenant2", "provider")),
            replace(PLACE, id=RecordID("tenan", "tprovider")),
        ]:
            with self.assertRaises(CryptoError):
                open_record([KEY], place, self.record)
        with self.assertRaises(CryptoError):
            open_record([OTHER], PLACE, self.record)

    def test_rewrap(self) -> None:
        new = rewrap([KEY], OTHER, PLACE, self.record)
        self.assertEqual(open_record([OTHER], PLACE, new), open_record([KEY], PLACE, self.record))
        self.assertEqual((new, new.ciphertext), (rewrap([KEY], OTHER, PLACE, self.record), self.record.ciphertext))
        self.assertEqual(rewrap([OTHER], KEY, PLACE, new), self.record)

    def test_plaintexts(self) -> None:
        good = encode_plaintext(METADATA, SECRET, retained=False)
        late = (LAST_TIME + 1).to_bytes(8, "big")
        bad = {
            "version": (0, b"\2"),
            "state": (1, b"\2"),
            "reason without state": (2, b"\1"),
            "state without reason": (1, b"\1"),
            "reason": (1, b"\1\4"),
            "verdict": (3, b"\x08"),
            "zero": (7, b"\1"),
            "no secret": (8, bytes(4)),
            "a shorter secret": (11, bytes([len(SECRET) - 1])),
            "a longer one": (10, b"\1"),
            "hint length": (12, b"\6"),
            "no hint, but its bytes": (12, b"\0"),
            "hint": (13, b" "),
            "behind the hint": (23, b"\1"),
            "created": (24, bytes(8)),
            "updated": (32, bytes(8)),
            "late": (40, late),
            "later": (48, late),
            "until": (63, b"\1"),
            "padding": (127, b"\1"),
        }
        for why, (at, new) in bad.items():
            with self.subTest(why), self.assertRaises(FormatError):
                parse_plaintext(patched(good, at, new), retained=False)
        for wrong in [good[:63], good[:64], good[:127], good + bytes(128), b""]:
            with self.assertRaises(FormatError):
                parse_plaintext(wrong, retained=False)
        parse_plaintext(patched(good, 63, b"\1"), retained=True)

    def test_hints(self) -> None:
        def hint(secret: bytes) -> bytes | None:
            return parse_plaintext(encode_plaintext(METADATA, secret, False), False)[0].hint

        self.assertEqual(hint(SECRET), b"sk-AbCd")
        self.assertEqual([hint(s) for s in (b"x" * 23, b"x" * 20 + b"xx x", "é".encode() + b"x" * 30)], [b""] * 3)


class Headers(unittest.TestCase):
    listed = (ListedKey(key_id_of(KEY), KeyState.LIVE, 1), ListedKey(key_id_of(OTHER), KeyState.LIVE, 2))
    header = Header(VAULT, 3, key_id_of(KEY), listed)
    data = header.encode([OTHER, KEY])

    def test_opening(self) -> None:
        self.assertEqual(open_header(self.data, 3, [KEY, OTHER, os.urandom(32)], expected_vault_id=VAULT), self.header)
        expected = [
            (WrongKeyError, [os.urandom(32), KEY, OTHER]),
            (WrongKeyError, []),
            (MissingKeyError, [KEY]),
            (MissingKeyError, [OTHER]),
        ]
        for error, keys in expected:
            with self.assertRaises(error):
                open_header(self.data, 3, keys)
        with self.assertRaises(OtherVaultError):
            open_header(self.data, 3, [KEY, OTHER], expected_vault_id=bytes(16))
        for generation, seen in [(2, 0), (4, 0), (3, 4)]:
            with self.assertRaises(DamagedHeaderError):
                open_header(self.data, generation, [KEY, OTHER], seen_generation=seen)

    def test_every_flipped_byte(self) -> None:
        for at in range(len(self.data)):
            with self.subTest(at), self.assertRaises((FormatError, DamagedHeaderError, WrongKeyError, MissingKeyError)):
                open_header(patched(self.data, at, bytes([self.data[at] ^ 1])), 3, [KEY, OTHER])

    def test_layout(self) -> None:
        bad = {
            "generation 0": (24, bytes(8)),
            "generation 2^63": (24, b"\x80"),
            "no key": (48, b"\0\0"),
            "65 keys": (49, b"\x41"),
            "17 slots": (51, b"\x11"),
            "zero": (55, b"\1"),
            "state": (72, b"\3"),
            "zero of a key": (79, b"\1"),
            "added": (80, bytes(8)),
            "added late": (80, b"\1"),
            "active is retired": (72, b"\2"),
            "listed twice": (88, key_id_of(KEY)),
            "unlisted active": (32, bytes(16)),
            "suite": (5, b"\2"),
            "suite 0": (5, b"\0"),
            "flags": (7, b"\1"),
        }
        for why, (at, new) in bad.items():
            with self.subTest(why), self.assertRaises(FormatError):
                Header.parse(patched(self.data, at, new))
        for length in [*range(len(self.data)), len(self.data) + 1]:
            with self.assertRaises(FormatError):
                Header.parse((self.data + b"\0")[:length])

    def test_slots(self) -> None:
        slot = Slot.make(b"passphrase", KEY, VAULT, 2, 64 * 2**20)
        header = replace(self.header, slots=(slot,))
        data = header.encode([KEY, OTHER])
        self.assertEqual(open_header(data, 3, [KEY, OTHER]), header)
        self.assertEqual(keys_of_passphrase(data, b"passphrase"), [KEY])
        self.assertEqual(keys_of_passphrase(data, b"passphrasE"), [])
        with self.assertRaises(CryptoError):
            replace(slot, passes=3).open(b"passphrase", VAULT)
        with self.assertRaises(CryptoError):
            slot.open(b"passphrase", bytes(16))
        start = 56 + 64
        bad = {
            "algorithm": (16, b"\2"),
            "zero": (19, b"\1"),
            "1 pass": (23, b"\1"),
            "65 passes": (23, b"\x41"),
            "63 MiB": (24, (63 << 20).to_bytes(8, "big")),
            "over 4 GiB": (24, ((4 << 30) + 1024).to_bytes(8, "big")),
            "no multiple": (31, b"\1"),
            "zeros": (63, b"\1"),
            "key": (0, bytes(16)),
        }
        for why, (at, new) in bad.items():
            with self.subTest(why), self.assertRaises(FormatError):
                Header.parse(patched(data, start + at, new))

    def test_rotation(self) -> None:
        with self.assertRaises(FormatError):
            self.header.adding(key_id_of(KEY), 1)
        with self.assertRaises(FormatError):
            self.header.activating(bytes(16))
        with self.assertRaises(FormatError):
            self.header.retiring(key_id_of(KEY))
        retired = self.header.retiring(key_id_of(OTHER))
        self.assertEqual((retired.generation, retired.live_key_ids), (4, [key_id_of(KEY)]))
        with self.assertRaises(RetiredKeyError):
            open_header(retired.encode([KEY]), 4, [OTHER])
        with self.assertRaises(WrongKeyError):
            open_header(retired.encode([KEY]), 4, [OTHER, os.urandom(32), KEY])
        self.assertEqual(open_header(retired.encode([KEY]), 4, [OTHER, KEY]), retired)
        with self.assertRaises(FormatError):
            retired.activating(key_id_of(OTHER))


class Stores(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "a vault?%.db"
        self.vault = Vault.create(self.path, KEY, 1)

    def tearDown(self) -> None:
        self.vault.close()
        self.folder.cleanup()

    @property
    def connection(self) -> sqlite3.Connection:
        assert isinstance(self.vault.store, SQLiteStore)
        return self.vault.store.connection

    def batch(self, *changes: object) -> None:
        self.vault.store.apply(self.vault.header.generation, changes)  # type: ignore[arg-type]

    def test_records(self) -> None:
        ids = [
            RecordID("é", "p"),
            RecordID("e\u0301", "p"),
            RecordID("_own", "p"),
            RecordID("t", "p", "\U0001f511"),
            RecordID("t", "p", "\ufb01"),
        ]
        for id in ids:
            self.vault.put(id, id.encode(), METADATA)
        self.assertEqual(self.vault.put(ids[0], b"new", METADATA, retain_until=9), 2)
        self.vault.close()
        self.vault = Vault.open(self.path, [KEY])
        self.assertEqual(self.vault.list(), [ids[1], ids[4], ids[3], ids[0]])
        opened = [row for row in self.vault.opened() if isinstance(row, Opened)]
        self.assertEqual(
            [(o.id, o.revision, o.retained) for o in opened if o.id == ids[0]], [(ids[0], 1, True), (ids[0], 2, False)]
        )
        self.assertEqual(self.vault.read(ids[1]).secret, ids[1].encode())

    def test_retained_row_in_the_place_of_the_current_one(self) -> None:
        self.vault.put(ID, b"old", METADATA)
        self.vault.put(ID, b"new", METADATA, retain_until=0)
        self.connection.execute("DELETE FROM records WHERE revision = 2")
        with self.assertRaises(CryptoError):
            self.vault.read(ID)

    def test_conflicts(self) -> None:
        self.vault.put(ID, b"1", METADATA)
        commitment = SealedRecord.parse(self.vault.store.current(ID)[1]).wrap.commitment  # type: ignore[index]
        for change in [
            Insert(ID, 2, b""),
            Replace(ID, 2, 3, b""),
            Replace(ID, 1, 1, b""),
            Replace(ID, 1, 2, b"", None, bytes(32)),
            Rewrap(ID, 1, bytes(32), b""),
            Delete(ID, 2),
            DeleteRetained(ID, 1),
        ]:
            with self.subTest(change), self.assertRaises(ConflictError):
                self.batch(Insert(RecordID("other", "p"), 1, b"undone with the rest"), change)
        self.assertEqual(len(list(self.vault.store.rows())), 1)
        with self.assertRaises(ConflictError):
            self.vault.store.apply(2, [Delete(ID)])
        self.batch(Delete(ID, 1))
        for change in [Insert(ID, 1, b""), Rewrap(ID, 1, commitment, b"")]:
            with self.assertRaises(ConflictError):
                self.batch(change)
        self.assertEqual(self.vault.put(ID, b"2", METADATA), 2)
        self.batch(DeleteTenant(ID.tenant))
        self.assertEqual((list(self.vault.store.rows()), self.vault.store.head().revision_floor), ([], 2))

    def test_rotation(self) -> None:
        self.vault.put(ID, b"1", METADATA)
        self.vault.put(ID, b"2", METADATA, retain_until=0)
        self.vault.put(RecordID("_own", "p"), b"3", METADATA)
        forged = seal(KEY, Place(self.vault.header.vault_id, RecordID("x", "y"), 1), METADATA, b"4").encode()
        self.vault.rotate(OTHER, 5)
        for keys, error in [
            ([KEY], RetiredKeyError),
            ([bytes(range(32)), OTHER], WrongKeyError),
        ]:
            with self.assertRaises(error):
                Vault.open(self.path, keys)
        reader = Vault.open(self.path, [OTHER])
        self.assertEqual([row.secret for row in reader.opened() if isinstance(row, Opened)], [b"3", b"1", b"2"])
        reader.store.apply(4, [Insert(RecordID("x", "y"), 1, forged)])
        reader.close()
        reader = Vault.open(self.path, [KEY, OTHER])
        with self.assertRaises(CryptoError):  # 4.2: a retired key opens nothing, even for those who hold it
            reader.read(RecordID("x", "y"))
        reader.close()

    def test_damaged_rows(self) -> None:
        self.vault.put(ID, b"1", METADATA)
        for names in ["CAST(x'ff' AS TEXT), 'p', 'l', 1", "'a/b', 'p', 'l', 1", "'t', 'p', 'l', 0", "'t', 'q', 'l', 1"]:
            self.connection.execute(f"INSERT INTO records VALUES ({names}, x'4b56')")
        rows = list(self.vault.opened())
        self.assertEqual(
            (len(rows), [row for row in rows if isinstance(row, Row) and row.id]),
            (5, [Row(RecordID("t", "q", "l"), 1, False, b"KV")]),
        )

    def test_what_operators_may_do(self) -> None:
        self.vault.put(ID, b"1", METADATA)
        self.connection.executescript(
            "CREATE TABLE mine (x); CREATE VIEW names AS SELECT tenant FROM records; CREATE INDEX i ON records (label);"
        )
        Vault.open(self.path, [KEY]).close()

    def test_a_copy_of_sqlites_own(self) -> None:
        self.vault.put(ID, b"1", METADATA)
        copy = self.path.with_name("copy.db")
        self.connection.execute("VACUUM INTO ?", (str(copy),))
        self.vault.close()
        self.vault = Vault.open(copy, [KEY])
        self.assertEqual(self.vault.read(ID).secret, b"1")
        self.assertEqual(self.connection.execute("PRAGMA journal_mode").fetchone(), (b"wal",))

    def test_refused_files(self) -> None:
        self.vault.close()
        for sql, error in [
            ("PRAGMA application_id = 1", ForeignFileError),
            ("PRAGMA user_version = 2", NewerFormatError),
            ("DELETE FROM vault", DamagedStoreError),
            ("DROP TABLE vault", DamagedStoreError),
            ("DROP TABLE records", DamagedStoreError),
            ("ALTER TABLE records ADD COLUMN note TEXT", DamagedStoreError),
            ("UPDATE vault SET generation = 2", DamagedHeaderError),
        ]:
            copy = self.path.with_name("copy.db")
            copy.write_bytes(self.path.read_bytes())
            with sqlite3.connect(copy) as connection:
                connection.execute(sql)
            connection.close()
            with self.subTest(sql), self.assertRaises(error):
                Vault.open(copy, [KEY])
        for content in [b"", b"not a database" * 100]:
            copy = self.path.with_name("foreign.db")
            copy.write_bytes(content)
            with self.assertRaises(ForeignFileError):
                Vault.open(copy, [KEY])
        self.vault = Vault.open(self.path, [KEY])


if __name__ == "__main__":
    unittest.main()
