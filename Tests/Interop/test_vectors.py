"""Computes Tests/Vectors (SPEC.md, section 11) again, step by step. A file that is not there is skipped, visibly."""

import json
import unittest
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from keyvault.basics import (
    CryptoError,
    DamagedHeaderError,
    FormatError,
    Place,
    Purpose,
    Reader,
    RecordID,
    context,
    key_id_of,
    master_key_of_file,
)
from keyvault.header import Header, KeyState, ListedKey, Slot, header_code, open_header, passphrase_key
from keyvault.record import (
    NONCE,
    Metadata,
    SealedRecord,
    data_key,
    encode_plaintext,
    open_record,
    rewrap,
    seal,
    wrapping_key,
)

VECTORS = Path(__file__).parents[1] / "Vectors"
Case = dict[str, Any]


def unhex(case: Case, *names: str) -> list[bytes]:
    return [bytes.fromhex(case[name]) for name in names]


def place_of(case: Case) -> Place:
    id = RecordID(case["tenant"], case["provider"], case["label"])
    return Place(
        bytes.fromhex(case["vault_id"]), id, case["revision"], {"current": False, "retained": True}[case["kind"]]
    )


def metadata_of(case: Case) -> Metadata:
    numbers = ("created", "updated", "state", "reason", "verdict", "order", "validated", "expires", "until")
    return Metadata(**{name: case[name] for name in numbers}, hint=bytes.fromhex(case["hint"]))


class VectorCase(unittest.TestCase):
    def load(self, file: str) -> dict[str, list[Case]]:
        path = VECTORS / file
        if not path.exists():
            self.skipTest(f"{path.name} is not there yet")
        document: dict[str, list[Case]] = json.loads(path.read_text())
        return document

    def each(self, cases: list[Case]) -> list[Case]:
        self.assertTrue(cases, "a list without a case")
        return cases

    @contextmanager
    def refused(self, case: Case) -> Iterator[None]:
        with self.assertRaises(FormatError) as caught:
            yield
        self.assertEqual(caught.exception.section, case["section"])

    def step(self, case: Case, name: str, value: bytes) -> None:
        self.assertEqual(value.hex(), case[name], name)


class Identifiers(VectorCase):
    def test_accepted(self) -> None:
        for case in self.each(self.load("identifiers.json")["accepted"]):
            with self.subTest(case["name"]):
                id = RecordID(case["tenant"], case["provider"], case["label"])
                self.step(case, "encoded", id.encode())
                self.assertEqual(id.reserved, case["reserved"])

    def test_refused(self) -> None:
        for case in self.each(self.load("identifiers.json")["refused"]):
            with self.subTest(case["name"]):
                with self.refused(case):
                    RecordID.of_bytes(*unhex(case, "tenant", "provider", "label"))

    def test_references(self) -> None:
        for case in self.each(self.load("identifiers.json")["references"]):
            with self.subTest(case["name"]):
                if case["encoded"]:
                    self.step(case, "encoded", RecordID.of_reference(case["text"]).encode())
                else:
                    with self.assertRaises(FormatError):
                        RecordID.of_reference(case["text"])


class MasterKeys(VectorCase):
    def test_accepted(self) -> None:
        for case in self.each(self.load("master-keys.json")["accepted"]):
            with self.subTest(case["name"]):
                key = master_key_of_file(*unhex(case, "file"))
                self.step(case, "key", key)
                self.step(case, "id", key_id_of(key))

    def test_refused(self) -> None:
        for case in self.each(self.load("master-keys.json")["refused"]):
            with self.subTest(case["name"]):
                with self.refused(case):
                    master_key_of_file(*unhex(case, "file"))


class Contexts(VectorCase):
    def test_contexts(self) -> None:
        for case in self.each(self.load("contexts.json")["contexts"]):
            with self.subTest(case["name"]):
                vault_id, tail = unhex(case, "vault_id", "id")
                self.assertEqual(case["suite"], 1)
                self.step(case, "context", context(Purpose(case["purpose"]), vault_id, case["revision"], tail))


class Records(VectorCase):
    def test_sealed(self) -> None:
        for case in self.each(self.load("records.json")["sealed"]):
            with self.subTest(case["name"]):
                master_key, random, secret = unhex(case, "master_key", "random", "secret")
                place, metadata = place_of(case), metadata_of(case)
                self.step(case, "key_id", key_id_of(master_key))
                self.step(case, "context", place.context)
                self.step(case, "wrap_context", place.wrap_context)
                plaintext = encode_plaintext(metadata, secret, place.retained)
                self.step(case, "plaintext", plaintext)
                dek = data_key(master_key, random, place.context, plaintext)
                self.step(case, "dek", dek)
                self.step(case, "ciphertext", AESGCM(dek).encrypt(NONCE, plaintext, place.context))
                record = seal(master_key, place, metadata, secret, random)
                self.wrap_steps(case, master_key, place, record)
                self.assertEqual(open_record([master_key], place, record), (metadata, secret))

    def test_rewrapped(self) -> None:
        document = self.load("records.json")
        originals = {case["name"]: case for case in document["sealed"]}
        for case in self.each(document["rewrapped"]):
            with self.subTest(case["name"]):
                original = originals[case["of"]]
                old_key, new_key, record = (
                    *unhex(original, "master_key"),
                    *unhex(case, "master_key"),
                    *unhex(original, "record"),
                )
                place = place_of(original)
                rewrapped = rewrap([old_key], new_key, place, SealedRecord.parse(record))
                self.step(case, "key_id", rewrapped.key_id)
                self.wrap_steps(case, new_key, place, rewrapped)
                self.assertEqual(open_record([new_key], place, rewrapped)[1], *unhex(original, "secret"))

    def wrap_steps(self, case: Case, master_key: bytes, place: Place, record: SealedRecord) -> None:
        self.step(case, "salt", record.wrap.salt)
        self.step(case, "kw", wrapping_key(master_key, place.wrap_context, record.wrap.salt)[0])
        self.step(case, "commitment", record.wrap.commitment)
        self.step(case, "wrapped_key", record.wrap.wrapped_key)
        self.step(case, "record", record.encode())
        self.assertEqual(SealedRecord.parse(record.encode()), record)

    def test_refused(self) -> None:
        for case in self.each(self.load("records.json")["refused"]):
            with self.subTest(case["name"]):
                master_key, record = unhex(case, "master_key", "record")
                with self.refused(case) if case["error"] == "format" else self.assertRaises(CryptoError):
                    open_record([master_key], place_of(case), SealedRecord.parse(record))


class Headers(VectorCase):
    def test_accepted(self) -> None:
        for case in self.each(self.load("headers.json")["accepted"]):
            with self.subTest(case["name"]):
                master_keys = [bytes.fromhex(key) for key in case["master_keys"]]
                vault_id, active = unhex(case, "vault_id", "active_key_id")
                keys = tuple(
                    ListedKey(bytes.fromhex(key["id"]), KeyState(key["state"]), key["added"]) for key in case["keys"]
                )
                slots = tuple(self.slot(slot, master_keys, vault_id) for slot in case["slots"])
                header = Header(vault_id, case["generation"], active, keys, slots, case["minimum_suite"])
                self.step(case, "body", header.body)
                self.assertEqual([header_code(key, header.body).hex() for key in master_keys], case["codes"])
                self.step(case, "header", header.encode(master_keys))
                self.assertEqual(open_header(header.encode(master_keys), case["generation"], master_keys), header)

    def slot(self, case: Case, master_keys: list[bytes], vault_id: bytes) -> Slot:
        passphrase, salt, parameters = unhex(case, "passphrase", "argon2_salt", "parameters")
        key = next(key for key in master_keys if key_id_of(key) == parameters[:16])
        pk = passphrase_key(passphrase, case["passes"], case["memory"], salt)
        slot = Slot.make(passphrase, key, vault_id, case["passes"], case["memory"], salt)
        slot_context = context(Purpose.SLOT, vault_id, 0, slot.parameters)
        self.step(case, "parameters", slot.parameters)
        self.step(case, "pk", pk)
        self.step(case, "context", slot_context)
        self.step(case, "salt", slot.wrap.salt)
        self.step(case, "kw", wrapping_key(pk, slot_context, slot.wrap.salt)[0])
        self.step(case, "commitment", slot.wrap.commitment)
        self.step(case, "wrapped_key", slot.wrap.wrapped_key)
        self.step(case, "slot", slot.encode())
        self.assertEqual(slot.open(passphrase, vault_id), key)
        return slot

    def test_refused(self) -> None:
        for case in self.each(self.load("headers.json")["refused"]):
            with self.subTest(case["name"]):
                master_keys = [bytes.fromhex(key) for key in case["master_keys"]]
                with self.refused(case) if case["error"] == "format" else self.assertRaises(DamagedHeaderError):
                    open_header(bytes.fromhex(case["header"]), case["store_generation"], master_keys)

    def test_refused_slots(self) -> None:
        for case in self.each(self.load("headers.json")["refused_slots"]):
            with self.subTest(case["name"]):
                passphrase, vault_id, slot = unhex(case, "passphrase", "vault_id", "slot")
                with self.assertRaises(CryptoError):
                    Slot.read(Reader(slot, "5.3")).open(passphrase, vault_id)


if __name__ == "__main__":
    unittest.main()
