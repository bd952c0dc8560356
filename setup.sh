#!/usr/bin/env bash
# Puts the autoresearch skill into a git repository. Run it inside that repository, from a clone of the bundle
# (bash PATH/TO/CLONE/setup.sh) or piped (curl -fsSL URL | bash); --help says the rest, --dry-run what it would do.
# No sudo, no edits outside the repository. Everything below the next line stands in one { ... } block, which bash reads
# whole before it runs any of it: a download cut off anywhere runs nothing.
[ -n "${BASH_VERSION:-}" ] || { echo "setup.sh needs bash: curl -fsSL URL | bash" >&2 && exit 2; }
{
  set -euo pipefail

  DEFAULT_REPO=https://github.com/_OWNER_/autoresearch # whoever publishes this bundle puts their name here; no account can be called _OWNER_
  ITEMS="SKILL.md instructions.md experiment.yaml setup.sh bundle.py helpers scripts references examples pyproject.toml uv.lock
    LICENSE README.md CHANGELOG.md .gitignore"
  SKILL=.agents/skills/autoresearch
  LINK=.claude/skills/autoresearch
  MINE="autoresearch.jsonl autoresearch.md autoresearch.ideas.md papers .autoresearch IMPROVEMENTS.md
    autoresearch.sh autoresearch.checks.sh autoresearch.holdout.sh autoresearch.outputs.sh setup_deps.sh"

  help() {
    cat <<'END'
Put the autoresearch skill into a git repository, so that an agent can make its program faster.

usage: cd YOUR/REPOSITORY && bash CLONE/setup.sh [options]        from a clone of the bundle
       curl -fsSL URL/setup.sh | bash -s -- [options]             piped: the bundle comes from --repo

  --demo          no repository needed: work one whole session on a small example and show it
  --with-sky      also install SkyPilot, for experiments on clouds, Kubernetes or Slurm
  --dir DIR       the repository to install into (default: the current folder's),
                  or where to clone TARGET_REPO to when that is a URL
  --repo URL      git repository to get the bundle from (also AUTORESEARCH_REPO); wins over the clone
  --ref REF       its branch, tag or commit (also AUTORESEARCH_REF; default: its HEAD)
  --no-deps       leave out the bundle's environment of Python packages (.venv in the installed folder)
  --deps-only     only make that environment, in setup.sh's own folder
  --dry-run       say what would be done, and change nothing
  --uninstall     remove what was installed; journal, papers and your own files stay
  --help          this text

environment: TARGET_REPO (a folder, or a URL which is cloned), AUTORESEARCH_REPO, AUTORESEARCH_REF
exit codes: 0 done, 2 wrong usage or input, 3 something outside failed (network, packages), 4 refused: not ours to touch
END
  }

  note() { printf '%s\n' "$*" >&2; }
  fail() { # fail CODE MESSAGE NEXT
    printf 'error: %s\n  next: %s\n' "$2" "$3" >&2
    exit "$1"
  }
  act() { # runs a command that changes something, or says it
    if [ "$dry" = 1 ]; then note "would run: $*"; else "$@"; fi
  }
  py() { "$python" -I "$@" </dev/null; }

  arguments() {
    dry=0 deps=yes extra="" mode=install dir="" repo="${AUTORESEARCH_REPO:-}" ref="${AUTORESEARCH_REF:-}"
    while [ $# -gt 0 ]; do
      case "$1" in
        --dir | --repo | --ref)
          [ -n "${2:-}" ] || fail 2 "$1 needs a value" "setup.sh --help"
          case "$1" in --dir) dir=$2 ;; --repo) repo=$2 ;; --ref) ref=$2 ;; esac
          shift
          ;;
        --demo) mode=demo ;;
        --deps-only) mode=deps ;;
        --uninstall) mode=uninstall ;;
        --with-sky) extra=sky ;;
        --no-deps) deps=no ;;
        --dry-run) dry=1 ;;
        -h | --help) help && exit 0 ;;
        *) fail 2 "unknown option $1" "setup.sh --help" ;;
      esac
      shift
    done
  }

  requirements() {
    command -v git >/dev/null || fail 3 "git is missing" "install git 2.30 or newer"
    python=$(command -v python3) || fail 3 "python3 is missing" "install Python 3.10 or newer"
    # shellcheck disable=SC2046 # names of variables: an outer hook's GIT_DIR must not redirect us
    unset $(git rev-parse --local-env-vars)
    export GIT_TERMINAL_PROMPT=0
    py -c 'import sys; sys.exit(sys.version_info < (3, 10))' ||
      fail 3 "$python is older than 3.10" "put a newer python3 first on PATH"
  }

  # --- where the bundle comes from -------------------------------------------------------------------------------

  own_folder() { # the folder of this script, when a bundle lies there
    local file=${BASH_SOURCE[0]:-} folder
    [ -f "$file" ] || return 1
    folder=$(cd "$(dirname "$file")" && pwd -P)
    is_bundle "$folder" && printf '%s\n' "$folder"
  }

  is_bundle() { [ -f "$1/SKILL.md" ] && [ -f "$1/helpers/paths.py" ]; }

  find_bundle() { # sets bundle; without a clone, or when asked for another version, it is fetched
    if [ -z "${repo:+x}${ref:+x}" ] && bundle=$(own_folder); then return; fi
    repo=${repo:-$DEFAULT_REPO}
    case "$repo" in
      */_OWNER_/*) fail 2 "no address to get the bundle from" "give --repo URL (or AUTORESEARCH_REPO), or run setup.sh from a clone" ;;
      -* | ext::*) fail 2 "$repo is not a repository's address" "give a URL or a folder" ;;
    esac
    case "$ref" in -*) fail 2 "$ref is not a revision" "give a branch, a tag or a commit" ;; esac
    if [ "$dry" = 1 ]; then
      bundle=""
      note "would fetch the bundle from $repo ${ref:-HEAD}"
      return
    fi
    fetched=$(mktemp -d "${TMPDIR:-/tmp}/autoresearch-setup.XXXXXX")
    trap 'rm -rf "$fetched"' EXIT
    note "fetching $repo ${ref:-HEAD}"
    { git -c core.hooksPath=/dev/null init -q "$fetched" &&
      git -C "$fetched" fetch -q --depth 1 "$repo" "${ref:-HEAD}" </dev/null &&
      git -C "$fetched" -c core.hooksPath=/dev/null -c advice.detachedHead=false checkout -q FETCH_HEAD; } ||
      fail 3 "could not fetch ${ref:-HEAD} of $repo" "check the address and the network, then run it again"
    is_bundle "$fetched" ||
      fail 2 "$repo ${ref:-HEAD} holds no autoresearch bundle" "give the bundle's address with --repo"
    bundle=$fetched
  }

  # --- where it goes ---------------------------------------------------------------------------------------------

  find_target() { # sets root, dest
    local target=${TARGET_REPO:-} folder=${dir:-.} said
    if [ -d "$target" ]; then
      [ -z "$dir" ] || fail 2 "TARGET_REPO is a folder, and --dir another" "give one of them"
      folder=$target
    elif [ -n "$target" ]; then
      case "$target" in
        *://* | *@*:*) clone_target "$target" ;;
        *) fail 2 "TARGET_REPO=$target is neither a folder nor a URL" "give one of them" ;;
      esac
    fi
    [ -d "$folder" ] || fail 2 "$folder is not a folder" "give an existing repository"
    root=$(git -C "$folder" rev-parse --show-toplevel 2>/dev/null) || root=""
    if [ -z "$root" ]; then
      said=$(LC_ALL=C git -C "$folder" rev-parse --show-toplevel 2>&1 | head -n 1) || true
      case "$said" in
        *"dubious ownership"*) fail 2 "git refuses $folder, which belongs to somebody else" "run as its owner, or: git config --global --add safe.directory ${said#* at }" ;;
      esac
      fail 2 "$folder is not inside a git repository with a work tree ($said)" "cd into your repository, or run git init there; or try --demo"
    fi
    dest=$root/$SKILL
    [ "$root" != "$(own_folder || true)" ] ||
      fail 2 "this is the bundle's own clone" "cd into the repository to optimize, or set TARGET_REPO; --demo needs none"
    git -C "$root" rev-parse -q --verify HEAD >/dev/null || note "note: this repository has no commit yet; a session needs one"
  }

  clone_target() { # sets folder (find_target's)
    folder=${dir:-$(basename "$1" .git)}
    if [ -e "$folder" ]; then
      [ "$(git -C "$folder" config --get remote.origin.url 2>/dev/null)" = "$1" ] ||
        fail 4 "$folder exists and is not a clone of $1" "give another folder with --dir"
      note "$folder: already cloned"
    else
      act git clone -q -- "$1" "$folder" </dev/null || fail 3 "could not clone $1" "check the address and the network"
      [ -d "$folder" ] || exit 0 # a dry run ends here
    fi
  }

  # Only an empty place, or an earlier installation, may be replaced.
  check_dest() {
    [ ! "$dest" -ef "${bundle:-/}" ] || return 0 # run from there: another installer put it there
    [ ! -L "$dest" ] || fail 4 "$SKILL is a symbolic link to $(readlink "$dest")" "remove it, then run setup.sh again"
    [ ! -e "$dest" ] || [ -f "$dest/.installed" ] || [ -z "$(ls -A "$dest" 2>/dev/null)" ] ||
      fail 4 "$SKILL exists and was not installed by setup.sh" "move it away, then run setup.sh again"
  }

  names() { # names exclude|lines|copies FOLDER_OF_A_BUNDLE: the one place for names is helpers/paths.py
    (cd "$root" && py -c 'import sys
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[2])
from helpers import console, git, paths
def entry(argv):
    if argv[0] == "exclude":
        git.exclude(git.find(), paths.EXCLUDED)
    elif argv[0] == "copies":
        print(paths.workdir_root(git.find().root))
    else:
        print("\n".join("/" + line for line in paths.EXCLUDED))
console.main(entry)' "$1" "$2")
  }

  # --- installing ------------------------------------------------------------------------------------------------

  copy_bundle() { # item by item, each by a rename, so that the environment in the old folder stays
    local item stage
    mkdir -p "$dest"
    rm -rf "$dest"/.new.*
    touch "$dest/.installed"
    [ ! "$bundle" -ef "$dest" ] || return 0 # run from the installed folder itself
    stage=$(mktemp -d "$dest/.new.XXXXXX")
    for item in $ITEMS; do
      [ ! -e "$bundle/$item" ] || cp -R "$bundle/$item" "$stage/$item"
    done
    find "$stage" \( -name __pycache__ -o -name '.*_cache' -o -name .autoresearch \) -prune -exec rm -rf {} +
    for item in $ITEMS; do
      rm -rf "${dest:?}/$item"
      [ ! -e "$stage/$item" ] || mv "$stage/$item" "$dest/$item"
    done
    rm -rf "$stage"
  }

  copy_own() { # experiment.yaml and instructions.md: never over a file of the person's
    local name=$1
    if [ ! -e "$root/$name" ] && [ ! -L "$root/$name" ]; then
      act cp "$bundle/$name" "$root/$name"
      [ "$dry" = 1 ] || grep -qx "$name" "$dest/.installed" || printf '%s\n' "$name" >>"$dest/.installed"
    elif ! cmp -s "$root/$name" "$bundle/$name"; then
      note "$name: you have your own, left as it is (the bundle's: $SKILL/$name)"
    fi
  }

  link_claude() {
    local link=$root/$LINK
    if [ "$dry" = 1 ]; then
      note "would link $LINK -> ../../$SKILL"
    elif [ -e "$link" ] || [ -L "$link" ]; then
      [ "$link" -ef "$dest" ] || note "$LINK: you have your own, left as it is"
    else
      mkdir -p "$(dirname "$link")"
      [ "$link" -ef "$dest" ] || ln -s "../../$SKILL" "$link" # .claude/skills may itself be a link to .agents/skills
      [ "$link" -ef "$dest" ] || rm -f "$link"                # .claude leads elsewhere: no dangling link there
    fi
  }

  # --- the bundle's environment ----------------------------------------------------------------------------------

  environment() { # environment FOLDER: FOLDER/.venv with the packages that FOLDER/pyproject.toml names
    local folder=$1 venv=$1/.venv
    [ "$deps" = yes ] || return 0
    if [ "$dry" = 1 ]; then
      note "would make $venv with the packages of pyproject.toml${extra:+ and its extra $extra}"
      return
    fi
    py -m compileall -q "$folder/helpers" || true # an agent's sandbox may not be able to write the caches later
    note "making the environment in $venv"
    packages "$folder" "$venv" ||
      fail 3 "the packages could not be installed in $venv" "check the network, then run: bash $folder/setup.sh --deps-only${extra:+ --with-$extra}"
  }

  packages() ( # packages FOLDER VENV, in a subshell: with FOLDER current, as uv also reads the settings of where it stands
    cd "$1"
    # The person's settings for packages may say where to get them (indexes, proxies, certificates, caches), nothing else.
    for name in $(compgen -e); do
      case "$name" in
        UV_*INDEX* | UV_FIND_LINKS | UV_CACHE_DIR | UV_*TLS | UV_*CERT* | UV_OFFLINE | UV_CONFIG_FILE | UV_KEYRING_PROVIDER | UV_*TIMEOUT | UV_*RETRIES | UV_INSECURE_HOST) ;;
        PIP_*INDEX* | PIP_FIND_LINKS | PIP_CACHE_DIR | PIP_CERT | PIP_CLIENT_CERT | PIP_PROXY | PIP_CONFIG_FILE | PIP_*TIMEOUT | PIP_RETRIES | PIP_TRUSTED_HOST) ;;
        UV_* | PIP_* | PYTHON* | VIRTUAL_ENV | CONDA_PREFIX) unset "$name" ;;
      esac
    done
    if ! "$2/bin/python" -c "" 2>/dev/null || ! grep -qF "$2" "$2/bin/activate"; then
      rm -rf "$2" # its folder was moved, or its interpreter is gone
    fi
    if command -v uv >/dev/null; then
      if with_uv "$2"; then return; fi
      note "uv could not; trying pip" # which may know a mirror, or certificates, that uv does not
    fi
    with_pip "$2"
  )

  with_uv() {
    local wanted=$1/wanted.txt
    [ -d "$1" ] || uv venv -q --python "$(py -c 'import sys; print(sys.executable)')" "$1" || return 1
    # The lock says which versions, and with which hashes; the person's index says where they come from.
    if uv export -q --frozen --no-dev --no-emit-project ${extra:+--extra "$extra"} >"$wanted" &&
      uv pip install -q --compile-bytecode --python "$1/bin/python" -r "$wanted"; then return; fi
    note "the locked versions could not be installed; trying what pyproject.toml allows"
    uv pip install -q --compile-bytecode --python "$1/bin/python" -r pyproject.toml ${extra:+--extra "$extra"}
  }

  with_pip() {
    if ! "$1/bin/python" -m pip --version >/dev/null 2>&1 && ! "$python" -I -m venv --clear "$1"; then
      note "$python cannot make environments: install python3-venv (Debian, Ubuntu), or uv"
      return 1
    fi
    PIP_USER=0 PIP_DISABLE_PIP_VERSION_CHECK=1 "$1/bin/python" -m pip install -q ".${extra:+[$extra]}" </dev/null
  }

  # --- the end ---------------------------------------------------------------------------------------------------

  check_sky() { # bounded: it asks every cloud
    local sky
    [ "$dry" = 0 ] || return 0
    if [ -x "$dest/.venv/bin/sky" ]; then sky=$dest/.venv/bin/sky; else sky=$(command -v sky) || return 0; fi
    note "checking SkyPilot's credentials (at most ${AUTORESEARCH_SKY_SECONDS:-90} seconds)"
    py "$dest/helpers/checkup/sky.py" "$sky" "${AUTORESEARCH_SKY_SECONDS:-90}" ||
      note "SkyPilot has no usable cloud yet: the local executor needs none; sky check says what is missing"
  }

  say_prompt() {
    cat <<END

Installed in $dest

Start your agent in $root and paste, in your own words:

  Follow instructions.md and make this program faster.

For example:

  Follow instructions.md: make \`python3 bench.py\` take less time. Only src/ may change. At most 30 experiments.
  Follow instructions.md: raise the requests per second that bench/run.sh prints. Search papers and forks. 4 hours.
  Follow instructions.md: lower the peak memory of \`make bench\`, with 4 workers on my cluster, for at most \$20.

Is all ready?  python3 $SKILL/scripts/check_environment.py
Away with it:  bash $SKILL/setup.sh --uninstall
END
  }

  install() {
    find_target
    find_bundle
    check_dest
    if [ "$dry" = 1 ]; then
      note "would copy the bundle to $dest and add its files to .git/info/exclude"
    else
      names exclude "$bundle"
      copy_bundle
    fi
    if [ -n "$bundle" ]; then
      copy_own experiment.yaml
      copy_own instructions.md
    fi
    link_claude
    environment "$dest"
    check_sky
    [ "$dry" = 1 ] || say_prompt
  }

  demo() {
    find_bundle
    [ -n "$bundle" ] || return 0
    environment "$bundle"
    act "$python" "$bundle/scripts/demo.py" </dev/null
  }

  only_deps() {
    local folder
    folder=$(own_folder) || fail 2 "--deps-only makes the environment beside setup.sh, and no bundle lies there" "run it from a clone, or install"
    environment "$folder"
    [ "$dry" = 1 ] || printf 'ready: %s\n' "$folder/.venv"
  }

  # --- away with it ----------------------------------------------------------------------------------------------

  uninstall() {
    local name common file lines copies left=""
    find_target
    if [ -L "$dest" ] || [ ! -f "$dest/.installed" ]; then fail 2 "$root has no bundle that setup.sh installed" "nothing to remove"; fi
    while read -r name; do # only what we copied, and only as we copied it
      case "$name" in experiment.yaml | instructions.md) ;; *) continue ;; esac
      if [ ! -f "$root/$name" ] || [ -L "$root/$name" ]; then continue; fi
      if git -C "$root" ls-files --error-unmatch -- "$name" >/dev/null 2>&1 || ! cmp -s "$root/$name" "$dest/$name"; then
        left="$left $name"
      else
        act rm -f "$root/$name"
      fi
    done <"$dest/.installed"
    common=$(cd "$root" && cd "$(git rev-parse --git-common-dir)" && pwd -P)
    file=$common/info/exclude
    if installed_elsewhere; then
      note "another work tree of this repository has the bundle too: .git/info/exclude stays"
    elif [ -f "$file" ] && lines=$(names lines "$dest" | without_left); then
      if [ "$dry" = 1 ]; then
        note "would remove the bundle's lines from $file"
      else
        grep -vxF -- "$lines" "$file" >"$file.new.$$" || [ $? = 1 ] # 1: no line is left
        cat "$file.new.$$" >"$file"
        rm -f "$file.new.$$"
      fi
    fi
    copies=$(names copies "$dest") || copies=""
    if [ -L "$root/$LINK" ] && [ "$root/$LINK" -ef "$dest" ]; then act rm -f "$root/$LINK"; fi
    if [ -n "$(git -C "$root" ls-files -- "$SKILL" | head -n 1)" ]; then # you committed it
      act rm -rf "$dest/.venv" "$dest/.installed"
      left="$left $SKILL"
    else
      act rm -rf "$dest"
    fi
    for name in "$SKILL" "$LINK"; do
      [ "$dry" = 1 ] || (cd "$root" && rmdir -p "$(dirname "$name")" 2>/dev/null) || true
    done
    for name in $MINE; do [ ! -e "$root/$name" ] || left="$left $name"; done
    [ -z "$(git -C "$root" for-each-ref --count=1 refs/autoresearch/ refs/heads/autoresearch/)" ] ||
      left="$left refs/autoresearch*/* and branches autoresearch/* (git for-each-ref)"
    [ ! -d "$copies" ] || left="$left $copies (isolated copies)"
    [ "$dry" = 1 ] || printf 'Removed the bundle from %s\n' "$root"
    [ -z "$left" ] || printf 'Left, since it is yours:%s\n' "$left"
  }

  without_left() { # of the exclude lines on stdin those whose file is gone: what stays must not show in git status
    local line
    while IFS= read -r line; do
      case "$line" in /"$SKILL" | /"$LINK") ;; *) [ ! -e "$root$line" ] || continue ;; esac
      printf '%s\n' "$line"
    done
  }

  installed_elsewhere() {
    local tree trees
    trees=$(git -C "$root" worktree list --porcelain | sed -n 's/^worktree //p')
    while IFS= read -r tree; do
      if [ ! "$tree" -ef "$root" ] && [ -f "$tree/$SKILL/.installed" ]; then return 0; fi
    done <<<"$trees"
    return 1
  }

  main() {
    arguments "$@"
    requirements
    case "$mode" in
      install) install ;;
      demo) demo ;;
      deps) only_deps ;;
      uninstall) uninstall ;;
    esac
  }

  main "$@"
  exit
}
