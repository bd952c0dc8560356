"""Jobs on the fleet: waiting ones are sent to whichever worker is free, finished ones are read, lost ones sent again.

One process does this for a session (the keeper), for as long as a job is open: it imports SkyPilot once and asks all
workers at the same time. Everything that it must know after its death is in the journal, written before it acts.
"""

import functools
import itertools
import subprocess
import sys
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from helpers import events, journal, paths, replay
from helpers.events import Finished, WorkerEvent
from helpers.run.fleet import assign, last_round, results, skypilot
from helpers.run.fleet.following import Following
from helpers.run.fleet.skypilot import Row
from helpers.run.jobs import result, workers
from helpers.run.jobs.workers import Worker
from helpers.state import Job, State

RETRIES = 2
MOST_TRIES = 5
"""Attempts to reach or send before a job counts as lost, with a pause between them."""
GRACE_MS = 20_000
"""A sending may still be under way at SkyPilot's server although the keeper that asked for it has died."""
REST_SECONDS = 120.0
"""Seconds for which a worker that could not be sent to gets nothing new."""


@dataclass
class Keeper:
    """What one keeper remembers between rounds; all of it may be forgotten."""

    root: Path
    folder: Path
    failed: dict[str, int] = field(default_factory=dict)
    accepted: set[str] = field(default_factory=set)
    reread: set[str] = field(default_factory=set)
    rests: dict[str, float] = field(default_factory=dict)
    trouble: list[str] = field(default_factory=list)
    states: dict[str, str] = field(default_factory=dict)
    ids: dict[str, list[int]] = field(default_factory=dict)
    """Of each job, SkyPilot's numbers of what waits or runs, as its worker was last asked."""
    pair: float = 0.0
    """Seconds that a pair takes of a comparison which many workers share; 0 while there is none, or nothing tells."""

    def __post_init__(self) -> None:
        """Follow nothing yet."""
        self.followed = Following(self.root)

    def round(self, api: Any) -> list[Finished]:  # noqa: ANN401 - SkyPilot's module
        """Ask all workers, journal what ended, send what waits; return the new `finished` events."""
        self.trouble, self.states = [], {}
        self.followed.told.clear()
        try:
            new = self._collect(api)
            last_round.write(self.root, self.trouble, self.states)
            self._share_out()
            while self._feed(api):  # sending takes seconds: what was submitted meanwhile goes to who is idle at once
                self._share_out()
            self._cancel(api, replay.load(self.root))
            self.trouble += assign.stuck(replay.load(self.root))
            return new
        finally:
            last_round.write(self.root, self.trouble, self.states)

    def _collect(self, api: Any) -> list[Finished]:  # noqa: ANN401
        now = replay.load(self.root)
        open_jobs = workers.busy(now)
        ask = [w for w, jobs in open_jobs.items() if self.followed.must_ask(jobs)]
        answers = skypilot.gather({w: functools.partial(skypilot.queue, api, w) for w in ask})
        new, ended = list[Finished](), list[tuple[Job, list[Row]]]()
        for worker, jobs in open_jobs.items():
            if worker not in answers:
                self.states.update({jobs[0].name: "running", **{job.name: "next" for job in jobs[1:]}})
                ended += [(job, [row]) for job in jobs if (row := self.followed.ended(job))]
                continue
            answer = answers[worker]
            if isinstance(answer, Exception):
                new += self._unreachable(now, worker, jobs, answer)
                continue
            self.failed.pop(worker, None)
            running = False
            for job in jobs:
                rows = [row for row in answer if row.name == results.sent_name(job)]
                states = [row.state for row in rows]
                self.ids[job.name] = [row.id for row in rows if row.state in ("pending", "running")]
                if not rows:
                    new += self._not_there(api, now, job)
                elif job.cancelling and self.ids[job.name]:
                    self.states[job.name] = "being cancelled"
                elif "running" in states or "pending" in states:  # what SkyPilot runs may still wait for its turn
                    self.states[job.name] = "next" if running or "running" not in states else "running"
                    if "running" in states:
                        self.followed.start(api, job, rows[states.index("running")])
                    running = True
                elif "done" in states:
                    ended.append((job, [row for row in rows if row.state == "done"]))
                else:
                    new += self._lost(now, job, f"SkyPilot says {rows[0].status}")
        return new + self._read(api, now, ended)

    def _share_out(self) -> None:
        """Have comparisons that many workers share taken further, by those who judge pairs."""
        self.pair = 0.0
        if any(job.is_spread for job in replay.load(self.root).open_jobs()):
            command = [sys.executable, "-m", "helpers.judge.compare.spread_fleet", str(self.root)]
            done = subprocess.run(command, cwd=paths.BUNDLE, capture_output=True, text=True, check=False)
            self.pair = max(map(float, done.stdout.split()), default=0.0)
            self.trouble += [done.stderr.strip()[-400:]] * bool(done.returncode)

    def _read(self, api: Any, now: State, ended: list[tuple[Job, list[Row]]]) -> list[Finished]:  # noqa: ANN401
        calls = {results.sent_name(job): functools.partial(self._log, api, now, job, rows) for job, rows in ended}
        got, new = skypilot.gather(calls), list[Finished]()
        for job, _ in ended:
            answer = got[results.sent_name(job)]
            if isinstance(answer, Exception):
                new += self._tried(now, job, f"its log could not be fetched: {skypilot.plain(answer)}")
            elif answer is None:
                new += self._lost(now, job, "its log is gone")
            else:
                others = results.sent_together(now, job)
                along = answer.status == "CANCELLED" and not job.cancelling and any(o.cancelling for o in others)
                row = replace(answer, status="") if along else answer
                event, incomplete = results.result(self.root, now, job, row)
                if incomplete and along:  # it was ended for the sake of another one
                    events.append(self.root, WorkerEvent(worker=job.worker, what="unsent", job=job.name))
                elif incomplete and job.name not in self.reread:
                    self.reread.add(job.name)  # written, perhaps, but not yet to be read: once more in the next round
                elif incomplete and others[1:] and not results.log_path(self.root, job.name).stat().st_size:
                    new += self._lost(now, job, "it never began")
                elif recorded := result.record(self.root, event):
                    new.append(recorded)
        return new

    def _log(self, api: Any, now: State, job: Job, rows: list[Row]) -> Row | None:  # noqa: ANN401
        """Fetch the log of the row that ran (of several, when it was sent more than once); None when it is gone."""
        others, found = results.sent_together(now, job), None
        path = results.log_path(self.root, results.sent_name(job) if others[1:] else job.name)
        for row in rows:
            is_over = row.status == "CANCELLED"
            if not others[1:] and (is_over or (job.is_judged and len(rows) == 1 and results.is_answered(path))):
                return row
            if skypilot.fetch_log(api, job.worker, row.id, path) or is_over:
                found = row
                if not results.did_nothing(path):
                    break
        if found and others[1:]:
            results.share_out(self.root, others, path)
        return found

    def _cancel(self, api: Any, now: State) -> None:  # noqa: ANN401
        """End what is not wanted any more, last in a queue first: none may begin because the one before it ended."""
        unwanted: dict[str, list[Job]] = {}
        for job in now.open_jobs():
            if job.cancelling and self.ids.get(job.name):
                unwanted.setdefault(job.worker, []).append(job)
        ids = {w: [number for job in jobs for number in self.ids[job.name]] for w, jobs in unwanted.items()}
        calls = {w: functools.partial(skypilot.cancel, api, w, sorted(ids[w], reverse=True)) for w in unwanted}
        for worker, answer in skypilot.gather(calls).items():
            if isinstance(answer, Exception):
                self.trouble.append(f"cancelling on {worker}: {skypilot.plain(answer)}")
            else:
                self.ids.update((job.name, []) for job in unwanted[worker])

    def _unreachable(self, now: State, worker: str, jobs: list[Job], error: Exception) -> list[Finished]:
        """A worker that gave no answer: gone, or only not to be reached? The cloud itself is asked."""
        self.trouble.append(f"{worker}: {skypilot.plain(error)}")
        if not skypilot.missing(error):
            self.failed[worker] = self.failed.get(worker, 0) + 1
        found = skypilot.gather({"x": functools.partial(skypilot.clusters, self.root, [worker], refresh=True)})["x"]
        if isinstance(found, Exception) or (worker in found and found[worker].state in skypilot.USABLE):
            return []  # it stands: try again
        said = found[worker].state if worker in found else "gone"
        kind = "stopped" if said == "STOPPED" else "lost"
        events.append(self.root, WorkerEvent(worker=worker, what=kind, reason=f"SkyPilot: {said}"))
        return [event for job in jobs for event in self._lost(now, job, f"its worker {worker} is {said.lower()}")]

    def _not_there(self, api: Any, now: State, job: Job) -> list[Finished]:  # noqa: ANN401
        """Journaled as sent, but not in the worker's queue: never arrived, or the worker was made again."""
        assert job.sent is not None  # noqa: S101 - for the type checker
        if job.name in self.states:
            return []  # sent again just now, together with another one
        if job.cancelling:
            recorded = result.record(self.root, result.cancelled(job))
            return [recorded] if recorded else []
        worker = workers.known_workers(now).get(job.worker)
        if worker is None or worker.launch != job.sent.launch:
            return self._lost(now, job, f"its worker {job.worker} was made again")
        if job.name in self.accepted:
            return self._tried(now, job, "it has vanished from its worker's queue")
        if now.now_ms() - job.sent.timestamp > GRACE_MS:
            self._send(api, [(worker, its) for its in results.sent_together(now, job) if not its.finished])
        return []

    def _tried(self, now: State, job: Job, reason: str) -> list[Finished]:
        self.trouble.append(f"{job.name}: {reason}")
        self.failed[job.name] = self.failed.get(job.name, 0) + 1
        return self._lost(now, job, reason) if self.failed[job.name] >= MOST_TRIES else []

    def _lost(self, now: State, job: Job, reason: str) -> list[Finished]:
        """Journal a job as lost, and its experiment as waiting again, twice at most."""
        experiment, tree = job.experiment, job.tree
        same = [j for j in now.jobs.values() if j.experiment == experiment and j.tree == tree]
        before = sum(1 for j in same if j.finished and j.finished.status == "lost")
        again = job.is_experiment and before < RETRIES and not job.cancelling
        if job.is_experiment:
            reason += f"; sent again ({before + 1} of {RETRIES})" if again else f"; not sent again after {before} times"
        times = sum(event.what == "unsent" and event.job == job.name for event in now.workers)
        if job.is_spread and job.role == "comparison" and not job.cancelling and times < RETRIES:
            self.trouble.append(f"{job.name}: {reason}; it goes to another worker with its pairs")
            events.append(self.root, WorkerEvent(worker=job.worker, what="unsent", job=job.name))
            return []
        event = results.lost(job, reason)
        with journal.locked(self.root):
            fresh = replay.load(self.root)
            if fresh.jobs[job.name].finished:
                return []
            event = events.append_locked(self.root, event)
            if again:
                again_as = replace(job.submitted, line={}, timestamp=0, retry_of=job.name, avoid=job.worker)
                events.append_locked(self.root, replace(again_as, job=fresh.next_job(experiment)))
        return [event]

    def _feed(self, api: Any) -> bool:  # noqa: ANN401
        """Give waiting jobs to workers that have room: journaled, then sent; tell whether there were any."""
        at, now = time.monotonic(), replay.load(self.root)
        silent = {name for name in workers.busy(now) if self.failed.get(name)}  # who has nothing is not asked again
        able = [w.name for w in workers.up(now) if w.name not in silent and self.rests.get(w.name, 0.0) < at]
        sends = assign.assign_jobs(self.root, able, assign.together(now, workers.typical_seconds(now)))
        self._send(api, sends)
        return bool(sends)

    def _send(self, api: Any, sends: list[tuple[Worker, Job]]) -> None:  # noqa: ANN401
        now, order = replay.load(self.root), dict[str, list[Job]]()
        for worker, job in sends:
            order.setdefault(worker.name, []).append(job)

        def one(worker: Worker) -> None:
            for _, jobs in itertools.groupby(order[worker.name], results.sent_name):
                its = list(jobs)
                number = skypilot.send(api, worker.name, assign.pack(self.root, self.folder, now, worker, its))
                self.ids[its[0].name] = [number]
                if its[0].role == "comparison":  # the pairs of a part take longer than all others need to begin
                    self.followed.start(api, its[0], Row(number, its[0].name, "running", "", time.time(), None))
                self.accepted.update(job.name for job in its)
                self.states.update((job.name, "next") for job in its)

        for name, answer in skypilot.gather({w.name: functools.partial(one, w) for w, _ in sends}).items():
            if isinstance(answer, Exception):
                self._not_sent(now, name, [job for job in order[name] if job.name not in self.accepted], answer)

    def _not_sent(self, now: State, worker: str, jobs: list[Job], error: Exception) -> None:
        """A worker that took nothing: it rests; a job that cannot have reached it waits for another one."""
        self.trouble.append(f"sending to {worker}: {skypilot.plain(error)}")
        self.rests[worker] = time.monotonic() + REST_SECONDS
        if not skypilot.missing(error):
            for job in jobs:
                self._tried(now, job, f"could not be sent: {skypilot.plain(error)}")
            return
        for job in jobs:
            events.append(self.root, WorkerEvent(worker=worker, what="unsent", job=job.name))
        self._unreachable(now, worker, [], error)
