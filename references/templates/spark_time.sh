#!/usr/bin/env bash
# Benchmark: seconds of a Spark job in local mode, start-up of the session left out. JOB must print `job_seconds VALUE`
# measured around the action itself (and force it: a count, a write), so that lazy plans do not pass for fast ones.
set -euo pipefail
export LC_ALL=C

JOB=(spark-submit --master 'local[2]' --conf spark.ui.enabled=false job.py)

report=$(mktemp)
trap 'rm -f "$report"' EXIT
"${JOB[@]}" >"$report" 2>/dev/null || { tail -n 5 "$report" >&2; exit 1; }
awk '$1 == "job_seconds" && $2 ~ /^[0-9.]+$/ { value = $2 } END { if (value == "") exit 1; print "METRIC time_s=" value }' "$report"
