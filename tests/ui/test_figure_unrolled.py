"""The cell and its copies in an app: keys, mouse, sizes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tutor.course.figures.unrolled import unrolled_values
from tutor.engine.model import Model, ModelSpec
from tutor.engine.text import Vocabulary
from tutor.ui.app import LIGHT
from tutor.ui.figures.unrolled import UnrolledFigure, UnrolledView

from .bench import bench

WORDS = ["never", "too", "late", "to", "code"]


def figure(
    model: Model, *, tokens: list[str] = WORDS, folded: bool = False, clock: Callable[[], float] = lambda: 0.0
) -> UnrolledFigure:
    return UnrolledFigure(unrolled_values(model.run(tokens), folded=folded), clock=clock)


def untrained(**keys: object) -> Model:
    return Model(ModelSpec(hidden_size=4, **keys), None)  # type: ignore[arg-type]


def speaker(job: str = "next", **keys: object) -> Model:
    labels = () if job == "next" else ("A", "B")
    return Model(ModelSpec(hidden_size=4, **keys), Vocabulary(WORDS), job=job, labels=labels)  # type: ignore[arg-type]


async def test_it_folds_and_unfolds() -> None:
    async with bench(figure(speaker(), folded=True), (78, 11)) as (app, hand):
        assert "h_t = tanh(W_x·x_t + W_h·h_{t-1} + b)" in app.text
        await hand.press("right", "right")
        assert "h₂ = tanh(W_x·x₂ + W_h·h₁ + b)" in app.text
        assert "x₂: too" in app.text
        assert "one W_x, one W_h, used 5 times: 56 numbers, any length" in app.text
        assert app.figure.hints[0].label == "unfold"
        await hand.press("f")
        assert app.told == ["Unfolded: the same cell, step by step."]
        assert app.figure.hints[0].label == "fold"
        assert "never" in app.text
        assert "late" in app.text
        assert app.text.count("─W_h─→") == 2
        await app.figure.run_action(app.figure.hints[0].action)
        await hand.settle()
        assert "x₂: too" in app.text


async def test_it_is_played_by_the_clock() -> None:
    now = [0.0]
    async with bench(figure(untrained(), clock=lambda: now[0]), (78, 11)) as (app, hand):
        app.figure.act("toggle")
        now[0] += 0.5
        app.figure.tick()
        await hand.settle()
        assert app.figure.position == 1
        assert app.text.count("─W_h─→") == 1
        await hand.press("right", "left", "left")
        assert app.figure.position == 0
        assert "─W_h─→" not in app.text


async def test_what_is_put_out() -> None:
    async with bench(figure(speaker()), (78, 13)) as (app, hand):
        await hand.press("right")
        label, p = app.figure.values.run.next(0, 1)[0]
        assert f"{label} {p:.2f}".replace("0.", ".") in app.text.split("\n")[0]
        assert "the likeliest next token" in app.text
    async with bench(figure(untrained()), (78, 13)) as (plain, hand):
        await hand.press("right")
        assert f"{plain.figure.values.said(0)[1]:.2f}" in plain.text.split("\n")[0]
        assert "how large the state is" in plain.text
    async with bench(figure(speaker("tag")), (78, 13)) as (tagger, hand):
        assert "the likeliest tag" in tagger.text


async def test_both_ends_answer_when_both_are_through() -> None:
    async with bench(figure(speaker("classify", bidirectional=True)), (90, 16)) as (app, hand):
        assert "both ends together say" not in app.text
        app.figure.act("end")
        await hand.settle()
        label, p = app.figure.values.run.next(0, 1)[0]
        assert f"both ends together say: {label} {p:.2f}" in app.text


async def test_both_directions_walk_towards_each_other() -> None:
    async with bench(figure(untrained(num_layers=2, bidirectional=True)), (110, 18)) as (app, hand):
        assert app.figure.playback.length == 10
        await hand.press("right", "right")
        assert "h₂ " in app.text
        assert "h₄'" in app.text
        assert "h₃'" not in app.text
        # The upper layer begins when the lower one is through.
        assert not any(line.startswith("2") and "h₁" in line for line in app.text.split("\n"))
        await hand.press(*["right"] * 4)
        upper = [line for line in app.text.split("\n") if line.startswith("2")]
        assert "h₁" in upper[0]
        assert "h₅'" in upper[1]
        assert "4 chains" in app.text
        assert "reads from the end" in app.text


async def test_a_click_goes_to_a_copy() -> None:
    async with bench(figure(untrained()), (78, 11)) as (app, hand):
        row = next(y for y, line in enumerate(app.text.split("\n")) if "never" in line)
        await hand.click(UnrolledView, app.text.split("\n")[row].index("late") + 1, row)
        assert app.figure.position == 3
        await hand.click(UnrolledView, 77, row)
        assert app.figure.position == 3
        await hand.press("f")
        await hand.click(UnrolledView, 30, 3)
        assert app.figure.position == 4
    async with bench(figure(untrained(num_layers=2, bidirectional=True)), (110, 18)) as (deep, hand):
        await hand.press(*["right"] * 6)
        row = next(y for y, line in enumerate(deep.text.split("\n")) if "never" in line)
        await hand.click(UnrolledView, deep.text.split("\n")[row].index("late") + 1, row)
        assert deep.figure.position == 8


async def test_a_long_text_scrolls_with_its_step() -> None:
    async with bench(figure(untrained(), tokens=[f"w{n}" for n in range(1, 3001)]), (58, 8)) as (app, hand):
        app.figure.act("go", 1500)
        await hand.settle()
        assert "w1500" in app.text
        assert "h₁₅₀₀" in app.text


async def test_the_upper_layer_begins_again_at_the_first_token() -> None:
    both, tokens = untrained(num_layers=2, bidirectional=True), [f"w{n}" for n in range(1, 31)]
    async with bench(figure(both, tokens=tokens), (66, 14)) as (app, hand):
        for position, token in ((30, "w30"), (31, "w1"), (60, "w30")):
            app.figure.act("go", position)
            await hand.settle()
            assert token in app.text.split()


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("folded", [False, True])
async def test_any_room_and_theme(cell: str, folded: bool) -> None:
    async with bench(figure(untrained(cell=cell), folded=folded), (120, 36)) as (app, hand):
        await hand.press("right", "right", "right")
        wide = app.text
        await hand.resize(58, 8)
        assert "late" in app.text
        assert "W_h" in app.text
        assert "W_x" in app.text
        assert "used 5 times" in app.text
        await hand.resize(120, 36)
        assert app.text == wide
        app.theme = LIGHT.name
        await hand.settle()
        assert app.text == wide


async def test_the_focus_underlines_the_token() -> None:
    async with bench(figure(untrained()), (78, 11)) as (app, hand):
        await hand.press("right")

        def underlined() -> list[str]:
            return [
                segment.text
                for strip in app.screen._compositor.render_strips()
                for segment in strip
                if segment.style is not None and segment.style.underline
            ]

        assert underlined() == ["never"]
        app.query_one(UnrolledView).blur()
        await hand.settle()
        assert underlined() == []
        assert [key for key, _words in app.figure.help_keys] == ["f", "← →"]
