"""A number opened, as a lesson asks for it."""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path

import pytest

from tutor.course.entries import ModelEntry
from tutor.course.figures.why import Why, WhyValues, table_of
from tutor.course.lab import Lab
from tutor.course.load import load_lesson
from tutor.engine.model import Model, ModelSpec


@pytest.fixture
def lab(lesson_path: Path, course_folder: Path) -> Lab:
    return Lab(load_lesson(lesson_path).models, folder=course_folder)


def test_the_parts_of_a_number(lab: Lab) -> None:
    values = Why(model="plain", unit=2, step=2).run(lab)
    run = values.run
    parts, w_x, w_h = values.tables()
    assert [row[0] for row in parts.rows] == [
        "h_2[2]",
        "h_2[2] › W_x·x",
        "h_2[2] › W_h·h₋",
        "h_2[2] › b",
        "h_2[2] › b › b_ih",
        "h_2[2] › b › b_hh",
    ]
    value = {row[0]: float(row[1]) for row in parts.rows}
    assert value["h_2[2]"] == run.hidden[1, 1]
    whole = value["h_2[2] › W_x·x"] + value["h_2[2] › W_h·h₋"] + value["h_2[2] › b"]
    assert math.tanh(whole) == pytest.approx(value["h_2[2]"], abs=1e-6)
    assert (w_x.title, w_h.title) == ("W_x·x", "W_h·h₋")
    assert w_h.columns == ("term", "weight", "value", "product", "sum so far")
    assert [row[0] for row in w_h.rows] == ["h₋[1]", "h₋[2]", "h₋[3]", "h₋[4]"]
    for j, (_name, weight, before, product, total) in enumerate(w_h.rows):
        assert weight == run.weights["weight_hh"][1, j]
        assert before == run.hidden[0, j]
        assert product == weight * before  # type: ignore[operator]
        assert total == pytest.approx(sum(float(row[3]) for row in w_h.rows[: j + 1]))
    assert total == pytest.approx(value["h_2[2] › W_h·h₋"])
    assert len(w_x.rows) == 8


def test_gates_have_their_own_products() -> None:
    values = WhyValues(Model(ModelSpec(cell="lstm", hidden_size=3), None).run(["a", "b"]), 1, 2)
    titles = [table.title for table in values.tables()[1:]]
    assert titles == [
        f"{way} › {name}"
        for way in ("o", "tanh(c) › c › f·c₋ › f", "tanh(c) › c › i·g › i", "tanh(c) › c › i·g › g")
        for name in ("W_x·x", "W_h·h₋")
    ]
    text = values.tables()[0].csv()
    assert next(csv.reader(io.StringIO(text))) == ["part", "value"]


def test_the_backward_direction_s_units_follow_the_forward_one_s() -> None:
    run = Model(ModelSpec(hidden_size=3, bidirectional=True), None).run(["a", "b"])
    values = WhyValues(run, 4, 1)
    assert values.root(1, 4).value == run.hidden[0, 4]
    assert values.root(2, 1).value == run.hidden[1, 1]
    assert values.tables()[0].rows[0] == ("h_1[5]", run.hidden[0, 4])


def test_a_table_of_one_level(lab: Lab) -> None:
    root = Why(model="plain").run(lab).root(3, 0)
    table = table_of(root, "it")
    assert table.title == "it"
    assert table.rows == tuple((term.name, term.value) for term in root.terms)


def test_the_last_step_where_none_is_given(lab: Lab) -> None:
    assert Why(model="plain").run(lab).step == 3
    assert Why(model="plain", text="a b").run(lab).step == 2
    assert Why(model="plain", unit=4).run(lab).unit == 3


@pytest.mark.parametrize(
    ("entry", "keys", "found"),
    [
        ({"text": "a b"}, {"unit": 0}, ("`unit` is 0", "write a number from 1 to 16")),
        ({"text": "a b"}, {"unit": 17}, ("`unit` is 17", "write a number from 1 to 16")),
        ({"text": "a b", "bidirectional": True}, {"unit": 33}, ("`unit` is 33", "write a number from 1 to 32")),
        ({"text": "a b"}, {"step": 3}, ("`step` is 3", "write a number from 1 to 2, or leave it out for the last")),
        ({"text": "a b"}, {"step": 0}, ("`step` is 0", "write a number from 1 to 2, or leave it out for the last")),
        ({}, {}, ("the model `m` has no text to run on", 'write text = "…" here or in [models.m]')),
        (
            {"task": "forecast", "text": "a b"},
            {},
            ('the model `m` has the task "forecast", and reads no text', "name one that does"),
        ),
    ],
)
def test_what_does_not_fit(entry: dict, keys: dict, found: tuple[str, str]) -> None:  # type: ignore[type-arg]
    assert Why(model="m", **keys).unfit({"m": ModelEntry(**entry)}) == found


def test_what_fits() -> None:
    models = {"m": ModelEntry(text="a b", bidirectional=True), "c": ModelEntry(task="next-character", corpus="x")}
    assert Why(model="m", unit=32, step=2).unfit(models) is None
    assert Why(model="c", text="abc", step=3).unfit(models) is None
    assert Why(model="elsewhere").unfit(models) is None
    assert Why(model="m").models() == ("m",)
