"""Jobs on the fleet: waiting ones are sent to whichever worker is free, finished ones are read, lost ones sent again.

One process does this for a session (the keeper), for as long as a job is open: it imports SkyPilot once and asks all
workers at the same time. Everything that it must know after its death is in the journal, written before it acts.
"""

from __future__ import annotations

import functools
import json
import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from helpers import journal, paths, state
from helpers.journal import Event
from helpers.run import collection, crew, log, screening, shipping, sky, task
from helpers.run.crew import Worker
from helpers.run.sky import Row
from helpers.state import Job, State

AHEAD = 1
"""Jobs sent to a worker beyond the one that runs: the next begins there without waiting for anybody here."""
RETRIES = 2
JUDGED = ("comparison", "calibration")
_ANSWER = re.compile(
    r"^(?:\x1b\[[0-9;]*m)*(?:\([^()\n]*pid=\d+[^()\n]*\)(?:\x1b\[[0-9;]*m)* )?(?:COMPARISON|CALIBRATION): (\{.*\})",
    re.MULTILINE,
)
TRIES = 5
"""Attempts to reach or send before a job counts as lost, with a pause between them."""


@dataclass
class Keeper:
    """What one keeper remembers between rounds; all of it may be forgotten."""

    root: Path
    folder: Path
    failed: dict[str, int] = field(default_factory=dict)
    accepted: set[str] = field(default_factory=set)
    reread: set[str] = field(default_factory=set)
    trouble: list[str] = field(default_factory=list)

    def round(self, api: Any) -> list[Event]:  # noqa: ANN401 - SkyPilot's module
        """Ask all workers, journal what ended, send what waits; return the new `finished` events."""
        self.trouble = []
        new = self._collect(api)
        self._feed(api)
        return new

    def _collect(self, api: Any) -> list[Event]:  # noqa: ANN401
        now = state.load(self.root)
        open_jobs = crew.busy(now)
        rows = sky.gather({w: functools.partial(sky.queue, api, w) for w in open_jobs})
        new: list[Event] = []
        ended: list[tuple[Job, Row]] = []
        for worker, jobs in open_jobs.items():
            answer = rows[worker]
            if isinstance(answer, Exception):
                new += self._unreachable(now, worker, jobs, answer)
                continue
            self.failed.pop(worker, None)
            for job in jobs:
                row = next((row for row in answer if row.name == _name(job)), None)
                if row is None:
                    new += self._not_there(api, now, job)
                elif row.state == "lost":
                    new += self._lost(now, job, f"SkyPilot says {row.status}")
                elif row.state == "done":
                    ended.append((job, row))
        return new + self._read(api, now, ended)

    def _read(self, api: Any, now: State, ended: list[tuple[Job, Row]]) -> list[Event]:  # noqa: ANN401
        got = sky.gather(
            {
                job.name: functools.partial(sky.fetch_log, api, job.worker, row.id, log_path(self.root, job.name))
                for job, row in ended
            }
        )
        new: list[Event] = []
        for job, row in ended:
            answer = got[job.name]
            if isinstance(answer, Exception):
                new += self._tried(now, job, f"its log could not be fetched: {sky.plain(answer)}")
            elif not answer:
                new += self._lost(now, job, "its log is gone")
            else:
                event = _result(self.root, now, job, row)
                if event.pop("incomplete", False) and job.name not in self.reread:
                    self.reread.add(job.name)  # written, perhaps, but not yet to be read: once more in the next round
                elif collection.record(self.root, event):
                    new.append(event)
        return new

    def _unreachable(self, now: State, worker: str, jobs: list[Job], error: Exception) -> list[Event]:
        """A worker that gave no answer: gone, or only not to be reached? The cloud itself is asked."""
        self.trouble.append(f"{worker}: {sky.plain(error)}")
        if not sky.missing(error):
            self.failed[worker] = self.failed.get(worker, 0) + 1
        found = sky.gather({"x": functools.partial(sky.clusters, self.root, [worker], refresh=True)})["x"]
        if isinstance(found, Exception) or (worker in found and found[worker].state in sky.USABLE):
            return []  # it stands: try again
        said = found[worker].state if worker in found else "gone"
        kind = "stopped" if said == "STOPPED" else "lost"
        journal.append(self.root, {"type": "worker", "worker": worker, "event": kind, "reason": f"SkyPilot: {said}"})
        return [event for job in jobs for event in self._lost(now, job, f"its worker {worker} is {said.lower()}")]

    def _not_there(self, api: Any, now: State, job: Job) -> list[Event]:  # noqa: ANN401
        """Journaled as sent, but not in the worker's queue: never arrived, or the worker was made anew."""
        assert job.sent is not None  # noqa: S101 - for the type checker
        worker = crew.crew(now).get(job.worker)
        if worker is None or worker.launch != job.sent.get("launch"):
            return self._lost(now, job, f"its worker {job.worker} was made anew")
        if job.name in self.accepted:
            return self._tried(now, job, "it has vanished from its worker's queue")
        return self._send(api, [(worker, job)])

    def _tried(self, now: State, job: Job, reason: str) -> list[Event]:
        self.trouble.append(f"{job.name}: {reason}")
        self.failed[job.name] = self.failed.get(job.name, 0) + 1
        return self._lost(now, job, reason) if self.failed[job.name] >= TRIES else []

    def _lost(self, now: State, job: Job, reason: str) -> list[Event]:
        """Journal a job as lost, and its experiment as waiting again, twice at most."""
        same = [
            j
            for j in now.jobs.values()
            if j.experiment == job.experiment and j.submitted["tree"] == job.submitted["tree"]
        ]
        before = sum(1 for j in same if j.finished and j.finished["status"] == "lost")
        again = job.role == "experiment" and before < RETRIES
        words = f"{reason}; " + ("sent again" if again else "not sent again") if job.role == "experiment" else reason
        event: Event = {
            "type": "finished", "experiment_id": job.experiment, "job": job.name, "worker": job.worker, "role": job.role,
            "tree": job.submitted["tree"], "status": "lost", "metric": None, "error": words,
        }  # fmt: skip
        with journal.locked(self.root):
            fresh = state.load(self.root)
            if fresh.jobs[job.name].finished:
                return []
            event = journal.append_locked(self.root, event)
            if again:
                copy = {k: v for k, v in job.submitted.items() if k not in ("timestamp", "job", "retry_of")}
                name = next_job(fresh, job.experiment)
                journal.append_locked(self.root, {**copy, "job": name, "retry_of": job.name, "avoid": job.worker})
        return [event]

    def _feed(self, api: Any) -> None:  # noqa: ANN401
        """Assign waiting jobs to workers that have room, a control first where one is due; journal, then send."""
        sends: list[tuple[Worker, Job]] = []
        with journal.locked(self.root):
            now = state.load(self.root)
            workers = [w for w in crew.up(now) if not self.failed.get(w.name)]
            for depth in range(1 + AHEAD):  # everybody gets a first job before anybody gets a second
                for worker in workers:
                    now = state.load(self.root)
                    if len(crew.busy(now).get(worker.name, [])) > depth:
                        continue
                    job = _next(self.root, now, worker, len(workers))
                    if job:
                        sends.append((worker, job))
        self._send(api, sends)

    def _send(self, api: Any, sends: list[tuple[Worker, Job]]) -> list[Event]:  # noqa: ANN401
        now = state.load(self.root)
        order: dict[str, list[tuple[Worker, Job]]] = {}
        for worker, job in sends:
            order.setdefault(worker.name, []).append((worker, job))

        def one(pairs: list[tuple[Worker, Job]]) -> None:
            for worker, job in pairs:
                sky.send(api, worker.name, _pack(self.root, self.folder, now, worker, job))
                self.accepted.add(job.name)

        for name, answer in sky.gather({name: functools.partial(one, pairs) for name, pairs in order.items()}).items():
            if isinstance(answer, Exception):
                self.trouble.append(f"sending to {name}: {sky.plain(answer)}")
                for _, job in order[name]:
                    if job.name not in self.accepted:
                        self._tried(now, job, f"could not be sent: {sky.plain(answer)}")
        return []


def _next(root: Path, now: State, worker: Worker, others: int) -> Job | None:
    """Journal and return what `worker` gets next; None when nothing waits for it."""
    job = next((j for j in crew.waiting(now) if _may(j, worker, others)), None)
    if job is None:
        return None
    if job.role == "experiment" and screening.needs_control(now, worker.name):
        number = sum(1 for j in now.jobs.values() if j.role == "control") + 1
        name = f"control-{now.segment}.{number}"
        submitted = journal.append_locked(root, {
            "type": "submitted", "experiment_id": "baseline", "job": name, "worker": worker.name, "executor": "sky",
            "tree": str(now.baseline["tree"]), "role": "control", "description": "the current baseline", "source": [], "env": {},
        })  # fmt: skip
        job = Job(submitted)
    job.sent = journal.append_locked(root, {
        "type": "worker", "worker": worker.name, "event": "sent", "job": job.name, "launch": worker.launch,
        "name": f"{job.name}-{secrets.token_hex(4)}",
    })  # fmt: skip
    return job


def _may(job: Job, worker: Worker, others: int) -> bool:
    wanted = str(job.submitted.get("worker") or "")
    avoided = str(job.submitted.get("avoid") or "")
    if avoided == worker.name and others > 1:
        return False
    return not wanted or wanted == worker.name or wanted == avoided


def _pack(root: Path, folder: Path, now: State, worker: Worker, job: Job) -> sky.Send:
    its, name = task.from_dict(now.require_lock()["task"]), _name(job)
    if job.role in JUDGED:
        asked, trees = _asked(now, job)
        ship = shipping.pack_judged(root, folder, name, job.experiment, asked, trees)
        return sky.Send(name, ship, shipping.command(name), {"EXPERIMENT_ID": job.experiment}, worker.accelerators)
    ship = shipping.pack(root, folder, name, job.experiment, str(job.submitted["tree"]), its)
    env = {
        **its.envs, **job.submitted.get("env", {}), "EXPERIMENT_ID": job.experiment,
        "EXPERIMENT_DESC": str(job.submitted.get("description", "")), "AUTORESEARCH_SUBDIR": name,
    }  # fmt: skip
    return sky.Send(name, ship, shipping.command(name), env, worker.accelerators)


def _asked(now: State, job: Job) -> tuple[dict[str, Any], list[str]]:
    """Return plan.json for the worker and the trees that go along; the plan was journaled without what the lock holds."""
    lock, passed = now.require_lock(), list(now.config.get("passEnv", []))
    common = {"task": lock["task"], "passed": passed, "metric": now.metric}
    tree = str(job.submitted["tree"])
    if job.role == "calibration":
        return {**common, "calibrate": tree}, [tree]
    plan = job.submitted["plan"]
    return {**common, **plan, "protected": now.protected, "workdir_root": "."}, [
        plan["baseline_tree"],
        plan["candidate_tree"],
    ]


def _name(job: Job) -> str:
    assert job.sent is not None  # noqa: S101 - for the type checker
    return str(job.sent["name"])


def _result(root: Path, now: State, job: Job, row: Row) -> Event:
    if job.role in JUDGED:
        event = _judged(job, log_path(root, job.name))
    else:
        event = collection.result(now, job, log_path(root, job.name))
        event["incomplete"] = event.get("error") == log.UNFINISHED
    event["sky_job"], event["sky_status"] = row.id, row.status
    if row.began and row.ended:
        event["seconds"] = round(row.ended - row.began, 1)
        worker = crew.crew(now).get(job.worker)
        event["cost_usd"] = round(worker.usd_hour * event["seconds"] / 3600, 4) if worker and worker.usd_hour else None
    return event


def _judged(job: Job, path: Path) -> Event:
    """The `finished` event of a comparison or calibration, with its answer; the follower journals that by its own rule."""
    event: Event = {"type": "finished", "experiment_id": job.experiment, "job": job.name, "worker": job.worker,
                    "role": job.role, "tree": job.submitted["tree"], "log": str(path), "metric": None}  # fmt: skip
    found = _ANSWER.findall(path.read_text(encoding="utf-8", errors="replace"))
    if not found:
        parsed = log.parse(path)
        said = parsed.error if parsed.complete else "the log ends before its answer"
        return {**event, "status": "crash", "error": said, "incomplete": not parsed.complete}
    answer = json.loads(found[-1])
    broken = answer.get("verdict") == "error"
    return {
        **event,
        "status": "crash" if broken else "done",
        "error": answer.get("reason") if broken else None,
        "answer": answer,
    }


def next_job(now: State, experiment: str) -> str:
    """Return the name of the experiment's next job."""
    attempt = sum(1 for j in now.jobs.values() if j.experiment == experiment and j.role == "experiment") + 1
    return f"{experiment}.{now.segment}.{attempt}"


def log_path(root: Path, job: str) -> Path:
    """Return where the job's log lies here, once it has been fetched."""
    return paths.state_folder(root) / "jobs-sky" / f"{job}.log"
