"""The receptive field under the keys and the mouse: what is drawn is what was measured."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tutor.course.entries import ModelEntry
from tutor.course.figures.receptive_field import LEAST, MOST, ReceptiveField
from tutor.course.lab import Lab
from tutor.engine.convolution import CausalConv1d
from tutor.engine.recurrent import Recurrent
from tutor.engine.trace import Trace
from tutor.ui.app import LIGHT
from tutor.ui.figures.receptive_field import FieldView, ReceptiveFieldFigure, StackSettings

from .bench import Bench, Hand, bench

TEXT = "never too late to learn how to read"


async def measured(hand: Hand[ReceptiveFieldFigure]) -> None:
    """Until what was asked for is on the screen."""
    await hand.settle()
    figure = hand.app.figure
    assert figure.seen is not None
    assert figure.seen.position == figure.position
    assert figure.values.options == figure.options


@asynccontextmanager
async def opened(
    size: tuple[int, int] = (78, 20), lab: Lab | None = None, **options: Any
) -> AsyncIterator[tuple[Bench[ReceptiveFieldFigure], Hand[ReceptiveFieldFigure], ReceptiveFieldFigure]]:
    values = ReceptiveField(**({"text": TEXT} | options)).run(lab)  # type: ignore[arg-type]
    figure = ReceptiveFieldFigure(values, clock=lambda: 0.0)
    async with bench(figure, size) as (app, hand):
        await measured(hand)
        yield app, hand, figure


async def test_it_begins_with_the_whole_tree() -> None:
    async with opened() as (app, _hand, figure):
        assert figure.position == 8
        assert "the convolution sees 8 tokens, exactly" in app.text
        assert "the state has no edge: of “never”, 7 tokens ago" in app.text


async def test_steps_move_what_is_measured() -> None:
    async with opened() as (app, hand, figure):
        await hand.press("left", "left")
        await measured(hand)
        assert figure.position == 6
        assert figure.seen == figure.values.seen(6)
        assert "and 2 zeros before the start" in app.text
        assert figure.tables() == figure.values.tables_of(figure.values.seen(6))
        await hand.press("right")
        await measured(hand)
        assert figure.position == 7
        for _more in range(3):
            await hand.press("right")
        await measured(hand)
        assert app.told == ["This is the last step.", "This is the last step."]


async def test_the_stack_changes_under_the_keys() -> None:
    async with opened() as (app, hand, figure):
        await hand.press("right_square_bracket")
        await measured(hand)
        assert (figure.values.options.kernel_size, figure.values.reach) == (3, 15)
        await hand.press("left_square_bracket", "left_square_bracket")
        await measured(hand)
        assert figure.values.reach == 1
        assert "sees 1 token, exactly" in app.text
        await hand.press("right_square_bracket", "down")
        await measured(hand)
        assert figure.values.reach == 4
        await hand.press("up", "up", "d")
        await measured(hand)
        assert figure.values.options.dilations == (1, 1, 1, 1)
        assert figure.values.reach == 5
        await hand.press("v")
        await measured(hand)
        assert figure.values.options.dilations == (1, 2, 4, 8)
        assert app.told == []


async def test_the_state_is_kept_while_the_stack_changes() -> None:
    async with opened() as (_app, hand, figure):
        before = figure.values.recurrence
        await hand.press("up")
        await measured(hand)
        assert figure.values.recurrence is before
        await hand.press("c")
        await measured(hand)
        assert figure.values.recurrence is not before


async def test_keys_that_can_do_nothing_say_why() -> None:
    async with opened(kernel_size=1, layers=1) as (app, hand, figure):
        await hand.press("left_square_bracket", "down", "d")
        assert len(app.told) == 3
        assert "size 1 sees the present alone" in app.told[0]
        assert "One layer is left" in app.told[1]
        assert "the dilation is 1 either way" in app.told[2]
    async with opened(kernel_size=5, layers=6) as (app, hand, figure):
        await hand.press("right_square_bracket", "up")
        assert ["largest" in app.told[0], "no more here" in app.told[1]] == [True, True]
        assert (figure.options.kernel_size, figure.options.layers) == (5, 6)


async def test_another_cell() -> None:
    async with opened() as (app, hand, figure):
        before = figure.seen
        for cell in ("gru", "lstm", "rnn"):
            await hand.press("c")
            await measured(hand)
            assert figure.values.run.spec.cell == cell
            assert cell.upper() in app.text
        assert figure.seen == before


async def test_the_lessons_own_network_keeps_its_cell(tmp_path) -> None:  # type: ignore[no-untyped-def]
    lab = Lab({"own": ModelEntry(cell="gru", hidden=3, text=TEXT)}, folder=tmp_path)
    async with opened(lab=lab, model="own", text="") as (app, hand, figure):
        assert "GRU" in app.text
        await hand.press("c")
        assert app.told == ["A network given to this figure keeps its cell."]
        assert "c" not in [hint.key for hint in figure.hints]
        assert "c" not in [key for key, _does in figure.help_keys]
        await hand.press("up")
        await measured(hand)
        assert figure.values.run is lab.run("own")


async def test_the_mouse_does_what_the_keys_do() -> None:
    async with opened() as (app, hand, figure):
        lines = app.text.split("\n")
        y = next(i for i, line in enumerate(lines) if line.startswith("token"))
        await hand.click(FieldView, lines[y].index("late"), y)
        await measured(hand)
        assert figure.position == 3
        await hand.click(FieldView, 1, 1)
        await measured(hand)
        assert figure.position == 3
        row = next(line for line in lines if line.startswith("kernel"))
        for at, wanted in ((row.index("›"), (3, 3)), (row.index("layers"), (3, 2)), (row.rindex("›"), (3, 3))):
            await hand.click(StackSettings, at, 0)
            await measured(hand)
            assert (figure.options.kernel_size, figure.options.layers) == wanted
        await hand.click(StackSettings, row.index("dilations"), 0)
        assert not figure.options.dilated
        await hand.click(StackSettings, row.index("RNN"), 0)
        assert figure.options.cell == "gru"
        await measured(hand)


async def test_hints_run_on_the_figure() -> None:
    async with opened() as (_app, hand, figure):
        own = [hint for hint in figure.hints if hint.target is figure]
        assert [hint.key for hint in own] == ["e", "[ ]", "↑ ↓", "d", "c"]
        for hint in own:
            await figure.run_action(hint.action)
        await measured(hand)
        options = figure.options
        assert (options.kernel_size, options.layers, options.dilated, options.cell) == (3, 4, False, "gru")
        assert {key for key, _does in figure.help_keys} == {"← →", "[ ]", "↑ ↓", "d v", "c", "e"}


async def test_playing_takes_a_step_when_it_is_due() -> None:
    async with opened() as (_app, hand, figure):
        now = [0.0]
        figure.clock = lambda: now[0]
        figure.act("start")
        figure.act("toggle")
        now[0] = 10.0
        figure.tick()
        await measured(hand)
        assert figure.position == 1
        figure.act("toggle")


async def test_it_fits_small_and_large_and_comes_back() -> None:
    async with opened(size=(120, 36)) as (app, hand, _figure):
        before = app.text
        assert "┤" in before
        await hand.resize(60, 8)
        await measured(hand)
        small = app.text
        assert "step 8 of 8" in small
        assert "kernel ‹ 2 ›" in small
        assert [line.split()[0] for line in small.split("\n")[2:6]] == ["token", "conv", "state", "state:"]
        await hand.resize(120, 36)
        await measured(hand)
        assert app.text == before


LONG = " ".join(f"w{at}" for at in range(3_000))


def steps_of(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """From now on: which pass was made over how many tokens."""
    made: list[tuple[str, int]] = []

    def counted(kind: type, name: str) -> None:
        plain = getattr(kind, name)

        def spy(self: object, x: Any, *rest: Any, **more: Any) -> Any:
            made.append((f"{kind.__name__}.{name}", len(x.output if isinstance(x, Trace) else x)))
            return plain(self, x, *rest, **more)

        monkeypatch.setattr(kind, name, spy)

    for kind in (CausalConv1d, Recurrent):
        for name in ("forward", "backward"):
            counted(kind, name)
    return made


async def test_a_step_in_a_long_text_does_no_more_than_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    done = []
    for text in (" ".join(LONG.split()[:40]), LONG):
        async with opened(text=text) as (app, hand, figure):
            drawn: list[int] = []
            view = figure.query_one(FieldView)
            plain = view.draw
            monkeypatch.setattr(view, "draw", lambda *size: (drawn.append(1), plain(*size))[1])  # noqa: B023
            with monkeypatch.context() as patched:
                made = steps_of(patched)
                await hand.press("left")
                await measured(hand)
            done.append((made, len(drawn)))
            assert max(count for _pass, count in made) == LEAST
            assert figure.seen == figure.values.seen(figure.position, 1)
            assert f"‹ {figure.position - 15}" in app.text
    assert done[0] == done[1]
    assert done[0][1] == 1, "one step is one picture"


async def test_what_a_wider_window_shows_is_measured() -> None:
    async with opened(size=(60, 20), text=LONG, kernel_size=5, layers=6) as (_app, hand, figure):
        for width, in_view in ((60, 47), (120, 107), (60, 107), (360, MOST)):
            await hand.resize(width, 20)
            await measured(hand)
            seen = figure.seen
            assert seen is not None
            assert seen.position - seen.first == in_view
        # A file holds as much in any window.
        await hand.resize(60, 20)
        await hand.press("left")
        await measured(hand)
        assert figure.seen is not None
        assert len(figure.seen.state) == 46
        (by_token, _layers) = figure.tables()
        assert len(by_token.rows) == MOST
        assert by_token.rows[-1][:3] == ("2999", "w2998", 0.0)


async def test_another_run_under_the_stack_that_is_there() -> None:
    async with opened() as (app, hand, figure):
        await hand.press("up", "left")
        await measured(hand)
        before = app.text
        other = ReceptiveField(text=TEXT, cell="gru", seed=5).run(None)  # type: ignore[arg-type]
        assert figure.renew(other.options, other)
        # A file has the new numbers at once; the picture is the old one until they are measured.
        assert figure.tables() == other.tables_of(other.seen(7))
        assert app.text == before.replace("state of RNN", "state of GRU")
        await measured(hand)
        assert figure.values.run is other.run
        assert figure.position == 7
        assert figure.options.layers == figure.values.options.layers == 4
        assert figure.seen == figure.values.seen(7)
        assert figure.seen is not None
        assert figure.seen.state == other.seen(7).state
        assert app.text != before
        assert figure.tables() == figure.values.tables_of(figure.seen)


async def test_numbers_of_a_run_that_was_taken_away_are_not_shown() -> None:
    async with opened() as (_app, _hand, figure):
        waiting: list[tuple[Any, Any]] = []
        figure.later = lambda compute, show: waiting.append((compute, show))  # type: ignore[method-assign]
        figure.action_layers(1)
        other = ReceptiveField(text="a cat sat").run(None)  # type: ignore[arg-type]
        figure.renew(other.options, other)
        for compute, show in waiting:
            show(compute())
            assert figure.values.run is other.run
        assert figure.seen is not None
        assert figure.seen.position == 3


async def test_the_focus_and_the_theme_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.delenv("NO_COLOR", raising=False)
    async with opened() as (app, hand, figure):
        view = figure.query_one(FieldView)

        def underlined() -> bool:
            return any(style.underline for row in view.rows(view.size.width, view.size.height) for _text, style in row)

        assert underlined()
        app.set_focus(None)
        await hand.settle()
        assert not underlined()
        dark = view.rows(view.size.width, view.size.height)
        app.theme = LIGHT.name
        await hand.settle()
        assert view.rows(view.size.width, view.size.height) != dark


async def test_a_text_of_ones_own() -> None:
    async with opened() as (app, hand, figure):
        await hand.write("a cat sat")
        await hand.press("enter")
        await measured(hand)
        assert figure.values.run.tokens == ("a", "cat", "sat")
        assert figure.position == figure.playback.length == 3
        assert "and 5 zeros before the start" in app.text
        await hand.press("c")
        await measured(hand)
        assert figure.values.run.tokens == ("a", "cat", "sat"), "another cell reads it, too"
        assert figure.cell == "gru"
        before = figure.values
        await hand.write(" ")
        await hand.press("enter")
        assert "nothing to read" in app.told[-1]
        await hand.press("escape")
        assert figure.values is before


async def test_the_lessons_own_network_reads_it(tmp_path) -> None:  # type: ignore[no-untyped-def]
    lab = Lab({"own": ModelEntry(cell="lstm", hidden=5, text="a b c")}, folder=tmp_path)
    async with opened(lab=lab, model="own", text="") as (_app, hand, figure):
        await hand.write("d e f g")
        await hand.press("enter")
        await measured(hand)
        expected = lab.model("own").run(tuple("defg"))
        assert (figure.values.run.hidden == expected.hidden).all()
