"""SPEC.md, sections 1 to 3 and 10: errors, conventions, identifiers, contexts, master keys."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from enum import IntEnum
from hashlib import blake2b
from typing import NoReturn

FORMAT_VERSION = SUITE = 1
LAST_TIME = 253_402_300_799_999  # 1: the end of the year 9999
LAST_REVISION = LAST_GENERATION = 2**63 - 1  # 2, 5.1


# --- 10 Errors -------------------------------------------------------------------------------------------------------


class VaultError(Exception):
    """A refusal. Never holds a secret, a key, or any of the refused bytes."""


class FormatError(VaultError):
    """Bytes that break a rule that can be checked without a key, or an authentic plaintext that 4.3 refuses."""

    def __init__(self, section: str, why: str) -> None:
        super().__init__(f"section {section}: {why}")
        self.section = section


class NewerFormatError(FormatError):
    """Written by a later release (8)."""


class CryptoError(VaultError):
    """The one error for all failures of cryptography."""

    def __init__(self) -> None:
        super().__init__("not authentic under this key, in this place")


class WrongKeyError(VaultError):
    """The first of the caller's keys that is not retired is not listed in the header (5.4)."""


class RetiredKeyError(VaultError):
    """The caller has none but retired keys (5.4)."""


class MissingKeyError(VaultError):
    """A live key is not among the caller's (5.4)."""


class OtherVaultError(VaultError):
    """Not the vault that was expected (5.4)."""


class DamagedHeaderError(VaultError):
    """A code or the generation does not match (5.1)."""


def refuse(section: str, why: str) -> NoReturn:
    raise FormatError(section, why)


def check(holds: bool, section: str, why: str) -> None:
    if not holds:
        refuse(section, why)


def check_version(version: int, expected: int, section: str, what: str) -> None:
    if version != expected:  # 8: never guessed, skipped or tried
        raise NewerFormatError(section, f"{what} has version {version}; a later release is needed")


# --- 1 Conventions ---------------------------------------------------------------------------------------------------


class Reader:
    """Takes fields off the front of some bytes. `section` is the one that lays them out."""

    def __init__(self, data: bytes, section: str) -> None:
        self.data, self.at, self.section = data, 0, section

    def within(self, section: str) -> Reader:
        """The same bytes, from here on laid out by another section."""
        self.section = section
        return self

    def take(self, length: int) -> bytes:
        check(length <= len(self.data) - self.at, self.section, "ends within a field")
        self.at += length
        return self.data[self.at - length : self.at]

    def number(self, length: int) -> int:
        return int.from_bytes(self.take(length), "big")

    def zeros(self, length: int) -> None:
        check(not any(self.take(length)), self.section, "a field that must be zero is not")

    def time(self) -> int:
        time = self.number(8)
        check(time <= LAST_TIME, "1", "a time after the year 9999")
        return time

    def end(self) -> None:
        check(self.at == len(self.data), self.section, "bytes behind the end")


# --- 2 Identifiers ---------------------------------------------------------------------------------------------------


def name_of(data: bytes) -> str:
    """A name from its bytes. It is never normalised, folded or trimmed."""
    check(1 <= len(data) <= 255, "2", "a name must have 1 to 255 bytes")
    try:
        name = data.decode()  # Python's decoder refuses surrogates, overlong forms and all above U+10FFFF
    except UnicodeDecodeError:
        raise FormatError("2", "a name must be UTF-8") from None
    for character in name:
        check(character != "/", "2", "a name must not hold a slash")
        check(not (character < " " or "\x7f" <= character <= "\x9f"), "2", "a name must not hold control characters")
    return name


@dataclass(frozen=True, order=True)
class RecordID:
    """Python orders strings by code points, which is the order of the bytes of UTF-8, as section 2 wants it."""

    tenant: str
    provider: str
    label: str = "default"

    def __post_init__(self) -> None:
        for name in (self.tenant, self.provider, self.label):
            name_of(name.encode(errors="surrogatepass"))

    @staticmethod
    def of_bytes(tenant: bytes, provider: bytes, label: bytes) -> RecordID:
        return RecordID(name_of(tenant), name_of(provider), name_of(label))

    @staticmethod
    def of_reference(text: str) -> RecordID:
        names = text.split("/")
        check(len(names) in (2, 3), "2", "a reference is TENANT/PROVIDER or TENANT/PROVIDER/LABEL")
        return RecordID(*names)

    @property
    def reserved(self) -> bool:
        return self.tenant.startswith("_")

    def encode(self) -> bytes:
        names = (name.encode() for name in (self.tenant, self.provider, self.label))
        return b"".join(bytes([len(name)]) + name for name in names)


def check_revision(revision: int) -> None:
    check(1 <= revision <= LAST_REVISION, "2", "a revision is from 1 to 2^63 - 1")


# --- 3.2 Context -----------------------------------------------------------------------------------------------------


class Purpose(IntEnum):
    RECORD = 1
    RETAINED = 2
    WRAP = 3
    SLOT = 4


def context(purpose: Purpose, vault_id: bytes, revision: int, tail: bytes) -> bytes:
    """`tail` is the encoded identifier, or for a slot its 64 bytes of parameters (and then the revision is 0)."""
    assert len(vault_id) == 16
    return b"KVCX" + bytes([FORMAT_VERSION, SUITE, purpose, 0]) + vault_id + revision.to_bytes(8, "big") + tail


@dataclass(frozen=True)
class Place:
    """Where a row is: all that its contexts bind. None of it comes from the sealed record."""

    vault_id: bytes
    id: RecordID
    revision: int
    retained: bool = False

    def __post_init__(self) -> None:
        check_revision(self.revision)

    @property
    def context(self) -> bytes:
        """context(record), or context(retained) for a retained row (4.4)."""
        return self._context(Purpose.RETAINED if self.retained else Purpose.RECORD)

    @property
    def wrap_context(self) -> bytes:
        return self._context(Purpose.WRAP)

    def _context(self, purpose: Purpose) -> bytes:
        return context(purpose, self.vault_id, self.revision, self.id.encode())


# --- 3.3 Master keys, 3.4 Personalisations ---------------------------------------------------------------------------


def keyed_hash(bits: int, key: bytes, use: str, data: bytes) -> bytes:
    """BLAKE2b-bits(key, personal: "KeyVault/1/use", data); hashlib fills the personalisation up with zeros."""
    assert len(key) == 32
    return blake2b(data, digest_size=bits // 8, key=key, person=b"KeyVault/1/" + use.encode()).digest()


def key_id_of(master_key: bytes) -> bytes:
    return keyed_hash(128, master_key, "keyid", b"")


def without_line_break(content: bytes) -> bytes:
    return content.removesuffix(b"\n").removesuffix(b"\r") if content.endswith(b"\n") else content


def master_key_of_file(content: bytes) -> bytes:
    key = content if len(content) == 32 else _master_key_of_text(content)
    check(len(set(key)) > 1, "3.3", "a master key whose bytes are all the same")
    typed = without_line_break(key)
    check(not all(0x20 <= byte <= 0x7E for byte in typed), "3.3", "a typed password is no master key")
    return key


def _master_key_of_text(content: bytes) -> bytes:
    text = without_line_break(content)
    try:
        if len(text) == 64:
            return binascii.unhexlify(text)
        if len(text) == 43 or (len(text) == 44 and text.endswith(b"=")):
            key = base64.b64decode(text[:43] + b"=", validate=True)
            check(base64.b64encode(key)[:43] == text[:43], "3.3", "unused bits of base64 that are not zero")
            if len(key) == 32:
                return key
    except binascii.Error:
        pass
    refuse("3.3", "not a master key: neither 32 bytes nor 64 hexadecimal digits nor base64 of 32 bytes")
