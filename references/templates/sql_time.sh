#!/usr/bin/env bash
# Benchmark: seconds of a query file on an SQLite database that is built from the repository's schema and data.
set -euo pipefail
export LC_ALL=C

SCHEMA=schema.sql
QUERIES=queries.sql

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 - "$work" "${AUTORESEARCH_REPEATS:-5}" "$SCHEMA" "$QUERIES" <<'PY'
import sqlite3, statistics, sys, time

work, repeats, schema, queries = sys.argv[1:]
base = sqlite3.connect(f"{work}/base.db")
base.executescript(open(schema).read())
statements = [text for text in open(queries).read().split(";\n") if text.strip()]
samples = []
for _ in range(int(repeats) + 1):
    began = time.perf_counter()
    for text in statements:
        base.execute(text).fetchall()
    samples.append(time.perf_counter() - began)
samples = samples[1:]  # the first one reads the file
print(f"METRIC time_s={statistics.median(samples):.6f}")
print("SAMPLES time_s=" + ",".join(f"{s:.6f}" for s in samples))
PY
