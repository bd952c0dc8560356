#!/usr/bin/env bats
# A repository that a stranger made: setup.sh runs nothing and trusts nothing that lies in it, and leaves what is yours.

load common

setup_file() { make_bundle "$BATS_FILE_TMPDIR/bundle"; }
setup() {
  common_setup
  TRAP="touch '$BATS_TEST_TMPDIR/ran'"
  mkdir "$BATS_TEST_TMPDIR/mine" && echo mine >"$BATS_TEST_TMPDIR/mine/profile"
}

brought() { # commits what lies here, as a clone would have it
  git_here . add -f -A
  git_here . commit -q -m hostile
}

nothing_ran() { # and nothing outside changed
  [ ! -e "$BATS_TEST_TMPDIR/ran" ]
  [ mine = "$(cat "$BATS_TEST_TMPDIR/mine/profile")" ]
  [ profile = "$(ls -A "$BATS_TEST_TMPDIR/mine")" ]
}

program() { # program FILE: runs when somebody takes it for his own
  mkdir -p "$(dirname "$1")"
  printf '#!/bin/sh\n%s\nexec python3 "$@"\n' "$TRAP" >"$1"
  chmod +x "$1"
}

@test "an environment and a note of an installation that the repository brought are refused, never run" {
  program "$SKILL/.venv/bin/python"
  touch "$SKILL/.installed"
  mkdir -p "$SKILL/helpers" && echo "import os; os.system('''$TRAP''')" | tee "$SKILL/helpers/__init__.py" >"$SKILL/helpers/paths.py"
  touch "$SKILL/SKILL.md"
  brought
  for how in "" --no-deps; do
    run bash "$BUNDLE/setup.sh" $how
    [ 4 -eq "$status" ]
    [[ "$output" == *"brought"* ]]
  done
  run bash "$BUNDLE/setup.sh" --uninstall
  nothing_ran
}

@test "an environment alone is refused too" {
  program "$SKILL/.venv/bin/python"
  brought
  run bash "$BUNDLE/setup.sh" --no-deps
  [ 4 -eq "$status" ]
  nothing_ran
}

@test "links that lead out of the repository are refused, at every place on the way" {
  for name in .agents .agents/skills .claude .claude/skills "$SKILL/.installed" "$SKILL/.venv"; do
    rm -rf .agents .claude
    mkdir -p "$(dirname "$name")"
    ln -s "$BATS_TEST_TMPDIR/mine" "$name"
    [ "$SKILL/.installed" != "$name" ] || ln -sfn "$BATS_TEST_TMPDIR/mine/profile" "$name"
    run bash "$BUNDLE/setup.sh" --no-deps
    [ 4 -eq "$status" ]
    run bash "$BUNDLE/setup.sh" --uninstall
    [ 0 -ne "$status" ]
    nothing_ran
  done
}

@test "settings of the repository run nothing, and choose no other folder" {
  program trap.sh
  for key in core.fsmonitor core.pager core.sshCommand core.editor filter.x.clean filter.x.smudge diff.external; do
    git config "$key" "$PWD/trap.sh"
  done
  printf '[core]\n\tfsmonitor = %s\n\thooksPath = .\n' "$PWD/trap.sh" >"more" && git config include.path ../more
  echo '* filter=x' >.gitattributes
  cp trap.sh post-index-change && cp trap.sh post-checkout
  bash "$BUNDLE/setup.sh" --no-deps
  bash "$SKILL/setup.sh" --uninstall
  nothing_ran
  git config core.worktree "$BATS_TEST_TMPDIR/mine"
  run bash "$BUNDLE/setup.sh" --no-deps
  [ 4 -eq "$status" ]
  nothing_ran
}

@test "a stranger's names reach no terminal as they are" {
  local evil=$'x\e]0;t\a\e[2K\xe2\x80\xaey\xc2\x9bz'
  mkdir -p "$(dirname "$SKILL")" && ln -s "$evil" "$SKILL"
  run bash "$BUNDLE/setup.sh" --no-deps
  [ 4 -eq "$status" ]
  [[ "$output" == *"symbolic link"* && "$output" != *[$'\e\a']* && "$output" != *$'\xe2\x80\xae'* && "$output" != *$'\xc2\x9b'* ]]
  rm "$SKILL"
  bash "$BUNDLE/setup.sh" --no-deps
  touch "$SKILL/helpers/$evil"
  for how in --no-deps --uninstall; do
    run bash "$BUNDLE/setup.sh" "$how"
    [ 0 -eq "$status" ]
    [[ "$output" == *yours* && "$output" != *[$'\e\a']* && "$output" != *$'\xe2\x80\xae'* ]]
  done
}

@test "piped, a file of the repository named main is not the bundle" {
  mkdir -p sub/helpers
  touch sub/main sub/SKILL.md
  echo "import os; os.system('''$TRAP''')" | tee sub/helpers/__init__.py >sub/helpers/paths.py
  cd sub
  run bash -s -- --no-deps --dir "$TARGET" <"$BUNDLE/setup.sh"
  [ 2 -eq "$status" ]
  nothing_ran
}

@test "an exclude file that is a link is left alone, and it says so" {
  ln -sf "$BATS_TEST_TMPDIR/mine/profile" .git/info/exclude
  run bash "$BUNDLE/setup.sh" --no-deps
  [ 0 -eq "$status" ]
  [[ "$output" == *"is a link"* ]]
  bash "$SKILL/setup.sh" --uninstall
  nothing_ran
}

@test "an update keeps what you changed and added in the bundle's folder, and names it" {
  bash "$BUNDLE/setup.sh" --no-deps
  echo "# mine" >>"$SKILL/SKILL.md"
  echo mine >"$SKILL/helpers/mine.txt"
  ln -s /nowhere "$SKILL/references/link"
  cp -R "$BUNDLE" "$BATS_TEST_TMPDIR/newer" && echo new >>"$BATS_TEST_TMPDIR/newer/SKILL.md"
  rm "$BATS_TEST_TMPDIR/newer/references/judging.md"
  run bash "$BATS_TEST_TMPDIR/newer/setup.sh" --no-deps
  [ 0 -eq "$status" ]
  [[ "$output" == *"SKILL.md.orig"* && "$output" == *"helpers/mine.txt"* ]]
  cmp "$SKILL/SKILL.md" "$BATS_TEST_TMPDIR/newer/SKILL.md"
  [ "# mine" = "$(tail -n 1 "$SKILL/SKILL.md.orig")" ]
  [ mine = "$(cat "$SKILL/helpers/mine.txt")" ]
  [ -L "$SKILL/references/link" ]
  [ ! -e "$SKILL/references/judging.md" ]
  bash "$BUNDLE/setup.sh" --no-deps
  [ "# mine" = "$(tail -n 1 "$SKILL/SKILL.md.orig")" ]
  [ ! -e "$SKILL/.yours" ]
}

@test "--uninstall leaves your notes and edits in the bundle's folder, and says which" {
  bash "$BUNDLE/setup.sh" --no-deps
  echo mine >"$SKILL/notes.md"
  echo "# mine" >>"$SKILL/references/judging.md"
  run bash "$SKILL/setup.sh" --uninstall
  [ 0 -eq "$status" ]
  [[ "$output" == *"$SKILL/notes.md"* && "$output" == *"$SKILL/references/judging.md"* ]]
  [ mine = "$(cat "$SKILL/notes.md")" ]
  [ 2 = "$(find "$SKILL" -type f | wc -l)" ]
  [ "" = "$(git status --porcelain)" ]
}

@test "exclude lines that were yours before stay, though they are ours too" {
  printf '/papers/\n/experiment.yaml\n' >>.git/info/exclude
  cp .git/info/exclude "$BATS_TEST_TMPDIR/before"
  bash "$BUNDLE/setup.sh" --no-deps
  bash "$SKILL/setup.sh" --uninstall
  diff "$BATS_TEST_TMPDIR/before" .git/info/exclude
}

planted() { # planted FOLDER: an installation's note and an environment, as a stranger would ship them
  program "$1/.venv/bin/python"
  program "$1/.venv/bin/sky"
  echo "VIRTUAL_ENV=$TARGET/$SKILL/.venv" >"$1/.venv/bin/activate"
  touch "$1/.installed"
}

@test "behind a link inside of the repository an environment is not run, and the way out is named" {
  planted tools/skills/autoresearch
  ln -s tools .agents
  brought
  for how in "" --no-deps --uninstall; do
    run bash "$BUNDLE/setup.sh" $how
    [ 4 -eq "$status" ]
    [[ "$output" == *"through a link"*"next: "* ]]
  done
  git_here . rm -r -q --cached tools
  run bash "$BUNDLE/setup.sh" --no-deps
  [ 4 -eq "$status" ]
  nothing_ran
}

@test ".agents may be a link to .claude; what the repository brought there is refused as well" {
  mkdir .claude && ln -s .claude .agents
  bash "$BUNDLE/setup.sh" --no-deps
  [ "" = "$(git status --porcelain -- .claude)" ]
  [ -f .claude/skills/autoresearch/SKILL.md ]
  bash "$BUNDLE/setup.sh" --no-deps
  bash "$SKILL/setup.sh" --uninstall
  [ ! -e "$SKILL" ]
  planted .claude/skills/autoresearch
  brought
  run bash "$BUNDLE/setup.sh"
  [ 4 -eq "$status" ]
  [[ "$output" == *"brought"* ]]
  nothing_ran
}

@test "a submodule on the way is refused, and nothing in it is run" {
  git_here . init -q -b main "$BATS_TEST_TMPDIR/sub"
  (cd "$BATS_TEST_TMPDIR/sub" && planted skills/autoresearch && brought)
  for place in .agents .claude; do
    git_here . -c protocol.file.allow=always submodule --quiet add "$BATS_TEST_TMPDIR/sub" "$place"
    git_here . commit -q -m submodule
    run bash "$BUNDLE/setup.sh" --no-deps
    if [ .agents = "$place" ]; then
      [ 4 -eq "$status" ]
      [[ "$output" == *"submodule"*"next: "* ]]
      git_here . submodule --quiet deinit -f .agents # an empty folder, until somebody fills it
      run bash "$BUNDLE/setup.sh" --no-deps
      [ 4 -eq "$status" ]
      git_here . -c protocol.file.allow=always submodule --quiet update --init
      git_here . rm -q --cached .agents # what lies there is a repository of its own now
      run bash "$BUNDLE/setup.sh"
      [ 4 -eq "$status" ]
      rm -rf .agents
    else
      [ 0 -eq "$status" ]
      [ "" = "$(git -C .claude status --porcelain)" ]
    fi
  done
  nothing_ran
}

@test "an environment that came with an archive, or was changed since, is removed and never run" {
  planted "$SKILL" # nothing of it is tracked
  run bash "$BUNDLE/setup.sh" --no-deps
  [ 0 -eq "$status" ]
  [[ "$output" == *"not as setup.sh made it here"* ]]
  [ ! -e "$SKILL/.venv" ]
  planted "$SKILL"
  echo known >"$SKILL/.venv/.account"
  mkdir -p "$SKILL/.venv/lib/python3/site-packages/optuna-4.dist-info"
  PIP_CONFIG_FILE=/dev/null PIP_INDEX_URL=http://127.0.0.1:9/ PIP_FIND_LINKS='' PIP_RETRIES=0 UV_OFFLINE=1 UV_CACHE_DIR=$TMPDIR/uv \
    run bash "$BUNDLE/setup.sh"
  [ 3 -eq "$status" ]
  [[ "$output" == *"--deps-only --with-waves"* ]] # with what it held before
  nothing_ran
  rm -rf "$SKILL/.venv"
  mkdir -p "$SKILL/.venv" && mkdir "$BATS_TEST_TMPDIR/mine/bin" && ln -s "$BATS_TEST_TMPDIR/mine/bin" "$SKILL/.venv/bin"
  bash "$BUNDLE/setup.sh" --no-deps
  rmdir "$BATS_TEST_TMPDIR/mine/bin"
  nothing_ran
}

@test "an update or --uninstall moves, reads and writes nothing through links in the bundle's folder" {
  bash "$BUNDLE/setup.sh" --no-deps
  for name in .yours .installed .venv; do
    cp -R "$SKILL" "$BATS_TEST_TMPDIR/before"
    rm -rf "${SKILL:?}/$name" && ln -s "$BATS_TEST_TMPDIR/mine" "$SKILL/$name"
    for how in "" --uninstall; do
      run bash "$BUNDLE/setup.sh" --no-deps $how
      [ 4 -eq "$status" ]
      [[ "$output" == *"$SKILL/$name is a link"*"next: "* && "$output" != *Traceback* ]]
      nothing_ran
    done
    rm -rf "$SKILL" && mv "$BATS_TEST_TMPDIR/before" "$SKILL"
  done
  ln "$SKILL/.installed" "$BATS_TEST_TMPDIR/hard" && cp "$SKILL/.installed" "$BATS_TEST_TMPDIR/copy"
  ln -s "$BATS_TEST_TMPDIR/mine/profile" "$SKILL/.installed.new"
  ln -s "$BATS_TEST_TMPDIR/mine" "$SKILL/.new.x"
  ln -s "$BATS_TEST_TMPDIR/mine" "$SKILL/helpers/__pycache__.d"
  rm experiment.yaml && sed -i /experiment.yaml/d "$SKILL/.installed" && cp "$SKILL/.installed" "$BATS_TEST_TMPDIR/copy"
  bash "$BUNDLE/setup.sh" --no-deps
  cmp "$BATS_TEST_TMPDIR/hard" "$BATS_TEST_TMPDIR/copy" || grep -q experiment.yaml "$BATS_TEST_TMPDIR/hard"
  nothing_ran
  ln -s "$BATS_TEST_TMPDIR/mine/profile" .git/info/exclude.new
  bash "$BUNDLE/setup.sh" --uninstall
  nothing_ran
}

@test "links, folders and pipes of yours in the place of the bundle's files and folders are kept beside them, twice" {
  bash "$BUNDLE/setup.sh" --no-deps
  rm -r "$SKILL/examples" && ln -s "$BATS_TEST_TMPDIR/mine" "$SKILL/examples"
  rm "$SKILL/README.md" && mkdir -p "$SKILL/README.md/deep" && echo mine | tee "$SKILL/README.md/a" >"$SKILL/README.md/deep/b"
  rm "$SKILL/LICENSE" && mkfifo "$SKILL/LICENSE"
  rm -r "$SKILL/references" && echo mine >"$SKILL/references"
  for _ in 1 2; do
    run timeout 60 bash "$BUNDLE/setup.sh" --no-deps
    [ 0 -eq "$status" ]
    [[ "$output" != *Traceback* ]]
    [ -L "$SKILL/examples.orig" ] && [ -d "$SKILL/examples" ] && [ ! -L "$SKILL/examples" ]
    [ mine = "$(cat "$SKILL/README.md.orig/a")" ] && [ mine = "$(cat "$SKILL/README.md.orig/deep/b")" ]
    [ -p "$SKILL/LICENSE.orig" ] && [ mine = "$(cat "$SKILL/references.orig")" ]
    cmp "$SKILL/README.md" "$BUNDLE/README.md"
    [ -f "$SKILL/references/judging.md" ]
  done
  run timeout 60 bash "$SKILL/setup.sh" --uninstall
  [ 0 -eq "$status" ]
  [ -L "$SKILL/examples.orig" ] && [ mine = "$(cat "$SKILL/README.md.orig/deep/b")" ] && [ ! -e "$SKILL/README.md" ]
  nothing_ran
}

@test "session files that are links, pipes or hard links stay as they are, and .claude's links are not written through" {
  mkfifo experiment.yaml
  run timeout 60 bash "$BUNDLE/setup.sh" --no-deps
  [ 4 -eq "$status" ]
  [[ "$output" == *"experiment.yaml is no plain file"* ]]
  rm experiment.yaml && ln -s "$BATS_TEST_TMPDIR/mine/profile" experiment.yaml
  ln "$BATS_TEST_TMPDIR/mine/profile" instructions.md
  mkdir tools && ln -s tools .claude
  run timeout 60 bash "$BUNDLE/setup.sh" --no-deps
  [ 0 -eq "$status" ]
  [[ "$output" == *"experiment.yaml: you have your own"* && "$output" == *"which nothing is written through"* ]]
  [ "" = "$(ls -A tools)" ]
  mkdir tools/skills && ln -s "../../$SKILL" tools/skills/autoresearch
  timeout 60 bash "$SKILL/setup.sh" --uninstall
  [ -L tools/skills/autoresearch ] && [ -L experiment.yaml ] && [ -f instructions.md ]
  nothing_ran
}

@test ".git/info that is a link is left alone" {
  bash "$BUNDLE/setup.sh" --no-deps
  mv .git/info "$BATS_TEST_TMPDIR/info" && ln -s "$BATS_TEST_TMPDIR/info" .git/info
  cp "$BATS_TEST_TMPDIR/info/exclude" "$BATS_TEST_TMPDIR/before"
  run bash "$BUNDLE/setup.sh" --no-deps
  [ 0 -eq "$status" ]
  [[ "$output" == *"is a link"* ]]
  bash "$SKILL/setup.sh" --uninstall
  cmp "$BATS_TEST_TMPDIR/before" "$BATS_TEST_TMPDIR/info/exclude"
}

@test "the exclude file of another repository, which .git leads to, is left alone" {
  make_target "$BATS_TEST_TMPDIR/other" && (cd "$BATS_TEST_TMPDIR/other" && bash "$BUNDLE/setup.sh" --no-deps)
  sed -i /papers/d "$BATS_TEST_TMPDIR/other/.git/info/exclude" && cp "$BATS_TEST_TMPDIR/other/.git/info/exclude" "$BATS_TEST_TMPDIR/before"
  for how in file link; do
    rm -rf .git
    if [ "$how" = file ]; then echo "gitdir: $BATS_TEST_TMPDIR/other/.git" >.git; else ln -s "$BATS_TEST_TMPDIR/other/.git" .git; fi
    run bash "$BUNDLE/setup.sh" --no-deps
    [ 0 -eq "$status" ]
    [[ "$output" == *"another work tree's"* ]]
    cmp "$BATS_TEST_TMPDIR/before" "$BATS_TEST_TMPDIR/other/.git/info/exclude"
    bash "$BUNDLE/setup.sh" --uninstall
    cmp "$BATS_TEST_TMPDIR/before" "$BATS_TEST_TMPDIR/other/.git/info/exclude"
  done
}

@test "where the git folder was put elsewhere on purpose its exclude file is ours to write" {
  git init -q --separate-git-dir "$BATS_TEST_TMPDIR/store.git"
  bash "$BUNDLE/setup.sh" --no-deps
  [ "" = "$(git status --porcelain)" ]
  bash "$SKILL/setup.sh" --uninstall
  [ "" = "$(git status --porcelain)" ]
}
