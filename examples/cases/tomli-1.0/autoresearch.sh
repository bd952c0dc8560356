#!/usr/bin/env bash
# Benchmark: seconds that tomli.loads needs for a document of 9,000 lines of all kinds of values, made from the seed.
set -euo pipefail
export LC_ALL=C PYTHONDONTWRITEBYTECODE=1
out=$(mktemp)
trap 'rm -f "$out"' EXIT
# The library's own output goes nowhere; the result comes through a file of ours.
python3 - "$out" "${AUTORESEARCH_REPEATS:-5}" "${AUTORESEARCH_SEED:-1}" >/dev/null <<'PY'
import random, statistics, sys, time

sys.path.insert(0, ".")
import tomli

out, repeats, draw = sys.argv[1], int(sys.argv[2]), random.Random(int(sys.argv[3]))
lines = []
for i in range(1000):
    lines += [
        f"[server.node{i}]",
        f'name = "node number {draw.randrange(10**6)} of the cluster in the east wing"  # where it stands',
        f"port = {draw.randrange(1000, 65000)}",
        f"weight = {draw.random():.4f}",
        "enabled = true",
        f"tags = ['alpha', 'beta', \"gamma-{draw.randrange(10**4)}\", 'delta']",
        f"limits = [ [ {i}, 2, 3 ], [ 4, 5, 6 ] ]",
        "since = 2024-05-27T07:32:00Z",
        "",
    ]
text = "\n".join(lines)
samples = []
for _ in range(repeats):
    began = time.perf_counter()
    tomli.loads(text)
    samples.append(time.perf_counter() - began)
with open(out, "w") as file:
    print(f"METRIC time_s={statistics.median(samples):.6f}", file=file)
    print("SAMPLES time_s=" + ",".join(f"{s:.6f}" for s in samples), file=file)
PY
cat "$out"
