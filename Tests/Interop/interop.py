"""The other side of the interop tests: `python3 interop.py COMMAND` takes one JSON object and gives one.

Bytes are hexadecimal; the names of the members are those of SPEC.md, section 11.

    seal     {records: [request with a secret, and its metadata]}          -> {records: [hex]}
    open     {records: [request with a record]}                            -> {records: [metadata and secret]}
    rewrap   {new_key, records: [request with a record]}                   -> {records: [hex]}
    header   {vault_id, generation, active_key_id, keys, master_keys, slots} -> {header}
    check    {header, store_generation, master_keys, passphrase}           -> {the header's fields, slot_keys}
    create   {path, flat, master_keys, added, records, slots, unfinished}  -> {the header's fields}
    dump     {path, master_keys}                                           -> {the header's fields, records}
    log      {path}                                                        -> {outcome, and what the log is made of}
"""

import json
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from keyvault.basics import NewerFormatError, Place, RecordID, key_id_of
from keyvault.header import Header, KeyState, ListedKey, Slot, keys_of_passphrase, open_header
from keyvault.hint import HintedLog
from keyvault.log import CorruptLogError, read_log
from keyvault.logstore import LogWriter, hinted_log
from keyvault.record import Metadata, SealedRecord, open_record, rewrap, seal
from keyvault.store import ForeignFileError, SQLiteStore
from keyvault.vault import Opened, Vault

Object = dict[str, Any]
NUMBERS = ("created", "updated", "state", "reason", "verdict", "order", "validated", "expires", "until")


def place(request: Object) -> Place:
    retained = {"current": False, "retained": True}[request["kind"]]
    return Place(bytes.fromhex(request["vault_id"]), record_id(request), request["revision"], retained)


def record_id(request: Object) -> RecordID:
    return RecordID(request["tenant"], request["provider"], request["label"])


def master_key(request: Object) -> bytes:
    return bytes.fromhex(request["master_key"])


def master_keys(request: Object) -> list[bytes]:
    return [bytes.fromhex(key) for key in request["master_keys"]]


def metadata(request: Object) -> Metadata:
    return Metadata(**{name: request[name] for name in NUMBERS})


def opened(metadata: Metadata, secret: bytes) -> Object:
    return {**asdict(metadata), "hint": (metadata.hint or b"").hex(), "secret": secret.hex()}


def described(header: Header) -> Object:
    return {
        "vault_id": header.vault_id.hex(),
        "generation": header.generation,
        "minimum_suite": header.minimum_suite,
        "active_key_id": header.active_key_id.hex(),
        "keys": [{"id": key.id.hex(), "state": int(key.state), "added": key.added} for key in header.keys],
        "slots": [slot.key_id.hex() for slot in header.slots],
    }


def slot_of(slot: Object, vault_id: bytes) -> Slot:
    return Slot.make(bytes.fromhex(slot["passphrase"]), master_key(slot), vault_id, slot["passes"], slot["memory"])


def run_seal(request: Object) -> Object:
    def one(record: Object) -> SealedRecord:
        return seal(master_key(record), place(record), metadata(record), bytes.fromhex(record["secret"]))

    return {"records": [one(record).encode().hex() for record in request["records"]]}


def run_open(request: Object) -> Object:
    def one(record: Object) -> Object:
        sealed = SealedRecord.parse(bytes.fromhex(record["record"]))
        return opened(*open_record([master_key(record)], place(record), sealed))

    return {"records": [one(record) for record in request["records"]]}


def run_rewrap(request: Object) -> Object:
    new_key = bytes.fromhex(request["new_key"])
    records = []
    for record in request["records"]:
        old = SealedRecord.parse(bytes.fromhex(record["record"]))
        records.append(rewrap([master_key(record)], new_key, place(record), old).encode().hex())
    return {"records": records}


def run_header(request: Object) -> Object:
    vault_id = bytes.fromhex(request["vault_id"])
    keys = tuple(ListedKey(bytes.fromhex(k["id"]), KeyState(k["state"]), k["added"]) for k in request["keys"])
    slots = tuple(slot_of(slot, vault_id) for slot in request["slots"])
    header = Header(vault_id, request["generation"], bytes.fromhex(request["active_key_id"]), keys, slots)
    return {"header": header.encode(master_keys(request)).hex()}


def run_check(request: Object) -> Object:
    data = bytes.fromhex(request["header"])
    header = open_header(data, request["store_generation"], master_keys(request))
    passphrase = bytes.fromhex(request["passphrase"])
    slot_keys = keys_of_passphrase(data, passphrase) if passphrase else []
    return {**described(header), "slot_keys": [key.hex() for key in slot_keys]}


def run_create(request: Object) -> Object:
    """The first key makes the vault; the records are put; the vault is rotated to each further key; slots are added.

    With `unfinished` one more key is activated, and nothing is rewrapped: the vault is left with two live keys. With
    `flat` the vault is a log, else a SQLite file.
    """
    first, *further = master_keys(request)
    added = request["added"]
    new = LogWriter.create if request.get("flat") else SQLiteStore.create
    vault = Vault.create(Path(request["path"]), first, added, new)
    for record in request["records"]:
        vault.put(record_id(record), bytes.fromhex(record["secret"]), metadata(record), record.get("retain_until"))
    for number, key in enumerate(further, start=1):
        vault.rotate(key, added + number)
    if request.get("unfinished"):
        last = bytes.fromhex(request["unfinished"])
        vault.write_header(vault.header.adding(key_id_of(last), added), [*vault.keys, last])
        vault.write_header(vault.header.activating(key_id_of(last)), vault.keys)
    if request["slots"]:
        slots = tuple(slot_of(slot, vault.header.vault_id) for slot in request["slots"])
        header = replace(vault.header, generation=vault.header.generation + 1, slots=slots)
        vault.write_header(header, vault.keys)
    vault.close()
    return described(vault.header)


def run_dump(request: Object) -> Object:
    vault = Vault.open(Path(request["path"]), master_keys(request))
    records = []
    for row in vault.opened():
        if not isinstance(row, Opened):
            raise SystemExit("a row that does not open")
        names = {**asdict(row.id), "revision": row.revision, "kind": "retained" if row.retained else "current"}
        records.append({**names, **opened(row.metadata, row.secret)})
    vault.close()
    return {**described(vault.header), "records": records}


def run_log(request: Object) -> Object:
    """What opening a log comes to, before any row is asked for."""
    path = Path(request["path"])
    data = path.read_bytes()
    try:
        hinted = hinted_log(path, data)
        log = read_log(data, hinted.checkpoint if hinted else None)
    except (CorruptLogError, ForeignFileError, NewerFormatError) as error:
        outcome = {CorruptLogError: "corrupt", ForeignFileError: "foreign", NewerFormatError: "newer"}[type(error)]
        return {"outcome": outcome, "offset": getattr(error, "offset", None)}
    answer = {
        "outcome": "torn" if log.torn else "intact",
        "generation": log.header.generation,
        "end": log.end,
        "frames": [asdict(frame) | {"payload": len(frame.payload)} for frame in log.frames],
    }
    if hinted is None:
        return answer
    _, damage = hinted.state()
    damaged = sorted(error.offset for error in damage.values())
    return {**answer, "entries": len(hinted.hint.entries), "damaged": damaged, "whole": is_whole(data, hinted)}


def is_whole(data: bytes, hinted: HintedLog) -> bool:
    """Whether the log can be read without its hint; then the hint has to say the same."""
    try:
        read_log(data)
    except CorruptLogError:
        return False
    hinted.check_entries()
    return True


COMMANDS = {
    "seal": run_seal,
    "open": run_open,
    "rewrap": run_rewrap,
    "header": run_header,
    "check": run_check,
    "create": run_create,
    "dump": run_dump,
    "log": run_log,
}

if __name__ == "__main__":
    json.dump(COMMANDS[sys.argv[1]](json.load(sys.stdin)), sys.stdout, indent=1)
