#!/usr/bin/env bash
# Makes a real fleet on one machine: Slurm on loopback, and SkyPilot's own API server using it. No cloud, no container.
# Run as root; run again it repairs what is missing. `. "$AUTORESEARCH_ENGINE_ROOT/env.sh"` afterwards gives a client's environment.
#
#   AUTORESEARCH_ENGINE_ROOT   where environment, state and logs live (default: $TMPDIR/autoresearch-engine)
#   AUTORESEARCH_ENGINE_CPUS   how many CPUs Slurm shall believe in (default 16: clusters may share the real ones)
#   AUTORESEARCH_ENGINE_PORT   port of the ssh server on 127.0.0.1 (default 2222)
#
# Exit: 0 ready, 3 something it needs cannot be had (said on stderr).
set -euo pipefail
umask 022

root=${AUTORESEARCH_ENGINE_ROOT:-${TMPDIR:-/tmp}/autoresearch-engine}
cpus=${AUTORESEARCH_ENGINE_CPUS:-16}
port=${AUTORESEARCH_ENGINE_PORT:-2222}
sky='skypilot[slurm]==0.14.1'
python=/usr/bin/python3 # of the system: the jobs' account must be able to run it
account=autoresearch-job
slurm=$root/slurm home=$root/home venv=$root/venv

say() { echo "engine: $*" >&2; }
give_up() {
  say "$*"
  exit 3
}
running() { [ -s "$1" ] && kill -0 "$(cat "$1")" 2>/dev/null; }
eventually() { # eventually SECONDS COMMAND...: until it succeeds
  local tries=$(($1 * 5))
  shift
  until "$@" >/dev/null 2>&1; do
    [ $((tries -= 1)) -gt 0 ] || return 1
    sleep 0.2
  done
}

packages() {
  local package missing=()
  for package in slurmctld slurmd slurm-client munge openssh-server openssh-client rsync socat netcat-openbsd procps curl python3-venv; do
    dpkg -s "$package" >/dev/null 2>&1 || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return
  say "installing ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get -qq -o DPkg::Lock::Timeout=300 update >&2 || give_up "apt-get update failed"
  apt-get -qq -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "${missing[@]}" >/dev/null ||
    give_up "apt-get could not install ${missing[*]}"
}

environment() {
  mkdir -p "$slurm" "$home"
  chmod 755 "$root" "$slurm" "$home"
  [ -x "$venv/bin/python" ] || "$python" -m venv "$venv" || give_up "$python -m venv failed"
  [ -x "$venv/bin/uv" ] || "$venv/bin/python" -m pip install -q --disable-pip-version-check uv || give_up "pip could not install uv"
  if [ ! -x "$venv/bin/sky" ]; then
    say "installing $sky"
    "$venv/bin/uv" pip install -q --compile-bytecode --python "$venv/bin/python" "$sky" pip pyyaml || give_up "$sky could not be installed"
  fi
  "$venv/bin/python" -c 'import optuna' 2>/dev/null ||
    "$venv/bin/uv" pip install -q --python "$venv/bin/python" optuna || give_up "optuna could not be installed"
  install -m 755 "$venv/bin/uv" "$slurm/uv"
}

# SkyPilot reaches the login node by ssh, as an account that is not locked (sshd refuses locked ones) and has no password.
login_node() {
  local account_home name handed=""
  id "$account" >/dev/null 2>&1 || useradd --create-home --shell /bin/bash --password '*' "$account"
  account_home=$(getent passwd "$account" | cut -d: -f6)
  mkdir -p "$slurm/sshd" /run/sshd
  install -d -m 700 "$home/.ssh"
  [ -f "$home/.ssh/key" ] || ssh-keygen -q -t ed25519 -N '' -f "$home/.ssh/key"
  [ -f "$slurm/sshd/host" ] || ssh-keygen -q -t ed25519 -N '' -f "$slurm/sshd/host"
  install -d -m 700 -o "$account" -g "$account" "$account_home/.ssh"
  install -m 600 -o "$account" -g "$account" "$home/.ssh/key.pub" "$account_home/.ssh/authorized_keys"
  # An ssh session begins with an empty environment; what this machine needs to reach its package index goes along.
  for name in SSL_CERT_FILE SSL_CERT_DIR REQUESTS_CA_BUNDLE CURL_CA_BUNDLE PIP_CERT PIP_DEFAULT_TIMEOUT PIP_INDEX_URL \
    PIP_EXTRA_INDEX_URL PIP_FIND_LINKS UV_INDEX_URL UV_DEFAULT_INDEX UV_EXTRA_INDEX_URL \
    HTTP_PROXY HTTPS_PROXY NO_PROXY http_proxy https_proxy no_proxy; do
    [ -n "${!name:-}" ] && handed+=" \"$name=${!name}\""
  done
  {
    printf '%s\n' "Port $port" 'ListenAddress 127.0.0.1' "HostKey $slurm/sshd/host" "PidFile $slurm/sshd/pid" \
      'AuthorizedKeysFile .ssh/authorized_keys' 'PasswordAuthentication no' 'UsePAM no' 'StrictModes no' \
      'MaxSessions 200' 'MaxStartups 200:30:400' 'PrintMotd no' 'Subsystem sftp internal-sftp' "AllowUsers $account"
    [ -z "$handed" ] || echo "SetEnv$handed"
  } >"$slurm/sshd/config"
  running "$slurm/sshd/pid" || /usr/sbin/sshd -f "$slurm/sshd/config" -E "$slurm/sshd/log" || give_up "sshd did not start: $slurm/sshd/log"
}

munge_key() {
  install -d -m 755 -o munge -g munge /run/munge /var/lib/munge /var/log/munge
  if [ ! -s /etc/munge/munge.key ]; then
    head -c 1024 /dev/urandom >/etc/munge/munge.key
    chown munge: /etc/munge/munge.key
    chmod 400 /etc/munge/munge.key
  fi
  munge -n >/dev/null 2>&1 || runuser -u munge -- /usr/sbin/munged
  eventually 10 munge -n || give_up "munged did not start"
}

# SkyPilot's set-up of a node fetches uv and a Python of its own from the internet. A prolog, as a site would have one,
# lays both where it looks. It also lays down a skylet_pid file: without one, 0.14.1 takes the skylets of the same
# account's other clusters for stale ones of this cluster and ends them.
prolog() {
  cat >"$slurm/prolog" <<PROLOG
#!/bin/bash
exec >>"$slurm/log/prolog" 2>&1
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
job=\$(scontrol show job "\$SLURM_JOB_ID" -o)
[[ \$job == *Command=*/.sky_provision/* ]] || exit 0
name=\$(grep -o 'JobName=[^ ]*' <<<"\$job" | head -n 1 | cut -d= -f2)
folder=\$(getent passwd "\$SLURM_JOB_USER" | cut -d: -f6)/.sky_clusters/\$name
echo "job \$SLURM_JOB_ID: \$name of \$SLURM_JOB_USER"
runuser -u "\$SLURM_JOB_USER" -- bash -c '
  mkdir -p "\$1/.local/bin" "\$2/.sky"
  ln -sfn "$slurm/uv" "\$1/.local/bin/uv"
  [ -f "\$2/.sky/skylet_pid" ] || echo none >"\$2/.sky/skylet_pid"
  [ -d "\$2/skypilot-runtime" ] ||
    HOME="\$1" UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never "$slurm/uv" venv -q --python $python "\$2/skypilot-runtime"
' prolog "\$folder" "/tmp/\$name"
exit 0
PROLOG
  chmod 755 "$slurm/prolog"
}

# No cgroups and no task plugin: this works inside a container too. config_overrides lets Slurm believe in more CPUs than there are.
cluster() {
  local host memory
  host=$(hostname -s)
  memory=$(awk '/^MemTotal/ { print int($2 / 1024) - 512 }' /proc/meminfo)
  mkdir -p "$slurm"/{controller,node,log,pid}
  prolog
  cat >/etc/slurm/slurm.conf <<CONF
ClusterName=loop
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CredType=cred/munge
StateSaveLocation=$slurm/controller
SlurmdSpoolDir=$slurm/node
SlurmctldPidFile=$slurm/pid/slurmctld
SlurmdPidFile=$slurm/pid/slurmd
SlurmctldLogFile=$slurm/log/slurmctld
SlurmdLogFile=$slurm/log/slurmd
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
SchedulerType=sched/backfill
SchedulerParameters=sched_min_interval=200000,bf_interval=5
ReturnToService=2
KillWait=5
MinJobAge=60
InactiveLimit=0
Waittime=0
SlurmctldTimeout=120
SlurmdTimeout=300
Prolog=$slurm/prolog
PropagateResourceLimits=NONE
NodeName=$host NodeAddr=127.0.0.1 CPUs=$cpus RealMemory=$memory State=UNKNOWN
PartitionName=cpu Nodes=$host Default=YES MaxTime=7-00:00:00 State=UP
CONF
  running "$slurm/pid/slurmctld" || /usr/sbin/slurmctld
  running "$slurm/pid/slurmd" || /usr/sbin/slurmd
  # shellcheck disable=SC2016 # for the inner shell
  eventually 30 bash -c 'sinfo -h -o %t | grep -qE "idle|mix|alloc"' || give_up "no Slurm node came up: $slurm/log"
}

client() {
  mkdir -p "$home/.slurm" "$home/.sky"
  printf '%s\n' 'Host loop' '    HostName 127.0.0.1' "    Port $port" "    User $account" \
    "    IdentityFile $home/.ssh/key" '    IdentitiesOnly yes' >"$home/.slurm/config"
  cat >"$root/env.sh" <<ENV
# To be sourced: the environment of a client of this engine.
export HOME=$home
export PATH=$venv/bin:\$PATH
export SKYPILOT_DISABLE_USAGE_COLLECTION=1
unset PYTHONDONTWRITEBYTECODE # SkyPilot imports for 20 s without byte code
ENV
  # shellcheck disable=SC1091
  . "$root/env.sh"
  cd "$root" # the server keeps the folder that it was started in
  sky api start >&2 || give_up "the API server did not start: $home/.sky/api_server/server.log"
  sky check slurm >&2 || give_up "SkyPilot does not find the Slurm cluster"
}

[ "$(id -u)" = 0 ] || give_up "Slurm, munge and sshd need root"
command -v apt-get >/dev/null || give_up "a Debian or Ubuntu with apt-get is needed"
packages
environment
login_node
munge_key
cluster
client
say "ready: . $root/env.sh"
