# What bash reads before a script that is run for nothing else: it notes whatever fails, in a pipe, before `||`, as a
# condition, and what `wait` waits for, which by itself says nothing of that. A measurement would show it.
# shellcheck shell=bash
unset BASH_ENV
set -T
__failed=$TMPDIR/.failed __last='' __inner='' __said='' __word='' __line=$'\n'
trap '__said="${PIPESTATUS[*]}" __word=$_
[[ $__said != *[1-9]* || $__inner != "$BASH_SUBSHELL" ]] ||
  printf "%s\t%s\n" "$__said" "${__last%%"$__line"*}" 2>/dev/null >>"$__failed"
__last=$BASH_COMMAND __inner=$BASH_SUBSHELL; : "$__word"' DEBUG
trap : EXIT # behind the last command too
wait() {
  for __job in $([ $# != 0 ] || jobs -p); do
    builtin wait "$__job" || printf '%s\twait\n' $? >>"$__failed"
  done
  builtin wait "$@" # __job
}
