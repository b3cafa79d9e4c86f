"""What can be done at the cursor: it either says in one line why not, or what it names is what changes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest

from tutor.engine.cells import CELLS
from tutor.engine.model import Run
from tutor.engine.text import clean
from tutor.sandbox import acts, edits
from tutor.sandbox.acts import Act
from tutor.sandbox.bench import Bench, Reading
from tutor.sandbox.experiment import Experiment
from tutor.sandbox.state import View

KINDS = list(product(CELLS, (False, True), (1, 2)))
TYPED = (
    *["", " ", "0", "1", "2", "3", "4", "5", "99", "-1", "0.5", "1,5", "−0.25", "nan", "inf", "1e999", "1e7", "x\ny"],
    *["\x1b[31m", "h", "W_h 1 0.5", "W_x 1 0.5", "W_h 0 1", "W_h 99 1", "W_x 9 1", "W_h 1.5 1", "W_h 1 nan", "W_h 1"],
    *["W_hz 3 0.5", "W_xo 2 −0.5", "W_hq 1 1", "W_h 1 1e6", "W_h one 1", "\ud800 1 1", "W_h 1 0.5 2", "9" * 400],
)
"""Sensible and senseless."""


def at(cell: str = "rnn", both: bool = False, layers: int = 1, *, step: int = 2, unit: int = 0) -> tuple[Reading, View]:
    one = Experiment(text="a b c", cell=cell, hidden=3, bidirectional=both, layers=layers, start="random")
    return Bench().read(one), View(position=step, unit=unit)


def named(found: tuple[Act, ...], label: str) -> Act:
    (act,) = (act for act in found if act.label == label)
    return act


def refused(does: Callable[..., object], *given: Any) -> str:
    """In which line; nothing where it was done. Nothing but a ValueError comes of it."""
    try:
        does(*given)
    except ValueError as error:
        said = str(error)
        assert said
        assert clean(said) == said
        assert "\n" not in said
        return said
    return ""


def state(run: Run, letter: str, layer: int, direction: int) -> Any:
    return run.trace.gates(layer, direction)[letter][:, 0]


@pytest.mark.parametrize(("cell", "both", "layers"), KINDS)
def test_every_act_with_anything_typed_runs_or_says_why(cell: str, both: bool, layers: int) -> None:
    bench = Bench()
    for unit in (0, 2, *((3, 5) if both else ())):
        reading, view = at(cell, both, layers, unit=unit)
        for act in (*acts.by_hand(reading, view), *acts.on_text(reading, view, 1)):
            done = 0
            for text in TYPED if act.asks else ("",):
                if not refused(lambda act, text, one: act.do(text)(one), act, text, reading.experiment):
                    # What was taken can be run: nothing that comes later says no.
                    assert bench.read(act.do(text)(reading.experiment)).run.tokens
                    done += 1
            assert done, act.label


@pytest.mark.parametrize(("cell", "both", "layers"), KINDS)
def test_what_it_names_is_what_changes(cell: str, both: bool, layers: int) -> None:
    for cursor in range(6 if both else 3):
        reading, view = at(cell, both, layers, unit=cursor)
        direction, unit = divmod(cursor, 3)
        found = acts.by_hand(reading, view)
        letters = [*CELLS[cell].states, *(gate.name for gate in CELLS[cell].gates)]
        for letter in letters:
            act = named(found, f"set {letter}_2[{cursor + 1}] to …")
            assert act.asks == f"{letter}_2[{cursor + 1}] is to be"
            other = act.do("0.375")(reading.experiment)
            run = other.run()
            values, before = (state(one, letter, layers - 1, direction) for one in (run, reading.run))
            assert values[1, unit] == np.float32(0.375)
            assert act.begins == f"{before[1, unit]:.3g}"
            # Nothing that was computed before it differs: of the layers below nothing at all.
            for at_letter in letters:
                one, two = (state(r, at_letter, layers - 1, direction) for r in (run, reading.run))
                earlier = slice(2, None) if direction else slice(0, 1)
                assert one[earlier].tobytes() == two[earlier].tobytes()
                for lower, side in product(range(layers - 1), range(1 + both)):
                    one, two = (state(r, at_letter, lower, side) for r in (run, reading.run))
                    assert one.tobytes() == two.tobytes()
                if both:
                    one, two = (state(r, at_letter, layers - 1, 1 - direction) for r in (run, reading.run))
                    assert one.tobytes() == two.tobytes()
            # Of the same letter at the same step the other units are as they were.
            rest = [k for k in range(3) if k != unit]
            assert values[1, rest].tobytes() == before[1, rest].tobytes()


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("cursor", [1, 4])
def test_zero_whole_states_gates_and_swaps(cell: str, cursor: int) -> None:
    reading, view = at(cell, True, 1, unit=cursor)
    direction, unit = divmod(cursor, 3)
    found = acts.by_hand(reading, view)
    before = state(reading.run, "h", 0, direction)[1]

    zero = named(found, f"h_2[{cursor + 1}] to zero").do("")(reading.experiment).run()
    assert state(zero, "h", 0, direction)[1, unit] == 0.0
    assert np.count_nonzero(state(zero, "h", 0, direction)[1]) == 2

    whole = named(found, "the whole state to zero at step 2").do("")(reading.experiment).run()
    for letter in CELLS[cell].states:
        assert not state(whole, letter, 0, direction)[1].any()
        # The other direction is another state.
        assert state(whole, letter, 0, 1 - direction)[1].all()

    for gate in CELLS[cell].gates:
        act = named(found, f"set all of {gate.name} at step 2 to …")
        assert (act.asks, act.begins) == (f"all of {gate.name} at step 2 is to be", "0")
        assert (state(act.do("0.25")(reading.experiment).run(), gate.name, 0, direction)[1] == 0.25).all()

    swap = named(found, f"swap h_2[{cursor + 1}] with unit …")
    first, last = direction * 3 + 1, direction * 3 + 3
    swapped = state(swap.do(str(last))(reading.experiment).run(), "h", 0, direction)[1]
    assert swapped.tolist() == [before[0], before[2], before[1]]
    # Its own direction's units, by the numbers that the figures give them.
    for text in (str(first - 1), str(last + 1)):
        assert refused(lambda text=text: swap.do(text)) == (
            f"“{text}” is no number from {first} to {last}: the last good one stays."
        )
    assert refused(lambda: swap.do(str(cursor + 1))) == "A unit changes places with another one."
    assert refused(lambda: swap.do(f"{first}.5")) == f"“{first}.5” is no whole number: the last good one stays."


@pytest.mark.parametrize(("cell", "both", "layers"), KINDS)
def test_a_nudge_is_of_the_weight_that_it_names(cell: str, both: bool, layers: int) -> None:
    for cursor in range(6 if both else 3):
        reading, view = at(cell, both, layers, unit=cursor)
        direction, unit = divmod(cursor, 3)
        (act,) = (act for act in acts.by_hand(reading, view) if act.label.startswith("nudge"))
        assert act.label == f"nudge a weight into unit {cursor + 1} …"
        assert act.asks == f"into unit {cursor + 1}: matrix, column, by"
        blocks = CELLS[cell].blocks
        end = f"_l{layers - 1}" + "_reverse" * direction
        plain = reading.run.model.net.state_dict()
        for (said, name), (block, letter) in product((("W_h", "weight_hh"), ("W_x", "weight_ih")), enumerate(blocks)):
            matrix = said + (letter if len(blocks) > 1 else "")
            columns = plain[name + end].shape[1]
            other = act.do(f"{matrix} {columns} −0.5")(reading.experiment)
            nudged = Bench().model(other).net.state_dict()
            wanted = plain[name + end].copy()
            wanted[block * 3 + unit, columns - 1] += np.float32(-0.5)
            assert nudged[name + end].tobytes() == wanted.tobytes()
            assert all(nudged[k].tobytes() == plain[k].tobytes() for k in plain if k != name + end)
            assert refused(act.do, f"{matrix} {columns + 1} 1") == (
                f"“{columns + 1}” is no number from 1 to {columns}: the last good one stays."
            )
        names = ", ".join(m + (b if len(blocks) > 1 else "") for m in ("W_h", "W_x") for b in blocks)
        first = names.partition(",")[0]
        said = f"Write a matrix, a column and a number, as {first} 1 0.5; there are {names}."
        for text in ("", "W 1 1", f"{first} 1", f"{first} 1 1 1"):
            assert refused(act.do, text) == said
        assert act.begins == f"{first} 1 0.5"
        act.do(act.begins)


def test_what_was_done_is_healed() -> None:
    reading, view = at("lstm")
    assert not [act for act in acts.by_hand(reading, view) if act.label.startswith("heal")]
    one = named(acts.by_hand(reading, view), "h_2[1] to zero").do("")(reading.experiment)
    two = edits.cut(one, one.cuts[0]._replace(step=3))
    found = acts.by_hand(Bench().read(two), view)
    assert named(found, "heal step 2").do("")(two) == edits.cut(reading.experiment, two.cuts[1])
    assert named(found, "heal everything").do("")(two) == reading.experiment
    elsewhere = acts.by_hand(Bench().read(two), replace(view, position=1))
    assert [act.label for act in elsewhere if act.label.startswith("heal")] == ["heal everything"]


def test_before_the_first_step_there_is_nothing_to_set() -> None:
    reading, view = at(step=0)
    said = "Nothing is read yet: . takes the first step, and h sets what it came to."
    assert refused(lambda: acts.by_hand(reading, view)) == said


@pytest.mark.parametrize(("step", "unit", "place"), [(9, 0, "h_3[1]"), (2, 40, "h_2[6]"), (9, 40, "h_3[6]")])
def test_a_cursor_that_stood_in_a_longer_text_and_a_larger_network(step: int, unit: int, place: str) -> None:
    reading, view = at(both=True, step=step, unit=unit)
    found = acts.by_hand(reading, view)
    assert found[0].label == f"set {place} to …"
    assert [act.label for act in acts.on_text(reading, replace(view, position=9), 1)] == [
        "from its end",
        "shuffle it",
        "swap “c” with word …",
        "take “c” out",
        "write another word for “c”",
    ]


def test_one_unit_has_none_to_change_places_with() -> None:
    reading = Bench().read(Experiment(text="a", hidden=1))
    assert [act.label for act in acts.by_hand(reading, View(position=1))] == [
        "set h_1[1] to …",
        "h_1[1] to zero",
        "the whole state to zero at step 1",
        "nudge a weight into unit 1 …",
    ]


# On the text


def test_what_can_be_done_to_the_text() -> None:
    one = Experiment(text="never too late to learn", hidden=2)
    reading = Bench().read(one)
    found = acts.on_text(reading, View(position=2), 3)
    assert [(act.label, act.asks) for act in found] == [
        ("from its end", ""),
        ("shuffle it", ""),
        ("swap “too” with “late”", ""),
        ("swap “too” with word …", "swap “too” with word number"),
        ("take “too” out", ""),
        ("write another word for “too”", "for word 2"),
    ]
    texts = [act.do("5" if "number" in act.asks else "so")(one).text for act in found]
    assert texts == [
        "learn to late too never",
        edits.shuffled(one, "words", 3).text,
        "never late too to learn",
        "never learn late to too",
        "never  late to learn",
        "never so late to learn",
    ]
    assert found[-1].begins == "too"
    # Nothing is read yet: the first word.
    assert acts.word(reading, View()).label == "write another word for “never”"
    for text, said in (
        ("6", "There is no word 6: the text has 5."),
        ("0", "“0” is no number from 1 to 1,000,000: the last good one stays."),
        ("1.5", "“1.5” is no whole number: the last good one stays."),
        ("", "“” is no number from 1 to 1,000,000: the last good one stays."),
    ):
        assert refused(lambda text=text: found[3].do(text)(one)) == said


def test_a_text_of_one_token() -> None:
    reading = Bench().read(Experiment(text="one", hidden=2))
    found = acts.on_text(reading, View(position=1), 1)
    assert [act.label for act in found] == ["from its end", "shuffle it", "write another word for “one”"]
    assert refused(lambda: found[1].do("")(reading.experiment)) == (
        "There is no other order: all of its tokens are the same."
    )
    assert refused(lambda: found[2].do(" ")(reading.experiment)).startswith("There is nothing to read")


def test_what_was_chosen_in_a_text_that_is_another_by_now() -> None:
    long, short = Experiment(text="a b c d e", hidden=2), Experiment(text="x y", hidden=2)
    found = acts.on_text(Bench().read(long), View(position=5), 1)
    for act in found[2:]:
        said = refused(lambda act=act: act.do("1")(short))
        assert re.fullmatch(r"There is no word 5: the text has 2\.", said), act.label


def test_acts_on_characters() -> None:
    one = Experiment(text="e\u0301 x", unit="characters", hidden=2)
    found = acts.on_text(Bench().read(one), View(position=1), 1)
    assert [act.label for act in found][2:] == [
        "swap “é” with “ ”",
        "swap “é” with word …",
        "take “é” out",
        "write another word for “é”",
    ]
    assert found[2].do("")(one).tokens == (" ", "é", "x")
    assert found[4].do("")(one).tokens == (" ", "x")
    assert found[5].do("ab")(one).tokens == ("a", "b", " ", "x")
