"""Events as objects: any line of any journal is read, and nothing that it says is lost when it is written."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import console, events
from helpers.events import Config, Finished, Note, Run, Submitted, WorkerEvent
from helpers.typed_line import Event

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
KEYS = sorted({kind.KEYS.get(f.name, f.name) for kind in (*events.KINDS, Run) for f in fields(kind)})
TYPES = [None, "run", "unknown", *(kind.TYPE for kind in events.KINDS)]


@st.composite
def lines(draw: st.DrawFn) -> dict[str, Any]:
    """A line of any type whose keys, known ones and others, hold anything."""
    kind = draw(st.sampled_from(TYPES))
    line = draw(st.dictionaries(st.sampled_from(KEYS) | st.text(), JSON, max_size=8))
    return line if kind is None else {**line, "run": 1} if kind == "run" else {**line, "type": kind}


@given(lines())
def test_any_line_survives(line: dict[str, Any]) -> None:
    """Read and written it is the same, unknown keys and values of other types included."""
    assert line == events.from_line(line).to_line()


@given(lines())
def test_every_field_has_its_type(line: dict[str, Any]) -> None:
    """Whatever stands in the line, who reads a field gets what its annotation promises."""
    event = events.from_line(line)
    for field in fields(event):
        value, kind = getattr(event, field.name), str(field.type).removesuffix(" | None")
        if value is None:
            assert str(field.type).endswith(" | None"), field.name
        else:
            assert type(value).__name__ in (kind.partition("[")[0], "int" if kind == "float" else ""), field.name


@given(lines(), JSON)
def test_a_replaced_field_is_all_that_changes(line: dict[str, Any], other: object) -> None:
    """What is written of an event with another field is the line as it was, but for that key."""
    line = {**line, "type": "finished", "unknown": other}
    line.pop("run", None)

    assert {**line, "status": "lost"} == replace(Finished.from_line(line), status="lost").to_line()


@pytest.mark.parametrize(
    "event",
    [
        Submitted(
            experiment_id="a", job="a.0.1", worker="", executor="sky", tree="t", description="d", source=[], env={}
        ),
        WorkerEvent(worker="vm-01", what="up", launch="x", usd_hour=1.5, accelerators={"H100": 1}),
        Note(text="changed", changed={"margin": 0.02}),
    ],
    ids=lambda event: type(event).TYPE,
)
def test_a_new_event_is_read_as_it_was_written(event: Event) -> None:
    """Its line carries its type and every field that says something."""
    assert event == events.from_line(event.to_line())


def test_a_new_event_leaves_out_only_what_is_empty() -> None:
    """A field that must be there is written though it is empty; one that says nothing is not."""
    sent = Submitted(experiment_id="a", job="j", worker="", executor="sky", tree="t", description="", source=[], env={})

    assert {"type", "experiment_id", "job", "executor", "tree", "description", "source", "env"} <= {*sent.to_line()}
    assert {"worker": "", "role": "experiment"}.items() <= sent.to_line().items()
    assert "plan" not in sent.to_line()


def test_nested_lines() -> None:
    """A run's verdict and a session's budget are objects too."""
    run = Run.of({"run": 2, "verdict": {"gain": 0.25, "interval": [0.2, 0.3]}})
    config = Config.of({"metricName": "time_s", "budget": {"hours": 8}})

    assert (0.25, (0.2, 0.3)) == (run.gain, run.verdict.interval if run.verdict else None)
    assert ("time_s", 8, None) == (config.metric, config.budget.hours, config.budget.usd)


def test_a_number_that_is_none_reads_as_the_default() -> None:
    """`null`, or a text where a number belongs, says nothing."""
    assert (0.01, 1) == (Config.of({"margin": None}).margin, Config.of({"layouts": "two"}).layouts)


def test_appended_events_carry_their_time(tmp_path: Path) -> None:
    """What is appended comes back with a timestamp, and is what is read."""
    written = events.append(tmp_path, Note(text="hello"))

    assert written.timestamp > 0
    assert [written] == events.read_events(tmp_path)


@given(st.lists(lines(), max_size=6), st.lists(lines(), max_size=4), st.booleans())
def test_what_is_held_of_an_event_is_all_of_it_when_asked(
    tmp_path_factory: pytest.TempPathFactory, some: list[dict[str, Any]], more: list[dict[str, Any]], whole: bool
) -> None:
    """Read again it begins where it ended, and each event says the same as one that was read whole."""
    root = tmp_path_factory.mktemp("held")
    journal = root / "autoresearch.jsonl"
    journal.write_text("".join(json.dumps({**line, "samples": [0.123456789] * 20}) + "\n" for line in some))
    events.held(root)
    with journal.open("a") as out:
        out.write("\n".join(json.dumps({**line, "wall": [0.123456789] * 20}) for line in more) + "\n" * whole)

    expected, found = events.read_events(root), events.held(root)

    for one, other in zip(expected, found, strict=True):
        for field in fields(one):
            assert getattr(one, field.name) == getattr(other, field.name)


def test_a_journal_that_is_another_is_read_anew(tmp_path: Path) -> None:
    """Replaced or cut it is read from its beginning; one that is changed under us is said to be that."""
    journal = tmp_path / "autoresearch.jsonl"
    line = '{"type":"finished","experiment_id":"%s","job":"j","seconds":1.0}\n'
    for names in (["a", "b"], ["c"], ["d", "e", "f"]):
        journal.unlink(missing_ok=True)
        journal.write_text("".join(line % name for name in names))
        held = events.held(tmp_path)
        assert names == [event.experiment_id for event in held if isinstance(event, Finished)]
    journal.write_text("".join(line % name for name in "xyz"))
    with pytest.raises(console.Failure, match="changed while it was read"):
        getattr(held[0], "seconds")  # noqa: B009 - only asked for
