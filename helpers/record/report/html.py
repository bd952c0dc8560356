"""The page: one self-contained file that asks nothing of a network, in which no text of the session can act."""

import base64
import hashlib
import html
import json
from pathlib import Path
from typing import Any

PARTS = Path(__file__).parent / "page"


def as_data(document: dict[str, Any]) -> str:
    """Return JSON that may stand inside of a script element: no character of it can end that."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text.encode("utf-8", "replace").decode()


def page(document: dict[str, Any], *, live: bool = False) -> str:
    """Return the page; a `live` one asks its own server, and nobody else, for what is new."""
    style = "".join(_part(name) for name in ("uplot.min.css", "page.css"))
    chart = f"/* {_part('uplot.LICENSE').strip()} */\n{_part('uplot.min.js')}"
    script = _part("page.js")
    policy = (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(chart)} {_hash(script)}; "
        f"connect-src {chr(39)}{'self' if live else 'none'}{chr(39)}; base-uri 'none'; form-action 'none'"
    )
    fields = {
        "policy": html.escape(policy),
        "title": html.escape(str(document["session"]["name"])),
        "style": style,
        "chart": chart,
        "script": script,
        "data": as_data(document),
    }
    head, *rest = _part("page.html").split("{")
    return head + "".join(fields[key] + tail for key, _, tail in (part.partition("}") for part in rest))


def _part(name: str) -> str:
    return (PARTS / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
