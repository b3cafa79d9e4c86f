"""The settings of the network on the bench: forth and back, typed, and what was done by hand in another network."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as fast
from hypothesis import strategies as st

from tutor.engine.model import Model, ModelSpec
from tutor.engine.surgery import Cut
from tutor.engine.text import Vocabulary
from tutor.sandbox import edits
from tutor.sandbox.experiment import MAX_HIDDEN, MAX_LAYERS, Experiment, Nudge
from tutor.sandbox.settings import BIASES, LARGEST_SEED, RADII, SIZES, settings, to_type, turned, typed

NAMES = ("cell", "hidden", "layers", "bidirectional", "unit", "start", "init", "radius", "forget_bias", "seed")
TYPED = ("hidden", "layers", "seed", "radius", "forget_bias", "start")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("by", [1, -1])
def test_forth_and_back_is_where_it_was(name: str, by: int) -> None:
    one = Experiment(hidden=8, layers=3, seed=5, radius=0.95, forget_bias=1.0, text="a b")
    other = turned(one, name, by)
    assert other != one
    assert turned(other, name, -by) == one
    # Nothing but the one setting is another.
    field = getattr(one, name)
    assert replace(other, **{name: field}) == one


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("cell", ["rnn", "gru", "lstm", "rnn"]),
        ("bidirectional", [False, True, False]),
        ("unit", ["words", "characters", "words"]),
        ("start", ["zeros", "random", "hand", "zeros"]),
        ("init", ["default", "orthogonal", "default"]),
        ("forget_bias", [*BIASES, None]),
        ("hidden", list(SIZES)),
        ("radius", list(RADII)),
        ("layers", list(range(1, MAX_LAYERS + 1))),
    ],
)
def test_what_a_setting_goes_through(name: str, row: list[Any]) -> None:
    for by, values in ((1, row), (-1, row[::-1])):
        one = replace(Experiment(hidden=2), **{name: values[0]})
        for value in values[1:]:
            one = turned(one, name, by)
            assert getattr(one, name) == value
            assert getattr(one, name) is value or type(getattr(one, name)) is type(value)


@pytest.mark.parametrize(
    ("name", "value", "by", "said"),
    [
        ("hidden", 1, -1, "It goes from 1 to 512."),
        ("hidden", MAX_HIDDEN, 1, "It goes from 1 to 512."),
        ("layers", 1, -1, "It goes from 1 to 8."),
        ("layers", MAX_LAYERS, 1, "It goes from 1 to 8."),
        ("seed", 0, -1, "It goes from 0 to 2147483648."),
        ("seed", LARGEST_SEED, 1, "It goes from 0 to 2147483648."),
        ("radius", 0.5, -1, "It goes from 0.5 to 2."),
        ("radius", 2.0, 1, "It goes from 0.5 to 2."),
    ],
)
def test_where_a_setting_ends(name: str, value: Any, by: int, said: str) -> None:
    with pytest.raises(ValueError, match=rf"\A{re.escape(said)}\Z"):
        turned(replace(Experiment(), **{name: value}), name, by)


@pytest.mark.parametrize(
    ("name", "value", "less", "more"),
    [
        ("hidden", 20, 16, 32),
        ("hidden", 3, 2, 4),
        ("radius", 1.02, 1.0, 1.05),
        ("radius", 5.0, 2.0, None),
        ("radius", 0.1, None, 0.5),
        ("forget_bias", 1.5, 1.0, 2.0),
        ("forget_bias", 4.0, 3.0, 5.0),
        ("forget_bias", 0.5, 0.0, 1.0),
    ],
)
def test_from_a_value_that_was_typed_to_its_neighbours(name: str, value: Any, less: Any, more: Any) -> None:
    one = replace(Experiment(cell="lstm", init="orthogonal"), **{name: value})
    for by, wanted in ((-1, less), (1, more)):
        if wanted is None:
            with pytest.raises(ValueError, match=r"\AIt goes from 0\.5 to 2\.\Z"):
                turned(one, name, by)
        else:
            assert getattr(turned(one, name, by), name) == wanted


def test_a_forget_bias_beyond_the_row() -> None:
    low, high = Experiment(cell="lstm", forget_bias=-3.0), Experiment(cell="lstm", forget_bias=7.0)
    assert (turned(low, "forget_bias", -1).forget_bias, turned(low, "forget_bias", 1).forget_bias) == (None, 0.0)
    assert (turned(high, "forget_bias", -1).forget_bias, turned(high, "forget_bias", 1).forget_bias) == (5.0, None)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("hidden", "1", 1),
        ("hidden", " 512 ", 512),
        ("hidden", "1e2", 100),
        ("layers", "8", 8),
        ("seed", "0", 0),
        ("seed", str(LARGEST_SEED), LARGEST_SEED),
        ("radius", "0,75", 0.75),
        ("radius", "10", 10.0),
        ("radius", "0.01", 0.01),
        ("forget_bias", "−20", -20.0),
        ("forget_bias", "1.25", 1.25),
        ("forget_bias", "", None),
        ("forget_bias", " Default ", None),
    ],
)
def test_a_value_that_was_typed(name: str, text: str, value: Any) -> None:
    found = getattr(typed(Experiment(forget_bias=3.0, seed=3), name, text), name)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("hidden", "0", "“0” is no number from 1 to 512: the last good one stays."),
        ("hidden", "513", "“513” is no number from 1 to 512: the last good one stays."),
        ("hidden", "2.5", "“2.5” is no whole number: the last good one stays."),
        ("hidden", "", "“” is no number from 1 to 512: the last good one stays."),
        ("layers", "9", "“9” is no number from 1 to 8: the last good one stays."),
        ("layers", "1.5", "“1.5” is no whole number: the last good one stays."),
        ("seed", "-1", "“-1” is no number from 0 to 2,147,483,648: the last good one stays."),
        ("seed", "0.5", "“0.5” is no whole number: the last good one stays."),
        ("radius", "0", "“0” is no number from 0.01 to 10: the last good one stays."),
        ("radius", "nan", "“nan” is no number from 0.01 to 10: the last good one stays."),
        ("forget_bias", "21", "“21” is no number from -20 to 20: the last good one stays."),
        ("forget_bias", "much", "“much” is no number from -20 to 20: the last good one stays."),
        ("start", "0.5 x", "“x” is no number from -1,000,000 to 1,000,000: the last good one stays."),
    ],
)
def test_what_cannot_be_typed(name: str, text: str, said: str) -> None:
    with pytest.raises(ValueError, match=rf"\A{re.escape(said)}\Z"):
        typed(Experiment(), name, text)


def test_h_0_is_by_hand_once_it_is_typed() -> None:
    found = typed(Experiment(hidden=2), "start", "0.5 −1")
    assert found == Experiment(hidden=2, start="hand", h_0=(0.5, -1.0))
    assert typed(found, "start", "") == Experiment(hidden=2, start="hand")
    # It waits while it is turned away from, and is there again.
    assert turned(turned(found, "start", 1), "start", -1) == found


@given(
    st.floats(0.01, 10),
    st.none() | st.floats(-20, 20),
    st.lists(st.floats(-1e6, 1e6), max_size=5),
    st.integers(0, LARGEST_SEED),
)
def test_what_is_taken_as_it_stands_in_the_line_is_what_it_was(
    radius: float, bias: float | None, h_0: list[float], seed: int
) -> None:
    one = Experiment(radius=radius, forget_bias=bias, h_0=tuple(h_0), start="hand", seed=seed, hidden=17, layers=3)
    for name in TYPED:
        assert typed(one, name, to_type(one, name)) == one


def test_what_stands_in_the_line() -> None:
    one = Experiment(radius=1.0, forget_bias=None, h_0=(0.5, -1.0, 0.1234567), hidden=16)
    assert [to_type(one, name) for name in TYPED] == ["16", "1", "0", "1", "", "0.5 -1 0.1234567"]


# What was done by hand, in another network


def gates_of(experiment: Experiment) -> dict[str, Any]:
    return experiment.run().model.net.state_dict()


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("name", ["weight_hh_l0", "weight_ih_l0", "weight_ih_l1", "bias_ih_l0", "weight_hh_l1_reverse"])
def test_a_nudged_weight_is_the_same_one_in_a_network_of_another_size(cell: str, name: str) -> None:
    one = Experiment(cell=cell, hidden=4, layers=2, bidirectional=True)
    rows, columns = (*gates_of(one)[name].shape, 1)[:2]
    for row in range(rows):
        for column in range(columns):
            nudge = Nudge(name, row, column, 0.5)
            larger = turned(replace(one, nudges=(nudge,)), "hidden", 1)
            (moved,) = larger.nudges
            # The same gate, the same unit of it, from the same one.
            assert divmod(moved.row, 8) == divmod(row, 4)
            from_units = name.startswith("weight") and name != "weight_ih_l0"
            assert (divmod(moved.column, 8) == divmod(column, 4)) if from_units else (moved.column == column)
            assert turned(larger, "hidden", -1).nudges == (nudge,)
            smaller = turned(replace(one, nudges=(nudge,)), "hidden", -1)
            kept = row % 4 < 2 and not (from_units and column % 4 >= 2)
            assert bool(smaller.nudges) == kept
            smaller.run()
            larger.run()


def test_a_nudged_gate_is_dropped_with_its_cell() -> None:
    for cell, others in (("rnn", 1), ("gru", 1), ("lstm", 1)):
        one = Experiment(cell=cell, hidden=3, nudges=(Nudge("weight_hh_l0", 2, 1, 0.5), Nudge("bias_ih_l0", 0, 0, 1.0)))
        assert turned(one, "cell", others).nudges == ()
        assert turned(one, "seed", 1).nudges == one.nudges


def test_what_fits_another_network_is_kept_and_the_rest_dropped() -> None:
    h, c, f, z = (Cut(1, letter, 1) for letter in "hcfz")
    lstm = Experiment(cell="lstm", hidden=4, cuts=(h, c, f, Cut(2, "h")))
    assert turned(lstm, "cell", 1).cuts == (h, Cut(2, "h"))
    assert turned(lstm, "cell", -1).cuts == (h, Cut(2, "h"))
    assert turned(Experiment(cell="gru", hidden=4, cuts=(h, z)), "cell", 1).cuts == (h,)
    swap, last = Cut(1, "h", 0, 0.0, 3), Cut(1, "h", 3)
    assert turned(Experiment(hidden=4, cuts=(h, swap, last)), "hidden", -1).cuts == (h,)
    assert typed(Experiment(hidden=4, cuts=(h, swap, last)), "hidden", "1").cuts == ()
    upper, backward = Cut(1, "h", 0, 0.0, None, 1), Cut(1, "h", 0, 0.0, None, 0, 1)
    both = Experiment(hidden=4, layers=2, bidirectional=True, cuts=(h, upper, backward))
    assert turned(both, "layers", -1).cuts == (h, backward)
    assert turned(both, "layers", 1).cuts == (h, upper, backward)
    assert turned(both, "bidirectional", 1).cuts == (h, upper)
    nudges = (
        Nudge("weight_ih_l1", 0, 6, 1.0),
        Nudge("bias_hh_l0_reverse", 0, 0, 1.0),
        Nudge("weight_ih_l1", 0, 2, 1.0),
    )
    assert turned(replace(both, nudges=nudges), "bidirectional", 1).nudges == nudges[2:]
    assert turned(replace(both, nudges=nudges), "layers", -1).nudges == nudges[1:2]


def test_a_cut_beyond_the_last_token_is_dropped_with_the_tokenizer() -> None:
    one = Experiment(text="to be", unit="characters", hidden=2, cuts=(Cut(2, "h", 0, 0.5), Cut(5, "h", 0, 0.5)))
    found = turned(one, "unit", 1)
    assert found.tokens == ("to", "be")
    assert found.cuts == (Cut(2, "h", 0, 0.5),)
    found.run()


def test_a_text_of_spaces_has_no_words() -> None:
    with pytest.raises(ValueError, match=r"\Atext: got no token, expected at least one word\Z"):
        turned(Experiment(text=" ", unit="characters"), "unit", 1)


def test_what_was_done_to_a_network_with_a_name_is_not_touched() -> None:
    # The settings that wait are of another network: smaller, and of another cell.
    cuts = (Cut(4, "c", 5, 0.5, None, 1), Cut(1, "f"))
    nudges = (Nudge("weight_hh_l1", 20, 5, 0.5),)
    one = Experiment(text="a b c d", source="it", cell="rnn", hidden=2, cuts=cuts, nudges=nudges)
    model = Model(ModelSpec(cell="lstm", hidden_size=6, num_layers=2), Vocabulary(("a", "b")))
    for other in (turned(one, "start", 1), typed(one, "start", "0.5 1"), turned(one, "seed", 1)):
        assert (other.cuts, other.nudges) == (cuts, nudges)
        other.run(other.model({"it": model}))


CUTS = st.builds(
    lambda step, letter, unit, value, swap, layer, direction: Cut(
        step, letter, unit, value, None if unit is None else swap, layer, direction
    ),
    st.integers(1, 3),
    st.sampled_from("hhhcfgirzno"),
    st.none() | st.integers(0, 5),
    st.sampled_from([0.0, 0.5]),
    st.none() | st.integers(0, 5),
    st.integers(0, 2),
    st.integers(0, 1),
)


@fast(deadline=None, max_examples=150)
@given(st.data())
def test_whatever_is_turned_after_whatever_was_done_runs(data: st.DataObject) -> None:
    one = Experiment(
        text=data.draw(st.sampled_from(["a b c", "ab", "to be"])),
        cell=data.draw(st.sampled_from(["rnn", "gru", "lstm"])),
        hidden=data.draw(st.integers(1, 6)),
        layers=data.draw(st.integers(1, 3)),
        bidirectional=data.draw(st.booleans()),
        unit="characters",
    )
    # As far as it can be done in the network as it is.
    for cut in data.draw(st.lists(CUTS, max_size=6)):
        other = edits.cut(one, cut)
        try:
            other.run()
        except ValueError:
            continue
        one = other
    for name, array in sorted(gates_of(one).items()):
        row = data.draw(st.integers(0, len(array) - 1))
        column = data.draw(st.integers(0, array.reshape(len(array), -1).shape[1] - 1))
        one = edits.nudge(one, Nudge(name, row, column, 0.5))
    for name in data.draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=4)):
        by = data.draw(st.sampled_from([-1, 1]))
        if (name, by) == ("hidden", 1) and one.hidden >= 16:
            continue
        try:
            one = turned(one, name, by)
        except ValueError as error:
            said = str(error)
        else:
            said = ""
        assert re.fullmatch(r"(It goes from \S+ to \S+\.)?", said)
        run = one.run()
        # What is kept has a place, and what has a place is there.
        for cut in one.cuts:
            if cut.unit is not None and cut.swap is None and cut == one.cuts[-1]:
                values = run.trace.gates(cut.layer, cut.direction)[cut.letter]
                assert values[cut.step - 1, 0, cut.unit] == np.float32(cut.value)


# What is said of them


def test_the_settings_as_they_stand() -> None:
    one = Experiment(cell="lstm", hidden=4, layers=2, bidirectional=True, unit="characters", forget_bias=1.5, seed=7)
    found = settings(one, one.model())
    assert [(s.name, s.label, s.value) for s in found] == [
        ("cell", "cell", "LSTM"),
        ("hidden", "units", "4"),
        ("layers", "layers", "2"),
        ("bidirectional", "reads", "both ways"),
        ("unit", "tokens", "characters"),
        ("start", "h₀", "zeros"),
        ("init", "weights", "U(±1/√H)"),
        ("radius", "ρ", "–"),
        ("forget_bias", "forget bias", "1.5"),
        ("seed", "seed", "7"),
    ]
    assert tuple(s.name for s in found if s.typed) == ("hidden", "layers", "start", "radius", "forget_bias", "seed")
    assert {s.name: s.why for s in found if s.why} == {"radius": "ρ is of the orthogonal initialisation alone."}
    rnn = settings(Experiment(init="orthogonal", radius=0.9), Experiment().model())
    values = {s.name: s.value for s in rnn}
    assert (values["radius"], values["forget_bias"], values["init"]) == ("0.9", "–", "orthogonal")


def test_the_settings_of_a_network_with_a_name_are_its_own() -> None:
    model = Model(ModelSpec(cell="gru", hidden_size=3, learned_h_0=True, seed=9), Vocabulary(("a",)))
    found = {s.name: s for s in settings(Experiment(source="it"), model)}
    assert (found["cell"].value, found["hidden"].value, found["seed"].value) == ("GRU", "3", "9")
    assert (found["start"].value, found["init"].value) == ("learned", "trained")
    why = "This network is as it was trained. o puts an untrained one in its place."
    assert {s.why for s in found.values() if s.name != "start"} == {why}
    assert found["start"].why == ""
    assert settings(Experiment(source="it", start="random"), model)[5].value == "random"
