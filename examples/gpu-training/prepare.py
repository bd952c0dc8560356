"""What a training is given and judged by, and may not change: a time budget, the data, and the evaluation.

Stands in for the prepare.py of a real training, in plain Python on one core.
"""

import math
import random

TIME_BUDGET = 2.0  # seconds; the real one has 300
SYMBOLS = 32
CONTEXT = 2  # symbols before the one that is predicted


def corpus(seed, length):
    """Text of a Markov chain with a strong second-order structure, the same for everybody."""
    chain, dice, text = random.Random(7), random.Random(seed), [0, 1]
    table = {(a, b): chain.sample(range(SYMBOLS), 4) for a in range(SYMBOLS) for b in range(SYMBOLS)}
    while len(text) < length:
        text.append(dice.choice(table[text[-2], text[-1]]))
    return text


def make_dataloader(seed):
    """Yield symbols and the one that follows, from a place in the text that the seed decides, without an end."""
    text = corpus(1, 200_000)
    at = random.Random(seed).randrange(len(text))
    while True:
        at = CONTEXT + at % (len(text) - CONTEXT)
        yield text[at - CONTEXT : at], text[at]
        at += 1


def evaluate_bpb(probabilities):
    """Bits per byte on text that the training has not seen; `probabilities` of all symbols, given those before."""
    text, bits = corpus(2, 3_000), 0.0
    for at in range(CONTEXT, len(text)):
        p = probabilities(text[at - CONTEXT : at])
        assert abs(sum(p) - 1) < 1e-6, "these are no probabilities"
        bits -= math.log2(p[text[at]])
    return bits / (len(text) - CONTEXT)
