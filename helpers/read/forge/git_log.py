"""The git log of the repository and of every remote that was added, searched like a forge and with no network.

A merge "Merge pull request #12", a subject that ends in "(#12)" and GitLab's "See merge request g/p!12" are seen as the
pull requests that they were; those that were rejected left nothing here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from helpers import console, git
from helpers.read.forge import claims, findings, provenance, query
from helpers.read.forge.findings import Finding, Outcome
from helpers.read.forge.names import Name
from helpers.read.forge.query import Wanted

MOST = 5_000
"""Commits that match and are read."""
_MERGE = re.compile(r"Merge pull request #(\d{1,9}) from \S+")
_SQUASH = re.compile(r"\(#(\d{1,9})\)\s*$")
_GITLAB = re.compile(r"^See merge request \S{0,300}!(\d{1,9})\s*$", re.MULTILINE)
_NUMBERED = r"^Merge pull request #[0-9]+|\(#[0-9]+\) *$|^See merge request [^ ]*![0-9]+"
_FORM = "%H%n%P%n%aI%n%B"
"""Of a commit, which ends with a NUL: no message can hold one, and what stands before the message holds no line end."""


def search(start: Path, kind: str, wanted: Wanted) -> Outcome:
    """Search commits (`kind` commit) or merged pull requests (pr); raises Failure (2) where there is no repository."""
    if not start.is_dir():
        raise console.usage(f"--local {str(start)!r:.200} is not a folder", "name one, or put --local last")
    if kind == "pr" and wanted.state in ("open", "rejected"):
        raise console.usage("a git log holds merged pull requests only", "leave --local out, or ask for --state merged")
    if wanted.labels:
        raise console.usage("a git log has no labels", "leave --label out")
    root = git.find(start).root
    if git.run(root, ["rev-parse", "--verify", "--quiet", "HEAD"], check=False).returncode and not _refs(root):
        raise console.usage("the repository has no commit yet", "fetch a remote, or commit something first")
    owners = provenance.owners(root)
    outcome = Outcome()
    seen = 0
    for record in _log(root, kind, wanted).split("\0")[:-1]:
        seen += 1
        found = _finding(record, owners, kind, wanted)
        outcome.findings += [found] if found else []
    if seen >= MOST:
        outcome.incomplete = True
        outcome.notes.append(f"only the newest {MOST:,} commits that match were read: use --since, or more words")
    if git.output(root, ["rev-parse", "--is-shallow-repository"]) == "true":
        outcome.incomplete = True
        outcome.notes.append("the repository is shallow: git fetch --unshallow brings the rest of its log")
    outcome.notes.append(f"searched the git log of {', '.join(['this repository', *owners.names])}; no network")
    return outcome.cut(wanted.limit)


def default(root: Path, host: str) -> Name | None:
    """Return the repository on `host` that this one comes from: its remote origin, else upstream, else the only one."""
    known = {k: n for k, n in provenance.remotes(root).items() if n and n.host == host}
    return known.get("origin") or known.get("upstream") or (next(iter(known.values())) if len(known) == 1 else None)


def _refs(root: Path) -> str:
    return git.output(root, ["for-each-ref", "--count=1", "refs/remotes", "refs/heads"])


def _log(root: Path, kind: str, wanted: Wanted) -> str:
    """Return the log entries that may match, each after a record separator."""
    since = [f"--since={wanted.since}-01-01"] if wanted.since else []
    if wanted.by_performance:
        patterns = [claims.POSIX]
    else:
        each = [
            part.strip('"') for part in re.findall(r'"[^"]+"|\S+', wanted.words) if part not in ("AND", "OR", "NOT")
        ]
        plain = [re.sub(r"([][.(){}*+?^$|\\])", r"\\\1", word.strip("()")) for word in each]
        patterns = ["|".join(plain)] if " OR " in wanted.words else plain
    if kind == "pr":
        patterns.append(_NUMBERED)
    words = ["-E", "--all-match", *(f"--grep={pattern}" for pattern in patterns if pattern)]
    done = git.run(
        root,
        [
            "-c",
            "log.showSignature=false",
            "log",
            "-z",
            "--no-notes",
            "--encoding=UTF-8",
            f"--format={_FORM}",
            f"--max-count={MOST}",
            "-i",
            *words,
            *since,
            *provenance.tips(root),
            "--",
        ],
    )
    return done.stdout.decode("utf-8", "replace")


def _finding(record: str, owners: provenance.Owners, kind: str, wanted: Wanted) -> Finding | None:
    sha, parents, date, message = record.split("\n", 3)
    rows = message.strip().split("\n")
    about = not wanted.by_performance and not wanted.perf
    if not about and not claims.words(message) and not claims.find(message):
        return None
    if not wanted.by_performance and not query.mentions(wanted.words, message):
        return None
    remote, upstream = owners.of(sha)
    remote = remote or (f"{provenance.UNKNOWN} (not pushed)" if owners.names else "")
    number, title = request(message)
    if kind == "pr" and not number:
        return None
    return _made(sha, upstream, number if kind == "pr" else 0, title, rows, date, remote, parents.split())


def request(message: str) -> tuple[int, str]:
    """Return the number of the pull request whose merging a commit is, 0 when it is none, and its title.

    Only the place where forges write it counts: GitHub in the first line, GitLab at the end of what it merges itself.
    """
    first, _, body = message.strip().partition("\n")
    merge, squashed = _MERGE.match(first), _SQUASH.search(first)
    asked = (_GITLAB.findall(body) or [""])[-1] if first.startswith("Merge branch '") else ""
    title = next((row for row in body.split("\n") if row.strip()), first) if merge or asked else first
    return int(merge[1] if merge else squashed[1] if squashed else asked or 0), title


def _made(
    sha: str,
    upstream: Name | None,
    number: int,
    title: str,
    rows: Sequence[str],
    date: str,
    remote: str,
    parents: Sequence[str],
) -> Finding:
    """Return the finding; without a known forge its id is the commit's."""
    name = Name(upstream.owner, upstream.repo, number, "" if number else sha, upstream.host) if upstream else None
    on_github = name is not None and name.host == "github.com"
    url = f"https://{name.host}/{name.full}/{f'pull/{number}' if number else f'commit/{sha}'}" if name else ""
    if number and not on_github:  # other forges put it elsewhere; a commit they all show here
        url = f"https://{name.host}/{name.full}/commit/{sha}" if name else ""
    text = "\n".join(rows)
    claimed = claims.find(text)
    about = claims.words(text)[:6]
    id_ = name.id if on_github and name else f"commit:{sha[:12]}"
    facts = [
        f"commit {sha[:12]}" if number else "",
        f"remote {remote}" if remote else "",
        "a merge" if len(parents) > 1 else "",
        f"words {', '.join(about)}" if about else "",
    ]
    return findings.made(
        id_,
        "pr" if number else "commit",
        title,
        url,
        state="merged" if number else "",
        date=date,
        facts=facts,
        claims=[c.quote for c in claimed],
        weight=claims.weight(title, "\n".join(rows[1:]), len(claimed)),
    )
