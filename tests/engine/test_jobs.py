"""Every job of a network, whole: its loss's gradient by finite differences over every parameter, and that it learns."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

from tutor.engine import CELLS
from tutor.engine.captioner import Captioner
from tutor.engine.forecaster import Forecaster
from tutor.engine.generation import generate
from tutor.engine.model import Model, ModelSpec
from tutor.engine.tasks import adding, recall
from tutor.engine.text import Vocabulary
from tutor.engine.training import TrainingSpec, fit

EPS = 1e-6
WORDS = Vocabulary("abcd", end=True)
WRITES = Vocabulary("abcd", end=True, start=True)
RNG = np.random.default_rng(0)


def spec(cell: str, **options: Any) -> ModelSpec:
    return ModelSpec(**{"cell": cell, "hidden_size": 3, "embedding_size": 2, "seed": 1} | options)


def says_next(cell: str, **options: Any) -> tuple[Model, list]:
    return Model(spec(cell, **options), WORDS, dtype=np.float64), [list("abca"), list("d"), list("cb")]


def tags(cell: str, **options: Any) -> tuple[Model, list]:
    model = Model(spec(cell, **options), WORDS, job="tag", labels=["N", "V", "D"], dtype=np.float64)
    return model, [(list("abca"), "NVDN"), (list("d"), "V"), (list("cb"), "DD")]


def tags_some(cell: str, **options: Any) -> tuple[Model, list]:
    model = Model(spec(cell, **options), WORDS, job="tag", labels=["N", "V", "D"], dtype=np.float64)
    return model, [(list("abca"), [None, "V", None, "N"]), (list("d"), ["V"]), (list("cba"), [None, None, "D"])]


def classifies(cell: str, **options: Any) -> tuple[Model, list]:
    model = Model(spec(cell, **options), WORDS, job="classify", labels=["good", "bad"], dtype=np.float64)
    return model, [(list("abca"), "good"), (list("d"), "bad"), (list("cb"), "bad")]


def forecasts(cell: str, loss: str = "squared", **options: Any) -> tuple[Forecaster, list]:
    model = Forecaster(spec(cell, **options), 2, 2, loss=loss, dtype=np.float64)
    rng = np.random.default_rng(4)
    return model, [(rng.standard_normal((T, 2)), rng.standard_normal(2)) for T in (4, 1, 3)]


def captions(cell: str, **options: Any) -> tuple[Captioner, list]:
    model = Captioner(spec(cell, **options), WRITES, 6, 5, channels=(2, 3), dtype=np.float64)
    rng = np.random.default_rng(4)
    return model, [(rng.random((6, 5)), words) for words in ("abca", "d", "cb")]


CASES = [
    (make, cell, options)
    for cell in CELLS
    for make, options in (
        (says_next, {}),
        (says_next, {"num_layers": 2}),
        (tags, {}),
        (tags, {"bidirectional": True}),
        (tags_some, {}),
        (classifies, {}),
        (classifies, {"bidirectional": True, "num_layers": 2}),
        (forecasts, {}),
        (forecasts, {"loss": "absolute", "bidirectional": True}),
        (captions, {}),
        (captions, {"num_layers": 2}),
        (says_next, {"learned_h_0": True, "num_layers": 2}),
        (tags, {"learned_h_0": True, "bidirectional": True}),
        (captions, {"learned_h_0": True}),
    )
]

PER_CELL = CASES[: len(CASES) // len(CELLS)]
"""One cell stands for all where the cell makes no difference."""


def name_of(case: Any) -> str:
    make, cell, options = case
    return "-".join([make.__name__, cell, *(f"{k}={v}" for k, v in options.items())])


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_the_gradient_is_the_slope_of_the_loss_by_every_parameter(case: Any) -> None:
    make, cell, options = case
    model, items = make(cell, **options)
    batch = model.encode(items)
    loss, gradient = model.loss_and_gradient(batch)
    assert loss == model.measure(batch).loss
    found = np.empty_like(gradient)
    for at in range(model.flat.size):
        kept = model.flat[at]
        model.flat[at] = kept + EPS
        above = model.measure(batch).loss
        model.flat[at] = kept - EPS
        below = model.measure(batch).loss
        model.flat[at] = kept
        found[at] = (above - below) / (2 * EPS)
    np.testing.assert_allclose(gradient, found, rtol=1e-5, atol=1e-8)
    assert set(model.state_dict()) == set(model.views(gradient))


@pytest.mark.parametrize("case", PER_CELL, ids=name_of)
def test_a_batch_is_its_examples_each_with_what_it_has_to_say(case: Any) -> None:
    make, cell, options = case
    model, items = make(cell, **options)
    batch = model.encode(items)
    whole, gradient = model.loss_and_gradient(batch)
    parts = [(model.measure([one]), model.loss_and_gradient([one])[1]) for one in batch]
    weight = sum(m.weight for m, _ in parts)
    assert model.measure(batch).weight == weight
    assert whole == pytest.approx(sum(m.weight * m.loss for m, _ in parts) / weight)
    assert model.measure(batch).metric == pytest.approx(sum(m.weight * m.metric for m, _ in parts) / weight)
    np.testing.assert_allclose(gradient, sum(m.weight * g for m, g in parts) / weight, atol=1e-12)


@pytest.mark.parametrize("case", PER_CELL, ids=name_of)
def test_a_copy_is_a_model_of_its_own(case: Any) -> None:
    make, cell, options = case
    model, items = make(cell, **options)
    other = copy.deepcopy(model)
    before = model.measure(model.encode(items))
    assert other.measure(other.encode(items)) == before
    list(fit(other, items, TrainingSpec(steps=3)))
    assert other.measure(other.encode(items)).loss < before.loss
    assert model.measure(model.encode(items)) == before
    model.load_state_dict(other.state_dict())
    assert model.measure(model.encode(items)) == other.measure(other.encode(items))


@pytest.mark.parametrize("case", PER_CELL, ids=name_of)
def test_a_copy_of_who_has_learned_finds_the_same_gradient(case: Any) -> None:
    make, cell, options = case
    model, items = make(cell, **options)
    batch = model.encode(items)
    model.loss_and_gradient(batch)
    other = copy.deepcopy(model)
    for one in (model, other):
        one.flat *= 0.5
    np.testing.assert_array_equal(other.loss_and_gradient(batch)[1], model.loss_and_gradient(batch)[1])


@pytest.mark.parametrize("both", [False, True])
@pytest.mark.parametrize("make", [tags, tags_some, classifies])
def test_the_loss_is_the_mean_over_what_there_is_to_say(make: Any, both: bool) -> None:
    """Against runs, one by one: what is computed together here is put together there."""
    model, items = make("gru", bidirectional=both)
    costs, right = [], []
    for words, wanted in items:
        p = model.run(words).probabilities
        assert p is not None
        for at, label in [(-1, wanted)] if model.job == "classify" else enumerate(wanted):
            if label is not None:
                costs.append(-np.log(p[at, model.labels.index(label)]))
                right.append(model.labels[p[at].argmax()] == label)
    found = model.measure(model.encode(items))
    assert found.loss == pytest.approx(np.mean(costs), rel=1e-12)
    assert (found.weight, found.metric) == (len(costs), pytest.approx(np.mean(right)))


@pytest.mark.parametrize("loss", ["squared", "absolute"])
def test_a_forecaster_is_measured_by_its_loss_and_its_mean_absolute_error(loss: str) -> None:
    model, items = forecasts("gru", loss)
    batch = model.encode(items)
    error = np.concatenate([model.forward(x[:, None])[0] - y for x, y in items])
    mean = np.mean(np.square(error) if loss == "squared" else np.abs(error))
    assert model.measure(batch) == (pytest.approx(mean), error.size, pytest.approx(np.abs(error).mean()))


def test_a_tag_that_hangs_on_a_later_word_is_learned_by_both_directions_alone() -> None:
    items = [(["x", end], [f"before-{end}", end]) for end in "ab"]
    found = {}
    for both in (False, True):
        names = ["before-a", "before-b", "a", "b"]
        model = Model(spec("gru", hidden_size=8, bidirectional=both), Vocabulary("xab"), job="tag", labels=names)
        list(fit(model, items, TrainingSpec(steps=80, learning_rate=0.05)))
        found[both] = model.measure(model.encode(items)).metric
    assert found == {False: 0.75, True: 1.0}


def test_tasks_are_learned_by_who_can_remember() -> None:
    """Recall over distractors, by a GRU of 16 units; and by one unit, which cannot tell four letters apart."""
    seen = recall(3, 4, shortest=1, batch_size=300, seed=(0, 0))
    unseen = recall(3, 4, shortest=1, batch_size=100, seed=(0, 1))
    assert not {shown for shown, _ in unseen.items()} <= {shown for shown, _ in seen.items()}
    found = {}
    for size in (16, 1):
        model = Model(
            ModelSpec("gru", size, 8, seed=1),
            Vocabulary(seen.symbols),
            job="tag",
            labels=seen.answers,
        )
        points = list(fit(model, seen.items(), TrainingSpec(steps=250, learning_rate=0.02), held_out=unseen.items()))
        found[size] = points[-1].held_out_metric
    assert found[16] == 1.0
    assert found[1] < 0.8
    assert points[0].held_out_metric == pytest.approx(seen.chance, abs=0.2)


def test_adding_is_learned_from_its_items() -> None:
    batch = adding(6, batch_size=400, seed=1)
    model = Forecaster(ModelSpec("gru", 16, seed=1), 2)
    points = list(fit(model, batch.items(), TrainingSpec(steps=300, learning_rate=0.02, batch_size=32)))
    assert points[-1].loss < batch.chance / 5 < points[0].loss


def test_a_run_says_the_labels_it_was_trained_to() -> None:
    items = [(list("aab"), "bad"), (list("ba"), "bad"), (list("cac"), "good"), (list("ac"), "good")]
    for both in (False, True):
        model = Model(
            spec("lstm", hidden_size=8, bidirectional=both), Vocabulary("abc"), job="classify", labels=["good", "bad"]
        )
        points = list(fit(model, items, TrainingSpec(steps=80, learning_rate=0.05), held_out=items[:2]))
        assert points[-1].held_out_metric == 1.0
        for words, label in items:
            run = model.run(words)
            assert run.next()[0][0] == label
            assert run.probabilities is not None
            assert run.probabilities.shape == (1 if both else len(words), 2)
            assert run.bits is None


def test_a_forecaster_learns_to_go_on() -> None:
    wave = np.sin(np.arange(80) / 3)
    items = [(wave[i : i + 8], wave[i + 8]) for i in range(70)]
    model = Forecaster(spec("rnn", hidden_size=8))
    points = list(fit(model, items[:60], TrainingSpec(steps=200, learning_rate=0.02), held_out=items[60:]))
    assert points[-1].held_out_metric is not None
    assert points[-1].held_out_metric < 0.1 < points[0].held_out_metric
    x = np.stack([items[65][0]], axis=1)[:, :, None].astype(np.float32)
    assert model.forward(x)[0, 0] == pytest.approx(items[65][1], abs=0.2)


def test_a_captioner_says_where_the_bar_is() -> None:
    def bar(at: int, across: bool) -> np.ndarray:
        image = np.zeros((8, 8))
        image[at] = 1.0
        return image if across else image.T

    items = [(bar(at, across), ["a" if across else "b", "c"]) for at in range(8) for across in (True, False)]
    model = Captioner(spec("gru", hidden_size=8, embedding_size=4), WRITES, 8, 8, channels=(4, 8))
    seen, unseen = items[:6] + items[8:], items[6:8]  # the bars of the fourth row and of the fourth column
    points = list(fit(model, seen, TrainingSpec(steps=120, learning_rate=0.03), held_out=unseen))
    assert points[-1].held_out_metric == 1.0
    for image, words in items:
        assert [said.token for said in model.caption(image.astype(np.float32))] == words


def test_a_caption_is_the_likeliest_unless_asked_for_otherwise() -> None:
    model, items = captions("gru", hidden_size=6)
    image = items[0][0]

    def said(**how: Any) -> list[str]:
        return [word.token for word in model.caption(image, max_tokens=9, **how)]

    assert all(said(seed=seed) == said(temperature=0.0) for seed in range(5))
    assert len({tuple(said(temperature=2.0, seed=seed)) for seed in range(5)}) > 1


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: Model(ModelSpec(), WORDS, job="sing"), r"job: got 'sing', expected one of"),
        (lambda: Model(ModelSpec(), WORDS, job="tag"), r"labels: got 0, expected some to tag with"),
        (lambda: Model(ModelSpec(), WORDS, labels=["a"]), r"labels: got 1, expected none"),
        (lambda: Model(ModelSpec(), None, job="tag", labels=["a"]), r"labels: got 1, expected none without a voc"),
        (lambda: tags("rnn")[0].encode([(["a"], "NV")]), r"items\[0\]: got 1 tokens and 2 tags"),
        (
            lambda: tags("rnn")[0].encode([(["a"], "N"), (["a"], "X")]),
            r"items\[1\]: got the label 'X', expected one of",
        ),
        (lambda: tags("rnn")[0].encode([(["a", "b"], [None, None])]), r"items\[0\]: got no tag"),
        (lambda: classifies("rnn")[0].encode([(["a"], None)]), r"items\[0\]: got the label None"),
        (lambda: classifies("rnn")[0].encode([([], "good")]), r"items\[0\]: got 0 tokens"),
        (lambda: forecasts("rnn")[0].encode([(np.zeros((3, 1)), 1.0)]), r"items\[0\]: x: got shape \(3, 1\)"),
        (lambda: forecasts("rnn")[0].encode([(np.zeros((0, 2)), [1.0, 2.0])]), r"items\[0\]: x: got shape \(0, 2\)"),
        (lambda: forecasts("rnn")[0].encode([(np.zeros((3, 2)), [np.nan, 1])]), r"items\[0\]: y: got NaN"),
        (lambda: Forecaster(ModelSpec(), loss="cubic"), r"loss: got 'cubic'"),
        (lambda: Forecaster(ModelSpec(), features=0), r"features: got 0"),
        (lambda: Captioner(ModelSpec(), WORDS, 8, 8), r"vocabulary: got one without a start"),
        (lambda: Captioner(ModelSpec(bidirectional=True), WRITES, 8, 8), r"spec: got a bidirectional one"),
        (lambda: captions("rnn")[0].encode([(np.zeros((5, 6)), "a")]), r"items\[0\]: image: got shape \(5, 6\)"),
        (lambda: captions("rnn")[0].encode([(np.zeros((6, 5)), "")]), r"items\[0\]: got no words"),
        (lambda: captions("rnn")[0].caption(np.zeros((6, 4))), r"image: got shape \(6, 4\), expected \(6, 5\)"),
        (lambda: fit(forecasts("rnn")[0], [], TrainingSpec()), r"items: got none"),
    ],
)
def test_what_cannot_be(call: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        call()


@pytest.mark.parametrize("make", [says_next, forecasts, captions])
def test_a_loss_that_overflowed_has_no_gradient(make: Any) -> None:
    model, items = make("rnn", nonlinearity="relu")
    model.flat[:] = 1e300
    loss, gradient = model.loss_and_gradient(model.encode(items))
    assert not np.isfinite(loss)
    assert np.isnan(gradient).all()
    assert not np.isfinite(model.measure(model.encode(items)).loss)


def test_a_learned_start_is_a_parameter_that_every_run_begins_from() -> None:
    model, items = says_next("lstm", learned_h_0=True)
    assert model.state_dict()["start.h_0"].shape == (1, 3)
    assert not model.run(list("ab")).h_0.any(), "zeros before training"
    list(fit(model, items, TrainingSpec(steps=20)))
    start = model.state_dict()["start.h_0"]
    assert start.any(), "learned"
    run = model.run(list("ab"))
    np.testing.assert_array_equal(run.h_0, start[0])
    assert not np.array_equal(run.hidden, model.run(list("ab"), h_0=np.zeros(3)).hidden)
    # Who writes begins there, too.
    endless = Model(spec("gru", learned_h_0=True), Vocabulary("abcd"), dtype=np.float64)
    list(fit(endless, [list("abca"), list("cb")], TrainingSpec(steps=20)))

    def said(**how: Any) -> list[float]:
        return [one.probability for one in generate(endless, ["a"], max_tokens=3, **how)]

    assert said() == said(h_0=endless.state_dict()["start.h_0"][:, None])
    assert said() != said(h_0=np.zeros((1, 1, 3)))


def test_a_model_that_learns_nothing_learns_no_start() -> None:
    assert Model(spec("rnn", learned_h_0=True), None).start is None
