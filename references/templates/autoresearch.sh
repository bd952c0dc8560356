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
import statistics, subprocess, sys, time, zlib

work, repeats, source, *command = sys.argv[1:]
samples = []
for _ in range(int(repeats)):
    with open(source, "rb") as text, open(f"{work}/output", "wb") as out, open(f"{work}/errors", "wb") as errors:
        began = time.perf_counter()
        code = subprocess.call(command, stdin=text, stdout=out, stderr=errors)
        took = time.perf_counter() - began
    if code != 0:
        sys.exit(f"the command ended with exit {code}: " + open(f"{work}/errors", errors="replace").read()[-500:])
    samples.append(took)
print(f"METRIC time_s={statistics.median(samples):.6f}")
with open(f"{work}/output", "rb") as out:  # for --guard output_crc=same: both sides must print the same, whatever the input
    print(f"METRIC output_crc={zlib.crc32(out.read())}")
print("SAMPLES time_s=" + ",".join(f"{s:.6f}" for s in samples))
PY
