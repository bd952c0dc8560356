"""Where an idea comes from: source ids, checked, and the proper reference that commits and reports print."""

import re
from pathlib import Path
from urllib.parse import quote, unquote

from helpers import console, events, paths, printable
from helpers.events import Idea, Literature
from helpers.read.papers import identifiers, index

_OWN = ("own", "profile")
_FORMS = (
    (
        re.compile(r"arxiv:(\d{4}\.\d{4,5}(?:v\d+)?|[a-z-]+(?:\.[A-Z]{2})?/\d{7}(?:v\d+)?)", re.IGNORECASE),
        "https://arxiv.org/abs/{0}",
    ),
    (re.compile(r"(?:doi:)?(10\.\d{4,9}/[^\s\"]{1,200})", re.IGNORECASE), "https://doi.org/{0}"),
    (re.compile(r"([\w.-]{1,100}/[\w.-]{1,100})#(\d{1,9})"), "https://github.com/{0}/issues/{1}"),
    (re.compile(r"([\w.-]{1,100}/[\w.-]{1,100})@([0-9a-f]{7,64})"), "https://github.com/{0}/commit/{1}"),
    (re.compile(r"gh:([\w.-]{1,100}/[\w.-]{1,100})"), "https://github.com/{0}"),
    (re.compile(r"s2:([0-9a-f]{40}|\d{1,12})", re.IGNORECASE), "https://www.semanticscholar.org/paper/{0}"),
    (re.compile(r"openalex:(W\d{1,12})", re.IGNORECASE), "https://openalex.org/{0}"),
    (re.compile(r"file:([!-~]{1,300})"), ""),
    (re.compile(r"(https?://[^\s<>\"]{3,500})"), "{0}"),
)
_MORE = re.compile(r"^(\d{4}\.\d{4,5}|[a-z-]+/\d{7})v\d+$|((?:^commit:|@)[0-9a-f]{7})[0-9a-f]+$")


def parse_source(source: str) -> str:
    """Return the source id; raises Failure (2) when it has none of the known forms."""
    text = source.strip()
    if re.fullmatch(r"gh:[^\s#@]+[#@]\S+", text):
        text = text[3:]
    text = _paper(text) or text
    own = text.split(":")[0] in _OWN or re.fullmatch(r"idea-\d+|commit:[0-9a-f]{7,64}", text)
    if printable.name(text) == text and (own or _url(text) is not None):
        return text
    raise console.usage(
        f"{source!r:.100} is not a source",
        "arXiv:2205.14135, a DOI, owner/repo#12, owner/repo@sha, gh:owner/repo, commit:sha, a URL, "
        "idea-03, own, profile",
    )


def kind_of(source: str) -> str:
    """Return the kind of idea that has this source: a paper, pr, commit, competitor, profile.

    Own where it does not tell.
    """
    if re.match(r"(?i)arxiv:|doi:|10\.|s2:|openalex:", source):
        return "paper"
    if re.fullmatch(r"[^\s:]+/[^\s:]+#\d+", source):
        return "pr"
    if re.fullmatch(r"[^\s:]+/[^\s:]+@[0-9a-f]+", source) or source.startswith("commit:"):
        return "commit"
    return "competitor" if source.startswith("gh:") else "profile" if source.startswith("profile") else "own"


def _paper(text: str) -> str:
    """Return the id of the paper that is named, however it was pasted, else "". A bare hash may be a commit's."""
    try:
        kind, value = identifiers.parse_id(text)
    except console.Failure:
        return ""
    if kind == "url" or (kind in ("s2", "openalex") and not re.match(r"(?i)s2:|openalex:|http", text)):
        return ""
    id_ = identifiers.canonical(kind, value)
    return text if id_.casefold() == text.casefold() else id_


def _url(text: str) -> str | None:
    for pattern, form in _FORMS:
        match = pattern.fullmatch(text)
        if match:
            return form.format(*match.groups()) if "doi.org" not in form else form.format(_quoted(match[1]))
    return None


def _quoted(doi: str) -> str:
    return quote(unquote(doi), safe="/:;()!*',@&=+$-._~")


def reference(root: Path, source: str) -> str:
    """Return one line for a commit message or report: the id, its title where it is known, and its address."""
    text = parse_source(source)
    address = _url(text)
    title = _title(root, text)
    parts = [text, f'"{title}"' if title else "", f"<{address}>" if address and address != text else ""]
    return " ".join(part for part in parts if part)


def _title(root: Path, source: str) -> str:
    """Return the title that a source has: a paper's own, what was read of it, or of an idea its text.

    Never an idea's for another.
    """
    wanted = same(source)
    lines = events.read_events(root)
    read = [line.title for line in lines if isinstance(line, Literature) and same(line.source) == wanted]
    papers = [
        str(row.get("title") or "")
        for row in index.read_index(root / paths.PAPERS)
        if wanted in (same(row.get("id")), same(row.get("doi")))
    ]
    own = [line.text for line in lines if isinstance(line, Idea) and line.id == source]
    title = next((t for t in (*reversed(papers), *reversed(read), *reversed(own)) if t), "")
    return printable.one_line(title)[:150]


def same(id_: object) -> str:
    """Return an id in the form that is compared: prefixes, versions and the end of a hash may be left out."""
    bare = re.sub(r"^(?:arxiv|doi|gh):", "", str(id_ or "").lower())
    return _MORE.sub(r"\1\2", bare)
