"""The live page on this machine alone: it reads, and no request changes anything."""

import hashlib
import http.server
import json
from typing import Any
from urllib.parse import unquote, urlsplit

from helpers import console, git
from helpers.record.report import html, page_data, projection


class Server(http.server.ThreadingHTTPServer):
    """Listens on a free port of the loopback and answers only who names it so: no other page can ask through a name."""

    daemon_threads = True

    def __init__(self, repository: git.Repository, steps: page_data.Steps) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.repository, self.steps = repository, steps

    @property
    def address(self) -> str:
        """The page's address."""
        return f"http://127.0.0.1:{self.server_port}/"

    def document(self) -> dict[str, Any]:
        """Return what the page shows now."""
        return page_data.load(self.repository, self.steps, detailed=False)

    def data(self) -> tuple[bytes, str]:
        """Return the same as text, and its tag."""
        found = html.as_data(self.document()).encode()
        return found, f'"{hashlib.sha256(found).hexdigest()[:16]}"'


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers GET of the page, its data and one experiment's diff and log."""

    server: Server
    server_version, sys_version = "autoresearch", ""

    def do_GET(self) -> None:
        """Answer a request."""
        port = self.server.server_port
        if self.headers.get("Host") not in (f"127.0.0.1:{port}", f"localhost:{port}"):
            self._send(403, b"this page answers on this machine alone\n", "text/plain")
            return
        path = urlsplit(self.path).path
        try:
            self._answer(path)
        except console.Failure as failure:
            self._send(500, failure.message.encode(), "text/plain")

    do_HEAD = do_GET  # noqa: N815 - likewise

    def _answer(self, path: str) -> None:
        if path == "/":
            text = html.page(self.server.document(), live=True)
            self._send(200, text.encode(), "text/html")
        elif path == "/data.json":
            found, tag = self.server.data()
            same = self.headers.get("If-None-Match") == tag
            self._send(304 if same else 200, b"" if same else found, "application/json", tag)
        elif path.startswith("/experiment/"):
            self._send(*self._experiment(unquote(path.removeprefix("/experiment/"))), "application/json")
        else:
            self._send(404, b"nothing is here\n", "text/plain")

    def _experiment(self, name: str) -> tuple[int, bytes]:
        session = projection.load(self.server.repository.root)
        found = next((exp for exp in session.experiments if exp.name == name), None)
        said: dict[str, Any] = page_data.more(self.server.repository, found) if found else {"note": "there is none"}
        return (200 if found else 404), json.dumps(said).encode()

    def _send(self, code: int, body: bytes, kind: str, tag: str = "") -> None:
        self.send_response(code)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        for name, value in (("X-Content-Type-Options", "nosniff"), ("Cache-Control", "no-store"), ("ETag", tag)):
            if value:
                self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing: what a request holds is somebody else's text."""
