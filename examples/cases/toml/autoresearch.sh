#!/usr/bin/env bash
# Benchmark: seconds that toml.loads needs for a document of 16,000 lines of all kinds of values.
set -euo pipefail
export LC_ALL=C PYTHONDONTWRITEBYTECODE=1
out=$(mktemp)
trap 'rm -f "$out"' EXIT
# The library's own output goes nowhere; the result comes through a file of ours.
python3 - "$out" "${AUTORESEARCH_REPEATS:-5}" >/dev/null <<'PY'
import statistics, sys, time

sys.path.insert(0, ".")
import toml

out, repeats = sys.argv[1], int(sys.argv[2])
lines = []
for i in range(1600):
    lines += [
        f"[server.node{i}]",
        f'name = "node number {i} of the cluster in the east wing"  # where it stands',
        f"port = {8000 + i}",
        f"weight = {i * 0.37:.4f}",
        "enabled = true",
        f"tags = ['alpha', 'beta', \"gamma-{i}\", 'delta']",
        f"limits = [ [ {i}, 2, 3 ], [ 4, 5, 6 ] ]",
        "since = 2024-05-27T07:32:00Z",
        f'path = "C:\\\\data\\\\node{i}\\\\store"',
        "",
    ]
text = "\n".join(lines)
samples = []
for _ in range(repeats):
    began = time.perf_counter()
    toml.loads(text)
    samples.append(time.perf_counter() - began)
with open(out, "w") as file:
    print(f"METRIC time_s={statistics.median(samples):.6f}", file=file)
    print("SAMPLES time_s=" + ",".join(f"{s:.6f}" for s in samples), file=file)
PY
cat "$out"
