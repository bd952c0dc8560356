"""The person's token for GitHub: found in the order that gh uses, shown to nobody, sent to its own server only."""

import os
import shutil
import subprocess
from dataclasses import dataclass, field

from helpers import console
from helpers.read.forge import names
from helpers.read.web import destinations

_PUBLIC = ("GH_TOKEN", "GITHUB_TOKEN")
_ENTERPRISE = ("GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN")


@dataclass(frozen=True)
class Token:
    """A token and where it was found; its value is never printed."""

    source: str
    value: str = field(repr=False)


def advice(api: str) -> str:
    """Return what to do to have a token for the API at `api`."""
    if api == names.PUBLIC:
        return "set GH_TOKEN, or run gh auth login"
    return (
        f"set GH_ENTERPRISE_TOKEN, or run gh auth login --hostname {destinations.origin(api)[1].removeprefix('api.')}"
    )


def find_token(api: str) -> Token | None:
    """Return the token for the API at `api`, None without one.

    Tokens of github.com (and of ghe.com, as gh has it) are never given to another server: that has variables of its
    own.
    """
    host = destinations.origin(api)[1]
    public = api == names.PUBLIC or host.endswith(".ghe.com")
    for name in _PUBLIC if public else _ENTERPRISE:
        value = os.environ.get(name, "").strip()
        if value:
            return _checked(f"${name}", value)
    if destinations.is_loopback(host):
        return None
    value = _of_gh("github.com" if api == names.PUBLIC else names.web_host(api))
    return _checked("gh auth token", value) if value else None


def _of_gh(host: str) -> str:
    if shutil.which("gh") is None:
        return ""
    hidden = {*_PUBLIC, *_ENTERPRISE}  # empty ones, else we would not be here; gh would take them for set
    env = {**{k: v for k, v in os.environ.items() if k not in hidden}, "GH_PROMPT_DISABLED": "1"}
    try:
        command = ["gh", "auth", "token", "--hostname", host]
        done = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=5)
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _checked(source: str, value: str) -> Token:
    if not value.isascii() or not value.isprintable() or " " in value or len(value) > 4_000:
        raise console.usage(f"the token of {source} is not a token (spaces or odd characters in it)", "set it again")
    return Token(source, value)
