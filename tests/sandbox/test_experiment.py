"""An experiment as a value: what it refuses, in which line; and equal ones give the same bytes."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutor.engine.model import Model, ModelSpec, Run
from tutor.engine.surgery import Cut
from tutor.engine.text import Vocabulary
from tutor.sandbox import edits
from tutor.sandbox.experiment import (
    INITS,
    MAX_CHANGES,
    MAX_TEXT,
    MAX_TOKENS,
    STARTS,
    Experiment,
    Nudge,
    nudged,
    tokens_of,
)

CELLS = ("rnn", "gru", "lstm")


def told(run: Run) -> list[bytes]:
    """All that a run computed, to the byte."""
    every = [record for records in run.trace.records for record in records]
    arrays = [array for r in every for array in (r.x, r.h, r.c, r.kept) if array is not None]
    return [array.tobytes() for array in (run.hidden, run.x, *arrays, *run.weights.values(), *run.backward.values())]


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"cell": "elman"}, "cell: got 'elman', expected one of rnn, gru, lstm"),
    ({"cell": ""}, "cell: got '', expected one of rnn, gru, lstm"),
    ({"unit": "bytes"}, "unit: got 'bytes', expected one of words, characters"),
    ({"init": "uniform"}, "init: got 'uniform', expected one of default, orthogonal"),
    ({"start": "ones"}, "start: got 'ones', expected one of zeros, random, hand"),
    ({"hidden": 0}, "hidden: got 0, expected a whole number from 1 to 512"),
    ({"hidden": 513}, "hidden: got 513, expected a whole number from 1 to 512"),
    ({"hidden": 8.0}, "hidden: got 8.0, expected a whole number from 1 to 512"),
    ({"hidden": True}, "hidden: got True, expected a whole number from 1 to 512"),
    ({"layers": 0}, "layers: got 0, expected a whole number from 1 to 8"),
    ({"layers": 9}, "layers: got 9, expected a whole number from 1 to 8"),
    ({"seed": -1}, "seed: got -1, expected a whole number ≥ 0"),
    ({"seed": "1"}, "seed: got '1', expected a whole number ≥ 0"),
    ({"radius": 0.0}, "radius: got 0.0, expected a number above 0"),
    ({"radius": -0.5}, "radius: got -0.5, expected a number above 0"),
    ({"radius": 10.5}, "radius: got 10.5, expected a number within ±10"),
    ({"radius": math.nan}, "radius: got nan, expected a number within ±10"),
    ({"radius": "1"}, "radius: got '1', expected a number within ±10"),
    ({"forget_bias": 20.5}, "forget_bias: got 20.5, expected a number within ±20"),
    ({"forget_bias": -math.inf}, "forget_bias: got -inf, expected a number within ±20"),
    ({"h_0": (0.0, math.nan)}, "h_0: got nan, expected a number within ±1e+06"),
    ({"h_0": (1e6 + 1,)}, "h_0: got 1000001.0, expected a number within ±1e+06"),
    # A whole number of any length is a number, and no float holds it.
    ({"h_0": (10**400,)}, f"h_0: got 1{'0' * 78}…, expected a number within ±1e+06"),
    ({"cuts": (Cut(1, "h", 0, math.inf),)}, "cuts: got inf, expected a number within ±1e+06"),
    ({"nudges": (Nudge("weight_hh_l0", 0, 0, math.nan),)}, "nudges: got nan, expected a number within ±1e+06"),
    ({"cuts": (Cut(1, "h", 0),) * 201}, "cuts: got 201, expected at most 200"),
    ({"nudges": (Nudge("weight_hh_l0", 0, 0, 1.0),) * 201}, "nudges: got 201, expected at most 200"),
    ({"text": ""}, "text: got no token, expected at least one word"),
    ({"text": " \t\n\u200b"}, "text: got no token, expected at least one word"),
    ({"text": "", "unit": "characters"}, "text: got no token, expected at least one word"),
    ({"text": "a" * (MAX_TEXT + 1)}, "text: got 200001 characters, expected at most 200000"),
    ({"beside": " "}, "beside: got no token, expected at least one word, or nothing"),
    ({"beside": "b" * (MAX_TEXT + 1)}, "beside: got 200001 characters, expected at most 200000"),
]


@pytest.mark.parametrize(("given_", "said"), REFUSED, ids=[said[:40] for _, said in REFUSED])
def test_every_refusal_is_one_line(given_: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError) as found:  # noqa: PT011 — the whole line is compared
        Experiment(**given_)
    assert str(found.value) == said


HOSTILE = "\x1b[31m\n\u202e" * 1_000_000
HUGE = 10**4_000


@pytest.mark.parametrize(
    "given_",
    [
        *(
            {name: HOSTILE}
            for name in ("cell", "unit", "init", "start", "hidden", "layers", "seed", "radius", "source")
        ),
        *({name: value} for name in ("hidden", "layers", "radius", "forget_bias") for value in (HUGE, -HUGE)),
        {"seed": -HUGE},
        {"h_0": (HUGE,)},
        {"h_0": (HOSTILE,)},
        {"cuts": (Cut(1, "h", 0, HUGE),)},
        {"cuts": (Cut(1, HOSTILE, 0),)},
        {"nudges": (Nudge("weight_hh_l0", 0, 0, HUGE),)},
        {"nudges": (Nudge(HOSTILE, 0, 0, 1.0),)},
        {"nudges": (Nudge(HOSTILE, 0, 0, 1.0),), "layers": 8, "bidirectional": True},
        {"nudges": (Nudge("weight_hh_l0", HUGE, -HUGE, 1.0),)},
    ],
    ids=lambda given_: " ".join(given_),
)
def test_whatever_comes_its_refusal_is_short(given_: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=": got ") as found:
        Experiment(**given_).run()
    said = str(found.value)
    assert len(said) < 400
    assert said.isprintable()


def test_the_largest_of_everything_is_taken() -> None:
    found = Experiment(
        text="a" * MAX_TEXT,
        beside="b" * MAX_TEXT,
        hidden=512,
        layers=8,
        seed=2**70,
        radius=10.0,
        forget_bias=-20.0,
        h_0=(1e6, -1e6),
        cuts=(Cut(1, "h", 0, 1e6),) * MAX_CHANGES,
        nudges=(Nudge("weight_hh_l0", 0, 0, -1e6),) * MAX_CHANGES,
    )
    assert found.tokens == ("a" * MAX_TEXT,)


EXPERIMENTS = st.builds(
    Experiment,
    text=st.lists(st.sampled_from(["never", "too", "late", "to", "learn"]), min_size=1, max_size=6).map(" ".join),
    cell=st.sampled_from(CELLS),
    hidden=st.integers(1, 5),
    layers=st.integers(1, 2),
    bidirectional=st.booleans(),
    seed=st.integers(0, 3),
    unit=st.sampled_from(["words", "characters"]),
    init=st.sampled_from(INITS),
    radius=st.sampled_from([0.5, 1.0, 1.5]),
    forget_bias=st.none() | st.sampled_from([0.0, -0.0, 2.0]),
    start=st.sampled_from(STARTS),
    h_0=st.lists(st.sampled_from([0.0, -0.0, 1.0, -0.5]), max_size=30).map(tuple),
    cuts=st.lists(st.sampled_from([0.0, -0.0, 2.0]).map(lambda value: Cut(1, "h", 0, value))).map(tuple),
    nudges=st.lists(st.just(Nudge("bias_hh_l0", 0, 0, 0.25)), max_size=2).map(tuple),
)


@settings(deadline=None, max_examples=60)
@given(EXPERIMENTS)
def test_equal_experiments_give_the_same_bytes(one: Experiment) -> None:
    # −0 is equal to 0: the bytes have to be, too.
    other = replace(
        one,
        h_0=tuple(-value if value == 0 else value for value in one.h_0),
        forget_bias=-one.forget_bias if one.forget_bias == 0 else one.forget_bias,
        cuts=tuple(cut._replace(value=-cut.value) if cut.value == 0 else cut for cut in one.cuts),
    )
    assert one == other
    assert hash(one) == hash(other)
    assert told(one.run()) == told(other.run())


def test_another_experiment_gives_other_bytes() -> None:
    plain = Experiment(hidden=4)
    for change in (
        {"text": "never late too to"},
        {"cell": "gru"},
        {"hidden": 5},
        {"layers": 2},
        {"bidirectional": True},
        {"seed": 1},
        {"unit": "characters"},
        {"init": "orthogonal"},
        {"start": "random"},
        {"start": "hand", "h_0": (0.5,)},
        {"cuts": (Cut(1, "h", 0, 0.5),)},
        {"nudges": (Nudge("weight_hh_l0", 0, 0, 0.5),)},
    ):
        assert told(replace(plain, **change).run()) != told(plain.run()), change


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("length", [0, 1, 11, 12, 13, 40])
def test_h_0_by_hand_may_be_shorter_or_longer_than_the_network(cell: str, bidirectional: bool, length: int) -> None:
    size = 3 * 2 * (1 + bidirectional)
    given_ = tuple(float(k + 1) for k in range(length))
    found = Experiment(text="a b", cell=cell, hidden=3, layers=2, bidirectional=bidirectional, start="hand", h_0=given_)
    run = found.run()
    wanted = np.array([*given_, *[0.0] * size][:size], np.float32)
    starts = [r.h[-1 if r.reverse else 0, 0] for records in run.trace.records for r in records]
    assert np.array_equal(np.concatenate(starts), wanted)
    # What is too much waits for a larger network.
    larger = replace(found, hidden=20).run()
    assert np.array_equal(larger.trace.records[0][0].h[0, 0], np.array([*given_, *[0.0] * 20][:20], np.float32))


def test_where_h_0_is() -> None:
    zeros, drawn = Experiment(hidden=4), Experiment(hidden=4, start="random")
    assert not zeros.run().h_0.any()
    assert np.array_equal(drawn.run().h_0, replace(drawn, text="other words").run().h_0)
    assert not np.array_equal(drawn.run().h_0, replace(drawn, seed=1).run().h_0)
    assert (np.abs(drawn.run().h_0) <= 1).all()
    assert drawn.run().h_0.all()
    # Numbers that wait have no part while h_0 is not by hand.
    assert told(replace(zeros, h_0=(1.0,)).run()) == told(zeros.run())


def test_the_learned_start_of_a_network_is_its_zeros() -> None:
    model = Model(ModelSpec(hidden_size=3, learned_h_0=True), Vocabulary(("a", "b")))
    assert model.start is not None
    model.start.load_state_dict({"h_0": np.full((1, 3), 0.25, np.float32)})
    assert Experiment(text="a b").run(model).h_0.tolist() == [0.25] * 3
    assert Experiment(text="a b", start="hand", h_0=(1.0,)).run(model).h_0.tolist() == [1.0, 0.0, 0.0]


def test_a_forget_bias_waits_for_the_lstm() -> None:
    for cell in ("rnn", "gru"):
        plain = Experiment(cell=cell, hidden=3)
        assert told(replace(plain, forget_bias=5.0).run()) == told(plain.run())
        assert replace(plain, forget_bias=5.0).spec.forget_bias is None
    lstm = Experiment(cell="lstm", hidden=3, forget_bias=5.0)
    state = lstm.model().net.state_dict()
    assert state["bias_ih_l0"][3:6].tolist() == [5.0] * 3
    assert state["bias_hh_l0"][3:6].tolist() == [0.0] * 3
    assert told(lstm.run()) != told(replace(lstm, forget_bias=None).run())


def test_a_radius_waits_for_the_orthogonal_initialisation() -> None:
    plain = Experiment(hidden=4)
    assert told(replace(plain, radius=2.0).run()) == told(plain.run())
    weights = replace(plain, init="orthogonal", radius=2.0).model().net.state_dict()["weight_hh_l0"]
    assert np.linalg.svd(weights, compute_uv=False) == pytest.approx(2.0, rel=1e-5)


def test_characters_are_grapheme_clusters_and_spaces() -> None:
    found = Experiment(text="e\u0301 👩‍🚀", unit="characters")
    assert found.tokens == ("é", " ", "👩‍🚀")
    assert found.run().tokens == found.tokens
    assert Experiment(text=" ", unit="characters").tokens == (" ",)


def test_tokens_beyond_the_most_are_left_out() -> None:
    text = "a " * (MAX_TOKENS - 1) + "b c"
    found = Experiment(text=text, hidden=1)
    assert len(found.all_tokens) == MAX_TOKENS + 1
    assert found.tokens == found.all_tokens[:-1]
    run = found.run()
    assert run.tokens == found.tokens
    assert run.tokens[-1] == "b"
    assert told(run) == told(Experiment(text=text[:-2], hidden=1).run())
    assert Experiment(text="x", beside=text, hidden=1).run(beside=True).tokens == found.tokens


def test_the_second_text_is_read_without_what_was_done_by_hand_on_the_way() -> None:
    found = Experiment(
        text="a b c",
        beside="a b",
        hidden=3,
        start="random",
        cuts=(Cut(3, "h", 0, 1.0),),
        nudges=(Nudge("bias_ih_l0", 1, 0, 0.5),),
    )
    plain = replace(found, text="a b", beside="", cuts=())
    assert told(found.run(beside=True)) == told(plain.run())
    # A nudged weight is the network's for both.
    assert told(found.run(beside=True)) != told(replace(plain, nudges=()).run())


def test_what_cannot_be_run_says_so_in_one_line() -> None:
    words = Model(ModelSpec(hidden_size=2), Vocabulary(("a",)))
    blank = Experiment(text=" ", unit="characters", source="it", beside="  ")
    for beside, name in ((False, "text"), (True, "beside")):
        with pytest.raises(ValueError, match=rf"\A{name}: got no token, expected at least one word\Z"):
            blank.run(words, beside=beside)
    with pytest.raises(ValueError, match=r"\Asource: got 'it', and there is no such network on the bench\Z"):
        blank.model()
    with pytest.raises(ValueError, match=r"\Asource: got 'it', and there is no such network on the bench\Z"):
        blank.model({"other": words})
    assert blank.model({"it": words}) is words
    with pytest.raises(ValueError, match=r"\Acuts\[0\]\.step: got 3, expected 1 … 2\Z"):
        Experiment(text="a b", cuts=(Cut(3, "h", 0),)).run()
    with pytest.raises(ValueError, match=r"\Acuts\[0\]\.letter: got 'c', expected one of 'h'\Z"):
        Experiment(text="a b", cuts=(Cut(1, "c", 0),)).run()


def test_a_nudge_adds_to_one_weight_and_leaves_the_network_as_it_was() -> None:
    model = Experiment(cell="gru", hidden=3, layers=2, bidirectional=True).model()
    before = {name: array.copy() for name, array in model.net.state_dict().items()}
    nudges = (
        Nudge("weight_ih_l1_reverse", 8, 5, 0.5),
        Nudge("bias_hh_l0", 4, 0, -1.0),
        Nudge("bias_hh_l0", 4, 0, 0.25),
    )
    other = nudged(model, nudges).net.state_dict()
    for name, array in model.net.state_dict().items():
        assert np.array_equal(array, before[name]), name
        wanted = array.copy()
        if name == "weight_ih_l1_reverse":
            wanted[8, 5] += np.float32(0.5)
        if name == "bias_hh_l0":
            wanted[4] = (wanted[4] + np.float32(-1.0)) + np.float32(0.25)
        assert np.array_equal(other[name], wanted), name
    assert nudged(model, ()).net.state_dict()["bias_hh_l0"].tolist() == before["bias_hh_l0"].tolist()


@pytest.mark.parametrize(
    ("nudge", "said"),
    [
        (Nudge("weight_hh_l1", 0, 0, 1.0), "nudges: got 'weight_hh_l1', expected one of weight_ih_l0, weight_hh_l0, "),
        (Nudge("weight_hh_l0", 3, 0, 1.0), "nudges: got row 3, column 0 of weight_hh_l0, expected within (3, 3)"),
        (Nudge("weight_hh_l0", 0, -1, 1.0), "nudges: got row 0, column -1 of weight_hh_l0, expected within (3, 3)"),
        (Nudge("bias_hh_l0", 0, 1, 1.0), "nudges: got row 0, column 1 of bias_hh_l0, expected within (3, 1)"),
    ],
)
def test_a_nudge_of_a_weight_that_is_not_there(nudge: Nudge, said: str) -> None:
    with pytest.raises(ValueError) as found:  # noqa: PT011 — the whole line is compared
        Experiment(hidden=3, nudges=(nudge,)).run()
    assert str(found.value).startswith(said)
    assert "\n" not in str(found.value)


def test_beside() -> None:
    found = edits.beside(Experiment(), "too late")
    assert found == Experiment(beside="too late")
    for nothing in ("", "  ", "\t\n"):
        assert edits.beside(found, nothing) == Experiment()
    with pytest.raises(ValueError, match=r"\Abeside: got no token, expected at least one word, or nothing\Z"):
        edits.beside(found, "\u200b")
    with pytest.raises(ValueError, match=r"\Abeside: got 200001 characters, expected at most 200000\Z"):
        edits.beside(found, "x" * (MAX_TEXT + 1))


def test_changed_is_what_was_done_to_the_network() -> None:
    assert not Experiment(start="hand", h_0=(1.0,), beside="x").changed
    assert Experiment(cuts=(Cut(1, "h", 0),)).changed
    assert Experiment(nudges=(Nudge("bias_hh_l0", 0, 0, 1.0),)).changed


def test_a_text_is_tokenized_once_for_all_who_ask() -> None:
    assert tokens_of("one two three", "words") is tokens_of("one two three", "words")
