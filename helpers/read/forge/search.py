"""Pull requests, issues and code by GitHub's own search, ranked by what their text says about performance."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from helpers import console, json_fields
from helpers.json_fields import Json
from helpers.read.forge import claims, findings, names, query, token
from helpers.read.forge.api import PAGE, Api, Unprocessable
from helpers.read.forge.findings import Finding, Outcome
from helpers.read.forge.names import Name
from helpers.read.forge.query import SearchRequest

_TEXT_MATCH = "application/vnd.github.text-match+json"


def repository(api: Api, name: Name) -> dict[str, Any]:
    """Return what the service says of a repository; raises Failure (2) when it is not there."""
    return api.one(f"/repos/{name.full}", "/repos/{repo}", what=f"repository {name.full}")


def issues(api: Api, name: Name, kind: str, wanted: SearchRequest) -> Outcome:
    """Search the pull requests (`kind` pr) or issues (issue) of a repository."""
    endpoint = "/search/issues" + (" (pull requests)" if kind == "pr" and wanted.state == "all" else "")

    def answered(question: str, outcome: Outcome) -> list[dict[str, Any]]:
        try:
            return pages(api, "issues", {"q": question, "advanced_search": "true"}, wanted.pages, outcome, endpoint)
        except Unprocessable:  # servers of before 2025 know no brackets; a repository that is not there says the same
            simple = query.without_brackets(question)
            if simple == question:
                raise
            return pages(api, "issues", {"q": simple}, wanted.pages, outcome, endpoint)

    def ask(here: Name, outcome: Outcome) -> None:
        for question in query.issues(here.full, kind, wanted):
            if outcome.silent:
                break
            for item in answered(question, outcome):
                if is_same(here, json_fields.text_at(item, "repository_url").rpartition("/repos/")[2]):
                    outcome.found.append(_issue(item, kind, wanted, len(outcome.found)))

    return findings.cut(searched(api, name, ask), wanted.limit)


def searched(api: Api, name: Name, ask: Callable[[Name, Outcome], None]) -> Outcome:
    """Ask.

    Where nothing comes back, see whether the repository is there at all or has another name now, and ask again.
    """
    outcome = Outcome()
    try:
        ask(name, outcome)
        refused = None
    except Unprocessable as failure:
        refused = failure
    if outcome.found or outcome.silent:
        return outcome
    now = _current(api, name, outcome)
    if now and now != name:
        outcome.notes.append(f"{name.full} is now {now.full}")
        ask(now, outcome)
    elif refused and outcome.status == "empty":
        raise refused
    return outcome


def _current(api: Api, name: Name, outcome: Outcome) -> Name | None:
    """Return the repository's name of today: the service leads on from an old one."""
    found = outcome.tried(repository, api, name)
    if found is None:
        return None
    full = json_fields.text_at(found, "full_name")
    try:
        return name if is_same(name, full) else names.parse_name(full)
    except console.Failure:
        raise console.outside(f"{api.host} names {name.full} oddly: {full!r:.100}", "open its web page") from None


def pages(
    api: Api, kind: str, params: Mapping[str, str], most: int, outcome: Outcome, endpoint: str = "", accept: str = ""
) -> list[dict[str, Any]]:
    """Return the items of up to `most` pages.

    One that is empty though more was announced is said, not taken for the end.
    """
    items: list[dict[str, Any]] = []
    for page in range(1, most + 1):
        asked = {**params, "per_page": str(PAGE), **({"page": str(page)} if page > 1 else {})}
        answer = outcome.tried(api.search, kind, endpoint or f"/search/{kind}", asked, accept=accept)
        if answer is None:
            break
        total = json_fields.count(answer, "total_count")
        got = [item for item in json_fields.values_at(answer, "items") if isinstance(item, dict)]
        outcome.total = max(outcome.total, total)
        if answer.get("incomplete_results"):
            outcome.incomplete = True
            outcome.say("the service ran out of time (incomplete_results): there may be more")
        items += got
        if not got and total > (page - 1) * PAGE:
            outcome.incomplete = True
            outcome.status = "error" if not items else outcome.status
            outcome.say(f"page {page} came empty though {total:,} results were announced; ask again with --no-cache")
        if page * PAGE >= min(total, 1_000):
            break
    return items


def _issue(item: Json, kind: str, wanted: SearchRequest, place: int) -> Finding:
    title, body, url = (json_fields.text_at(item, name) for name in ("title", "body", "html_url"))
    claimed = claims.claims_in(f"{title}\n{body}")
    state = json_fields.text_at(item, "state")
    if kind == "pr" and state == "closed":
        told = wanted.state != "all" or "merged_at" in json_fields.mapping(item.get("pull_request"))
        merged = wanted.state == "merged" or json_fields.text_at(item, "pull_request", "merged_at")
        state = ("merged" if merged else "rejected") if told else "closed, merged or not"
    elif item.get("state_reason") == "not_planned":
        state = "closed, not planned"
    labels = [json_fields.text_at(label, "name") for label in json_fields.values_at(item, "labels")]
    comments = json_fields.count(item, "comments")
    bot = json_fields.text_at(item, "user", "type") == "Bot" or json_fields.text_at(item, "user", "login").endswith(
        "[bot]"
    )
    weight = claims.weight(title, claims.speed_words(f"{title}\n{body}"), claimed) + min(comments, 20) / 20
    weight += 2.0 if any(claims.speed_words(label) for label in labels) else 0.0
    if not wanted.by_performance:  # then the service's own order, by how well it matches, counts too
        weight += max(0.0, 5.0 - place / 20)
    about = claims.speed_words(f"{title}\n{body}")[:6]
    facts = [
        f"labels {', '.join(labels[:5])}" if labels else "",
        f"{comments} comments" if comments else "",
        f"words {', '.join(about)}" if about else "",
    ]
    date = json_fields.text_at(item, "closed_at") or json_fields.text_at(item, "created_at")
    shown = {"state": state, "date": date, "facts": facts, "claims": claimed, "weight": weight - (6.0 if bot else 0.0)}
    return findings.made(names.of_html(url), kind, title, url, **shown)


def code(api: Api, name: Name | None, wanted: SearchRequest, language: str) -> Outcome:
    """Search the text of files, in one repository or in all; the service wants a token for it."""
    if not api.token:
        raise console.usage("GitHub searches code only for those who have a token", token.advice(api.base))
    question = (
        wanted.words.strip() + (f" repo:{name.full}" if name else "") + (f" language:{language}" if language else "")
    )
    outcome = Outcome()
    for item in pages(api, "code", {"q": question}, wanted.pages, outcome, accept=_TEXT_MATCH):
        url, where = json_fields.text_at(item, "html_url"), json_fields.text_at(item, "repository", "full_name")
        lines = [json_fields.text_at(match, "fragment") for match in json_fields.values_at(item, "text_matches")]
        title, place = f"{where}: {json_fields.text_at(item, 'path')}", -len(outcome.found)
        outcome.found.append(findings.made(names.of_html(url), "code", title, url, more=lines[:2], weight=place))
    return findings.cut(outcome, wanted.limit)


def similar(api: Api, name: Name, wanted: SearchRequest) -> Outcome:
    """Find repositories that share topics and language with this one, the most starred first."""
    own = repository(api, name)
    topics = [
        t for t in json_fields.values_at(own, "topics") if isinstance(t, str) and re.fullmatch(r"[a-z0-9-]{1,50}", t)
    ][:20]
    language = json_fields.text_at(own, "language")
    by = [f"topic:{topic}" for topic in topics[:4]] or [
        " ".join(re.findall(r"[A-Za-z0-9]{3,30}", json_fields.text_at(own, "description"))[:6])
    ]
    tail = f"{' ' + wanted.words.strip() if wanted.words.strip() else ''} archived:false"
    tail += f' language:"{language}"' if language and '"' not in language and not wanted.any_language else ""
    outcome = Outcome()
    if not topics:
        outcome.notes.append(f"{name.full} names no topics: searched by the words of its description")
    now = json_fields.text_at(own, "full_name").casefold()
    for part in by:
        if outcome.silent or not part:
            break
        params = {"q": f"{part}{tail}", "sort": "stars", "order": "desc"}
        for item in pages(api, "repositories", params, wanted.pages, outcome):
            if json_fields.text_at(item, "full_name").casefold() not in (now, name.full.casefold()):
                outcome.found.append(_sibling(item, set(topics)))
    return findings.cut(outcome, wanted.limit)


def _sibling(item: Json, topics: set[str]) -> Finding:
    import math

    shared = sorted(topics & {t for t in json_fields.values_at(item, "topics") if isinstance(t, str)})
    stars = json_fields.count(item, "stargazers_count")
    about, url = json_fields.text_at(item, "description"), json_fields.text_at(item, "html_url")
    facts = [
        f"{stars:,} stars",
        json_fields.text_at(item, "language"),
        f"shares {', '.join(shared)}" if shared else "",
        f"words {', '.join(claims.speed_words(about)[:4])}" if claims.speed_words(about) else "",
    ]
    weight = 3.0 * len(shared) + math.log10(1 + stars) + len(claims.speed_words(about))
    told = {"state": "active", "date": json_fields.text_at(item, "pushed_at"), "facts": facts, "weight": weight}
    title = about or json_fields.text_at(item, "full_name")
    return findings.made(names.of_html(url), "competitor", title, url, claims=claims.claims_in(about), **told)


def is_same(name: Name, full: str) -> bool:
    """Whether OWNER/REPO as the service writes it is this repository: case does not count."""
    return name.full.casefold() == full.casefold()
