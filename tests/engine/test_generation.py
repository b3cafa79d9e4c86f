"""What a token is drawn from, and writing on from a prompt."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutor.engine import CELLS
from tutor.engine.generation import choose, distribution, generate
from tutor.engine.losses import softmax
from tutor.engine.model import Model, ModelSpec
from tutor.engine.text import UNKNOWN, Vocabulary
from tutor.engine.training import TrainingSpec, fit

LOGITS = np.log([0.1, 0.4, 0.2, 0.3])


def test_a_distribution_is_cut_and_adds_up_to_1() -> None:
    np.testing.assert_allclose(distribution(LOGITS), [0.1, 0.4, 0.2, 0.3])
    np.testing.assert_allclose(distribution(LOGITS, temperature=0.0), [0, 1, 0, 0])
    np.testing.assert_allclose(distribution(LOGITS, temperature=0.5), np.array([1, 16, 4, 9]) / 30)
    np.testing.assert_allclose(distribution(LOGITS, temperature=1e9), 0.25, atol=1e-6)
    np.testing.assert_allclose(distribution(LOGITS, top_k=2), [0, 4 / 7, 0, 3 / 7])
    np.testing.assert_allclose(distribution(LOGITS, top_k=9), [0.1, 0.4, 0.2, 0.3])
    np.testing.assert_allclose(distribution(LOGITS, top_p=0.7), [0, 4 / 7, 0, 3 / 7])
    np.testing.assert_allclose(distribution(LOGITS, top_p=0.71), [0, 4 / 9, 2 / 9, 3 / 9])
    np.testing.assert_allclose(distribution(LOGITS, top_p=1e-9), [0, 1, 0, 0])
    np.testing.assert_allclose(distribution(LOGITS, top_p=1.0), [0.1, 0.4, 0.2, 0.3])
    # Of the three that top_k leaves, two hold more than 0.75 of what they hold together.
    np.testing.assert_allclose(distribution(LOGITS, top_k=3, top_p=0.75), [0, 4 / 7, 0, 3 / 7])
    np.testing.assert_allclose(distribution(np.array([1e300, 0.0, -np.inf]), temperature=1e-3), [1, 0, 0])
    np.testing.assert_allclose(distribution(np.zeros(3), temperature=0.0), [1, 0, 0])


@settings(deadline=None)
@given(
    st.lists(st.floats(-50, 50), min_size=1, max_size=9),
    st.floats(0.05, 20),
    st.none() | st.integers(1, 12),
    st.none() | st.floats(0.01, 1.0),
)
def test_what_is_kept_is_the_likeliest_and_in_proportion(logits, temperature, top_k, top_p) -> None:
    z = np.array(logits)
    p = distribution(z, temperature=temperature, top_k=top_k, top_p=top_p)
    whole = softmax(z, temperature)
    kept = np.flatnonzero(p)
    assert p.sum() == pytest.approx(1.0)
    np.testing.assert_allclose(p[kept], whole[kept] / whole[kept].sum(), rtol=1e-9)
    cut = np.flatnonzero(p == 0)
    # Two that a rounding error parts are equal.
    assert not len(cut) or whole[cut].max() <= whole[kept].min() * (1 + 1e-12)
    if top_k is not None:
        assert len(kept) <= top_k
    if top_p is not None and top_k is None:
        assert whole[kept].sum() >= top_p - 1e-9
        assert len(kept) == 1 or whole[kept].sum() - whole[kept].min() < top_p + 1e-9


def test_tokens_are_drawn_as_often_as_they_are_likely() -> None:
    rng = np.random.default_rng(0)
    p = np.array([0.0, 0.5, 0.2, 0.3, 0.0])
    drawn = np.bincount([choose(p, rng) for _ in range(20_000)], minlength=5) / 20_000
    np.testing.assert_allclose(drawn, p, atol=0.015)
    assert not drawn[[0, 4]].any()


def trained(cell: str) -> Model:
    model = Model(ModelSpec(cell=cell, hidden_size=12, embedding_size=6), Vocabulary("abcd", end=True))
    list(fit(model, [list("abcd"), list("abcd"), list("bcda")], TrainingSpec(steps=150, learning_rate=0.03)))
    return model


@pytest.mark.parametrize("cell", list(CELLS))
def test_the_state_is_carried_as_if_all_had_been_read_at_once(cell: str) -> None:
    model = Model(ModelSpec(cell=cell, hidden_size=5, num_layers=2, seed=3), Vocabulary("abcdefg"))
    said = list(generate(model, ["a", "b"], max_tokens=12, seed=4))
    words = [s.token for s in said]
    run = model.run(["a", "b", *words])
    assert run.logits is not None
    for at, one in enumerate(said):
        logits = run.logits[1 + at].astype(np.float64)
        logits[0] = -np.inf  # the unknown token is never said
        assert one.probability == pytest.approx(softmax(logits)[model.vocabulary.index(one.token)], rel=1e-4)


@pytest.mark.parametrize("cell", list(CELLS))
def test_it_writes_what_it_learned_and_ends(cell: str) -> None:
    model = trained(cell)
    assert [said.token for said in generate(model, ["a"], temperature=0.0)] == ["b", "c", "d"]
    assert len(list(generate(model, ["a"], temperature=0.0, max_tokens=2))) == 2
    assert not list(generate(model, ["a"], max_tokens=0))


@pytest.mark.parametrize("cell", list(CELLS))
def test_it_draws_as_one_does_by_hand_until_the_end(cell: str) -> None:
    model = Model(ModelSpec(cell=cell, hidden_size=4, seed=1), Vocabulary("ab", end=True))
    lengths = set()
    for seed in range(12):
        rng, text = np.random.default_rng([seed, 5]), ["a"]
        while len(text) < 9:
            logits = model.run(text).logits[-1].astype(np.float64)
            logits[0] = -np.inf
            index = choose(distribution(logits, temperature=1.5), rng)
            if index == model.vocabulary.end:
                break
            text.append(model.vocabulary.tokens[index])
        assert [s.token for s in generate(model, ["a"], temperature=1.5, max_tokens=8, seed=seed)] == text[1:]
        lengths.add(len(text))
    assert len(lengths) > 2


@pytest.mark.parametrize("cell", list(CELLS))
def test_it_begins_at_the_state_that_is_given(cell: str) -> None:
    model = Model(ModelSpec(cell=cell, hidden_size=4, num_layers=2, seed=3), Vocabulary("abc"))
    h_0 = np.random.default_rng(0).standard_normal((2, 1, 4)).astype(np.float32)
    (said,) = generate(model, ["a", "b"], max_tokens=1, h_0=h_0)
    logits = model.run(["a", "b"], h_0.ravel()).logits[-1].astype(np.float64)
    logits[0] = -np.inf
    assert said.probability == pytest.approx(softmax(logits)[model.vocabulary.index(said.token)], rel=1e-5)


def test_the_same_seed_writes_the_same_and_unknown_is_never_said() -> None:
    model = Model(ModelSpec(hidden_size=4), Vocabulary("ab", start=True))
    texts = {tuple(s.token for s in generate(model, ["a"], seed=seed, max_tokens=30)) for seed in (1, 1, 2)}
    assert len(texts) == 2
    assert not {UNKNOWN, "<start>"} & set().union(*texts)
    assert list(generate(model, [1], seed=1)) == list(generate(model, [1], seed=1))


def headless() -> Model:
    """As one from a file of weights: it reads tokens by a vocabulary, and says nothing of its own."""
    model = Model(ModelSpec(hidden_size=4), None)
    model.vocabulary = Vocabulary("ab")
    return model


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"temperature": -1.0}, "temperature: got -1.0"),
        ({"temperature": float("nan")}, "temperature: got nan"),
        ({"temperature": float("inf")}, "temperature: got inf"),
        ({"top_k": 0}, "top_k: got 0"),
        ({"top_k": 1.5}, "top_k: got 1.5"),
        ({"top_p": 0.0}, "top_p: got 0.0"),
        ({"top_p": 1.1}, "top_p: got 1.1"),
        ({"max_tokens": -1}, "max_tokens: got -1"),
        ({"seed": -1}, "seed: got -1"),
        ({"prompt": []}, "prompt: got no tokens"),
        ({"model": Model(ModelSpec(), None)}, "model: got one that does not say the next token"),
        ({"model": Model(ModelSpec(bidirectional=True), Vocabulary("ab"))}, "model: got one that does not say"),
        ({"model": Model(ModelSpec(), Vocabulary("ab"), job="tag", labels="N")}, "model: got one that does not say"),
        (
            {"model": headless()},
            "^model: got one without a head, expected one with an embedding and a head$",
        ),
        ({"h_0": np.zeros((1, 1, 3), np.float32)}, r"h_0: got shape \(1, 1, 3\)"),
    ],
)
def test_what_cannot_be_written_is_refused_at_once(options: dict, said: str) -> None:
    arguments = {"model": Model(ModelSpec(hidden_size=4), Vocabulary("ab")), "prompt": ["a"]} | options
    with pytest.raises(ValueError, match=said):
        generate(**arguments)


@pytest.mark.parametrize("logits", [[np.nan, 1.0], [-np.inf, -np.inf], [np.inf, 0.0], [], [[1.0]]], ids=str)
def test_what_is_no_score(logits) -> None:
    with pytest.raises(ValueError, match="logits: got"):
        distribution(np.array(logits))
