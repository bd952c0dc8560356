"""What a new worker is to be: the options that ask for it, with what the session and experiment.yaml ask for."""

from __future__ import annotations

import argparse
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from helpers import arguments

if TYPE_CHECKING:
    from helpers.state import State

AUTOSTOP = 60
"""Idle minutes after which a worker stops itself."""


@dataclass(frozen=True)
class WorkerRequest:
    """What a new worker is to be; `resources` are those of SkyPilot's task schema."""

    resources: dict[str, Any]
    autostop: int | None = AUTOSTOP
    prefix: str = "vm"


def add_options(p: argparse.ArgumentParser) -> None:
    """Add the options of `workers.py up`."""
    count = "up: workers in all, vm-01 to vm-N (default 1)"
    p.add_argument("--count", type=arguments.whole(1, 64), default=1, metavar="N", help=count)
    p.add_argument(
        "--infra", metavar="NAME", help="up: aws, gcp/us-central1, k8s, slurm/CLUSTER, ... (default: the session's)"
    )
    p.add_argument("--cpus", metavar="N+", help="up: cores, as 4 or 4+")
    kinds = "up: accelerators; several kinds that will do: H100:1,H200:1"
    p.add_argument("--gpus", type=_gpus, metavar="H100:1", help=kinds)
    p.add_argument(
        "--autostop",
        type=arguments.whole(0),
        default=AUTOSTOP,
        metavar="MINUTES",
        help=f"up: idle minutes until it stops; 0 for never (default {AUTOSTOP})",
    )
    spot = "up: preemptible machines: cheaper, and what one loses is drawn again on another"
    p.add_argument("--spot", action="store_true", help=spot)
    p.add_argument("--prefix", default="vm", metavar="WORD", help="up: of the workers' names (default vm)")


def asked(now: State, args: argparse.Namespace) -> WorkerRequest:
    """Return what the options and the session ask for."""
    its = dict((now.lock.task.get("resources") if now.lock else None) or {})
    session_infra = now.config.infra
    infra = args.infra or (session_infra if session_infra not in ("", "local", "sky") else None)
    options = (("infra", infra), ("cpus", args.cpus), ("accelerators", args.gpus), ("use_spot", args.spot))
    its.update({k: v for k, v in options if v})
    return WorkerRequest(its, args.autostop or None, args.prefix)


def _gpus(text: str) -> dict[str, int] | str | None:
    """Return one kind as it stands, for SkyPilot to check, several as name to count; a kind without a count is one."""
    if "," not in text:
        return text or None
    found = {}
    for part in text.split(","):
        name, colon, count = part.strip().partition(":")
        if not name or (colon and not re.fullmatch(r"0*[1-9][0-9]{0,3}", count)):
            raise argparse.ArgumentTypeError(f"{part!r}: a kind and how many, as in H100:1,H200:1, is expected")
        found[name] = int(count or 1)
    return found
