"""The cell and its copies in an app: keys, mouse, sizes."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult

from tutor.course.figures.unrolled import unrolled_values
from tutor.engine.model import Model, ModelSpec
from tutor.engine.text import Vocabulary
from tutor.ui.app import DARK, LIGHT
from tutor.ui.figures.figure import Figure
from tutor.ui.figures.unrolled import UnrolledFigure, UnrolledView

WORDS = ["never", "too", "late", "to", "code"]


class Bench(App[None]):
    """One figure, and what it says."""

    def __init__(self, model: Model, *, tokens: list[str] = WORDS, folded: bool = False) -> None:
        super().__init__()
        self.now = 0.0
        values = unrolled_values(model.run(tokens), folded=folded)
        self.figure = UnrolledFigure(values, clock=lambda: self.now)
        self.said: list[str] = []
        for theme in (DARK, LIGHT):
            self.register_theme(theme)
        self.theme = DARK.name

    def compose(self) -> ComposeResult:
        yield self.figure

    def on_mount(self) -> None:
        self.query_one(UnrolledView).focus()

    def on_figure_told(self, message: Figure.Told) -> None:
        self.said.append(message.word)

    @property
    def text(self) -> str:
        strips = self.screen._compositor.render_strips()
        return "\n".join(strip.text.rstrip() for strip in strips)


def untrained(**keys: object) -> Model:
    return Model(ModelSpec(hidden_size=4, **keys), None)  # type: ignore[arg-type]


def speaker(job: str = "next", **keys: object) -> Model:
    labels = () if job == "next" else ("A", "B")
    return Model(ModelSpec(hidden_size=4, **keys), Vocabulary(WORDS), job=job, labels=labels)  # type: ignore[arg-type]


async def test_it_folds_and_unfolds() -> None:
    app = Bench(speaker(), folded=True)
    async with app.run_test(size=(78, 11)) as pilot:
        assert "h_t = tanh(W_x·x_t + W_h·h_{t-1} + b)" in app.text
        await pilot.press("right", "right")
        assert "h₂ = tanh(W_x·x₂ + W_h·h₁ + b)" in app.text
        assert "x₂: too" in app.text
        assert "one W_x, one W_h, used 5 times: 56 numbers, any length" in app.text
        assert app.figure.hints[0].label == "unfold"
        await pilot.press("f")
        assert app.said == ["Unfolded: the same cell, step by step."]
        assert app.figure.hints[0].label == "fold"
        assert "never" in app.text
        assert "late" in app.text
        assert app.text.count("─W_h─→") == 2
        await app.figure.run_action(app.figure.hints[0].action)
        await pilot.pause()
        assert "x₂: too" in app.text


async def test_it_is_played_by_the_clock() -> None:
    app = Bench(untrained())
    async with app.run_test(size=(78, 11)) as pilot:
        app.figure.act("toggle")
        app.now += 0.5
        app.figure.tick()
        await pilot.pause()
        assert app.figure.position == 1
        assert app.text.count("─W_h─→") == 1
        await pilot.press("right", "left", "left")
        assert app.figure.position == 0
        assert "─W_h─→" not in app.text


async def test_what_is_put_out() -> None:
    app = Bench(speaker())
    async with app.run_test(size=(78, 13)) as pilot:
        await pilot.press("right")
        label, p = app.figure.values.run.next(0, 1)[0]
        assert f"{label} {p:.2f}".replace("0.", ".") in app.text.split("\n")[0]
        assert "the likeliest next token" in app.text
    plain = Bench(untrained())
    async with plain.run_test(size=(78, 13)) as pilot:
        await pilot.press("right")
        assert f"{plain.figure.values.said(0)[1]:.2f}" in plain.text.split("\n")[0]
        assert "how large the state is" in plain.text
    tagger = Bench(speaker("tag"))
    async with tagger.run_test(size=(78, 13)):
        assert "the likeliest tag" in tagger.text


async def test_both_ends_answer_when_both_are_through() -> None:
    app = Bench(speaker("classify", bidirectional=True))
    async with app.run_test(size=(90, 16)) as pilot:
        assert "both ends together say" not in app.text
        app.figure.act("end")
        await pilot.pause()
        label, p = app.figure.values.run.next(0, 1)[0]
        assert f"both ends together say: {label} {p:.2f}" in app.text


async def test_both_directions_walk_towards_each_other() -> None:
    app = Bench(untrained(num_layers=2, bidirectional=True))
    async with app.run_test(size=(110, 18)) as pilot:
        assert app.figure.playback.length == 10
        await pilot.press("right", "right")
        assert "h₂ " in app.text
        assert "h₄'" in app.text
        assert "h₃'" not in app.text
        # The upper layer begins when the lower one is through.
        assert not any(line.startswith("2") and "h₁" in line for line in app.text.split("\n"))
        await pilot.press(*["right"] * 4)
        upper = [line for line in app.text.split("\n") if line.startswith("2")]
        assert "h₁" in upper[0]
        assert "h₅'" in upper[1]
        assert "4 chains" in app.text
        assert "reads from the end" in app.text


async def test_a_click_goes_to_a_copy() -> None:
    app = Bench(untrained())
    async with app.run_test(size=(78, 11)) as pilot:
        row = next(y for y, line in enumerate(app.text.split("\n")) if "never" in line)
        await pilot.click(UnrolledView, offset=(app.text.split("\n")[row].index("late") + 1, row))
        assert app.figure.position == 3
        await pilot.click(UnrolledView, offset=(77, row))
        assert app.figure.position == 3
        await pilot.press("f")
        await pilot.click(UnrolledView, offset=(30, 3))
        assert app.figure.position == 4
    deep = Bench(untrained(num_layers=2, bidirectional=True))
    async with deep.run_test(size=(110, 18)) as pilot:
        await pilot.press(*["right"] * 6)
        row = next(y for y, line in enumerate(deep.text.split("\n")) if "never" in line)
        await pilot.click(UnrolledView, offset=(deep.text.split("\n")[row].index("late") + 1, row))
        assert deep.figure.position == 8


async def test_a_long_text_scrolls_with_its_step() -> None:
    app = Bench(untrained(), tokens=[f"w{n}" for n in range(1, 3001)])
    async with app.run_test(size=(58, 8)) as pilot:
        app.figure.act("go", 1500)
        await pilot.pause()
        assert "w1500" in app.text
        assert "h₁₅₀₀" in app.text


async def test_the_upper_layer_begins_again_at_the_first_token() -> None:
    app = Bench(untrained(num_layers=2, bidirectional=True), tokens=[f"w{n}" for n in range(1, 31)])
    async with app.run_test(size=(66, 14)) as pilot:
        for position, token in ((30, "w30"), (31, "w1"), (60, "w30")):
            app.figure.act("go", position)
            await pilot.pause()
            assert token in app.text.split()


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("folded", [False, True])
async def test_any_room_and_theme(cell: str, folded: bool) -> None:
    app = Bench(untrained(cell=cell), folded=folded)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("right", "right", "right")
        wide = app.text
        await pilot.resize_terminal(58, 8)
        await pilot.pause()
        assert "late" in app.text
        assert "W_h" in app.text
        assert "W_x" in app.text
        assert "used 5 times" in app.text
        await pilot.resize_terminal(120, 36)
        await pilot.pause()
        assert app.text == wide
        app.theme = LIGHT.name
        await pilot.pause()
        assert app.text == wide


async def test_the_focus_underlines_the_token() -> None:
    app = Bench(untrained())
    async with app.run_test(size=(78, 11)) as pilot:
        await pilot.press("right")

        def underlined() -> list[str]:
            return [
                segment.text
                for strip in app.screen._compositor.render_strips()
                for segment in strip
                if segment.style is not None and segment.style.underline
            ]

        assert underlined() == ["never"]
        app.query_one(UnrolledView).blur()
        await pilot.pause()
        assert underlined() == []
        assert [key for key, _words in app.figure.help_keys] == ["f", "← →"]
