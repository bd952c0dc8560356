"""Each way to show a session as text, by its name."""

from pathlib import Path

from helpers import console, git, git_objects, paths
from helpers.read.ideas import sources
from helpers.record.report import exports, improvements, words
from helpers.record.report.projection import Session


def render(repository: git.Repository, session: Session, shape: str) -> str:
    """Return the session as `summary`, `improvements`, `csv`, `json`, or a shape of results.tsv."""
    if shape == "summary":
        facts = [f"\n{title}\n" + "\n".join(f"  - {fact}" for fact in rows) for title, rows in words.axes(session)]
        return "\n".join([*words.summary(session), *facts, *words.following(session)]) + "\n"
    if shape == "improvements":
        return improvements_page(repository.root, session)
    if shape == "csv":
        return exports.table(session)
    return exports.as_json(session) if shape == "json" else exports.tsv(session, shape)


def improvements_page(root: Path, session: Session) -> str:
    """Return IMPROVEMENTS.md with what the file held before the session, where that commit can still be read."""
    (held,) = git_objects.blobs(root, [f"{session.base}:{paths.IMPROVEMENTS}"]) if session.base else (None,)

    def cite(source: str) -> str:
        try:
            return sources.reference(root, source)
        except console.Failure:  # a foreign line of the journal
            return source

    return improvements.page(session, (held or b"").decode("utf-8", "replace"), cite)
