"""SPEC.md, section 5: the vault header, its keys and passphrase slots."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

from argon2.low_level import ARGON2_VERSION, Type, hash_secret_raw

from .basics import (
    FORMAT_VERSION,
    LAST_GENERATION,
    SUITE,
    CryptoError,
    DamagedHeaderError,
    MissingKeyError,
    OtherVaultError,
    Purpose,
    Reader,
    RetiredKeyError,
    WrongKeyError,
    check,
    check_version,
    context,
    key_id_of,
    keyed_hash,
)
from .record import Wrap, unwrap, wrap


class KeyState(IntEnum):
    LIVE = 1
    RETIRED = 2


@dataclass(frozen=True)
class ListedKey:
    """5.2"""

    id: bytes
    state: KeyState
    added: int

    def encode(self) -> bytes:
        return self.id + bytes([self.state]) + bytes(7) + self.added.to_bytes(8, "big")

    @staticmethod
    def read(reader: Reader) -> ListedKey:
        key_id, state = reader.take(16), reader.number(1)
        check(state in (KeyState.LIVE, KeyState.RETIRED), "5.2", "an unknown state of a key")
        reader.zeros(7)
        added = reader.time()
        check(added != 0, "5.2", "a key without the time it was added at")
        return ListedKey(key_id, KeyState(state), added)


@dataclass(frozen=True)
class Slot:
    """5.3"""

    key_id: bytes
    passes: int
    memory: int
    argon2_salt: bytes
    wrap: Wrap

    @property
    def parameters(self) -> bytes:
        return slot_parameters(self.key_id, self.passes, self.memory, self.argon2_salt)

    def encode(self) -> bytes:
        return self.parameters + self.wrap.encode()

    @staticmethod
    def read(reader: Reader) -> Slot:
        key_id = reader.take(16)
        check(reader.number(1) == 1, "5.3", "an unknown algorithm of a slot")
        reader.zeros(3)
        passes, memory, salt = reader.number(4), reader.number(8), reader.take(16)
        reader.zeros(16)
        check_costs(passes, memory)
        return Slot(key_id, passes, memory, salt, Wrap.read(reader))

    @staticmethod
    def make(
        passphrase: bytes, master_key: bytes, vault_id: bytes, passes: int, memory: int, salt: bytes | None = None
    ) -> Slot:
        """`salt`, Argon2id's, is given by test vectors alone."""
        check_costs(passes, memory)
        salt = salt or secrets.token_bytes(16)
        parameters = slot_parameters(key_id_of(master_key), passes, memory, salt)
        outer = passphrase_key(passphrase, passes, memory, salt)
        wrapped = wrap(outer, context(Purpose.SLOT, vault_id, 0, parameters), master_key)
        return Slot(key_id_of(master_key), passes, memory, salt, wrapped)

    def open(self, passphrase: bytes, vault_id: bytes) -> bytes:
        outer = passphrase_key(passphrase, self.passes, self.memory, self.argon2_salt)
        key = unwrap(outer, context(Purpose.SLOT, vault_id, 0, self.parameters), self.wrap)
        if key_id_of(key) != self.key_id:
            raise CryptoError
        return key


def slot_parameters(key_id: bytes, passes: int, memory: int, salt: bytes) -> bytes:
    costs = passes.to_bytes(4, "big") + memory.to_bytes(8, "big")
    return key_id + bytes([1, 0, 0, 0]) + costs + salt + bytes(16)


def check_costs(passes: int, memory: int) -> None:
    """Before any memory is allocated."""
    check(2 <= passes <= 64, "5.3", "passes out of range")
    check(64 * 2**20 <= memory <= 4 * 2**30 and memory % 1024 == 0, "5.3", "memory out of range")


def passphrase_key(passphrase: bytes, passes: int, memory: int, salt: bytes) -> bytes:
    assert ARGON2_VERSION == 0x13
    return hash_secret_raw(
        passphrase, salt, time_cost=passes, memory_cost=memory // 1024, parallelism=1, hash_len=32, type=Type.ID
    )


@dataclass(frozen=True)
class Header:
    vault_id: bytes
    generation: int
    active_key_id: bytes
    keys: tuple[ListedKey, ...]
    slots: tuple[Slot, ...] = ()
    minimum_suite: int = 1

    @property
    def live_key_ids(self) -> list[bytes]:
        return [key.id for key in self.keys if key.state is KeyState.LIVE]

    @property
    def body(self) -> bytes:
        """5.1: everything before the codes."""
        start = b"KVHD" + bytes([FORMAT_VERSION, self.minimum_suite, 0, 0]) + self.vault_id
        counts = len(self.keys).to_bytes(2, "big") + len(self.slots).to_bytes(2, "big") + bytes(4)
        lists = b"".join([key.encode() for key in self.keys] + [slot.encode() for slot in self.slots])
        return start + self.generation.to_bytes(8, "big") + self.active_key_id + counts + lists

    def encode(self, master_keys: Iterable[bytes]) -> bytes:
        """Takes every live key, in any order; a writer holds them all."""
        held = {key_id_of(key): key for key in master_keys}
        codes = b"".join(header_code(held[key_id], self.body) for key_id in self.live_key_ids)
        Header.parse(self.body + codes)  # a writer keeps to all that a reader refuses
        return self.body + codes

    @staticmethod
    def parse(data: bytes) -> tuple[Header, list[bytes]]:
        """The header, of which nothing may be believed yet, and its codes."""
        check(len(data) <= 6_968, "5.1", "longer than any header")
        reader = Reader(data, "5.1")
        check(reader.take(4) == b"KVHD", "5.1", "not a vault header")
        check_version(reader.number(1), FORMAT_VERSION, "8", "the header")
        minimum_suite = reader.number(1)
        check(minimum_suite == SUITE, "3.1", "an unknown minimum suite")
        reader.zeros(2)
        vault_id, generation, active = reader.take(16), reader.number(8), reader.take(16)
        check(1 <= generation <= LAST_GENERATION, "5.1", "an impossible generation")
        key_count, slot_count = reader.number(2), reader.number(2)
        check(1 <= key_count <= 64, "5.1", "1 to 64 keys")
        check(slot_count <= 16, "5.1", "0 to 16 slots")
        reader.zeros(4)
        keys = tuple(ListedKey.read(reader.within("5.2")) for _ in range(key_count))
        slots = tuple(Slot.read(reader.within("5.3")) for _ in range(slot_count))
        header = Header(vault_id, generation, active, keys, slots, minimum_suite)
        live = header.live_key_ids
        check(len({key.id for key in keys}) == key_count, "5.2", "a key that is listed twice")
        check(active in live, "5.2", "an active key that is not live")
        check(all(slot.key_id in live for slot in slots), "5.3", "a slot of a key that is not live")
        codes = [reader.within("5.1").take(32) for _ in live]
        reader.end()
        return header, codes

    # 5.2: the steps of a rotation. Each is one generation.

    def adding(self, key_id: bytes, added: int) -> Header:
        check(key_id not in (key.id for key in self.keys), "5.2", "the key is listed already")
        check(len(self.keys) < 64, "5.2", "the list of keys is full")
        return replace(self._next(), keys=(*self.keys, ListedKey(key_id, KeyState.LIVE, added)))

    def activating(self, key_id: bytes) -> Header:
        check(key_id in self.live_key_ids, "5.2", "only a live key can be active")
        return replace(self._next(), active_key_id=key_id)

    def retiring(self, key_id: bytes) -> Header:
        """The caller has scanned all rows after the activation, and found none under this key."""
        check(key_id != self.active_key_id, "5.2", "the active key cannot be retired")
        check(key_id in self.live_key_ids, "5.2", "only a live key can be retired")
        keys = (replace(key, state=KeyState.RETIRED) if key.id == key_id else key for key in self.keys)
        slots = (slot for slot in self.slots if slot.key_id != key_id)
        return replace(self._next(), keys=tuple(keys), slots=tuple(slots))

    def _next(self) -> Header:
        check(self.generation < LAST_GENERATION, "6", "the generations are used up")
        return replace(self, generation=self.generation + 1)


def header_code(master_key: bytes, body: bytes) -> bytes:
    return keyed_hash(256, master_key, "head", body)


def open_header(
    data: bytes,
    store_generation: int,
    master_keys: Sequence[bytes],
    *,
    expected_vault_id: bytes | None = None,
    seen_generation: int = 0,
) -> Header:
    """5.4. `master_keys` in the caller's order; retired ones are passed over, the first of the others must be live."""
    header, codes = Header.parse(data)
    if expected_vault_id not in (None, header.vault_id):
        raise OtherVaultError
    states = {key.id: key.state for key in header.keys}
    held = {key_id_of(key): key for key in master_keys}
    decisive = [states.get(key_id) for key_id in held if states.get(key_id) is not KeyState.RETIRED]
    if held and not decisive:
        raise RetiredKeyError
    if not decisive or decisive[0] is None:
        raise WrongKeyError
    if any(key_id not in held for key_id in header.live_key_ids):
        raise MissingKeyError
    codes_here = [header_code(held[key_id], header.body) for key_id in header.live_key_ids]
    if not hmac.compare_digest(b"".join(codes_here), b"".join(codes)):
        raise DamagedHeaderError
    if header.generation != store_generation or header.generation < seen_generation:
        raise DamagedHeaderError
    return header


def keys_of_passphrase(data: bytes, passphrase: bytes) -> list[bytes]:
    """The live keys that the passphrase opens the slots of (5.3); the vault id that binds them is not believed yet."""
    header, _ = Header.parse(data)
    keys: dict[bytes, bytes] = {}
    for slot in header.slots:
        try:
            keys[slot.key_id] = slot.open(passphrase, header.vault_id)
        except CryptoError:
            continue  # a slot of another passphrase
    return list(keys.values())
