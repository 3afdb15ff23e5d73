"""Opens the vaults of every released version (SPEC.md, section 8), on a copy, and compares every row."""

import json
import shutil
import tempfile
import unittest
from pathlib import Path

from interop import run_dump
from keyvault.basics import master_key_of_file
from keyvault.header import keys_of_passphrase
from keyvault.store import SQLiteStore

FROZEN = Path(__file__).parents[1] / "Frozen"


class Frozen(unittest.TestCase):
    def test_every_version(self) -> None:
        versions = sorted(FROZEN.glob("v*"))
        self.assertTrue(versions)
        for version in versions:
            with self.subTest(version.name), tempfile.TemporaryDirectory() as folder:
                copy = Path(shutil.copy(version / "vault.db", folder))
                key = master_key_of_file((version / "master.key").read_bytes())
                contents = json.loads((version / "contents.json").read_text())
                self.assertEqual(run_dump({"path": str(copy), "master_keys": [key.hex()]}), contents)
                with SQLiteStore(copy) as store:
                    passphrase = (version / "passphrase").read_bytes()
                    self.assertEqual(keys_of_passphrase(store.head().header, passphrase), [key])


if __name__ == "__main__":
    unittest.main()
