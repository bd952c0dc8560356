"""Proof at the lock that benchmark and checks look at the copy: where its source is broken on purpose, both must fail.

A check that passes there looks at other files (an editable install, an absolute path, a program on PATH), skips
itself, or does not notice a failure. Whatever it is, it would pass for every candidate too.
"""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from helpers import console, git, paths
from helpers.judge.compare import checks
from helpers.judge.compare.outputs import Healthy
from helpers.judge.measure.side import SideError, Trees, of_session
from helpers.judge.policy import check as policy
from helpers.judge.policy import evaluator_reach, experiment, file_rules
from helpers.run.copies.copies import Workdirs
from helpers.run.isolation.libc import LIBC
from helpers.state import State

BROKEN = b"}{ broken on purpose )(\n\0", b""
"""No language takes the first; a program that reads any text as its data may still take one of the two."""
SCRIPTS = {"benchmark": paths.BENCHMARK, "checks": paths.CHECKS, "outputs": paths.OUTPUTS}
_BY_CHANCE = "checks, now and then"
_EMPTY = re.compile(r"(?:\s*(?:#[^\n]*|set [^\n;]*|true|:|exit 0)?\s*(?:\n|;|\Z))*")
MAX_WATCHED = 2000
_ACCESSED = 0x1


class Changed:
    """Trees whose files `contents` hold these bytes."""

    def __init__(self, trees: Trees, contents: Mapping[str, bytes]) -> None:
        self.trees, self.contents = trees, contents

    def restore(self, tree: str, target: Path) -> None:
        """Write `tree` into `target`, and those bytes."""
        self.trees.restore(tree, target)
        for name, content in self.contents.items():  # of one time, as in every copy: make sees nothing to build again
            time = (target / name).stat().st_mtime_ns
            (target / name).write_bytes(content)
            os.utime(target / name, ns=(time, time))


class _Reads:
    """Names the files of the person's work tree that somebody reads (inotify(7)), where the system can tell."""

    def __init__(self, root: Path, names: Sequence[str]) -> None:
        self.folders: dict[int, str] = {}
        try:
            self.descriptor = LIBC.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        except AttributeError:  # not Linux
            self.descriptor = -1
        for folder in sorted({os.path.dirname(name) for name in names})[:MAX_WATCHED]:  # noqa: PTH120
            if self.descriptor >= 0:
                watched = LIBC.inotify_add_watch(self.descriptor, os.fsencode(root / folder), _ACCESSED)
                self.folders[watched] = folder

    def names(self) -> list[str]:
        """Return what was read since the beginning, and end."""
        found: dict[str, None] = {}
        while self.descriptor >= 0:
            try:
                data = os.read(self.descriptor, 1 << 16)
            except BlockingIOError:
                break
            while data:
                watched, length = int.from_bytes(data[:4], "little", signed=True), int.from_bytes(data[12:16], "little")
                name = os.fsdecode(data[16 : 16 + length].rstrip(b"\0"))
                if name:
                    found[os.path.join(self.folders.get(watched, ""), name)] = None  # noqa: PTH118
                data = data[16 + length :]
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1
        return list(found)


def prove(work: Workdirs, now: State, healthy: Healthy | None) -> list[str]:
    """Break the copy of the locked tree and see that benchmark and checks fail there; return what stays unproven.

    `healthy`: the answers of the sound program; the outputs script must fail as well, or answer otherwise.
    Raises Failure (1) when the benchmark or the outputs script passes, or the checks
    while files of the work tree are read, naming those.
    """
    names = source_files(work, now)
    if not names:
        console.note(
            "note: no source file to break was found: nothing shows that benchmark and checks look at this copy"
        )
        return []
    passes, chance, read = list(SCRIPTS), False, list[str]()
    for content in BROKEN:
        reads = _Reads(work.root, names)
        these = _passing(work, now, names, content, healthy)
        passes, chance = [which for which in passes if which in these], chance or _BY_CHANCE in these
        read += [name for name in reads.names() if name in names]
        if not passes and not chance:
            return []
    passes = passes if not chance or "checks" in passes else [*passes, "checks"]
    said = " and ".join(SCRIPTS[which] for which in passes)
    elsewhere = f"; it read {', '.join(dict.fromkeys(read[:5]))} of your work tree, outside of the copy" if read else ""
    found = f"{said} still passes in a copy whose source is broken on purpose ({len(names)} files, {names[0]} first)"
    found += f": it does not look at this copy, does not build it again, or does not notice a failure{elsewhere}"
    found += "; of several runs some passed: chance, or an earlier run, decides what is looked at" if chance else ""
    ways = (
        "use the files of the folder that it is started in (no editable install, no absolute path; for Python "
        "PYTHONPATH=$PWD/src), fail when the program fails (set -e), do not skip what is missing, and let git ignore "
        "what the build makes (all files of a copy are of one time, so make takes an object file there for new):"
    )
    if set(passes) - {"checks"} or read:
        raise console.answer_no(found, f"{ways}\nstart_session.py --lock")
    if not checks_nothing(experiment.evaluator_script(work, now, paths.CHECKS)):
        console.note(f"warning: {found}. Each keep will ask for a reader's words. It should {ways.rstrip(':')}")
        return passes
    console.note(
        f"warning: {paths.CHECKS} checks nothing, like --no-checks: nothing tells a faster program from a broken one"
    )
    return []


def checks_nothing(script: str) -> bool:
    """Tell whether the checks are empty, as a person wrote them who wants none."""
    return bool(_EMPTY.fullmatch(script))


def source_files(work: Workdirs, now: State) -> list[str]:
    """Return the files of the locked tree that experiments may change, without tests and the evaluator's."""
    tree = now.require_lock().tree
    listed = git.run(work.root, ["ls-tree", "-r", "-z", "--full-tree", tree]).stdout.split(b"\0")
    regular = [os.fsdecode(row.split(b"\t", 1)[1]) for row in listed if row.startswith(b"100")]
    scope, closed = now.config.scope, now.config.off_limits
    known = evaluator_reach.named_by(experiment.evaluator_text(work, now))
    return [
        name
        for name in regular
        if name not in paths.PROTECTED
        and (any(policy.matches(name, glob) for glob in scope) if scope else evaluator_reach.is_program(name))
        and not any(policy.matches(name, glob) for glob in closed)
        and not any(policy.matches(name, rule[1]) for rule in file_rules.RULES)
        and not (name in known.names and evaluator_reach.is_driver(name, b""))
    ]


def _passing(work: Workdirs, now: State, names: Sequence[str], content: bytes, healthy: Healthy | None) -> list[str]:
    """Return which of the scripts pass in a copy whose files `names` hold `content`."""
    found = []
    with of_session(work, now, now.require_lock().tree, "lock") as side:
        try:
            side.build(Changed(work.shadow, dict.fromkeys(names, content)))
        except SideError:
            side.around = side.walls()  # the build notices; what is measured may still be installed elsewhere
        try:
            side.measure(now.metric)
            found.append("benchmark")
        except SideError:
            pass
        said = set() if now.config.no_checks else set(checks.runs(side))
        if "passed" in said:
            found.append("checks" if len(said) == 1 else _BY_CHANCE)
        if healthy and healthy.given_by(side):
            found.append("outputs")
    return found
