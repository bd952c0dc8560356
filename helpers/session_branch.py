"""Whether the session's branch stands where the journal left it; if not, what happened to it and how to go on."""

import shlex
from dataclasses import dataclass
from pathlib import Path

from helpers import console, events, git, next_step, paths, printable, replay
from helpers.state import State

ADOPT = "start_session.py --lock --adopt  # measures what is there now as the new baseline; nothing on record is lost"


@dataclass(frozen=True)
class Moved:
    """What happened to the branch, and the commands that lead on: the first one brings it back."""

    what: str
    ways: tuple[str, ...]

    @property
    def text(self) -> str:
        """Both, for people."""
        return "\n".join([self.what, *map(next_step.runnable, self.ways)])


def moved(root: Path, now: State) -> Moved | None:
    """Say what somebody else did to the session's branch; None where it stands at the measured baseline."""
    if not now.has_baseline or (root / paths.STATE / paths.KEEP).exists():  # a keep moves it, and is completed later
        return None
    base, tip = now.baseline.commit_full, git.resolved(root, f"refs/heads/{now.branch}")
    if tip == base:
        return None
    here, branch = git.branch(root) == now.branch, shlex.quote(now.branch)
    if not tip:
        return _gone(root, now, base)
    if _leads(root, tip, base):
        way = f"git merge --ff-only {base[:12]}" if here else f"git branch --force {branch} {base[:12]}"
        return Moved(f"{now.branch} was set back to {tip[:7]}: what was kept up to {base[:7]} is not on it", (way,))
    later = git.output(root, ["rev-list", "--reverse", f"{base}..{tip}"], check=False).split()
    if later and any(note.closed for note in now.notes) and _is_report(root, base, later[0]):
        base = later.pop(0)  # what the end of the session put there is no work of anybody's
    if not later:
        return None
    count = f"{len(later)} commit{'s' if len(later) > 1 else ''}"
    how = f"has {count} that nobody measured" if _leads(root, base, tip) else "was rewritten (amended, rebased)"
    title = printable.one_line(git.output(root, ["log", "-1", "--format=%s", tip]), 60)
    back = f"git reset --keep {base[:12]}" if here else f"git branch --force {branch} {base[:12]}"
    aside = f"git branch unmeasured-{tip[:7]} {tip[:12]} && {back}  # sets them aside"
    return Moved(f"{now.branch} {how}: it stands at {tip[:7]} ({title}), the baseline is {base[:7]}", (aside, ADOPT))


def _is_report(root: Path, base: str, tip: str) -> bool:
    """Tell whether `tip` is what the end of a session puts on the last kept commit: its report and nothing else."""
    parents = git.output(root, ["rev-list", "--parents", "-n1", tip], check=False).split()[1:]
    return parents == [base] and git.output(root, ["diff", "--name-only", base, tip], check=False).split("\n") == [
        paths.IMPROVEMENTS
    ]


def is_over(root: Path, now: State) -> bool:
    """Tell whether the person has ended the session: its branch is gone, and what was kept is part of their own."""
    base = now.baseline.commit_full if now.has_baseline else ""
    return bool(base) and not git.resolved(root, f"refs/heads/{now.branch}") and _leads(root, base, "HEAD")


def came_from(root: Path, now: State) -> str | None:
    """Return the branch that the person began from, None when it is gone."""
    name = now.config.came_from
    return name if name and git.resolved(root, f"refs/heads/{name}") else None


def put_back(root: Path, target: str) -> None:
    """Check out the person's branch; raises Failure (2) when their own uncommitted work is in the way."""
    back = git.run(root, ["switch", "--quiet", "--no-guess", target], check=False)
    if back.returncode != 0:
        raise in_the_way(back.stderr, f"git stash && git switch {shlex.quote(target)} && git stash pop")


def in_the_way(stderr: bytes, do: str) -> console.Failure:
    """Return the failure (2) for git's word that the person's own work is in the way."""
    said = " ".join(stderr.decode("utf-8", "replace").split())[:400]
    return console.usage(f"your own uncommitted work is in the way: {said}", do)


def _gone(root: Path, now: State, base: str) -> Moved:
    if not git.resolved(root, base):
        return Moved(f"{now.branch} is gone, and its commit {base[:7]} with it", ("start_session.py --help  # --new",))
    rows = git.output(root, ["for-each-ref", "--format=%(refname:short)", "--points-at", base, "refs/heads/"])
    renamed = [name for name in rows.splitlines() if name != now.config.came_from]
    if renamed:
        way = f"git branch --move {shlex.quote(renamed[0])} {shlex.quote(now.branch)}"
        return Moved(f"{now.branch} is gone; {printable.name(renamed[0])} stands at its commit {base[:7]}", (way,))
    way = f"git branch {shlex.quote(now.branch)} {base[:12]}"
    return Moved(f"{now.branch} is gone; nothing of the session is lost", (way,))


def _leads(root: Path, one: str, other: str) -> bool:
    return git.run(root, ["merge-base", "--is-ancestor", one, other], check=False).returncode == 0


def say(root: Path, now: State) -> None:
    """Note what happened to the branch, where anything did."""
    if found := moved(root, now):
        console.note(f"note: {found.text}")


def require_in_place(root: Path, now: State) -> None:
    """Raise Failure (4) where the branch is not at the measured baseline."""
    if found := moved(root, now):
        raise console.refused(found.what, "\n".join(found.ways))


def left(root: Path) -> str | None:
    """Return the session's branch while another one is checked out: a copy of that work tree is no baseline.

    Raises Failure (4) where it is gone.
    """
    now = replay.fold(events.held(root))
    if now is None or not now.has_baseline:
        return None
    say(root, now)
    if git.branch(root) == now.branch:
        return None
    if not git.resolved(root, f"refs/heads/{now.branch}"):
        require_in_place(root, now)
    return now.branch
