"""The compare figure in an app: keys, mouse, sizes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tutor.course.figures.compare import CompareValues, compared
from tutor.engine.model import Model, ModelSpec
from tutor.engine.text import Vocabulary
from tutor.ui.app import LIGHT
from tutor.ui.figures.compare import Compared, CompareFigure

from . import bench

ONE, OTHER = "the dog bites the man", "the man bites the dog"


class Bench(bench.Bench[CompareFigure]):
    """The figure alone, the keys with its part."""

    def __init__(self, values: CompareValues) -> None:
        super().__init__(CompareFigure(values, clock=lambda: 0.0))

    def on_mount(self) -> None:
        self.query_one(Compared).focus()


def of(*texts: str, align: str = "step", words: bool = False, **spec: object) -> CompareValues:
    vocabulary = Vocabulary(ONE.split()) if words else None
    model = Model(ModelSpec(**{"cell": "gru", "hidden_size": 8, "seed": 3, **spec}), vocabulary)  # type: ignore[arg-type]
    return compared(tuple(model.run(text.split()) for text in texts), align)  # type: ignore[arg-type]


async def test_the_same_words_in_another_order_at_a_glance() -> None:
    app = Bench(of(ONE, OTHER))
    async with app.run_test(size=(78, 11)) as pilot:
        values = app.figure.values
        far = values.final()
        assert f"‖a−b‖ = {far:.2f} at the end: the same words in another order." in app.text
        last = next(line for line in app.text.split("\n") if line.startswith("▶ 5"))
        assert "man" in last
        assert "≠dog" in last
        assert f"{far:.2f} █" in last
        assert "▸ first at step 2." in app.text
        a, b = (run.hidden[4, 0] for run in values.runs)
        assert f"h, unit 1 of 8: a {a:+.2f}   b {b:+.2f}   a−b {a - b:+.2f}" in app.text
        await pilot.press("right")
        a, b = (run.hidden[4, 1] for run in values.runs)
        assert f"h, unit 2 of 8: a {a:+.2f}   b {b:+.2f}   a−b {a - b:+.2f}" in app.text
        await pilot.press("left", "left")
        assert app.told == ["This is the first unit."]


async def test_what_was_read_so_far() -> None:
    app = Bench(of(ONE, OTHER))
    async with app.run_test(size=(78, 14)) as pilot:
        (amount,) = app.figure.values.amounts()
        await pilot.press("up", "up", "up")
        assert app.figure.position == 2
        assert "at the end" not in app.text
        assert f"largest {amount.values[2]:.2f} at step 2, ▸ first at step 2." in app.text
        await pilot.press("up")
        assert "largest 0.00 at step 1." in app.text
        assert "first at" not in app.text
        await pilot.press("up")
        assert "unit" not in app.text
        await pilot.press("pagedown")
        assert app.figure.position == 5
        await pilot.press("pageup")
        assert app.figure.position == 0


async def test_two_texts_that_end_alike_and_two_that_do_not() -> None:
    app = Bench(of(ONE, ONE))
    async with app.run_test(size=(78, 14)):
        assert "‖a−b‖ = 0.00 at the end, and 0 at every step." in app.text
        assert "first at" not in app.text
    other = Bench(of("a b c", "a x b c", align="edit"))
    async with other.run_test(size=(78, 14)):
        assert f"‖a−b‖ = {other.figure.values.final():.2f} at the end of each text." in other.text
        assert "≠x" in other.text


async def test_what_has_faded_is_not_said_to_be_nothing() -> None:
    rest = " dog bites the man" * 3
    app = Bench(of("the" + rest, "man" + rest, cell="rnn", seed=5))
    async with app.run_test(size=(78, 20)) as pilot:
        far = app.figure.values.final()
        assert 1e-5 < far < 1e-3
        mantissa, exponent = f"{far:.1e}".split("e")
        small = f"{mantissa}e{int(exponent)}"
        assert f"‖a−b‖ = {small} at the end of each text." in app.text
        assert f"{small} " in next(line for line in app.lines if line.startswith("▶ 13"))
        assert "a−b +0.00" not in app.text
        assert "a−b -0.00" not in app.text
        await pilot.press("v")
        assert f"{small} " in next(line for line in app.lines if line.startswith("▶ 13"))


async def test_units_of_states_that_are_the_same_are_the_same() -> None:
    run = of(ONE, ONE).runs[0]
    # Another by no more than rounding.
    near = replace(run, trace=replace(run.trace, output=run.trace.output * np.float32(1 + 1e-6)))
    assert (near.hidden[-1] != run.hidden[-1]).any()
    app = Bench(compared((run, near), "step"))
    async with app.run_test(size=(78, 14)):
        assert "‖a−b‖ = 0.00 at the end" in app.text
        assert "a−b +0.00" in app.text


async def test_what_is_compared() -> None:
    app = Bench(of(ONE, OTHER, words=True))
    async with app.run_test(size=(90, 16)) as pilot:
        assert app.figure.views == ("h", "-", "?", "r", "z", "n")
        await pilot.press("v")
        assert app.told == ["The difference of the states, unit by unit."]
        a, b = (run.hidden.astype(np.float64) for run in app.figure.values.runs)
        assert f"a−b ±{np.abs(a - b).max():.2g}" in app.text
        await pilot.press("v")
        moved = app.figure.values.moved(5)
        assert f"From a to b, {moved:.0%} of the probability is elsewhere." in app.text
        label, likely = app.figure.values.said(5, 1)[0]
        line = next(line for line in app.text.split("\n") if line.startswith(label))
        assert f"{likely[0]:.2f}" in line
        assert f"{likely[1]:.2f}" in line
        assert app.figure.tables()[0].rows[0] == (label, *likely)
        await pilot.press("right")
        assert app.told[-1] == "No unit is shown here: v goes on to the states."
        await pilot.press("v")
        assert app.told[-1] == "r of each."
        (amount,) = app.figure.values.amounts("r")
        assert f"‖a−b‖ = {app.figure.values.final(letter='r'):.2f}" in app.text
        assert "NaN" not in app.text
        assert f"{amount.values[5]:.2f} █" in app.text
        assert app.figure.tables() == app.figure.values.tables("r")
        await pilot.press("v", "v", "v")
        assert app.told[-1] == "The hidden states."
        assert app.figure.tables() == app.figure.values.tables("h")


async def test_what_comes_next_before_anything_is_read() -> None:
    app = Bench(of(ONE, OTHER, words=True))
    async with app.run_test(size=(90, 16)) as pilot:
        await pilot.press("v", "v")
        app.figure.act("start")
        await pilot.pause()
        assert "Nothing is read yet" in app.text
        assert app.figure.tables() == app.figure.values.tables()
        await pilot.click(Compared, offset=(3, 0))
        assert app.figure.position == 1


async def test_networks_of_other_sizes_have_norms_alone() -> None:
    runs = [Model(ModelSpec(hidden_size=size), None).run(ONE.split()) for size in (4, 8)]
    app = Bench(compared(tuple(runs), models=("small", "large")))
    async with app.run_test(size=(90, 16)) as pilot:
        assert "4 and 8 units: no difference can be taken, the norm of each is shown." in app.text
        assert f"{np.linalg.norm(runs[0].hidden[4]):.2f} " in app.text
        assert "Different networks: unit 1 of one is not unit 1 of another." in app.text
        assert "a−b" not in app.text
        await pilot.press("v")
        assert app.told == ["Nothing but the states can be compared: the networks share no gate, and have no head."]
        # A unit that only one of them has.
        await pilot.press(*["right"] * 7)
        b = runs[1].hidden[4, 7]
        assert f"h, unit 8 of 8: b {b:+.2f}" in app.text


async def test_a_gate_has_the_units_of_one_direction() -> None:
    app = Bench(of(ONE, OTHER, bidirectional=True))
    async with app.run_test(size=(110, 16)) as pilot:
        await pilot.press(*["right"] * 11)
        assert app.figure.unit == 11
        await pilot.press("v", "v")
        assert app.told[-1] == "r of each."
        assert app.figure.unit == 7


async def test_the_cell_state_is_drawn_to_its_own_largest() -> None:
    app = Bench(of(ONE, OTHER, cell="lstm"))
    async with app.run_test(size=(90, 16)):
        part = app.query_one(Compared)
        every = [run.trace.gates()["c"] for run in app.figure.values.runs]
        for view, limit in (("h", 1.0), ("f", 1.0), ("c", float(max(np.abs(c).max() for c in every)))):
            part.view = view
            assert part.limit == pytest.approx(limit)


async def test_the_mouse() -> None:
    app = Bench(of(ONE, OTHER))
    async with app.run_test(size=(78, 14)) as pilot:
        lines = app.text.split("\n")
        y = next(y for y, line in enumerate(lines) if line.startswith("  3"))
        start = app.query_one(Compared).plan
        await pilot.click(Compared, offset=(start.columns[1] + 2 * start.each, y))
        assert (app.figure.position, app.figure.unit) == (3, 2)
        await pilot.click(Compared, offset=(2, y - 1))
        assert (app.figure.position, app.figure.unit) == (2, 2)


@pytest.mark.parametrize("texts", [(ONE, OTHER), (ONE, OTHER, "the dog ate")])
async def test_any_room_and_theme(texts: tuple[str, ...]) -> None:
    app = Bench(of(*texts, hidden_size=16))
    async with app.run_test(size=(120, 36)) as pilot:
        wide = app.text
        await pilot.resize_terminal(58, 8)
        await pilot.pause()
        assert "▶ 5" in app.text
        assert f"‖a−b‖ = {app.figure.values.final():.2f} at the end" in app.text
        assert "step 5 of 5" in app.text
        await pilot.resize_terminal(120, 36)
        await pilot.pause()
        assert app.text == wide
        app.theme = LIGHT.name
        await pilot.pause()
        assert app.text == wide


async def test_keys_are_named_and_do_what_they_say() -> None:
    app = Bench(of(ONE, OTHER))
    async with app.run_test(size=(90, 20)) as pilot:
        hints = {hint.key: hint for hint in app.figure.hints}
        for key in ("← →", "v"):
            target = hints[key].target
            assert target is not None
            await target.run_action(hints[key].action)
        await pilot.pause()
        assert (app.figure.unit, app.figure.view) == (1, "-")
        assert {key for key, _words in app.figure.help_keys} == {"← → [ ]", "↑ ↓", "v"}
