"""Options that several scripts share: what their values may be is checked while the command line is read."""

import argparse
import math
from collections.abc import Callable
from pathlib import Path

from helpers import console, printable
from helpers.scale import Scale

PAIRS = (8, 12, 18, 24, 36, 48, 72, 96, 144)
"""Pairs that a comparison may have at most: the looks of the judge's table."""


class Percent(float):
    """A number that was written with its %."""


def margin(value: float, by: Scale) -> float:
    """Return --margin: a percentage as a fraction, by difference in the metric's unit. Raises Failure (2)."""
    if not by.by_ratio and isinstance(value, Percent):
        raise console.usage(
            f"--margin {value:g}%: where values are judged by difference it is in the metric's own unit", "--margin 2"
        )
    if by.by_ratio and not 0 < value < 50:
        raise console.usage(
            f"--margin {value:g}: a percentage between 0 and 50 is expected",
            "--margin 1, or --scale difference: then it is in the metric's own unit",
        )
    return float(f"{value / 100:.12g}") if by.by_ratio else value  # 19.9 / 100 is printed again


def percentage(text: str) -> float:
    """Return what `amount` does, also for `2%`."""
    return Percent(amount(text[:-1])) if text.endswith("%") else amount(text)


def amount(text: str) -> float:
    """Return a finite number above 0."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not (math.isfinite(value) and value > 0):
        raise argparse.ArgumentTypeError(f"{text!r}: a number above 0 is expected, without unit or %")
    return value


def whole(least: int, most: int | None = None) -> Callable[[str], int]:
    """Return what reads a whole number from `least` to `most`."""
    wanted = f"a whole number from {least} to {most}" if most else f"a whole number, {least} or more,"

    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = least - 1
        if value < least or (most is not None and value > most):
            raise argparse.ArgumentTypeError(f"{text!r}: {wanted} is expected")
        return value

    return read


def words(text: str) -> str:
    """Return a person's or agent's own words as one printable line; the dots of a printed command are none."""
    said = printable.one_line(text)
    if said.strip('." '):
        return said
    if said:
        raise argparse.ArgumentTypeError(f"{text!r} stands for words of your own, which are kept for good: write them")
    return said


def unit(text: str) -> str:
    """Return a unit: it stands behind figures, so it is one short word."""
    if text != printable.name(text) or len(text) > 24 or len(text.split()) > 1:
        raise argparse.ArgumentTypeError(f"{text!r}: a unit is one word of at most 24 characters, like s or MB/s")
    return text.strip()


def add_workdir_root(p: argparse.ArgumentParser) -> None:
    """Add --workdir-root, which every script that works with isolated copies has: a whole path, or None."""
    where = "where the copies live (default under $TMPDIR)"
    p.add_argument(
        "--workdir-root", metavar="DIR", type=lambda text: Path(text).resolve() if text else None, help=where
    )


def add_slots(p: argparse.ArgumentParser) -> None:
    """Add --slots, how many experiments run at once on this machine."""
    kinds = "benchmarks at once on this machine, each on its own cores; gpu: one on each GPU"
    p.add_argument("--slots", default="1", metavar="N|gpu", help=kinds)


def check_worker(args: argparse.Namespace) -> None:
    """Raise Failure (2) for --worker or --kind without --on sky, or --slots with it: it would count nothing."""
    for name in ("worker", "kind"):
        if (value := getattr(args, name, "")) and args.on != "sky":
            raise console.usage(f"--{name} {value} is of the fleet", f"add --on sky, or leave --{name} out")
    if args.on == "sky" and args.slots not in (None, "1"):
        raise console.usage(f"--slots {args.slots} is of this machine", "leave it out: a worker runs one at a time")
