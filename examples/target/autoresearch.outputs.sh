#!/usr/bin/env bash
# Answers: what wordstat prints for forty small texts made from AUTORESEARCH_SEED, odd bytes and long words among them.
set -euo pipefail
export LC_ALL=C

python3 - <<'PY'
import os, random, subprocess

r = random.Random(int(os.environ["AUTORESEARCH_SEED"]))
LETTERS = [b"ab", b"abcdefghij", b"aA bB.,\n", b"ab'_-09 \n\r\t", b"az[\\]^_`{|}@ \0\xe9\xff", bytes(range(256))]


def word(size):
    return bytes(r.choices(b"abcXYZ", k=size))


def text():
    kind = r.randrange(5)
    if kind == 0:  # whatever bytes
        return bytes(r.choices(r.choice(LETTERS), k=r.choice([0, 1, 2, 30, 3000])))
    if kind == 1:  # words as long as a buffer may be, or a letter more
        sizes = [r.choice([1, 39, 40, 63, 64, 65, 100, 254, 255, 256, 257, 512, 1000]) for _ in range(r.randrange(1, 6))]
        return b" ".join(map(word, sizes)) + r.choice([b"", b"\n", b".", b"\0"])
    if kind == 2:  # words that are alike but for their end, or but for one letter
        stem = word(r.choice([3, 4, 7, 8, 15, 16]))
        ends = [stem + word(r.randrange(4)) for _ in range(r.randrange(2, 30))]
        return b" ".join(r.choices(ends, k=60))
    if kind == 3:  # few words, very often
        return b" ".join([word(3)] * r.choice([255, 256, 999, 1000, 1001, 5000]) + [word(3)] * r.randrange(3))
    return b" ".join(r.choices([b"The", b"the", b"cat's", b"x_y", b"a1b2", b"END", b"na\xc3\xafve"], k=r.randrange(40)))


for number in range(40):
    made = text()
    done = subprocess.run(["./wordstat"], input=made, capture_output=True)
    with open(os.path.join(os.environ["AUTORESEARCH_OUT"], f"{number:03}"), "wb") as out:
        out.write(b"%d\n" % done.returncode + done.stdout + done.stderr)
PY
