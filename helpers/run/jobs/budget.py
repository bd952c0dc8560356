"""The agreed budget: experiments, hours and dollars. When it is spent nothing new is submitted.

Dollars stop workers alone: what runs on this machine costs none.
"""

import math
from dataclasses import dataclass

from helpers import console
from helpers.run.jobs import blame, result, workers
from helpers.state import State


@dataclass(frozen=True)
class Spending:
    """What the session has used of its budget so far; dollars are None while a price is unknown."""

    experiments: int
    hours: float
    usd: float | None


def spending(state: State) -> Spending:
    """Compute the spend from the journal.

    Workers cost by the hour, idle or not; one of unknown price makes the sum unknown.

    This machine costs nothing.
    """
    at = state.now_ms()
    began = state.began or state.config.timestamp or at
    hours = ((ended_ms(state) or at) - began) / 3_600_000
    return Spending(len(measured(state)), hours, workers.spend_of_all(state, at))


def measured(state: State) -> set[str]:
    """Return the experiments that count: those that run, were run, or were compared.

    One that is sent again counts once, and not at all while nothing but its machine or a slip has ended it: lost,
    cancelled, not built, or failed where the baseline fails too.
    """
    excused = blame.excused(state)
    ran = {
        job.experiment
        for job in state.screens()
        if job.finished is None
        or job.finished.status == "done"
        or not (job.name in excused or result.says_nothing(job.finished, slips=True))
    }
    return ran | {event.experiment_id for event in state.comparisons if event.verdict != "error" and not event.against}


def idle_hours(state: State) -> float:
    """Return the hours since the session began in which neither a job nor a comparison was under way."""
    at = state.now_ms()
    began = state.began or state.config.timestamp or at
    spans = [(j.submitted.timestamp, j.finished.timestamp if j.finished else at) for j in state.jobs.values()]
    spans += [(c.timestamp - int(1000 * (c.seconds or 0)), c.timestamp) for c in state.comparisons]
    idle, until = 0, began
    for start, end in sorted(spans):
        idle, until = idle + max(start - until, 0), max(until, end)
    return (idle + max(at - until, 0)) / 3_600_000


def describe_rest(state: State) -> str:
    """Say in one line what is left of the budget."""
    agreed, used = state.config.budget, spending(state)
    parts = []
    if agreed.experiments is not None:
        rest = max(0, int(agreed.experiments) - used.experiments)
        parts.append(f"{rest} of {agreed.experiments} experiments, which counts those run or compared")
    if agreed.hours is not None:
        parts.append(f"{max(0.0, agreed.hours - used.hours):.1f} of {agreed.hours} hours since the lock")
    if agreed.usd is not None:
        left = "unknown" if used.usd is None else f"${max(0.0, agreed.usd - used.usd):.2f}"
        parts.append(f"{left} of ${agreed.usd}, which counts workers alone: this machine costs nothing")
    so_far = f"unlimited ({used.experiments} experiments run or compared, {used.hours:.1f} hours since the lock)"
    return "; ".join(parts) or so_far


def spent(state: State, *, here: bool = False) -> str | None:
    """Return which part of the budget is spent, in words; None while nothing is, or what runs `here` costs no more."""
    agreed, used = state.config.budget, spending(state)
    if agreed.experiments is not None and used.experiments >= int(agreed.experiments):
        return f"all {agreed.experiments} experiments have been run"
    if agreed.hours is not None and used.hours >= agreed.hours:
        idle = f"in {idle_hours(state):.3g} of which nothing ran"
        return f"the {agreed.hours} hours are over: {used.hours:.3g} since the lock, {idle}"
    if not here and agreed.usd is not None and used.usd is not None and used.usd >= agreed.usd:
        return f"the ${agreed.usd} are spent"
    return None


def way_up(state: State) -> str:
    """Return the command that raises every part of the budget that is spent: one alone would lead on to the next."""
    agreed, used = state.config.budget, spending(state)
    parts = {
        "--max-experiments": (agreed.experiments, used.experiments),
        "--budget-hours": (agreed.hours, used.hours),
        "--budget-usd": (agreed.usd, used.usd),
    }
    flags = " ".join(
        f"{flag} {math.ceil(2 * had)}" for flag, (most, had) in parts.items() if most and had and had >= most
    )
    return f"start_session.py {flags}  # only the person may raise the budget"


def fleet_line(state: State) -> list[str]:
    """Say in a line how many experiments the workers could do with, or that none is taken; none without workers."""
    if not (ready := workers.up(state)):
        return []
    said = f"fleet: {len(ready)} workers up, {sum(job.on_fleet for job in state.open_jobs())} jobs open; "
    if over := spent(state):
        return [f"{said}nothing more is sent, as {over}"]
    count = workers.missing(state)
    words = f"{count} more experiments keep" if count else "no more experiment is needed to keep"
    return [f"{said}{words} all busy for the next {workers.BUSY_MINUTES:.0f} minutes"]


def closed(state: State) -> str:
    """Return why the session is over, empty while it is not."""
    return next((note.closed for note in reversed(state.notes) if note.closed), "")


def ended_ms(state: State) -> int | None:
    """Return when the session was closed, None while it is open: what is journaled later is no work of it."""
    return next((note.timestamp for note in state.notes if note.closed), None)


def require_open(state: State) -> None:
    """Raise Failure (4) when the session is over: its figure and its report stand, and nothing is added to them."""
    if ended := closed(state):
        raise console.refused(
            f"the session is closed: {ended}",
            "render_report.py  # what it gave\nstart_session.py --goal ANOTHER ...  # begins another one",
        )


def require_budget(state: State, experiment: str = "", *, here: bool = False) -> None:
    """Raise Failure (4) when a part of the budget is spent, dollars but for what runs `here`, on this machine.

    What was begun within it is brought to its end.
    """
    require_open(state)
    over = spent(state, here=here)
    if over and experiment not in measured(state):
        ways = "status.py  # decide what waits and finish the session, or:"
        if not spent(state, here=True):
            ways = "submit_experiment.py ... --on local  # this machine costs nothing; or:"
        raise console.refused(f"the agreed budget is spent: {over}", f"{ways}\n{way_up(state)}")
