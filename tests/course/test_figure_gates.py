"""Gates and states as lanes, as a lesson asks for them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import msgspec
import numpy as np
import pytest

from tutor.course.entries import ModelEntry
from tutor.course.figures.gates import Gates, GatesValues, meaning
from tutor.course.lab import Lab
from tutor.course.load import load_lesson
from tutor.engine import CELLS
from tutor.engine.model import Model, ModelSpec, Run

WORDS = ("never", "too", "late")


def run_of(**spec: object) -> Run:
    return Model(ModelSpec(hidden_size=4, seed=1, **spec), None).run(WORDS)  # type: ignore[arg-type]


def letters(values: GatesValues, direction: int = 0) -> list[str]:
    return [one.letter for one in values.told(direction)]


def test_the_carried_state_comes_first_then_what_flows_into_it() -> None:
    values = GatesValues(run_of(cell="lstm"))
    assert letters(values) == ["c", "f", "i", "g", "o", "h"]
    told = {one.letter: one for one in values.told()}
    assert [told[letter].into for letter in "cfigoh"] == ["", "f·c₋", "i·g", "i·g", "", ""]
    assert [letter for letter in "cfigoh" if told[letter].keeps] == ["f"]
    assert [letter for letter in "cfigoh" if told[letter].carried] == ["c"]


def test_the_other_cells_have_their_own_letters() -> None:
    assert letters(GatesValues(run_of(cell="gru"))) == ["r", "z", "n", "h"]
    assert letters(GatesValues(run_of(cell="rnn"))) == ["h"]
    assert not any(one.into or one.carried for one in GatesValues(run_of(cell="gru")).told())


@pytest.mark.parametrize("cell", sorted(CELLS))
def test_every_gate_of_every_cell_is_there(cell: str) -> None:
    told = {one.letter: one for one in GatesValues(run_of(cell=cell)).told()}
    assert set(told) == {*CELLS[cell].states, *(gate.name for gate in CELLS[cell].gates)}
    for gate in CELLS[cell].gates:
        assert told[gate.name].gate is gate
        # A gate that opens and shuts says what both of its ends do, in a few words each.
        assert bool(gate.low) == bool(gate.high) == (gate.range == (0.0, 1.0))
        assert len(gate.low) + len(gate.high) < 50


def test_values_are_those_of_the_top_layer_s_trace() -> None:
    run = run_of(cell="lstm", num_layers=2, bidirectional=True)
    for direction in (0, 1):
        told = GatesValues(run).told(direction)
        for one in told:
            np.testing.assert_array_equal(one.values, run.trace.gates(layer=1, direction=direction)[one.letter][:, 0])
    by = {one.letter: one.values for one in GatesValues(run).told()}
    c_ = np.vstack([np.zeros(4), by["c"][:-1]])
    np.testing.assert_allclose(by["c"], by["f"] * c_ + by["i"] * by["g"], atol=1e-6)


def test_a_state_has_a_start_where_it_is_read_from_there() -> None:
    run = Model(ModelSpec(cell="lstm", hidden_size=2, bidirectional=True), None).run(WORDS, [0.1, 0.2, 0.3, 0.4])
    starts = {one.letter: one.start for one in GatesValues(run).told()}
    np.testing.assert_allclose(starts["h"], [0.1, 0.2])
    np.testing.assert_array_equal(starts["c"], [0.0, 0.0])
    assert starts["f"] is None
    assert [one.start for one in GatesValues(run).told(1)] == [None] * 6


def test_what_has_no_bound_is_drawn_to_its_largest() -> None:
    values = GatesValues(run_of(cell="lstm"))
    told = {one.letter: one for one in values.told()}
    assert told["c"].limit == pytest.approx(float(np.abs(told["c"].values).max()))
    assert not told["c"].bounded
    assert all(told[letter].limit == 1.0 and told[letter].bounded for letter in "figoh")
    relu = GatesValues(run_of(nonlinearity="relu")).told()[0]
    assert not relu.bounded
    assert relu.limit == pytest.approx(float(relu.values.max()))


@pytest.mark.parametrize(("value", "limit"), [(0.0, 1.0), (np.nan, 1.0), (np.inf, 1.0), (-3.0, 3.0)])
def test_a_scale_of_nothing_and_of_no_number(value: float, limit: float) -> None:
    run = run_of(nonlinearity="relu")
    record = run.trace.records[0][0]._replace(h=np.full((4, 1, 4), value))
    told = GatesValues(replace(run, trace=replace(run.trace, records=((record,),)))).told()
    assert told[0].limit == limit


def test_an_equation_for_the_carried_state_and_for_h() -> None:
    run = run_of(cell="lstm")
    c, h = GatesValues(run).made(2, 3)
    assert (c.name, h.name) == ("c", "h")
    assert c.value == pytest.approx(float(run.trace.gates()["c"][1, 0, 3]))
    assert h.value == run.hidden[1, 3]
    assert [part.name for part in GatesValues(run_of(cell="gru")).made(1, 0)] == ["h"]


def test_what_the_ends_mean() -> None:
    said = {one.letter: meaning(one) for one in GatesValues(run_of(cell="lstm")).told()}
    assert said["f"] == "0 forgets, 1 keeps"
    assert said["g"] == said["h"] == "-1 to 1"
    assert said["c"].startswith("no bound; the largest size is 0.")
    gru = {one.letter: meaning(one) for one in GatesValues(run_of(cell="gru")).told()}
    # PyTorch's convention, and not that of every book.
    assert gru["z"] == "0 takes the new, 1 keeps the old, as in PyTorch"


def test_names() -> None:
    assert [one.name for one in GatesValues(run_of(cell="lstm")).told()] == [
        "cell state",
        "forget gate",
        "input gate",
        "candidate",
        "output gate",
        "hidden state",
    ]


def test_tables_hold_what_is_drawn() -> None:
    values = GatesValues(run_of(cell="lstm"), ("f", "c"))
    means, c, f = values.tables()
    told = {one.letter: one.values for one in values.told()}
    assert means.columns == ("step", "token", "mean c", "mean f")
    assert means.rows[1] == ("2", "too", *(pytest.approx(float(told[x][1].mean()), abs=1e-6) for x in "cf"))
    assert c.title.startswith("c, cell state: no bound")
    assert f.title == "f, forget gate: 0 forgets, 1 keeps"
    assert f.columns == ("step", "token", "f1", "f2", "f3", "f4")
    assert [row[:2] for row in f.rows] == [("1", "never"), ("2", "too"), ("3", "late")]
    assert [list(row[2:]) for row in f.rows] == told["f"].tolist()
    other = GatesValues(run_of(cell="lstm", bidirectional=True))
    assert other.tables(1) != other.tables(0)


def test_a_lesson_asks_for_it(lesson_path: Path, course_folder: Path) -> None:
    lab = Lab(load_lesson(lesson_path).models, folder=course_folder)
    asked = msgspec.convert({"show": "gates", "model": "keeper", "follow": ["f", "c"]}, Gates)
    assert asked.models() == ("keeper",)
    values = asked.run(lab)
    assert letters(values) == ["c", "f"]
    assert values.run.tokens == WORDS
    assert Gates(model="plain", text="a b").run(lab).run.tokens == ("a", "b")
    assert [Gates(model="keeper", **keys).run(lab).unit for keys in ({}, {"unit": 3})] == [0, 2]


@pytest.mark.parametrize(
    ("entry", "keys", "found"),
    [
        (
            {"cell": "lstm", "text": "a"},
            {"follow": ("f", "q")},
            (
                "`follow` names `q`, which the lstm does not have",
                "write one of `h`, `c`, `i`, `f`, `g`, `o`",
            ),
        ),
        (
            {"cell": "gru", "text": "a"},
            {"follow": ("Z", "zz")},
            ("`follow` names `Z`, which the gru does not have", "write one of `h`, `r`, `z`, `n`"),
        ),
        (
            {"cell": "gru", "text": "a"},
            {"follow": ("zz",)},
            ("`follow` names `zz`, which the gru does not have", "did you mean `z`?"),
        ),
        (
            {"cell": "rnn", "text": "a"},
            {"follow": ("f",)},
            ("`follow` names `f`, which the rnn does not have", "write one of `h`"),
        ),
        (
            {"cell": "lstm", "text": "a"},
            {"follow": ("c", "c")},
            ("`follow` names a letter twice", "write each letter once"),
        ),
        ({"hidden": 4, "text": "a"}, {"unit": 0}, ("`unit` is 0", "write a number from 1 to 4")),
        (
            {"hidden": 4, "bidirectional": True, "text": "a"},
            {"unit": 5},
            ("`unit` is 5", "write a number from 1 to 4"),
        ),
        ({}, {}, ("the model `m` has no text to run on", 'write text = "…" here or in [models.m]')),
        (
            {"task": "forecast", "text": "a"},
            {},
            ('the model `m` has the task "forecast", and reads no text', "name one that does"),
        ),
    ],
)
def test_what_does_not_fit(entry: dict, keys: dict, found: tuple[str, str]) -> None:  # type: ignore[type-arg]
    assert Gates(model="m", **keys).unfit({"m": ModelEntry(**entry)}) == found


def test_what_fits() -> None:
    models = MappingProxyType({"m": ModelEntry(cell="lstm", text="a b")})
    assert Gates(model="m", follow=("c", "f", "h")).unfit(models) is None
    assert Gates(model="m").unfit(models) is None
    assert Gates(model="m", unit=16).unfit(models) is None
    assert Gates(model="elsewhere", follow=("q",)).unfit(models) is None
