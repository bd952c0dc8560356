"""The fields of GitHub's answers that we use, in one place: a service that changes them is noticed.

Paths are of JSON: `items[].title` is the title of each item. A field may be null; only an optional one may be
absent. Written from docs.github.com/rest, version 2022-11-28.
"""

from collections.abc import Iterator
from typing import Any

from helpers import console

_ISSUE = (
    *("number", "title", "html_url", "state", "created_at", "closed_at", "body"),
    *("comments", "user.login", "labels[].name"),
)
_COMMIT = ("sha", "html_url", "commit.message", "commit.author.date", "parents[].sha")
_FILE = ("filename", "status", "additions", "deletions")


def _items(*names: str) -> tuple[str, ...]:
    return ("total_count", "incomplete_results", "items", *(f"items[].{name}" for name in names))


def _each(*names: str) -> tuple[str, ...]:
    return ("[]", *(f"[].{name}" for name in names))


FIELDS: dict[str, tuple[str, ...]] = {
    "/search/issues": _items("repository_url", *_ISSUE),
    "/search/issues (pull requests)": _items("repository_url", "pull_request.merged_at", *_ISSUE),
    "/search/commits": _items("repository.full_name", *_COMMIT),
    "/search/code": _items("path", "html_url", "repository.full_name"),
    "/search/repositories": _items(
        "full_name", "html_url", "description", "topics", "language", "stargazers_count", "pushed_at"
    ),
    "/repos/{repo}": ("full_name", "html_url", "description", "default_branch", "topics"),
    "/repos/{repo}/commits": _each(*_COMMIT),
    "/repos/{repo}/commits/{sha}": (*_COMMIT, "commit.author.name", "files", *(f"files[].{name}" for name in _FILE)),
    "/repos/{repo}/releases": _each("tag_name", "name", "body", "html_url", "published_at", "prerelease"),
    "/repos/{repo}/forks": _each(
        "full_name", "html_url", "owner.login", "default_branch", "pushed_at", "created_at", "stargazers_count"
    ),
    "/repos/{repo}/compare/{range}": (
        "ahead_by",
        "behind_by",
        "commits",
        *(f"commits[].{name}" for name in _COMMIT),
        "files",
        "files[].filename",
    ),
    "/repos/{repo}/pulls/{number}": (*_ISSUE, "merged_at", "changed_files", "draft"),
    "/repos/{repo}/issues/{number}": (*_ISSUE, "state_reason"),
    "/repos/{repo}/issues/{number}/comments": _each("user.login", "body", "created_at", "author_association"),
    "/repos/{repo}/pulls/{number}/reviews": _each("user.login", "body", "state", "submitted_at", "author_association"),
    "/repos/{repo}/pulls/{number}/comments": _each("user.login", "body", "created_at", "author_association"),
    "/repos/{repo}/pulls/{number}/files": _each(*_FILE),
}
"""By endpoint. Optional, used when present: files[].patch, user.type, language of a repository, and of a search
state_reason and items[].text_matches."""


OPTIONAL = (
    *("merged_at", "closed_at", "submitted_at", "published_at", "author.date", "author.name", "items[].created_at"),
    *("comments", "labels[].name", "user.login", "author_association", "state_reason", "parents[].sha", "draft"),
    *("prerelease", "incomplete_results", "description", "topics", "language", "stargazers_count", "items[].pushed_at"),
    *("behind_by", "additions", "deletions", "status", "changed_files", "[].tag_name", "body"),
)
"""How the path of a field ends whose absence costs that field; without one of the others an answer would be misread."""


def require_fields(value: Any, endpoint: str) -> list[str]:  # noqa: ANN401 - any JSON value
    """Return the optional fields of FIELDS[endpoint] that `value` lacks; raises Failure (3) for another one."""
    absent = []
    for path in FIELDS[endpoint]:
        parts = path.replace("[]", ".[]").lstrip(".").split(".")
        lacking = "it is null" if value is None else next(_lacking(value, parts), None)
        if lacking and path.endswith(OPTIONAL):
            absent.append(path)
        elif lacking:
            raise console.outside(
                f"GitHub's answer to {endpoint} lacks `{path}` ({lacking}): its interface may have changed",
                "look for a newer version of this bundle; meanwhile open the repository's web page",
            )
    return absent


def _lacking(value: Any, path: list[str]) -> Iterator[str]:  # noqa: ANN401 - any JSON value
    """Yield what is wrong along one path; null is an answer, and ends it."""
    if not path or value is None:
        return
    if path[0] == "[]":
        if not isinstance(value, list):
            yield f"it is no list but {type(value).__name__}"
            return
        for item in value:
            yield from _lacking(item, path[1:])
    elif not isinstance(value, dict):
        yield f"no object but {type(value).__name__}"
    elif path[0] not in value:
        yield f"there is {', '.join(list(value)[:6]) or 'nothing'}"
    else:
        yield from _lacking(value[path[0]], path[1:])
