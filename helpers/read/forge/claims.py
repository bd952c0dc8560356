"""Words of performance, and the measured claims in a text: "2.3x faster", "-15%", "from 12 ms to 4 ms".

Quoted, never believed.
"""

import re
from collections.abc import Sequence
from functools import cache, lru_cache

from helpers import printable
from helpers.read import untrusted

LOOKED_AT = 60_000
"""Characters of a text that are looked at."""
SEARCH_WORDS = (
    ("performance", "perf", "faster", "speed", "optimize", "SIMD"),
    ("slow", "cache", "allocation", "latency", "benchmark", "memory"),
)
"""Six words a question: GitHub allows five operators."""
WORDS = re.compile(
    r"\b(perf(?:ormance|ormant)?|speed(?:s|-?ups?)?|fast(?:er|est|path|-path)?|slow(?:er|ness|down)?|quick(?:er|ly)|"
    r"optimi[sz][a-z]*|simd|avx\w*|sse[234]\w*|neon|vectori[sz][a-z]*|cach(?:e[sd]?|ing)|(?:de|re|pre)?alloc(?:s|"
    r"at\w+)?|latency|throughput|bench(?:mark(?:s|ed|ing)?)?|memory|bottlenecks?|hot(?:[ -]?path|spot)|prefetch[a-z]*|"
    r"paralleli?\w*|lock-?free|zero-?copy|branchless|unroll\w*|regress[a-z]*|"
    r"overhead|inlin\w+|memoi[sz]\w*|batch(?:ed|ing)|profil[a-z]+)\b",
    re.IGNORECASE,
)
"""What makes a text one about performance. In POSIX form for git: see POSIX."""
POSIX = (
    "perf|p[er]+f[a-z]*m[a-z]*[cn]e|op[a-z]*m[a-z]*[sz](e|ati)|thr[a-z]*put|all?o?c[a-z]*tion|speed|fast(er|est|"
    "path|-path| path)|slow|optimi[sz]|simd|avx|sse[234]|vectori[sz]|cache|caching|alloc|"
    "latency|throughput|"
    "bench|memory|bottleneck|hot ?path|prefetch|parallel|lock-?free|zero-?copy|branchless|unroll|overhead|inlin|"
    "memoi[sz]"
)
_TOKEN = re.compile(r"\w+(?:-\w+)*(?: path\b)?", re.IGNORECASE)
"""Holds whatever WORDS matches."""
_TO = r"to|->|→|=>|-->|vs\.?|versus|down to"
_SIGN, _MINUS, _TIMES = r"[-+~\u2212\u00b1]", r"[-+\u2212]", r"[x\u00d7]"
"""With the typographic minus, plus-minus and multiplication signs."""
_NUMBER = r"\d{1,6}(?:[.,]\d{1,4})?"
_BETTER = (
    r"(?:fast|quick|slow|speed|improv|less|lower|fewer|more|higher|reduc|reduct|increas|decreas|better|worse|smaller|"
    r"larger|drop|gain|regress|sav(?:e|ing)|overhead|win|cut)"
)
_THING = (
    r"(?:time|throughput|latency|memory|alloc\w*|ops|cpu|runtime|cycles|instructions|speed|perf\w*|heap|rss|size|"
    r"bandwidth)"
)
_UNIT = (
    r"(?:ns|us|µs|μs|ms|msec|s|secs?|seconds?|min|minutes?|[kKMG]i?B(?:/s)?|bytes|allocs?(?:/op)?|ns/op|B/op|"
    r"ops(?:/s(?:ec)?)?|req/s|rps|qps|tok(?:ens)?/s|t/s|it/s|fps|[MG]FLOPS?|cycles|instructions)"
)
_WITHIN = r"[^\n.;|]{0,40}?"
_BEGINS = r"(?<![\w.])"
_FORMS = [
    re.compile(form)
    for form in (
        rf"{_BEGINS}{_NUMBER}\s?{_UNIT}?\s?(?:{_TO})\s+~?{_NUMBER}\s?{_UNIT}(?![\w/])",
        rf"(?i){_BEGINS}~?{_NUMBER}\s?(?:{_TIMES}(?![\w])|-?\s?times\b|[- ]?fold\b){_WITHIN}{_BETTER}",
        rf"(?i)\b(?:speed-?ups?|improvement|gain|{_THING})\b{_WITHIN}{_BEGINS}{_NUMBER}\s?{_TIMES}(?!\w)",
        rf"(?i){_BEGINS}{_SIGN}?\s?{_NUMBER}\s?%{_WITHIN}\b{_BETTER}",
        rf"(?i)\b{_BETTER}\w*{_WITHIN}{_BEGINS}{_SIGN}?{_NUMBER}\s?%",
        rf"(?i)\b(?:perf(?:ormance)?|speed|gain)\b[^\n.;|]{{0,20}}?{_BEGINS}{_NUMBER}\s?%",
        rf"(?i)\b{_THING}{_WITHIN}{_BEGINS}{_SIGN}{_NUMBER}\s?%",
        rf"(?<![\w.%-]){_MINUS}{_NUMBER}\s?%",
    )
]
_LOSS = re.compile(
    r"\b(?:slower|slow(?:s|ed|ing) (?:down|it)|regress(?:es|ed|ions?)|degrad\w+|pessimi[sz]\w+|worsen\w*|"
    r"(?:perf(?:ormance)?|speed|throughput) (?:loss|hit|drop|penalty|cost))\b",
    re.IGNORECASE,
)
_GAIN = re.compile(
    r"\b(?:fast\w*|speed\w*|quick\w*|improv\w*|optimi\w*|reduc\w*|less|fewer|better|avoid\w*|fix\w*|no longer|not|"
    r"never|without|"
    r"recover\w*|restor\w*|remov\w*|was|were|prevent\w*|address\w*|resolv\w*|bench\w*|tests?|detect\w*)\b",
    re.IGNORECASE,
)
_NOT_SPEED = re.compile(
    r"\b(?:leak(?:s|ed|ing|age)?|out[- ]of[- ]memory|oom|use[- ]after[- ]free|double[- ]free|valgrind|[aml]san|"
    r"sanitizers?|memory (?:error|corruption|safety|bug|issue)s?|overflow|null|segfault|crash\w*|uninitiali[sz]ed)\b|"
    r"\b(?:fail\w*|error|check|handl\w+|unchecked|missing)\b.*alloc|alloc\w*\b.*\b(?:fail\w*|errors?|return)",
    re.IGNORECASE,
)
_ALLOCATED = re.compile(r"memory|\w*alloc\w*", re.IGNORECASE)
_WEAK = re.compile(
    r"memory|cache[sd]?|caching|bench\w*|profil\w+|regress\w*|\w*alloc\w*|paralleli?\w*|batch\w*|inlin\w+|slow\w*"
)
_CHORE = re.compile(
    r"^\W*(?:ci|docs?|tests?|tst|bld|build|chore|style|rel|release|bench(?:mark)?s?|bump|typos?|readme|changelog)\b\W|"
    r"\b(?:typos?|spelling|readme|changelog|docstrings?|flaky|compil(?:e|ation) time|build time|benchmarks|"
    r"unit tests?|travis|appveyor|pre-commit|lint(?:er|ing)?|svgs?|sponsors?|\W?alloc\W? (?:crate |cargo )?feature|"
    r"on \W?alloc)\b|-O[23s]\b|\blto\b|jemalloc|tcmalloc|compiler (?:flags?|optimi)|\b(?:speed(?:s|ing)?[- ]?up|"
    r"faster|slow|optimi[sz]e) (?:the |our )?(?:\w+ )?(?:tests?|ci|builds?|compil\w+|"
    r"benchmark)\b",
    re.IGNORECASE,
)
_DIGIT = re.compile(r"\d")
_NOT = re.compile(r"coverage|codecov|coveralls|test(?:s|ed)? pass", re.IGNORECASE)


def claims_in(text: str, most: int = 3) -> list[str]:
    """Return up to `most` measured claims of a text, each quoted with the line that it stands in."""
    found: list[str] = []
    seen: set[str] = set()
    for row in untrusted.uncommented(text[:LOOKED_AT]).splitlines():
        if not _DIGIT.search(row) or _NOT.search(row):
            continue
        claim = _in_line(row[:2_000])
        if claim and claim.casefold() not in seen:
            seen.add(claim.casefold())
            found.append(claim)
            if len(found) == most:
                break
    return found


@lru_cache(10_000)
def speed_words(text: str) -> list[str]:
    """Return the words of performance in a text, each once, in lower case; without those of leaks and crashes."""
    text = text[:LOOKED_AT]
    if re.search("alloc|memory", text.lower()) and _NOT_SPEED.search(text):
        text = "\n".join(_ALLOCATED.sub(" ", r) if _NOT_SPEED.search(r) else r for r in text.splitlines())
    return list(dict.fromkeys(word for token in dict.fromkeys(_TOKEN.findall(text)) for word in _speed_words(token)))


@lru_cache(20_000)
def _speed_words(token: str) -> list[str]:
    """Return those of a word: a history has few words, and each of them many times."""
    wrong = [part for part in re.findall(r"[a-z]{8,15}", token.lower()) if part in _misspelt()]
    return [match.casefold() for match in WORDS.findall(token)] + wrong


@cache
def _misspelt() -> frozenset[str]:
    """Return the long words of performance with one letter left out, or two swapped."""
    return frozenset(
        wrong
        for word in ("performance", "optimize", "optimise", "optimization", "optimisation", "throughput", "allocation")
        for i in range(1, len(word))
        for wrong in (word[:i] + word[i + 1 :], word[: i - 1] + word[i] + word[i - 1] + word[i + 1 :])
        if wrong not in (word, "optimizes", "allocatio")
    )


def is_loss(text: str) -> bool:
    """Whether a text says that something became slower, and nothing of it that became better or was put right."""
    return bool(_LOSS.search(text)) and not _GAIN.search(text)


def weight(title: str, said: Sequence[str], claimed: Sequence[str]) -> float:
    """Return how much a text is about making a program fast: claims of gains count most, then its title, then its body.

    `said`: the words of performance of title and body. What speeds up tests, builds or documents is little; what says
    that it makes something slower is nothing.
    """
    if is_loss(title):
        return -10.0
    about = speed_words(title)
    strong = [word for word in about if not _WEAK.fullmatch(word)]
    found = (3.0 if about else 1.5) * min(sum(not is_loss(claim) for claim in claimed), 3)
    found += 2.5 * min(len(strong), 2) + 1.0 * min(len(about) - len(strong), 2) + 0.4 * min(len(said), 4)
    return found - (6.0 if _CHORE.search(title) else 0.0)


def worth(title: str, text: str) -> float:
    """Return the weight of a text that includes its title."""
    return weight(title, speed_words(text), claims_in(text))


def speaks(text: str) -> bool:
    """Whether a text has a word of performance or a claim."""
    return bool(speed_words(text) or claims_in(text))


def _in_line(row: str) -> str:
    for form in _FORMS:
        match = form.search(row)
        if match:
            begin = max(0, match.start() - 60)
            quote = row[begin : match.end() + 60]
            if begin:
                quote = quote.split(" ", 1)[-1] if " " in quote[:60] else quote
            return printable.one_line(re.sub(r"^[\s>*#|-]+(?=\D)", "", quote), 170)
    return ""
