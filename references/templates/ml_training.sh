#!/usr/bin/env bash
# Benchmark: validation loss after a fixed time budget, and peak memory. TRAIN must honour the budget and end with a line
# `val_loss VALUE`. One run is one measurement: vary the seed outside of the experiment's reach if you average.
set -euo pipefail
export LC_ALL=C

BUDGET=300
TRAIN=(python3 train.py --seconds "$BUDGET")

report=$(mktemp)
trap 'rm -f "$report"' EXIT
"${TRAIN[@]}" >"$report" 2>&1 || { tail -n 5 "$report" >&2; exit 1; }
awk '$1 == "val_loss" && $2 ~ /^[0-9.]+([eE][-+]?[0-9]+)?$/ { value = $2 } END { if (value == "") exit 1; print "METRIC val_loss=" value }' "$report"
