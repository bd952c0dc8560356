"""The shapes in which GitHub's REST API answers, written from its documentation (docs.github.com/rest, 2022-11-28).

One function an endpoint. Values are made up; fields that nobody here reads stand in for the many more of the real ones.
"""

import json
import time

from paper_services import script
from werkzeug import Response

WEB = "https://github.com"
REPO = "acme/widget"
SHA = "6dcb09b5b57875f334f61aebed695e2e4193db5e"


def user(login="ada", kind="User"):
    """A simple user."""
    return {
        "login": login,
        "id": 1,
        "node_id": "MDQ6VXNlcjE=",
        "html_url": f"{WEB}/{login}",
        "type": kind,
        "site_admin": False,
    }


def issue(
    number=12,
    title="Make lookups 2.3x faster",
    *,
    repo=REPO,
    state="closed",
    merged="2021-03-04T05:06:07Z",
    pull=True,
    **changes,
):
    """One item of /search/issues, and the body of /repos/{repo}/issues/{number}."""
    item = {
        "url": f"https://api.github.com/repos/{repo}/issues/{number}",
        "repository_url": f"https://api.github.com/repos/{repo}",
        "html_url": f"{WEB}/{repo}/{'pull' if pull else 'issues'}/{number}",
        "id": 35802 + number,
        "node_id": "MDU6SXNzdWUzNTgwMg==",
        "number": number,
        "title": title,
        "user": user(),
        "labels": [{"id": 4, "node_id": "MDU6TGFiZWw0", "name": "performance", "color": "ff0000", "default": False}],
        "state": state,
        "state_reason": None,
        "locked": False,
        "assignee": None,
        "comments": 3,
        "created_at": "2021-02-01T00:00:00Z",
        "updated_at": "2021-03-04T05:06:07Z",
        "closed_at": "2021-03-04T05:06:07Z" if state == "closed" else None,
        "author_association": "CONTRIBUTOR",
        "body": "Replaces the list by a table.\n\nBenchmark: from 12 ms to 4 ms on the large input.",
        "score": 1.0,
    }
    if pull:
        item["pull_request"] = {
            "url": f"https://api.github.com/repos/{repo}/pulls/{number}",
            "html_url": item["html_url"],
            "diff_url": item["html_url"] + ".diff",
            "patch_url": item["html_url"] + ".patch",
            "merged_at": merged,
        }
    return {**item, **changes}


def search(*items, total=None, incomplete=False):
    """A page of any of the searches."""
    return {
        "total_count": len(items) if total is None else total,
        "incomplete_results": incomplete,
        "items": list(items),
    }


def commit(sha=SHA, message="Speed up parsing by 15%", *, repo=REPO, parents=1, date="2023-05-06T07:08:09Z", **changes):
    """A commit of /repos/{repo}/commits, of a comparison, or an item of /search/commits."""
    item = {
        "url": f"https://api.github.com/repos/{repo}/commits/{sha}",
        "sha": sha,
        "node_id": "MDY6Q29tbWl0",
        "html_url": f"{WEB}/{repo}/commit/{sha}",
        "commit": {
            "url": f"https://api.github.com/repos/{repo}/git/commits/{sha}",
            "author": {"name": "Ada", "email": "ada@example.org", "date": date},
            "committer": {"name": "Ada", "email": "ada@example.org", "date": date},
            "message": message,
            "tree": {"sha": "0" * 40, "url": "https://api.github.com/"},
            "comment_count": 0,
        },
        "author": user(),
        "committer": user(),
        "parents": [{"sha": "1" * 40, "url": "https://api.github.com/", "html_url": WEB} for _ in range(parents)],
    }
    return {**item, **changes}


def found_commit(**more):
    """An item of /search/commits: with the repository that it is of."""
    repo = more.get("repo", REPO)
    return {**commit(**more), "repository": repository(repo), "score": 1.0}


def repository(full=REPO, *, stars=80, **changes):
    """/repos/{repo}, an item of /search/repositories or of /repos/{repo}/forks."""
    owner, _, name = full.partition("/")
    item = {
        "id": 1296269,
        "node_id": "MDEwOlJlcG9zaXRvcnkxMjk2MjY5",
        "name": name,
        "full_name": full,
        "owner": user(owner),
        "private": False,
        "html_url": f"{WEB}/{full}",
        "description": "A fast key-value store",
        "fork": False,
        "url": f"https://api.github.com/repos/{full}",
        "language": "C",
        "forks_count": 9,
        "stargazers_count": stars,
        "default_branch": "main",
        "topics": ["database", "key-value"],
        "archived": False,
        "visibility": "public",
        "pushed_at": "2024-01-26T19:06:43Z",
        "created_at": "2011-01-26T19:01:12Z",
        "updated_at": "2024-01-26T19:14:43Z",
    }
    return {**item, **changes}


def fork(owner, *, stars=5, pushed="2024-06-01T00:00:00Z", created="2022-01-01T00:00:00Z", branch="main"):
    """An item of /repos/{repo}/forks."""
    return repository(
        f"{owner}/widget", stars=stars, fork=True, pushed_at=pushed, created_at=created, default_branch=branch
    )


def file(name="src/table.c", **changes):
    """An item of /repos/{repo}/pulls/{number}/files, also of a commit's and of a comparison's `files`."""
    item = {
        "sha": "bbcd538c8e72b8c175046e27cc8f907076331401",
        "filename": name,
        "status": "modified",
        "additions": 10,
        "deletions": 3,
        "changes": 13,
        "blob_url": WEB,
        "raw_url": WEB,
        "contents_url": WEB,
        "patch": "@@ -1,3 +1,10 @@\n-slow();\n+fast();",
    }
    return {**item, **changes}


def comparison(*commits, ahead=None, behind=4, files=None):
    """/repos/{repo}/compare/{range}."""
    ahead = len(commits) if ahead is None else ahead
    return {
        "url": "https://api.github.com/",
        "html_url": WEB,
        "permalink_url": WEB,
        "base_commit": commit(),
        "merge_base_commit": commit(),
        "status": "diverged" if ahead else "behind",
        "ahead_by": ahead,
        "behind_by": behind,
        "total_commits": ahead,
        "commits": list(commits),
        "files": [file()] if files is None else files,
    }


def pull(number=12, *, state="closed", merged=None, **changes):
    """/repos/{repo}/pulls/{number}."""
    item = issue(number, state=state)
    del item["pull_request"], item["score"], item["repository_url"], item["state_reason"]
    more = {
        "draft": False,
        "merged_at": merged,
        "merged": bool(merged),
        "merge_commit_sha": SHA,
        "mergeable": None,
        "merged_by": None,
        "head": {"label": "ada:fast", "ref": "fast", "sha": SHA},
        "base": {"label": "acme:main", "ref": "main", "sha": SHA},
        "review_comments": 1,
        "commits": 1,
        "additions": 10,
        "deletions": 3,
        "changed_files": 2,
    }
    return {**item, **more, **changes}


def comment(body="Me too", login="bob", role="NONE", when="2021-03-01T00:00:00Z", kind="User"):
    """An item of /repos/{repo}/issues/{number}/comments, or of /repos/{repo}/pulls/{number}/comments."""
    return {
        "id": 1,
        "node_id": "MDEyOklzc3VlQ29tbWVudDE=",
        "url": "https://api.github.com/",
        "html_url": WEB,
        "body": body,
        "user": user(login, kind),
        "created_at": when,
        "updated_at": when,
        "author_association": role,
    }


def review(body="", state="APPROVED", login="eve", role="MEMBER", when="2021-03-02T00:00:00Z"):
    """An item of /repos/{repo}/pulls/{number}/reviews."""
    return {
        "id": 80,
        "node_id": "x",
        "user": user(login),
        "body": body,
        "state": state,
        "html_url": WEB,
        "pull_request_url": WEB,
        "_links": {},
        "submitted_at": when,
        "commit_id": SHA,
        "author_association": role,
    }


def release(tag="v1.2.0", body="- New icons\n- Lookups are 30% faster\n", **changes):
    """An item of /repos/{repo}/releases."""
    item = {
        "url": "https://api.github.com/",
        "html_url": f"{WEB}/{REPO}/releases/tag/{tag}",
        "id": 1,
        "node_id": "x",
        "tag_name": tag,
        "target_commitish": "main",
        "name": f"Widget {tag}",
        "body": body,
        "draft": False,
        "prerelease": False,
        "created_at": "2023-02-27T19:35:32Z",
        "published_at": "2023-02-28T19:35:32Z",
        "author": user(),
        "assets": [],
    }
    return {**item, **changes}


def found_file(path="src/hash.c", **changes):
    """An item of /search/code, with its text matches."""
    item = {
        "name": path.rpartition("/")[2],
        "path": path,
        "sha": SHA,
        "url": "https://api.github.com/",
        "git_url": "https://api.github.com/",
        "html_url": f"{WEB}/{REPO}/blob/{SHA}/{path}",
        "repository": repository(),
        "score": 1.0,
        "text_matches": [
            {
                "object_url": "https://api.github.com/",
                "property": "content",
                "fragment": "prefetch(bucket);",
                "matches": [],
            }
        ],
    }
    return {**item, **changes}


def limits(left=58, most=60, resource="core", reset=None):
    """The headers of the primary limit."""
    return {
        "X-RateLimit-Limit": str(most),
        "X-RateLimit-Remaining": str(left),
        "X-RateLimit-Used": str(most - left),
        "X-RateLimit-Reset": str(int(reset or time.time() + 1800)),
        "X-RateLimit-Resource": resource,
    }


def reply(value, status=200, **headers):
    """An answer as the service gives it."""
    return Response(json.dumps(value), status, {"Content-Type": "application/json; charset=utf-8", **headers})


def refusal(message, status, **headers):
    """An error as the service gives it."""
    return reply(
        {"message": message, "documentation_url": "https://docs.github.com/rest", "status": str(status)},
        status,
        **headers,
    )


def invalid(
    message="The listed users and repositories cannot be searched either because the resources do not exist "
    "or you do not have permission to view them.",
):
    """422 of a search."""
    body = {
        "message": "Validation Failed",
        "errors": [{"message": message, "resource": "Search", "field": "q", "code": "invalid"}],
        "documentation_url": "https://docs.github.com/v3/search/",
        "status": "422",
    }
    return reply(body, 422)


def link(base, path, *, following=0, last=0):
    """A Link header."""
    parts = [f'<{base}{path}?per_page=100&page={following}>; rel="next"'] if following else []
    parts += [f'<{base}{path}?per_page=100&page={last}>; rel="last"'] if last else []
    return {"Link": ", ".join(parts)} if parts else {}


def asking(env, cwd):
    """Return what runs search_github.py: the process, or its stdout as JSON when --json was given."""

    def run(*args, code=0, **more):
        done = script("search_github.py", *args, env={**env, **more}, cwd=cwd)
        assert "Traceback" not in done.stderr
        assert code == done.returncode, (done.returncode, done.stdout, done.stderr)
        return json.loads(done.stdout) if "--json" in args and done.stdout else done

    return run
