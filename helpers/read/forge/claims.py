"""Words of performance, and the measured claims in a text: "2.3x faster", "-15%", "from 12 ms to 4 ms".

Quoted, never believed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from helpers import printable

MOST = 60_000
"""Characters of a text that are looked at."""
SEARCH_WORDS = (
    ("performance", "perf", "faster", "speed", "optimize", "SIMD"),
    ("slow", "cache", "allocation", "latency", "benchmark", "memory"),
)
"""Six words a question: GitHub allows five operators."""
WORDS = re.compile(
    r"\b(perf(?:ormance|ormant)?|speed(?:s|-?ups?)?|fast(?:er|est|path|-path)?|slow(?:er|ness|down)?|quick(?:er|"
    r"ly)|optimi[sz][a-z]*|simd|"
    r"avx\w*|sse[234]\w*|neon|vectori[sz][a-z]*|cach(?:e[sd]?|ing)|(?:de|re|pre)?alloc(?:s|at\w+)?|latency|"
    r"throughput|bench(?:mark(?:s|ed|ing)?)?|"
    r"memory|bottlenecks?|hot(?:[ -]?path|spot)|prefetch[a-z]*|paralleli?\w*|lock-?free|zero-?copy|branchless|"
    r"unroll\w*|regress[a-z]*|"
    r"overhead|inlin\w+|memoi[sz]\w*|batch(?:ed|ing)|profil[a-z]+)\b",
    re.IGNORECASE,
)
"""What makes a text one about performance. In POSIX form for git: see POSIX."""
POSIX = (
    "perf|speed|fast(er|est|path|-path| path)|slow|optimi[sz]|simd|avx|sse[234]|vectori[sz]|cache|caching|alloc|"
    "latency|throughput|"
    "bench|memory|bottleneck|hot ?path|prefetch|parallel|lock-?free|zero-?copy|branchless|unroll|overhead|inlin|"
    "memoi[sz]"
)
_SIGN, _MINUS, _TIMES = r"[-+~\u2212\u00b1]", r"[-+\u2212]", r"[x\u00d7]"
"""With the typographic minus, plus-minus and multiplication signs."""
_NUMBER = r"\d{1,6}(?:[.,]\d{1,4})?"
_BETTER = (
    r"(?:fast|quick|slow|speed|improv|less|lower|fewer|more|higher|reduc|reduct|increas|decreas|better|worse|"
    r"smaller|larger|"
    r"drop|gain|regress|sav(?:e|ing)|overhead|win|cut)"
)
_THING = (
    r"(?:time|throughput|latency|memory|alloc\w*|ops|cpu|runtime|cycles|instructions|speed|perf\w*|heap|rss|size|"
    r"bandwidth)"
)
_UNIT = (
    r"(?:ns|us|µs|μs|ms|msec|s|secs?|seconds?|min|minutes?|[kKMG]i?B(?:/s)?|bytes|allocs?(?:/op)?|ns/op|B/op|"
    r"ops(?:/s(?:ec)?)?|"
    r"req/s|rps|qps|tok(?:ens)?/s|t/s|it/s|fps|[MG]FLOPS?|cycles|instructions)"
)
_FORMS = (
    (
        "from-to",
        re.compile(
            rf"(?<![\w.]){_NUMBER}\s?{_UNIT}?\s?(?:to|->|→|=>|-->|vs\.?|versus|"
            rf"down to)\s+~?{_NUMBER}\s?{_UNIT}(?![\w/])"
        ),
    ),
    (
        "factor",
        re.compile(
            rf"(?<![\w.])~?{_NUMBER}\s?(?:{_TIMES}(?![\w])|-?\s?times\b|[- ]?fold\b)[^\n.;|]{{0,40}}?{_BETTER}",
            re.IGNORECASE,
        ),
    ),
    (
        "factor",
        re.compile(
            rf"\b(?:speed-?ups?|improvement|gain|{_THING})\b[^\n.;|]{{0,40}}?(?<![\w.]){_NUMBER}\s?{_TIMES}(?![\w])",
            re.IGNORECASE,
        ),
    ),
    ("percent", re.compile(rf"(?<![\w.]){_SIGN}?\s?{_NUMBER}\s?%[^\n.;|]{{0,40}}?\b{_BETTER}", re.IGNORECASE)),
    ("percent", re.compile(rf"\b{_BETTER}\w*[^\n.;|]{{0,40}}?(?<![\w.]){_SIGN}?{_NUMBER}\s?%", re.IGNORECASE)),
    (
        "percent",
        re.compile(rf"\b(?:perf(?:ormance)?|speed|gain)\b[^\n.;|]{{0,20}}?(?<![\w.]){_NUMBER}\s?%", re.IGNORECASE),
    ),
    ("percent", re.compile(rf"\b{_THING}[^\n.;|]{{0,40}}?(?<![\w.]){_SIGN}{_NUMBER}\s?%", re.IGNORECASE)),
    ("percent", re.compile(rf"(?<![\w.%-]){_MINUS}{_NUMBER}\s?%")),
)
_NOT = re.compile(r"coverage|codecov|coveralls|test(?:s|ed)? pass", re.IGNORECASE)


@dataclass(frozen=True)
class Claim:
    """A measured claim as its author wrote it; nobody here has measured it. `kind`: factor, percent or from-to."""

    kind: str
    quote: str


def find(text: str, most: int = 3) -> list[Claim]:
    """Return up to `most` claims of a text, each quoted with the line that it stands in."""
    found: list[Claim] = []
    seen: set[str] = set()
    for row in uncommented(text[:MOST]).splitlines():
        if not any(c.isdigit() for c in row) or _NOT.search(row):
            continue
        claim = _in_line(row[:2_000])
        if claim and claim.quote.casefold() not in seen:
            seen.add(claim.quote.casefold())
            found.append(claim)
            if len(found) == most:
                break
    return found


def uncommented(text: str) -> str:
    """Return Markdown without its comments, as those of a template; in linear time, unlike a lazy expression."""
    first, *rest = text.split("<!--")
    return first + "".join(part.partition("-->")[2] for part in rest)


def words(text: str) -> list[str]:
    """Return the words of performance in a text, each once, in lower case."""
    return list(dict.fromkeys(match.casefold() for match in WORDS.findall(text[:MOST])))


def weight(title: str, text: str, claims: int) -> float:
    """Return how much a text is about performance: claims count most, then words in its title, then in its body."""
    return 3.0 * min(claims, 3) + 2.0 * min(len(words(title)), 3) + 0.5 * min(len(words(text)), 4)


def _in_line(row: str) -> Claim | None:
    for kind, form in _FORMS:
        match = form.search(row)
        if match:
            begin = max(0, match.start() - 60)
            quote = row[begin : match.end() + 60]
            if begin:
                quote = quote.split(" ", 1)[-1] if " " in quote[:60] else quote
            return Claim(kind, printable.line(re.sub(r"^[\s>*#|-]+(?=\D)", "", quote), 170))
    return None
