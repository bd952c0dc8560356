"""IMPROVEMENTS.md, the deliverable: its one writer, from the journal alone, at every keep and at the end."""

from collections.abc import Callable, Iterable

from helpers import printable
from helpers.record.report import words
from helpers.record.report.experiments import Experiment
from helpers.record.report.projection import Session

MOST_ENTRIES = 100
"""Entries of one section; the exports hold all."""
HEADER = """\
Each change was measured against the code just before it, in interleaved pairs on one machine. Its gain is the median of
each pair's own ratio (or difference, in the metric's unit), with the interval that the rule gives it. Figures of single
changes do not add up: compare the final branch with the first baseline to know the whole."""
Cite = Callable[[str], str]


def page(session: Session, before: str = "", cite: Cite = str) -> str:
    """Return the page; `before`: what the file held before the session; `cite` turns a source's id into its words."""
    lines = [f"# Improvements: {printable.rendered(session.name)}", "", HEADER, ""]
    lines += [f"- {printable.rendered(text)}" for text in words.standing(session)]
    for number, exp in enumerate(session.best_first, 1):
        lines += ["", *_kept(session, exp, number, cite)]
    dead = [e for e in session.of("no_gain", "declined", "screened", "failed", "undecided") if not e.near_miss]
    lines += _section("Near misses", (words.experiment_line(e) for e in session.experiments if e.near_miss))
    lines += _section("Dead ends", map(words.experiment_line, dead))
    lines += _section("Refused, or never run", map(_refused, session.of("refused")))
    lines += _section("Ideas left", (f"{idea['id']}: {idea['text']}" for idea in session.ideas))
    text = "\n".join(lines) + "\n"
    return f"{before.rstrip()}\n\n{text}" if before.strip() else text


def _kept(session: Session, exp: Experiment, number: int, cite: Cite) -> list[str]:
    rows = [
        ("Problem", exp.problem or "not recorded"),
        ("Solution", (exp.solution or exp.description) + (f" ({exp.changed})" if exp.changed else "")),
        *words.impact(session, exp),
        ("References", "; ".join(map(cite, exp.sources)) or "own idea"),
        ("Experiment", exp.name + (f", order seed {exp.decisive.seed}" if exp.decisive else "")),
    ]
    rows = [("Measured impact" if label == "Measured" else label, text) for label, text in rows]
    return [
        f"## {number}. {printable.rendered(exp.description)}",
        "",
        *(f"- {label}: {printable.rendered(text)}" for label, text in rows),
    ]


def _refused(exp: Experiment) -> str:
    places = f" [{'; '.join(exp.places[:5])}]" if exp.places else ""
    return f"{exp.name}: {exp.description}{f' - {exp.why}' if exp.why else ''}{places}"


def _section(title: str, entries: Iterable[str]) -> list[str]:
    rows = [f"- {printable.rendered(entry)}" for entry in entries]
    if not rows:
        return []
    more = [f"- ... {len(rows) - MOST_ENTRIES} older ones: in the journal and its exports"] * (len(rows) > MOST_ENTRIES)
    return ["", f"## {title}", "", *rows[-MOST_ENTRIES:], *more]
