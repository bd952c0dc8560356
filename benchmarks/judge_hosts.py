"""Simulated hosts for judge_error_rates.py: nine ways in which the time of an unchanged program varies.

A host is a function that is called once a measurement, in order, with whether it is the first of its pair; it returns
by how much that measurement is slower (a natural logarithm: 0.01 is one percent). Every draw comes from the Random that
the host was made with. The sizes are chosen to look like cloud machines; they are not fitted to any.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random

Host = Callable[[bool], float]
LAYOUT = 0.005
"""Standard deviation of what one build's layout adds to its speed, with no merit of the source."""


def fixed_speed(draw: Random) -> Host:
    """Hosts of one type that differ by 5%, each of them steady to 0.8%."""
    speed = draw.gauss(0, 0.05)
    return lambda _: speed + draw.gauss(0, 0.008)


def slow_drift(draw: Random) -> Host:
    """A speed that wanders by 0.3% a measurement around a mean, up to several percent away from it."""
    level = draw.gauss(0, 0.03)

    def measure(_: bool) -> float:
        nonlocal level
        level = 0.995 * level + draw.gauss(0, 0.003)
        return level + draw.gauss(0, 0.008)

    return measure


def trend(draw: Random) -> Host:
    """A host that slows down by 0.05 to 0.2% with each measurement: heat, or a filling disk."""
    slope, clock = draw.uniform(0.0005, 0.002), 0

    def measure(_: bool) -> float:
        nonlocal clock
        clock += 1
        return slope * clock + draw.gauss(0, 0.008)

    return measure


def bursts(
    draw: Random, start: float = 0.04, end: float = 0.25, least: float = 0.05, most: float = 0.3, own: float = 0.008
) -> Host:
    """A neighbour that wakes up for about four measurements at a time and costs 5 to 30%."""
    size = 0.0

    def measure(_: bool) -> float:
        nonlocal size
        if size:
            size = 0.0 if draw.random() < end else size
        elif draw.random() < start:
            size = draw.uniform(least, most)
        return size + draw.gauss(0, own)

    return measure


def heavy_tails(draw: Random) -> Host:
    """Student's t with two degrees of freedom: no variance at all."""

    def measure(_: bool) -> float:
        return min(3.0, 0.006 * draw.gauss(0, 1) / math.sqrt(draw.expovariate(1)))

    return measure


def bimodal(draw: Random) -> Host:
    """Two speeds 3% apart; each run has one of them, by its memory or its core."""
    slow = draw.uniform(0.2, 0.5)
    return lambda _: (0.03 if draw.random() < slow else 0.0) + draw.gauss(0, 0.006)


def slower_first(draw: Random) -> Host:
    """The first measurement of every pair finds cold caches and is 1.5% slower."""
    return lambda first: (0.015 if first else 0.0) + draw.gauss(0, 0.008)


def steady(draw: Random) -> Host:
    """Nothing but 0.8% of normal noise (the profile `code layout` adds the layouts to it)."""
    return lambda _: draw.gauss(0, 0.008)


def typical(draw: Random, scale: float = 1.0) -> Host:
    """A typical cloud host: 1% of noise, some drift, a first run 0.3% slower, a neighbour now and then."""
    speed, level = draw.gauss(0, 0.03), 0.0
    neighbour = bursts(draw, start=0.01, end=0.3, least=0.03, most=0.15, own=0.0)

    def measure(first: bool) -> float:
        nonlocal level
        level = 0.99 * level + draw.gauss(0, 0.001 * scale)
        own = draw.gauss(0, 0.01) + (0.003 if first else 0.0)
        return speed + level + scale * (own + neighbour(first))

    return measure


def restless(draw: Random) -> Host:
    """The typical host with three times its noise: sigma_pair is above 2%."""
    return typical(draw, 3.0)


PROFILES: dict[str, Callable[[Random], Host]] = {
    "fixed host speed": fixed_speed,
    "slow drift": slow_drift,
    "trend": trend,
    "neighbour bursts": bursts,
    "heavy tails": heavy_tails,
    "bimodal": bimodal,
    "slower first run": slower_first,
    "code layout": steady,
    "typical cloud host": typical,
}


def layouts(draw: Random, count: int) -> list[float]:
    """Return what each of `count` builds of one source gains or loses by its layout alone."""
    return [draw.gauss(0, LAYOUT) for _ in range(count)]
