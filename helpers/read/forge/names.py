"""Names on GitHub: OWNER/REPO and what is in it, from a word, a web address or a git remote; checked before any use."""

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

from helpers import console
from helpers.read.web import destinations

PUBLIC = "https://api.github.com"
_OWNER = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,38})")
_NAME = re.compile(r"[A-Za-z0-9._-]{1,100}")
_TAIL = re.compile(r"([^\s#@]+)(?:#(\d{1,9})|@([0-9a-fA-F]{7,64}))?")
_OTHERS = ("gitlab", "codeberg.", "forgejo", "gitea", "bitbucket", "sourcehut", "sr.ht")


@dataclass(frozen=True)
class Name:
    """A repository, or with `number` a pull request or issue of it, or with `sha` a commit.

    `host`: where it is read from.
    """

    owner: str
    repo: str
    number: int = 0
    sha: str = ""
    host: str = ""

    @property
    def full(self) -> str:
        """OWNER/REPO."""
        return f"{self.owner}/{self.repo}"

    @property
    def id(self) -> str:
        """The source id: OWNER/REPO#12, OWNER/REPO@sha, gh:OWNER/REPO."""
        if self.number:
            return f"{self.full}#{self.number}"
        return f"{self.full}@{self.sha[:12].lower()}" if self.sha else f"gh:{self.full}"


def parse_name(text: str) -> Name:
    """Read OWNER/REPO, OWNER/REPO#12, OWNER/REPO@sha, gh:..., or the web address of one; raises Failure (2)."""
    word = text.strip().removeprefix("gh:")
    if "://" in word and not word.startswith(("ssh:", "git:")):
        return _of_url(word)
    remote = of_remote(word) if ":" in word else None
    if remote:
        return remote
    match = _TAIL.fullmatch(word)
    parts = match[1].split("/") if match else []
    if not match or len(parts) != 2:
        raise _bad(text)
    return _made(text, parts[0], parts[1], int(match[2] or 0), match[3] or "")


def looks_like(word: str) -> bool:
    """Whether a word of the command line is meant as a repository, well-formed or not, and not as a search word."""
    return "://" in word or word.startswith("gh:") or bool(re.fullmatch(r"\S*/\S*", word))


def is_local(what: str) -> bool:
    """Say whether the name of a thing is of the git log and of no forge: commit:SHA or a bare hash."""
    return re.fullmatch(r"(?:commit:)?[0-9a-fA-F]{7,64}", what) is not None and not what.isdigit()


def of_remote(url: str) -> Name | None:
    """Read the address of a git remote (https, ssh or git@host:path); None when it has not the form of a forge's."""
    scp = re.fullmatch(r"(?:[\w.-]+@)?([\w.-]+):(?!//)([^\s]+)", url.strip())
    try:
        host, path = (scp[1], scp[2]) if scp else (urlsplit(url).hostname or "", urlsplit(url).path)
    except ValueError:
        return None
    parts = path.strip("/").removesuffix(".git").split("/")
    if not host or len(parts) != 2:
        return None
    try:
        return _made(url, parts[0], parts[1], host=_host(host))
    except console.Failure:
        return None


def of_html(html_url: str) -> str:
    """Return the shortest source id for what lies at this web address: the address itself off github.com.

    People paste ids into a shell, and a file may be named `$(...)`: what a shell would act on is encoded.
    """
    if not re.fullmatch(r"https?://[^\s<>\"]{3,500}", html_url):
        return ""
    url = quote(html_url, safe=":/?#@+,=%._~-", errors="replace")
    if url.startswith("https://github.com/"):
        try:
            name = _of_url(url)
        except console.Failure:
            return url
        if name.number or name.sha or re.fullmatch(r"https://github\.com/[^/]+/[^/]+/?", url):
            return name.id
    return url


def api_address(said: str) -> str:
    """Return the address of the API that the user has named, `said` may lack its scheme; raises Failure (2, 4)."""
    word = said.strip().rstrip("/")
    if not word:
        return PUBLIC
    word = word if "://" in word else f"https://{word}"
    scheme, host, _ = destinations.origin(word)
    if urlsplit(word).query or urlsplit(word).fragment or not re.fullmatch(r"[\x21-\x7e]+", word):
        raise console.usage(f"{said!r:.100} is not the address of an API", f"as {PUBLIC} or https://HOST/api/v3")
    _say_other(host)
    if host == "github.com":
        return PUBLIC
    if scheme == "http" and not destinations.is_loopback(host):
        raise console.refused(f"plain http would show your token to everybody on the way: {word}", "use https")
    plain = not urlsplit(word).path and not destinations.is_loopback(host) and not host.startswith("api.")
    return f"{word}/api/v3" if plain else word


def web_host(api: str) -> str:
    """Return the host whose pages the API at `api` speaks of; on loopback, as in tests, github.com."""
    host = destinations.origin(api)[1]
    return "github.com" if api == PUBLIC or destinations.is_loopback(host) else host.removeprefix("api.")


def _of_url(url: str) -> Name:
    _, host, _ = destinations.origin(url)
    _say_other(host)
    parts = [unquote(p) for p in urlsplit(url).path.split("/") if p]
    if host.startswith("api.") and parts[:1] == ["repos"]:
        parts = parts[1:]
    if len(parts) < 2:
        raise _bad(url)
    kind, what = (parts[2], parts[3]) if len(parts) > 3 else ("", "")
    number = int(what) if kind in ("pull", "issues", "pulls") and re.fullmatch(r"\d{1,9}", what) else 0
    sha = what if kind in ("commit", "commits") and re.fullmatch(r"[0-9a-fA-F]{7,64}", what) else ""
    return _made(url, parts[0], parts[1].removesuffix(".git"), number, sha, _host(host))


def _host(host: str) -> str:
    """Return the web host without the forms that GitHub also answers to (ssh over 443, www, the API's own)."""
    host = host.lower()
    return "github.com" if host in ("www.github.com", "ssh.github.com", "api.github.com") else host


def _made(said: str, owner: str, repo: str, number: int = 0, sha: str = "", host: str = "") -> Name:
    repo = repo.removesuffix(".git")
    if not _OWNER.fullmatch(owner) or not _NAME.fullmatch(repo) or repo in (".", ".."):
        raise _bad(said)
    return Name(owner, repo, number, sha, host)


def _bad(said: str) -> console.Failure:
    return console.usage(
        f"{said!r:.120} is not a repository",
        "write OWNER/REPO, or its web address; where a QUERY has a slash in it, name the repository by --repo",
    )


def _say_other(host: str) -> None:
    """Raise Failure (2) for a forge of another kind: its interface is not known here; its git log can be searched."""
    if any(part in host for part in _OTHERS):
        raise console.usage(
            f"{host} is not GitHub: its pull requests cannot be searched from here",
            "add its repository as a remote, fetch it, then:\nsearch_github.py commits --local",
        )
