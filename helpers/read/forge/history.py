"""What one change became in a history: its copies on other branches, its revert, its second coming."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

_PICKED = re.compile(
    r"(?:cherry[- ]?pick(?:ed)?|back-?port(?:ed|s)?|picked)(?: from|"
    r" of)*(?: commit)? ([0-9a-f]{7,40})\b",
    re.IGNORECASE,
)
_MARK = re.compile(
    r"^(?:\s*\[[^\]]{0,40}\]|\s*(?:back-?port|cherry-?pick(?:ed)?)(?: of| to \S+)?[: ]+)+|\s*\((?:#\d+|"
    r"back-?port[^)]*|cherry[^)]*)\)",
    re.IGNORECASE,
)
_COPY = re.compile(r"back-?port|cherry-?pick", re.IGNORECASE)
_REVERT = re.compile(
    r"(revert|reapply|reland|back(?:ed)? out)(?:ed|s|ing)?:?\s+(?!to )\"?(.+?)\"?(?: \(#\d+\))*$", re.IGNORECASE
)
_TAKEN_BACK = re.compile(r"(undo|undid|roll(?:ed|s)?[- ]?back):?\s+\"?(.+?)\"?(?: \(#\d+\))*$", re.IGNORECASE)
"""Such a title may also name a feature: it counts where what it names is there."""
_UNDOES = re.compile(r"(?:reverts?|backs? out|reapplies|relands?) (?:commit )?([0-9a-f]{7,40})\b", re.IGNORECASE)
_OURS = re.compile(r"^Experiment: \S+ \(refs/autoresearch/|\Aautoresearch: ", re.MULTILINE)
UNDONE = r"^(Revert|Reapply|Reland|Back(ed)? out|Und(o|id) |Roll(ed|s)?[- ]?back)|[Rr]everts? commit [0-9a-f]{7}"
"""For git's --grep: commits that take others back, or put them in again."""


@dataclass(frozen=True)
class Commit:
    """One commit of the log; `title` is what it brought, of a merge the title of what was merged."""

    sha: str
    parents: tuple[str, ...]
    date: str
    message: str
    title: str
    number: int = 0

    @property
    def body(self) -> str:
        """All but the first line."""
        return self.message.partition("\n")[2]


@dataclass
class Change:
    """One change: the commit that brought it in, its copies, and who took it back."""

    commit: Commit
    copies: list[Commit] = field(default_factory=list)
    reverted: Commit | None = None
    again: Commit | None = None


def is_ours(message: str) -> bool:
    """Whether a message is of a commit that a session made: its lock, or a change that it has kept."""
    return bool(_OURS.search(message))


def changes(commits: Sequence[Commit], merged: Callable[[str], Sequence[str]]) -> list[Change]:
    """Make one change of a commit and its backports and cherry-picks, in the order of the log.

    A merge is one with what it brought, where that is found too; `merged` tells which commits these are.
    """
    leaders: dict[object, Change] = {}
    found: list[Change] = []
    copies = {c.sha for c in commits if _COPY.search(c.title) or _PICKED.search(c.message)}
    for commit in sorted(commits, key=lambda c: (c.sha in copies, len(c.parents) > 1, c.date)):
        keys = _keys(commit)
        asked = keys if commit.sha in copies else keys[:-1]  # two changes may have one title
        known = next((leaders[key] for key in asked if key in leaders), None)
        if known is None:
            known = Change(commit)
            found.append(known)
        else:
            known.copies.append(commit)
        for key in keys:
            leaders.setdefault(key, known)
    plainly = {change.commit.sha: change for change in found if len(change.commit.parents) < 2}
    gone = set()
    for merge in [change for change in found if len(change.commit.parents) > 1]:
        number, said = merge.commit.number, set(plain(merge.commit.title).split())
        inside = [plainly[sha] for sha in merged(merge.commit.sha) if sha in plainly]
        inside = [change for change in inside if not number or change.commit.number in (0, number)]
        if inside:
            best = max(inside, key=lambda change: len(said.intersection(plain(change.commit.title).split())))
            best.copies += [merge.commit, *merge.copies]
            gone.add(merge.commit.sha)
    order = {commit.sha: place for place, commit in enumerate(commits)}
    kept = [change for change in found if change.commit.sha not in gone]
    return sorted(kept, key=lambda change: order[change.commit.sha])


def rolled_back(found: Sequence[Change], undoing: Sequence[Commit]) -> list[Change]:
    """Note on each change who reverted and who reapplied it; return the changes without those that are told so."""
    by_sha = {c.sha[:7]: change for change in found for c in (change.commit, *change.copies)}
    by_title: dict[str, Change] = {}
    for change in found:
        by_title.setdefault(plain(change.commit.title), change)
    told = set()
    for commit in reversed(undoing):
        undone = _undone(commit)
        target = next((by_sha[sha[:7]] for sha in _UNDOES.findall(commit.message) if sha[:7] in by_sha), None)
        target = target or by_title.get(plain(undone[0]))
        if target is None or target.commit.sha == commit.sha or target.commit.date > commit.date:
            continue
        told.add(commit.sha)
        if undone[1]:
            target.again = commit
        else:
            target.reverted, target.again = commit, None
    return [change for change in found if change.commit.sha not in told]


def is_revert(commit: Commit) -> bool:
    """Whether a commit only takes another one back."""
    says = _REVERT.match(commit.title) or re.search("^This reverts commit", commit.message, re.MULTILINE)
    return bool(says) and not _undone(commit)[1]


def plain(title: str) -> str:
    """Return a title without its number and the marks of a copy, for comparing."""
    return " ".join(_MARK.sub("", title).casefold().split())


def _undone(commit: Commit) -> tuple[str, bool]:
    """Return the title that a commit takes back, and whether it rather puts it in again."""
    title, times = commit.title, 0
    while match := _REVERT.match(title) or _TAKEN_BACK.match(title):
        title, times = match[2] or "", times + 1
        if match[1].casefold() in ("reapply", "reland"):
            return title, True
    return title, times > 0 and times % 2 == 0


def _keys(commit: Commit) -> list[object]:
    """Return what names a change: the commit, its origin, its title with day or number; last its title alone."""
    title = plain(commit.title)
    numbered = [(title, commit.number)] if commit.number else []
    day = (title, commit.date[: 10 if len(title.split()) > 4 else None])
    told = [title] if len(title.split()) > 3 else [commit.sha]
    merged = [(sha[:7], title) for sha in (commit.sha, *commit.parents[1:2])]  # a merge titled as what it merged
    return [commit.sha[:7], *(sha[:7] for sha in _PICKED.findall(commit.message)), day, *merged, *numbered, *told]
