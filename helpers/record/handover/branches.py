"""Branches to merge: one for each group of changes, with commits of its own and a text for its pull request."""

import shlex
from dataclasses import dataclass
from pathlib import Path

from helpers import console, files, git, git_objects, paths, printable
from helpers.record.handover.groups import BRANCHES, Group, Handover
from helpers.record.handover.proof import Proof
from helpers.run.copies.raw_git import Shadow
from helpers.state import State

SUBJECT = 71
"""Characters of a commit's subject at most: what `git log --oneline` and a forge show whole."""


@dataclass(frozen=True)
class Branch:
    """A branch that was made: its name, its tip, and the file with the text of its pull request."""

    name: str
    tip: str
    text: Path


def create(root: Path, now: State, shadow: Shadow, its: Handover, proofs: dict[Group, Proof]) -> list[Branch]:
    """Make the branches, all or none; raises Failure (2) where one exists with another content."""
    made: list[tuple[Branch, bool, str]] = []
    for group in its.groups:
        name = its.branch(group)
        tip = _commits(root, shadow, its, group)
        there = git.resolved(root, f"refs/heads/{name}", "tree")
        if there and there != git.tree_of(root, tip):
            raise console.usage(
                f"the branch {name} exists with another content",
                f"git branch -D {shlex.quote(name)}  # when you do not need it, then the same command again",
            )
        file = paths.state_folder(root) / "handover" / f"{name.removeprefix(BRANCHES).replace('/', '-')}.md"
        made.append((Branch(name, tip, file), bool(there), pull_request(now, its, group, proofs[group])))
    for branch, exists, text in made:
        if not exists:
            git.run(root, ["update-ref", "-m", "autoresearch: finalize", f"refs/heads/{branch.name}", branch.tip, ""])
        branch.text.parent.mkdir(exist_ok=True)
        files.replace(branch.text, text)
    return [branch for branch, _, _ in made]


def _commits(root: Path, shadow: Shadow, its: Handover, group: Group) -> str:
    """Commit each change of a group on the base, in the session's order, or all in one; return the tip."""
    tip, names = its.base, []
    if its.with_session_files:
        names = [name for name in its.session_files if name != paths.IMPROVEMENTS]
        locked = shadow.with_files(its.base_tree, its.tip, names)
        tip = git_objects.commit_tree(root, locked, tip, "Benchmark and checks of the session\n", git.identity(root))
        names.append(paths.IMPROVEMENTS)
    steps = [(c.commit.id, tree, c.commit.message) for c, tree in zip(group.changes, group.trees, strict=True)]
    if its.squash:
        steps = [(its.tip, group.tree, "\n".join([f"{its.title(group)}\n", *(each for _, _, each in steps)]))]
    for source, tree, message in steps:
        whole = shadow.with_files(tree, source, names) if names else tree
        tip = git_objects.commit_tree(root, whole, tip, _message(message), git.identity(root))
    return tip


def _message(text: str) -> str:
    """Return a commit message whose subject is short; what was cut off begins the body."""
    subject, _, body = text.partition("\n")
    if len(subject) <= SUBJECT:
        return text
    head = _cut(subject)
    return f"{head}\n\n...{subject[len(head) - 3 :].lstrip()}\n{body}"


def _cut(subject: str) -> str:
    """Return a line that is not longer than SUBJECT, cut behind a word."""
    return subject if len(subject) <= SUBJECT else subject[: SUBJECT - 3].rsplit(" ", 1)[0] + "..."


def pull_request(now: State, its: Handover, group: Group, proof: Proof) -> str:
    """Return the text of a group's pull request: what, why, effect, how to repeat it, source, where to look."""
    lines = [f"# {printable.rendered(_cut(its.title(group)))}", ""]
    if len(group.changes) > 1:
        lines += [f"{len(group.changes)} changes {'in one commit' if its.squash else 'that go together'}.", ""]
    lines += ["## Effect", "", f"- {printable.rendered(proof.said)} (base {its.base[:12]})", ""]
    for change in group.changes:
        subject, _, body = change.commit.message.partition("\n")
        lines += [f"## {printable.rendered(subject)}", ""]
        lines += [f"- {printable.rendered(line)}" for line in body.splitlines() if line.strip()]
        run = change.run
        if said := f"a reader said: {run.reviewed}" if run.reviewed else run.unread.rstrip(": "):
            lines.append(f"- Look here first; {printable.rendered(said)}")
        lines += [f"- Files: {', '.join(printable.rendered(name) for name in sorted(change.touched)[:20])}", ""]
    whole = [
        part.experiment_id for part in now.comparisons if part.against and part.candidate_tree == now.baseline.tree
    ]
    packed = whole[-1:] if its.squash and whole else [change.experiment for change in group.changes]
    lines += [
        "## Repeat the measurement",
        "",
        *(f"- `reproduce.py --bundle {name}` packs the evidence" for name in packed),
        "",
        "In a clone that has the base `python3 EVIDENCE/repeat.py` builds both sides and repeats the comparison.",
        "",
        'Figures under "Measured" are those of the session, against the code just before each change;',
        f"margin {now.scale.size(now.margin, 2)}.",
    ]
    return "\n".join(lines) + "\n"
