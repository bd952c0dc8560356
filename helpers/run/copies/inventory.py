"""The inventory of experiments: what each of them is, which hold the same content, and which copies can go."""

from collections.abc import Iterator

from helpers.run.copies.copies import Experiment, Workdirs


def rows(work: Workdirs) -> list[dict[str, str]]:
    """Return name, state (sealed or open), commit, tree, folder and description of each experiment."""
    known, found = work.refs.titled(), []
    for name in work.names():
        commit, tree, title = known.get(name, ("", "", "(not sealed)"))
        folder = str(work.path(name)) if work.path(name).is_dir() else ""
        state = "sealed" if commit else "open"
        found.append(
            {
                "experiment": name,
                "folder": folder,
                "state": state,
                "commit": commit[:12],
                "tree": tree,
                "description": title,
            }
        )
    return found


def sameness(work: Workdirs, sealed: Experiment) -> str:
    """Say what else has the content of this experiment, "" when nothing has."""
    if sealed.tree == sealed.start.tree:
        return f"{sealed.name} is identical to what it started from"
    known = work.refs.titled()
    twins = sorted(name for name, (_, tree, _) in known.items() if tree == sealed.tree and name != sealed.name)
    return f"{sealed.name} has the same content as {', '.join(twins)}" if twins else ""


def prune(work: Workdirs, names: list[str], *, force: bool, dry_run: bool) -> Iterator[tuple[Experiment, bool]]:
    """Remove the copies of these experiments, or of all; yield each that has one and whether it goes.

    One with edits that are not sealed stays unless `force`. With `dry_run` nothing is removed. Raises Failure (2), with
    nothing removed, when one of `names` is no experiment.
    """
    known = work.names()
    if wrong := [name for name in names if name not in known]:
        raise work.unknown(wrong[0])
    for name in names or known:
        if not work.path(name).is_dir():
            continue
        exp = work.experiment(name)
        goes = force or work.is_clean(exp)
        if goes and not dry_run:
            work.prune(exp)
        yield exp, goes
