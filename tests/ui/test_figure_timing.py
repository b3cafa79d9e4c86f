"""The timing figure under its key, by a clock that the test owns."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from textual.pilot import Pilot

from tutor.course.figures.timing import Timing, TimingValues
from tutor.ui.app import LIGHT
from tutor.ui.figures.registry import figure_widget
from tutor.ui.figures.timing import Times, TimingFigure

from .bench import Bench, bench

OPTIONS = Timing(hidden=2, lengths=(4, 8, 16), repeats=2)
NOTHING = TimingValues(OPTIONS.networks, 2, OPTIONS.lengths)


class Gate:
    """A clock that ticks a millisecond a look, and stands still for a while when it is closed."""

    def __init__(self) -> None:
        self.now = 0.0
        self.open = threading.Event()
        self.open.set()

    def __call__(self) -> float:
        assert self.open.wait(10)
        self.now += 1e-3
        return self.now


@asynccontextmanager
async def opened(
    clock: Callable[[], float], size: tuple[int, int] = (78, 15)
) -> AsyncIterator[tuple[Bench[TimingFigure], Pilot[None]]]:
    """With the pilot and not its hand, which waits for threads: here they are looked at while they measure."""
    async with bench(TimingFigure(OPTIONS, NOTHING, clock=clock), size) as (app, hand):
        yield app, hand.pilot


async def until(pilot: Pilot[None], holds: Callable[[], bool]) -> None:
    for _ in range(500):
        if holds():
            return
        await pilot.pause(0.01)
    raise AssertionError("it never came")


async def test_before_it_measures_it_says_which_key_does() -> None:
    async with opened(Gate()) as (app, _):
        assert app.text.startswith("g measures how long they take on this machine")
        assert "steps one after another at T = 16" in app.text
        assert "seconds" not in app.text
        assert [(h.key, h.label) for h in app.figure.hints] == [("g", "measure")]
        assert [t.title for t in app.figure.tables()] == ["what has to wait"]


async def test_g_measures_and_draws_each_length_when_it_is_known() -> None:
    seen = []
    async with opened(Gate()) as (app, pilot):
        shown = app.query_one(Times).show

        def watched(values: TimingValues, words: tuple[str, ...]) -> None:
            seen.append(len(values.samples))
            shown(values, words)

        app.query_one(Times).show = watched  # type: ignore[method-assign, assignment]
        await pilot.press("g")
        await until(pilot, lambda: not app.figure.running)
        await pilot.pause()
        assert seen == [0, 2, 4, 6, 6]
        assert [s.length for s in app.figure.values.samples] == [4, 4, 8, 8, 16, 16]
        # Every pass took a tick, whatever its length.
        assert "○ RNN  twice T: 1.0 times as long  (slope 0.00)  62.5 µs a step" in app.text
        assert "g measures again · median of 2 passes · a convolution of 3 steps · 2 units" in app.text
        assert [(h.key, h.label) for h in app.figure.hints] == [("g", "measure again")]
        assert len(app.figure.tables()) == 3


async def test_a_second_press_stops_and_what_was_measured_stays() -> None:
    clock = Gate()
    async with opened(clock) as (app, pilot):
        show = app.figure._measured

        def then_close(found: tuple[object, TimingValues | None]) -> None:
            clock.open.clear()
            show(found)  # type: ignore[arg-type]

        app.figure._measured = then_close  # type: ignore[method-assign, assignment]
        await pilot.press("g")
        await until(pilot, lambda: len(app.figure.values.samples) == 2)
        assert "measuring: 1 of 3 lengths" in app.text
        assert [(h.key, h.label) for h in app.figure.hints] == [("g", "stop")]
        await pilot.press("g")
        assert not app.figure.running
        clock.open.set()
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert len(app.figure.values.samples) == 2
        assert "stopped at 1 of 3 lengths" in app.text
        app.figure._measured = show  # type: ignore[method-assign]
        clock.open.set()
        await pilot.press("g")
        await until(pilot, lambda: not app.figure.running)
        assert len(app.figure.values.samples) == 6


async def test_begun_anew_while_the_old_pass_runs_on_it_starts_from_nothing() -> None:
    clock = Gate()
    clock.open.clear()
    async with opened(clock) as (app, pilot):
        await pilot.press("g", "g", "g")
        assert app.figure.running
        clock.open.set()
        await until(pilot, lambda: not app.figure.running)
        assert [s.length for s in app.figure.values.samples] == [4, 4, 8, 8, 16, 16]


async def test_escape_stops_while_it_measures_and_is_the_screen_s_otherwise() -> None:
    clock = Gate()
    clock.open.clear()
    left: list[str] = []
    async with opened(clock) as (app, pilot):
        app.bind("escape", "leave")
        app.action_leave = lambda: left.append("escape")  # type: ignore[attr-defined]
        await pilot.press("escape")
        assert left == ["escape"]
        await pilot.press("g")
        assert app.figure.running
        await pilot.press("escape")
        assert not app.figure.running
        assert left == ["escape"]
        clock.open.set()
        await app.workers.wait_for_complete()


async def test_a_click_on_its_line_is_its_key() -> None:
    async with opened(Gate()) as (app, pilot):
        await pilot.click(Times, offset=(3, 3))
        assert not app.figure.running
        await pilot.click(Times, offset=(3, 0))
        await until(pilot, lambda: len(app.figure.values.samples) == 6 and not app.figure.running)


async def test_sizes_and_themes() -> None:
    async with opened(Gate(), size=(120, 36)) as (app, pilot):
        await pilot.press("g")
        await until(pilot, lambda: not app.figure.running)
        await pilot.pause()
        before = app.text
        for size in ((60, 20), (58, 8), (66, 30)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            assert "twice T" in app.text
            assert "g measures again" in app.text
        app.theme = LIGHT.name
        await pilot.resize_terminal(120, 36)
        await pilot.pause()
        assert app.text == before


def test_the_machine_is_timed_by_its_own_clock_and_not_by_the_screen_s() -> None:
    figure = figure_widget("timing", OPTIONS, NOTHING, lambda: 0.0)
    assert isinstance(figure, TimingFigure)
    assert figure.clock() < figure.clock()
    assert "g" in dict(figure.help_keys)
