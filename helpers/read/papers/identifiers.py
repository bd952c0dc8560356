"""Ids of papers as people paste them: with arXiv's category or a full stop behind, in brackets, as a page's address."""

import re
from urllib.parse import unquote, urlsplit

from helpers import console, printable

_ARXIV = re.compile(r"(\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})(v\d+)?", re.IGNORECASE)
_DOI = re.compile(r"10\.\d{4,9}/\S+")
_BRACKETS = {")": "(", "]": "[", ">": "<", "}": "{"}
_BEHIND = re.compile(r"(?<=\d)\s*\[[a-z-]+(?:\.[A-Za-z-]+)?\].*", re.DOTALL)
"""What arXiv puts behind an id: its category."""
_CITED = re.compile(
    rf"(?:\barxiv[:.\s]*|^\W*\[){_ARXIV.pattern}(?![\w.]*\d)|\b{_DOI.pattern}|https?://[^\s{{}}<>\"]+", re.IGNORECASE
)
"""An id among other words, as in a citation or the title of a page."""
_UNSEEN = dict.fromkeys([0xAD, *range(0x200B, 0x2010), 0x2060, 0xFEFF])
_HOST = re.compile(r"(?:[a-z0-9-]+\.)+[a-z]{2,}/\S", re.IGNORECASE)
_MIRRORS = re.compile(
    r"\.(?:arxiv|alphaxiv|ar5iv|semanticscholar)\.org$|\.(?:huggingface|hf)\.co$|\.(?:arxiv-vanity|scirate|catalyzex)\.com$|\.lanl\.gov$"
    r"|\.papers\.cool$|\.emergentmind\.com$"
)
"""Their pages of arXiv's papers have the id in the path."""
_WITHIN = re.compile(rf"/(?:arxiv:)?({_ARXIV.pattern})(?:\.pdf)?(?=/|$)", re.IGNORECASE)
_PUBLISHERS = re.compile(
    r"\.(?:(?:bio|med)rxiv|frontiersin|iop|aps|plos|aip|osf|royalsociety|doi)\.(?:org|io)$|"
    r"\.(?:springer(?:open)?|biomedcentral|degruyter|wiley)\.com$"
)
"""Their PDFs have the DOI in the address without saying /doi/; what others have under such a name is that file."""
_TAIL = re.compile(
    r"(?:/(?:full|fulltext|abstract|abs|pdf|epdf|meta|html|references|summary))+$|"
    r"(?:(?<=\d)v\d+)?(?:\.(?:full|abstract|full-text))?(?:\.pdf(?:\+html)?)?$"
)


def parse_id(text: str) -> tuple[str, str]:
    """Return what `text` names: ("arxiv" | "doi" | "s2" | "openalex" | "url", value); raises Failure (2).

    Takes an id with or without its prefix, a DOI, and the addresses of arXiv, doi.org, Semantic Scholar, OpenAlex, of
    those who show arXiv's papers, and of publishers.
    """
    word = _trimmed(text)
    if re.match(r"https?://", word, re.IGNORECASE):
        return _of_url(word)
    bare = re.sub(r"^(?:(?:arxiv|doi|s2|openalex)(?::\s*|\s+))+", "", word, flags=re.IGNORECASE)
    if paper := _WITHIN.fullmatch("/" + bare.removeprefix("abs/")):
        return "arxiv", re.sub(r"\.[a-z]{2}/", "/", paper[1].lower())  # arXiv itself leaves the subject out
    if _DOI.fullmatch(bare):
        doi = unquote(bare)
        inner = re.fullmatch(r"10\.48550/arxiv\.(.+)", doi, re.IGNORECASE)
        return ("arxiv", inner[1]) if inner and _ARXIV.fullmatch(inner[1]) else ("doi", doi.lower())
    if re.fullmatch(r"[0-9a-f]{40}", bare, re.IGNORECASE):
        return "s2", bare.lower()
    if re.fullmatch(r"W\d{4,12}", bare, re.IGNORECASE):
        return "openalex", bare.upper()
    if _HOST.match(bare):
        return parse_id(f"https://{bare}")
    cited = {parse_id(re.sub(r"^arxiv\.", "", found[0], flags=re.IGNORECASE)) for found in _CITED.finditer(text)}
    if len(cited) == 1:
        return cited.pop()
    raise console.usage(
        f"{printable.one_line(text, 100)!r} is no arXiv id, DOI, Semantic Scholar or OpenAlex id, and no address",
        "examples: 2205.14135, arXiv:cs/0112017, 10.1145/3318464.3389710, https://arxiv.org/abs/2205.14135",
    )


def canonical(kind: str, value: str) -> str:
    """Return an id in the form that the index and the journal use."""
    return f"arXiv:{value}" if kind == "arxiv" else value if kind == "url" else f"{kind}:{value}"


def without_version(arxiv: str) -> str:
    """Return an arXiv id without its v1."""
    return re.sub(r"v\d+$", "", arxiv)


def version(arxiv: str) -> int:
    """Return which version an arXiv id names, 0 when it names none."""
    return int((re.search(r"v(\d{1,4})$", arxiv) or ["", "0"])[1])


def _trimmed(text: str) -> str:
    """Return it without what was pasted along: quotes, brackets around it, arXiv's category, the end of a sentence."""
    word = _BEHIND.sub("", text.translate(_UNSEEN).strip()).lstrip("\"'`“”([<{}>]).,;: \t\n")
    while word:
        last = word[-1]
        unopened = last in _BRACKETS and word.count(_BRACKETS[last]) < word.count(last)
        if not unopened and last not in ".,;:\"'`“”" and not last.isspace():
            break
        word = word[:-1]
    return word


def _of_url(text: str) -> tuple[str, str]:
    parts = urlsplit(text)
    host, path = f".{(parts.hostname or '').lower()}", unquote(parts.path).strip("/")
    if _MIRRORS.search(host) and (paper := _WITHIN.search(f"/{path}")):
        return parse_id(paper[1])
    if host.endswith(".openalex.org") and re.fullmatch(r"(works/)?W\d+", path, re.IGNORECASE):
        return "openalex", path.split("/")[-1].upper()
    s2 = re.search(r"\b[0-9a-f]{40}$", path)
    if host.endswith(".semanticscholar.org") and s2:
        return "s2", s2[0]
    if host.endswith(".nature.com") and path.startswith("articles/"):
        return "doi", f"10.1038/{path.split('/')[1].removesuffix('.pdf')}".lower()
    doi = re.search(r"(?:^|[/=])(10\.\d{4,9}/[^?&\s]+)", path + ("?" + unquote(parts.query) if parts.query else ""))
    if doi and ("/doi/" in f"/{path}" or _PUBLISHERS.search(host) or not path.endswith(".pdf")):
        return parse_id(doi[1] if host.endswith(".doi.org") else _TAIL.sub("", doi[1], count=1))
    return "url", text
