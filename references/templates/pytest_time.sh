#!/usr/bin/env bash
# Benchmark: seconds of a test suite. The suite itself is protected (policy rule `tests`), so only the code can be faster.
set -euo pipefail
export LC_ALL=C PYTHONDONTWRITEBYTECODE=1 PYTHONHASHSEED=0

SUITE=(python3 -m pytest -q -x -p no:cacheprovider tests)

python3 - "${AUTORESEARCH_REPEATS:-5}" "${SUITE[@]}" <<'PY'
import statistics, subprocess, sys, time

repeats, *command = sys.argv[1:]
samples = []
for _ in range(int(repeats)):
    began = time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    samples.append(time.perf_counter() - began)
    if done.returncode != 0:
        sys.exit("the suite fails: " + done.stdout.decode("utf-8", "replace")[-500:])
print(f"METRIC time_s={statistics.median(samples):.6f}")
print("SAMPLES time_s=" + ",".join(f"{s:.6f}" for s in samples))
PY
