"""One side of a comparison: a clean build in a folder of its own, measured one call at a time."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from helpers import paths
from helpers.run import execute, metric, sandbox, slots, walls
from helpers.run.task import BENCH_TIMEOUT, BUILD_CMD, CHECK_TIMEOUT, Task

BROKEN = "broken"


class Trees(Protocol):
    """Where a side's content comes from: the user's objects, or folders that were sent to a worker."""

    def restore(self, tree: str, target: Path) -> None:
        """Write the content of `tree` into the folder `target`."""


class SideError(Exception):
    """A side cannot be built or measured; the message says why."""


@dataclass
class Side:
    """A tree, built in `folder`/copy with a HOME and temporary folder of its own.

    `padding` bytes are added to the environment, so that sides with several layouts differ in how the stack is aligned.
    """

    root: Path
    tree: str
    folder: Path
    task: Task
    passed: list[str]
    layout: int = 0
    env: dict[str, str] = field(default_factory=dict)
    before: dict[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def copy(self) -> Path:
        """The folder that the program is built and run in."""
        return self.folder / "copy"

    def build(self, trees: Trees) -> None:
        """Restore the tree and build it; raises SideError with the end of what the build printed."""
        shutil.rmtree(self.folder, ignore_errors=True)
        trees.restore(self.tree, self.copy)
        extra = {"AUTORESEARCH_REPEATS": "1", "AUTORESEARCH_LAYOUT": str(self.layout)}
        if self.layout:
            extra["AUTORESEARCH_PADDING"] = "x" * (self.layout * 173)
        self.env = sandbox.environment(self.folder, {**self.task.envs, **extra}, self.passed)
        slots.add_dependencies(self.root, 0, self.env)
        command = self.task.envs.get(BUILD_CMD, "").strip()
        with (self.folder / "build.log").open("wb") as log:
            if not execute.set_up(self.root, self.task, self.copy, self.env, 0, log.fileno()):
                raise SideError(f"setup failed: {tail(self.folder / 'build.log')}")
            if command:
                file = execute.script(command + "\n", self.folder, "build.sh")
                limit = self.task.seconds("BUILD_TIMEOUT", 1800)
                code = execute.bash(["bash", str(file)], self.copy, self.env, limit, log.fileno())
                if code != 0:
                    said = f"past {limit} s" if code is None else f"exit {code}"
                    raise SideError(f"build failed ({said}): {tail(self.folder / 'build.log')}")

    def measure(self, script: str = paths.BENCHMARK, seed: int = 1) -> dict[str, float]:
        """Run the benchmark once and return its metrics; raises SideError when it fails or prints none.

        `seed` reaches the script as AUTORESEARCH_SEED: a benchmark that makes its input from it leaves nothing to
        learn by heart. HOME and the temporary folder are emptied first, so that no answer can be kept there from one call to the next.
        """
        for name in ("home", "tmp"):
            shutil.rmtree(self.folder / name, ignore_errors=True)
        for name in ("home/.cache", "home/.config", "home/.local/share", "tmp"):
            (self.folder / name).mkdir(parents=True)
        out, err = self.folder / "out.txt", self.folder / "err.txt"
        with out.open("wb") as stdout, err.open("wb") as stderr:
            limit = self.task.seconds(BENCH_TIMEOUT, 600)
            out_err = (stdout.fileno(), stderr.fileno())
            env = {**self.env, "AUTORESEARCH_SEED": str(seed)}
            code = execute.bash(["bash", script], self.copy, env, limit, *out_err, walls=self.walls())
        if code != 0:
            said = f"ran past {limit} s" if code is None else f"ended with exit {code}"
            raise SideError(f"{script} {said}: {tail(err) or tail(out)}")
        return self._metrics(script, out)

    def walls(self) -> Callable[[], None] | None:
        """Return the walls that a measurement stands behind: toolchains stay visible, the other side does not."""
        tools = [Path(entry) for entry in self.env.get("PATH", "").split(":") if entry]
        tools = [tool.parent if tool.name == "bin" else tool for tool in tools]
        homes = [
            Path(self.env[name]) for name in (*sandbox.TOOL_HOMES, "VIRTUAL_ENV", "CONDA_PREFIX") if name in self.env
        ]
        fixed = [self.copy / name for name in paths.PROTECTED]  # bash reads a script while it runs
        return walls.builder(self.folder, self.folder.parent.parent, [*tools, *homes], fixed)

    def _metrics(self, script: str, out: Path) -> dict[str, float]:
        found: dict[str, float] = {}
        with out.open("rb") as lines:
            for raw in lines:
                if not raw.startswith(b"METRIC"):
                    continue
                parsed = metric.parse_line(raw)
                if parsed.name in found:
                    raise SideError(f"{script} printed METRIC {parsed.name} twice: the program's output may reach it")
                if parsed.value is not None and parsed.name is not None:
                    found[parsed.name] = parsed.value
        if not found:
            raise SideError(f"{script} printed no METRIC line: {tail(self.folder / 'err.txt')}")
        return found

    def check(self) -> str:
        """Run the checks in this side's copy; return CHECKS_STATUS's words."""
        if not (self.copy / paths.CHECKS).exists():
            return f"skipped (no {paths.CHECKS})"
        limit = self.task.seconds(CHECK_TIMEOUT, 600)
        with (self.folder / "checks.log").open("wb") as log:
            code = execute.bash(["bash", paths.CHECKS], self.copy, self.env, limit, log.fileno(), walls=self.walls())
        return "passed" if code == 0 else "timeout" if code is None else f"failed (exit {code})"

    def changed_protected(self, locked: dict[str, str]) -> list[str]:
        """Return the protected files of the copy that are not as locked."""
        return sorted(
            name
            for name, wanted in locked.items()
            if not (self.copy / name).is_file() or hashlib.sha256((self.copy / name).read_bytes()).hexdigest() != wanted
        )

    def remember(self) -> None:
        """Note which files the copy holds, to see later what measurements leave behind there."""
        self.before = self._files()

    def left_behind(self) -> set[str]:
        """Return the files that measurements made or changed in the copy since `remember`; compiled Python is no news."""
        now = self._files()
        changed = {name for name, mark in now.items() if self.before.get(name) != mark}
        return {name for name in changed if "__pycache__" not in name.split("/") and not name.endswith(".pyc")}

    def _files(self) -> dict[str, tuple[int, int]]:
        found = {}
        for folder, _, names in os.walk(self.copy):
            for name in names:
                file = os.path.join(folder, name)  # noqa: PTH118 - tens of thousands of them
                status = os.lstat(file)
                found[os.path.relpath(file, self.copy)] = (status.st_size, status.st_mtime_ns)
        return found


def tail(file: Path, characters: int = 300) -> str:
    """Return the end of a log, on one line and printable."""
    try:
        data = file.read_bytes()[-4 * characters :]
    except OSError:
        return ""
    text = data.decode("utf-8", "replace")
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[-characters:]
