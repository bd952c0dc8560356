"""Why a METRIC was not read: the line that was meant for one, what is wrong with it, and how to correct it.

Nothing here is ever taken for a result. A benchmark that gives none gets its cause instead of the end of its output.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path

from helpers import next_step, printable
from helpers.run.jobs import metric_line

_QUOTES = "\"'`\u2018\u2019\u201c\u201d"
_WORD = re.compile(r"metric(?![A-Za-z])", re.IGNORECASE)
_NUMBER = re.compile(
    r"[+-]?(?:[0-9]{1,3}(?: [0-9]{3})+(?:[.,][0-9]+)?(?![0-9])|[0-9][0-9.,_']*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
)
_PARTS = re.compile(
    rb"(?:\x1b\[[0-9;]*m|\([^()\n]{1,200}pid=[^()\n]{0,200}\) )*(build\| |bench\| |checks\| |)(.*)", re.DOTALL
)

Told = Iterable[tuple[str, bytes]]
"""Lines with where they were printed: `stdout` of the benchmark, `other` of its lines, `build` or `checks`."""


def in_log(log: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the lines of a job's log: what the benchmark printed beside METRIC lines carries a prefix there."""
    with log.open("rb") as lines:
        while raw := lines.readline(metric_line.READ_AT_ONCE):
            match = _PARTS.match(raw)
            word = match[1][:-2].decode() if match else ""
            if match and not word and not match[2].startswith((b"METRIC", b"SAMPLES")):
                continue  # what experiment.yaml says itself
            yield {"": "stdout", "bench": "other"}.get(word, word), match[2] if match else raw


def in_output(out: Path, err: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the lines of one call of the benchmark."""
    for where, file in (("stdout", out), ("stderr", err)):
        with file.open("rb") as lines:
            while raw := lines.readline(metric_line.READ_AT_ONCE):
                yield where, metric_line.clean(raw)


def why(lines: Told, wanted: str = "", printed: Iterable[str] = ()) -> str:
    """Say why there is no METRIC `wanted` (any, where that is empty); `printed` are the metrics that were read."""
    beside = ""
    for where, raw in lines:
        if b"etric" not in raw.lower():
            continue
        text = raw.decode("utf-8", "replace")
        said = _fault(text.rstrip("\n"), where)
        if said and metric_line.name_of(wanted).lower() in metric_line.name_of(text).lower():
            return f"METRIC {wanted}".rstrip() + f" was not read: {said}"
        beside = beside or said
    others = list(printed)
    if others:
        meant = next_step.did_you_mean(wanted, others)
        few = ", ".join(others[:5])
        return f"METRIC {wanted} was not printed, only {few}: print a line METRIC {wanted}=NUMBER as well{meant}"
    if beside:
        return f"METRIC {wanted} was not read: {beside}"
    return (
        f"no METRIC line was printed: autoresearch.sh must print METRIC {wanted or 'NAME'}=NUMBER, a line of its stdout"
    )


def _fault(text: str, where: str) -> str:
    """Return what keeps a line from being read as a METRIC, with the line and what to print; empty for other lines."""
    plain = metric_line.ESCAPE.sub(b"", text.encode("utf-8", "surrogatepass")).decode("utf-8", "replace")
    found = _WORD.search(plain)
    if not found:
        return ""
    before, after = plain[: found.start()], plain[found.end() :]
    mended, cause = _mended(after)
    if found[0] != "METRIC" and not mended:
        return ""  # prose
    faults = [fault for fault in (_before(before), _word(found[0], after), cause) if fault]
    if plain != text:
        faults.insert(0, "it is in colour (escape codes), which ends with NO_COLOR=1, TERM=dumb or --color=never")
    if where in ("build", "checks"):
        faults.insert(0, f"the {where} printed it, and only what autoresearch.sh prints is read")
    elif where == "stderr" or (where == "other" and re.match("METRIC(?:[ \t]|$)", text)):
        faults.insert(0, "it went to stderr, and only stdout is read (print it without >&2)")
    at = max(text.upper().find("METRIC") - 60, 0)
    step = f"; print it as a line of its own: METRIC {mended}" if mended else ""
    return f"\u201c{printable.shown(text[at : at + 160])}\u201d: {'; '.join(faults)}{step}" if faults else ""


def _before(before: str) -> str:
    if not before:
        return ""
    if before.strip("\ufeff\ufffe\ufffd") == "":
        return "a byte order mark or bytes that are not UTF-8 stand before it"
    if before.strip(_QUOTES) == "":
        return "quotes stand around it"
    if before.strip() == "":
        return "it is indented, and METRIC must begin its line"
    return (
        "it does not begin its line: before it stands what a progress bar (carriage return) or echo -n left there"
        " without ending the line"
    )


def _word(word: str, after: str) -> str:
    if word != "METRIC":
        return f"METRIC is written in capitals, not {word}"
    if after[:1] in ("", " ", "\t"):
        return ""
    hidden = "" if after[0].isascii() else f" (U+{ord(after[0]):04X})"
    return f"a blank must follow METRIC, not {printable.name(after[0])!r}{hidden}"


def _mended(after: str) -> tuple[str, str]:
    """Return `name=value` as it was meant, empty where that cannot be told, and what is wrong with it as it stands."""
    text = after.lstrip(" \t\u00a0\u200b\ufeff:,=" + _QUOTES).rstrip(" \t\r" + _QUOTES)
    match = re.match(rf"([^=]*)=(.*)|({metric_line.NAME})(\s*:\s*|\s+)(.*)", text, re.DOTALL)
    if match is None:
        return "", "name=value is expected behind METRIC"
    name = metric_line.name_of((match[1] or match[3] or "").strip(" \t" + _QUOTES))
    if not metric_line.is_name(name):
        return "", f"{printable.one_line(name, 40)!r} cannot name a metric (letters, digits, '_', '.')"
    number, cause = _value((match[2] or match[5] or "").rstrip())
    if not cause and match[1] is None:
        cause = "a = must stand between name and value"
    elif not cause and metric_line.name_of(match[1]) != name:
        blank = metric_line.name_of(match[1].strip()) == name
        cause = "no blanks may stand around the =" if blank else "quotes stand around the name"
    return (f"{name}={number}" if number else ""), cause


def _value(value: str) -> tuple[str, str]:
    """Return the number that was meant, empty where that cannot be told, and what is wrong with it as it stands."""
    if metric_line.decimal(value) is not None:
        return value, ""
    if metric_line.decimal(value.strip()) is not None:
        return value.strip(), "no blanks may stand around the ="
    if not value.strip():
        return "", "no value stands behind the = (an empty variable?)"
    plain = "".join(str(unicodedata.decimal(c, c)) for c in value).replace("\u2212", "-").replace("\u066b", ".")
    plain = re.sub("[\u00a0\u202f\u2009\u200b\ufeff]", " ", plain).strip()
    if plain != value and metric_line.decimal(plain) is not None:
        odd = next(c for c in value if not c.isascii())
        return plain, f"it holds a character that is not ASCII (U+{ord(odd):04X})"
    bare = plain.strip(_QUOTES)
    if re.fullmatch(r"[+-]?(?:inf|infinity|nan|none|null)", bare, re.IGNORECASE):
        return "", f"{bare} is not a finite number: nothing was measured, or something was divided by 0"
    found = _NUMBER.search(plain)
    if found is None or re.match(r"[+-]?0[xX]", bare):
        return "", f"{printable.one_line(value, 40)!r} is not a decimal number"
    number, grouped = _ungrouped(found[0])
    before, behind = plain[: found.start()].strip(), plain[found.end() :].strip()
    faults = [grouped] if grouped else []
    if before.strip(_QUOTES) or behind.strip(_QUOTES):
        unit = re.fullmatch(r"[A-Za-z\u00b5\u03bc%\u00b0][A-Za-z\u00b5\u03bc%/^*0-9.]*", behind) and not before
        odd = printable.one_line(behind or before, 40)
        faults.append(f"{'the unit ' if unit else ''}{odd!r} stands {'behind' if behind else 'before'} the number")
    elif before or behind:
        faults.append("quotes stand around the number")
    if number and metric_line.decimal(number) is None:
        number, faults = "", [*faults, "the number is too large or not one number"]
    return number, " and ".join(faults) or f"{printable.one_line(value, 40)!r} is not a finite decimal number"


def _ungrouped(text: str) -> tuple[str, str]:
    """Return a number without separators, empty where a comma may mean either, and what its separators are."""
    if re.fullmatch(r"[+-]?[1-9][0-9]{0,2},[0-9]{3}", text):
        return "", "its comma may part thousands or be a decimal point (LC_ALL=C before the command gives a point)"
    if re.fullmatch(r"[+-]?[0-9]+,[0-9]+(?:[eE][+-]?[0-9]+)?", text):
        return text.replace(
            ",", "."
        ), "it has a comma for the decimal point (LC_ALL=C before the command gives a point)"
    if re.fullmatch(r"[+-]?[0-9]{1,3}(?:\.[0-9]{3})+,[0-9]*", text):
        return text.replace(".", "").replace(
            ",", "."
        ), "it has separators between thousands and a comma for the decimal point"
    bare = re.sub("[,_' ]", "", text)
    return (bare, "") if bare == text else (bare, "it has separators between thousands")
