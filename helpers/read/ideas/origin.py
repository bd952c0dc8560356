"""What an idea is imported from, by its id: a fetched paper, a finding of search_github.py, a commit here."""

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helpers import console, git, paths, printable
from helpers.events import Literature
from helpers.read.forge import findings, names
from helpers.read.ideas import sources
from helpers.read.papers import index


@dataclass(frozen=True)
class Origin:
    """Where an idea comes from; `title` and `claim` are one clean line each, without braces."""

    id: str
    title: str
    kind: str
    claim: str = ""
    url: str = ""


def origin_of(root: Path, said: str, *, title: bool) -> Origin:
    """Return the origin that the id `said` names; raises Failure (1) when it is not known and `title` is wanted of it.

    What a search has found, or `search_github.py show` has shown, is remembered.
    """
    row = _paper(root, said)
    id_ = said if row is not None else sources.parse_source(names.of_html(said) or said)
    row = _paper(root, id_) if row is None else row
    if row is not None:
        return Origin(sources.parse_source(id_), _words(str(row.get("title", ""))), str(row.get("kind", "paper")))
    if id_.startswith("commit:"):
        return _local(root, id_)
    found, own = findings.recall(id_), sources.kind_of(id_)
    if found is None and title:
        id_ = shlex.quote(said)
        way = f"fetch_paper.py {id_}" if own in ("paper", "own") else f"search_github.py show {id_}"
        raise console.answer_no(f"nothing of {said} has been read or found here", f"{way}  # or give the idea a text")
    if found is None:
        return Origin(id_, "", own)
    kind = findings.KINDS.get(found.kind, found.kind)
    claim = _words(f"claimed there: {found.claims[0]}") if found.claims else ""
    return Origin(id_, _words(found.title), kind, claim, found.url)


def note(root: Path, origin: Origin) -> None:
    """Put what was read into the journal, once, so that commits and reports can cite it by its title."""
    if origin.url or origin.kind == "commit":
        read = Literature(source=origin.id, title=origin.title, url=origin.url, kind=origin.kind)
        index.note_once(root, read)


def _paper(root: Path, said: str) -> dict[str, Any] | None:
    """Return the index entry of a fetched paper or article."""
    wanted = (said.lower(), said.lower().removeprefix("arxiv:"))
    fetched = index.read_index(root / paths.PAPERS)
    return next((row for row in fetched if str(row.get("id", "")).lower() in wanted), None)


def _local(root: Path, id_: str) -> Origin:
    sha = git.commit_of(root, id_.removeprefix("commit:"))
    return Origin(id_, _words(git.output(root, ["log", "-1", "--format=%s", sha])), "commit")


def _words(text: str) -> str:
    return printable.one_line(text.translate({123: " ", 125: " "}), 200)
