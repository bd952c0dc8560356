#!/usr/bin/env bash
# Benchmark: seconds that dos2unix needs for a text of 600,000 lines with DOS line ends.
set -euo pipefail
export LC_ALL=C
repeats=${AUTORESEARCH_REPEATS:-5}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
awk 'BEGIN { for (i = 0; i < 600000; i++) printf "line %d of a text that has seen more than one system\r\n", i }' >"$work/input"
python3 - "$work" "$repeats" <<'PY'
import statistics, subprocess, sys, time

work, repeats = sys.argv[1], int(sys.argv[2])
samples = []
for _ in range(repeats):
    with open(f"{work}/input", "rb") as text, open(f"{work}/output", "wb") as out:
        began = time.perf_counter()
        subprocess.run(["./dos2unix"], stdin=text, stdout=out, stderr=subprocess.DEVNULL, check=True)
        samples.append(time.perf_counter() - began)
print(f"METRIC time_s={statistics.median(samples):.6f}")
print("SAMPLES time_s=" + ",".join(f"{s:.6f}" for s in samples))
PY
