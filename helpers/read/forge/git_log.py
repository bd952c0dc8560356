"""The git log of the repository and of every remote that was added, searched like a forge and with no network.

A merge "Merge pull request #12", a subject that ends in "(#12)" and GitLab's "See merge request g/p!12" are seen as the
pull requests that they were; those that were rejected left nothing here.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from helpers import console, git, next_step
from helpers.read.forge import claims, findings, history, matching, provenance
from helpers.read.forge.findings import Finding, Outcome
from helpers.read.forge.names import Name
from helpers.read.forge.query import SearchRequest

FEW_REQUESTS = 5
"""Pull requests; when fewer are found, the commits without one are counted too."""
COMMITS = 10_000
"""Commits that git finds and are read."""
_SPARE = 20
"""Findings beyond those that are shown, of which some may be copies of others."""
_MERGE = re.compile(r"Merge pull request #(\d{1,9}) from \S+")
_SQUASH = re.compile(r"\((?:pull request )?#(\d{1,9})\)(?: from \S+ into \S+)?\s*$")
"""Also how Bitbucket and Forgejo end the first line of a merge."""
_GITLAB = re.compile(r"^See merge request \S{0,300}!(\d{1,9})\s*$", re.MULTILINE)
_NUMBERED = r"^Merge pull request #[0-9]+|#[0-9]+\)( from [^ ]+ into [^ ]+)? *$|^See merge request [^ ]*![0-9]+"
_FORM = "%H%n%P%n%ad%n%B"
"""Of a commit, which ends with a NUL: no message can hold one, and what stands before the message holds no line end."""


def search(start: Path, kind: str, wanted: SearchRequest) -> Outcome:
    """Search commits (`kind` commit) or merged pull requests (pr); raises Failure (2) where there is no repository."""
    if not start.is_dir():
        raise console.usage(f"--local {str(start)!r:.200} is not a folder", "name one, or put --local last")
    if kind == "pr" and wanted.state in ("open", "rejected"):
        raise console.usage("a git log holds merged pull requests only", "leave --local out, or ask for --state merged")
    if wanted.labels:
        raise console.usage("a git log has no labels", "leave --label out")
    root = git.find(start).root
    if not provenance.head(root) and not git.output(root, ["for-each-ref", "--count=1", "refs/remotes", "refs/heads"]):
        raise console.usage("the repository has no commit yet", "fetch a remote, or commit something first")
    owners = provenance.owners(root)
    outcome = Outcome()
    asked = matching.parsed(wanted.words)
    read, undoing = _read(root, _searched(kind, wanted, asked))
    some = [commit for commit in read if _answers(commit, kind, wanted, asked)]
    changes = history.rolled_back(history.changes(some, owners.merged), undoing)
    ranked = sorted(((_weight(change, kind, asked), change) for change in changes), key=lambda pair: -pair[0])
    shown = ranked[: wanted.limit + _SPARE]  # a patch and the words for it cost more than a message
    made = [(_finding(change, weight, owners, kind), change.commit.sha) for weight, change in shown]
    outcome.found = _each_once(root, made)
    others = len(ranked) - len(made)
    if len(read) >= COMMITS:
        outcome.incomplete = True
        outcome.notes.append(f"only the newest {COMMITS:,} commits that match were read: use --since, or more words")
    if git.output(root, ["rev-parse", "--is-shallow-repository"]) == "true":
        outcome.incomplete = True
        outcome.notes.append("the repository is shallow: git fetch --unshallow brings the rest of its log")
    if kind == "pr" and len(outcome.found) < FEW_REQUESTS:
        read = commits(root, f"--grep={claims.POSIX}")
        spoken = sum(not history.is_ours(commit.message) and bool(claims.speed_words(commit.title)) for commit in read)
        speak = f"{spoken:,} commit{' here speaks' if spoken == 1 else 's here speak'} of performance in the title"
        more = next_step.runnable(f"{speak}: search_github.py commits --local")
        outcome.notes += [more] if spoken > len(outcome.found) else []
    outcome.notes.append(f"searched the git log of {', '.join(['this repository', *owners.names])}; no network")
    findings.cut(outcome, wanted.limit).hit += others
    return outcome


def origin_on(root: Path, host: str) -> Name | None:
    """Return the repository on `host` that this one comes from: its remote origin, else upstream, else the only one."""
    known = {k: n for k, n in provenance.remotes(root).items() if n and n.host == host}
    return known.get("origin") or known.get("upstream") or (next(iter(known.values())) if len(known) == 1 else None)


def _read(root: Path, how: list[str]) -> tuple[list[history.Commit], list[history.Commit]]:
    """Return the commits that are searched for, and those that undo others; each reading of a long log takes time."""
    if len(how) != 1 or not how[0].startswith("--grep="):
        return commits(root, *how), commits(root, f"--grep={history.UNDONE}")
    read = commits(root, f"{how[0]}|{history.UNDONE}")
    return read, [commit for commit in read if re.search(history.UNDONE, commit.message, re.MULTILINE | re.IGNORECASE)]


def _searched(kind: str, wanted: SearchRequest, asked: matching.Query) -> list[str]:
    """Return what git is to search for; less strict than `_answers`, which looks at what it brings."""
    patterns = [claims.POSIX] if wanted.by_performance else matching.patterns(asked)
    since = [f"--since={wanted.since}-01-01"] if wanted.since else []
    return [*since, *(f"--grep={pattern}" for pattern in [*patterns, *([_NUMBERED] if kind == "pr" else [])])]


def commits(root: Path, *how: str, tips: Sequence[str] = ()) -> list[history.Commit]:
    """Return the log's entries of all branches and tags, or of what `tips` says, the newest first."""
    form = ["-z", "--no-notes", "--encoding=UTF-8", f"--format={_FORM}", f"--max-count={COMMITS}"]
    form += ["-i", "-E", "--all-match", "--date=format-local:%Y-%m-%dT%H:%M:%SZ"]  # that dates can be compared
    command = ["-c", "log.showSignature=false", "log", *form, *how, *(tips or provenance.tips(root)), "--"]
    read = git.run(root, command, env={"TZ": "UTC"}).stdout.decode("utf-8", "replace")
    return [_commit(record) for record in read.split("\0")[:-1]]


def _commit(record: str) -> history.Commit:
    sha, parents, date, message = record.split("\n", 3)
    number, title = merged_request(message)
    return history.Commit(sha, tuple(parents.split()), date, message.strip(), title, number)


def _answers(commit: history.Commit, kind: str, wanted: SearchRequest, asked: matching.Query) -> bool:
    if history.is_ours(commit.message) or (kind == "pr" and not commit.number):
        return False
    if (wanted.by_performance or wanted.perf) and not claims.speaks(commit.message):
        return False
    return wanted.by_performance or matching.score(asked, commit.title, commit.body) > 0


def merged_request(message: str) -> tuple[int, str]:
    """Return the number of the pull request whose merging a commit is, 0 when it is none, and its title.

    Only the place where forges write it counts: GitHub in the first line, GitLab at the end of what it merges itself.
    """
    first, _, body = message.strip().partition("\n")
    merge, squashed = _MERGE.match(first), _SQUASH.search(first)
    asked = (_GITLAB.findall(body) or [""])[-1] if first.startswith("Merge branch '") else ""
    told = merge or asked or (squashed and first.startswith("Merged in "))
    title = next((row for row in body.split("\n") if row.strip()), first) if told else first
    return int(merge[1] if merge else squashed[1] if squashed else asked or 0), title


def _weight(change: history.Change, kind: str, asked: matching.Query) -> float:
    about = claims.speed_words(change.commit.message)
    said = [change.commit, *change.copies[:3]]
    claimed = claims.claims_in("\n".join(each.message for each in said))
    best = max(
        claims.weight(each.title, about, claimed) + 10 * matching.score(asked, each.title, each.body) for each in said
    )
    return best - (1_000.0 if _state(change, kind) in ("revert", "slower") else 0.0)


def _state(change: history.Change, kind: str) -> str:
    if change.reverted and not change.again:
        return "reverted"
    if history.is_revert(change.commit):
        return "revert"
    return "slower" if claims.is_loss(change.commit.title) else "merged" if kind == "pr" else ""


def _finding(change: history.Change, weight: float, owners: provenance.Owners, kind: str) -> Finding:
    """Return the finding, with what became of the change; without a known forge its id is the commit's."""
    commit = change.commit
    remote, upstream = owners.of(commit.sha)
    remote = remote or (f"{provenance.UNKNOWN} (not pushed)" if owners.names else "")
    id_, url = _place(commit.sha, commit.number if kind == "pr" else 0, upstream)
    about = claims.speed_words(commit.message)
    facts = [
        f"commit {commit.sha[:12]}" if kind == "pr" else "",
        f"remote {remote}" if remote else "",
        "a merge" if len(commit.parents) > 1 else "",
        f"also as {', '.join(c.sha[:12] for c in change.copies[:3])}" if change.copies else "",
        f"words {', '.join(about[:6])}" if about else "",
    ]
    claimed = claims.claims_in("\n".join(each.message for each in (commit, *change.copies[:3])))
    more = [_told(word, by) for word, by in (("reverted", change.reverted), ("applied again", change.again)) if by]
    told = {"state": _state(change, kind), "date": commit.date, "facts": facts, "claims": claimed, "more": more}
    return findings.made(id_, kind, commit.title, url, weight=weight, **told)


def _each_once(root: Path, made: list[tuple[Finding, str]]) -> list[Finding]:
    """Return the findings without those that change the same lines as one before, as a copy of another title does.

    A clone without its contents would fetch them for that: there titles must do.
    """
    form = ["log", "--no-walk=unsorted", "--stdin", "-p", "-m", "--first-parent", "--no-ext-diff", "--no-textconv"]
    near = [] if provenance.configured(root, "promisor") else [sha for _, sha in made]
    patches = git.run(root, form, stdin="\n".join(near).encode()).stdout if near else b""
    rows = git.run(root, ["patch-id", "--stable"], stdin=patches).stdout.decode().splitlines()
    patch = {sha: same for same, _, sha in (row.partition(" ") for row in rows)}
    once: dict[tuple[str, str], int] = {}
    kept: list[Finding] = []
    for finding, sha in made:
        place = once.setdefault((patch.get(sha, sha), finding.state), len(kept))
        if place == len(kept):
            kept.append(finding)
            continue
        one, other = kept[place], finding
        if "a merge" in one.facts and "a merge" not in other.facts:
            one, other = other, one
        also = f"also as {other.id.rpartition('@')[2].rpartition(':')[2]}"
        kept[place] = replace(one, facts=(*one.facts, also), weight=kept[place].weight)
    return kept


def _told(word: str, by: history.Commit) -> str:
    why = next((row for row in by.body.split("\n") if row.strip() and not row.startswith("This reverts")), by.title)
    return f"{word} by {by.sha[:12]} in {by.date[:7]}: {why}"


def _place(sha: str, number: int, upstream: Name | None) -> tuple[str, str]:
    """Return the id and the address of a commit, or of the pull request that it merged."""
    if upstream is None:
        return f"commit:{sha[:12]}", ""
    page = f"https://{upstream.host}/{upstream.full}"
    if upstream.host != "github.com":  # other forges put requests elsewhere; a commit they all show here
        return f"commit:{sha[:12]}", f"{page}/commit/{sha}"
    name = Name(upstream.owner, upstream.repo, number, "" if number else sha, upstream.host)
    return name.id, f"{page}/{f'pull/{number}' if number else f'commit/{sha}'}"
