# shellcheck shell=bash disable=SC2154 # payload.py says in front of it what is run: job, experiment, limit, digest
set -uo pipefail
own=$HOME/.autoresearch held=${AUTORESEARCH_HELD:-}
unset AUTORESEARCH_HELD
mkdir -p "$own/claims"
rm_all() { rm -rf -- "$job" "$job.base" "$job.run.sh" "$job.setup.sh" "$job.job.sh"; }
next() {
  [ $# = 0 ] || AUTORESEARCH_HELD=1 exec bash "$@"
  exit 0
}
crash() { printf 'EXPERIMENT_ID: %s\nEXPERIMENT_STATUS: crash\nEXPERIMENT_ERROR: %s\n' "$experiment" "$1"; }

# One at a time: the next one waits here, and begins as soon as this one ends.
if [ -z "$held" ] && command -v flock >/dev/null; then
  exec 9>"$own/lock"
  flock 9
  for other in "$own"/claims/*; do # nobody runs now: what an ended one could not clean up
    other=${other##*/}
    [ -e "$other" ] || [ -e "$other.job.sh" ] || continue
    rm -rf -- "$other" "$other.base" "$other.run.sh" "$other.setup.sh" "$other.job.sh"
  done
fi
echo "autoresearch: $job"
# Sent twice (a caller that died, an answer that was lost): only the first one runs.
if ! mkdir "$own/claims/$job" 2>/dev/null; then
  echo "autoresearch: $job was claimed already"
  next "$@"
fi
trap 'rm_all; exit 1' TERM INT HUP
environment

if [ -f "$job.setup.sh" ] && [ "$(cat "$own/setup" 2>/dev/null)" != "$digest" ]; then
  if ! bash "$job.setup.sh" 9>&- </dev/null 2>&1 | sed 's/^/setup| /'; then
    crash "setup failed"
    rm_all
    next "$@"
  fi
  echo "$digest" >"$own/setup"
fi
AUTORESEARCH_MARK=$job timeout -k 10 "$limit" bash "$job.run.sh" 9>&- </dev/null
code=$?
# What it left behind. One grep for all: a process each would cost seconds on a busy worker.
grep -lzxF "AUTORESEARCH_MARK=$job" /proc/[0-9]*/environ 2>/dev/null | while IFS=/ read -r _ _ process _; do
  kill -KILL "$process" 2>/dev/null
done
if [ "$code" = 124 ] || [ "$code" = 137 ]; then
  crash "timed out: the whole job ran past $limit s and was ended"
elif [ "$code" != 0 ]; then
  crash "the run section ended with exit $code"
fi
rm_all
next "$@"
