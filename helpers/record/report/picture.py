"""The progress picture: every experiment in time, kept ones stepped, with intervals; it needs no colours to be read."""

from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from helpers import console, printable
from helpers.record.report.experiments import OUTCOMES, Experiment
from helpers.record.report.projection import Session

MARKS = {
    "small": {"marker": "d", "facecolors": "none", "edgecolors": "#009e73"},
    "no_gain": {"marker": "o", "facecolors": "none", "edgecolors": "#767676"},
    "declined": {"marker": "v", "facecolors": "none", "edgecolors": "#0072b2"},
    "undecided": {"marker": "D", "facecolors": "none", "edgecolors": "#e69f00"},
    "failed": {"marker": "x", "color": "#d55e00"},
    "refused": {"marker": "s", "facecolors": "none", "edgecolors": "#cc79a7"},
    "screened": {"marker": "_", "color": "#767676"},
    "waiting": {"marker": "^", "facecolors": "none", "edgecolors": "#56b4e9"},
    "kept": {"marker": "o", "facecolors": "#009e73", "edgecolors": "#006b4f"},
}
"""How an experiment is drawn, by where it stands: shapes tell, colours (of Okabe and Ito) only help."""
KINDS = (".png", ".svg")


def save(session: Session, file: Path) -> None:
    """Draw the session into a PNG or SVG, as the name says; raises Failure (2) for another name."""
    if file.suffix not in KINDS:
        raise console.usage(f"{printable.name(file.name)}: a picture is a .png or a .svg", "--picture progress.svg")
    import matplotlib as mpl

    mpl.use("Agg")
    mpl.rcParams.update({"svg.hashsalt": "autoresearch", "text.parse_math": False})
    mpl.rcParams.update({"axes.spines.top": False, "axes.spines.right": False})
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(9, 4.5), layout="constrained")
    _steps(axes, session)
    for outcome, style in MARKS.items():
        if found := session.of(outcome):
            _marks(axes, found, f"{OUTCOMES[outcome]} ({len(found)})", **style)
    axes.set_ylabel(printable.one_line(session.metric + (f" ({session.unit})" if session.unit else ""), 40))
    axes.set_xlabel(f"time (UTC); the level is the first baseline after measured gains, {session.direction} is better")
    counts = f"{len(session.experiments)} experiments, {len(session.kept)} kept"
    if any(exp.value is None for exp in session.experiments):
        axes.text(1.005, 0.02, "without\na figure", transform=axes.transAxes, fontsize=7, va="center")
    axes.set_title(f"{printable.one_line(session.name, 60)}: {counts}", loc="left")
    axes.grid(visible=True, axis="y", color="#dddddd", linewidth=0.6)
    figure.autofmt_xdate()
    if axes.get_legend_handles_labels()[0]:
        figure.legend(loc="outside lower center", ncols=3, frameon=False, fontsize=8)
    figure.savefig(file, dpi=150, metadata={"Date": None} if file.suffix == ".svg" else {"Software": None})
    pyplot.close(figure)


def _steps(axes: Any, session: Session) -> None:  # noqa: ANN401 - the library has no types
    """Draw what the program measured after each kept change, from the first baseline on."""
    kept = [exp for exp in session.kept if exp.value is not None]
    values = [session.first, *(exp.value for exp in kept), kept[-1].value if kept else session.first]
    times = [session.began_ms, *(exp.at_ms for exp in kept), session.last_ms]
    if session.first is not None:
        axes.step([_time(at) for at in times], values, where="post", color="#006b4f", linewidth=1.6, label="as kept")


def _marks(axes: Any, found: list[Experiment], label: str, **style: str) -> None:  # noqa: ANN401
    """Draw the experiments of one kind: those without a figure along the bottom, intervals where they matter."""
    shown = [exp for exp in found if exp.value is not None]
    without = [exp for exp in found if exp.value is None]
    for rows, name, where in ((shown, label, axes.transData), (without, None, axes.get_xaxis_transform())):
        times, levels = [_time(exp.at_ms) for exp in rows], [0.02 if exp.value is None else exp.value for exp in rows]
        axes.scatter(times, levels, s=26, zorder=3, label=name, transform=where, **style)
    for exp in shown:
        if exp.value_range and exp.outcome in ("kept", "undecided"):
            colour = style.get("edgecolors") or style["color"]
            axes.vlines(_time(exp.at_ms), *exp.value_range, color=colour, linewidth=1.2, zorder=2)


def _time(ms: int) -> datetime:
    try:
        return datetime.fromtimestamp(ms / 1000, timezone.utc)
    except (OverflowError, ValueError, OSError):
        return datetime.fromtimestamp(0, timezone.utc)
