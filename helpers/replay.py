"""The journal's events replayed into the state of the session, one by one."""

from dataclasses import replace
from pathlib import Path

from helpers import console, events
from helpers.agreement import OF_THE_LOCK
from helpers.events import Comparison, Config, Finished, Lock, Note, Run, Submitted, Wave, WorkerEvent
from helpers.job import JUDGED, Job
from helpers.state import State
from helpers.typed_line import Event


def fold(lines: list[Event]) -> State | None:
    """Compute the state from the events; None without a config line."""
    state: State | None = None
    for event in lines:
        if isinstance(event, Config):
            state = _begun(state, event) if state else State(event)
        elif state is not None:
            _apply(state, event)
    if state is not None:
        state.last = lines[-1].line
    return state


def _begun(state: State, event: Config) -> State:
    """Return the session that the line begins, or resumes, with the one before set aside."""
    if not state.runs and state.config.name == event.name:
        return replace(state, config=event)
    own = {*(job.experiment for job in state.jobs.values() if job.is_experiment), *state.decisions, *state.compared}
    everybodys = {**state.earlier, **dict.fromkeys(own, state.config.name)}
    aside = {**state.aside, state.config.name: state}
    before = aside.pop(event.name, None) if event.resumed else None
    known = before or State(event, segment=max(each.segment for each in aside.values()) + 1)
    known.last_run, known.aside = state.last_run, aside
    known.earlier = {name: its for name, its in everybodys.items() if its != event.name or known is not before}
    return known


def _apply(state: State, event: Event) -> None:
    if isinstance(event, Submitted):  # first those of which there are many
        state.jobs[event.job] = Job(event)
    elif isinstance(event, Finished):
        _finish(state, event)
    elif isinstance(event, Run):
        _ran(state, event)
    elif isinstance(event, Lock):
        if not state.has_baseline:
            state.began = event.timestamp
        state.before_lock = state.lock, state.standing, state.has_baseline
        state.lock = state.standing = event
        state.has_baseline = False
    elif isinstance(event, Comparison):
        state.comparisons.append(event)
        state.outcomes.append(event)
        state.compared[event.experiment_id] = event
    elif isinstance(event, WorkerEvent):
        state.workers.append(event)
        if event.what in ("up", "calibrated"):
            state.outcomes.append(event)
        _sent(state, event)
    elif isinstance(event, Wave):
        state.waves[event.name] = event
    elif isinstance(event, Note):
        _noted(state, event)


def _noted(state: State, event: Note) -> None:
    state.notes.append(event)
    if event.lock == "failed":
        state.lock, state.standing, state.has_baseline = state.before_lock
    if event.changed:  # options changed after results: another config line would say new segment
        state.config = Config.from_line({**state.config.line, **event.changed})
        if not state.tried and any(key in event.changed for key in OF_THE_LOCK):
            state.before_lock = state.lock, state.standing, state.has_baseline = None, None, False
            state.runs.clear()
            state.workers = [its for its in state.workers if its.what != "calibrated"]


def _ran(state: State, event: Run) -> None:
    if event.description == "baseline" and not state.tried:
        state.runs.clear()  # locked again before the first experiment
    state.runs.append(event)
    state.last_run = max(state.last_run, event.run)
    if event.experiment_id:
        state.decisions[event.experiment_id] = event
    if event.status == "keep":
        state.has_baseline = True
        state.standing = event if event.experiment_id else state.standing


def _sent(state: State, event: WorkerEvent) -> None:
    """Note on a job of the fleet which worker it was given to, that it came back unsent, or that it is to be ended."""
    job = state.jobs.get(event.job)
    if job is None:
        return
    if event.what in ("sent", "unsent"):
        job.sent = event if event.what == "sent" else None
    elif event.what == "cancelling":
        job.cancelling = True


def _finish(state: State, event: Finished) -> None:
    job = state.jobs.get(event.job)
    if job is None or job.finished is not None:
        return
    job.finished, role = event, job.submitted.role
    if role not in JUDGED:
        state.outcomes.append(event)
    if role == "experiment" and not (event.error == "cancelled" and event.experiment_id in state.results):
        state.results[job.submitted.experiment_id] = event


_loaded: dict[Path, tuple[int, Event, State]] = {}
"""Of each journal: how many events it had, the last of them, and the state that they make."""


def load(root: Path) -> State:
    """Read the journal of `root` and compute the state; raises Failure (2) when there is no session."""
    lines, known = events.held(root), _loaded.get(root)
    if lines and known and known[0] == len(lines) and known[1] is lines[-1]:
        return known[2]
    state = fold(lines)
    if state is None:
        raise console.usage(
            "there is no session in this repository", "start_session.py --help  # how to begin one, with an example"
        )
    _loaded[root] = len(lines), lines[-1], state
    return state
