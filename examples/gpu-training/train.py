"""A very small training run under a fixed time budget: a byte model in plain Python that stands in for a GPU one.

Trains for TRAIN_SECONDS, then prints val_bpb (bits per byte on text it has not seen), the number of steps and the peak
memory. Faster steps or better ones lower val_bpb; more time would too, and is fixed.
"""

import math
import os
import random
import resource
import time

SYMBOLS = 32
CONTEXT = 2  # symbols before the one that is predicted
RATE = 0.3


def corpus(seed: int, length: int) -> list[int]:
    """Text of a Markov chain with a strong second-order structure, the same for everybody."""
    chain, dice, text = random.Random(7), random.Random(seed), [0, 1]
    table = {(a, b): chain.sample(range(SYMBOLS), 4) for a in range(SYMBOLS) for b in range(SYMBOLS)}
    while len(text) < length:
        text.append(dice.choice(table[text[-2], text[-1]]))
    return text


def fresh() -> list[list[list[float]]]:
    """Weights that know nothing: a row of scores for each two symbols."""
    return [[[0.0] * SYMBOLS for _ in range(SYMBOLS)] for _ in range(SYMBOLS)]


def probabilities(weights: list[list[list[float]]], before: list[int]) -> list[float]:
    """Softmax over the scores that belong to the symbols before."""
    scores = [0.0] * SYMBOLS
    for symbol in range(SYMBOLS):
        scores[symbol] = weights[before[0]][before[1]][symbol]
    top = max(scores)
    grown = [math.exp(score - top) for score in scores]
    total = sum(grown)
    return [value / total for value in grown]


def step(weights: list[list[list[float]]], before: list[int], target: int) -> None:
    """One step of gradient descent on one symbol."""
    p = probabilities(weights, before)
    for symbol in range(SYMBOLS):
        weights[before[0]][before[1]][symbol] -= RATE * (p[symbol] - (1.0 if symbol == target else 0.0))


def main() -> None:
    """Train, then evaluate."""
    text, held_out = corpus(1, 200_000), corpus(2, 3_000)
    weights = fresh()
    end, steps = time.monotonic() + float(os.environ.get("TRAIN_SECONDS", "2")), 0
    while time.monotonic() < end:
        at = CONTEXT + steps % (len(text) - CONTEXT)
        step(weights, text[at - CONTEXT : at], text[at])
        steps += 1
    bits = [
        -math.log2(probabilities(weights, held_out[n - CONTEXT : n])[held_out[n]])
        for n in range(CONTEXT, len(held_out))
    ]
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2  # GiB on Linux
    print(f"val_bpb {sum(bits) / len(bits):.6f}\nsteps {steps}\nmemory_gb {memory:.4f}")


if __name__ == "__main__":
    main()
