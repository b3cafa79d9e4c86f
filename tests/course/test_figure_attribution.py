"""Weights against the engine and by hand, and how far two ways of asking agree."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tutor.course.entries import ModelEntry
from tutor.course.figures.attribution import (
    METHODS,
    MOST_LABELS,
    Attribution,
    AttributionValues,
    Output,
    attribution_values,
    rank_correlation,
)
from tutor.course.lab import Lab
from tutor.engine.attribution import attribute, deletion
from tutor.engine.model import Model, ModelSpec, Run
from tutor.engine.text import Vocabulary
from tutor.engine.training import TrainingSpec, fit

from .sample import check_answer

WORDS = ("a", "b", "c", "zebra", "b")


def made(job: str = "next", *, both: bool = False, words: tuple[str, ...] = WORDS, **spec: object) -> Run:
    shape = ModelSpec(hidden_size=4, embedding_size=3, bidirectional=both, seed=3, **spec)  # type: ignore[arg-type]
    labels = () if job == "next" else ("N", "V", "D")
    return Model(shape, Vocabulary("abc"), job=job, labels=labels, dtype=np.float64).run(words)


def test_the_weights_are_the_engines() -> None:
    run = made()
    values = attribution_values(run)
    for position in (1, 3, 5):
        for output in values.outputs(position):
            found = values.weigh(position, output)
            by_hand = attribute(run, output.label, position - 1)
            assert found.products == pytest.approx(by_hand.products)
            assert found.norms == pytest.approx(by_hand.norms)
            assert found.deletion == pytest.approx(deletion(run, output.label, position - 1))
            assert found.score == by_hand.score
            assert found.seen == position
            assert not found.products[position:].any()
            assert [found.of(method) is not None for method in METHODS] == [True] * 3
            assert found.of("norm") is found.norms
            assert found.of("product") is found.products
            assert found.of("deletion") is found.deletion


def test_of_a_linear_network_the_two_ways_agree_and_of_another_they_need_not() -> None:
    values = attribution_values(made(nonlinearity="identity", words=("a", "b", "c", "b")))
    found = values.weigh(4, values.first(4))
    assert found.deletion == pytest.approx(found.products)
    assert found.agreement == pytest.approx(1.0)
    values = attribution_values(made(init="orthogonal", radius=1.9, words=("a", "b", "c", "b", "a")))
    other = values.weigh(5, values.first(5))
    assert other.agreement == rank_correlation(other.products, other.deletion)  # type: ignore[arg-type]
    assert other.agreement != pytest.approx(1.0)


def test_only_what_is_seen_is_compared() -> None:
    values = attribution_values(made())
    found = values.weigh(3, values.first(3))
    assert found.deletion is not None
    assert found.agreement == rank_correlation(found.products[:3], found.deletion[:3])
    assert values.weigh(1, values.first(1)).agreement is None


@pytest.mark.parametrize(
    ("a", "b", "rho"),
    [
        ([1, 2, 3], [10, 20, 30], 1.0),
        ([1, 2, 3], [3, 2, 1], -1.0),
        ([1, 2, 3, 4], [2, 1, 4, 3], 0.6),
        # Ranks 1.5, 1.5, 3 and 1, 2, 3: cov 1.5 over √(1.5 · 2).
        ([5, 5, 9], [1, 2, 3], 0.8660254),
        # Ranks 1.5, 1.5, 3, 4 and 1, 2, 3, 4: 4.5 over √(4.5 · 5).
        ([5, 5, 9, 10], [1, 2, 3, 4], 0.9486833),
        ([1, 1], [1, 2], None),
        ([1], [1], None),
        ([1, np.nan], [1, 2], None),
        ([1, np.inf], [1, 2], None),
    ],
)
def test_rank_correlation_by_hand(a: list[float], b: list[float], rho: float | None) -> None:
    found = rank_correlation(np.array(a, float), np.array(b, float))
    assert found == (None if rho is None else pytest.approx(rho))


def test_what_came_stands_first_then_the_likeliest() -> None:
    run = made()
    values = attribution_values(run)
    outputs = values.outputs(1)
    p = run.probabilities
    assert p is not None
    assert outputs[0] == Output("b", float(p[0, run.model.labels.index("b")]), came=True)
    assert [o.label for o in outputs].count("b") == 1
    assert [o.p for o in outputs[1:]] == sorted((o.p for o in outputs[1:]), reverse=True)
    # Nobody chooses a token that has no name.
    assert not any(o.came for o in values.outputs(3))
    assert not any(o.came for o in values.outputs(5))
    assert values.first(1) == outputs[0]
    tags = attribution_values(made("tag"))
    assert not any(o.came for o in tags.outputs(1))


def test_a_label_that_is_asked_for_is_explained() -> None:
    words = Vocabulary([f"w{i}" for i in range(30)])
    run = Model(ModelSpec(hidden_size=3), words).run(("w1", "w2"))
    least = run.next(0, 31)[-1][0]
    values = attribution_values(run, label=least)
    assert values.first(1).label == least
    assert values.outputs(1)[0].label == least
    assert len(values.outputs(1)) == MOST_LABELS
    assert values.weigh(1, values.first(1)).score == attribute(run, least, 0).score
    with pytest.raises(ValueError, match="no output “x”"):
        attribution_values(run, label="x")


def test_one_answer_for_the_whole_is_the_same_at_every_step() -> None:
    values = attribution_values(made("classify", both=True))
    assert values.whole
    first, last = (values.weigh(t, values.first(t)) for t in (1, 5))
    assert first.seen == 5
    assert first.products == pytest.approx(last.products)
    one = attribution_values(made("classify"))
    assert not one.whole
    assert one.weigh(2, one.first(2)).seen == 2
    both = attribution_values(made("tag", both=True))
    assert not both.whole
    found = both.weigh(2, both.first(2))
    assert found.seen == 5
    assert found.products == pytest.approx(attribute(both.run, found.output.label, 1).products)
    assert values.weigh(1, values.first(1)).agreement is not None


def test_a_long_text_is_not_deleted_token_by_token() -> None:
    values = attribution_values(made(words=("a", "b") * 360))
    assert not values.deletes
    found = values.weigh(700, values.first(700))
    assert found.deletion is None
    assert found.agreement is None
    assert found.of("deletion") is None
    assert values.tables_of(found)[0].rows[0][-1] == ""
    assert attribution_values(made()).deletes


def test_a_run_from_before_its_model_learned_on_is_refused() -> None:
    run = made()
    values = attribution_values(run)
    for _checkpoint in fit(run.model, [("a", "b", "c")], TrainingSpec(steps=1)):
        pass
    with pytest.raises(ValueError, match="before its model learned on"):
        values.weigh(2, values.first(2))


def test_a_model_without_a_head_is_refused() -> None:
    with pytest.raises(ValueError, match="no head"):
        attribution_values(Model(ModelSpec(), None).run(("a",)))


def test_the_tables_hold_what_is_drawn() -> None:
    values = attribution_values(made(), step=3)
    found = values.weigh(3, values.first(3))
    assert found.deletion is not None
    tokens, about = values.tables()
    assert tokens.rows == tuple(
        (str(s + 1), WORDS[s], float(found.products[s]), float(found.norms[s]), float(found.deletion[s]))
        for s in range(3)
    )
    assert about.rows == (
        ("score", found.score),
        ("p", found.output.p),
        ("rank correlation", found.agreement),
    )
    start = attribution_values(made(), step=0)
    assert start.tables()[0].rows[0][1] == "a"
    assert len(start.tables()[0].rows) == 1


def test_a_lessons_model(tmp_path: Path) -> None:
    (tmp_path / "c.txt").write_text("a b c\na b\nb c a")
    entry = ModelEntry(task="next-word", corpus="c.txt", hidden=4, steps=3, text="a b c")
    lab = Lab({"m": entry}, folder=tmp_path)
    lab.ensure("m")
    values = Attribution(model="m", label="c", step=2, method="norm").run(lab)
    assert isinstance(values, AttributionValues)
    assert values.run is lab.run("m")
    assert (values.step, values.label, values.method) == (2, "c", "norm")
    assert Attribution(model="m").run(lab).step == 3


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, None),
        ({"model": "unknown"}, None),
        ({"model": "plain"}, "untrained"),
        ({"model": "days"}, 'the task "forecast"'),
        ({"model": "silent"}, "no text to run on"),
        ({"step": 2}, None),
        ({"step": 3}, "`step` is 3"),
        ({"step": -1}, "`step` is -1"),
    ],
)
def test_what_cannot_be_shown_is_answered(options: dict[str, object], said: str | None) -> None:
    models = {
        "m": ModelEntry(task="tag", corpus="c", text="a b"),
        "silent": ModelEntry(task="next-word", corpus="c"),
        "plain": ModelEntry(text="a b"),
        "days": ModelEntry(task="forecast", corpus="c", column="x"),
    }
    found = Attribution(**({"model": "m"} | options)).unfit(models)  # type: ignore[arg-type]
    check_answer(found, said)
    assert Attribution(model="m").models() == ("m",)
