"""The queue of ideas: autoresearch.ideas.md, a list that people and agents edit by hand.

An idea is one list line; what the scripts know of it stands in braces at its end:

    - [ ] fuse the two passes over the row {idea-03 kind=paper source=arXiv:2205.14135 impact=3 feasibility=4 novelty=2}

Every other line is the person's own: kept byte for byte, and in its place. A list line without braces is an idea too.
Scripts change the file under the session's lock, so that ideas added at the same time are all kept.
"""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from helpers import console, events, files, journal, next_step, paths, printable
from helpers.read.ideas import sources, worth

_LINE = re.compile(r"^(?P<lead>\s*[-*+]) (?:\[(?P<mark>[ xX-])\] )?(?P<text>\S.*?)(?:\s*\{(?P<data>[^{}]*)\})?\s*$")


@dataclass
class Idea:
    """One idea: `number` is None for a line that a person wrote; scores are 1 to 5, None when not given."""

    text: str
    number: int | None = None
    done: bool = False
    data: dict[str, str] = field(default_factory=dict)
    row: int = -1
    lead: str = "-"

    @property
    def name(self) -> str:
        """The id, or the line's place for a person's own line."""
        return f"idea-{self.number:02d}" if self.number is not None else f"line {self.row + 1}"

    def score(self) -> float | None:
        """Return impact times feasibility, and a little for novelty, one not given as 2; None without either."""
        if not any(self.data.get(key, "").isdigit() for key in ("impact", "feasibility")):
            return None
        values = [
            int(self.data[key]) if self.data.get(key, "").isdigit() else 2
            for key in ("impact", "feasibility", "novelty")
        ]
        return values[0] * values[1] + 0.5 * values[2]

    def as_dict(self) -> dict[str, object]:
        """Return it as JSON values."""
        return {"id": self.name, "text": self.text, "done": self.done, "score": self.score(), **self.data}

    def summary(self) -> str:
        """Return it as a line for people, its score first."""
        known = " ".join(f"{key}={value}" for key, value in self.data.items())
        score = self.score()
        mark = "done" if self.done else "   ?" if score is None else f"{score:4.1f}"
        return f"{self.name}  {mark}  {self.text}  {known}"

    def line(self) -> str:
        """Return the line that stands for it in the file."""
        known = [self.name, *(f"{key}={value}" for key, value in self.data.items() if value)]
        return f"{self.lead} [{'x' if self.done else ' '}] {self.text} {{{' '.join(known)}}}"


def read_ideas(root: Path) -> list[Idea]:
    """Return all ideas of the file, in its order; what an experiment has decided is done by itself."""
    file = root / paths.IDEAS
    if not file.exists():
        return []
    rows = file.read_text(encoding="utf-8", errors="surrogateescape").split("\n")
    found: list[Idea] = []
    depth = None  # how far the list at hand is indented: what is further in is a note on its idea
    for row, line in enumerate(rows):
        idea = _parse(row, line)
        if idea is None:
            depth = None if not line.startswith((" ", "\t")) else depth
            continue
        inside = len(idea.lead.expandtabs(4)) - 1
        depth = inside if depth is None else min(depth, inside)
        found += [idea] if inside < depth + 2 else []
    if all(idea.done for idea in found):  # a long journal takes a second to read
        return found
    decisions = worth.decisions(events.read_events(root))
    decided = {sources.same(s): decision for decision in decisions for s in decision.sources}
    texts = {decision.text: decision for decision in decisions if decision.text.strip(".")}
    shared = Counter(sources.same(idea.data.get("source")) for idea in found)
    for idea in found:
        its = sources.same(idea.data.get("source"))
        known = decided.get(idea.name) or (decided.get(its) if shared[its] == 1 and its != "own" else None)
        known = known or texts.get(idea.text.casefold())
        if known and not idea.done:
            idea.done = True
            idea.data |= {"result": known.result, "by": known.experiment}
    return found


def waiting(root: Path) -> list[Idea]:
    """Return the open ideas, the best first; those without scores come after those that have some."""
    scored = [(idea.score(), idea) for idea in read_ideas(root) if not idea.done]
    return [idea for _, idea in sorted(scored, key=lambda pair: -1e9 if pair[0] is None else pair[0], reverse=True)]


def kind_of(root: Path) -> Callable[[str], str]:
    """Return what tells the kind of a source: of an idea here its own."""
    kinds = {idea.name: idea.data.get("kind", "own") for idea in read_ideas(root)}
    return lambda source: kinds.get(source) or sources.kind_of(source)


def _parse(row: int, line: str) -> Idea | None:
    match = _LINE.match(line)
    if match is None:
        return None
    words = (match["data"] or "").split()
    number = next((int(word[5:]) for word in words if re.fullmatch(r"idea-\d{1,6}", word)), None)
    data = dict(word.split("=", 1) for word in words if "=" in word)
    return Idea(match["text"], number, (match["mark"] or " ") in "xX", data, row, match["lead"])


def add(root: Path, text: str, data: dict[str, str]) -> tuple[Idea, bool]:
    """Append an idea to the file; return it, and whether it is new (the same text is not added twice).

    Takes `journal.locked(root)`, which the caller must not hold; raises Failure (2) for what cannot stand in the file.
    """
    text = printable.one_line(text)
    if not text or "{" in text or "}" in text:
        raise console.usage(
            "an idea is one line of text without braces", 'ideas.py add "fuse the two passes over the row"'
        )
    with journal.locked(root):
        twin = next((idea for idea in read_ideas(root) if idea.text.casefold() == text.casefold() != "..."), None)
        if twin:
            return twin, False
        file = root / paths.IDEAS
        before = file.read_bytes() if file.exists() else b"# Ideas\n\n"
        idea = Idea(text, _free(before), data={k: _word(v) for k, v in data.items() if v})
        glue = b"" if not before or before.endswith(b"\n") else b"\n"
        files.replace(file, before + glue + (idea.line() + "\n").encode())
        return idea, True


def source(root: Path, name: str) -> str:
    """Return where the idea called `name` comes from, "" when it does not say or there is none."""
    return next((idea.data.get("source", "") for idea in read_ideas(root) if idea.name == name), "")


def close(root: Path, name: str, result: str, why: str) -> Idea:
    """Mark an idea as done with its result and reason; raises Failure (2) when there is none of that name.

    Takes `journal.locked(root)`, which the caller must not hold.
    """
    file = root / paths.IDEAS
    with journal.locked(root):
        ideas = read_ideas(root)
        idea = next((idea for idea in ideas if idea.name == name), None)
        if idea is None:
            meant = next_step.did_you_mean(name, [idea.name for idea in ideas if idea.number is not None])
            raise console.usage(f"there is no {name} in {paths.IDEAS}{meant}", "ideas.py list")
        if idea.number is None:
            idea.number = _free(file.read_bytes())
        idea.done = True
        idea.data |= {"result": _word(result), **({"why": _word(why)} if why else {})}
        rows = file.read_text(encoding="utf-8", errors="surrogateescape").split("\n")
        rows[idea.row] = idea.line() + ("\r" if rows[idea.row].endswith("\r") else "")
        files.replace(file, "\n".join(rows).encode("utf-8", "surrogateescape"))
        return idea


def _free(content: bytes) -> int:
    """Return the number after the highest that stands in the file, be it in a line whose brace was lost."""
    return max(map(int, re.findall(rb"\bidea-(\d{1,6})\b", content)), default=0) + 1


def _word(value: str) -> str:
    """Return a value as one word: spaces become underscores, braces go."""
    return re.sub(r"[\s{}]+", "_", printable.one_line(value))[:300]
