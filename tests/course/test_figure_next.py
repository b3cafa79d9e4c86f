"""What comes next, by hand: the distributions, their bits, what is drawn and what is written on."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from tutor.course.entries import ModelEntry
from tutor.course.figures.next import DRAWS, MOST_WRITTEN, Next, NextValues, Sampling, next_values, spread
from tutor.course.lab import Lab
from tutor.engine.generation import distribution, generate
from tutor.engine.model import Model, ModelSpec
from tutor.engine.text import END, UNKNOWN, Vocabulary
from tutor.engine.training import TrainingSpec, fit

from .sample import check_answer

SENTENCES = ["to code is to learn", "to read is to learn", "to code is fun"]


@pytest.fixture(scope="module")
def model() -> Model:
    items = [tuple(s.split()) for s in SENTENCES]
    made = Model(ModelSpec(cell="gru", hidden_size=6, embedding_size=4), Vocabulary(sum(items, ()), end=True))
    for _checkpoint in fit(made, items, TrainingSpec(steps=60, batch_size=3)):
        pass
    return made


@pytest.fixture
def values(model: Model) -> NextValues:
    return next_values(model.run(("to", "code", "is", "zebra", "to")), count=3)


def softmax(z: np.ndarray) -> np.ndarray:
    e = np.exp(z.astype(np.float64) - z.max())
    return np.asarray(e / e.sum())


def test_both_distributions_by_hand(values: NextValues) -> None:
    logits = values.run.logits
    assert logits is not None
    p = softmax(logits[1])
    reading = values.reading(2)
    assert reading.plain == pytest.approx(p)
    # The unknown token is no text: it is never drawn.
    assert reading.drawn[0] == 0.0
    assert reading.drawn[1:] == pytest.approx(p[1:] / p[1:].sum())
    hot = values.reading(2, Sampling(2.0, 3))
    z = logits[1].astype(np.float64).copy()
    z[0] = -np.inf
    assert hot.drawn == pytest.approx(distribution(z, temperature=2.0, top_k=3))
    assert (hot.drawn > 0).sum() == 3
    assert hot.plain == pytest.approx(p)
    assert (values.reading(2, Sampling(top_p=0.5)).drawn > 0).sum() < len(p) - 1
    certain = values.reading(2, Sampling(0.0))
    assert certain.drawn.max() == 1.0
    assert certain.entropies[1] == 0.0


def test_bits_by_hand(values: NextValues) -> None:
    reading = values.reading(2, Sampling(2.0))
    for p, bits in zip((reading.plain, reading.drawn), reading.entropies, strict=True):
        assert bits == pytest.approx(-sum(v * math.log2(v) for v in p.tolist() if v > 0))
    assert reading.entropies[1] > reading.entropies[0]
    assert reading.most == pytest.approx(math.log2(len(values.run.model.labels)))
    bits_of_the_run = values.run.bits
    assert bits_of_the_run is not None
    for position in range(1, 5):
        assert values.reading(position).surprise == pytest.approx(bits_of_the_run[position - 1], rel=1e-5)
    assert values.reading(5).surprise is None
    assert values.reading(5).came is None


def test_what_came_is_named_among_the_guesses_once(values: NextValues) -> None:
    for position in range(1, 5):
        reading = values.reading(position)
        guesses = reading.guesses(3)
        assert [g.came for g in guesses].count(True) == 1
        assert [g.rank for g in guesses[:3]] == [1, 2, 3]
        assert len(guesses) in (3, 4)
        assert [g.plain for g in guesses[:3]] == sorted(reading.plain, reverse=True)[:3]
        for guess in guesses:
            assert guess.token == reading.tokens[guess.index]
            assert (guess.plain, guess.drawn) == (reading.plain[guess.index], reading.drawn[guess.index])
            assert guess.rank == 1 + sum(v > guess.plain for v in reading.plain)
    # A word that it does not know is the unknown token to it.
    assert [g.token for g in values.reading(3).guesses(3) if g.came] == [UNKNOWN]
    assert len(values.reading(5).guesses(99)) == len(values.run.model.labels)


def test_equals_are_ranked_in_the_order_of_the_vocabulary(values: NextValues) -> None:
    reading = values.reading(1)
    reading.plain[:] = 1.0 / len(reading.plain)
    assert [reading.guess(i).rank for i in range(4)] == [1, 2, 3, 4]
    assert [g.index for g in reading.guesses(3)][:3] == [0, 1, 2]


def test_draws_are_of_the_seed_and_the_turn_and_follow_the_distribution(values: NextValues) -> None:
    reading = values.reading(2, Sampling(top_k=3))
    one, again = reading.draw(20_000, 4, 1), reading.draw(20_000, 4, 1)
    assert (one == again).all()
    assert (one != reading.draw(20_000, 4, 2)).any()
    assert (one != reading.draw(20_000, 5, 1)).any()
    counts = np.bincount(one, minlength=len(reading.drawn))
    for p, count in zip(reading.drawn, counts, strict=True):
        assert abs(count - 20_000 * p) <= 5 * spread(float(p), 20_000)
    assert counts[reading.drawn == 0].sum() == 0


def test_the_spread_is_the_binomials() -> None:
    assert spread(0.3, DRAWS) == pytest.approx(math.sqrt(DRAWS * 0.3 * 0.7))
    assert spread(0.0, DRAWS) == spread(1.0, DRAWS) == 0.0


def test_it_writes_on_as_the_engine_does(values: NextValues) -> None:
    run = values.run
    for sampling, how in ((Sampling(), {}), (Sampling(0.5, 2, 0.9), {"temperature": 0.5, "top_k": 2, "top_p": 0.9})):
        said = sampling.write(run, 2, 3)
        assert said == tuple(generate(run.model, ("to", "code"), max_tokens=MOST_WRITTEN, seed=3, **how))
    assert Sampling().write(run, 2, 3) != Sampling().write(run, 2, 4)
    with pytest.raises(ValueError, match="prompt"):
        Sampling().write(run, 0, 1)


def test_it_writes_on_from_the_state_that_the_run_began_with(model: Model) -> None:
    h_0 = np.linspace(-0.9, 0.9, 6)
    run = model.run(("to",), h_0=h_0)
    start = h_0.astype(np.float32).reshape(1, 1, 6)
    assert Sampling().write(run, 1, 0) == tuple(generate(model, ("to",), max_tokens=MOST_WRITTEN, seed=0, h_0=start))
    logits = run.logits
    assert logits is not None
    p = softmax(logits[0])
    (first,) = Sampling().write(run, 1, 0)[:1]
    assert first.probability == pytest.approx(p[model.labels.index(first.token)] / (1 - p[0]), rel=1e-4)


def test_the_tables_hold_what_is_drawn(values: NextValues) -> None:
    guesses, course = values.tables()
    reading = values.reading(5)
    assert guesses.rows == tuple((g.token, g.plain, g.drawn, float(g.rank), "") for g in reading.guesses(3))
    assert [row[1] for row in course.rows] == list(values.run.tokens)
    assert [row[5] for row in course.rows] == ["code", "is", "zebra", "to", ""]
    for t in range(5):
        at = values.reading(t + 1)
        assert course.rows[t][2] == pytest.approx(at.entropies[0])
        assert course.rows[t][3:5] == (at.guesses(1)[0].token, at.guesses(1)[0].plain)
        assert course.rows[t][6] == ("" if t == 4 else pytest.approx(at.surprise, rel=1e-5))
    counts = np.zeros(len(reading.tokens))
    counts[reading.guesses(1)[0].index] = 200
    counted = reading.table(3, counts)
    assert counted.rows[0][5] == 200.0
    assert counted.rows[0][6] == pytest.approx(200 * reading.guesses(1)[0].drawn)
    assert counted.rows[0][7] == spread(reading.guesses(1)[0].drawn, 200)
    assert counted.rows[1][5] == 0.0


def test_before_the_first_step_the_tables_are_of_the_first(model: Model) -> None:
    values = next_values(model.run(("to", "code")), step=0)
    assert values.tables()[0] == values.reading(1).table(8)


def test_scores_that_are_no_numbers_are_said(model: Model) -> None:
    values = next_values(model.run(("to", "code")))
    logits = np.array(values.run.logits)
    logits[1, 2] = np.nan
    object.__setattr__(values.run, "logits", logits)
    with pytest.raises(ValueError, match="scores of step 2 are no numbers"):
        values.reading(2)
    assert np.isnan(values.course().rows[1][2])  # type: ignore[call-overload]


def test_other_models_are_refused() -> None:
    vocabulary = Vocabulary("ab")
    for made, said in (
        (Model(ModelSpec(), None), "no head"),
        (Model(ModelSpec(), vocabulary, job="tag", labels="xy"), "labels"),
        (Model(ModelSpec(bidirectional=True), vocabulary), "both ends"),
    ):
        with pytest.raises(ValueError, match=said):
            next_values(made.run(("a", "b")))


def test_a_lesson_trains_it(tmp_path: Path) -> None:
    (tmp_path / "c.txt").write_text("\n".join(SENTENCES))
    entry = ModelEntry(task="next-word", corpus="c.txt", hidden=4, steps=5, text="to code")
    lab = Lab({"m": entry}, folder=tmp_path)
    lab.ensure("m")
    values = Next(model="m", temperature=0.5, top_k=2, top_p=0.9, seed=4, count=2, step=1).run(lab)
    assert values.run is lab.run("m")
    assert (values.step, values.count, values.seed, values.sampling) == (1, 2, 4, Sampling(0.5, 2, 0.9))
    assert Next(model="m").run(lab).step == 2
    assert END in values.reading(2).tokens


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, None),
        ({"model": "unknown"}, None),
        ({"model": "plain"}, 'the task "untrained"'),
        ({"model": "tagger"}, 'the task "tag"'),
        ({"model": "silent"}, "no text to run on"),
        ({"model": "silent", "text": "a"}, None),
        ({"step": 0}, None),
        ({"step": 2}, None),
        ({"step": 3}, "`step` is 3"),
        ({"step": -1}, "`step` is -1"),
        ({"count": 0}, "`count` is 0"),
        ({"count": 51}, "`count` is 51"),
        ({"temperature": 0.0}, None),
        ({"temperature": 4.5}, "`temperature` is 4.5"),
        ({"temperature": -0.1}, "`temperature` is -0.1"),
        ({"top_k": -1}, "`top_k` is -1"),
        ({"top_p": 0.0}, "`top_p` is 0"),
        ({"top_p": 1.1}, "`top_p` is 1.1"),
        ({"seed": -1}, "`seed` is -1"),
    ],
)
def test_what_cannot_be_shown_is_answered(options: dict[str, object], said: str | None) -> None:
    models = {
        "m": ModelEntry(task="next-word", corpus="c", text="a b"),
        "silent": ModelEntry(task="next-word", corpus="c"),
        "plain": ModelEntry(text="a b"),
        "tagger": ModelEntry(task="tag", corpus="c", text="a b"),
    }
    found = Next(**({"model": "m"} | options)).unfit(models)  # type: ignore[arg-type]
    check_answer(found, said)
    assert Next(model="m").models() == ("m",)
