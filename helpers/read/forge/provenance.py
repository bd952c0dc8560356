"""Which remote a commit belongs to: the one whose branches contain it; of several, the one that had it first.

A tag says nothing of where it was fetched from, unless a remote's refspec keeps its tags apart. Where nothing can be
told, the answer is "unknown", never a guess: numbers of pull requests go from here into commit messages.
"""

import heapq
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
_MERGED = 2_000
"""Commits that are looked at to tell what a merge brought."""
_REF = "%(if)%(*objectname)%(then)%(*objectname)%(else)%(objectname)%(end) %(refname) %(upstream:remotename)"
_TAKEN_IN = re.compile(r"^(?:fetch|(?:initial )?pull)\b|\bFETCH_HEAD\b", re.MULTILINE)
"""What git notes of a branch that took something in from an address."""
_FETCHED = re.compile(r"^([0-9a-f]+)\t(not-for-merge)?\tbranch '(.*)' of (\S+)$", re.MULTILINE)
"""A row of what git noted of its last fetch; a branch that is to be merged may have been asked for by address."""


def remotes(root: Path) -> dict[str, Name | None]:
    """Return the remotes in the configuration's order, each with the repository that it is on a forge, if it is."""
    listed = re.findall(r"^(\S+)\t(.*) \(fetch\)", git.output(root, ["remote", "-v"]), re.MULTILINE)
    known = {name: forge_names.of_remote(url) for name, url in listed}
    order = [name for name, _ in configured(root, "url")]
    return {name: known[name] for name in dict.fromkeys([*order, *known]) if name in known}


def fetched(root: Path) -> dict[str, Name | None]:
    """Return the remotes, each with the repository that its branches came from as far as git noted it.

    Since then its address may have been set to another project's, whose numbers these are not.
    """
    names = remotes(root)
    noted = root / git.output(root, ["rev-parse", "--git-path", "FETCH_HEAD"])
    said = _FETCHED.findall(noted.read_text(encoding="utf-8", errors="replace")) if noted.is_file() else []
    last = {forge_names.of_remote(url) for *_, url in said}
    apart = {f"{sha} {branch}": forge_names.of_remote(url) for sha, aside, branch, url in said if aside}
    form = "--format=%(objectname) %(refname:lstrip=3)"
    others = {name.id.casefold() for name in names.values() if name}
    for remote in [remote for remote, name in names.items() if name and name not in last]:
        heads = git.output(root, ["for-each-ref", form, f"refs/remotes/{remote}/"]).splitlines()
        guessed = [next((apart[head] for head in heads if head in apart), None)]
        sure = None
        if not re.search(r"^(?:fetch|pull)\b", _noted(root, f"--remotes={remote}"), re.MULTILINE):
            sure = _cloned_from(root, f"refs/remotes/{remote}/HEAD")  # a remote that was renamed has lost this note
            guessed += [_cloned_from(root, "HEAD")] if remote == home(names) else []
        came = sure or next((name for name in guessed if name and name.id.casefold() not in others), None)
        names[remote] = came or names[remote]
    return names


def _cloned_from(root: Path, ref: str) -> Name | None:
    found = re.search(r"^clone: from (\S+)$", _noted(root, ref), re.MULTILINE)
    return forge_names.of_remote(found[1]) if found else None


def configured(root: Path, what: str) -> list[tuple[str, str]]:
    """Return a setting of all remotes, as (remote, value) in the configuration's order."""
    asked = git.run(root, ["config", "-z", "--get-regexp", rf"^remote\..*\.{what}$"], check=False)
    rows = (row.partition("\n") for row in asked.stdout.decode("utf-8", "replace").split("\0")[:-1])
    return [(key.removeprefix("remote.").removesuffix(f".{what}"), value) for key, _, value in rows]


def tips(root: Path) -> list[str]:
    """Return the arguments for git log by which all branches and tags are reached, and HEAD when it has a commit."""
    return [*ALL_REFS, *head(root)]


def head(root: Path) -> list[str]:
    """Return HEAD as an argument, nothing where it has no commit."""
    return ["HEAD"] if git.resolved(root, "HEAD") else []


def home(names: Mapping[str, Name | None]) -> str:
    """Return the remote that this repository comes from: origin, else upstream, else the only one; "" without any."""
    return next((n for n in ("origin", "upstream") if n in names), next(iter(names)) if len(names) == 1 else "")


@dataclass
class Owners:
    """For each commit the remotes that contain it, each with how many merges of others' work lie between."""

    names: dict[str, Name | None]
    reach: dict[str, dict[str, int]] = field(default_factory=dict)
    times: dict[str, int] = field(default_factory=dict)
    parents: dict[str, list[str]] = field(default_factory=dict)
    cut: dict[str, int] = field(default_factory=dict)
    """Remotes of which only the newest commits are here, each with the time from which on all are."""

    def of(self, sha: str) -> tuple[str, Name | None]:
        """Return the remote that a commit belongs to, and its place on a forge; "" where only our branches hold it."""
        held = self.reach.get(sha, {})
        holders = {remote: merges for remote, merges in held.items() if remote not in (_OURS, UNKNOWN)}
        if not holders:
            return (_OURS if _OURS in held and UNKNOWN not in held else UNKNOWN), None
        maybe = dict.fromkeys(
            [r for r, since in self.cut.items() if r not in held and self.times.get(sha, 0) < since], 0
        )
        holders |= maybe
        first = [remote for remote in holders if holders[remote] == min(holders.values())]
        told = next((remote for remote in ("upstream", "origin") if remote in first), first[0])
        alike = told in ("upstream", "origin") or len({self.names.get(remote) or remote for remote in first}) == 1
        return (told, self.names.get(told)) if alike and told not in maybe else (UNKNOWN, None)

    def merged(self, sha: str) -> list[str]:
        """Return the commits that a merge brought to its first parent; of a long branch the newest ones."""
        main, *others = self.parents[sha]
        inside = dict.fromkeys(others, True) | {main: False}
        waiting = [(-self.times.get(each, 0), each) for each in inside]
        heapq.heapify(waiting)
        seen, left = dict[str, None](), sum(inside.values())
        while left and len(seen) < _MERGED:
            _, each = heapq.heappop(waiting)
            left -= inside[each]
            seen[each] = None
            for parent in self.parents.get(each, ()):
                if parent not in inside:
                    inside[parent] = inside[each]
                    left += inside[each]
                    heapq.heappush(waiting, (-self.times.get(parent, 0), parent))
                elif inside[parent] and not inside[each] and parent not in seen:
                    inside[parent] = False
                    left -= 1
        return [each for each in seen if inside[each]]


def owners(root: Path) -> Owners:
    """Walk the whole graph once, children first, and tell each parent who contains it."""
    found = Owners(fetched(root))
    reach = found.reach
    for sha, remote in _heads(root, found.names):
        reach.setdefault(sha, {})[remote] = 0
    walk = ["rev-list", "--topo-order", "--timestamp", "--parents", *tips(root), "--"]
    for line in git.output(root, walk).splitlines():
        when, sha, *parents = line.split(" ")
        found.times[sha], found.parents[sha] = int(when), parents
        held = reach.get(sha, {})
        for place, parent in enumerate(parents if held else ()):
            given = {remote: merges + 1 for remote, merges in held.items()} if place else held
            reach[parent] = _least(reach[parent], given) if parent in reach else given
    shallow = root / git.output(root, ["rev-parse", "--git-path", "shallow"])
    for sha in shallow.read_text().split() if shallow.is_file() else ():
        for remote in reach.get(sha, ()):
            found.cut[remote] = max(found.cut.get(remote, 0), found.times.get(sha, 0))
    return found


def _least(one: dict[str, int], other: dict[str, int]) -> dict[str, int]:
    if one == other:
        return one
    return {r: min(one.get(r, 1 << 30), other.get(r, 1 << 30)) for r in (*one, *other)}


def _heads(root: Path, names: Mapping[str, Name | None]) -> Iterator[tuple[str, str]]:
    """Yield the commit of each branch, and of each tag that a remote keeps apart, with the remote that it speaks for.

    A remote that was removed but left its branches keeps its name, and has no place on a forge. Our own branches speak
    for the remote that we come from as long as nothing was fetched from it, unless they follow another one or took
    something in from an address. What was pushed to another place than is fetched from is that place's.
    """
    here, kept = home(names), _kept(root)
    away = _pushed_elsewhere(root) | {remote for remote, name in remotes(root).items() if name != names[remote]}
    tip = git.resolved(root, "HEAD")
    ours, fetched = [(tip, "HEAD", "")] if tip else [], set()
    for row in git.output(
        root, ["for-each-ref", f"--format={_REF}", "refs/remotes", "refs/tags", "refs/heads"]
    ).splitlines():
        sha, ref, follows = row.split(" ", 2)
        if remote := _remote_of(ref, names, kept):
            fetched.add(remote)
            yield sha, UNKNOWN if remote in away and "update by push" in _noted(root, ref, "-1") else remote
        elif ref.startswith("refs/heads/"):
            ours.append((sha, ref, follows))
    unfetched = bool(here) and here not in fetched
    branches = {sha for sha, *_ in ours[bool(tip) :]}
    for sha, ref, follows in ours:
        if ref == "HEAD" and sha in branches:
            continue
        if not unfetched or follows not in ("", ".", here):
            yield sha, _OURS
        else:
            yield sha, UNKNOWN if _TAKEN_IN.search(_noted(root, ref)) else here


def _kept(root: Path) -> list[tuple[str, str]]:
    """Return where fetched refs are put, as (the ref or how it begins, remote)."""
    rows = ((value.partition(":")[2], remote) for remote, value in configured(root, "fetch"))
    return [(place.removesuffix("*"), remote) for place, remote in rows if place]


def _remote_of(ref: str, names: Mapping[str, Name | None], kept: list[tuple[str, str]]) -> str:
    """Return the remote that a ref was fetched from: whose place it is, else by its name; "" where it is ours."""
    fitting = [
        (len(place), remote)
        for place, remote in kept
        if ref == place or (place.endswith("/") and ref.startswith(place))
    ]
    nearest = {remote for length, remote in fitting if length == max(fitting)[0]}
    if nearest:
        return nearest.pop() if len(nearest) == 1 else UNKNOWN
    if not ref.startswith("refs/remotes/"):
        return ""
    rest = ref.removeprefix("refs/remotes/")
    return next((n for n in sorted(names, key=len, reverse=True) if rest.startswith(f"{n}/")), rest.split("/")[0])


def _pushed_elsewhere(root: Path) -> set[str]:
    """Return the remotes that are pushed to at another place than they are fetched from."""
    places: dict[str, set[Name | str]] = {}
    for remote, url in re.findall(r"^(\S+)\t(.*) \((?:fetch|push)\)", git.output(root, ["remote", "-v"]), re.MULTILINE):
        places.setdefault(remote, set()).add(forge_names.of_remote(url) or url)
    return {remote for remote, known in places.items() if len(known) > 1}


def _noted(root: Path, ref: str, *how: str) -> str:
    """Return what git noted of the moves of a ref, the newest first; "" where it keeps no notes."""
    asked = ["reflog", "show", "--format=%gs", *how, ref, "--"]
    return git.run(root, asked, check=False).stdout.decode("utf-8", "replace")
