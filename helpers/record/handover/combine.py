"""Proving every group by itself, and putting together what does not stand or does not pay apart."""

from dataclasses import replace

from helpers import console
from helpers.judge.measure.side import SideError
from helpers.record.handover.groups import Group, Handover, stacked
from helpers.record.handover.proof import Proof, prove
from helpers.run.copies.copies import Workdirs
from helpers.state import State


def proven(work: Workdirs, now: State, its: Handover, *, measure: bool) -> tuple[Handover, dict[Group, Proof]]:
    """Return the groups as they can be handed over, with the proof of each.

    A group that does not build, fails the checks, or is not shown to gain alone, is tried together with the one before
    it; they stay together where that one stands, or gains, and the group alone did not. Raises Failure (3) where the
    base itself cannot be measured.
    """
    done: list[tuple[Group, Proof]] = []
    for number, group in enumerate(its.groups, 1):
        console.note(
            f"{number} of {len(its.groups)}: {', '.join(c.experiment for c in group.changes)}, alone on the base"
        )
        mine = _prove(work, now, its, group, measure=measure)
        if done and not (mine.stands and (mine.gains or not measure)):
            group, mine = _with_earlier(work, now, its, done, (group, mine), measure=measure)  # noqa: PLW2901
        done.append((group, mine))
    return replace(its, groups=tuple(group for group, _ in done)), dict(done)


def _with_earlier(
    work: Workdirs,
    now: State,
    its: Handover,
    done: list[tuple[Group, Proof]],
    mine: tuple[Group, Proof],
    *,
    measure: bool,
) -> tuple[Group, Proof]:
    """Return `mine` joined with the earlier group that makes it stand or gain, which leaves `done`; or itself."""
    group, alone = mine
    near = sorted(done, key=lambda row: not row[0].touched & group.touched)
    for row in near:
        ordered = sorted([*row[0].changes, *group.changes], key=lambda change: change.run.run)
        both = stacked(work.shadow, its.base_tree, ordered)
        if both is None:
            continue
        console.note(f"with {', '.join(c.experiment for c in row[0].changes)}")
        proof = _prove(work, now, its, both, measure=measure)
        better = not measure or _gain(proof) > _gain(row[1]) + now.margin
        if proof.stands and (not alone.stands or (proof.gains and better)):
            done.remove(row)
            return both, proof
    return mine


def _gain(proof: Proof) -> float:
    return (proof.outcome.gain if proof.outcome else None) or 0.0


def _prove(work: Workdirs, now: State, its: Handover, group: Group, *, measure: bool) -> Proof:
    try:
        return prove(work, now, its, group, measure=measure)
    except SideError as error:
        raise console.outside(f"the base cannot be measured: {error}", "correct that, then the same command") from None
