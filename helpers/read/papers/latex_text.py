"""A paper's LaTeX source as text: sections as Markdown headings, formulas as they were written, captions, references.

Macros that we do not know stay as they are: a reader understands them better than a guess. Nothing is unpacked to disk.
"""

from __future__ import annotations

import io
import re
import tarfile
import zlib
from collections.abc import Mapping

from helpers import console

MOST_BYTES = 100_000_000
"""Of the unpacked archive."""
MOST_FILE = 4_000_000
_HEADINGS = {"part": 1, "chapter": 1, "section": 1, "subsection": 2, "subsubsection": 3, "paragraph": 4}
_PLAIN = "emph|textbf|textit|texttt|textsc|textrm|textsf|text|underline|mbox|url|enquote"


def markdown(archive: bytes) -> str:
    """Return the text of an arXiv source (a gzipped tar or a single gzipped file).

    Raises Failure (3) when there is none.
    """
    files = unpack(archive)
    main = _main(files)
    if main is None:
        raise console.outside("the source holds no LaTeX document (the authors may have sent only a PDF)")
    text = _expand(files, main, 0)
    title = _argument(text, r"\title")
    begin, end = text.find(r"\begin{document}"), text.rfind(r"\end{document}")
    body = text[begin + len(r"\begin{document}") : end if end > begin else len(text)]
    references = next((files[n] for n in sorted(files) if n.endswith(".bbl")), "")
    if r"\bibitem" not in body and references:
        body += "\n\\section{References}\n" + _uncommented(references)
    return (f"# {_inline(title)}\n\n" if title else "") + _plain(body)


def unpack(archive: bytes) -> dict[str, str]:
    """Return the .tex and .bbl files of an archive, name -> text, within fixed limits."""
    inflate = zlib.decompressobj(31)
    try:
        raw = inflate.decompress(archive, MOST_BYTES) if archive[:2] == b"\x1f\x8b" else archive
    except zlib.error as error:
        raise console.outside(f"the source archive is broken ({error})") from None
    if inflate.unconsumed_tail:
        raise console.outside(f"the source archive unpacks to more than {MOST_BYTES:,} bytes")
    files: dict[str, str] = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(raw), mode="r:") as tar:
            for member in tar:
                if member.isfile() and member.size <= MOST_FILE and member.name.endswith((".tex", ".bbl", ".ltx")):
                    content = tar.extractfile(member)
                    files[member.name.removeprefix("./")] = _decoded(content.read() if content else b"")
    except tarfile.TarError:
        if not files and b"\\document" in raw[:MOST_FILE]:
            return {"main.tex": _decoded(raw[:MOST_FILE])}
    return files


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _main(files: Mapping[str, str]) -> str | None:
    """Return the name of the document's main file: the longest of those that begin one."""
    starts = [n for n, t in files.items() if re.search(r"^[^%\n]*\\document(class|style)", t, re.MULTILINE)]
    whole = [n for n in starts if r"\begin{document}" in files[n]]
    return max(whole or starts, key=lambda n: (len(_expand(files, n, 0)), n), default=None)


def _uncommented(text: str) -> str:
    return re.sub(r"(?<!\\)%.*\n?", "", text)


def _expand(files: Mapping[str, str], name: str, depth: int) -> str:
    r"""Return a file with what it \inputs in place."""
    text = _uncommented(files[name])
    if depth >= 8:
        return text

    def inner(match: re.Match[str]) -> str:
        wanted = match[1].strip().strip('"').removeprefix("./")
        for candidate in (wanted, wanted + ".tex"):
            if candidate in files and candidate != name:
                return _expand(files, candidate, depth + 1)
        return ""

    return re.sub(r"\\(?:input|include|subfile)\s*\{([^{}]{1,200})\}", inner, text)[: 2 * MOST_FILE]


def _argument(text: str, command: str) -> str:
    """Return the braced argument of the first `command`, empty without one."""
    found = re.search(re.escape(command) + r"\s*(?:\[[^\]]*\])?\s*\{", text)
    return text[found.end() : _closing(text, found.end())] if found else ""


def _closing(text: str, start: int) -> int:
    """Return where the brace that was opened just before `start` closes."""
    depth = 1
    for match in re.compile(r"\\.|[{}]", re.DOTALL).finditer(text, start):
        depth += {"{": 1, "}": -1}.get(match[0], 0)
        if depth == 0:
            return match.start()
    return len(text)


def _plain(body: str) -> str:
    """Turn the structure into Markdown, and leave the formulas alone."""
    out, at = [], 0
    heads = re.compile(r"\\(" + "|".join(_HEADINGS) + r"|caption|title)\*?\s*(?:\[[^\]]*\])?\s*\{")
    for match in heads.finditer(body):
        if match.start() < at:
            continue
        end = _closing(body, match.end())
        mark = "[caption] " if match[1] == "caption" else "#" * (_HEADINGS.get(match[1], 0) + 1) + " "
        inner = _inline(body[match.end() : end])
        out += [_inline(body[at : match.start()]), "" if match[1] == "title" else f"\n\n{mark}{inner}\n\n"]
        at = end + 1
    out.append(_inline(body[at:]))
    text = "".join(out)
    text = re.sub(r"[ \t]+\n", "\n", text)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def _inline(text: str) -> str:
    for _ in range(3):  # nested emphasis
        text = re.sub(rf"\\(?:{_PLAIN})\s*\{{([^{{}}]*)\}}", r"\1", text)
    text = re.sub(r"\\begin\{abstract\}", "\n\n## Abstract\n\n", text)
    text = re.sub(r"\\bibitem\s*(?:\[(?:[^][]|\[[^]]*\])*\])?\s*\{([^{}]*)\}", r"\n- [\1] ", text)
    text = re.sub(r"\\[cC]ite\w*\s*(?:\[[^\]]*\])*\s*\{([^{}]*)\}", r"[\1]", text)
    text = re.sub(r"\\(?:eqref|[cC]?ref|autoref)\*?\s*\{([^{}]*)\}", r"(\1)", text)
    text = re.sub(
        r"\\(?:label|includegraphics|bibliographystyle|bibliography|vspace|hspace|centering|maketitle|newblock"
        r"|small|footnotesize|noindent|clearpage|newpage|thispagestyle|pagestyle|balance)\b\*?"
        r"(?:\s*\[[^\]]*\])?(?:\s*\{[^{}]*\})?",
        "",
        text,
    )
    text = re.sub(
        r"\\(?:begin|end)\{(?:itemize|enumerate|description|figure|table|center|abstract|small|document|minipage"
        r"|thebibliography|wrapfigure)\*?\}(?:\s*\[[^\]]*\])*(?:\s*\{[^{}]*\})*",
        "",
        text,
    )
    text = re.sub(r"\\item\b\s*(?:\[([^\]]*)\])?", lambda m: f"\n- {m[1] or ''}".rstrip() + " ", text)
    text = text.replace("~", " ").replace("``", '"').replace("''", '"')
    return re.sub(r"\\([%&_#$])(?![a-zA-Z])", r"\1", text)
