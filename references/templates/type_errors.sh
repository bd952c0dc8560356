#!/usr/bin/env bash
# Benchmark: number of type errors plus one (a metric must be positive). Lower is better; use --margin small enough.
set -euo pipefail
export LC_ALL=C

CHECKER=(mypy --no-incremental --no-error-summary src)

report=$(mktemp)
trap 'rm -f "$report"' EXIT
code=0
"${CHECKER[@]}" >"$report" 2>&1 || code=$?
if [ "$code" -gt 1 ]; then
  tail -n 5 "$report" >&2
  exit "$code"
fi
echo "METRIC type_errors=$(($(grep -c ': error:' "$report" || true) + 1))"
