"""SPEC.md, section 4: sealed records."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from .basics import (
    FORMAT_VERSION,
    SUITE,
    CryptoError,
    Place,
    Reader,
    check,
    check_version,
    key_id_of,
    keyed_hash,
)

LAYOUT_VERSION = 1
NONCE = bytes(12)  # 3.1: safe only because every key encrypts one thing (9.1)


# --- 4.1 Layout ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Wrap:
    """A key wrapped under another one (4.2): the 112 bytes that sealed records and passphrase slots share."""

    salt: bytes
    commitment: bytes
    wrapped_key: bytes

    def encode(self) -> bytes:
        return self.salt + self.commitment + self.wrapped_key

    @staticmethod
    def read(reader: Reader) -> Wrap:
        return Wrap(reader.take(32), reader.take(32), reader.take(48))


@dataclass(frozen=True)
class SealedRecord:
    key_id: bytes
    wrap: Wrap
    ciphertext: bytes

    def encode(self) -> bytes:
        start = b"KVSR" + bytes([FORMAT_VERSION, SUITE, 0, 0]) + self.key_id
        return start + self.wrap.encode() + len(self.ciphertext).to_bytes(4, "big") + self.ciphertext

    @staticmethod
    def parse(data: bytes) -> SealedRecord:
        check(len(data) <= 65_820, "4.1", "longer than any record")
        reader = Reader(data, "4.1")
        check(reader.take(4) == b"KVSR", "4.1", "not a sealed record")
        check_version(reader.number(1), FORMAT_VERSION, "8", "the record")
        check(reader.number(1) == SUITE, "3.1", "an unknown suite")
        reader.zeros(2)  # flags
        key_id, wrap, length = reader.take(16), Wrap.read(reader), reader.number(4)
        check(144 <= length <= 65_680 and (length - 16) % 128 == 0, "4.1", "an impossible length of ct")
        ciphertext = reader.take(length)
        reader.end()
        return SealedRecord(key_id, wrap, ciphertext)


# --- 4.2 Derivation --------------------------------------------------------------------------------------------------


def wrapping_key(outer: bytes, context: bytes, salt: bytes) -> tuple[bytes, bytes]:
    """Kw and C."""
    both = keyed_hash(512, outer, "wrap", salt + context)
    return both[:32], both[32:]


def wrap(outer: bytes, context: bytes, key: bytes) -> Wrap:
    salt = keyed_hash(256, outer, "salt", context + key)
    kw, commitment = wrapping_key(outer, context, salt)
    return Wrap(salt, commitment, AESGCM(kw).encrypt(NONCE, key, context))


def unwrap(outer: bytes, context: bytes, wrapped: Wrap) -> bytes:
    kw, commitment = wrapping_key(outer, context, wrapped.salt)
    if not hmac.compare_digest(commitment, wrapped.commitment):  # 4.2: before anything is decrypted
        raise CryptoError
    return decrypt(kw, context, wrapped.wrapped_key)


def decrypt(key: bytes, context: bytes, ciphertext: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(NONCE, ciphertext, context)
    except InvalidTag:
        raise CryptoError from None


def data_key(master_key: bytes, random: bytes, context: bytes, plaintext: bytes) -> bytes:
    return keyed_hash(256, master_key, "seed", random + context + plaintext)


def seal(
    master_key: bytes, place: Place, metadata: Metadata, secret: bytes, random: bytes | None = None
) -> SealedRecord:
    """`random` is given by test vectors alone."""
    plaintext = encode_plaintext(metadata, secret, place.retained)
    dek = data_key(master_key, random or secrets.token_bytes(32), place.context, plaintext)
    ciphertext = AESGCM(dek).encrypt(NONCE, plaintext, place.context)
    return SealedRecord(key_id_of(master_key), wrap(master_key, place.wrap_context, dek), ciphertext)


def open_record(master_keys: Iterable[bytes], place: Place, record: SealedRecord) -> tuple[Metadata, bytes]:
    """`master_keys` are those of the header's live keys that the reader holds."""
    dek = unwrap(_key_named(record.key_id, master_keys), place.wrap_context, record.wrap)
    return parse_plaintext(decrypt(dek, place.context, record.ciphertext), place.retained)


def rewrap(master_keys: Iterable[bytes], new_key: bytes, place: Place, record: SealedRecord) -> SealedRecord:
    dek = unwrap(_key_named(record.key_id, master_keys), place.wrap_context, record.wrap)
    return replace(record, key_id=key_id_of(new_key), wrap=wrap(new_key, place.wrap_context, dek))


def _key_named(key_id: bytes, master_keys: Iterable[bytes]) -> bytes:
    for key in master_keys:
        if key_id_of(key) == key_id:
            return key
    raise CryptoError  # 10: a key id that is not the key's is no error of its own


# --- 4.3 Plaintext ---------------------------------------------------------------------------------------------------

STATES_AND_REASONS = {(0, 0), (1, 1), (1, 2), (1, 3)}
LAST_VERDICT = 7
LONGEST_SECRET = 65_536


@dataclass(frozen=True)
class Metadata:
    """The 64 bytes, but for those that follow from the secret."""

    created: int
    updated: int
    state: int = 0
    reason: int = 0
    verdict: int = 0
    order: int = 0
    validated: int = 0
    expires: int = 0
    until: int = 0
    hint: bytes | None = None  # a writer may say b"", none; otherwise it is the secret's own


def hint_of(secret: bytes) -> bytes:
    shown = secret[:3] + secret[-4:]
    return shown if len(secret) >= 24 and _printable(shown) else b""


def _printable(data: bytes) -> bool:
    return all(0x21 <= byte <= 0x7E for byte in data)


def encode_plaintext(metadata: Metadata, secret: bytes, retained: bool) -> bytes:
    hint = hint_of(secret) if metadata.hint is None else metadata.hint
    check(hint in (b"", hint_of(secret)), "4.3", "a hint that is not the secret's")
    times = (metadata.created, metadata.updated, metadata.validated, metadata.expires, metadata.until)
    plaintext = (
        bytes([LAYOUT_VERSION, metadata.state, metadata.reason, metadata.verdict])
        + metadata.order.to_bytes(2, "big")
        + bytes(2)
        + len(secret).to_bytes(4, "big")
        + bytes([len(hint)])
        + hint.ljust(11, b"\0")
        + b"".join(time.to_bytes(8, "big") for time in times)
        + secret
    )
    plaintext += bytes(-len(plaintext) % 128)
    parse_plaintext(plaintext, retained)  # a writer keeps to all that a reader refuses
    return plaintext


def parse_plaintext(plaintext: bytes, retained: bool) -> tuple[Metadata, bytes]:
    reader = Reader(plaintext, "4.3")
    check(len(plaintext) >= 64, "4.3", "shorter than 64 bytes")
    check_version(reader.number(1), LAYOUT_VERSION, "4.3", "the plaintext")
    state, reason, verdict, order = reader.number(1), reader.number(1), reader.number(1), reader.number(2)
    check((state, reason) in STATES_AND_REASONS, "4.3", "an unknown state or reason")
    check(verdict <= LAST_VERDICT, "4.3", "an unknown verdict")
    reader.zeros(2)
    length, hint_length = reader.number(4), reader.number(1)
    check(1 <= length <= LONGEST_SECRET, "4.3", "a secret has 1 to 65,536 bytes")
    check(len(plaintext) == -(-(64 + length) // 128) * 128, "4.3", "a length that is not the secret's, rounded up")
    check(hint_length in (0, 7), "4.3", "an impossible length of the hint")
    hint = reader.take(hint_length)
    check(_printable(hint), "4.3", "a hint that cannot be printed")
    reader.zeros(11 - hint_length)
    created, updated, validated, expires, until = (reader.time() for _ in range(5))
    check(created != 0 and updated != 0, "4.3", "created and updated must be set")
    check(retained or state != 0 or until == 0, "4.3", "an enabled current row with an until")
    secret = reader.take(length)
    reader.zeros(len(plaintext) - 64 - length)
    return Metadata(created, updated, state, reason, verdict, order, validated, expires, until, hint), secret
