#!/usr/bin/env bats
# The bundle's own environment of packages. Needs a package index: skipped where none answers.

load common

setup_file() {
  make_bundle "$BATS_FILE_TMPDIR/bundle"
  if python3 -m pip -q --retries 0 --timeout 10 download --no-deps -d "$BATS_FILE_TMPDIR" stamina 2>/dev/null; then
    touch "$BATS_FILE_TMPDIR/online"
  fi
  find_uv
  if uv venv -q "$BATS_FILE_TMPDIR/probe" && uv pip install -q --no-cache --dry-run --no-deps -p "$BATS_FILE_TMPDIR/probe/bin/python" stamina 2>/dev/null; then
    touch "$BATS_FILE_TMPDIR/online-uv"
  fi
}
setup() {
  common_setup
  find_uv
  [ -e "$BATS_FILE_TMPDIR/online" ] || skip "no package index answers"
}

find_uv() { PATH=$PATH:$(cd "$BATS_TEST_DIRNAME/../.." && pwd)/.venv/bin; } # the developers' environment has it too
needs_uv() { [ -e "$BATS_FILE_TMPDIR/online-uv" ] || skip "no uv here, or no package index answers it"; }
imports() { "$SKILL/.venv/bin/python" -I -c 'import arxiv, httpx, pypdf, pypdfium2, stamina, yaml, cryptography'; }
without_uv() { # makes a PATH with all that is needed, except uv
  mkdir "$BATS_TEST_TMPDIR/bin"
  for tool in git bash grep find mktemp cp mv rm mkdir touch cat ls ln dirname basename readlink cmp rmdir head sed sleep; do
    ln -s "$(type -P "$tool")" "$BATS_TEST_TMPDIR/bin/$tool"
  done
  printf '#!/bin/sh\nexec "%s" "$@"\n' "$(python3 -c 'import sys; print(sys.executable)')" >"$BATS_TEST_TMPDIR/bin/python3"
  chmod +x "$BATS_TEST_TMPDIR/bin/python3"
}

@test "with uv it installs what the lock says, whatever UV_ settings and [tool.uv] the person has" {
  needs_uv
  printf '[project]\nname = "mine"\nversion = "1"\n[tool.uv]\nrequired-version = "==0.0.1"\nconstraint-dependencies = ["httpx==0.1"]\n' >pyproject.toml
  UV_PROJECT_ENVIRONMENT="$BATS_TEST_TMPDIR/away" UV_SYSTEM_PYTHON=1 UV_CONSTRAINT=/nowhere VIRTUAL_ENV=/nowhere \
    PYTHONHOME=/nowhere bash "$BUNDLE/setup.sh"
  imports
  locked=$(grep -A1 '^name = "pypdf"$' "$BUNDLE/uv.lock" | sed -n 's/^version = "\(.*\)"/\1/p')
  [ "$locked" = "$("$SKILL/.venv/bin/python" -I -c 'from importlib.metadata import version; print(version("pypdf"))')" ]
  [ "" != "$(find "$SKILL/.venv" -path '*httpx/__pycache__/*.pyc')" ]
  [ ! -e "$BATS_TEST_TMPDIR/away" ]
  [ ! -e .venv ]
  [ ! -e uv.lock ]
}

@test "an environment that setup.sh made here is kept; after any change of it, or without its account, it is made anew" {
  needs_uv
  bash "$BUNDLE/setup.sh"
  made() { stat -c %i "$SKILL/.venv/pyvenv.cfg" "$SKILL"/.venv/lib/*/site-packages/yaml/__init__.py; }
  before=$(made)
  imports
  python3 "$SKILL/scripts/check_environment.py" || true
  bash "$BUNDLE/setup.sh"
  [ "$before" = "$(made)" ]
  printf 'import os; os.system("touch ran")\n' >"$(dirname "$(find "$SKILL/.venv" -name yaml -type d)")/evil.pth"
  run bash "$BUNDLE/setup.sh"
  [ 0 -eq "$status" ]
  [[ "$output" == *"not as setup.sh made it here"* ]]
  imports
  rm "$SKILL/.venv/.account" # as an older setup.sh left it
  bash "$SKILL/setup.sh" --deps-only
  imports
  [ -f "$SKILL/.venv/.account" ]
  [ "" = "$(find "$TARGET" "$TMPDIR" -name ran)" ]
}

@test "an environment whose folder was moved is made again" {
  needs_uv
  bash "$BUNDLE/setup.sh"
  mv "$TARGET" "$TARGET 2" && cd "$TARGET 2"
  bash "$SKILL/setup.sh" --deps-only
  imports
  grep -q "$TARGET 2" "$SKILL/.venv/bin/activate"
}

@test "where uv cannot, python's venv and pip do it; --deps-only only that" {
  bash "$BUNDLE/setup.sh" --no-deps
  without_uv
  printf '#!/bin/sh\necho "uv: no" >&2\nexit 2\n' >"$BATS_TEST_TMPDIR/bin/uv"
  chmod +x "$BATS_TEST_TMPDIR/bin/uv"
  PATH=$BATS_TEST_TMPDIR/bin PIP_USER=1 PIP_TARGET="$BATS_TEST_TMPDIR/away" PYTHONDONTWRITEBYTECODE=1 bash "$SKILL/setup.sh" --deps-only
  imports
  [ ! -e "$BATS_TEST_TMPDIR/away" ]
  [ "" != "$(find "$SKILL/.venv" -path '*httpx/__pycache__/*.pyc')" ]
  [ "" = "$(git status --porcelain)" ]
}

@test "when packages cannot be had, the skill is installed, the exit code is 3 and the one command is named" {
  without_uv
  PATH=$BATS_TEST_TMPDIR/bin PIP_CONFIG_FILE=/dev/null PIP_INDEX_URL=http://127.0.0.1:9/ PIP_FIND_LINKS='' PIP_RETRIES=0 PIP_DEFAULT_TIMEOUT=2 \
    run bash "$BUNDLE/setup.sh"
  [ 3 -eq "$status" ]
  [[ "$output" == *"setup.sh --deps-only"* ]]
  [ -f "$SKILL/SKILL.md" ]
}
