#!/usr/bin/env bash
# Holdout: a text of few, frequent and longer words, so that a gain for rare words must not cost elsewhere.
set -euo pipefail
export LC_ALL=C
repeats=${AUTORESEARCH_REPEATS:-5}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

awk -v x="${AUTORESEARCH_SEED:-11}" 'BEGIN {
  for (i = 0; i < 500000; i++) {
    x = (x * 16807) % 2147483647; n = int(600 * x / 2147483647)
    printf "frequent%c%c%s", 97 + n % 26, 97 + int(n / 26), (i % 9 == 8) ? "\n" : " "
  } }' >"$work/input"

python3 - "$work" "$repeats" <<'PY'
import ctypes, os, signal, statistics, subprocess, sys, time

def ended():
    """Wait for what the program left running: it belongs to its time. What is not over after 10 s is an error."""
    signal.signal(signal.SIGALRM, lambda *_: sys.exit("the program leaves processes running"))
    signal.alarm(10)
    try:
        while True:
            os.wait()
    except ChildProcessError:
        signal.alarm(0)

if sys.platform == "linux":
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER: orphans become ours

work, repeats = sys.argv[1], int(sys.argv[2])
samples = []
for _ in range(repeats):
    with open(f"{work}/input") as text, open(f"{work}/output", "w") as out:
        began = time.perf_counter()
        for _ in range(10):  # fewer are over too soon to tell on a busy machine
            text.seek(0)
            subprocess.run(["./wordstat"], stdin=text, stdout=out, stderr=subprocess.DEVNULL, check=True)
        ended()
        samples.append(time.perf_counter() - began)
print(f"METRIC time_s={statistics.median(samples):.6f}")
PY
