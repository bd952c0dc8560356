"""A real headless Chromium, spoken to over two pipes in its own protocol; no driver and no network."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")


class Browser:
    """One page of a headless browser; what the page says on its console, and its errors, are in `said`."""

    def __init__(self, home: Path, *, width: int = 1200, height: int = 1400) -> None:
        to_read, to_write = os.pipe(), os.pipe()
        for place in (home, home / "tmp"):
            place.mkdir(parents=True, exist_ok=True)

        def wire() -> None:
            os.dup2(to_read[0], 3)
            os.dup2(to_write[1], 4)

        own = [os.dup2(fd, fd + 40, inheritable=True) for fd in (to_read[0], to_write[1])]
        to_read, to_write = (own[0], to_read[1]), (to_write[0], own[1])
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe", "--no-first-run"]
        self.process = subprocess.Popen(
            [str(CHROMIUM), *flags, f"--user-data-dir={home}", f"--window-size={width},{height}", "about:blank"],
            preexec_fn=wire,
            close_fds=False,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "HOME": str(home)},
        )
        for fd in own:
            os.close(fd)
        self._out, self._in = to_read[1], os.fdopen(to_write[0], "rb")
        self._number, self._session, self._rest = 0, "", b""
        self.said: list[str] = []
        self.asked: list[str] = []
        page = next(t for t in self.call("Target.getTargets")["targetInfos"] if t["type"] == "page")
        self._session = self.call("Target.attachToTarget", targetId=page["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **values: Any) -> dict[str, Any]:
        """Send one command and return its answer."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": values}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return dict(answer["result"])

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            part = os.read(self._in.fileno(), 1 << 20)
            assert part, "the browser has ended"
            self._rest += part
        text, _, self._rest = self._rest.partition(b"\0")
        event: dict[str, Any] = json.loads(text)
        if event.get("method") in ("Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded"):
            self.said.append(json.dumps(event["params"])[:600])
        elif event.get("method") == "Network.requestWillBeSent":
            self.asked.append(event["params"]["request"]["url"][:200])
        return event

    def open(self, address: str) -> None:
        """Load a page and wait until it has painted."""
        self.call("Page.navigate", url=address)
        wait = "const f = () => document.readyState === 'complete' ? setTimeout(r, 150) : setTimeout(f, 20); f();"
        self.run(f"new Promise(r => {{ {wait} }})")

    def run(self, script: str) -> Any:
        """Return the value of an expression in the page; a promise is awaited."""
        given = {"expression": script, "awaitPromise": True, "returnByValue": True}
        answer = self.call("Runtime.evaluate", **given)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def reset(self) -> None:
        """Leave the page, its window and what was heard as they were in the beginning."""
        self.call("Emulation.setEmulatedMedia", media="", features=[])
        self.call("Page.setBypassCSP", enabled=False)
        self.call("Emulation.clearDeviceMetricsOverride")
        self.open("about:blank")
        self.said.clear()
        self.asked.clear()

    def close(self) -> None:
        """End it."""
        self.process.kill()
        self.process.wait()
        os.close(self._out)
        self._in.close()
