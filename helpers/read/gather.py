"""One topic asked of every source, within their limits: a page of ranked leads, each with id, claim and command."""

import re
import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from helpers import console, events, files, next_step, paths, printable
from helpers.read import untrusted
from helpers.read.forge import api as forge_api
from helpers.read.forge import commits, findings, forks, git_log, in_tree, names, search
from helpers.read.forge.findings import Finding, Outcome
from helpers.read.forge.query import SearchRequest
from helpers.read.ideas import queue, worth

PAGE_CHARACTERS = 6_000
LEADS_EACH = 12
"""Leads that are taken of one source."""
REQUESTS = 14
"""To GitHub, in all; papers have their own allowance."""
PAGE = "leads.md"


@dataclass
class Gathered:
    """What each source said, and the leads of all of them, the best first."""

    topic: str
    said: list[str] = field(default_factory=list)
    leads: list[Finding] = field(default_factory=list)
    silent: bool = False
    """Whether a source did not answer: then nothing found is not nothing there."""


def gather_leads(root: Path, topic: str, *, local: bool) -> Gathered:
    """Ask every source and rank what they say; what one of them cannot say is noted and costs only that."""
    found = Gathered(topic)
    ranked: list[tuple[float, Finding]] = []
    lines = events.read_events(root)
    tried = worth.by_kind(worth.decisions(lines), queue.kind_of(root))
    share = {kind: sum(kept) / len(kept) for kind, kept in tried.items()}
    sources = [*_local(root, topic), *([] if local else _network(root, topic))]
    for name, ask in sources:
        try:
            outcome = ask()
        except (console.Failure, ImportError) as failure:
            outcome = Outcome(status="error", notes=[str(failure)])
        found.silent |= outcome.silent
        note = f" ({printable.one_line(outcome.notes[0], 90)})" if outcome.silent and outcome.notes else ""
        found.said.append(f"{name}: {len(outcome.found) or outcome.status}{note}")
        for place, lead in enumerate(outcome.found[:LEADS_EACH]):
            kind = findings.KINDS.get(lead.kind, lead.kind)
            ranked.append(((1.0 + share.get(kind, 0.0)) / (4 + place) + (0.05 if lead.claims else 0.0), lead))
    once: dict[str, Finding] = {}
    for _, lead in sorted(ranked, key=lambda pair: -pair[0]):
        once.setdefault(lead.id.casefold(), lead)
    found.leads = list(once.values())
    findings.remember(found.leads)
    return found


def page(root: Path, found: Gathered) -> str:
    """Return the page: what came of earlier ideas, what each source said, then as many leads as fit, fenced."""
    kept = worth.told(worth.decisions(events.read_events(root)), queue.kind_of(root))
    own = in_tree.benchmarks(root)
    benchmarks = f"the project's own benchmarks: {', '.join(printable.one_line(place, 60) for place in own)}"
    head = [f"leads for {found.topic!r}: {len(found.leads)}", f"asked: {' · '.join(found.said)}"]
    head += [*filter(None, [kept, benchmarks if own else ""])]
    head += ["to queue one: " + next_step.runnable("ideas.py add --from ID"), untrusted.WARNING]
    page, rows = "", list[str]()
    for number, lead in enumerate([None, *found.leads]):
        rows += [f"{number}. {_row(root, lead)}"] if lead else []
        longer = "\n".join([*head, untrusted.fence("\n".join(rows) or "(nothing)", found.topic)])
        if page and len(longer) >= PAGE_CHARACTERS:
            break
        page = longer
    return page


def leave(root: Path, text: str) -> Path:
    """Write the page into the session's state folder and return its path."""
    file = paths.state_folder(root) / PAGE
    files.replace(file, text + "\n")
    return file


def document(root: Path, found: Gathered, file: Path) -> dict[str, Any]:
    """Return everything for --json."""
    kept = ("id", "kind", "title", "state", "claims")
    leads = [{**{name: getattr(lead, name) for name in kept}, "show": show_command(root, lead)} for lead in found.leads]
    return {"topic": found.topic, "asked": found.said, "page": str(file), "warning": untrusted.WARNING, "leads": leads}


def show_command(root: Path, lead: Finding) -> str:
    """Return the command that shows a lead."""
    id_ = shlex.quote(lead.id)
    commit = next((fact.split(" ")[1] for fact in lead.facts if fact.startswith("commit ")), "")
    if any(fact.startswith("remote ") for fact in lead.facts) and "@" in lead.id:
        commit = lead.id.partition("@")[2]  # it is in the log here
    place = re.fullmatch(r"(.+):(\d+)", next(iter(lead.facts), "")) if lead.kind in ("own", "release") else None
    if place:  # it is in the tree here, or in a fetched one
        lines = f"{max(1, int(place[2]) - 5)},{int(place[2]) + 20}p"
        if commit:
            return f"git show {shlex.quote(f'{commit}:{place[1]}')} | sed -n {lines}"
        return f"sed -n {lines} {shlex.quote(next_step.path(root, place[1]))}"
    if lead.kind in ("paper", "article"):
        return f"fetch_paper.py {id_}"
    if commit or lead.id.startswith("commit:"):
        return f"search_github.py show {f'commit:{commit}' if commit else id_} --diff"
    if lead.kind in ("competitor", "release"):
        return f"search_github.py commits {id_} --perf" if lead.kind == "competitor" else f"fetch_paper.py {id_}"
    return f"search_github.py show {id_} --diff"


def _row(root: Path, lead: Finding) -> str:
    state = f" {lead.state}" if lead.state not in ("", lead.kind) else ""
    head = f"{lead.id}  {lead.kind}{state}  {lead.date[:7]}  {lead.title[:110]}"
    rows = [head.rstrip()]
    rows += [f"   claims: {lead.claims[0][:120]!r}"] if lead.claims else []
    rows += [f"   {lead.more[-1][:120]}"] if lead.state == "reverted" and lead.more else []
    return "\n".join([*rows, f"   $ {next_step.runnable(show_command(root, lead))}"])


def _local(root: Path, topic: str) -> Iterator[tuple[str, Callable[[], Outcome]]]:
    wanted = SearchRequest(topic, limit=LEADS_EACH)
    yield "commits here", lambda: git_log.search(root, "commit", wanted)
    yield "fetched forks", lambda: in_tree.ahead(root, wanted)
    yield "release notes", lambda: in_tree.releases(root, wanted)
    yield "wishes in comments", lambda: in_tree.wishes(root, wanted)


def _network(root: Path, topic: str) -> Iterator[tuple[str, Callable[[], Outcome]]]:
    """Yield the sources that need a network: papers, and GitHub where a remote is there."""
    api = forge_api.open_api("", REQUESTS, fresh=False)
    name = git_log.origin_on(root, names.web_host(api.base))
    wanted = SearchRequest(topic, limit=LEADS_EACH)
    yield "papers", lambda: _papers(topic)
    if name is None:
        return
    yield "pull requests", lambda: search.issues(api, name, "pr", wanted)
    yield "issues", lambda: search.issues(api, name, "issue", wanted)
    yield "releases", lambda: commits.releases(api, name, wanted)
    yield "similar projects", lambda: search.similar(api, name, SearchRequest(limit=LEADS_EACH, any_language=True))
    yield "forks", lambda: forks.search_forks(api, name, SearchRequest(limit=LEADS_EACH))


def _papers(topic: str) -> Outcome:
    from helpers.read.papers import listing
    from helpers.read.papers import search as papers
    from helpers.read.papers.query import Question

    question = Question(topic.replace(" OR ", " "), limit=LEADS_EACH)
    asked, _ = papers.ask(question, listing.sources(None, question), most=6, fresh=False)
    found = papers.merged(question, asked)
    silent = [papers.summary(source) for source in asked if source.silent]
    leads = [findings.made(p.id, "paper", p.title, p.url, date=str(p.year or ""), claims=[]) for p in found]
    return Outcome(leads, status="ok" if found else "error" if silent else "empty", notes=silent)


def asked_web(root: Path) -> bool:
    """Whether the session's agreement lets the web be asked."""
    configs: Sequence[events.Config] = [line for line in events.read_events(root) if isinstance(line, events.Config)]
    return not configs or configs[-1].web != "no"
