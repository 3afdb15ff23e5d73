"""A key service for the example: it makes master keys, keeps them in memory, and gives them to whoever has the token.

A real one keeps its keys in hardware, and logs who asked. Listens on 127.0.0.1 and prints the port.

    GET  /keys/ID   the 32 bytes of the key
    POST /keys      makes a key and gives its 32 bytes

Usage: service.py FILE-WITH-THE-TOKEN
"""

import hashlib
import hmac
import http.server
import pathlib
import secrets
import sys

token = pathlib.Path(sys.argv[1]).read_text().strip()
keys = {}


def key_id(key):
    """SPEC.md section 3.3."""
    return hashlib.blake2b(key=key, digest_size=16, person=b"KeyVault/1/keyid").hexdigest()


class Service(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer(keys.get(self.path.removeprefix("/keys/")))

    def do_POST(self):
        key = secrets.token_bytes(32) if self.path == "/keys" else None
        if key and self.is_authorized():
            keys[key_id(key)] = key
        self.answer(key)

    def is_authorized(self):
        return hmac.compare_digest(self.headers.get("Authorization", "").encode(), f"Bearer {token}".encode())

    def answer(self, key):
        if not self.is_authorized():
            self.send_error(401)
        elif key is None:
            self.send_error(404)
        else:
            self.send_response(200)
            self.send_header("Content-Type", "application/octet-stream")
            self.send_header("Content-Length", str(len(key)))
            self.end_headers()
            self.wfile.write(key)

    def log_message(self, *_):
        """Nothing is logged, so that nobody has to read the output."""


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service)
print(server.server_port, flush=True)
server.serve_forever()
