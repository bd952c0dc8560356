# What bash reads before the checks: it notes each command whose failure `set -e` would end them at.
# shellcheck shell=bash
unset BASH_ENV
set -E
__failed=$TMPDIR/.failed
trap 'printf "%s\n" "$BASH_COMMAND" 2>/dev/null >>"$__failed"' ERR
