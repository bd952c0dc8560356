#!/usr/bin/env bash
# Benchmark: seconds that wordstat needs for a text of 250,000 words, most of them rare.
set -euo pipefail
export LC_ALL=C
repeats=${AUTORESEARCH_REPEATS:-5}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

awk -v x="${AUTORESEARCH_SEED:-42}" 'BEGIN {
  for (i = 0; i < 250000; i++) {
    x = (x * 16807) % 2147483647; u = x / 2147483647; n = int(60000 * u * u); w = ""
    do { w = w sprintf("%c", 97 + n % 26); n = int(n / 26) } while (n > 0)
    printf "%s%s", w, (i % 12 == 11) ? "\n" : " "
  } }' >"$work/input"

python3 - "$work" "$repeats" <<'PY'
import ctypes, os, signal, statistics, subprocess, sys, time, zlib

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
    # The program's output goes to a file: nothing that it prints can become a METRIC line.
    with open(f"{work}/input") as text, open(f"{work}/output", "w+b") as out:
        began = time.perf_counter()
        subprocess.run(["./wordstat"], stdin=text, stdout=out, stderr=subprocess.DEVNULL, check=True)
        ended()
        samples.append(time.perf_counter() - began)
        out.seek(0)  # the very file that was written into, whatever stands under its name now
        crc = zlib.crc32(out.read())
print(f"METRIC time_s={statistics.median(samples):.6f}")
print(f"METRIC output_crc={crc}")  # for --guard output_crc=same: both sides must print the same, whatever the input
print("SAMPLES time_s=" + ",".join(f"{s:.6f}" for s in samples))
PY
