"""The inventory of experiments: what each of them is, which hold the same content, and which copies can go."""

from __future__ import annotations

from collections.abc import Iterator

from helpers.run.workdir import Sealed, Workdirs


def rows(work: Workdirs) -> list[dict[str, str]]:
    """Return name, state (sealed or open), commit, tree, folder and description of each experiment."""
    return [_row(work, name) for name in work.names()]


def _row(work: Workdirs, name: str) -> dict[str, str]:
    folder = work.path(name)
    row = {"experiment": name, "folder": str(folder) if folder.is_dir() else ""}
    if not work.is_sealed(name):
        return {**row, "state": "open", "commit": "", "tree": "", "description": "(not sealed)"}
    sealed = work.sealed(name)
    first = sealed.description.splitlines()[0]
    return {**row, "state": "sealed", "commit": sealed.commit[:12], "tree": sealed.tree, "description": first}


def line(row: dict[str, str]) -> str:
    """Return an experiment's row as text."""
    return f"{row['experiment']}  {row['state']:8}  {row['commit'] or '-':12}  {row['description']}"


def sameness(work: Workdirs, sealed: Sealed) -> str:
    """Say what else has the content of this experiment, "" when nothing has."""
    if sealed.tree == sealed.start.tree:
        return f"{sealed.name} is identical to what it started from"
    others = (name for name in work.names() if name != sealed.name and work.is_sealed(name))
    twins = [name for name in others if work.sealed(name).tree == sealed.tree]
    return f"{sealed.name} has the same content as {', '.join(twins)}" if twins else ""


def prune(work: Workdirs, names: list[str], *, force: bool, dry_run: bool) -> Iterator[tuple[str, bool]]:
    """Remove the copies of these experiments, or of all; yield of each that has one its name and whether it goes.

    One with edits that are not sealed stays unless `force`. With `dry_run` nothing is removed.
    """
    for name in names or work.names():
        if not work.path(name).is_dir():
            continue
        if not force and not work.is_clean(name):
            yield name, False
        elif dry_run or work.prune(name):
            yield name, True
