"""A paper's LaTeX source as text: sections as Markdown headings, formulas as they were written, captions, references.

Macros that we do not know stay as they are: a reader understands them better than a guess. Nothing is unpacked to disk.
"""

import io
import posixpath
import re
import tarfile
import zlib
from collections.abc import Mapping

from helpers import console
from helpers.read.papers.latex_macros import Macros, closing, defined, expanded, sectioned

MOST_BYTES = 100_000_000
"""Of the unpacked archive."""
MOST_FILE = 4_000_000
_HEADINGS = {"part": 1, "chapter": 1, "section": 1, "subsection": 2, "subsubsection": 3, "paragraph": 4}
_INPUT = re.compile(
    r"\\(?P<kind>sub)?(?:import|includefrom|inputfrom)\*?\s*\{(?P<folder>[^{}]{0,200})\}\s*\{(?P<name>[^{}]{1,200})\}"
    r"|\\(?:input|include|subfile|subfileinclude|InputIfFileExists)\s*\{(?P<bare>[^{}]{1,200})\}"
    r"|\\input\s+(?P<open>[^\s{}\\]{1,200})"
)
_HIDDEN = re.compile(r"\\begin\{comment\}.*?\\end\{comment\}", re.DOTALL)
_IF = re.compile(r"(?<!\\newif)\\(if(?!f\b|thenelse)[a-zA-Z@]*|else|fi)(?![a-zA-Z@])")
_COMMENT = re.compile(r"(\\(?:url|href|path|nolinkurl)\s*\{[^{}\n]*\}|\\[\\%])|%.*\n?")
"""A comment, or what holds a % that begins none."""
_CODE = re.compile(r"(?<!%)(?<!% )(\\(?:begin|end)\{(?:verbatim|lstlisting|minted)\*?\})")
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
    macros = defined(text)
    title = expanded(_argument(text, r"\title"), macros)
    begin, end = text.find(r"\begin{document}"), text.rfind(r"\end{document}")
    body = text[begin + len(r"\begin{document}") : end if end > begin else len(text)]
    references = next((files[n] for n in sorted(files) if n.endswith(".bbl")), "")
    if r"\bibitem" not in body and references:
        body += "\n\\section{References}\n" + _uncommented(references)
    body = sectioned(body, macros, "|".join(_HEADINGS))
    return (f"# {' '.join(_inline(title).split())}\n\n" if title else "") + _plain(body, macros)


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
    parts = _CODE.split(text)
    for n in range(0, len(parts), 2):  # between them stands what begins or ends code, in which % is no comment
        if not n or r"\end" in parts[n - 1]:
            parts[n] = _COMMENT.sub(lambda found: found[1] or "", parts[n])
    text = "".join(parts)
    return _shown(_HIDDEN.sub("", text)).partition("\n\\endinput")[0]


def _shown(text: str) -> str:
    r"""Return a text without what its authors have taken out: \iffalse ... \fi, with others inside it."""
    out, at, depth, hidden = list[str](), 0, 0, 0
    for token in _IF.finditer(text):
        if not hidden and (token[1] == "iffalse" or text.startswith(r"\if0", token.start())):
            out.append(text[at : token.start()])
            hidden = depth = 1
            at = token.start()
        elif hidden:
            depth += {"fi": -1, "else": 0}.get(token[1], 1)
            if depth == 0 or (depth == 1 and token[1] == "else"):
                at, hidden = token.end(), 0
    return "".join([*out, text[at:]])


def _expand(files: Mapping[str, str], name: str, depth: int, folder: str = "") -> str:
    r"""Return a file with what it \inputs or \imports in place; what the archive lacks is said there."""
    text = _uncommented(files[name])
    if depth >= 8:
        return text

    def inner(match: re.Match[str]) -> str:
        wanted = (match["name"] or match["bare"] or match["open"]).strip().strip('"')
        wanted = expanded(wanted, defined(text)).replace(" ", "") if "\\" in wanted else wanted
        place = (match["folder"] or "").strip()
        own = posixpath.dirname(name)
        below = (
            [posixpath.join(own, place), place]
            if (match["kind"] or "").startswith("sub")
            else [place, posixpath.join(own, place)]
        )
        for at in dict.fromkeys([*(below if place else []), "", folder, own]):
            path = posixpath.normpath(posixpath.join(at, wanted))
            for candidate in (path, path + ".tex", path + ".ltx"):
                if candidate in files and candidate != name:
                    return _expand(files, candidate, depth + 1, at) + "\n"
        told = (
            not match[0].startswith(r"\InputIf")
            and not re.search(r"[#\\]", wanted)
            and posixpath.splitext(wanted)[1] in ("", ".tex", ".ltx")
        )
        return f"\n[{wanted} is not in the source that arXiv has]\n" if told else ""

    return _INPUT.sub(inner, text)[: 2 * MOST_FILE]


def _argument(text: str, command: str) -> str:
    """Return the braced argument of the first `command`, empty without one."""
    found = re.search(re.escape(command) + r"\s*(?:\[[^\]]*\])?\s*\{", text)
    return text[found.end() : closing(text, found.end())] if found else ""


def _plain(body: str, macros: Macros) -> str:
    """Turn the structure into Markdown, and leave the formulas alone."""
    out, at = [], 0
    heads = re.compile(r"\\(" + "|".join(_HEADINGS) + r"|caption|title)\*?\s*(?:\[[^\]]*\])?\s*\{")
    for match in heads.finditer(body):
        if match.start() < at:
            continue
        end = closing(body, match.end())
        mark = "[caption] " if match[1] == "caption" else "#" * (_HEADINGS.get(match[1], 0) + 1) + " "
        inner = _inline(expanded(body[match.end() : end], macros)).strip()
        out += [_inline(body[at : match.start()]), f"\n\n{mark}{inner}\n\n" if inner and match[1] != "title" else ""]
        at = end + 1
    out.append(_inline(body[at:]))
    text = "".join(out)
    text = re.sub(r"[ \t]+\n", "\n", text)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def _inline(text: str) -> str:
    for _ in range(3):  # nested emphasis
        text = re.sub(r"\{\\(?:bf|it|em|tt|sc|sl|sf|rm)(?:series|shape|family)?\b\s*([^{}]*)\}", r"\1", text)
        text = re.sub(rf"\\(?:{_PLAIN})\s*\{{([^{{}}]*)\}}", r"\1", text)
    text = re.sub(r"\\begin\{abstract\}|\\abstract(?=\s*\{)", "\n\n## Abstract\n\n", text)
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
