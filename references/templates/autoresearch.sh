#!/usr/bin/env bash
# Benchmark: wall time of one command. Set COMMAND, and INPUT if it reads one. Prints METRIC time_s and its samples.
#
# The command's own output goes to a file: nothing that it prints can become a METRIC line.
set -euo pipefail
export LC_ALL=C

COMMAND=(./PROGRAM --option argument)
INPUT=/dev/null

repeats=${AUTORESEARCH_REPEATS:-5}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 - "$work" "$repeats" "$INPUT" "${COMMAND[@]}" <<'PY'
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

work, repeats, source, *command = sys.argv[1:]
samples = []
for _ in range(int(repeats)):
    with open(source, "rb") as text, open(f"{work}/output", "w+b") as out, open(f"{work}/errors", "wb") as errors:
        began = time.perf_counter()
        code = subprocess.call(command, stdin=text, stdout=out, stderr=errors)
        ended()
        took = time.perf_counter() - began
        out.seek(0)  # the very file that was written into, whatever stands under its name now
        crc = zlib.crc32(out.read())
    if code != 0:
        sys.exit(f"the command ended with exit {code}: " + open(f"{work}/errors", errors="replace").read()[-500:])
    samples.append(took)
print(f"METRIC time_s={statistics.median(samples):.6f}")
print(f"METRIC output_crc={crc}")  # for --guard output_crc=same: both sides must print the same, whatever the input
print("SAMPLES time_s=" + ",".join(f"{s:.6f}" for s in samples))
PY
