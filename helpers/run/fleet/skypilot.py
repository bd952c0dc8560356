"""Every call to SkyPilot, in one process, to many clusters at the same time; its states mapped once to ours.

A job is found by its name, which is unique and journaled before it is sent; job ids begin again at 1 when a cluster is
made again, names do not. What SkyPilot prints goes to .autoresearch/sky.log: stdout is data.
"""

import contextlib
import importlib
import io
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from helpers import console, files, paths, printable, venv
from helpers.run.jobs.task import JobState

T = TypeVar("T")
LOG = "sky.log"
JOB_STATES: dict[str, JobState] = {
    "INIT": "pending",
    "PENDING": "pending",
    "SETTING_UP": "pending",
    "RUNNING": "running",
    "SUCCEEDED": "done",
    "FAILED": "done",
    "FAILED_SETUP": "done",
    "CANCELLED": "done",
    "FAILED_DRIVER": "lost",
}
"""SkyPilot's JobStatus to ours. A failed driver is trouble of the cluster, not of the experiment."""
USABLE = ("UP", "AUTOSTOPPING")
"""ClusterStatus values under which jobs run."""


@dataclass(frozen=True)
class Cluster:
    """A cluster as SkyPilot sees it.

    `launch` is new whenever it is made again; dollars an hour are None when unknown.
    """

    name: str
    state: str
    launch: str
    resources: str
    cloud: str
    accelerators: dict[str, float] | None
    usd_hour: float | None


@dataclass(frozen=True)
class Row:
    """A job in a cluster's queue; times are seconds since the epoch."""

    id: int
    name: str
    state: JobState
    status: str
    began: float | None
    ended: float | None


@dataclass(frozen=True)
class Send:
    """What to run: `command` in the folder `workdir` as sent, under the unique name `name`."""

    name: str
    workdir: Path
    command: str
    accelerators: dict[str, float] | None = None


@contextlib.contextmanager
def quiet(root: Path) -> Iterator[Any]:
    """Yield SkyPilot's module; whatever it prints inside the block goes to a file in the state folder of `root`."""
    venv.require("sky", extra="--with-sky")
    with (
        io.TextIOWrapper(files.appending(paths.state_folder(root) / LOG), "utf-8") as log,
        contextlib.redirect_stdout(log),
        contextlib.redirect_stderr(log),
    ):
        try:
            sky = importlib.import_module("sky")
        except (ImportError, OSError) as error:
            raise console.outside(
                f"SkyPilot cannot be loaded: {error}", "bash setup.sh --deps-only --with-sky"
            ) from None
        yield sky


def gather(calls: Mapping[str, Callable[[], T]], seconds: float = 300) -> dict[str, T | Exception]:
    """Make all calls at the same time; return each one's value or exception, TimeoutError after `seconds`."""
    answers: dict[str, T | Exception] = {}

    def one(name: str, call: Callable[[], T]) -> None:
        try:
            answers[name] = call()
        except Exception as error:  # noqa: BLE001 - handed to the caller
            answers[name] = error

    threads = [threading.Thread(target=one, args=item, daemon=True) for item in calls.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(seconds)
    return {name: answers.get(name, TimeoutError(f"no answer within {seconds:.0f} s")) for name in calls}


def clusters(root: Path, names: list[str], *, refresh: bool = False) -> dict[str, Cluster]:
    """Return those of `names` that exist; with `refresh` the cloud itself is asked. Raises Failure (3)."""
    if not names:
        return {}
    with quiet(root) as sky:
        mode = sky.StatusRefreshMode.FORCE if refresh else sky.StatusRefreshMode.NONE
        try:
            rows = sky.get(sky.status(names, refresh=mode))
        except Exception as error:
            raise failure(error, "asking for the clusters' state", root) from error
    return {row["name"]: _cluster(row) for row in rows}


def _cluster(row: Any) -> Cluster:  # noqa: ANN401 - SkyPilot's own record
    resources = getattr(row["handle"], "launched_resources", None)
    price = None
    if resources is not None:
        with contextlib.suppress(Exception):  # no price list for this kind
            price = float(resources.get_cost(3600)) or None
    accelerators = getattr(resources, "accelerators", None)
    return Cluster(
        row["name"],
        row["status"].value,
        str(row["cluster_hash"]),
        str(row.get("resources_str") or ""),
        str(row.get("cloud") or ""),
        accelerators,
        price,
    )


def require_resources(root: Path, resources: dict[str, Any]) -> None:
    """Raise Failure (2) when SkyPilot's schema has no such resources; nothing is asked of anybody."""
    with quiet(root) as sky:
        try:
            sky.Task.from_yaml_config({"name": "up", "resources": resources})
        except Exception as error:
            raise failure(error, "the resources", root, wrong=True) from error


def launch(root: Path, name: str, resources: dict[str, Any], autostop: int | None) -> Cluster:
    """Make or start a cluster and return it; raises Failure (2 or 3).

    `autostop` is minutes without a job after which it is stopped, or taken down where it cannot be stopped.
    """
    ends = str(resources.get("infra", "")).split("/")[0] in ("slurm", "k8s", "kubernetes")
    with quiet(root) as sky:
        try:
            task = sky.Task.from_yaml_config({"name": "up", "resources": resources})
            sky.get(
                sky.launch(task, cluster_name=name, idle_minutes_to_autostop=autostop, down=ends and bool(autostop))
            )
        except Exception as error:
            raise failure(error, f"launching {name}", root) from error
    found = clusters(root, [name])
    if name not in found or found[name].state not in USABLE:
        raise console.outside(
            f"SkyPilot launched {name}, but it is not up",
            f"look at {paths.STATE}/{LOG}, then:\nworkers.py replace {name}",
        )
    return found[name]


def send(sky: Any, cluster: str, what: Send) -> int:  # noqa: ANN401 - SkyPilot's module
    """Submit a job and return its id; call inside `quiet`. Raises whatever SkyPilot raises."""
    task = sky.Task(name=what.name, run=what.command, workdir=str(what.workdir))
    if what.accelerators:
        task.set_resources(sky.Resources(accelerators=what.accelerators))
    return int(sky.get(sky.exec(task, cluster_name=cluster))[0])


def cancel(sky: Any, cluster: str, ids: list[int]) -> None:  # noqa: ANN401 - SkyPilot's module
    """End jobs of a cluster; call inside `quiet`. Raises whatever SkyPilot raises."""
    if ids:  # without any it would end the newest one of anybody
        sky.get(sky.cancel(cluster, job_ids=ids))


def queue(sky: Any, cluster: str) -> list[Row]:  # noqa: ANN401 - SkyPilot's module
    """Return the cluster's jobs, oldest first; call inside `quiet`. Raises whatever SkyPilot raises.

    One that SkyPilot started beside another waited for it (payload.py): it began with the other's end.
    """
    rows = []
    for job in sky.get(sky.queue(cluster)):
        status, span = job["status"].value, (job["start_at"], job["end_at"])
        rows.append(Row(int(job["job_id"]), str(job["job_name"]), JOB_STATES[status], status, *span))
    return _in_turn(sorted(rows, key=lambda row: row.id))


def _in_turn(rows: list[Row]) -> list[Row]:
    found: list[Row] = []
    for row in rows:
        ends = [other.ended for other in found if other.ended and row.ended and other.ended <= row.ended]
        found.append(replace(row, began=max(row.began, *ends)) if row.began and ends else row)
    return found


def fetch_log(sky: Any, cluster: str, job_id: int, target: Path) -> bool:  # noqa: ANN401 - SkyPilot's module
    """Write the job's whole log to `target`; returns whether there was one. Call inside `quiet`."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(_NoLogError), files.replacing(target) as raw:
        out = io.TextIOWrapper(raw, encoding="utf-8", errors="backslashreplace")
        if sky.tail_logs(cluster, job_id, follow=False, output_stream=out) == 102:  # no such job
            raise _NoLogError
        out.detach()
        return True
    return False


def was_cancelled(sky: Any, cluster: str, job_id: int, stream: io.TextIOBase) -> bool:  # noqa: ANN401
    """Write a job's log to `stream` while it grows, until it ends; call inside `quiet`. Raises what SkyPilot raises."""
    return bool(sky.tail_logs(cluster, job_id, follow=True, output_stream=stream) == 103)


class _NoLogError(Exception):
    """There is no log to take the place of the file."""


def missing(error: BaseException) -> bool:
    """Tell whether the error says that the cluster is gone or not up (and not merely that it could not be reached)."""
    return type(error).__name__ in ("ClusterDoesNotExist", "ClusterNotUpError")


_WRONG = (
    "ValueError",
    "InvalidClusterNameError",
    "InvalidSkyPilotConfigError",
    "ResourcesMismatchError",
    "NotSupportedError",
    "TypeError",
    "ValidationError",
)
_ADVICE = {
    "ApiServerConnectionError": "see that its API server runs: sky api start",
    "NoCloudAccessError": "no infrastructure is enabled: sky check",
    "ResourcesUnavailableError": "another region, another --infra, a smaller machine, or a higher quota",
    "ClusterDoesNotExist": "workers.py list",
    "ClusterNotUpError": "workers.py up  # starts it again; workers.py replace launches another",
}


def failure(error: BaseException, doing: str, root: Path, *, wrong: bool = False) -> console.Failure:
    """Turn what SkyPilot raised into our words: what it said, shortened, and what to do.

    Exit 2 for wrong input, else 3.
    """
    if isinstance(error, console.Failure):
        return error
    kind, said = type(error).__name__, plain(error)
    log = paths.state_folder(root) / LOG
    do = _ADVICE.get(kind, "correct that, then run the same command again") + f" (its own words: {log})"
    make = console.usage if wrong or kind in _WRONG else console.outside
    return make(f"{doing}: SkyPilot said: {said or kind}", do)


def plain(error: BaseException, characters: int = 400) -> str:
    """Return an error's text on one line without colour codes."""
    return printable.one_line(str(error))[:characters] or type(error).__name__


def note(text: str) -> None:
    """Say something to people, also inside `quiet`."""
    print(printable.shown(text), file=sys.__stderr__, flush=True)
