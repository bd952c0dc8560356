#!/usr/bin/env bash
# Benchmark: peak resident memory of a command in MB, and its time as a secondary metric. Set COMMAND.
set -euo pipefail
export LC_ALL=C

COMMAND=(python3 -c 'x = [0] * 5_000_000')

python3 - "${AUTORESEARCH_REPEATS:-5}" "${COMMAND[@]}" <<'PY'
import os, statistics, subprocess, sys, time

repeats, *command = sys.argv[1:]
rss, took = [], []
for _ in range(int(repeats)):
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    took.append(time.perf_counter() - began)
    if os.waitstatus_to_exitcode(status) != 0:
        sys.exit("the command failed")
    rss.append(usage.ru_maxrss / (1024 if sys.platform != "darwin" else 1024 * 1024))
print(f"METRIC rss_mb={statistics.median(rss):.3f}")
print("SAMPLES rss_mb=" + ",".join(f"{value:.3f}" for value in rss))
print(f"METRIC time_s={statistics.median(took):.6f}")
PY
