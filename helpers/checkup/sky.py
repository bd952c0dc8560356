"""Which clouds SkyPilot may use, asked within a time limit; a server that was not there before is stopped.

Run by setup.sh as `python3 helpers/checkup/sky.py SKY SECONDS`. Exit 0: something is enabled; 1: not, or unknown.
"""

import os
import re
import signal
import socket
import subprocess
import sys

PORT = 46580
"""Where SkyPilot's own local API server listens; any `sky` command starts one (about 1 GB of memory) and leaves it."""


def main(sky: str, seconds: float) -> int:
    """Print what is enabled to stderr."""
    had_server = _listening()
    text = _run([sky, "check"], seconds)
    if not had_server and _listening():
        _run([sky, "api", "stop"], 60)
    if text is None:
        print(f"{sky} check gave no answer in {seconds:g} seconds; run it yourself", file=sys.stderr)
        return 1
    summary = enabled(text)
    print("\n".join(summary) or "nothing is enabled", file=sys.stderr)
    return 0 if summary else 1


def enabled(text: str) -> list[str]:
    """Return the lines of `sky check` that name what is enabled; its hints for every other cloud are left out."""
    lines = [re.sub(r"\x1b\[[0-9;]*m", "", line).strip() for line in text.splitlines()]
    return [line for line in lines if re.search(r":\s*enabled\b", line, re.IGNORECASE)]


def _run(command: list[str], seconds: float) -> str | None:
    """Return what a command printed.

    None when it did not end in time (its whole group is then ended) or is not there.
    """
    try:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
    except OSError:
        return None
    try:
        return child.communicate(timeout=seconds)[0]
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        return None


def _listening() -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", PORT)) == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], float(sys.argv[2])))
