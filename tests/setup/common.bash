# Shared by the installer's tests: a copy of the bundle as a clone has it, and a stranger's repository.
# shellcheck disable=SC2034 # the tests use what is set here

make_bundle() { # make_bundle FOLDER: this work tree without what git ignores, as a git repository
  local top=$BATS_TEST_DIRNAME/../..
  mkdir -p "$1"
  (cd "$top" && git ls-files -z --cached --others --exclude-standard | while IFS= read -r -d '' file; do
    if [ -f "$file" ]; then printf '%s\0' "$file"; fi
  done | tar -cf - --null -T -) | tar -xf - -C "$1"
  git_here "$1" init -q -b main
  git_here "$1" add -A
  git_here "$1" commit -q -m bundle
}

make_target() { # make_target FOLDER: a repository with one commit
  git_here . init -q -b main "$1"
  echo 'print("hello")' >"$1/program.py"
  git_here "$1" add -A
  git_here "$1" commit -q -m start
}

git_here() { git -C "$1" -c user.name=Test -c user.email=test@example.org "${@:2}"; }

everything() { # every path of a folder with type, mode, content and link target, to compare before and after
  (cd "$1" && find . -not -path './.git/*' -printf '%p %y %m %l\n' | sort && find . -type f -not -path './.git/*' -exec sha256sum {} + | sort)
  cat "$1/.git/info/exclude" 2>/dev/null || true
}

common_setup() {
  export UV_CACHE_DIR=${UV_CACHE_DIR:-$HOME/.cache/uv} PIP_CACHE_DIR=${PIP_CACHE_DIR:-$HOME/.cache/pip}
  export TMPDIR=$BATS_TEST_TMPDIR/tmp HOME=$BATS_TEST_TMPDIR/home GIT_CONFIG_NOSYSTEM=1
  mkdir -p "$HOME" "$TMPDIR"
  unset TARGET_REPO AUTORESEARCH_REPO AUTORESEARCH_REF
  BUNDLE=$BATS_FILE_TMPDIR/bundle
  TARGET="$BATS_TEST_TMPDIR/some repo"
  make_target "$TARGET"
  cd "$TARGET" || return
  SKILL=.agents/skills/autoresearch
}
