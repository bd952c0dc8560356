#!/usr/bin/env bash
# One metric that decides (val_bpb, lower is better) and memory, from training runs under a fixed time budget.
# What the training prints goes to a file: only numbers that this script reads from it become METRIC lines.
set -euo pipefail
out=$(mktemp)
trap 'rm -f "$out"' EXIT
number() { awk -v name="$1" '$1 == name && $2 ~ /^[0-9.]+$/ { value = $2 } END { if (value == "") exit 1; print value }' "$out"; }

samples=()
for _ in $(seq "${AUTORESEARCH_REPEATS:-1}"); do
  TRAIN_SECONDS=${TRAIN_SECONDS:-2} python3 train.py >"$out" 2>&1 || {
    tail -n 5 "$out" >&2
    exit 1
  }
  samples+=("$(number val_bpb)")
done
median=$(printf '%s\n' "${samples[@]}" | sort -g | awk '{ a[NR] = $1 } END { print NR % 2 ? a[(NR + 1) / 2] : (a[NR / 2] + a[NR / 2 + 1]) / 2 }')
echo "METRIC val_bpb=$median"
echo "METRIC steps=$(number steps)"
echo "METRIC memory_gb=$(number memory_gb)"
(
  IFS=,
  echo "SAMPLES val_bpb=${samples[*]}"
)
