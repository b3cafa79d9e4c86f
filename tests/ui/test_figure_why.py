"""The opened number in an app: keys, mouse, sizes."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult
from textual.widgets import Static

from tutor.course.figures.state import StateValues
from tutor.course.figures.why import WhyValues
from tutor.draw.figures.why import order, size
from tutor.engine.model import Model, ModelSpec
from tutor.engine.opened import Part
from tutor.engine.surgery import Cut
from tutor.ui.app import LIGHT
from tutor.ui.figures.state import StateFigure
from tutor.ui.figures.why import Why, WhyFigure, WhyView

from .bench import Bench, bench

WORDS = ["never", "too", "late", "to"]


def figure(spec: ModelSpec, unit: int = 1, step: int = 3, h_0: list[float] | None = None) -> WhyFigure:
    return WhyFigure(WhyValues(Model(spec, None).run(WORDS, h_0), unit, step), clock=lambda: 0.0)


def view(app: Bench[WhyFigure]) -> WhyView:
    return app.query_one(WhyView)


def names(app: Bench[WhyFigure]) -> list[str]:
    return [part.name for part in view(app).path()]


async def test_down_to_the_weights_and_back() -> None:
    async with bench(figure(ModelSpec(hidden_size=4)), (78, 11)) as (app, hand):
        run = app.figure.values.run
        assert "h₃[2] = tanh(W_x·x₃ + W_h·h₂ + b)" in app.text
        assert f"= {run.hidden[2, 1]:+.2f}" in app.text
        await hand.press("down", "right")
        assert names(app) == ["h", "W_h·h₋"]
        # The largest product is chosen first.
        dot = view(app).path()[-1]
        assert view(app).cursor == abs(dot.weights * dot.values).argmax()
        assert f"▸ h₂[{view(app).cursor + 1}]" in app.text
        await hand.press("right")
        assert app.told == ["A weight times a value: there is nothing under it."]
        await hand.press("left")
        assert (names(app), view(app).cursor) == (["h"], 1)
        await hand.press("down", "down")
        assert app.told[-1] == "This is the last term."
        await hand.press("right", "right")
        assert app.told[-1] == "A weight of the network: it was learned, not computed."
        await hand.press("left", "left")
        assert app.told[-1] == "This is the number itself."
        await hand.press("up", "up", "up")
        assert app.told[-1] == "This is the first term."


async def test_another_unit_and_another_step_keep_what_is_opened() -> None:
    async with bench(figure(ModelSpec(cell="lstm", hidden_size=3)), (78, 20)) as (app, hand):
        await hand.press("down", "right", "right", "right", "right")
        assert names(app) == ["h", "tanh(c)", "c", "f·c₋", "f"]
        before = app.text
        await hand.press("right_square_bracket")
        assert app.figure.unit == 2
        assert names(app) == ["h", "tanh(c)", "c", "f·c₋", "f"]
        assert app.text != before
        assert "h₃[3] = " in app.text
        await hand.press("right_square_bracket")
        assert app.told == ["This is the last unit."]
        await hand.press("left_square_bracket", "left_square_bracket", "left_square_bracket")
        assert app.told[-1] == "This is the first unit."
        app.figure.act("back")
        await hand.settle()
        assert "h₂[1] = " in app.text
        assert "f = σ(W_x·x₂ + W_h·h₁ + b)" in app.text
        run = app.figure.values.run
        f = run.trace.gates()["f"][1, 0, 0]
        assert f"= {run.hidden[1, 0]:+.2f}" in app.text
        assert f") = {f:.2f}" in app.text


async def test_the_state_before_is_opened_by_stepping_back() -> None:
    async with bench(figure(ModelSpec(cell="gru", hidden_size=3)), (78, 20)) as (app, hand):
        await hand.press("down", "right", "down", "right")
        assert app.told == ["This is the state before: step back with , and open it there."]


async def test_the_order_of_the_products() -> None:
    async with bench(figure(ModelSpec(hidden_size=4)), (78, 20)) as (app, hand):
        await hand.press("down", "right", "v")
        assert app.told == ["Products: in the order of their units."]
        rows = [line for line in app.text.split("\n") if "h₂[" in line and "×" in line]
        assert [row.split("h₂[")[1][0] for row in rows] == ["1", "2", "3", "4"]
        await hand.press("v")
        assert app.told[-1] == "Products: largest first."


async def test_before_the_first_step() -> None:
    async with bench(figure(ModelSpec(hidden_size=3), step=1), (78, 11)) as (app, hand):
        app.figure.act("start")
        await hand.settle()
        assert "h₀ is set to zeros: nothing came before." in app.text
        for key in ("right", "down"):
            await hand.press(key)
            assert app.told[-1] == "Nothing is read yet: . takes the first step."
        await hand.press("left")
        assert app.told[-1] == "This is the number itself."
        # What is told of it is then the number that it was made for.
        assert app.figure.tables() == app.figure.values.tables()
        await hand.click(WhyView, 3, 0)
        assert app.figure.position == 1


async def test_a_first_state_that_was_given_is_no_zero() -> None:
    async with bench(figure(ModelSpec(hidden_size=3), h_0=[0.5, 0.0, 0.0]), (78, 11)) as (app, hand):
        app.figure.act("start")
        await hand.settle()
        assert "h₀ is given" in app.text


async def test_the_mouse() -> None:
    async with bench(figure(ModelSpec(hidden_size=4)), (78, 20)) as (app, hand):

        def row(words: str) -> int:
            return next(y for y, line in enumerate(app.text.split("\n")) if line.lstrip(" ▸▾").startswith(words))

        await hand.click(WhyView, 4, row("b "))
        assert (names(app), view(app).cursor) == (["h"], 2)
        await hand.click(WhyView, 4, row("b "))
        assert names(app) == ["h", "b"]
        # A term of an upper level closes what is below it.
        await hand.click(WhyView, 4, row("W_h·h₂ "))
        assert (names(app), view(app).cursor) == (["h"], 1)
        # What is shown before it is opened opens it.
        await hand.click(WhyView, 4, row("W_h·h₂ = "))
        assert names(app) == ["h", "W_h·h₋"]
        await hand.click(WhyView, 4, row("h₃[2] = "))
        assert (names(app), view(app).cursor) == (["h"], 1)


async def test_what_is_told_is_what_is_on_screen() -> None:
    async with bench(figure(ModelSpec(hidden_size=3, bidirectional=True), unit=4, step=1), (90, 20)) as (app, hand):
        run = app.figure.values.run
        assert "reads from the end" in app.text
        # The backward direction found the state of the step after.
        assert "W_h·h₂" in app.text
        await hand.press("down", "right")
        first, second = app.figure.tables()
        assert first.title == f"h_1[5] = {run.hidden[0, 4]:.6g}"
        assert second.title.startswith("h_1[5] › W_h·h₋ = ")
        assert [row[2] for row in second.rows] == run.hidden[1, 3:].tolist()
        await hand.press(*["left_square_bracket"] * 2)
        assert "reads from the start" in app.text
        assert app.figure.tables()[0].title.startswith("h_1[3]")


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
async def test_any_room_and_theme(cell: str) -> None:
    async with bench(figure(ModelSpec(cell=cell, hidden_size=8, num_layers=2)), (120, 36)) as (app, hand):
        await hand.press("right", "right")
        wide = app.text
        assert "layer 2 of 2" in wide
        await hand.resize(58, 8)
        assert "h₃[2] = " in app.text
        assert "▸" in app.text
        await hand.resize(120, 36)
        assert app.text == wide
        app.theme = LIGHT.name
        await hand.settle()
        assert app.text == wide


async def test_keys_are_named() -> None:
    async with bench(figure(ModelSpec(hidden_size=3)), (78, 11)) as (app, hand):
        hints = {hint.key: hint for hint in app.figure.hints}
        assert list(hints)[:5] == ["↑ ↓", "→", "←", "[ ]", "v"]
        assert hints["→"].target is view(app)
        await view(app).run_action(hints["→"].action)
        await hand.settle()
        assert len(names(app)) == 2
        assert {key for key, _words in app.figure.help_keys} == {"↑ ↓", "→ ←", "[ ]", "v"}


async def test_the_cursor_shows_the_focus() -> None:
    async with bench(figure(ModelSpec(hidden_size=3)), (78, 11)) as (app, hand):

        def mark() -> object:
            return next(
                segment.style
                for strip in app.screen._compositor.render_strips()
                for segment in strip
                if "▸" in segment.text
            )

        focused = mark()
        view(app).blur()
        await hand.settle()
        assert mark() != focused


class Three(App[None]):
    """The three lines alone."""

    def __init__(self, spec: ModelSpec) -> None:
        super().__init__()
        self.why = Why(Model(spec, None).run(WORDS))

    def compose(self) -> ComposeResult:
        yield Static("")
        yield self.why


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
async def test_three_lines_of_it(cell: str) -> None:
    app = Three(ModelSpec(cell=cell, hidden_size=3, bidirectional=True))
    async with app.run_test(size=(100, 8)) as pilot:

        def text() -> str:
            return "\n".join(strip.text.rstrip() for strip in app.screen._compositor.render_strips())

        assert "h₀ is set to zeros: nothing came before." in text()
        app.why.position, app.why.unit = 2, 1
        await pilot.pause()
        run = app.why.run
        assert "h_2[2] = " in text()
        assert f"= {run.hidden[1, 1]:+.2f}" in text()
        assert "other end" not in text()
        app.why.unit = 5
        await pilot.pause()
        assert "h_2[6] = " in text()
        assert f"= {run.hidden[1, 5]:+.2f}" in text()
        assert "This unit reads from the other end." in text()


@pytest.mark.parametrize("cell", ["gru", "lstm"])
async def test_beside_a_state_the_gate_that_is_shown_is_opened(cell: str) -> None:
    run = Model(ModelSpec(cell=cell, hidden_size=3, bidirectional=True), None).run(WORDS)
    async with bench(StateFigure(StateValues(run, 0, 0), clock=lambda: 0.0), (100, 20)) as (app, hand):
        state = app.figure
        state.opened, state.unit = True, 4
        await hand.settle()
        for letter in state.followable:
            state.position = 0
            await hand.settle()
            assert ("Nothing is read yet" in app.text) == (letter != "h")
            state.position = 2
            await hand.settle()
            value = run.hidden[1, 4] if letter == "h" else run.trace.gates(direction=1)[letter][1, 0, 1]
            bounds = "+" if letter in "hng" else ""
            assert f"{letter}_2[5] = " in app.text
            assert f" = {value:{bounds}.2f}" in app.text
            assert app.text.count("W_h·h₋") == (letter not in ("h", "n")) + (cell, letter).count("n")
            state.action_follow()
            await hand.settle()
        assert state.followed == "h"


async def test_a_gate_is_opened_where_the_state_was_set_by_hand() -> None:
    model = Model(ModelSpec(cell="lstm", hidden_size=3), None)
    run = model.run(WORDS, cuts=(Cut(2, "h", 1, 0.0), Cut(3, "f", 1, 1.0)))
    async with bench(StateFigure(StateValues(run, 0, 2), clock=lambda: 0.0), (100, 20)) as (app, hand):
        app.figure.opened, app.figure.unit = True, 1
        await hand.settle()
        assert "h_2[2] = +0.00\n" in app.text
        assert "set by hand\n" in app.text
        app.figure.follow("f")
        await hand.settle()
        assert f"f_2[2] = {run.trace.gates()['f'][1, 0, 1]:+.2f}\n" in app.text
        app.figure.position = 3
        await hand.settle()
        assert "f_3[2] = +1.00\n" in app.text
        assert "set by hand\n" in app.text


def ways(part: Part) -> list[tuple[int, ...]]:
    """Every way that can be opened in a number."""
    return [()] + [(i, *way) for i, term in enumerate(part.terms) if size(term) for way in ways(term)]


def cut_at_two(cell: str, cut: Cut) -> WhyFigure:
    run = Model(ModelSpec(cell=cell, hidden_size=3), None).run(WORDS, cuts=(cut,))
    return WhyFigure(WhyValues(run, 0, 1), clock=lambda: 0.0)


@pytest.mark.parametrize(
    ("cell", "letters"), [("rnn", "h"), ("gru", "hzrn"), ("lstm", "hcifgo")], ids=["rnn", "gru", "lstm"]
)
async def test_what_is_not_in_a_number_that_was_set_by_hand_is_closed(cell: str, letters: str) -> None:
    for letter in letters:
        async with bench(cut_at_two(cell, Cut(2, letter, 0, 0.25)), (78, 20)) as (app, hand):
            shown = view(app)
            for way in ways(app.figure.values.root(1, 0)):
                app.figure.act("go", 1)
                shown.way, shown.cursor = way, 0
                before = shown.path()
                assert len(before) == len(way) + 1
                for cursor in {0, size(before[-1]) - 1}:
                    app.figure.act("go", 1)
                    shown.way, shown.cursor = way, cursor
                    app.figure.act("forward")
                    path = shown.path()
                    assert shown.way == way[: len(path) - 1]
                    assert app.figure.facts["opened"] == len(path) - 1
                    # As far as it is there: it ends where it ended, or at what was set by hand.
                    assert len(path) == len(before) or path[-1].terms[0].name == "set by hand"
                    assert shown.cursor in order(path[-1], largest=True)
                    for key in (1, -1, 8, -8):
                        shown.action_choose(key)
                    shown.action_open()
                    shown.action_close()
                    assert app.figure.tables()
                await hand.settle()
                assert "h₂[1] = " in app.text


@pytest.mark.parametrize("walk", ["down full_stop down", "down right full_stop", "down right full_stop up left right"])
@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
async def test_keys_go_on_at_a_step_that_was_set_by_hand(cell: str, walk: str) -> None:
    async with bench(cut_at_two(cell, Cut(2, "h", None, 0.0)), (78, 20)) as (app, hand):
        for key in walk.split():
            if key == "full_stop":
                app.figure.act("forward")
            else:
                await hand.press(key)
        await hand.settle()
        assert "▸ set by hand" in app.text
        assert (names(app), view(app).cursor) == (["h"], 0)
