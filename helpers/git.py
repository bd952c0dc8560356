"""Running git on the user's repository without touching what is theirs.

Every call is made with a neutral environment: no hooks, no pager, no prompts, no optional locks, no GIT_* variables of
the caller (an agent may run inside a hook), so that the answer depends on the repository alone.
"""

import json
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from helpers import console, files, git_failures, ownership, paths

_NEUTRAL = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
    "GIT_PAGER": "cat",
    "GIT_EDITOR": "true",
    "GIT_NO_REPLACE_OBJECTS": "1",  # what is measured is what is judged and committed
    "GIT_GRAFT_FILE": os.devnull,  # and the history is the one that was made
}
_CONFIG = (
    "core.hooksPath=/dev/null",
    "safe.bareRepository=explicit",  # a folder of the work tree may look like one
    "core.fsmonitor=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "core.quotePath=false",
    "commit.gpgSign=false",
    "advice.detachedHead=false",
    "advice.graftFileDeprecated=false",
    "core.pager=cat",
    *(f"color.{what}=false" for what in ("ui", "branch", "diff", "grep", "status")),
    # what is read has one form: a person's settings are for a person's eyes
    *("i18n.logOutputEncoding=UTF-8", "i18n.commitEncoding=UTF-8", "log.showSignature=false", "log.follow=false"),
    *("diff.orderFile=/dev/null", "diff.noprefix=false", "diff.mnemonicPrefix=false", "diff.renames=true"),
    *(
        "diff.context=3",
        "grep.column=false",
        "diff.interHunkContext=0",
        "diff.ignoreSubmodules=none",
        "core.bigFileThreshold=512m",
    ),
)

IDENTITY = {
    "GIT_AUTHOR_NAME": "autoresearch",
    "GIT_AUTHOR_EMAIL": "autoresearch@localhost",
    "GIT_COMMITTER_NAME": "autoresearch",
    "GIT_COMMITTER_EMAIL": "autoresearch@localhost",
}
"""Who commits where git has no name for the person."""
OURS = ("# >>> autoresearch: setup.sh --uninstall removes these lines", "# <<< autoresearch")
"""The comments around our lines of .git/info/exclude."""
LOCK_SECONDS = 5.0
"""Seconds that we wait for a lock on a file of ours."""


_rehearsed: dict[str, str] = {}
"""While a script rehearses: the environment that sends what git stores to a folder which is gone with the process."""


@dataclass(frozen=True)
class Repository:
    """A work tree of the user: its top folder, its git directory and the common one that linked worktrees share."""

    root: Path
    git_dir: Path
    common_dir: Path
    scratch: Path | None = None
    """In a rehearsal: the folder for what is else written beside the copies."""

    @property
    def objects(self) -> Path:
        """Where git stores what is written."""
        return self.scratch / "objects" if self.scratch else self.common_dir / "objects"


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment for a git call: the caller's without GIT_*, plus neutral settings and `extra`."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    return {**env, **_NEUTRAL, **_rehearsed, **(extra or {})}


def _rehearse(repository: Repository) -> Repository:
    """From here on git stores nothing that stays, and no ref moves."""
    scratch = Path(console.at_end.enter_context(tempfile.TemporaryDirectory(prefix="autoresearch-dry-run-")))
    (scratch / "objects").mkdir()
    _rehearsed["GIT_OBJECT_DIRECTORY"] = str(scratch / "objects")
    _rehearsed["GIT_ALTERNATE_OBJECT_DIRECTORIES"] = json.dumps(str(repository.objects), ensure_ascii=False)
    return replace(repository, scratch=scratch)


def run(
    root: Path,
    args: Sequence[str | Path],
    *,
    stdin: bytes | None = None,
    env: Mapping[str, str] | None = None,
    check: bool = True,
) -> subprocess.CompletedProcess[bytes]:
    """Run git in `root`; raises Failure (3, or what `explain` says) when it fails and `check` is set."""
    if _rehearsed and args[0] == "update-ref":
        return subprocess.CompletedProcess(list(map(str, args)), 0, b"", b"")
    config = [part for setting in _CONFIG for part in ("-c", setting)]
    command = ["git", *config, *map(str, args)]
    for _ in range(3):
        try:
            done = ownership.answered(root, command, stdin, environment(env), LOCK_SECONDS)
        except FileNotFoundError as error:
            if error.filename == "git":
                raise console.outside("git is not installed", "install git 2.30 or newer") from None
            raise
        if done.returncode == 0 or not _clear_our_lock(done.stderr):
            break
    if check and done.returncode != 0:
        raise git_failures.explain(args, done)
    return done


def output(root: Path, args: Sequence[str | Path], **options: object) -> str:
    """Return what git printed, without the last newline."""
    return os.fsdecode(run(root, args, **options).stdout).rstrip("\n")  # type: ignore[arg-type]


def _clear_our_lock(stderr: bytes) -> bool:
    """Wait for the lock on a file of ours that git complains of, or remove it when a killed git left it.

    Tell whether it is gone.
    """
    match = re.search(rb"'([^'\n]+\.lock)': File exists", stderr)
    if match is None:
        return False
    lock = Path(os.fsdecode(match[1]))
    ours = (
        any(refs in lock.as_posix() for refs in ("refs/autoresearch", "refs/heads/autoresearch"))
        or (lock.parent.name == "index" and (lock.parent.parent / paths.ORIGIN).is_file())
        or ".autoresearch" in lock.parts
    )
    until = time.monotonic() + LOCK_SECONDS
    while ours and lock.exists() and time.monotonic() < until:
        if is_stale(lock):
            lock.unlink(missing_ok=True)
        else:
            time.sleep(0.1)
    return ours and not lock.exists()


def is_stale(lock: Path, quiet: float = 1.0) -> bool:
    """Tell whether nobody holds this lock file: untouched for `quiet` seconds, and no process has it open (Linux)."""
    try:
        if abs(time.time() - lock.stat().st_mtime) < quiet or not Path("/proc/self/fd").is_dir():
            return False
    except FileNotFoundError:
        return True
    name = str(lock)
    for descriptor in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if os.readlink(descriptor) == name:  # noqa: PTH115
                return False
        except OSError:  # noqa: PERF203 - gone meanwhile, or another user's
            continue
    return True


def find(start: Path | None = None, *, dry_run: bool = False) -> Repository:
    """Find the user's repository from `start` (the current folder), also from inside an isolated copy of it.

    With `dry_run` nothing that this process has git write into it stays.

    Raises Failure (2) when there is none, or it is bare; (4) when a session's file in it is not the session's own.
    """
    here = (start or Path.cwd()).resolve()
    here = next(filter(None, map(_origin, (here, *here.parents))), here)
    done = run(here, ["rev-parse", "--show-toplevel", "--absolute-git-dir", "--git-common-dir"], check=False)
    lines = os.fsdecode(done.stdout).splitlines()
    if done.returncode != 0 or len(lines) != 3:
        if b"dubious ownership" in done.stderr:
            raise git_failures.explain(["rev-parse"], done)
        raise console.usage(
            f"{here} is not inside a git repository with a work tree",
            "cd into your repository, or run git init and commit",
        )
    root = Path(lines[0])
    if not os.path.lexists(root / ".git"):  # core.worktree of a stranger's settings may name any folder
        raise console.refused(f"git's settings say that {root} is the work tree, and no .git lies there")
    ours = [name for name in ownership.WRITTEN if os.path.lexists(root / name)]
    tracked = output(root, ["ls-files", "-z", "--", *ours], check=False) if ours else ""
    ownership.require(root, [name for name in tracked.split("\0") if name])
    found = Repository(root, Path(lines[1]), (here / lines[2]).resolve())
    return _rehearse(found) if dry_run else found


def _origin(folder: Path) -> Path | None:
    """Return the repository whose copies `folder` holds; what a file there says counts where that repository agrees."""
    root = paths.origin(folder)
    if not root or not root.is_dir():
        return None
    return root if folder == paths.workdir_root(root) or str(folder) in paths.acknowledged_folders(root) else None


def commit_of(root: Path, revision: str) -> str:
    """Return the full id of the commit that `revision` names; raises Failure (2) when there is none."""
    if found := resolved(root, revision):
        return found
    if revision == "HEAD":
        raise console.usage("the repository has no commit yet", "commit something first: git add -A && git commit")
    raise console.usage(f"{revision!r} is not a commit here", "give a branch, a tag, a commit or an experiment")


def resolved(root: Path, revision: str, kind: str = "commit") -> str:
    """Return the full id of the commit (or tree) that `revision` names, empty where it names none."""
    asked = ["rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{{kind}}}"]
    return os.fsdecode(run(root, asked, check=False).stdout).strip()


def tree_of(root: Path, revision: str) -> str:
    """Return the id of the tree of `revision`."""
    return output(root, ["rev-parse", "--verify", "--end-of-options", f"{revision}^{{tree}}"])


def branch(root: Path) -> str | None:
    """Return the name of the current branch, None when HEAD is detached."""
    done = run(root, ["symbolic-ref", "--quiet", "--short", "HEAD"], check=False)
    return os.fsdecode(done.stdout).strip() or None


def exclude(repository: Repository, lines: Sequence[str]) -> list[str]:
    """Add `lines` to .git/info/exclude once each, between two comments that say whose they are; return the new ones."""
    file = repository.common_dir / "info" / "exclude"
    if file.resolve() != file:
        console.note(f"note: {file} is a link, which nothing is written through: git status will show our files")
        return []
    present = ownership.plain_text(file)
    new = [line for line in lines if f"/{line}" not in present.splitlines()]
    if new:
        file.parent.mkdir(exist_ok=True)
        before, ours, rest = present.partition(f"{OURS[0]}\n")
        inside, ended, after = rest.partition(f"{OURS[1]}\n")
        if not (ours and ended):  # no such lines yet, or a comment that somebody cut
            before, inside, after = present + ("" if not present or present.endswith("\n") else "\n"), "", ""
        added = "".join(f"/{line}\n" for line in new)
        files.replace(file, f"{before}{OURS[0]}\n{inside}{added}{OURS[1]}\n{after}")
    return new


def identity(root: Path) -> dict[str, str]:
    """Return the environment for a commit in the person's name, or in ours for whatever git does not know of it."""
    rows = output(root, ["config", "-z", "--get-regexp", r"^(user|author|committer)\.(name|email)$"], check=False)
    known = dict(row.split("\n", 1) for row in rows.split("\0") if "\n" in row)
    env = {k: v for k, v in os.environ.items() if k.startswith(("GIT_AUTHOR_", "GIT_COMMITTER_"))}
    for name, ours in IDENTITY.items():
        who, what = name.lower().split("_")[1:]
        values = (env.get(name), known.get(f"{who}.{what}"), known.get(f"user.{what}"))
        env[name] = next((value for value in values if value and value.strip(" .,:;<>\"\\'")), ours)
    return env
