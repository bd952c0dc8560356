"""Each state of a session or an experiment, with the command that it asks for."""

from dataclasses import dataclass

from helpers import next_step, printable

SESSION = {
    "none": "start_session.py --goal faster --metric time_s --unit s --direction lower  # this begins a session",
    "unlocked": "start_session.py --lock  # once both scripts were run by hand, and compare.py --calibrate is content",
    "lock failed": "{instead}  # {why}",
    "elsewhere": "git switch {branch}  # the session's branch; what is yours stays as it is",
    "protected": "{back}  # changed since the lock, and nothing can be kept until it is as it was{again}",
    "moved": "{way}  # {what}",
    "ended": "collect_results.py",
    "running": "collect_results.py --wait 600",
    "comparing": "compare.py {name}  # under way: this follows it; to end it: submit_experiment.py {name} --cancel",
    "ending": "finish_session.py  # broken off while it compares the whole: this follows it, to the end of the session",
    "environment": "submit_experiment.py {name}  # when the environment is repaired: it runs the baseline first",
    "workers lost": "{way}  # no worker is left for the jobs that wait",
    "stranded": "submit_experiment.py {name} --cancel  # no worker is left for it, and {why}: another costs more",
    "costs on": "workers.py stop --all  # {why}, and they cost on; this machine costs nothing",
    "whole": "finish_session.py  # {why}: the whole against the first baseline, the report, the person's branch back",
    "spent": "{way}",
    "left": "finish_session.py  # closed, and the work tree still on its branch: the report, and {why} again",
    "closed": "render_report.py  # the session is closed: {why}; tell the person what was found",
    "plateau": "suggest_next.py --price {margin}  # none of the last {count} was kept: is another one worth {worth}?",
    "begun": "submit_experiment.py {name} {said}  # change {copy} first, or: snapshot_workdir.py prune --force {name}",
    "no ideas": 'search_github.py prs --local; ideas.py add "..."  # none is open: profile, read, queue what you find',
    "free": "snapshot_workdir.py create {name}  # for {idea}",
}
"""State of a session to what it asks for, in the order in which they are looked for."""
EXPERIMENT = {
    "improved": 'record_result.py keep {name} --problem "..." --solution "..."{reviewed}  # once its diff is read',
    "doubted": "{do}  # {why}",
    "promising": "compare.py {name}",
    "unclear": "compare.py {name}  # its screen could not tell: {why}",
    "stale": "compare.py {name}  # screened against an older baseline: this merges it onto the current one",
    "uncommitted": "git add -- {files} && git commit -m 'what {name} needs'  # {name} lacks these; then {adopt}",
    "gone": 'record_result.py discard {name} --why "its content is gone"  # neither sealed nor in a copy any more',
    "conflicts": 'record_result.py discard {name} --why "conflicts with what was kept since"  # in {why}; '
    "to make it again on top: snapshot_workdir.py create {new}",
    "broken off": "{again}  # no verdict: {why}",
    "nothing learned": "submit_experiment.py {name}  # {why}: nothing was learned of it",
    "never run": "submit_experiment.py {name}  # sealed, and neither run nor decided",
    "refused": 'record_result.py discard {name} --why "the policy refuses it"  # {why}; '
    "without it: submit_experiment.py {name}",
    "too late": 'record_result.py discard {name} --why "the budget was spent before it ran"  # {why}',
    "undecided": "{again}{pairs}  # {why}",
    "undecidable": 'record_result.py discard {name} --why "{cause}"  # {why}',
    "slower": 'record_result.py discard {name} --why "..."  # its screen lies below the margin',
    "no gain": 'record_result.py discard {name} --why "..."  # {why}',
    "checks failed": 'record_result.py discard {name} --why "..."  # its checks failed; why: {look}',
    "crashed": 'record_result.py crash {name} --why "..."  # why: {look}',
    "cancelled": "{again}  # cancelled, {why}; or, if it is given up: "
    'record_result.py discard {name} --why "cancelled"',
}
"""State of an experiment that waits for a decision to what it asks for, the most urgent first."""
MERGED = (
    "doubted",
    "promising",
    "unclear",
    "stale",
    "broken off",
    "nothing learned",
    "never run",
    "undecided",
    "cancelled",
)
"""Those whose command merges the change onto the current baseline."""


@dataclass(frozen=True)
class Step:
    """A state of the tables above, and what its command is filled in with."""

    state: str
    words: dict[str, str]

    @property
    def command(self) -> str:
        """The step as status.py prints it, to be pasted."""
        template = SESSION.get(self.state) or EXPERIMENT[self.state]
        why = printable.one_line(self.words.get("why", ""))  # the program's own words among them: no line of a shell
        return next_step.runnable(template.format(**{**self.words, "why": why}))
