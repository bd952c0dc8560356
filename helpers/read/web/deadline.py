"""Watching one request from the side: where its connection ends, and how long the whole takes."""

import contextlib
import socket
import threading
from typing import Any

from helpers import console
from helpers.read.web import destinations


class Watch:
    """Checks where a connection ends before anything is sent, and cuts it when the whole takes too long.

    httpx only limits each single read, so that a server that drips a byte at a time could hold us for ever.
    """

    def __init__(self, seconds: float, allowed: destinations.Reach | None, host: str) -> None:
        """`allowed`: which peers, None where a proxy makes the connection; it begins to count on entry."""
        self.allowed, self.host, self.over = allowed, host, False
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    def trace(self, event: str, info: dict[str, Any]) -> None:
        """Receive httpx's `trace` extension: a new connection, or the same under TLS."""
        if not event.endswith((".connect_tcp.complete", ".start_tls.complete")):
            return
        stream = info["return_value"]
        self._socket = stream.get_extra_info("socket")
        if self.allowed and event.endswith("connect_tcp.complete"):
            try:
                destinations.check_peer(str(stream.get_extra_info("server_addr")[0]), self.allowed, self.host)
            except console.Failure:
                stream.close()
                raise

    def _cut(self) -> None:
        self.over = True
        if self._socket is not None:
            with contextlib.suppress(OSError):
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
