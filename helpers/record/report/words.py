"""The words of a kept change and of a session: the same in a commit, in IMPROVEMENTS.md and in the terminal."""

import re
from collections import Counter

from helpers import next_step, printable
from helpers.comparison import Comparison, in_words
from helpers.record.report.experiments import OUTCOMES, Experiment
from helpers.record.report.projection import Session
from helpers.scale import Scale, with_unit

_FIELD = re.compile(
    r"(?i)\s*(measured|confirmation|medians|comparisons|holdout|screens|source|experiment|cherry picked|[\w-]+-by"
    r"|not borne out|loosened|look here|reviewed)"
    r"\b[^a-z]*:"
)


def figure(session: Session, compared: Comparison, *, alone: bool = False) -> str:
    """Return the figure of a comparison, and of all of its content unless `alone`: gain, interval, n, machine."""
    if not (found := compared.estimate if alone else session.estimate(compared)):
        return f"{compared.verdict or 'unknown'}: {compared.reason or 'no figures'}"
    shown = " (shown to lose less than the margin)" if compared.may_be_equal else ""
    return f"gain {found.words()} on {machine(session, compared)}{shown}"


def machine(session: Session, compared: Comparison) -> str:
    """Return the machine that measured."""
    host = session.hosts.get(compared.worker)
    return compared.worker + (f" ({host})" if host else "")


def confirmed(compared: Comparison) -> str:
    """Return what a second, fresh comparison said."""
    if again := compared.confirmed:
        return f"{in_words(again.verdict)} again, gain {again.words()}"
    by, sigma, gain = compared.scale, compared.sigma_pair, compared.gain or 0.0
    if not sigma:
        return "not asked for: the pairs do not scatter" if sigma == 0 else "not asked for"
    times = "" if compared.may_be_equal else f", the gain is {by.added(gain) / sigma:.1f} times that"
    return f"not asked for: pairs scatter by {by.size(sigma, 2)}{times}"


def medians(compared: Comparison, metric: str, unit: str) -> str:
    """Return the medians of both sides, and how they stand to the gain; empty without samples."""
    if compared.medians is None:
        return ""
    base, cand = (f"{value:.5g}" for value in compared.medians)
    by = compared.scale
    try:
        said = by.words(by.told(by.gains([float(base)], [float(cand)])[0]))
    except ValueError:
        said = "unknown"
    own = f"the gain is the median of each pair's own {by.kind}"
    return f"{metric} {base}{unit} -> {cand}{unit}, which is {said}; {own}"


def comparisons(exp: Experiment) -> str:
    """Return how many comparisons were made, what those said that did not decide, and the deciding one by itself.

    `Measured` is of all of them together; all other rows are of the one that decided.
    """
    rest = [part for part in exp.comparisons if part is not exp.decisive]
    others = "; ".join(f"{p.verdict_words}{f' {p.estimate.words()}' if p.estimate else ''}" for p in rest)
    own = exp.decisive.estimate if exp.decisive and exp.decisive.estimate != exp.estimate else None
    alone = f"; the one that decided, of which the other rows are: {own.words()}" if own else ""
    return f"{len(exp.comparisons)}" + (f"; the others: {others}" if others else "") + alone


def evidence(compared: Comparison) -> str:
    """Return what else had to hold: holdout, limits, checks."""
    limits = "; ".join(limit.words() for limit in compared.limit_results) or "none agreed"
    heard = compared.outputs.words() if compared.outputs else "its answers to other input were not compared"
    rest = f"checks {compared.checks or 'not run'}; {heard}"
    return f"{compared.holdout_words() or 'no holdout'}; limits: {limits}; {rest}"


def screens(exp: Experiment, by: Scale, unit: str) -> str:
    """Return the raw numbers of the screens, and no gain: a few pairs tell none. Empty where there were none."""
    values = ["unknown" if each.metric is None else with_unit(each.metric, unit) for each in exp.screens]
    return "; ".join([*(f"{by.metric}={value}" for value in values), *["screens decide nothing"] * bool(values)])


def impact(session: Session, exp: Experiment) -> list[tuple[str, str]]:
    """Return label and words of everything measured of a kept change, the same for its commit and IMPROVEMENTS.md."""
    compared, metric, unit = exp.decisive, session.metric, session.unit
    seen = [("Not borne out", exp.doubt), ("Loosened after the lock", "; ".join(exp.marks))]
    if exp.places:
        seen.append(("Look here", f"{'; '.join(exp.places)}. Reviewed: {exp.reviewed or 'nobody said'}"))
    seen = [(label, text) for label, text in seen if text]
    if compared is None:
        return [("Measured", "the journal holds no comparison of it"), *seen]
    margin = f"; margin {compared.scale.size(compared.agreed_margin, 2)}" if compared.agreed_margin else ""
    rows = [
        ("Measured", figure(session, compared) + margin),
        ("Confirmation", confirmed(compared)),
        ("Medians", medians(compared, metric, unit)),
        ("Comparisons", comparisons(exp)),
        ("Holdout", evidence(compared)),
        ("Screens", screens(exp, session.scale, unit)),
    ]
    return [*((label, text) for label, text in rows if text), *seen]


def message(session: Session, exp: Experiment, ref: str, cited: list[str]) -> str:
    """Return a commit message: what, how much on what evidence, from which source."""
    rows = impact(session, exp)
    lines = [subject(exp.description), "", *(f"{label}: {printable.one_line(text)}" for label, text in rows)]
    lines += [f"Source: {reference}" for reference in cited]
    seed = f", order seed {exp.decisive.seed}" if exp.decisive else ""
    return "\n".join([*lines, f"Experiment: {exp.name} ({ref}){seed}"]) + "\n"


def subject(title: str) -> str:
    """Return a commit's subject, which is no trailer to git; nor a field of ours to a reader of lines."""
    return f"Change: {title}" if _FIELD.match(title) else title


def experiment_line(exp: Experiment) -> str:
    """Return an experiment in one line: id, words, how it stands, figure, and the reason that was given."""
    stands = (exp.decisive.why_not if exp.decisive and exp.outcome != "kept" else "") or exp.stands
    said = f"; {exp.estimate.words()}" if exp.estimate else "" if exp.decisive else "; not compared"
    why = f" - {exp.why}" if exp.why else ""
    return f"{exp.name}: {exp.description}: {stands}{said}{why}"


def headline(session: Session) -> str:
    """Return the figure of the whole: the branch as it stands against the first baseline, in one fresh comparison."""
    if session.headline:
        said = session.headline
        shown = f"{said.verdict_words}: {figure(session, said)}, against {said.baseline_commit[:7]}"
        again = f"; a second comparison: {confirmed(said)}" if said.confirmed else ""
        return f"{shown}{again}; {evidence(said)}"
    if not session.kept:
        return "nothing was kept"
    return "not measured yet: the gains of single changes neither add up nor multiply"


def standing(session: Session) -> list[str]:
    """Return how many experiments ended how, and the figure of the whole."""
    named = ", ".join(f"{n} {fault}" for fault, n in Counter(exp.fault for exp in session.of("failed")).items())
    counts = ", ".join(
        f"{count} {OUTCOMES[outcome]}{f' ({named})' * (outcome == 'failed')}"
        for outcome, count in session.counts.items()
    )
    return [
        *([f"closed: {session.closed}"] if session.closed else []),
        f"{len(session.experiments)} experiment{'s' * (len(session.experiments) != 1)}: {counts or 'none yet'}",
        f"headline: {headline(session)}",
        *(f"look: {said}" for said in session.looks[:4]),
    ]


def summary(session: Session) -> list[str]:
    """Return what a person wants to know in the morning, in at most 25 lines."""
    lines = [
        f"session {session.name} on {session.branch}: {session.metric}, {session.direction} is better",
        *standing(session),
        f"took {session.spend.words()}",
        f"worth: {worth(session)}",
    ]
    for rank, exp in enumerate(session.best_first[:3], 1):
        title, said = printable.one_line(exp.description, 90), exp.estimate.words() if exp.estimate else "no figures"
        lines.append(f"{rank}. {exp.name} {title}: {exp.unread}{said}")
    return lines


def following(session: Session) -> list[str]:
    """Return the step behind the report of a session that ended well and kept something: the hand-over."""
    step = "next: finalize.py  # shows which branches it would make of what was kept; changes nothing"
    return [next_step.runnable(step)] if session.kept and session.closed == "finished" else []


def worth(session: Session) -> str:
    """Return what an hour and a dollar brought, of verified gain alone."""
    said = session.headline
    if said is None or not said.is_good or said.estimate is None:
        return "no verified gain of the whole to divide by hours or dollars"
    gain, spend = (session.estimate(said) or said.estimate).gain, session.spend
    short, words, paid = "too short for a figure per hour", said.scale.words, spend.usd
    hour = f"{words(gain / spend.hours)} per hour" if spend.hours > 0.005 else short
    none = "per dollar unknown" if paid is None else "no dollars spent"
    dollar = f"{words(gain / paid)} per dollar" if paid else none
    return f"{hour}, {dollar} (of the verified gain of the whole)"


def axes(session: Session) -> list[tuple[str, list[str]]]:
    """Return the four questions to the whole run, with the facts of the journal that bear on each."""
    compared = [part for exp in session.experiments for part in exp.comparisons]
    kept = session.kept
    noisy = [exp for exp in kept if exp.decisive and exp.decisive.confirmation]
    often = [exp.name for exp in kept if len(exp.comparisons) > 1]
    machines = sorted({machine(session, exp.decisive) for exp in kept if exp.decisive})
    sound = [
        f"{len(compared)} comparisons; of changes without effect 2.2% pass: {len(compared) * 0.022:.1f} of so many",
        f"{len(noisy)} of {len(kept)} kept changes were asked for a second comparison by their noise, which agreed",
        "a holdout workload guarded every keep"
        if session.has_holdout
        else "no holdout: a gain may fit the benchmark alone",
    ]
    sound += [f"compared more than once before they were kept: {', '.join(often)}"] if often else []
    sound += [f"measured on {'; '.join(machines)}"] if machines else []
    sound += session.tiers
    sound += [f"the {which} pass on broken source too" for which in session.unproven]
    quality = [
        f"{sum(bool(exp.places and exp.reviewed) for exp in kept)} kept changes have places that a reader judged",
        *(f"{exp.name}: {exp.unread}{exp.changed}" for exp in kept[:8] if exp.changed or exp.unread),
    ]
    simpler = sum(1 for exp in kept if exp.decisive and exp.decisive.may_be_equal)
    quality += [f"{simpler} were kept as simplifications, shown to lose less than the margin"] if simpler else []
    weight = [f"worth: {worth(session)}"]
    if (top := session.headline) and top.medians:
        weight.append(medians(top, session.metric, session.unit))
    weight += [f"{exp.name} gained {exp.estimate.words()}" for exp in session.best_first[:3] if exp.estimate]
    near, open_ones = [exp for exp in session.experiments if exp.near_miss], session.of("waiting", "running")
    slower = [exp.screens[-1].screen == "slower" for exp in session.of("screened")]
    complete = [
        f"{len(near)} near misses" + (f": {', '.join(exp.name for exp in near[:8])}" if near else ""),
        f"{len(open_ones)} still wait or run"
        + (f": {', '.join(exp.name for exp in open_ones[:8])}" if open_ones else ""),
        f"{sum(slower)} were turned down on a screen, {slower.count(False)} for another reason before a comparison",
        f"{len(session.of('refused'))} never measured",
        f"{len(session.ideas)} ideas left" + (f", the best: {session.ideas[0]['text']}" if session.ideas else ""),
        f"{session.outside} name a source outside",
    ]
    return [
        ("Soundness: is it real?", sound),
        ("Quality: would you sign it?", quality),
        ("Significance: is it worth a reviewer's time?", weight),
        ("Completeness: what is left?", complete),
    ]
