"""experiment.yaml (SkyPilot's task schema), read once when the session is locked and journaled from then on."""

import math
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from helpers import console, paths, venv

BENCH_TIMEOUT, CHECK_TIMEOUT, BUILD_CMD = "BENCH_TIMEOUT", "CHECK_TIMEOUT", "BUILD_CMD"
NETWORK = "AUTORESEARCH_NETWORK"
"""Set where the session lets benchmark and checks use the network."""
_KNOWN = {"name", "workdir", "resources", "num_nodes", "envs", "secrets", "setup", "run", "file_mounts", "config"}


JobState = Literal["pending", "running", "done", "lost"]
"""The four states of a job that every executor answers with."""


@dataclass(frozen=True)
class Task:
    """What an experiment runs: two bash texts, their environment, and the number of cores asked for."""

    name: str
    setup: str
    run: str
    envs: dict[str, str] = field(default_factory=dict)
    cpus: int = 1
    resources: dict[str, Any] = field(default_factory=dict)

    def seconds(self, name: str, default: int) -> int:
        """Return a time limit of the environment, in seconds."""
        match = re.fullmatch(r"(\d+)s?", self.envs.get(name, ""))
        return int(match[1]) if match else default

    def limit(self) -> int:
        """Return the seconds after which the executor itself ends the whole job: all of its limits and some slack."""
        build = self.seconds("BUILD_TIMEOUT", 1800)
        return build + self.seconds(BENCH_TIMEOUT, 600) + self.seconds(CHECK_TIMEOUT, 600) + 120


def from_dict(value: dict[str, Any]) -> Task:
    """Return the task that a lock event carries."""
    return Task(**value)


def load(file: Path, overrides: dict[str, str]) -> Task:
    """Read a task file; `overrides` replace its envs. Raises Failure (2) on anything that is not SkyPilot's schema."""
    venv.require("yaml")
    import yaml

    try:
        value = yaml.safe_load(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise console.usage(f"{file.name} is missing", f"copy it: cp {paths.BUNDLE / paths.TASK} {file}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise console.usage(
            f"{file.name} is not valid YAML: {str(error)[:300]}", "correct it, see the bundle's own"
        ) from None
    if not isinstance(value, dict):
        raise console.usage(f"{file.name} must hold a mapping with the keys of a SkyPilot task", "see the bundle's own")
    unknown = sorted(str(key) for key in set(value) - _KNOWN)
    if unknown:
        console.note(f"note: {file.name}: {', '.join(unknown)}: not used by the local executor")
    run = value.get("run")
    if not isinstance(run, str) or not run.strip():
        raise console.usage(f"{file.name} has no run section (a bash text)", "see the bundle's own experiment.yaml")
    setup = value.get("setup") or ""
    if not isinstance(setup, str):
        raise console.usage(
            f"{file.name}: setup must be a bash text, not a {type(setup).__name__}", "write it with '|'"
        )
    resources = value.get("resources") or {}
    if not isinstance(resources, dict):
        raise console.usage(f"{file.name}: resources must be a mapping", "for example: resources: {cpus: 2+}")
    envs = {**_envs(file, value.get("envs")), **overrides}
    return Task(str(value.get("name") or "experiment"), setup, run, envs, _cpus(file, resources), resources)


def _envs(file: Path, value: object) -> dict[str, str]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise console.usage(f"{file.name}: envs must be a mapping of names to values", "for example: envs: {N: 3}")
    for name in value:
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", str(name)):
            raise console.usage(f"{file.name}: {name!r} cannot name an environment variable", "letters, digits, _")
    return {str(k): "" if v is None else str(v) for k, v in value.items()}


def _cpus(file: Path, resources: dict[str, Any]) -> int:
    value = str(resources.get("cpus") or 1).rstrip("+")
    try:
        cpus = math.ceil(float(value))
    except (ValueError, OverflowError):
        raise console.usage(f"{file.name}: resources.cpus: {value!r} is not a number", "for example 2 or 4+") from None
    ignored = sorted(set(resources) - {"cpus"})
    if ignored:
        console.note(f"note: resources {', '.join(map(str, ignored))}: ignored by the local executor")
    return max(1, cpus)


def overrides(pairs: list[str]) -> dict[str, str]:
    """Turn K=V arguments into a mapping; raises Failure (2) on anything else."""
    wrong = [pair for pair in pairs if "=" not in pair or not pair.split("=", 1)[0].isidentifier()]
    if wrong:
        raise console.usage(f"--env {wrong[0]!r} is not of the form NAME=VALUE")
    return dict(pair.split("=", 1) for pair in pairs)
