"""What the page shows, as JSON: the projection of the journal, what runs now and what waits for the agent."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from helpers import console, git, printable
from helpers.comparison import Comparison, in_words
from helpers.judge.compare import figures
from helpers.record.report import projection, words
from helpers.record.report.experiments import OUTCOMES, Experiment
from helpers.record.report.projection import Session
from helpers.record.report.running import running_now
from helpers.run.copies.copies import Workdirs
from helpers.run.jobs import budget, workers
from helpers.scale import Scale
from helpers.state import State

Steps = Callable[[git.Repository, State], list[str]]
DETAILED_EXPERIMENTS, DETAIL_CHARACTERS = 60, 20_000
"""This many experiments, the kept ones first, carry diff and log in one file, each of at most this many characters."""
LOOKED_EXPERIMENTS = 500
"""The looks of this many of the newest are computed again."""


def document(repository: git.Repository, session: Session, now: State, *, detailed: bool) -> dict[str, Any]:
    """Return all that the page shows; `detailed` puts diffs and logs in, for a file that nobody can ask for more."""
    order = sorted(session.experiments, key=lambda exp: exp.at_ms)
    chosen = {exp.name for exp in (*session.kept, *order[::-1])[:DETAILED_EXPERIMENTS]} if detailed else set()
    recent = {exp.name for exp in (*session.kept, *order[-LOOKED_EXPERIMENTS:])}
    rows = [_row(session, exp, looks=exp.name in recent) for exp in order]
    for row, exp in zip(rows, order, strict=True):
        if exp.name in chosen:
            row["more"] = more(repository, exp)
    return {
        "session": {
            **{key: getattr(session, key) for key in ("name", "objective", "metric", "unit", "direction", "first")},
            "began": session.began_ms / 1000,
            "headline": words.headline(session),
            "standing": words.standing(session)[-2],
            "took": session.spend.words(),
            "worth": words.worth(session),
            "budget": "" if session.closed else _known(lambda: budget.describe_rest(now), "unknown"),
            "counts": session.counts,
        },
        "outcomes": OUTCOMES,
        "experiments": rows,
        "running": _known(lambda: running_now(repository.root, now), []),
        "workers": _known(lambda: [_worker(worker, now.scale) for worker in workers.known_workers(now).values()], []),
        "axes": words.axes(session),
        "ideas": [f"{idea['id']}: {idea['text']}" for idea in session.ideas],
    }


def _row(session: Session, exp: Experiment, *, looks: bool) -> dict[str, Any]:
    own = exp.estimate
    return {
        **{key: getattr(exp, key) for key in ("number", "name", "description", "outcome", "value", "why")},
        "at": exp.at_ms / 1000,
        "range": exp.value_range,
        **{key: getattr(own, key, None) for key in ("gain", "low", "high", "pairs")},
        "figure": exp.unread + own.words() if own else "",
        "seconds": round(exp.seconds, 1),
        "sources": " ".join(exp.sources),
        "facts": _facts(session, exp),
        "comparisons": [_comparison(session, part, looks=looks) for part in exp.comparisons],
    }


def _facts(session: Session, exp: Experiment) -> list[tuple[str, str]]:
    rows = [
        ("Figure", exp.unread + exp.estimate.words() if exp.estimate else ""),
        ("Why", exp.why),
        ("Problem", exp.problem),
        ("Solution", exp.solution),
        ("Source", ", ".join(exp.sources)),
        ("Screens", words.screens(exp, session.scale, session.unit)),
        ("Places that the policy shows", "; ".join(exp.places)),
        ("Reviewed", exp.reviewed or ("nobody said" if exp.unread else "")),
        ("Change", exp.changed),
        ("Commit", exp.commit if exp.outcome == "kept" else ""),
    ]
    return [(label, text) for label, text in rows if text]


def _comparison(session: Session, part: Comparison, *, looks: bool) -> dict[str, Any]:
    said = [
        f"look after {look.pairs} pairs: {in_words(look.verdict)}, {look.words()}"
        for look in (figures.looks(part) if looks else ())
    ]
    rows = [
        *said,
        f"confirmation: {words.confirmed(part)}" if part.is_good or part.confirmation else "",
        part.holdout_words(),
        *(f"limit {limit.words()}" for limit in part.limit_results),
        part.outputs.words() if part.outputs else "",
        f"checks {part.checks}" if part.checks else "",
        f"reason: {part.why_not}" if part.why_not else "",
        f"against {part.baseline_commit[:7]}, order seed {part.seed}",
    ]
    return {
        "title": f"{part.id}: {part.verdict_words}; {words.figure(session, part, alone=True)}",
        "lines": [row for row in rows if row],
        "gains": _gains(part),
        "margin": part.agreed_margin or 0.01,
    }


def _gains(part: Comparison) -> list[float]:
    try:
        return [float(f"{gain:.5g}") for gain in part.scale.gains(part.baseline_samples, part.candidate_samples)]
    except ValueError:
        return []


def _worker(worker: workers.Worker, by: Scale) -> str:
    price = "price unknown" if worker.usd_hour is None else f"${worker.usd_hour:.2f} an hour"
    said = "" if worker.resolves is None else f", resolves gains of {by.size(worker.resolves)} and more"
    return f"worker {worker.name}: {worker.state}, {price}{said}{', noisy' if worker.noisy else ''}"


def more(repository: git.Repository, exp: Experiment) -> dict[str, str]:
    """Return diff and log of an experiment as far as they are there, each cut."""
    work = Workdirs(repository)
    try:
        found = work.experiment(exp.name)
        diff = work.diff(found) if found.is_sealed or found.has_copy else b""
    except console.Failure as failure:
        return {"diff": "", "log": _log(exp), "note": failure.message}
    return {"diff": _cut(diff[: 2 * DETAIL_CHARACTERS].decode("utf-8", "replace")), "log": _log(exp), "note": ""}


def _log(exp: Experiment) -> str:
    path = Path(exp.screens[-1].log) if exp.screens and exp.screens[-1].log else None
    if path is None or path.name != "log.txt" or not path.is_file():
        return ""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - DETAIL_CHARACTERS // 4))
        return printable.shown(file.read(DETAIL_CHARACTERS // 4).decode("utf-8", "replace"))


def _cut(text: str) -> str:
    return printable.shown(text if len(text) <= DETAIL_CHARACTERS else text[:DETAIL_CHARACTERS] + "\n... cut")


def load(repository: git.Repository, steps: Steps, *, detailed: bool) -> dict[str, Any]:
    """Read the journal and return what the page shows now; `steps` says what waits for the agent.

    Raises Failure (2) where there is no session.
    """
    now, session = projection.read_session(repository.root)
    waits = _known(lambda: steps(repository, now), ["what waits cannot be said: a line of the journal is foreign"])
    return {**document(repository, session, now, detailed=detailed), "next": waits}


def _known(read: Callable[[], Any], otherwise: Any) -> Any:  # noqa: ANN401 - any part of the page
    """Return a part that reads more of the journal, the repository or the machine; said otherwise where that is odd."""
    try:
        return read()
    except console.Failure as failure:  # a work tree that is not as it was
        return [failure.message] if isinstance(otherwise, list) else failure.message
    except (KeyError, TypeError, ValueError, AttributeError):
        return otherwise
