"""A job: one submission of a tree to a worker, as the journal tells of it."""

from dataclasses import dataclass

from helpers.events import Finished, Submitted, WorkerEvent

JUDGED = ("comparison", "part", "calibration")
"""Roles of the jobs of the fleet that measure pairs, and end in an answer instead of a log's metrics."""


@dataclass
class Job:
    """One submission of a tree to a worker.

    `finished` is None until its result is journaled, `sent` while it waits for a worker of the fleet.
    """

    submitted: Submitted
    finished: Finished | None = None
    sent: WorkerEvent | None = None
    cancelling: bool = False

    @property
    def name(self) -> str:
        """The job's id, unique in the session."""
        return self.submitted.job

    @property
    def experiment(self) -> str:
        """The experiment that it runs."""
        return self.submitted.experiment_id

    @property
    def role(self) -> str:
        """`experiment`, `control` for a run of the current baseline, or one of JUDGED."""
        return self.submitted.role

    @property
    def tree(self) -> str:
        """The tree that it runs."""
        return self.submitted.tree

    @property
    def env(self) -> dict[str, str]:
        """What it sees of environment beyond the task's own."""
        return self.submitted.env

    @property
    def is_experiment(self) -> bool:
        """Whether it measures an experiment."""
        return self.submitted.role == "experiment"

    @property
    def is_control(self) -> bool:
        """Whether it measures the baseline beside experiments."""
        return self.role == "control"

    @property
    def is_judged(self) -> bool:
        """Whether it is a whole comparison or calibration on a worker."""
        return self.submitted.role in JUDGED

    @property
    def is_spread(self) -> bool:
        """Whether it is a comparison that many workers share, or a part of one."""
        return bool(self.submitted.plan.get("spread"))

    @property
    def is_local(self) -> bool:
        """Whether this machine runs it."""
        return self.submitted.executor == "local"

    @property
    def on_fleet(self) -> bool:
        """Whether the fleet's keeper sends and collects it."""
        return self.submitted.executor == "sky"

    @property
    def worker(self) -> str:
        """The worker that it was sent to; `any` while it waits for one."""
        return (self.sent or self.submitted).worker or "any"
