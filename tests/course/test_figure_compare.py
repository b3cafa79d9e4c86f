"""Runs side by side, as a lesson asks for them."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest

from tutor.course.entries import ModelEntry
from tutor.course.figures.compare import SAME, Compare, CompareValues, compared
from tutor.course.lab import Lab
from tutor.course.load import load_lesson
from tutor.engine.model import Model, ModelSpec
from tutor.engine.text import Vocabulary

ONE, OTHER = "the dog bites the man", "the man bites the dog"


def values_of(*texts: str, align: str = "step", **spec: object) -> CompareValues:
    model = Model(ModelSpec(**{"hidden_size": 4, "seed": 1, **spec}), None)  # type: ignore[arg-type]
    return compared(tuple(model.run(text.split()) for text in texts), align)  # type: ignore[arg-type]


# Differences


def test_after_so_many_rows_so_many_tokens_of_the_first_are_read() -> None:
    values = values_of("a b c d", "x a y b d z", align="edit")
    assert [values.read(row) for row in range(len(values.rows) + 1)] == [0, 0, 1, 1, 2, 3, 4, 4]
    assert [values.row_of(read) for read in range(7)] == [0, 2, 4, 5, 7, 7, 7]
    assert not values.by_step
    assert values_of("a b", "b").by_step


def test_the_same_words_in_another_order_end_elsewhere() -> None:
    values = values_of(ONE, OTHER)
    a, b = (run.hidden.astype(np.float64) for run in values.runs)
    (amount,) = values.amounts()
    assert amount.name == "‖a−b‖"
    assert len(amount.values) == 6
    np.testing.assert_allclose(amount.values[1:], np.linalg.norm(a - b, axis=1), atol=1e-6)
    assert values.reordered()
    assert values.first() == 2
    assert values.final() == pytest.approx(float(np.linalg.norm(a[-1] - b[-1])))
    assert values.final() > 0.01
    assert not values_of(ONE, "the dog bites").reordered()
    assert not values_of(ONE, ONE).reordered()


def test_rounding_is_no_difference() -> None:
    values = values_of(ONE, "the dog bites the cat then", hidden_size=16)
    (amount,) = values.amounts()
    # Another length makes another product of the inputs, whose last bits may be others.
    assert amount.values[:5].tolist() == [0.0] * 5
    assert values.first() == 5
    run = values.runs[0]
    for noise, apart in ((SAME / 100, False), (SAME * 100, True)):
        moved = replace(run, trace=replace(run.trace, output=run.trace.output + np.float32(noise)))
        near = compared((run, moved))
        assert (near.first() == 1) == apart
        assert (near.final() > 0) == apart
    assert values_of(ONE, ONE).first() is None
    assert values_of(ONE, ONE).final() == 0.0


def test_a_step_that_one_has_alone_is_a_difference() -> None:
    values = values_of("a b", "a x b", align="edit")
    (amount,) = values.amounts()
    assert math.isnan(amount.values[2])
    assert values.first() == 2
    # The last of each, wherever they stand.
    a, b = (run.hidden[-1].astype(np.float64) for run in values.runs)
    assert values_of("a b", "a x b").final() == pytest.approx(float(np.linalg.norm(a - b)))


def test_where_they_begin_counts_too() -> None:
    model = Model(ModelSpec(hidden_size=2), None)
    values = compared((model.run(["a"]), model.run(["a"], [0.3, -0.4])))
    assert values.amounts()[0].values[0] == pytest.approx(0.5)
    # It is before the first step, and no step of either.
    assert values.first() == 1


def test_three_are_held_against_the_first() -> None:
    values = values_of(ONE, OTHER, "the dog ate")
    names = [amount.name for amount in values.amounts()]
    assert names == ["‖a−b‖", "‖a−c‖"]
    a, b, c = (run.hidden.astype(np.float64) for run in values.runs)
    assert values.amounts()[1].values[3] == pytest.approx(float(np.linalg.norm(a[2] - c[2])))
    assert [values.first(index) for index in (1, 2)] == [2, 3]
    assert values.final(2) == pytest.approx(float(np.linalg.norm(a[-1] - c[-1])))
    assert values.final(1) == pytest.approx(float(np.linalg.norm(a[-1] - b[-1])))


def test_sizes_that_differ_have_norms_alone() -> None:
    runs = tuple(Model(ModelSpec(hidden_size=size), None).run(ONE.split()) for size in (4, 8))
    values = compared(runs, models=("small", "large"))
    assert not values.fits()
    assert [amount.name for amount in values.amounts()] == ["‖a‖", "‖b‖"]
    norms = np.linalg.norm(runs[1].hidden.astype(np.float64), axis=1)
    np.testing.assert_allclose(values.amounts()[1].values[1:], norms)
    assert values.first() is None
    assert math.isnan(values.final())
    assert values.titles == ("small", "large")
    assert not values.one_network
    assert values_of(ONE, OTHER).one_network


def test_letters_that_all_have() -> None:
    def letters(*cells: str) -> tuple[str, ...]:
        runs = tuple(Model(ModelSpec(cell=cell, hidden_size=3), None).run(["a"]) for cell in cells)
        return compared(runs).letters

    assert letters("lstm", "lstm") == ("h", "i", "f", "g", "o", "c")
    assert letters("gru", "gru") == ("h", "r", "z", "n")
    assert letters("gru", "lstm") == ("h",)
    assert letters("rnn", "gru") == ("h",)


def test_gates_are_compared_as_states_are() -> None:
    values = values_of(ONE, OTHER, cell="lstm", num_layers=2)
    a, b = (run.trace.gates(layer=1)["f"][:, 0].astype(np.float64) for run in values.runs)
    np.testing.assert_array_equal(values.values(0, "f"), a)
    (amount,) = values.amounts("f")
    np.testing.assert_allclose(amount.values[1:], np.linalg.norm(a - b, axis=1), atol=1e-6)
    # A gate is nothing before the first step, a state is.
    assert math.isnan(amount.values[0])
    assert values.amounts("c")[0].values[0] == 0.0
    assert values.bounded("f")
    assert values.bounded()
    assert not values.bounded("c")
    assert not values_of(ONE, OTHER, nonlinearity="relu").bounded()


def test_a_run_that_is_no_number_differs_where_it_stops_being_one() -> None:
    run = Model(ModelSpec(hidden_size=2), None).run(list("abc"))
    for value in (np.nan, np.inf):
        output = run.trace.output.copy()
        output[1:] = value
        values = compared((run, replace(run, trace=replace(run.trace, output=output))))
        assert values.first() == 2
        assert not math.isfinite(values.final())


# What comes next


def headed(*texts: str, vocabulary: str = "a b c d", seed: int = 3, **more: object) -> CompareValues:
    model = Model(ModelSpec(hidden_size=4, seed=seed), Vocabulary(vocabulary.split()), **more)  # type: ignore[arg-type]
    return compared(tuple(model.run(text.split()) for text in texts))


def test_labels_of_all_beside_each_other() -> None:
    values = headed("a b c", "c b a")
    assert values.speaks
    assert not values_of(ONE, OTHER).speaks
    said = values.said(3, 3)
    assert len(said) == 3
    for label, likely in said:
        index = values.runs[0].model.labels.index(label)
        for p, run in zip(likely, values.runs, strict=True):
            assert p == pytest.approx(float(run.probabilities[2, index]))  # type: ignore[index]
    best = [max(likely) for _label, likely in said]
    assert best == sorted(best, reverse=True)
    p, q = (run.probabilities[2].astype(np.float64) for run in values.runs)  # type: ignore[index]
    assert values.moved(3) == pytest.approx(np.abs(p - q).sum() / 2)
    assert values.moved(3) > 0


def test_a_run_that_is_over_or_has_no_such_label_holds_nothing_likely() -> None:
    values = headed("a b c", "a b")
    assert all(math.isnan(likely[1]) and likely[0] > 0 for _label, likely in values.said(3, 9))
    assert math.isnan(values.moved(3))
    first, second = headed("a b"), headed("a b", vocabulary="a b x")
    both = compared((first.runs[0], second.runs[0]))
    said = dict(both.said(1, 9))
    assert math.isnan(said["c"][1])
    assert math.isnan(said["x"][0])
    assert not math.isnan(said["a"][0] + said["a"][1])


def test_who_classifies_both_ways_has_one_answer() -> None:
    model = Model(
        ModelSpec(hidden_size=3, bidirectional=True), Vocabulary(list("ab")), job="classify", labels=("up", "down")
    )
    values = compared((model.run(list("aab")), model.run(list("bba"))))
    assert values.said(1, 2) == values.said(3, 2)
    assert sum(likely[0] for _label, likely in values.said(1, 2)) == pytest.approx(1)


# Tables and lessons


def test_tables_hold_what_is_drawn() -> None:
    values = values_of("a b", "a x b", align="edit")
    main, a, b, apart = values.tables()
    assert main.columns == ("row", "a", "b", "‖a−b‖")
    assert [row[:3] for row in main.rows] == [("1", "a", "a"), ("2", "", "x"), ("3", "b", "b")]
    assert main.rows[2][3] == values.amounts()[0].values[3]
    assert (a.title, b.title, apart.title) == ("a: a b", "b: a x b", "a−b")
    assert list(b.rows[1][1:]) == values.runs[1].hidden[1].tolist()
    np.testing.assert_allclose(apart.rows[2][1:], values.runs[0].hidden[1] - values.runs[1].hidden[2], atol=1e-7)
    assert all(math.isnan(float(v)) for v in a.rows[1][1:])
    assert values_of(ONE, OTHER, cell="gru").tables("z")[1].columns == ("row", "z1", "z2", "z3", "z4")


def test_a_lesson_asks_for_it(lesson_path: Path, course_folder: Path) -> None:
    lab = Lab(load_lesson(lesson_path).models, folder=course_folder)
    asked = msgspec.convert({"show": "compare", "models": ["plain"], "texts": ["a b", "b a"]}, Compare)
    assert asked.models() == ("plain",)
    assert [run.tokens for run in asked.run(lab).runs] == [("a", "b"), ("b", "a")]
    assert asked.run(lab).titles == ("a b", "b a")
    both = Compare(networks=("plain", "keeper")).run(lab)
    assert [run.spec.cell for run in both.runs] == ["rnn", "lstm"]
    assert both.titles == ("plain", "keeper")
    assert Compare(networks=("plain",), texts=("a", "b a"), align="end").run(lab).rows == ((None, 0), (0, 1))


@pytest.mark.parametrize(
    ("models", "texts", "pairs"),
    [
        (("m",), ("a", "b", "c"), (("m", "a"), ("m", "b"), ("m", "c"))),
        (("m", "n"), ("a",), (("m", "a"), ("n", "a"))),
        (("m", "n"), (), (("m", ""), ("n", ""))),
        (("m", "n"), ("a", "b"), (("m", "a"), ("n", "b"))),
    ],
)
def test_which_model_reads_which_text(models: tuple[str, ...], texts: tuple[str, ...], pairs: object) -> None:
    assert Compare(networks=models, texts=texts).pairs == pairs


@pytest.mark.parametrize(
    ("networks", "texts", "found"),
    [
        ((), ("a", "b"), ("`models` has 0", "write 1 to 3")),
        (("m", "n", "o", "p"), (), ("`models` has 4", "write 1 to 3")),
        (("m",), ("a", "b", "c", "d"), ("`texts` has 4", "write no more than 3")),
        (
            ("m", "n"),
            ("a", "b", "c"),
            ("2 models and 3 texts make no pairs", "write one model, one text, or as many of both"),
        ),
        (("m",), (), ("one run has nothing beside it", "write a second of `models`, or of `texts`")),
        (("m",), ("a",), ("one run has nothing beside it", "write a second of `models`, or of `texts`")),
        (("m",), ("a", "a"), ("a run is compared with itself", "write another text, or another model")),
        (("m",), ("a", " "), ("one of `texts` has nothing to read", "write a text of one word at least")),
        (("m", "n"), (), ("the model `n` has no text to run on", 'write text = "…" here or in [models.n]')),
        (
            ("m", "f"),
            ("a",),
            ('the model `f` has the task "forecast", and reads no text', "name one that does"),
        ),
    ],
)
def test_what_does_not_fit(networks: tuple[str, ...], texts: tuple[str, ...], found: tuple[str, str]) -> None:
    models = {"m": ModelEntry(text="a b"), "n": ModelEntry(), "f": ModelEntry(task="forecast")}
    assert Compare(networks=networks, texts=texts).unfit(models) == found


def test_what_fits() -> None:
    models = {"m": ModelEntry(text="a b"), "n": ModelEntry()}
    assert Compare(networks=("m",), texts=("a", "b")).unfit(models) is None
    assert Compare(networks=("m", "n"), texts=("a", "b")).unfit(models) is None
    assert Compare(networks=("m", "elsewhere")).unfit(models) is None
