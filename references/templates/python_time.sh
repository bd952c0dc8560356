#!/usr/bin/env bash
# Benchmark: seconds of a Python call inside one process. Set SETUP and CALL; what CALL assigns to `answer` is checksummed.
set -euo pipefail
export LC_ALL=C PYTHONDONTWRITEBYTECODE=1 PYTHONHASHSEED=0

SETUP='import json; data = json.dumps(list(range(100_000)))'
CALL='answer = json.loads(data)'

result=$(mktemp)
trap 'rm -f "$result"' EXIT
# The library's own output goes nowhere; the result comes back through a file.
SETUP=$SETUP CALL=$CALL python3 - "$result" "${AUTORESEARCH_REPEATS:-5}" >/dev/null <<'PY'
import os, statistics, sys, time, zlib

result, repeats = sys.argv[1], int(sys.argv[2])
sys.path.insert(0, os.getcwd())
scope = {}
exec(os.environ["SETUP"], scope)
call = compile(os.environ["CALL"], "call", "exec")
exec(call, scope)  # warm
samples = []
for _ in range(repeats):
    began = time.perf_counter()
    exec(call, scope)
    samples.append(time.perf_counter() - began)
with open(result, "w") as out:
    print(f"METRIC time_s={statistics.median(samples):.9f}", file=out)
    if "answer" in scope:  # for --guard output_crc=same; not for values whose repr holds an address
        print(f"METRIC output_crc={zlib.crc32(repr(scope['answer']).encode())}", file=out)
    print("SAMPLES time_s=" + ",".join(f"{s:.9f}" for s in samples), file=out)
PY
cat "$result"
