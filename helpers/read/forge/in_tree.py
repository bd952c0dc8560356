"""What the tree, and every sibling that was fetched, says of speed: release notes, wishes in comments, benchmarks."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from helpers import git
from helpers.read.forge import claims, findings, git_log, history, matching, provenance
from helpers.read.forge.findings import Finding, Outcome
from helpers.read.forge.names import Name
from helpers.read.forge.query import SearchRequest

NOTES = re.compile(
    r"(^|/)(change(s|log)?|news|history|release[-_ ]?notes?|\d*-?releasenotes|what'?s[-_]?new)([-_.][^/]*)?$|"
    r"(^|/)(release[-_]?(notes?)?|changelogs?|changes|whatsnew|news)/[^/]*\d[^/]*\.(rst|md|txt)$",
    re.IGNORECASE,
)
_VERSION = re.compile(
    r"^\W{0,6}(?:[A-Za-z][\w .-]{0,30}?\s)?\[?v?\d+\.\d+(?:\.[\dx]+)*[^\n.;]{0,60}$|^#{1,3} .*\d", re.IGNORECASE
)
_LINK = re.compile(r"`([^`<]*?)\s*<[^>]*>`__?|\[([^\]]*)\]\([^)]*\)")
_WISH = ("-c", "submodule.recurse=false", "grep", "-n", "-I", "-z", "-w", "-E")
_ROW = re.compile(r"([^\0]+)\0(\d+)\0([^\n]*)\n")
"""What git grep prints: a name may hold ends of lines, and a line may hold whatever else."""
_HERE = {"GIT_NO_LAZY_FETCH": "1"}
"""Without a network, also in a clone without its contents."""
_BENCH = re.compile(
    r"(^|/)(bench(mark)?s?|perf(ormance)?(_?tests?)?)/|(^|/)[^/]*bench[^/]*\.[a-z]{1,4}$", re.IGNORECASE
)
FILES = 300
"""Files of release notes that are read of one project."""
CHARACTERS = 2_000_000
"""Of one such file."""


def releases(root: Path, wanted: SearchRequest) -> Outcome:
    """Search the release notes in the tree and in each fetched remote: of each release the lines that fit."""
    outcome = Outcome()
    asked = matching.parsed(wanted.words)
    seen: set[str] = set()
    for remote, ref, name in _projects(root):
        files = [path for path in _files(root, ref) if NOTES.search(path)]
        outcome.total += len(files)
        for path in files[-FILES:]:
            said = git.run(root, ["cat-file", "blob", f"{ref}:{path}"], env=_HERE, check=False).stdout[:CHARACTERS]
            for number, title, rows in _sections(said.decode("utf-8", "replace")):
                found = _release(path, title, rows, asked)
                if found and found["title"] not in seen:  # a fork has our notes too
                    seen.add(found["title"])
                    found["facts"] += [f"remote {remote}", f"commit {ref[:12]}"] if remote else []
                    outcome.found.append(findings.made(_id(name, ref, path, number, remote), "release", **found))
    for place, finding in enumerate(outcome.found):  # of two that fit alike the later file is the newer release
        outcome.found[place] = replace(finding, weight=finding.weight + place * 1e-4)
    outcome.notes.append(f"read {outcome.total} files of release notes; no network")
    return findings.cut(outcome, wanted.limit)


def wishes(root: Path, wanted: SearchRequest) -> Outcome:
    """Find the comments in which the project's own people wish for speed: TODO, FIXME, XXX, HACK."""
    outcome = Outcome()
    asked = matching.parsed(wanted.words)
    said = git.run(root, [*_WISH, "TODO|FIXME|XXX|HACK|OPTIMI[SZ]E", "--", "."], check=False).stdout
    rows = _ROW.findall(said.decode("utf-8", "replace"))
    for path, number, text in ((path, int(number), text.strip()[:300]) for path, number, text in rows[:20_000]):
        about = claims.speed_words(text)
        where_fits = matching.score(asked, "", path)
        fit = matching.score(asked, text, "") or (where_fits if where_fits >= 1 else 0.0)  # src/simdjson is not SIMD
        if about and (fit or wanted.by_performance):
            weight = 10 * fit + claims.worth(text, text)
            where = f"{path}:{number}"
            more = {"state": "wish", "facts": [where], "weight": weight}
            outcome.found.append(findings.made(_id(None, "", path, number), "own", text, "", **more))
    return findings.cut(outcome, wanted.limit)


def benchmarks(root: Path) -> list[str]:
    """Return the folders and files that hold the project's own benchmarks, the fullest first."""
    count: dict[str, int] = {}
    for path in _files(root, "HEAD"):
        match = _BENCH.search(path)
        if match:
            place = path[: match.end()].rstrip("/")
            count[place] = count.get(place, 0) + 1
    return sorted(count, key=lambda place: (-count[place], len(place)))[:6]


def _projects(root: Path) -> Iterator[tuple[str, str, Name | None]]:
    """Yield this repository, and each fetched remote that is another project, with the commit at which it is read."""
    names = provenance.remotes(root)
    here = provenance.home(names)
    if provenance.head(root):
        yield "", git.commit_of(root, "HEAD"), names.get(here)
    for remote, name in names.items():
        ends = [f"refs/remotes/{remote}/{end}" for end in ("HEAD", "main", "master", "trunk", "develop", "unstable")]
        sha = next((found for end in ends if (found := git.resolved(root, end))), "")
        if remote != here and sha:
            yield remote, sha, name


def _files(root: Path, ref: str) -> list[str]:
    done = git.run(root, ["ls-tree", "-r", "-z", "--name-only", ref], check=False)
    return done.stdout.decode("utf-8", "replace").split("\0")[:-1]


def _sections(text: str) -> Iterator[tuple[int, str, dict[int, str]]]:
    """Yield each release: the line that it begins at, its heading, and its entries by line, continued lines joined."""
    number, title, rows, last = 1, "", dict[int, str](), 0
    for place, line in enumerate(text.split("\n"), 1):
        if len(line) < 120 and _VERSION.match(line) and not line.startswith((" ", "\t")):
            if rows:
                yield number, title, rows
            number, title, rows = place, line.strip("#=*[] \r"), {}
        elif rows and line.startswith((" ", "\t")) and not re.match(r"\s*[-*+] ", line):
            rows[last] = f"{rows[last]} {line.strip()}"[:400].strip()
        elif line.strip():
            last = place
            rows[last] = _LINK.sub(r"\1\2", re.sub(r"^[\s*#>+-]+", "", line)).strip()
    if rows:
        yield number, title, rows


def _release(path: str, title: str, rows: dict[int, str], asked: matching.Query) -> dict[str, Any] | None:
    about = {at: claims.worth(row, row) for at, row in rows.items()}
    fit = {at: matching.score(asked, row, "") for at, row in rows.items()} if asked.alternatives else about
    best = sorted((at for at in fit if fit[at] > 0), key=lambda at: -fit[at])[:4]
    if not best:
        return None
    first, *more = [rows[at] for at in best]
    claimed = [claim for row in (first, *more) for claim in claims.claims_in(row, 1)]
    worth = about[best[0]] + (10 * fit[best[0]] if asked.alternatives else 0.0)
    told = {"title": f"{title}: {first}" if title else first, "url": "", "state": "release", "weight": worth}
    return {**told, "facts": [f"{path}:{best[0]}"], "claims": claimed[:3], "more": more}


def _id(name: Name | None, ref: str, path: str, number: int, remote: str = "") -> str:
    if name is None or not re.fullmatch(r"[\w./-]+", path):
        path = f"{ref[:12]}:{path}" if remote else path
        return f"file:{re.sub(r'[^!-~]', '_', path)}:{number}"
    return f"https://{name.host}/{name.full}/blob/{ref[:12]}/{path}#L{number}"


def ahead(root: Path, wanted: SearchRequest) -> Outcome:
    """Find fetched remotes that share our history and have commits of their own: forks, with no network."""
    outcome = Outcome()
    owners = provenance.owners(root)
    here = provenance.home(owners.names)
    asked = matching.parsed(wanted.words)
    for remote, name in owners.names.items():
        if remote == here or not any(remote in held and (here in held or "" in held) for held in owners.reach.values()):
            continue
        base = [*([f"--remotes={here}"] if here else []), *provenance.head(root)]
        own = git_log.commits(root, "--no-merges", tips=[f"--remotes={remote}", "--not", *base])
        own = [commit for commit in own if not history.is_ours(commit.message)]
        found = _fork(remote, name, own, asked)
        outcome.found += [found] if found else []
    return findings.cut(outcome, wanted.limit)


def _fork(remote: str, name: Name | None, own: list[history.Commit], asked: matching.Query) -> Finding | None:
    """Return a fork that is ahead, titled after the commit of its own that is most about what is wanted."""
    fit = {c.sha: matching.score(asked, c.title, c.body) if asked.alternatives else 0.0 for c in own}
    own = [c for c in own if fit[c.sha] or not asked.alternatives]
    worth = {c.sha: 10 * fit[c.sha] + claims.worth(c.title, c.message) for c in own}
    best = sorted(own, key=lambda c: worth[c.sha], reverse=True)[:5]
    if not best:
        return None
    first, sha = best[0], best[0].sha
    id_ = f"{name.full}@{sha[:12]}" if name and name.host == "github.com" else f"commit:{sha[:12]}"
    url = f"https://{name.host}/{name.full}/commit/{sha}" if name else ""
    told: dict[str, Any] = {"state": "fork", "date": first.date, "facts": [f"{len(own)} ahead", f"remote {remote}"]}
    told |= {"claims": claims.claims_in(first.message), "more": [f"commit:{c.sha[:12]} {c.title}" for c in best]}
    return findings.made(
        id_, "fork", f"fork {name.full if name else remote}: {first.title}", url, weight=worth[sha], **told
    )
