"""What is done in threads: what takes long is told of, gives way to what is newer, and can be broken off."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest

from tutor.engine.interrupt import Interrupted, look_up
from tutor.engine.pytorch import save_recurrent
from tutor.sandbox import edits, settings
from tutor.sandbox.bench import Reading
from tutor.sandbox.errands import Errand, Outcome
from tutor.sandbox.experiment import Experiment
from tutor.sandbox.weights_file import save_weights
from tutor.ui.figures.gates import GatesFigure
from tutor.ui.screens import bench
from tutor.ui.screens.overlays import ChoiceScreen, LinesScreen
from tutor.ui.screens.sandbox import SandboxScreen
from tutor.ui.widgets.bench.prompt import BenchLine, Prompt

SMALL = Experiment(hidden=3)


class Slow:
    """A bench that runs an experiment when it may, and looks up until then."""

    def __init__(self, screen: SandboxScreen, monkeypatch: pytest.MonkeyPatch) -> None:
        self.may, self.begun = Event(), Event()
        self.read: list[Experiment] = []
        self.ended: list[str] = []
        self._read: Callable[..., Reading] = screen.bench.read
        monkeypatch.setattr(screen.bench, "read", self)

    def __call__(self, experiment: Experiment, *more: object) -> Reading:
        self.begun.set()
        self.read.append(experiment)
        try:
            while not self.may.wait(0.001):
                look_up()
        except Interrupted:
            self.ended.append("broken off")
            raise
        return self._read(experiment, *more)


async def until(holds: Callable[[], bool]) -> None:
    """Let the app go on until something holds."""
    for _turn in range(2_000):
        if holds():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it never came to that")


def turn(name: str) -> Callable[[Experiment], Experiment]:
    return lambda e: settings.turned(e, name, 1)


async def test_what_takes_long_is_told_of_and_esc_breaks_it_off(desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "SLOW", 0.01)
    async with desk("sandbox", experiment=SMALL) as d:
        slow = Slow(d.app.screen, monkeypatch)
        d.app.screen.does(turn("seed"))
        d.app.screen.does(turn("layers"))
        await until(lambda: "It is being computed. esc breaks it off." in d.text)
        await d.pilot.press("escape")
        await d.settle()
        assert slow.ended == ["broken off"]
        assert "It was broken off: everything is as it was before." in d.text
        assert d.app.screen.experiment == SMALL
        assert not d.app.screen.working
        slow.may.set()
        d.app.screen.does(turn("seed"))
        await d.settle()
        assert d.app.screen.experiment.seed == 1, "what comes after is done"


async def test_what_is_done_at_once_is_not_told_of(desk) -> None:
    async with desk("sandbox", experiment=SMALL) as d:
        d.app.screen.does(turn("seed"))
        await d.settle()
        await asyncio.sleep(bench.SLOW + 0.05)
        assert "computed" not in d.text


async def test_newer_input_takes_the_place_of_work_that_goes_on_too_long(desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async with desk("sandbox", experiment=SMALL) as d:
        slow = Slow(d.app.screen, monkeypatch)
        d.app.screen.does(turn("seed"))
        await until(slow.begun.is_set)
        d.app.screen.does(turn("cell"))
        d.app.screen.does(lambda e: edits.written(e, "a b"))
        await asyncio.sleep(0.02)
        assert slow.ended == [], "a moment's work is shown"
        slow.begun.clear()
        d.clock.now += bench.PATIENCE + 0.01
        await until(slow.begun.is_set)
        assert slow.ended == ["broken off"]
        slow.may.set()
        await d.settle()
        first, last = slow.read
        assert (first.seed, first.cell) == (1, "rnn")
        assert (last.seed, last.cell, last.text) == (1, "gru", "a b"), "what waited is done with it, all at once"
        assert d.app.screen.experiment == last
        await d.press("z", "z")
        assert (d.app.screen.experiment.seed, d.app.screen.experiment.cell) == (1, "rnn"), "and each can be undone"


async def test_who_leaves_waits_for_nothing(desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async with desk("sandbox", experiment=SMALL) as d:
        slow = Slow(d.app.screen, monkeypatch)
        d.app.screen.does(turn("seed"))
        await until(slow.begun.is_set)
        d.app.exit(0)
    await until(lambda: slow.ended == ["broken off"])


# Errands


class Waits:
    """An errand that comes to its end when it may."""

    def __init__(self, outcome: Outcome | Exception, asks: str = "") -> None:
        self.may = Event()
        self.outcome = outcome
        self.done: list[str] = []
        self.errand = Errand("waits", self, asks)

    def __call__(self, typed: str) -> Outcome:
        assert self.may.wait(20)
        self.done.append(typed)
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


async def test_files_are_read_and_written_while_the_screen_goes_on(desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "SLOW", 0.5)
    async with desk("sandbox", experiment=SMALL) as d:
        waits = Waits(Outcome("It is saved."), "file")
        d.app.screen._errand(waits.errand)
        d.app.screen.query_one(BenchLine).value = "x.json"
        await d.pilot.press("enter", "enter")
        await until(lambda: "One moment: it is read, or written." in d.text)
        await d.pilot.press("escape", "full_stop")
        assert "step 1 of 4" in d.text
        waits.may.set()
        await d.settle()
        assert waits.done == ["x.json"], "enter twice does it once"
        assert "It is saved." in d.text


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("it is no file"), "it is no file"),
        (OSError(28, "No space left on device", "x.npz"), "x.npz: No space left on device"),
        (MemoryError(), "That could not be done: MemoryError"),
    ],
)
async def test_an_errand_that_cannot_be_done_leaves_what_was_typed(desk, error: Exception, said: str) -> None:
    async with desk("sandbox", experiment=SMALL) as d:
        waits = Waits(error, "file")
        waits.may.set()
        d.app.screen._errand(waits.errand)
        d.app.screen.query_one(BenchLine).value = "x.json"
        await d.press("enter")
        assert said in d.text
        assert d.app.screen.query_one(Prompt).open
        assert d.app.screen.query_one(BenchLine).value == "x.json"
        await d.press("enter")
        assert waits.done == ["x.json", "x.json"], "it can be tried again"


async def test_a_file_s_name_is_written_to_its_end(desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    save_recurrent(tmp_path / "folder" / "net.npz", Experiment(cell="gru", hidden=2).model().net)
    async with desk("sandbox", experiment=SMALL) as d:
        await d.press("o", "down", "enter", *"fo")
        line = d.app.screen.query_one(BenchLine)
        assert "tab the rest of the name" in d.text
        await until(lambda: line._suggestion == "folder/")
        await d.press("tab")
        await until(lambda: line._suggestion == "folder/net.npz")
        await d.press("tab")
        assert line.value == "folder/net.npz"
        await d.press("tab")
        assert line.has_focus, "where nothing goes on, the keys stay"
        await d.press("enter")
        assert "its vocabulary" in d.text
        assert line.value == ""
        await d.press("enter")
        assert d.app.screen.network_run.spec.hidden_size == 2
        await d.press("e")
        assert line.suggester is None, "a text is no file"
        assert "tab the rest" not in d.text


async def test_files_that_lie_there_can_be_chosen(desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    save_weights(Experiment(cell="gru", hidden=2).model(), tmp_path / "mine.npz")
    (tmp_path / "no[b]t.npz").write_text("nothing of the kind")
    async with desk("sandbox", experiment=SMALL) as d:
        await d.press("o")
        assert isinstance(d.app.screen, ChoiceScreen)
        named = list(d.app.screen.choices.values())
        assert named[2:4] == ["the file mine.npz", "the file no[b]t.npz"]
        await d.press("down", "down", "down", "enter")
        assert "no[b]t.npz" in d.text
        assert d.app.screen.experiment == SMALL
        await d.press("o", "down", "down", "enter")
        assert d.app.screen.network_run.spec.hidden_size == 2, "all that belongs to it lies beside"


async def test_a_network_that_was_saved_here_opens_with_what_lies_beside(desk, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with desk("sandbox", experiment=Experiment(source="lesson:never-too-late/writer")) as d:
        await d.press("k")
        await d.press("end", "enter")
        await d.press("enter")
        assert isinstance(d.app.screen, LinesScreen)
        await d.press("escape", "end")
        said = d.app.screen.network_run.next()
        await d.press("o")
        rows = list(d.app.screen.choices.values())
        assert "the file network.npz" in rows
        assert not any("vocabulary" in row for row in rows)
        await d.press(*["down"] * rows.index("the file network.npz"), "enter")
        assert "network.npz" in d.text.split("\n")[0]
        assert d.app.screen.network_run.next() == said


# Leaving, and coming back


async def test_the_sandbox_is_as_it_was_left(desk) -> None:
    async with desk("home") as d:
        await d.press("s", "d")
        d.app.screen.query_one(BenchLine).value = "always"
        await d.press("enter", "full_stop", "full_stop", "2", "escape")
        assert not isinstance(d.app.screen, SandboxScreen)
        await d.press("s")
        assert d.app.screen.experiment.text == "always too late to"
        assert d.app.screen.query_one(GatesFigure).position == 2
        await d.press("z")
        assert d.app.screen.experiment.text == "never too late to"


async def test_a_lesson_s_sandbox_is_the_lesson_s(desk) -> None:
    async with desk("sandbox", experiment=Experiment("a b c")) as d:
        await d.press("escape", "enter")
        assert d.lesson
        d.app.open_sandbox(Experiment("x y"))
        await d.settle()
        assert d.app.screen.experiment.text == "x y"
        await d.press("escape", "escape", "s")
        assert d.app.screen.experiment.text == "a b c"


async def test_the_training_is_as_it_was_left(desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.txt").write_text(
        "\n".join(f"the {w} is {v}" for w in ("sun", "sea") for v in ("old", "new", "big"))
    )
    async with desk("sandbox", experiment=SMALL) as d:
        await d.press("t")
        rows = list(d.app.screen.choices.values())
        assert rows[:2] == ["a file of your own …", "the file mine.txt"]
        await d.press("down", "enter")
        assert "mine.txt" in d.text
        await d.press("escape", "t")
        assert "Train › mine.txt" in d.text
        assert "6 lines" in d.text


# What comes when its person does something else


async def test_what_is_asked_next_takes_no_line_that_was_opened_since(desk) -> None:
    async with desk("sandbox", experiment=SMALL) as d:
        screen = d.app.screen
        asks = Errand("", lambda _typed: Outcome(), "its vocabulary", file=True)
        waits = Waits(Outcome("asked", then=asks))
        screen._errand(waits.errand)
        await d.pilot.press("e", *"xyz")
        waits.may.set()
        await d.settle()
        assert screen.query_one(BenchLine).value == "never too late toxyz"
        assert "asked" in d.text
        await d.press("enter")
        assert screen.experiment.text == "never too late toxyz"


async def test_lines_to_read_come_before_no_other_screen(desk) -> None:
    async with desk() as d:
        await d.press("s")
        screen = d.app.screen
        waits = Waits(Outcome("saved", lines="import torch\n", heading="lines"))
        screen._errand(waits.errand)
        await d.pilot.press("escape")
        waits.may.set()
        await until(lambda: not screen.working)
        await d.settle()
        assert not isinstance(d.app.screen, LinesScreen | SandboxScreen)


async def test_what_is_typed_on_while_it_is_computed_is_kept_and_done(desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async with desk("sandbox", experiment=SMALL) as d:
        screen = d.app.screen
        slow = Slow(screen, monkeypatch)
        await d.pilot.press("e", *"xy", "enter")
        await until(slow.begun.is_set)
        await d.pilot.press(*"zz")
        slow.may.set()
        await d.settle()
        assert screen.query_one(Prompt).open
        assert screen.query_one(BenchLine).value == "never too late toxyzz"
        assert screen.experiment.text == "never too late toxy"
        await d.press("enter")
        assert not screen.query_one(Prompt).open
        assert screen.experiment.text == "never too late toxyzz"


async def test_what_was_offered_for_one_text_is_done_to_no_other(desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async with desk("sandbox", experiment=Experiment("a b c d", hidden=3)) as d:
        screen = d.app.screen
        slow = Slow(screen, monkeypatch)
        screen.does(lambda e: edits.written(e, "u v w x"))
        await until(slow.begun.is_set)
        await d.pilot.press("r", "enter")
        slow.may.set()
        await d.settle()
        assert screen.experiment.text == "u v w x"
        assert "It is another experiment by now: choose again." in d.text


async def test_a_network_that_is_not_to_be_had_leaves_nothing_on_its_way(desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async with desk("sandbox", experiment=SMALL) as d:
        screen = d.app.screen
        screen._came(Outcome(chosen=("lesson:nowhere/x", "no")), asks=True)
        await d.settle()
        assert "There is no network" in d.text
        slow = Slow(screen, monkeypatch)
        screen.does(turn("seed"))
        await until(slow.begun.is_set)
        # It has not been said that this takes long: esc is what it is elsewhere.
        assert not screen._break_off()
        slow.may.set()
        await d.settle()
        assert screen.experiment.seed == 1
