"""Forks that are truly ahead: commits of their own, on source files, not only a copy that was pushed to once.

A fork of the project is a change that somebody needed and did not, or could not, bring back: the published run gained
more from forks than from papers. Costs one request for the list and one for each fork compared.
"""

import contextlib
import math
import re
import time
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from helpers import console, json_fields, printable
from helpers.json_fields import Json
from helpers.read.forge import claims, findings, history, names
from helpers.read.forge.api import Api, Missing
from helpers.read.forge.findings import Finding, Outcome
from helpers.read.forge.names import Name
from helpers.read.forge.query import SearchRequest
from helpers.read.forge.search import repository

COMPARED = 10
"""Forks compared without a token: with the list that makes 11 of the 60 requests an hour."""
COMPARED_TOKEN = 30
_NO_SOURCE = re.compile(
    r"(^|/)(\.github|\.gitlab|\.circleci|docs?|doc|examples?|website|i18n|locales?)/|"
    r"\.(md|rst|txt|adoc|ya?ml|json|toml|lock|cfg|ini|svg|png|jpe?g|gif|ico|csv|html?|css|po|pdf)$|"
    r"(^|/)(LICENSE|NOTICE|AUTHORS|CODEOWNERS|CHANGELOG|Dockerfile|\.git\w+|\.editorconfig)[^/]*$",
    re.IGNORECASE,
)


def search_forks(api: Api, name: Name, wanted: SearchRequest) -> Outcome:
    """List the forks, compare the most promising with upstream and return those that are ahead."""
    outcome = Outcome()
    listed = outcome.tried(_listed, api, name, wanted, outcome) or []
    alive = [f for f in listed if json_fields.text_at(f, "pushed_at") > json_fields.text_at(f, "created_at")]
    alive.sort(key=lambda f: json_fields.text_at(f, "pushed_at"), reverse=True)
    alive = [f for f in alive if json_fields.text_at(f, "pushed_at")[:4] >= str(wanted.since or "")]
    outcome.total = len(listed)
    branches = Counter(
        json_fields.text_at(f, "default_branch") for f in listed if json_fields.text_at(f, "default_branch")
    )
    base = branches.most_common(1)[0][0] if branches else "main"
    _compare(api, name, base, alive[: max(1, api.budget.left)], outcome)
    if len(listed) > len(alive):
        outcome.notes.append(
            f"{len(listed) - len(alive)} of {len(listed)} forks were never pushed to, or not since the year asked for"
        )
    return findings.cut(outcome, wanted.limit)


def _listed(api: Api, name: Name, wanted: SearchRequest, outcome: Outcome) -> list[dict[str, Any]]:
    """Return the forks by stars, and with a token the newest too. REST cannot sort them by push date."""
    orders = [("stargazers", wanted.pages), *([("newest", 1)] if api.token else [])]
    found: dict[str, dict[str, Any]] = {}
    for sort, pages in orders:
        path, what = f"/repos/{name.full}/forks", f"repository {name.full}"
        for page in api.pages(path, "/repos/{repo}/forks", {"sort": sort}, what=what, most=pages):
            found.update({json_fields.text_at(fork, "full_name"): fork for fork in page})
            if sort == "stargazers" and len(page) == 100 and pages == 1:
                outcome.notes.append("there are more forks than the 100 most starred that were looked at: --pages N")
    return list(found.values())


def _compare(api: Api, name: Name, base: str, some: Sequence[Json], outcome: Outcome) -> None:
    """Compare each with upstream; stop, and say so, when the service or the allowance does not let us go on."""
    looked = even = gone = 0
    true = ""
    for fork in some:
        answer: dict[str, Any] | None = {}
        try:
            answer = outcome.tried(_ahead, api, name, base, fork)
        except Missing:
            if not true:  # the branch that most forks have need not be upstream's
                true = json_fields.text_at(outcome.tried(repository, api, name), "default_branch") or base
            with contextlib.suppress(Missing):
                answer = outcome.tried(_ahead, api, name, true, fork) if true != base else {}
            base = true
        except console.Failure as failure:  # one that is too large, blocked or odd is not the end of the others
            outcome.say(failure.message)
        if answer is None:
            break
        looked += 1
        gone += not answer
        finding = _finding(fork, answer) if answer else None
        even += bool(answer) and finding is None
        outcome.found += [finding] if finding else []
    if gone and gone == looked:
        outcome.status = "error"
    said = f"compared {looked - gone} of {len(some)} forks that were pushed to: {len(outcome.found)} ahead"
    if even:
        said += f", {even} with nothing of their own on their default branch"
    outcome.say(said + (f"; {gone} could not be compared" if gone else ""))


def _ahead(api: Api, name: Name, base: str, fork: Json) -> dict[str, Any]:
    head = f"{json_fields.text_at(fork, 'owner', 'login')}:{json_fields.text_at(fork, 'default_branch')}"
    ends = f"{quote(base, safe='', errors='replace')}...{quote(head, safe=':', errors='replace')}"
    path = f"/repos/{name.full}/compare/{ends}"
    return api.one(
        path,
        "/repos/{repo}/compare/{range}",
        {"per_page": "100"},
        what=f"comparison with {printable.one_line(head, 120)}",
    )


def _finding(fork: Json, answer: Json) -> Finding | None:
    """Return a fork that is ahead with work of its own: commits apart from merges of upstream."""
    ahead = json_fields.count(answer, "ahead_by")
    listed = json_fields.values_at(answer, "commits")
    plain = [c for c in listed if isinstance(c, dict) and len(json_fields.values_at(c, "parents")) < 2]
    own = [c for c in plain if not history.is_ours(json_fields.text_at(c, "commit", "message"))]
    if not ahead or not own:
        return None
    files = [json_fields.text_at(f, "filename") for f in json_fields.values_at(answer, "files")]
    source = [f for f in files if not _NO_SOURCE.search(f)]
    messages = [json_fields.text_at(c, "commit", "message") for c in own]
    titles = [m.partition("\n")[0] for m in messages]
    claimed = claims.claims_in("\n".join(messages))
    newest = max((json_fields.text_at(c, "commit", "author", "date") for c in own), default="")
    stars = json_fields.count(fork, "stargazers_count")
    about = sum(bool(claims.speed_words(t)) for t in titles)
    weight = (2.0 * math.log2(1 + len(own)) if source else 0.0) + 3.0 * len(claimed) + 2.0 * min(about, 5)
    weight += math.log10(1 + stars) * 2 - _years(newest)
    url = json_fields.text_at(fork, "html_url")
    worth = [claims.worth(title, message) for title, message in zip(titles, messages, strict=True)]
    order = sorted(range(len(own)), key=lambda i: (-worth[i], -i))
    full = json_fields.text_at(fork, "full_name")
    lines = [f"{full}@{json_fields.text_at(own[i], 'sha')[:12]} {titles[i]}" for i in order[:6]]
    facts = [
        f"{ahead} ahead",
        f"{json_fields.count(answer, 'behind_by')} behind",
        f"{len(source)} source files of {len(files)}",
        f"{stars:,} stars",
        f"only the oldest {len(listed)} commits read" if ahead > len(listed) else "",
    ]
    head = names.of_html(json_fields.text_at(own[-1], "html_url"))
    title = f"fork {full}: {titles[order[0]]}"
    told = {"state": "fork", "date": newest, "facts": facts, "claims": claimed, "more": lines, "weight": weight}
    return findings.made(head, "fork", title, url, **told)


def _years(date: str) -> float:
    """Return how many years ago a date was, at most 10; 10 when it cannot be read."""
    try:
        when = datetime.strptime(date[:10] + "+0000", "%Y-%m-%d%z").timestamp()
    except ValueError:
        return 10.0
    return round(min(10.0, max(0.0, (time.time() - when) / 31_557_600)), 1)
