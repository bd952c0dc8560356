"""What is packed for others: an experiment's last comparison, its plan, and a commit that other clones have."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from helpers import console, git
from helpers.events import Comparison
from helpers.judge.compare import planning
from helpers.judge.measure.plan import Plan
from helpers.run.copies.copies import Workdirs
from helpers.state import State


def evidence_of(work: Workdirs, now: State, name: str) -> tuple[str, str, Plan, Comparison]:
    """Return base, description, plan and comparison to pack of an experiment.

    Raises Failure (1) when it was never compared, (2) for an unknown one.
    """
    exp = work.experiment(name)
    compared = now.comparison(name)
    if compared is None or not compared.pairs:
        raise console.answer_no(f"{name} has no measured comparison", f"compare.py {name}")
    values: dict[str, Any] = {**planning.agreed(now, work.folder), **compared.line}
    plan = Plan(**{field.name: values[field.name] for field in fields(Plan) if field.name in values})
    base = git.run(work.root, ["merge-base", now.config.base, compared.baseline_commit], check=False)
    commit = base.stdout.decode().strip() if base.returncode == 0 else now.config.base
    return git.commit_of(work.root, commit), exp.description, plan, compared
