#!/usr/bin/env bash
# One training under the time budget of prepare.py: val_bpb decides (lower is better), memory is limited.
# What the training prints goes to a file: only the numbers of its last summary become METRIC lines.
set -euo pipefail
python=@PYTHON@ # of this checkout; a worker without it takes uv's
data=@DATA@     # what prepare.py has downloaded: a run has a home of its own
[ -x "$python" ] || python="uv run python"
if [ -d "$data" ]; then mkdir -p ~/.cache && ln -sfn "$data" ~/.cache/autoresearch; fi
out=$(mktemp)
trap 'rm -f "$out"' EXIT
number() { awk -v name="$1:" '$1 == name && $2 ~ /^[0-9.]+$/ { v = $2 } END { if (v == "") exit 1; print v }' "$out"; }

# the same seed for both sides of a pair, another for the next pair
TRAIN_SEED=${AUTORESEARCH_SEED:-42} $python train.py >"$out" 2>&1 || {
  tail -n 15 "$out" >&2
  exit 1
}
echo "METRIC val_bpb=$(number val_bpb)"
echo "METRIC steps=$(number num_steps)"
echo "METRIC memory_gb=$(number peak_vram_mb | awk '{ printf "%.4f", $1 / 1024 }')"
