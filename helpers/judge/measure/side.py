"""One side of a comparison: a clean build in a folder of its own, measured one call at a time."""

from __future__ import annotations

import filecmp
import hashlib
import os
import resource
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Protocol

from helpers import paths
from helpers.judge.measure import benchmark_output, leftovers
from helpers.run.copies.copies import Workdirs
from helpers.run.isolation import environment, execute
from helpers.run.isolation.reach import Reach
from helpers.run.jobs import causes, log, metric_mistakes
from helpers.run.jobs.task import BENCH_TIMEOUT, BUILD_CMD, CHECK_TIMEOUT, NETWORK, Task, from_dict
from helpers.run.local import slots
from helpers.state import State

WHOLE, WHOLE_CPU = "(whole run)", "(whole run, processor)"
"""Among the metrics of a measurement: the seconds of the whole run, and of all its processes, seen from outside."""
OPENED = "the benchmark's output was opened by something else"
HIDDEN = "a METRIC line was hidden behind the beginning of another"
SAME_BUILD = "both sides build the same bytes: unless the source itself is run, the change changes nothing"
OUTLIVED = "processes outlived the one that started them"
"""Signs of a measurement that another hand was in. The baseline may show them as well; then they mean nothing."""
LEAST_ROOM = 1 << 20
"""With so few bytes free a disk counts as full: a program's words on it had no place either."""
_OWN = "home", "home/.cache", "home/.config", "home/.local", "home/.local/share", "tmp"


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

    CHECKS_LOG: ClassVar[str] = "checks.log"

    root: Path
    tree: str
    folder: Path
    task: Task
    passed: list[str]
    layout: int = 0
    repeats: int = 1
    """How many calls of the program make one measurement, where the benchmark honours it."""
    env: dict[str, str] = field(default_factory=dict)
    before: leftovers.Scan = field(default_factory=dict)
    signs: set[str] = field(default_factory=set)
    failed: int = 0
    """How many of its measurements failed."""
    peak: int = 0
    """Bytes that the largest process of a measurement held."""
    warmed: dict[str, float] = field(default_factory=dict)
    """What it printed on seed 1 before its pairs, where it was run then."""
    answered: int = 0
    """The seed that `answers` beside the copy are of."""
    made: set[str] = field(default_factory=set)
    """The files that the build made."""
    passed_over: set[str] = field(default_factory=set)
    """The commands of the checks that failed without ending them, as they stand there."""
    around: Callable[[], None] | None = None
    watch: benchmark_output.Watch = field(default_factory=benchmark_output.Watch, repr=False)

    @property
    def copy(self) -> Path:
        """The folder that the program is built and run in."""
        return self.folder / "copy"

    @property
    def checks_log(self) -> Path:
        """What the checks printed, once they ran."""
        return self.folder / self.CHECKS_LOG

    def build(self, trees: Trees) -> None:
        """Restore the tree and build it; raises SideError with the end of what the build printed."""
        shutil.rmtree(self.folder, ignore_errors=True)
        trees.restore(self.tree, self.copy)
        extra = {"AUTORESEARCH_REPEATS": str(self.repeats), "AUTORESEARCH_LAYOUT": str(self.layout)}
        if self.layout:
            extra["AUTORESEARCH_PADDING"] = "x" * (self.layout * 173)
        self.env = environment.run_environment(self.folder, {**self.task.envs, **extra}, self.passed)
        slots.add_dependencies(self.root, 0, self.env)
        command = self.task.envs.get(BUILD_CMD, "").strip()
        with (self.folder / "build.log").open("wb") as printed:
            if not execute.set_up(self.root, self.task, self.copy, self.env, 0, printed.fileno()):
                raise SideError(f"setup failed: {self.said(self.folder / 'build.log', building=True)}")
            if command:
                held = leftovers.file_names(self.copy)
                limit = self.task.seconds("BUILD_TIMEOUT", 1800)
                build = ["bash", "-c", command]
                code = execute.bash(
                    build, self.copy, self.env, limit, printed.fileno(), walls=self.walls(building=True)
                )
                if code != 0:
                    said = f"past {limit} s" if code is None else f"exit {code}"
                    end = self.said(self.folder / "build.log", building=True)
                    raise SideError(f"build failed ({said}): {end}")
                self.made = leftovers.file_names(self.copy) - held
        self.around = self.walls()

    def measure(self, metric: str, script: str = paths.BENCHMARK, seed: int = 1) -> dict[str, float]:
        """Run the benchmark once and return its metrics, `metric` among them; raises SideError when that cannot be had.

        `seed` reaches the script as AUTORESEARCH_SEED: a benchmark that makes its input from it leaves nothing to
        learn by heart. HOME and the temporary folder are emptied first, so that no answer can be kept there from one
        call to the next.
        """
        self.empty()
        out, err, seen = self.folder / "out.txt", self.folder / "err.txt", execute.Seen()
        with out.open("wb") as stdout, err.open("wb") as stderr:
            limit = self.task.seconds(BENCH_TIMEOUT, 600)
            out_err = stdout.fileno(), stderr.fileno()
            try:
                self.watch.begin(out)
            except OSError as error:
                raise SideError(f"nobody would see who opens the benchmark's output: {error.strerror}") from None
            env = {**self.env, "AUTORESEARCH_SEED": str(seed)}
            began, used = time.monotonic(), _used()
            code = execute.bash(["bash", script], self.copy, env, limit, *out_err, walls=self.around, seen=seen)
            took, used = time.monotonic() - began, _used() - used
        self.signs |= ({OPENED} if self.watch.opened() else set()) | ({OUTLIVED} if seen.orphans.count() else set())
        self.peak = max(self.peak, seen.peak)
        if code != 0:
            said = f"ran past {limit} s" if code is None else f"ended with exit {code}"
            raise SideError(f"{script} {said}: {self.said(err, out)}")
        printed = benchmark_output.parse_output(out)
        if printed.twice:
            raise SideError(f"{script} printed METRIC {printed.twice} twice: the program's output may reach it")
        if metric not in printed.metrics:
            raise SideError(metric_mistakes.why(metric_mistakes.in_output(out, err), metric, printed.metrics))
        self.signs |= {HIDDEN} if printed.hidden else set()
        return {**printed.metrics, WHOLE: took, WHOLE_CPU: used}

    def empty(self) -> None:
        """Make HOME and the temporary folder again."""
        for name in _OWN:
            if "/" not in name:
                shutil.rmtree(self.folder / name, ignore_errors=True)
            (self.folder / name).mkdir()

    def require_room(self) -> None:
        """Raise SideError where the disk is full without what this side's runs left: they may have failed for that."""
        self.empty()
        seen = os.statvfs(self.folder)
        if seen.f_bavail * seen.f_frsize < LEAST_ROOM or (seen.f_files and not seen.f_favail):
            raise SideError(f"no space left on the disk where runs work: {causes.FREE_SPACE}")

    def walls(self, *, building: bool = False) -> Callable[[], None] | None:
        """Return the walls that a run stands behind: toolchains stay visible, the other side does not."""
        runs = next((parent for parent in self.folder.parents if parent.name == "runs"), self.folder.parent)
        named = " ".join([*self.task.envs.values(), *(self.env.get(name, "") for name in self.passed)])
        network = building or NETWORK in self.task.envs
        return Reach(self.root, self.folder, runs.parent, self.env, named, network).walls(building=building)

    def said(self, *printed: Path, building: bool = False) -> str:
        """Return the line that tells most of what was printed, and the cause where that is known."""
        offline = not building and NETWORK not in self.task.envs
        return log.telling_line(*printed) + causes.known_cause(*printed, offline=offline)

    def check(self) -> str:
        """Run the checks in this side's copy; return CHECKS_STATUS's words."""
        if not (self.copy / paths.CHECKS).exists():
            return f"skipped (no {paths.CHECKS})"
        self.empty()
        code, noted = self._noting("note_failed.sh", paths.CHECKS, self.env, self.checks_log)
        self.passed_over |= noted
        return "passed" if code == 0 else "timeout" if code is None else f"failed (exit {code})"

    def passes_over(self, script: str) -> set[tuple[str, str]]:
        """Run a script once; return how what fails there ends without ending it, each with the command."""
        self.empty()
        env = {**self.env, "AUTORESEARCH_SEED": "1"}
        code, noted = self._noting("note_each.sh", script, env, self.folder / "noted.log")
        rows = (row.partition("\t") for row in noted if code == 0)
        heard = {"0", "141"}  # 141: its reader wanted no more of it; when that is depends on time alone
        told = ((status, command) for status, _, command in rows if "__job" not in command)
        return {(status, command) for status, command in told if set(status.split()) - heard}

    def _noting(self, note: str, script: str, env: dict[str, str], log: Path) -> tuple[int | None, set[str]]:
        notes, limit = self.folder / "tmp" / ".failed", self.task.seconds(CHECK_TIMEOUT, 600)
        if note:
            env = {**env, "BASH_ENV": shutil.copy(Path(__file__).with_name(note), str(notes.with_name(".trap")))}
        with log.open("wb") as said:
            code = execute.bash(["bash", script], self.copy, env, limit, said.fileno(), walls=self.around)
        there = notes.is_file() and not notes.is_symlink()
        return code, set(notes.read_text(errors="replace").splitlines()) if there else set()

    def answer(self, seed: int) -> Path:
        """Run the outputs script on one seed and return the folder of its answers; raises SideError when it fails.

        What runs behind the walls cannot reach that folder any more.
        """
        self.empty()
        written, answers = self.folder / "tmp" / "answers", self.folder / "answers"
        shutil.rmtree(answers, ignore_errors=True)
        self.answered = 0
        written.mkdir()
        env = {**self.env, "AUTORESEARCH_SEED": str(seed), "AUTORESEARCH_OUT": str(written)}
        printed = self.folder / "outputs.log"
        code, _ = self._noting("", paths.OUTPUTS, env, printed)
        if code != 0:
            said = f"ran past {self.task.seconds(CHECK_TIMEOUT, 600)} s" if code is None else f"ended with exit {code}"
            raise SideError(f"{paths.OUTPUTS} {said} on seed {seed}: {self.said(printed)}")
        try:
            written.rename(answers)
        except OSError:
            raise SideError(f"{paths.OUTPUTS} leaves no folder $AUTORESEARCH_OUT on seed {seed}") from None
        self.answered = seed
        return answers

    def built_the_same(self, other: Side) -> bool:
        """Tell whether both builds made the same files with the same bytes; not where they made none."""
        pairs = ((self.copy / name, other.copy / name) for name in self.made)
        return bool(self.made) and self.made == other.made and all(filecmp.cmp(*pair, shallow=False) for pair in pairs)

    def changed_protected(self, locked: dict[str, str]) -> list[str]:
        """Return the protected files of the copy that are not as locked."""
        return sorted(
            name
            for name, wanted in locked.items()
            if not (self.copy / name).is_file() or hashlib.sha256((self.copy / name).read_bytes()).hexdigest() != wanted
        )

    def remember(self) -> None:
        """Note what the copy holds, to see later what measurements leave behind there."""
        self.before = leftovers.scan(self.copy)

    def precompile(self) -> None:
        """After the first measurement: compile the Python that it compiled again, for the later ones to find.

        What the program itself wrote under such a name is gone with that.
        """
        self.env["PYTHONDONTWRITEBYTECODE"] = "1"
        sources = leftovers.take_compiled(self.copy, self.before)
        if sources:
            listed = self.folder / "tmp" / "sources"
            listed.write_text("\n".join(sources), encoding="utf-8", errors="surrogateescape")
            command = ["python3", "-I", "-m", "compileall", "-q", "-i", str(listed)]  # -I: nothing of the copy's is run
            with (self.folder / "build.log").open("ab") as said:
                execute.bash(command, self.copy, self.env, 600, said.fileno(), walls=self.around)
        leftovers.accept_compiled(self.copy, self.before)

    def left_behind(self) -> set[str]:
        """Return what measurements made or changed in the copy since `remember`."""
        return leftovers.changed(self.before, leftovers.scan(self.copy))


def _used() -> float:
    """Return the processor time, in seconds, of all processes that were waited for."""
    seen = resource.getrusage(resource.RUSAGE_CHILDREN)
    return seen.ru_utime + seen.ru_stime


@contextmanager
def of_session(work: Workdirs, now: State, tree: str, what: str) -> Iterator[Side]:
    """Give a side of a locked session, not yet built, in a folder that is gone afterwards."""
    place = work.folder / "runs" / f"{what}-{os.getpid()}"
    try:
        yield Side(work.root, tree, place / "x", from_dict(now.require_lock().task), now.config.pass_env)
    finally:
        shutil.rmtree(place, ignore_errors=True)
