"""Scripts as processes of their own without the start of an interpreter: forks of one that has the modules loaded.

Each has its own arguments, folder, environment and files, and ends as it would by itself. With AUTORESEARCH_COLD=1 an
interpreter is started for every script, as users do; a script that is given somebody else's variable always gets one.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import pickle
import runpy
import socket
import subprocess
import sys
import threading
from pathlib import Path
from subprocess import PIPE

BUNDLE = Path(__file__).resolve().parent.parent
NOT_LOADED = ("helpers.read.pdf", "helpers.checkup", "helpers.demo")
STREAMS = ("stdin", "stdout", "stderr")
"""Of the interpreter that is forked: pipes, as those of the scripts are, since Python looks at what they are."""
_servers = threading.local()


def cold(argv: list[str], cwd: Path, env: dict[str, str], stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run a script in an interpreter of its own."""
    command = [sys.executable, *argv]
    return subprocess.run(command, cwd=cwd, env=env, input=stdin, capture_output=True, text=True, errors="replace")


def run(
    argv: list[str], cwd: Path, env: dict[str, str], stdin: str | None = None, packages: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run a script as subprocess.run would: with its output as text. `packages` are imported already, in words."""
    if "AUTORESEARCH_COLD" in os.environ:
        return cold(argv, cwd, env, stdin)
    channel, process = vars(_servers).get(packages, (None, None))
    if process is None or process.poll() is not None:  # a test may end all it finds
        channel, other = socket.socketpair()
        with other:
            command = [sys.executable, __file__, str(other.fileno()), *packages.split()]
            process = subprocess.Popen(command, pass_fds=[other.fileno()], **dict.fromkeys(STREAMS, PIPE))
        vars(_servers)[packages] = channel, process
    ours, theirs = zip(*(os.pipe()[:: 1 if place else -1] for place in range(3)), strict=True)
    socket.send_fds(channel, [b"!"], theirs)
    channel.sendall(pickle.dumps((argv, str(cwd), env)))
    for end in theirs:
        os.close(end)
    texts: list[bytes] = [b"", b"", b""]

    def take(place: int) -> None:
        with os.fdopen(ours[place], "rb") as file:
            texts[place] = file.read()

    def give() -> None:
        with contextlib.suppress(BrokenPipeError), os.fdopen(ours[0], "wb") as file:
            file.write((stdin or "").encode())

    workers = [threading.Thread(target=give), *(threading.Thread(target=take, args=(place,)) for place in (1, 2))]
    for worker in workers:
        worker.start()
    code = os.waitstatus_to_exitcode(int(channel.recv(100)))
    for worker in workers:
        worker.join()
    out, err = (text.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n") for text in texts[1:])
    return subprocess.CompletedProcess(argv, code, out, err)


def _serve(channel: socket.socket) -> None:
    """Fork a script for each request until the tests are over; returns in the fork, at the script's place."""
    words = channel.makefile("rb")
    while True:
        called, files, _, _ = socket.recv_fds(channel, 1, 3)
        if not called:
            os._exit(0)
        argv, cwd, env = pickle.load(words)
        pid = os.fork()
        if not pid:
            break
        for file in files:
            os.close(file)
        channel.send(str(os.waitpid(pid, 0)[1]).encode())
    words.close()
    channel.close()
    for place, file in enumerate(files):
        os.dup2(file, place)
        os.close(file)
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    sys.argv, sys.path[0] = argv, str(Path(argv[0]).parent)


if __name__ == "__main__":
    sys.path.insert(1, str(BUNDLE))
    for module in sorted(BUNDLE.glob("helpers/**/[a-z]*.py")):
        name = ".".join(module.relative_to(BUNDLE).with_suffix("").parts)
        if not name.startswith(NOT_LOADED):
            with contextlib.suppress(ImportError):  # a package that is not here is one that not every script needs
                importlib.import_module(name)
    for package in sys.argv[2:]:
        importlib.import_module(package)
    gc.freeze()
    _serve(socket.socket(fileno=int(sys.argv[1])))
    sys.path.remove(str(BUNDLE))
    runpy.run_path(sys.argv[0], run_name="__main__")
