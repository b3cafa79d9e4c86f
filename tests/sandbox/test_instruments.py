"""Every instrument on every kind of reading: it can be tabulated, or says in one line why there is nothing to see."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import cache
from itertools import product
from typing import Any

import numpy as np
import pytest

from tutor.course.figures.table import Table
from tutor.engine.attribution import attribute
from tutor.engine.gradient_flow import gradient_flow, step_jacobian
from tutor.engine.model import Model, ModelSpec
from tutor.engine.opened import opened
from tutor.engine.surgery import Cut
from tutor.engine.text import Vocabulary, clean
from tutor.engine.training import TrainingSpec, fit
from tutor.sandbox.bench import Bench, Beside, Reading
from tutor.sandbox.experiment import Experiment, Nudge
from tutor.sandbox.instruments import INSTRUMENTS, MOST_FACTORS, beside_of, look
from tutor.sandbox.state import View

CELLS = ("rnn", "gru", "lstm")
TALE = ("the", "cat", "saw", "the", "dog", "and", "the", "dog", "ran")
TAGS = ("a", "n", "v", "a", "n", "c", "a", "n", "v")


@cache
def trained(
    job: str, cell: str, both: bool = False, layers: int = 1, unit: str = "words", start: bool = False
) -> Model:
    """A network that has learned a little."""
    read = TALE if unit == "words" else tuple("the cat saw")
    items: list[Any] = [read, read[1:]]
    labels: tuple[str, ...] = ()
    if job == "tag":
        items, labels = [(read, TAGS), (read[1:], TAGS[1:])], ("a", "n", "v", "c")
    if job == "classify":
        items, labels = [(read, "yes"), (read[::-1], "no")], ("yes", "no")
    spec = ModelSpec(
        cell=cell, hidden_size=4, num_layers=layers, bidirectional=both, unit=unit, learned_h_0=start, embedding_size=3
    )
    model = Model(spec, Vocabulary(read), job=job, labels=labels)
    for _ in fit(model, items, TrainingSpec(steps=8, batch_size=2, learning_rate=0.05)):
        pass
    return model


TRAINED: list[tuple[Any, ...]] = [
    *(("next", cell) for cell in CELLS),
    ("next", "gru", False, 2),
    ("next", "rnn", False, 1, "characters"),
    ("next", "lstm", False, 1, "words", True),
    *(("tag", cell, both) for cell, both in product(CELLS, (False, True))),
    *(("classify", cell, both) for cell, both in product(CELLS, (False, True))),
    ("classify", "gru", True, 2),
]


def readings(one: Experiment, bench: Bench) -> Iterator[Reading]:
    """Of each kind that there is."""
    yield bench.read(one)
    kinds: tuple[Beside, ...] = ("text", "plain", "cells")
    for kind in kinds:
        if not refused(bench.read, one, kind):
            yield bench.read(one, kind)


def refused(does: Callable[..., object], *given: Any) -> str:
    """In which line; nothing where it was done. Nothing but a ValueError comes of it."""
    try:
        does(*given)
    except ValueError as error:
        said = str(error)
        assert said.endswith(".")
        assert clean(said) == said
        return said
    return ""


def tables(name: str, reading: Reading, view: View) -> tuple[Table, ...]:
    values = look(name, reading, view).values
    found: tuple[Table, ...] = values.tables()
    return found


UNTRAINED_SAYS = "This network says nothing until it is trained: o opens one that was, t trains one."
BOTH_ENDS = "This network reads from both ends: its state at a token has seen those after it, too."
ALONE = "Nothing stands beside it yet: b writes a second text, h sets a value by hand."


def expected(name: str, reading: Reading) -> str:
    """Why an instrument has nothing to show of a reading."""
    run = reading.run
    if name in ("says", "attribution") and run.logits is None:
        return UNTRAINED_SAYS
    if name == "compare" and not reading.beside:
        return ALONE
    if name == "field":
        return BOTH_ENDS if run.spec.bidirectional else ""
    return ""


def every_instrument(one: Experiment, models: dict[str, Model]) -> None:
    """Tables of all of them, everywhere, on a bench that was used before; they equal those of a new one."""
    bench = Bench()
    for name, model in models.items():
        bench.put(name, model)
    for reading in readings(one, bench):
        fresh = Bench()
        fresh.sources = dict(models)
        again = fresh.read(one, reading.kind)
        T, units = len(reading.run.tokens), reading.run.hidden.shape[1]
        for name in INSTRUMENTS:
            for position, unit in ((0, 0), (1, units - 1), (T // 2, units + 3), (T, 0), (T + 5, units - 1)):
                view = View(instrument=name, position=position, unit=unit)
                why = refused(look, name, reading, view)
                assert why == expected(name, reading), (name, position, unit)
                if not why:
                    found = tables(name, reading, view)
                    assert found
                    assert all(len(row) == len(table.columns) for table in found for row in table.rows)
                    assert repr(found) == repr(tables(name, again, view))


CHANGES: list[dict[str, Any]] = [
    {},
    {"start": "random", "beside": "c a b"},
    {"start": "hand", "h_0": (3.0, -2.0)},
    {"cuts": (Cut(1, "h", 0, 0.5), Cut(2, "h"), Cut(3, "h", 0, -1e6))},
    {"nudges": (Nudge("weight_hh_l0", 0, 0, 1.5), Nudge("bias_ih_l0", 0, 0, -1e6))},
    {"init": "orthogonal", "radius": 1.5, "forget_bias": 3.0},
]


@pytest.mark.parametrize("change", CHANGES, ids=["plain", "random", "hand", "cuts", "nudges", "orthogonal"])
@pytest.mark.parametrize(("both", "layers"), [(False, 1), (True, 1), (False, 2), (True, 2)])
@pytest.mark.parametrize("cell", CELLS)
def test_an_untrained_network(cell: str, both: bool, layers: int, change: dict[str, Any]) -> None:
    one = Experiment(text="a b c", cell=cell, hidden=3, bidirectional=both, layers=layers, **change)
    every_instrument(one, {})


@pytest.mark.parametrize("text", ["x", "x y"])
@pytest.mark.parametrize("both", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_one_unit_and_one_token(cell: str, both: bool, text: str) -> None:
    every_instrument(Experiment(text=text, cell=cell, hidden=1, bidirectional=both, beside="y"), {})
    every_instrument(Experiment(text=text, cell=cell, hidden=1, bidirectional=both, cuts=(Cut(1, "h", 0, 0.5),)), {})


@pytest.mark.parametrize("kind", TRAINED, ids=["-".join(map(str, kind)) for kind in TRAINED])
def test_a_trained_network(kind: tuple[Any, ...]) -> None:
    model = trained(*kind)
    text, other = ("the dog zxqv the", "cat ran") if model.spec.unit == "words" else ("hat", "sat w")
    nudges = (Nudge("weight_hh_l0", 1, 2, 0.5),)
    for change in (
        {},
        {"beside": other, "start": "random"},
        {"cuts": (Cut(2, "h", 0, 0.5), Cut(3, "h", 0, 0.0, 1)), "nudges": nudges, "beside": other},
    ):
        every_instrument(Experiment(text=text, source="it", unit=model.spec.unit, **change), {"it": model})
    every_instrument(Experiment(text=text[:3], source="it", unit=model.spec.unit), {"it": model})


def test_keys_and_names() -> None:
    assert [one.key for one in INSTRUMENTS.values()] == [*"1234567890", ""]
    assert list(INSTRUMENTS) == [one.name for one in INSTRUMENTS.values()]


# The numbers themselves, computed anew


def reading_of(**more: Any) -> Reading:
    return Bench().read(Experiment(text="a b c d e", cell="lstm", hidden=3, start="random", **more))


CUTS = (Cut(3, "f", 1, 0.25), Cut(4, "h", 0, 0.5))


@pytest.mark.parametrize("cuts", [(), CUTS])
@pytest.mark.parametrize("position", [0, 1, 3, 5])
def test_the_gradient_is_the_flow_s(cuts: tuple[Cut, ...], position: int) -> None:
    reading = reading_of(cuts=cuts)
    at = position or 5
    # The first steps of the text, read by themselves.
    kept = tuple(cut for cut in cuts if cut.step <= at)
    run = Experiment(text=" ".join("abcde"[:at]), cell="lstm", hidden=3, start="random", cuts=kept).run()
    norms = gradient_flow(run.model.net, run.trace).norms[::-1]
    (table,) = tables("gradient", reading, View(position=position))
    assert [row[0] for row in table.rows] == [float(k) for k in range(at + 1)]
    assert 10.0 ** np.array([row[1] for row in table.rows]) == pytest.approx(norms, rel=1e-4, abs=1e-12)
    assert table.columns == ("steps back", "log10 ‖∂h_T/∂h_t‖, LSTM")


@pytest.mark.parametrize("cuts", [(), CUTS])
@pytest.mark.parametrize("position", [0, 1, 3, 5])
def test_the_factors_are_the_steps_own(cuts: tuple[Cut, ...], position: int) -> None:
    reading = reading_of(cuts=cuts)
    at = position or 5
    first, _ = tables("jacobian", reading, View(position=position))
    assert [row[:3] for row in first.rows] == [(float(at - t), float(t + 1), "abcde"[t]) for t in range(at)][::-1]
    for row, t in zip(first.rows, range(at - 1, -1, -1), strict=True):
        jacobian = step_jacobian(reading.run.model.net, reading.run.trace, t)
        assert row[3] == pytest.approx(np.linalg.svd(jacobian, compute_uv=False)[0], rel=1e-4)


def test_the_factors_of_a_long_text_are_counted_in_the_whole_of_it() -> None:
    words = [f"w{at}" for at in range(MOST_FACTORS + 60)]
    reading = Bench().read(Experiment(text=" ".join(words), hidden=2))
    for position in (len(words), MOST_FACTORS + 10):
        first, second = tables("jacobian", reading, View(position=position))
        assert len(first.rows) == MOST_FACTORS
        for at, row in enumerate(first.rows):
            step = position - at
            assert row[:3] == (float(at + 1), float(step), words[step - 1])
            jacobian = step_jacobian(reading.run.model.net, reading.run.trace, step - 1)
            assert row[3] == pytest.approx(np.linalg.svd(jacobian, compute_uv=False)[0], rel=1e-4)
        assert [row[0] for row in second.rows] == [row[1] for row in first.rows]


@pytest.mark.parametrize(("cell", "hidden"), [("rnn", 512), ("lstm", 256)])
def test_the_factors_of_a_large_network_are_as_many_as_memory_is_for(cell: str, hidden: int) -> None:
    reading = Bench().read(Experiment(text="a " * 40, cell=cell, hidden=hidden))
    values = look("jacobian", reading, View(position=40)).values
    # 16 of 512 × 512 numbers, 32 MB.
    assert [one.step for one in values.factors] == list(range(40, 24, -1))


@pytest.mark.parametrize("cuts", [(), (Cut(2, "h", 0, 0.3), Cut(3, "h", 0, swap=1))])
@pytest.mark.parametrize("start", ["zeros", "random"])
@pytest.mark.parametrize("cell", CELLS)
def test_the_field_is_of_the_run_itself(cell: str, start: str, cuts: tuple[Cut, ...]) -> None:
    reading = Bench().read(Experiment(text="a b c", cell=cell, hidden=2, seed=3, start=start, cuts=cuts))
    first, _ = tables("field", reading, View(position=3))
    net = reading.run.spec.network(8, np.float64)
    net.load_state_dict(reading.run.model.net.state_dict())
    h_0 = reading.run.trace.records[0][0].h[0][None].astype(np.float64)
    state = (h_0, np.zeros_like(h_0)) if cell == "lstm" else h_0
    x = reading.run.x.astype(np.float64)[:, None]
    for s in range(3):
        columns = []
        for d in range(8):
            ends = []
            for by in (1e-5, -1e-5):
                moved = x.copy()
                moved[s, 0, d] += by
                ends.append(net.forward(moved, state, cuts=cuts).output[-1, 0])
            columns.append((ends[0] - ends[1]) / 2e-5)
        assert first.rows[s][4] == pytest.approx(float(np.linalg.norm(columns)), rel=1e-5, abs=1e-12)


def test_the_state_and_every_gate_are_the_run_s() -> None:
    reading = reading_of(cuts=CUTS)
    (table,) = tables("state", reading, View(position=2))
    assert [row[2:5] for row in table.rows] == [tuple(map(float, h)) for h in reading.run.hidden]
    means, *_units = tables("gates", reading, View(position=2))
    gates = reading.run.trace.gates()
    assert means.columns == ("step", "token", "mean c", "mean f", "mean i", "mean g", "mean o", "mean h")
    for at, letter in enumerate("cfigoh", 2):
        wanted = gates[letter][:, 0].astype(np.float64).mean(axis=1)
        assert [row[at] for row in means.rows] == pytest.approx(wanted.tolist())


@pytest.mark.parametrize(("position", "step"), [(0, 1), (1, 1), (4, 4), (9, 5)])
@pytest.mark.parametrize("unit", [0, 2, 5])
def test_why_opens_the_number_under_the_cursor(position: int, step: int, unit: int) -> None:
    reading = reading_of(bidirectional=True, cuts=CUTS)
    first, *_dots = tables("why", reading, View(position=position, unit=unit))
    direction, own = divmod(unit, 3)
    assert first.rows[0] == (f"h_{step}[{unit + 1}]", float(reading.run.hidden[step - 1, unit]))
    assert first.rows[0][1] == opened(reading.run, step - 1, own, direction).value


def test_what_it_says_and_which_tokens_mattered() -> None:
    model = trained("next", "gru")
    bench = Bench()
    bench.put("it", model)
    reading = bench.read(Experiment(text="the cat saw", source="it", cuts=(Cut(2, "h", 1, 0.75),)))
    guesses, course = tables("says", reading, View(position=2))
    assert reading.run.probabilities is not None
    assert guesses.title == "after step 2"
    likeliest = max(row[1] for row in guesses.rows)
    assert likeliest == pytest.approx(float(reading.run.probabilities[1].max()), rel=1e-5)
    assert [row[1] for row in course.rows] == ["the", "cat", "saw"]
    weighed, score = tables("attribution", reading, View(position=2))
    label = weighed.title.split()[2]
    found = attribute(reading.run, label, 1)
    assert [row[2] for row in weighed.rows] == [float(value) for value in found.products[:2]]
    assert score.rows[0][1] == found.score


# What stands beside


def test_what_stands_beside_comes_in_turn() -> None:
    plain, text = Experiment(), Experiment(beside="x")
    done = Experiment(beside="x", cuts=(Cut(1, "h", 0),))
    assert [beside_of(plain), beside_of(plain, "cells")] == ["cells", "cells"]
    assert [beside_of(text), beside_of(text, "text"), beside_of(text, "cells")] == ["text", "cells", "text"]
    kinds: list[Beside] = ["", "text", "plain", "cells"]
    assert [beside_of(done, kind) for kind in kinds] == ["text", "plain", "cells", "text"]
    # What stood there is there no more.
    assert beside_of(plain, "text") == "cells"
    assert beside_of(Experiment(source="it", beside="x"), "plain") == "text"
    with pytest.raises(
        ValueError,
        match=r"\AThere is nothing to compare it with: b writes a second text, h sets a value by hand\.\Z",
    ):
        beside_of(Experiment(source="it"))


def test_a_comparison_is_of_both_runs() -> None:
    one = Experiment(text="a b c", beside="a c", hidden=2, cuts=(Cut(2, "h", 0, 0.5),))
    rows = tables("compare", Bench().read(one, "text"), View())[0].rows
    assert [row[:3] for row in rows] == [("1", "a", "a"), ("2", "b", ""), ("3", "c", "c")]
    assert rows[0][3] == 0.0
    assert math.isnan(float(rows[1][3]))
    plain = tables("compare", Bench().read(one, "plain"), View())[0].rows
    by_hand, before = one.run().hidden, Experiment(text="a b c", hidden=2).run().hidden
    far = np.linalg.norm(by_hand.astype(np.float64) - before, axis=1)
    assert [row[3] for row in plain] == pytest.approx(far.tolist())
    assert plain[0][3] == 0.0
    cells = tables("compare", Bench().read(one, "cells"), View())[0]
    assert cells.columns == ("row", "a", "b", "c", "‖a−b‖", "‖a−c‖")


def test_which_chain_a_gradient_goes_along_is_said() -> None:
    """A bidirectional network has two; one is measured."""
    for both in (False, True):
        reading = Bench().read(Experiment("a b c", bidirectional=both))
        for name in ("gradient", "jacobian"):
            said = look(name, reading, View()).said
            assert said == ("This is the chain that reads from the start." if both else "")
