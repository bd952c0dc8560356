"""Which remote a commit belongs to: the one whose branches contain it; of several, the one that had it first.

What only a tag reaches belongs where its ancestors do. Where nothing can be told, the answer is "unknown", never a
guess: numbers of pull requests go from here into commit messages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from helpers import git
from helpers.read.forge import names as forge_names
from helpers.read.forge.names import Name

ALL_REFS = ("--branches", "--remotes", "--tags")
UNKNOWN = "unknown"
_OURS = ""
"""In place of a remote: branches of ours, and HEAD, that count as no remote's."""


def remotes(root: Path) -> dict[str, Name | None]:
    """Return the remotes in the configuration's order, each with the repository that it is on a forge, if it is."""
    listed = re.findall(r"^(\S+)\t(.*) \(fetch\)", git.output(root, ["remote", "-v"]), re.MULTILINE)
    known = {name: forge_names.of_remote(url) for name, url in listed}
    rows = git.run(root, ["config", "--get-regexp", r"^remote\..*\.url$"], check=False).stdout.decode(
        "utf-8", "replace"
    )
    order = [row.split(" ")[0].removeprefix("remote.").removesuffix(".url") for row in rows.splitlines()]
    return {name: known[name] for name in dict.fromkeys([*order, *known]) if name in known}


def tips(root: Path) -> list[str]:
    """Return the arguments for git log by which all branches and tags are reached, and HEAD when it has a commit."""
    return [*ALL_REFS, *head(root)]


def head(root: Path) -> list[str]:
    """Return HEAD as an argument, nothing where it has no commit."""
    return [] if git.run(root, ["rev-parse", "--verify", "--quiet", "HEAD"], check=False).returncode else ["HEAD"]


def home(names: Mapping[str, Name | None]) -> str:
    """Return the remote that this repository comes from: origin, else upstream, else the only one; "" without any."""
    return next((n for n in ("origin", "upstream") if n in names), next(iter(names)) if len(names) == 1 else "")


@dataclass
class Owners:
    """For each commit the remotes that contain it, each with how many merges of others' work lie between."""

    names: dict[str, Name | None]
    reach: dict[str, dict[str, int]] = field(default_factory=dict)
    tagged: dict[str, str] = field(default_factory=dict)
    """Commits that tags alone reach, with the remote of their ancestors."""

    def of(self, sha: str) -> tuple[str, Name | None]:
        """Return the remote that a commit belongs to, and its place on a forge; "" where only our branches hold it."""
        held = self.reach.get(sha)
        if not held:
            remote = self.tagged.get(sha, UNKNOWN)
        else:
            order = list(dict.fromkeys(["upstream", "origin", *self.names]))
            remote = min(held, key=lambda r: (r == _OURS, held[r], order.index(r) if r in order else len(order), r))
        return remote, self.names.get(remote)


def owners(root: Path) -> Owners:
    """Walk the whole graph once, children first, and tell each parent who contains it."""
    found = Owners(remotes(root))
    reach = found.reach
    parents_of: dict[str, list[str]] = {}
    for sha, remote in _heads(root, found.names):
        reach.setdefault(sha, {})[remote] = 0
    for line in git.output(root, ["rev-list", "--topo-order", "--parents", *tips(root), "--"]).splitlines():
        sha, *parents = line.split(" ")
        parents_of[sha] = parents
        held = reach.get(sha, {})
        for place, parent in enumerate(parents if held else ()):
            given = {remote: merges + 1 for remote, merges in held.items()} if place else held
            reach[parent] = _least(reach[parent], given) if parent in reach else given
    for sha in reversed([sha for sha in parents_of if not reach.get(sha)]):
        first = (parents_of[sha] or [""])[0]
        holders = [remote for remote in reach.get(first, ()) if remote != _OURS]
        found.tagged[sha] = holders[0] if len(holders) == 1 else found.tagged.get(first, UNKNOWN)
    return found


def _least(one: dict[str, int], other: dict[str, int]) -> dict[str, int]:
    if one == other:
        return one
    return {r: min(one.get(r, 1 << 30), other.get(r, 1 << 30)) for r in (*one, *other)}


def _heads(root: Path, names: Mapping[str, Name | None]) -> Iterator[tuple[str, str]]:
    """Yield each branch's commit with the remote that it speaks for.

    A remote that was removed but left its branches keeps its name, and has no place on a forge. Our own branches speak
    for the remote that we come from as long as nothing was fetched from it, unless they follow another one.
    """
    rows = git.output(
        root, ["for-each-ref", "--format=%(objectname) %(refname) %(upstream:remotename)", "refs/remotes", "refs/heads"]
    )
    ours, fetched, here = [], set(), home(names)
    for row in rows.splitlines():
        sha, ref, follows = row.split(" ", 2)
        if ref.startswith("refs/heads/"):
            ours += [(sha, follows)]
            continue
        rest = ref.removeprefix("refs/remotes/")
        remote = next((n for n in sorted(names, key=len, reverse=True) if rest.startswith(f"{n}/")), rest.split("/")[0])
        fetched.add(remote)
        yield sha, remote
    tip = git.run(root, ["rev-parse", "--verify", "--quiet", "HEAD"], check=False).stdout.decode().strip()
    for sha, follows in [*ours, *([(tip, "")] if tip and tip not in [sha for sha, _ in ours] else [])]:
        yield sha, here if here and here not in fetched and follows in ("", ".", here) else _OURS
