"""KeyVault's vault format, version 1, written from SPEC.md alone: an independent second reader and writer.

The tests hold it against the Swift one. It is made to be read beside SPEC.md: basics (sections 1 to 3 and 10), record
(4), header (5), store (6 and 7.1), log, hint and logstore (7.2), vault (all together). It wipes nothing from memory
and is not meant to guard anybody's keys.
"""
