"""One pull request, issue or commit: what it says, its outcome and why, files, a bounded diff."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from helpers import console, json_fields, printable
from helpers.json_fields import Json
from helpers.read import untrusted
from helpers.read.forge import claims, findings, names
from helpers.read.forge.api import Api, Missing
from helpers.read.forge.findings import Finding
from helpers.read.forge.names import Name

_TEAM = ("OWNER", "MEMBER", "COLLABORATOR")
_REASON = re.compile(
    r"\b(?:clos(?:e|ing|ed)|reject|declin|supersed|duplicate|instead|wo(?:n't|nt) (?:merge|accept|take)|not worth|"
    r"too (?:complex|complicated|much|big|large)|slower|regress|no (?:gain|improvement|speed|difference|benefit|"
    r"measurable)|not (?:faster|convinced|an improvement)|maintain|readab|complexity|portab|UB|undefined behaviou?r|"
    r"breaks?|incorrect|unsafe|stale|inactiv|abandon|revert|benchmark|no longer|"
    r"out of scope|API|licen[cs]e)",
    re.IGNORECASE,
)


@dataclass
class Shown:
    """What was found, with its parts as lines of clean text from outside."""

    finding: Finding
    author: str = ""
    labels: list[str] = field(default_factory=list)
    body: str = ""
    outcome: list[str] = field(default_factory=list)
    """What became of it and what the reviewers said, the weightiest first."""
    reasons: list[str] = field(default_factory=list)
    """Of a rejected one: what was said that looks like the reason."""
    files: list[str] = field(default_factory=list)
    diff: str = ""
    notes: list[str] = field(default_factory=list)


def show_from_service(api: Api, name: Name, *, diff: bool) -> Shown:
    """Return one pull request, issue (OWNER/REPO#12) or commit (OWNER/REPO@sha); raises Failure."""
    if name.sha:
        return _commit(api, name, diff=diff)
    if not name.number:
        raise console.usage(
            f"{name.full} is a whole repository", f"give one thing of it, as {name.full}#123 or {name.full}@sha"
        )
    kind, item = _thread(api, name)
    comments = _comments(api, name, item)
    return _pull(api, name, item, comments, diff=diff) if kind == "pr" else _issue(item, comments)


def _thread(api: Api, name: Name) -> tuple[str, Json]:
    """Return "pr" or "issue", whichever the number is, and what the service says of it."""
    try:
        path = f"/repos/{name.full}/pulls/{name.number}"
        return "pr", api.one(path, "/repos/{repo}/pulls/{number}", what=f"pull request {name.id}")
    except Missing:
        path = f"/repos/{name.full}/issues/{name.number}"
        what = f"pull request or issue {name.id}"
        return "issue", api.one(path, "/repos/{repo}/issues/{number}", what=what)


def _issue(issue: Json, comments: list[Json]) -> Shown:
    state = ", ".join(filter(None, (json_fields.text_at(issue, name) for name in ("state", "state_reason"))))
    shown = _opened(issue, "issue", state, comments)
    shown.outcome = _quotes(comments, 8)
    return shown


def _comments(api: Api, name: Name, item: Json) -> list[Json]:
    """Return what people have said on the whole of it, the newest at least."""
    if not item.get("comments", 1):
        return []
    path = f"/repos/{name.full}/issues/{name.number}/comments"
    return _said(api.last_page(path, "/repos/{repo}/issues/{number}/comments", what="comments"))


def _pull(api: Api, name: Name, pull: Json, comments: list[Json], *, diff: bool) -> Shown:
    path = f"/repos/{name.full}/pulls/{name.number}"
    reviews = api.last_page(f"{path}/reviews", "/repos/{repo}/pulls/{number}/reviews", what="reviews")
    files = next(api.pages(f"{path}/files", "/repos/{repo}/pulls/{number}/files", what="files", most=1), [])
    state = json_fields.text_at(pull, "state")
    if json_fields.text_at(pull, "merged_at"):
        state = "merged"
    elif state == "closed":
        state = "rejected" if "merged_at" in pull else "closed, merged or not"
    elif pull.get("draft"):
        state = "draft"
    shown = _opened(pull, "pr", state, [*comments, *reviews])
    words = [
        f"{json_fields.text_at(r, 'state').lower().replace('_', ' ')} by {_who(r)}"
        for r in reviews
        if json_fields.text_at(r, "state") != "COMMENTED"
    ]
    shown.outcome = [*([f"reviews: {', '.join(dict.fromkeys(words))}"] if words else ["no review decided"])]
    inline: list[Json] = []
    if state == "rejected":
        inline = _said(
            api.last_page(f"{path}/comments", "/repos/{repo}/pulls/{number}/comments", what="review comments")
        )
        shown.reasons = _reasons(shown, pull, comments, [*_said(reviews), *inline])
    shown.outcome += _quotes([*_said(reviews), *comments], 6)
    shown.files, shown.diff = _files(files, diff=diff)
    if json_fields.count(pull, "changed_files") > len(files):
        shown.notes.append(f"{pull['changed_files']} files were changed; {len(files)} are listed")
    return shown


def _opened(item: Json, kind: str, state: str, said: Sequence[Json]) -> Shown:
    title, body, url = (json_fields.text_at(item, name) for name in ("title", "body", "html_url"))
    everything = "\n".join([title, body, *(json_fields.text_at(s, "body") for s in said)])
    date = json_fields.text_at(item, "closed_at") or json_fields.text_at(item, "created_at")
    told = {"state": state, "date": date, "claims": claims.claims_in(everything, 6)}
    finding = findings.made(names.of_html(url), kind, title, url, **told)
    labels = [
        printable.one_line(json_fields.text_at(label, "name"), 60) for label in json_fields.values_at(item, "labels")
    ]
    return Shown(finding, _who(item), labels, _tidy(body))


def _commit(api: Api, name: Name, *, diff: bool) -> Shown:
    path = f"/repos/{name.full}/commits/{name.sha}"
    found = api.one(path, "/repos/{repo}/commits/{sha}", what=f"commit {name.sha[:12]} in {name.full}")
    message, url = json_fields.text_at(found, "commit", "message"), json_fields.text_at(found, "html_url")
    title, _, body = message.partition("\n")
    date = json_fields.text_at(found, "commit", "author", "date")
    told = {"state": "commit", "date": date, "claims": claims.claims_in(message, 6)}
    finding = findings.made(names.of_html(url), "commit", title, url, **told)
    files, patch = _files(json_fields.items(found.get("files")), diff=diff)
    author = printable.one_line(json_fields.text_at(found, "commit", "author", "name"), 60)
    return Shown(finding, author, [], _tidy(body), files=files, diff=patch)


def _files(files: Sequence[Json], *, diff: bool) -> tuple[list[str], str]:
    rows = [
        f"{printable.one_line(json_fields.text_at(f, 'filename'), 150)} +{json_fields.count(f, 'additions')} "
        f"-{json_fields.count(f, 'deletions')} {json_fields.text_at(f, 'status')}"
        for f in files
    ]
    if not diff:
        return rows, ""
    parts = []
    for f in files:
        patch = (
            json_fields.text_at(f, "patch") or "(the service gives no patch of this file: it is binary, or too large)"
        )
        parts.append(f"--- {printable.one_line(json_fields.text_at(f, 'filename'), 150)}\n{printable.prose(patch)}")
    return rows, "\n".join(parts)


def _reasons(shown: Shown, pull: Json, comments: Sequence[Json], reviews: Sequence[Json]) -> list[str]:
    """Return what was said that looks like the reason: by maintainers, around the closing, in words of refusal."""
    labels = [
        f"label {label}"
        for label in shown.labels
        if re.search(r"wont|won't|stale|duplic|invalid|reject|declin", label, re.IGNORECASE)
    ]
    said = [*comments, *reviews]
    closing = json_fields.text_at(pull, "closed_at")

    def weight(entry: Json) -> float:
        when = json_fields.text_at(entry, "created_at") or json_fields.text_at(entry, "submitted_at")
        near = 2.0 if when and closing and when[:10] == closing[:10] else 0.0
        hits = len({match.casefold() for match in _REASON.findall(json_fields.text_at(entry, "body"))})
        asked = 2.0 if json_fields.text_at(entry, "state") == "CHANGES_REQUESTED" else 0.0
        return (2.0 if json_fields.text_at(entry, "author_association") in _TEAM else 0.0) + near + asked + min(hits, 4)

    likely = sorted((s for s in said if weight(s) >= 3.0), key=weight, reverse=True)[:4]
    return [*labels, *(_quote(entry) for entry in likely)]


def _quotes(said: Iterable[Json], most: int) -> list[str]:
    """Return what was said, the project's own people and measured claims first."""
    ranked = sorted(
        said,
        key=lambda s: (
            -len(claims.claims_in(json_fields.text_at(s, "body"))),
            json_fields.text_at(s, "author_association") not in _TEAM,
        ),
    )
    return [_quote(entry) for entry in ranked[:most]]


def _quote(entry: Json) -> str:
    role = json_fields.text_at(entry, "author_association").lower()
    when = (json_fields.text_at(entry, "created_at") or json_fields.text_at(entry, "submitted_at"))[:10]
    body = "\n".join(row for row in json_fields.text_at(entry, "body").splitlines() if not row.lstrip().startswith(">"))
    return f"{_who(entry)}{f' ({role})' if role not in ('', 'none') else ''} {when}: {printable.one_line(body, 400)}"


def _said(entries: Iterable[Json]) -> list[Json]:
    """Return those that say something and are of people."""
    return [
        e
        for e in entries
        if json_fields.text_at(e, "body").strip()
        and json_fields.text_at(e, "user", "type") != "Bot"
        and not _who(e).endswith("[bot]")
    ]


def _who(item: Json) -> str:
    return printable.one_line(json_fields.text_at(item, "user", "login"), 60) or "somebody who has left"


def _tidy(body: str) -> str:
    """Return a description without the template's comments, clean."""
    return re.sub(r"\n{3,}", "\n\n", untrusted.uncommented(printable.prose(body[:100_000]))).strip()


def shown_text(shown: Shown, *, full: bool) -> str:
    """Return it as text for an agent: the facts, then everything from outside in one fence."""
    f = shown.finding
    facts = [" · ".join(dict.fromkeys((f.id, f.kind, f.state, f.date))), *([f.url] if f.url else [])]
    parts = [f.title, f"by {shown.author}" + (f" · labels {', '.join(shown.labels)}" if shown.labels else "")]
    parts += [f"claims: {' | '.join(repr(c) for c in f.claims)}"] if f.claims else []
    if shown.reasons:
        parts += ["why it was rejected, as far as was said:", *(f"  - {r}" for r in shown.reasons)]
    elif f.state == "rejected":
        parts += ["why it was rejected was not said in a way that can be told here; read the comments"]
    parts += ["description:", _cut(shown.body or "(none)", 10**9 if full else 2_000)]
    parts += [f"- {row}" for row in shown.outcome if row not in shown.reasons]
    listed = shown.files if full else shown.files[:20]
    parts += [f"files ({len(shown.files)}):", *(f"  {row}" for row in listed)] if listed else []
    room = 10**9 if full else findings.FENCED_CHARACTERS
    body = _cut("\n".join(parts), room // 2 if shown.diff else room)
    if shown.diff:
        body += "\ndiff:\n" + _cut(shown.diff, room - len(body))
    notes = [f"note: {note}" for note in shown.notes]
    return "\n".join([*facts, *notes, untrusted.WARNING, untrusted.fence(body, f.id)])


def _cut(text: str, most: int) -> str:
    return (
        text
        if len(text) <= most
        else text[:most].rsplit("\n", 1)[0] + f"\n... cut here of {len(text):,} characters: --full shows all"
    )
