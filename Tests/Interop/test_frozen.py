"""Opens the vaults of every released version (SPEC.md, section 8), on a copy, and compares every row."""

import json
import shutil
import tempfile
import unittest
from pathlib import Path
from typing import Any

from interop import run_dump, run_log
from keyvault.basics import master_key_of_file
from keyvault.header import keys_of_passphrase
from keyvault.vault import Vault

FROZEN = Path(__file__).parents[1] / "Frozen"


class Frozen(unittest.TestCase):
    def test_every_version(self) -> None:
        versions = sorted(FROZEN.glob("v*"))
        self.assertTrue(versions)
        for version in versions:
            for name, contents in [("vault.db", "contents.json"), ("flat.vault", "flat.json")]:
                with self.subTest(version.name, name=name), tempfile.TemporaryDirectory() as folder:
                    for file in version.glob(f"{name}*"):
                        shutil.copy(file, folder)
                    self.check(version, Path(folder) / name, json.loads((version / contents).read_text()))

    def check(self, version: Path, copy: Path, contents: dict[str, Any]) -> None:
        key = master_key_of_file((version / "master.key").read_bytes())
        self.assertEqual(run_dump({"path": str(copy), "master_keys": [key.hex()]}), contents)
        vault = Vault.open(copy, [key])
        passphrase = (version / "passphrase").read_bytes()
        self.assertEqual(keys_of_passphrase(vault.store.head().header, passphrase), [key])
        vault.close()

    def test_the_hint_is_that_of_its_log(self) -> None:
        for version in sorted(FROZEN.glob("v*")):
            log = run_log({"path": str(version / "flat.vault")})
            rows = json.loads((version / "flat.json").read_text())["records"]
            self.assertEqual((log["outcome"], log["entries"], log["whole"]), ("intact", len(rows), True))


if __name__ == "__main__":
    unittest.main()
