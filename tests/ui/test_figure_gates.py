"""The gates figure in an app: keys, mouse, sizes."""

from __future__ import annotations

import pytest

from tutor.course.figures.gates import GatesValues
from tutor.engine.model import Model, ModelSpec
from tutor.ui.app import LIGHT
from tutor.ui.figures.gates import GatesFigure, Lanes
from tutor.ui.figures.player import Transport

from . import bench

WORDS = ["never", "too", "late", "to"]


class Bench(bench.Bench[GatesFigure]):
    """The figure alone, the keys with its part."""

    def __init__(self, spec: ModelSpec, follow: tuple[str, ...] = (), unit: int = 0) -> None:
        self.clock = 0.0
        values = GatesValues(Model(spec, None).run(WORDS), follow, unit)
        super().__init__(GatesFigure(values, clock=lambda: self.clock))

    def on_mount(self) -> None:
        self.query_one(Lanes).focus()


LSTM = ModelSpec(cell="lstm", hidden_size=8, seed=2)


async def test_all_lanes_and_the_equation_of_the_unit_under_the_cursor() -> None:
    app = Bench(LSTM)
    async with app.run_test(size=(66, 30)) as pilot:
        found = {name: values[:, 0] for name, values in app.figure.values.run.trace.gates().items()}
        heading = app.text.split("\n")[0]
        assert [word for word in heading.replace("║", " ").split() if len(word) == 1] == list("cfigoh")
        f, i, g, c = (found[letter][3, 0] for letter in "figc")
        made = f"c₄[1] = f·c₃ + i·g = {f:.2f}·{found['c'][2, 0]:+.2f} + {i:.2f}·{g:+.2f} = {c:+.2f}"
        assert made in app.text
        assert "h₄[1] = o·tanh(c₄)" in app.text
        assert "f 0 forgets, 1 keeps" in app.text
        assert f"±{abs(found['c']).max():.2g}" in heading
        await pilot.press("right")
        assert app.figure.unit == 1
        assert f"= {found['c'][3, 1]:+.2f}" in app.text
        await pilot.press("left", "left")
        assert app.told == ["This is the first unit."]
        await pilot.press(*["right_square_bracket"] * 8)
        assert app.figure.unit == 7
        assert app.told[-1] == "This is the last unit."


async def test_the_cursor_begins_at_the_unit_that_a_lesson_names() -> None:
    app = Bench(LSTM, unit=5)
    async with app.run_test(size=(66, 30)) as pilot:
        assert app.figure.facts["unit"] == 6
        assert "c₄[6] = f·c₃ + i·g = " in app.text
        assert "unit 6 of 8" in app.text
        await pilot.press("left")
        assert "unit 5 of 8" in app.text


async def test_it_is_seen_whole_and_played_from_the_start() -> None:
    app = Bench(LSTM)
    async with app.run_test(size=(80, 20)) as pilot:
        assert app.figure.position == 4
        await pilot.press("up")
        assert app.figure.position == 3
        assert "c₃[1] = " in app.text
        await pilot.press("down", "pageup")
        assert app.figure.position == 0
        assert "Nothing is read yet" in app.text
        await pilot.press("pagedown")
        assert app.figure.position == 4
        app.figure.act("toggle")
        app.clock = 0.6
        app.figure.tick()
        assert app.figure.position == 1


async def test_lanes_that_a_lesson_follows() -> None:
    app = Bench(LSTM, ("f", "c"))
    async with app.run_test(size=(78, 11)):
        assert "║c cell state" in app.text
        assert "f forget gate 0…1" in app.text
        assert "0 forgets, 1 keeps" in app.text
        assert "input" not in app.text
        assert "c₄[1] = f·c₃ + i·g = " in app.text


async def test_folding() -> None:
    app = Bench(LSTM)
    async with app.run_test(size=(78, 20)) as pilot:
        assert "│ the mean" not in app.text
        await pilot.press("f")
        assert "bar: this unit, │ the mean" in app.text
        await pilot.press("f")
        assert "│ the mean" not in app.text
        await pilot.resize_terminal(60, 12)
        await pilot.pause()
        assert "│" in app.text
        await pilot.press("f")
        assert app.told == ["There is no room to unfold the lanes: their units do not fit side by side."]


async def test_two_directions() -> None:
    app = Bench(ModelSpec(cell="lstm", hidden_size=4, bidirectional=True))
    async with app.run_test(size=(90, 20)) as pilot:
        assert "unit 1 of the 4 that read from the start" in app.text
        assert app.figure.tables() == app.figure.values.tables(0)
        before = app.text
        await pilot.press("v")
        assert app.text != before
        # The last token is the first that it reads.
        assert "c₄[5] = f·c₀" in app.text
        assert "unit 5: number 1 of the 4 that read from the end" in app.text
        assert app.figure.tables() == app.figure.values.tables(1)
        await pilot.press("v")
        assert app.text == before
    one = Bench(LSTM)
    async with one.run_test(size=(90, 20)) as pilot:
        await pilot.press("v")
        assert one.told == ["This network reads one way only."]


async def test_a_cell_without_gates_says_so() -> None:
    app = Bench(ModelSpec(hidden_size=4))
    async with app.run_test(size=(78, 11)):
        assert "no gates: h is all it has" in app.text
        assert "unit 1 of 4" in app.text
        assert "h₄[1] = tanh(W_x·x₄ + W_h·h₃ + b)" in app.text
        assert "║" not in app.text
    both = Bench(ModelSpec(hidden_size=4, num_layers=2, bidirectional=True))
    async with both.run_test(size=(100, 20)) as pilot:
        await pilot.press("v")
        assert "no gates: h is all it has; layer 2 of 2; reads from the end" in both.text
        assert "h₄[5] = tanh(" in both.text
        assert "unit 5: number 1 of the 4 that read from the end" in both.text
        await pilot.resize_terminal(40, 11)
        await pilot.pause()
        assert "unit 5: 1 from the end" in both.text
    gru = Bench(ModelSpec(cell="gru", hidden_size=4))
    async with gru.run_test(size=(78, 20)):
        assert "no gates" not in gru.text
        assert "z 0 takes the new, 1 keeps the old, as in PyTorch" in gru.text
    followed = Bench(ModelSpec(cell="gru", hidden_size=4), ("h",))
    async with followed.run_test(size=(78, 20)):
        assert "no gates" not in followed.text


async def test_the_mouse() -> None:
    app = Bench(LSTM)
    async with app.run_test(size=(78, 20)) as pilot:
        lines = app.text.split("\n")
        y = next(y for y, line in enumerate(lines) if "2 too" in line)
        x = lines[0].index("f ")
        await pilot.click(Lanes, offset=(x + 3, y))
        assert (app.figure.position, app.figure.unit) == (2, 3)
        await pilot.click(Lanes, offset=(2, y + 1))
        assert (app.figure.position, app.figure.unit) == (3, 3)
        await pilot.click(Lanes, offset=(2, 0))
        assert app.figure.position == 3


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
async def test_any_room_and_theme(cell: str) -> None:
    app = Bench(ModelSpec(cell=cell, hidden_size=32, num_layers=2))
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("right")
        wide = app.text
        assert "layer 2 of 2" in wide
        await pilot.resize_terminal(58, 8)
        await pilot.pause()
        assert "▶ 4" in app.text
        assert "₄[2] = " in app.text
        assert "step 4 of 4" in app.text
        await pilot.resize_terminal(120, 36)
        await pilot.pause()
        assert app.text == wide
        app.theme = LIGHT.name
        await pilot.pause()
        assert app.text == wide


async def test_keys_are_named_and_do_what_they_say() -> None:
    app = Bench(ModelSpec(cell="lstm", hidden_size=4, bidirectional=True))
    async with app.run_test(size=(90, 20)) as pilot:
        hints = {hint.key: hint for hint in app.figure.hints}
        for key in ("← →", "f", "v"):
            target = hints[key].target
            assert target is not None
            await target.run_action(hints[key].action)
        await pilot.pause()
        assert (app.figure.unit, app.figure.folded, app.figure.direction) == (1, True, 1)
        assert {key for key, _words in app.figure.help_keys} == {"← → [ ]", "↑ ↓", "f", "v"}
        assert app.query_one(Transport).display
