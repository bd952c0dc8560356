"""Commits and release notes that speak of performance, with the measured claims in them."""

import re

from helpers import json_fields
from helpers.json_fields import Json
from helpers.read.forge import claims, findings, history, matching, names, query
from helpers.read.forge.api import Api
from helpers.read.forge.findings import Finding, Outcome
from helpers.read.forge.names import Name
from helpers.read.forge.query import SearchRequest
from helpers.read.forge.search import is_same, pages, searched


def search_commits(api: Api, name: Name, wanted: SearchRequest) -> Outcome:
    """Search the commits of a repository's default branch.

    The service's commit search knows no forks and not every repository; where it finds nothing, the newest commits
    themselves are looked through.
    """

    def ask(here: Name, outcome: Outcome) -> None:
        for question in query.commits(here.full, wanted):
            if outcome.silent:
                break
            for item in pages(api, "commits", {"q": question}, wanted.pages, outcome):
                if is_same(here, json_fields.text_at(item, "repository", "full_name")):
                    _take(item, wanted, outcome)
        if not outcome.found and not outcome.silent:
            newest(api, here, wanted, outcome)

    return findings.cut(searched(api, name, ask), wanted.limit)


def newest(api: Api, name: Name, wanted: SearchRequest, outcome: Outcome) -> None:
    """Look through the newest commits for the words."""
    params = {"since": f"{wanted.since}-01-01T00:00:00Z"} if wanted.since else {}
    seen = 0

    def look() -> None:
        nonlocal seen
        path, what = f"/repos/{name.full}/commits", f"repository {name.full}"
        listed = api.pages(path, "/repos/{repo}/commits", params, what=what, most=wanted.pages)
        for page in listed:
            seen += len(page)
            for item in page:
                _take(item, wanted, outcome, must=True)

    outcome.tried(look)
    outcome.notes.append(f"the commit search found nothing; looked through the newest {seen} commits instead")


def _take(item: Json, wanted: SearchRequest, outcome: Outcome, *, must: bool = False) -> None:
    """Take a commit when it says what is wanted; `must`: the service has not looked at its words."""
    message = json_fields.text_at(item, "commit", "message")
    if history.is_ours(message) or (
        must and not wanted.by_performance and not matching.score(matching.parsed(wanted.words), message, "")
    ):
        return
    if (wanted.perf or wanted.by_performance) and not claims.speaks(message):
        return
    outcome.found.append(commit(item))


def commit(item: Json) -> Finding:
    """Return a commit as a finding."""
    message, url = json_fields.text_at(item, "commit", "message"), json_fields.text_at(item, "html_url")
    title = message.partition("\n")[0]
    about = claims.speed_words(message)[:6]
    merge = len(json_fields.values_at(item, "parents")) > 1
    facts = [f"words {', '.join(about)}" if about else "", "a merge" if merge else ""]
    told = {"date": json_fields.text_at(item, "commit", "author", "date"), "claims": claims.claims_in(message)}
    weight = claims.worth(title, message) - (1.0 if merge else 0.0)
    return findings.made(names.of_html(url), "commit", title, url, facts=facts, weight=weight, **told)


def releases(api: Api, name: Name, wanted: SearchRequest) -> Outcome:
    """Read the release notes, newest first: of each the lines that say what is wanted, or how it begins."""
    outcome = Outcome()

    def look() -> None:
        listed = api.pages(
            f"/repos/{name.full}/releases", "/repos/{repo}/releases", what=f"repository {name.full}", most=wanted.pages
        )
        for page in listed:
            outcome.total += len(page)
            for item in page:
                found = _release(item, wanted, -len(outcome.found))
                if found and json_fields.text_at(item, "published_at")[:4] >= str(wanted.since or ""):
                    outcome.found.append(found)

    outcome.tried(look)
    return findings.cut(outcome, wanted.limit)


def _release(item: Json, wanted: SearchRequest, place: int) -> Finding | None:
    rows = [re.sub(r"^[\s*#>-]+", "", row).strip() for row in json_fields.text_at(item, "body").splitlines()]
    rows = [row for row in rows if row]
    if wanted.words.strip():
        rows = [row for row in rows if matching.score(matching.parsed(wanted.words), row, "")]
    if wanted.perf:
        rows = [row for row in rows if claims.speaks(row)]
    if not rows and (wanted.perf or wanted.words.strip()):
        return None
    url = json_fields.text_at(item, "html_url")
    rows.sort(key=lambda row: -len(claims.claims_in(row)))
    title = json_fields.text_at(item, "name") or json_fields.text_at(item, "tag_name")
    state, date = "pre-release" if item.get("prerelease") else "release", json_fields.text_at(item, "published_at")
    told = {"state": state, "date": date, "more": rows[:6], "claims": claims.claims_in("\n".join(rows))}
    return findings.made(names.of_html(url), "release", title, url, weight=float(place), **told)
