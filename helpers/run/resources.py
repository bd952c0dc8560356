"""What a new worker shall be: the options that ask for it, with what the session and experiment.yaml ask for."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from helpers.state import State

AUTOSTOP = 60
"""Idle minutes after which a worker stops itself."""


@dataclass(frozen=True)
class Wanted:
    """What a new worker shall be; `resources` are those of SkyPilot's task schema."""

    resources: dict[str, Any]
    autostop: int | None = AUTOSTOP
    prefix: str = "vm"


def add_options(p: argparse.ArgumentParser) -> None:
    """Add the options of `workers.py up`."""
    p.add_argument("--count", type=int, default=1, metavar="N", help="up: workers in all, vm-01 to vm-N (default 1)")
    p.add_argument(
        "--infra", metavar="NAME", help="up: aws, gcp/us-central1, k8s, slurm/CLUSTER, ... (default: the session's)"
    )
    p.add_argument("--cpus", metavar="N+", help="up: cores, as 4 or 4+")
    p.add_argument("--gpus", metavar="H100:1", help="up: accelerators; several kinds that will do: H100:1,H200:1")
    p.add_argument(
        "--autostop",
        type=int,
        default=AUTOSTOP,
        metavar="MINUTES",
        help=f"up: idle minutes until it stops; 0 for never (default {AUTOSTOP})",
    )
    p.add_argument("--prefix", default="vm", metavar="WORD", help="up: of the workers' names (default vm)")


def asked(now: State, args: argparse.Namespace) -> Wanted:
    """Return what the options and the session ask for."""
    its = dict((now.lock or {}).get("task", {}).get("resources") or {})
    session_infra = str(now.config.get("infra") or "")
    infra = args.infra or (session_infra if session_infra not in ("", "local", "sky") else None)
    its.update({k: v for k, v in (("infra", infra), ("cpus", args.cpus), ("accelerators", _gpus(args.gpus))) if v})
    return Wanted(its, args.autostop or None, args.prefix)


def _gpus(text: str | None) -> dict[str, int] | str | None:
    if not text:
        return None
    if "," not in text:
        return text
    return {part.partition(":")[0]: int(part.partition(":")[2] or 1) for part in text.split(",")}
