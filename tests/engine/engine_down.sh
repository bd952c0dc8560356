#!/usr/bin/env bash
# Ends what engine_up.sh began, by the process ids that it wrote down and by nothing else. --purge also removes its state
# (the installed environment stays: delete $AUTORESEARCH_ENGINE_ROOT to be rid of it).
set -uo pipefail
root=${AUTORESEARCH_ENGINE_ROOT:-${TMPDIR:-/tmp}/autoresearch-engine}
account=autoresearch-job
slurm=$root/slurm

if [ -f "$root/env.sh" ]; then
  (
    # shellcheck disable=SC1091
    . "$root/env.sh"
    timeout 120 sky down -y -a >/dev/null 2>&1
    timeout 60 sky api stop >/dev/null 2>&1
  )
fi
if id "$account" >/dev/null 2>&1; then
  scancel --user="$account" 2>/dev/null
  for _ in {1..30}; do
    [ -z "$(squeue -h --user="$account" 2>/dev/null)" ] && break
    sleep 0.5
  done
fi
[ -s "$slurm/sshd/pid" ] && pkill -P "$(cat "$slurm/sshd/pid")" # its open sessions
for file in "$slurm/pid/slurmd" "$slurm/pid/slurmctld" "$slurm/sshd/pid" /run/munge/munged.pid; do
  [ -s "$file" ] && kill "$(cat "$file")" 2>/dev/null
done
sleep 1
if [ "${1:-}" = --purge ]; then
  folder=$(getent passwd "$account" | cut -d: -f6)
  rm -rf "${slurm:?}" "${root:?}/home" /etc/slurm/slurm.conf
  [ -n "$folder" ] && rm -rf "$folder/.sky_clusters" "$folder/.sky_provision"
fi
exit 0
