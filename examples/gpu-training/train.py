"""A very small training run under a fixed time budget: a byte model in plain Python that stands in for a GPU one.

Prints val_bpb (bits per byte on text it has not seen), the number of steps and the peak memory, in the form of
karpathy/autoresearch. Faster steps or better ones lower val_bpb; more time would too, and is fixed.
"""

import math
import random
import resource
import time

from prepare import CONTEXT, SYMBOLS, TIME_BUDGET, evaluate_bpb, make_dataloader

RATE = 0.3


def fresh():
    """Weights that know nothing: a row of scores for each two symbols."""
    return [[[0.0] * SYMBOLS for _ in range(SYMBOLS)] for _ in range(SYMBOLS)]


def probabilities(weights, before):
    """Softmax over the scores that belong to the symbols before."""
    scores = [0.0] * SYMBOLS
    for symbol in range(SYMBOLS):
        scores[symbol] = weights[before[0]][before[1]][symbol]
    top = max(scores)
    grown = [math.exp(score - top) for score in scores]
    total = sum(grown)
    return [value / total for value in grown]


def step(weights, before, target):
    """One step of gradient descent on one symbol."""
    p = probabilities(weights, before)
    for symbol in range(SYMBOLS):
        weights[before[0]][before[1]][symbol] -= RATE * (p[symbol] - (1.0 if symbol == target else 0.0))


if __name__ == "__main__":
    random.seed(42)
    weights, batches = fresh(), make_dataloader(random.random())
    before, target = next(batches)
    began, steps = time.monotonic(), 0
    while time.monotonic() - began < TIME_BUDGET:
        step(weights, before, target)
        before, target = next(batches)
        steps += 1
    trained = time.monotonic() - began
    val_bpb = evaluate_bpb(lambda before: probabilities(weights, before))
    print("---")
    print(f"val_bpb:          {val_bpb:.6f}")
    print(f"training_seconds: {trained:.1f}")
    print(f"peak_vram_mb:     {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.1f}")  # KiB on Linux
    print(f"num_steps:        {steps}")
