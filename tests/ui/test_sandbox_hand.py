"""The sandbox under a person's hands: the text rearranged, values set, networks opened, everything kept and undone."""

from __future__ import annotations

import asyncio
import gc
import json
import random
from pathlib import Path
from threading import Event
from weakref import WeakSet

import numpy as np
import pytest
from textual import events

from tutor.course.load import load_course
from tutor.course.outline import lessons_dir
from tutor.engine.pytorch import save_recurrent
from tutor.engine.surgery import Cut
from tutor.sandbox import edits
from tutor.sandbox.bench import Bench, Reading
from tutor.sandbox.errands import Outcome
from tutor.sandbox.experiment import Experiment
from tutor.sandbox.instruments import INSTRUMENTS
from tutor.sandbox.networks import title_of
from tutor.sandbox.shelf import Shelf
from tutor.sandbox.state import View, decode, encode
from tutor.sandbox.weights_file import save_weights
from tutor.ui.figures.compare import CompareFigure
from tutor.ui.figures.figure import Figure
from tutor.ui.figures.gates import GatesFigure
from tutor.ui.figures.gradient import GradientChart
from tutor.ui.figures.state import StateFigure
from tutor.ui.figures.why import WhyFigure
from tutor.ui.screens.overlays import ChoiceScreen, LinesScreen
from tutor.ui.screens.sandbox import SandboxScreen
from tutor.ui.widgets.bench.prompt import BenchLine, Prompt
from tutor.ui.widgets.bench.settings import SettingsPanel


async def choose(d, at: int) -> None:
    """The choice at a place of the list that is in front."""
    assert isinstance(d.app.screen, ChoiceScreen)
    await d.press(*["down"] * at, "enter")


async def say(d, text: str) -> None:
    """Type into the line that is open."""
    d.app.screen.query_one(BenchLine).value = text
    await d.press("enter")


def labels(d) -> list[str]:
    assert isinstance(d.app.screen, ChoiceScreen)
    return list(d.app.screen.choices.values())


# The text


async def test_a_word_at_the_cursor_gives_way_to_another(desk) -> None:
    async with desk("sandbox", experiment=Experiment()) as d:
        await d.press("full_stop", "full_stop", "d")
        assert d.app.screen.query_one(BenchLine).value == "too"
        await say(d, "very very")
        assert d.app.screen.network_run.tokens == ("never", "very", "very", "late", "to")
        assert d.app.screen.query_one(StateFigure).position == 2, "the cursor stays where it was"
        await d.press("z")
        assert d.app.screen.network_run.tokens == ("never", "too", "late", "to")
        await d.press("z")
        assert "There is nothing to undo." in d.text
        await d.press("y")
        assert d.app.screen.network_run.tokens[1] == "very"


async def test_the_text_is_rearranged(desk) -> None:
    async with desk("sandbox", experiment=Experiment()) as d:
        await d.press("r")
        assert labels(d)[:3] == ["from its end", "shuffle it", "swap “never” with “too”"]
        await choose(d, 0)
        assert d.app.screen.experiment.text == "to late too never"
        await d.press("r")
        await choose(d, 1)
        assert sorted(d.app.screen.network_run.tokens) == ["late", "never", "to", "too"]
        before = d.app.screen.network_run.tokens
        await d.press("r")
        await choose(d, 3)
        await say(d, "9")
        assert "There is no word 9: the text has 4." in d.text
        assert d.app.screen.query_one(Prompt).open
        await say(d, "4")
        assert d.app.screen.network_run.tokens == (before[3], *before[1:3], before[0])


async def test_a_second_text_is_read_beside_the_first(desk) -> None:
    async with desk("sandbox", experiment=Experiment(text="dog bites man")) as d:
        await d.press("b")
        await say(d, "man bites dog")
        figure = d.app.screen.query_one(CompareFigure)
        assert [run.tokens for run in figure.values.runs] == [("dog", "bites", "man"), ("man", "bites", "dog")]
        assert "‖a−b‖" in d.text
        first, second = figure.values.runs
        assert f"{np.linalg.norm(first.hidden[-1] - second.hidden[-1]):.2f}" in d.text
        await d.press("b")
        await say(d, "")
        assert d.app.screen.experiment.beside == ""
        assert [run.spec.cell for run in d.app.screen.query_one(CompareFigure).values.runs] == ["rnn", "gru", "lstm"]


async def test_a_megabyte_is_refused_and_nothing_is_lost(desk) -> None:
    async with desk("sandbox", experiment=Experiment()) as d:
        before = d.app.screen.network_run
        await d.press("e")
        line = d.app.screen.query_one(BenchLine)
        line.post_message(events.Paste("x " * 500_000))
        await d.settle()
        assert "That is 1000000 characters, and a line takes 200000. Nothing was pasted." in d.text
        assert line.value == "never too late to"
        assert d.app.screen.network_run is before


async def test_of_a_long_text_the_first_tokens_are_read_and_it_says_so(desk) -> None:
    text = " ".join(["a"] * 30_000)
    async with desk("sandbox", experiment=Experiment(text=text)) as d:
        assert "the first 20,000 of 30,000 tokens" in d.text
        await d.press("end")
        assert "step 20000 of 20000" in d.text


# The instruments


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
async def test_the_cursor_stays_on_its_token_and_unit(desk, cell: str) -> None:
    async with desk("sandbox", experiment=Experiment(cell=cell, hidden=8)) as d:
        await d.press("full_stop", "full_stop", "full_stop", "right", "right")
        for key, kind in (("2", GatesFigure), ("5", WhyFigure), ("6", CompareFigure), ("1", StateFigure)):
            await d.press(key)
            figure = d.app.screen.query_one(kind)
            assert (figure.position, figure.unit) == (3, 2)
        await d.press("4")
        assert d.app.screen.query_one(GradientChart).values.steps == 3, "from the step that was looked at"
        await d.press("1")
        assert d.app.screen.query_one(StateFigure).position == 3


async def test_every_instrument_looks_or_says_why_not(desk) -> None:
    async with desk("sandbox", experiment=Experiment(cell="gru", hidden=4, layers=2)) as d:
        for one in INSTRUMENTS.values():
            await d.press("i")
            await choose(d, list(INSTRUMENTS).index(one.name))
            shown = d.app.screen.view.instrument == one.name
            assert shown or one.name in ("says", "attribution")
            assert shown or "trained" in d.text


async def test_why_is_a_key_away_everywhere(desk) -> None:
    async with desk("sandbox", experiment=Experiment()) as d:
        await d.press("end", "2", "w")
        assert d.app.screen.view.instrument == "why"
        await d.press("1", "w")
        assert d.app.screen.query_one(StateFigure).opened


# By hand


async def test_a_value_is_set_and_what_follows_is_compared(desk) -> None:
    async with desk("sandbox", experiment=Experiment(cell="lstm", hidden=4)) as d:
        await d.press("h")
        assert "Nothing is read yet" in d.text
        await d.press("full_stop", "full_stop", "right", "h")
        assert labels(d)[0] == "set h_2[2] to …"
        await choose(d, 0)
        await say(d, "nan")
        assert "the last good one stays" in d.text
        assert d.app.screen.experiment.cuts == ()
        await say(d, "-0.75")
        run = d.app.screen.network_run
        assert run.hidden[1, 1] == np.float32(-0.75)
        assert "1 by hand" in d.text.split("\n")[0]
        assert any("by hand" in line and "too" in line for line in d.text.split("\n"))
        await d.press("6")
        changed, plain = d.app.screen.query_one(CompareFigure).values.runs
        assert np.array_equal(changed.hidden, run.hidden)
        assert np.array_equal(plain.hidden, Experiment(cell="lstm", hidden=4).run().hidden)
        await d.press("h")
        await choose(d, labels(d).index("heal step 2"))
        assert d.app.screen.experiment.cuts == ()
        await d.press("z")
        assert d.app.screen.experiment.cuts == (Cut(2, "h", 1, -0.75),)


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
async def test_all_that_can_be_set_can_be_looked_at(desk, cell: str) -> None:
    async with desk("sandbox", experiment=Experiment(cell=cell, hidden=3, bidirectional=True)) as d:
        await d.press("full_stop", "full_stop", "w", "h")
        for at in range(len(labels(d))):
            await choose(d, at)
            if d.app.screen.query_one(Prompt).open:
                await d.press("enter") if "matrix" in d.text else await say(d, "2")
            assert d.app.screen.experiment.changed
            for key in ("2", "5", "6", "4", "9", "8", "1"):
                await d.press(key)
            await d.press("z", "h")
        await d.press("escape")
        assert not d.app.screen.experiment.changed


# Kept, and opened


async def test_a_string_is_copied_and_another_is_pasted(desk) -> None:
    async with desk("sandbox", experiment=Experiment(cell="gru", hidden=5)) as d:
        await d.press("full_stop", "k")
        await choose(d, 0)
        line = d.app.screen.query_one(BenchLine)
        assert decode(line.value) == (Experiment(cell="gru", hidden=5), View(position=1))
        await say(d, "rnn1-damaged")
        assert "the experiment's string:" in d.text
        assert d.app.screen.experiment == Experiment(cell="gru", hidden=5)
        other = Experiment("another text", "lstm", 7, cuts=(Cut(1, "f", None, 0.0),))
        await say(d, encode(other, View("gates", 2, 3)))
        assert d.app.screen.experiment == other
        figure = d.app.screen.query_one(GatesFigure)
        assert (figure.position, figure.unit) == (2, 3)
        await d.press("z")
        assert d.app.screen.experiment == Experiment(cell="gru", hidden=5)


async def test_the_shelf(desk) -> None:
    async with desk("sandbox", experiment=Experiment(cell="gru", hidden=5)) as d:
        await d.press("k")
        await choose(d, 1)
        await say(d, "first")
        assert "Kept as “first”." in d.text
        assert [one.name for one in Shelf(d.progress.folder).names()] == ["first"]
        await d.press("m", "right", "escape", "k")
        await choose(d, labels(d).index("from the shelf: first"))
        assert d.app.screen.experiment == Experiment(cell="gru", hidden=5)
        await d.press("k")
        await choose(d, labels(d).index("take one off the shelf …"))
        await d.press("enter")
        assert Shelf(d.progress.folder).names() == ()


async def test_the_trace_and_the_network_as_files(desk, tmp_path: Path) -> None:
    experiment = Experiment(cell="gru", hidden=5, seed=7)
    async with desk("sandbox", experiment=experiment) as d:
        await d.press("k")
        await choose(d, labels(d).index("the trace as a file: JSON, CSV, npz …"))
        await say(d, str(tmp_path / "trace.txt"))
        assert "expected a name that ends in .json" in d.text
        await say(d, str(tmp_path / "trace.json"))
        assert "Saved:" in d.text
        told = json.loads((tmp_path / "trace.json").read_text())
        assert told["hidden"] == d.app.screen.network_run.hidden.tolist()
        await d.press("k")
        await choose(d, labels(d).index("the network as a file for PyTorch …"))
        await say(d, str(tmp_path / "net.npz"))
        assert isinstance(d.app.screen, LinesScreen)
        assert "torch.nn.GRU(8, 5)" in d.text
        await d.press("escape", "o")
        await choose(d, 1)
        await say(d, str(tmp_path / "nowhere.npz"))
        assert "nowhere.npz" in d.text
        await say(d, str(tmp_path / "net.npz"))
        assert title_of(d.app.screen.experiment.source) == "net.npz"
        assert np.array_equal(d.app.screen.network_run.hidden, experiment.run().hidden), "its seed lies beside"


async def test_what_pytorch_s_file_does_not_say_is_asked_for(desk, tmp_path: Path) -> None:
    save_recurrent(tmp_path / "net.npz", Experiment(cell="gru", hidden=5).model().net)
    async with desk("sandbox", experiment=Experiment()) as d:
        await d.press("o")
        await choose(d, 1)
        await say(d, str(tmp_path / "net.npz"))
        await say(d, str(tmp_path / "nowhere.txt"))
        assert "nowhere.txt" in d.text
        await say(d, "")
        assert title_of(d.app.screen.experiment.source) == "net.npz"
        assert np.array_equal(d.app.screen.network_run.hidden, Experiment(cell="gru", hidden=5).run().hidden)


@pytest.mark.parametrize("bad", ["pickle", "short", "folder", "empty"])
async def test_a_file_that_is_no_network_leaves_everything(desk, tmp_path: Path, bad: str) -> None:
    path = tmp_path / "net.npz"
    if bad == "folder":
        path.mkdir()
    elif bad == "short":
        save_weights(Experiment().model(), path)
        path.write_bytes(path.read_bytes()[:100])
    else:
        path.write_bytes(b"" if bad == "empty" else b"\x80\x04\x95\x00.")
    async with desk("sandbox", experiment=Experiment()) as d:
        before = d.app.screen.reading
        await d.press("o")
        await choose(d, 1)
        await say(d, str(path))
        said = d.app.screen
        if isinstance(said, LinesScreen):
            # All of what is to be done is there, whatever its length.
            assert "save_file" in said.lines
            await d.press("escape")
        else:
            assert "net.npz" in "".join(d.text.split("\n")[-2:])
        assert d.app.screen.reading is before


async def test_a_lessons_network_is_lent(desk) -> None:
    async with desk("sandbox", experiment=Experiment()) as d:
        await d.press("o")
        at = labels(d).index("Never too late to …: writer")
        await choose(d, at)
        assert d.app.screen.experiment.source == "lesson:never-too-late/writer"
        await d.press("end")
        assert "next after “to”" in d.text
        await d.press("k")
        await choose(d, 0)
        said = d.app.screen.query_one(BenchLine).value
        await d.press("ctrl+c")
        assert "Copied, where the terminal allows it." in d.text
        assert d.app.clipboard == said
    async with desk("sandbox", experiment=decode(said)[0]) as d:
        assert d.app.screen.experiment.source == "lesson:never-too-late/writer"
        assert d.app.screen.network_run.logits is not None


async def test_a_lessons_network_has_its_name_when_the_course_is_read(desk) -> None:
    async with desk("sandbox", size=(120, 36), experiment=Experiment(source="lesson:never-too-late/writer")) as d:
        d.app.course = None
        d.app.screen._place()
        assert "trained · seed" in d.text
        d.app.post_message(d.app.CourseLoaded(load_course(lessons_dir())))
        await d.settle()
        assert "Never too late to …: writer · seed" in d.text


async def test_a_source_that_there_is_not_is_said(desk) -> None:
    async with desk("sandbox", experiment=Experiment(source="lesson:nowhere/none")) as d:
        assert "There is no network lesson:nowhere/none here" in d.text
        assert d.app.screen.experiment.source == ""


async def test_a_shelf_that_cannot_be_read_is_said(desk) -> None:
    async with desk("sandbox", experiment=Experiment()) as d:
        shelf = d.app.screen.shelf
        shelf.folder.parent.mkdir(parents=True, exist_ok=True)
        shelf.folder.write_text("a file where a folder should be")
        await d.press("k")
        assert "the trace as a file" in d.text
        await choose(d, labels(d).index("the shelf cannot be read: why"))
        assert "Not a directory" in d.text
        assert d.app.screen.experiment == Experiment()


async def test_what_is_damaged_on_the_shelf_is_said(desk) -> None:
    async with desk("sandbox", experiment=Experiment()) as d:
        shelf = d.app.screen.shelf
        shelf.keep("mine", Experiment(), View())
        shelf.keep("whole", Experiment(), View())
        damaged = next(path for path in shelf.folder.iterdir() if b'"mine"' in path.read_bytes())
        damaged.write_bytes(damaged.read_bytes()[:-4])
        await d.press("k")
        assert "from the shelf: whole" in labels(d)
        await choose(d, labels(d).index("1 on the shelf cannot be read: why"))
        assert isinstance(d.app.screen, LinesScreen)
        assert d.app.screen.lines == f"{damaged.name} is passed over, and stays as it is: it is not as long as it says"


async def test_the_folder_of_the_start_may_be_gone(desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with desk("sandbox", experiment=Experiment()) as d:
        gone = tmp_path / "gone"
        gone.mkdir()
        monkeypatch.chdir(gone)
        gone.rmdir()
        await d.press("o")
        assert labels(d)[0] == "an untrained network"


# Anything at all


def figures() -> WeakSet[Figure]:
    """The figures that there are, of whatever app: an app of before may not have been let go of."""
    gc.collect()
    return WeakSet(one for one in gc.get_objects() if issubclass(type(one), Figure))


async def settled(before: WeakSet[Figure]) -> list[Figure]:
    """The figures that came since, once those that were put away have had the time to go."""
    for _turn in range(100):
        since = [one for one in figures() if one not in before]
        if len(since) <= 2:
            break
        await asyncio.sleep(0.05)
    return since


async def test_five_hundred_operations_at_random(desk) -> None:
    """Whatever is done in whatever order: no exception, what is shown is a fresh computation, undo restores exactly."""
    rng = random.Random(7)
    before = figures()
    async with desk("sandbox", experiment=Experiment(hidden=4)) as d:
        screen = d.app.screen
        assert isinstance(screen, SandboxScreen)
        keys = [
            *"123456789z0zyfvc[]",
            "full_stop",
            "comma",
            "home",
            "end",
            "left",
            "right",
            "up",
            "down",
            "space",
        ]
        for turn in range(500):
            what = rng.random()
            if what < 0.6:
                await d.pilot.press(rng.choice(keys))
            elif what < 0.7:
                screen.does(lambda e, n=turn: edits.written(e, " ".join(rng.choices("abcde", k=1 + n % 7))))
            elif what < 0.85:
                await d.pilot.press("m", *["down"] * rng.randrange(10), rng.choice(["left", "right"]))
                if screen.query_one(SettingsPanel).has_class("-open"):
                    await d.pilot.press("escape")
            elif what < 0.95:
                await d.pilot.press(rng.choice("hrki"))
                await d.pilot.press(*["down"] * rng.randrange(6), "enter")
                if isinstance(d.app.screen, ChoiceScreen):
                    await d.pilot.press("escape")
                if screen.query_one(Prompt).open:
                    await d.pilot.press(*rng.choice([["1", "enter"], ["0", "enter"], []]))
                if screen.query_one(Prompt).open:
                    await d.pilot.press("escape")
            else:
                await d.pilot.resize_terminal(*rng.choice([(60, 20), (80, 24), (120, 36)]))
            if turn % 25 == 0:
                await d.settle()
                assert d.app.screen is screen
                fresh = Bench().read(screen.experiment)
                assert np.array_equal(screen.network_run.hidden, fresh.run.hidden)
        await d.settle()
        if screen.query_one(Prompt).open:
            await d.press("escape")
        assert len(await settled(before)) <= 2, "an instrument that was put away is gone"
        while screen.history.behind:
            await d.press("z")
        assert screen.experiment == Experiment(hidden=4)
        assert np.array_equal(screen.network_run.hidden, Experiment(hidden=4).run().hidden)


async def test_another_network_of_the_same_name_leaves_the_first_to_be_gone_back_to(desk, tmp_path: Path) -> None:
    for folder, seed in (("one", 1), ("two", 2)):
        (tmp_path / folder).mkdir()
        save_recurrent(tmp_path / folder / "net.npz", Experiment(hidden=3, seed=seed).model().net)
    async with desk("sandbox", experiment=Experiment(hidden=3)) as d:
        runs = []
        for folder in ("one", "two"):
            await d.press("o")
            await choose(d, next(at for at, said in enumerate(labels(d)) if said.startswith("a file")))
            await say(d, str(tmp_path / folder / "net.npz"))
            assert "its vocabulary file, or nothing" in d.text
            await say(d, "")
            assert "its nonlinearity: tanh or relu" in d.text
            await say(d, "tanh")
            runs.append(d.app.screen.network_run.hidden)
        assert not np.array_equal(*runs)
        assert title_of(d.app.screen.experiment.source) == "net.npz"
        await d.press("z")
        assert np.array_equal(d.app.screen.network_run.hidden, runs[0])


# What came of haste


async def test_enter_twice_does_it_once(desk) -> None:
    async with desk("sandbox", experiment=Experiment(hidden=3)) as d:
        await d.press("end", "h")
        await choose(d, labels(d).index("nudge a weight into unit 1 …"))
        await d.pilot.press("enter", "enter", "enter")
        await d.settle()
        assert [nudge.by for nudge in d.app.screen.experiment.nudges] == [0.5]


async def test_a_line_that_was_opened_since_is_not_closed(desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async with desk("sandbox", experiment=Experiment(hidden=3)) as d:
        may, read = Event(), d.app.screen.bench.read

        def slow(*asked) -> Reading:
            assert may.wait(10)
            return read(*asked)

        monkeypatch.setattr(d.app.screen.bench, "read", slow)
        await d.press("e")
        d.app.screen.query_one(BenchLine).value = "one two"
        await d.pilot.press("enter", "escape", "b", "x")
        may.set()
        await d.settle()
        assert d.app.screen.experiment.text == "one two"
        assert d.app.screen.query_one(Prompt).open
        assert d.app.screen.query_one(BenchLine).value.endswith("x")


async def test_the_cursor_keeps_its_direction(desk) -> None:
    async with desk("sandbox", experiment=Experiment(cell="gru", hidden=3, bidirectional=True)) as d:
        await d.press("end", *["right"] * 4, "2")
        figure = d.app.screen.query_one(GatesFigure)
        assert (figure.direction, figure.unit) == (1, 1)
        await d.press("1")
        assert d.app.screen.query_one(StateFigure).unit == 4


async def test_what_goes_wrong_in_the_thread_is_said(desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async with desk("sandbox", experiment=Experiment(hidden=3)) as d:

        def fails(_experiment: Experiment) -> Experiment:
            raise OSError("the disk is full")

        d.app.screen.does(fails)
        await d.settle()
        assert "That could not be done: the disk is full" in d.text
        assert d.app.screen.experiment == Experiment(hidden=3)


async def test_a_network_that_cannot_be_fetched_is_not_listed(desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async with desk("sandbox", experiment=Experiment(hidden=3)) as d:
        screen = d.app.screen
        assert isinstance(screen, SandboxScreen)
        screen._came(Outcome(chosen=("lesson:nowhere/none", "Nowhere: none")), asks=True)
        await d.settle()
        assert "There is no network" in d.text
        assert screen.titles == {}
