"""What runs now, for people: a table that is drawn again, or plain lines of what is new where there is no terminal."""

import time
from typing import Any

from helpers import events, git, progress, replay
from helpers.record.report.running import running_now
from helpers.record.session import overview

WIDE = 20


def screen(repository: git.Repository) -> str:
    """Return the table of what runs, and the state below it."""
    now = replay.fold(events.held(repository.root))
    rows = running_now(repository.root, now) if now and now.lock else []
    return "\n".join([time.strftime("%H:%M:%S"), *_table(rows), "", *overview.overview_lines(repository, now)])


def _table(rows: list[dict[str, Any]]) -> list[str]:
    cells = [[row["name"], row["worker"], row["state"], _bar(row), _elapsed(row), row["said"][:90]] for row in rows]
    cells = [["what runs", "where", "state", "", "so far", "says"], *cells] if cells else [["nothing runs"]]
    widths = [max(len(row[n]) for row in cells) for n in range(len(cells[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]


def _bar(row: dict[str, Any]) -> str:
    if not row["expected"]:
        return "?".ljust(WIDE, ".")
    done = min(WIDE, int(WIDE * row["elapsed"] / row["expected"]))
    return "#" * done + "." * (WIDE - done)


def _elapsed(row: dict[str, Any]) -> str:
    return progress.span(row["elapsed"]) + (f" of about {progress.span(row['expected'])}" if row["expected"] else "")


class Lines:
    """Plain lines: each thing that runs once for each word of it that is new, and when it is gone."""

    def __init__(self, repository: git.Repository) -> None:
        self.repository = repository
        self.seen: dict[str, str] = {}

    def new(self) -> list[str]:
        """Return what is new since the last call."""
        now = replay.fold(events.held(self.repository.root))
        rows = {row["name"]: row for row in running_now(self.repository.root, now)} if now and now.lock else {}
        said = {name: f"{row['state']} {row['said']}".strip() for name, row in rows.items()}
        lines = [
            f"{name} on {rows[name]['worker']}: {text}, {_elapsed(rows[name])}"
            for name, text in said.items()
            if self.seen.get(name) != text
        ]
        lines += [f"{name}: ended" for name in self.seen if name not in said]
        self.seen = said
        return [f"{time.strftime('%H:%M:%S')} {line}" for line in lines]
