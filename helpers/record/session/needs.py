"""What benchmark and checks need and no run gets: files that git ignores, and variables of the person's shell."""

import contextlib
import itertools
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from helpers import console, git, next_step, paths, printable, replay
from helpers.judge.policy import evaluator_reach, experiment
from helpers.record.session import companions
from helpers.run.copies.copies import Workdirs
from helpers.run.isolation import environment
from helpers.run.jobs import log
from helpers.run.jobs.task import BUILD_CMD
from helpers.state import State

_OF_TOOLS = {
    "node_modules": r"\b(?:npm|npx|yarn|pnpm|bunx?|node)\b",
    ".venv": r"\b(?:uv|poetry|pdm|hatch) run\b",
    "vendor": r"\b(?:bundle exec|composer|go (?:build|test|run))\b",
}
"""Folders that a tool looks into by itself, and the calls of it."""
_PREFIX = re.compile(r"\$\{?\w+\}?/|\$\([^()]*\)[\"']?/|`[^`]*`/")
"""What stands for the folder that a script is started in, or for its own."""
_READ = re.compile(
    r"\$ENV\{(\w+)|\$\{?([A-Za-z_]\w*)|(?:environ(?:\.get\(|\[)|getenv\(|env::var(?:_os)?\(|Getenv\(|LookupEnv\(|process\.env\[|"
    r"ENV(?:\.fetch\(|\[))\s*[\"'](\w+)|process\.env\.(\w+)"
)
"""A variable of the environment, as shells, Python, C, Rust, Go, JavaScript, Ruby, Java and Perl read it."""
_BY_THEMSELVES = "PYTHONPATH", "NODE_PATH", "RUBYLIB", "GEM_PATH", "PERL5LIB", "CLASSPATH", "R_LIBS", "CPATH"
"""Variables that tools read by themselves."""
_MODULE = re.compile(r"No module named '?(\w+)")
_OF_SHELL = ("PWD", "OLDPWD", "SHLVL", "_", "HOSTNAME", "COLUMNS", "LINES", "UID", "PPID", "RANDOM", "IFS")


@contextlib.contextmanager
def told_afterwards(work: Workdirs) -> Iterator[None]:
    """Say after the baseline's run what it may have lacked; where it failed, of every file that may be meant."""
    failed = True
    try:
        yield
        failed = False
    finally:
        for line in needs_lines(work, replay.load(work.root), failed=failed):
            console.note(next_step.runnable(f"note: {line}"))


def needs_lines(work: Workdirs, now: State, *, failed: bool) -> list[str]:
    """Return what to say of files and variables, with the ways out; a build that passed has made what it needs."""
    text = experiment.evaluator_text(work, now)
    found, built = [], bool(now.require_lock().task.get("envs", {}).get(BUILD_CMD))
    if (failed or not built) and (names := ignored(work.root, text, implied=failed)):
        some = ", ".join(map(printable.name, names[:8]))
        found.append(
            f"{some}: named by benchmark, checks or build, but git ignores it, and copies have it not. Let the build "
            "make it in the copy (--build 'npm ci'), git add --force it, or name it by its full path"
        )
    if failed:
        found += _unseen(work.root, now)
    text += "\n" + "\n".join(called(work.root, text).values())
    if missing := variables(text, now, _BY_THEMSELVES if failed else ()):
        flags = " ".join(f"--pass-env {name}" for name in missing)
        found.append(
            f"{', '.join(f'${name}' for name in missing)}: read by benchmark, checks or tools and set in your shell, "
            f"but no run gets it; where it is needed:\nstart_session.py --goal {now.config.name} {flags}"
        )
    return found


def _unseen(root: Path, now: State) -> list[str]:
    """Return what to say of what the baseline's run did not find, and is in the work tree, or where that leads to."""
    names = [os.fsdecode(name) for name in git.run(root, ["ls-files", "-z"]).stdout.split(b"\0")]
    runs = [job.finished for job in now.jobs.values() if job.is_control and job.finished]
    said = "\n".join(log.last_lines(Path(runs[-1].log)) if runs else [])
    there = re.search(rf"{re.escape(str(root))}(?![\w.-]|/{re.escape(paths.STATE)})", said)
    found = [f"{there[0]} is named in full, and a run does not see it: name what is in $PWD, the copy"] if there else []
    links = (name for name in names if (root / name).is_symlink() and root not in (root / name).resolve().parents)
    found += [f"{printable.name(link)} leads out of the repository: a copy has not what is there" for link in links]
    for module in sorted(set(_MODULE.findall(said))):
        ends = f"/{module}.py", f"/{module}/__init__.py"
        if places := sorted({name.removesuffix(end) for name in names for end in ends if name.endswith(end)}):
            place = printable.name(places[0])
            found.append(
                f"{module} lies in {place}: PYTHONPATH=$PWD/{place} finds it in the copy (an editable install leads to "
                "your work tree, which a run does not see)"
            )
    return found


def called(root: Path, text: str) -> dict[str, str]:
    """Return what a text calls of this work tree, scripts of shells and what measures, with its own text."""
    names = [n for n in evaluator_reach.named_by(text).names if n.strip("./") and n[0] != "/" and ".." not in n]
    texts = {n: companions.text_of(root / n) for n in sorted(filter(evaluator_reach.is_program, names))}
    shells = (".sh", ".bash")
    return {n: its for n, its in texts.items() if n.endswith(shells) or evaluator_reach.is_driver(n, its.encode())}


def ignored(root: Path, text: str, *, implied: bool = True) -> list[str]:
    """Return the files and folders that a text names, or a tool that it calls looks into, here but ignored by git."""
    words = evaluator_reach.named_by(_PREFIX.sub(" ", text)).names
    if implied:
        calls = {name for name, pattern in _OF_TOOLS.items() if re.search(pattern, text)}
        words |= {name for name in calls if not any(word.startswith(f"{name}/") for word in words)}
    own = (*paths.PROTECTED, *(name.rstrip("/") for name in paths.EXCLUDED))
    inside = (name for name in words if name and not name.startswith(("/", "-")) and ".." not in name.split("/"))
    words = frozenset(_up_to_link(root, name) for name in inside)
    there = [name for name in sorted(words) if name not in own and os.path.lexists(root / name)]
    asked = b"".join(os.fsencode(name) + b"\0" for name in there)
    answer = git.run(root, ["check-ignore", "-z", "--stdin"], stdin=asked, check=False).stdout
    names = [os.fsdecode(name) for name in answer.split(b"\0") if name]
    return [name for name in names if not any(name.startswith(f"{other}/") for other in names)]


def _up_to_link(root: Path, name: str) -> str:
    """Return a path as far as git looks: not beyond a symbolic link, as a workspace has in node_modules."""
    above = itertools.accumulate(name.split("/"), "{}/{}".format)
    return next((path for path in above if (root / path).is_symlink()), name)


def variables(text: str, now: State, more: Iterable[str] = ()) -> list[str]:
    """Return the variables that a text reads, or that are `more`, that the person's shell has and runs do not get."""
    code = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    read = {*more, *(next(filter(None, found)) for found in _READ.findall(code))} & set(os.environ)
    with tempfile.TemporaryDirectory() as folder:
        envs = {str(name): "" for name in now.require_lock().task.get("envs", {})}
        given = environment.run_environment(Path(folder), envs, now.config.pass_env)
    return sorted(
        name
        for name in read - set(given) - set(_OF_SHELL)
        if not name.startswith("AUTORESEARCH") and not re.search(rf"(?m)(?:^|[;&|\s]){name}=(?!.*\$\{{?{name}\b)", code)
    )
