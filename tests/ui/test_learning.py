"""A network of one's own: a file is read, learned from, stopped, gone on with, and put under the lens."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest

from tutor.sandbox.experiment import Experiment
from tutor.sandbox.learning import NAME, Choices, standing
from tutor.ui import teaching
from tutor.ui.figures.next import NextFigure
from tutor.ui.figures.series import SeriesFigure
from tutor.ui.figures.tags import TagsFigure
from tutor.ui.figures.training import TrainingFigure
from tutor.ui.screens import learning as module
from tutor.ui.screens.learning import LearningScreen
from tutor.ui.screens.overlays import LinesScreen
from tutor.ui.screens.sandbox import SandboxScreen
from tutor.ui.widgets.bench.prompt import BenchLine, Prompt
from tutor.ui.widgets.bench.settings import SettingsPanel

QUICK = Choices(hidden=6, embedding=4, steps=12)


def lines(count: int = 60) -> str:
    words = ("sun", "moon", "sea", "tree")
    return "\n".join(f"the {words[i % 4]} is {words[(i * 7 + i // 4) % 4]} and old" for i in range(count))


FILES = {
    "text.txt": lines(),
    "moods.txt": "\n".join(f"so {('good', 'bad')[i % 2]} a day {i % 9}\t{('up', 'down')[i % 2]}" for i in range(60)),
    "tags.txt": "\n".join(f"the/D {('cat', 'dog', 'man')[i % 3]}/N sees/V {i}/X" for i in range(60)),
    "days.csv": "day,warm\n" + "\n".join(f"{i},{(i * 13) % 17}" for i in range(80)),
}


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text)
    (folder / "empty.txt").write_text("")
    (folder / "binary.txt").write_bytes(bytes(range(256)) * 20)
    return folder


async def opened(d, path: Path | None, choices: Choices | None = QUICK) -> LearningScreen:
    d.app.open_learning(path, choices)
    await d.settle()
    assert isinstance(d.app.screen, LearningScreen)
    return d.app.screen


async def test_a_text_is_learned_and_goes_under_the_lens(desk, corpus: Path) -> None:
    async with desk("sandbox", experiment=Experiment()) as d:
        screen = await opened(d, corpus / "text.txt")
        assert "60 lines" in d.text
        assert "next word" in d.text
        await d.press("t")
        assert screen.state == "done"
        assert screen.query_one(TrainingFigure).values.points[-1][0] == 12
        assert "held out:" in d.text
        assert "perplexity" in d.text
        assert "knowing how common each is" in d.text
        model = screen.lab.learner(NAME)
        await d.press("s")
        bench = d.app.screen
        assert isinstance(bench, SandboxScreen)
        assert bench.network_run.model is model
        assert "text.txt" in d.text
        assert "t goes back to the training." in d.text
        figure = bench.query_one(NextFigure)
        assert figure.position == figure.playback.length > 0
        await d.press("z")
        assert bench.experiment.source == ""


def chosen(screen: LearningScreen, name: str) -> None:
    """Put the cursor of the choices on one."""
    panel = screen.query_one(SettingsPanel)
    panel.focus()
    panel.chosen = [one.name for one in panel.settings].index(name)


async def test_who_comes_back_to_what_was_learned_finds_it(desk, corpus: Path) -> None:
    async with desk("sandbox", experiment=Experiment()) as d:
        screen = await opened(d, corpus / "text.txt")
        await d.press("t")
        lab = screen.lab
        chosen(screen, "task")
        await d.press("right")
        assert (screen.state, screen.choices.steps, screen.lab) == ("choosing", None, None)
        chosen(screen, "hidden")
        await d.press("right")
        other = screen.choices
        chosen(screen, "task")
        await d.press("left")
        assert (screen.state, screen.choices, screen.lab) == ("done", QUICK, lab)
        await d.press("right")
        assert screen.choices == other


async def test_how_well_it_does_stays_under_the_curve(desk, corpus: Path) -> None:
    async with desk("sandbox", experiment=Experiment()) as d:
        screen = await opened(d, corpus / "days.csv")
        await d.press("t", "f", "left")
        assert "held out: " not in d.text
        await d.press("f")
        assert "held out: " in d.text
        assert "last value " in d.text
        figure = screen.query_one(TrainingFigure)
        assert screen.focused is not None
        assert figure in screen.focused.ancestors_with_self, "the keys stay in the picture"
        await d.press("left")
        assert figure.curve.back_to is not None
        assert "← → look back" in d.text
        await d.press("tab")
        assert isinstance(screen.focused, SettingsPanel)
        assert "held out: " in d.text
        assert "look back" not in d.text, "the arrows are the choices'"


async def test_what_learns_has_the_keys(desk, corpus: Path) -> None:
    async with desk("sandbox", experiment=Experiment()) as d:
        screen = await opened(d, corpus / "text.txt", Choices(hidden=6, embedding=4, steps=100_000))
        assert isinstance(screen.focused, SettingsPanel)
        assert "tab" not in d.text.split("\n")[-1], "there is nowhere to go"
        await d.pilot.press("t")
        for _turn in range(400):
            await d.pilot.pause(0.01)
            if any(len(figure.values.kept) > 2 for figure in screen.query(TrainingFigure)):
                break
        figure = screen.query_one(TrainingFigure)
        assert screen.focused is not None
        assert figure in screen.focused.ancestors_with_self
        await d.pilot.press("left")
        assert figure.curve.back_to is not None
        await d.press("escape")
        assert screen.state == "stopped"


async def test_an_esc_that_comes_too_late_to_stop_it_does_not_leave(desk, corpus: Path) -> None:
    async with desk("sandbox", experiment=Experiment()) as d:
        screen = await opened(d, corpus / "text.txt")
        await d.press("t", "escape")
        assert d.app.screen is screen
        assert "It came to its end just now. esc again goes back." in d.text
        await d.press("escape")
        assert d.app.screen is not screen


async def test_some_time_after_its_end_esc_leaves(desk, corpus: Path) -> None:
    async with desk("sandbox", experiment=Experiment()) as d:
        screen = await opened(d, corpus / "text.txt")
        await d.press("t")
        d.clock.now += 1.0
        await d.press("escape")
        assert d.app.screen is not screen


async def test_a_checkpoint_goes_under_the_lens(desk, corpus: Path) -> None:
    async with desk("sandbox", experiment=Experiment()) as d:
        screen = await opened(d, corpus / "text.txt", Choices(hidden=6, embedding=4, steps=60))
        await d.press("t", "left", "left")
        back = screen.query_one(TrainingFigure).curve.back_to
        assert back is not None
        assert back < 60
        expected = screen.lab.at_step(NAME, back)
        await d.press("s")
        assert d.app.screen.network_run.model is expected
        assert f"text.txt @ {back}" in d.text
        assert f"This is the network after {back} updates." in d.text


async def test_a_training_is_stopped_and_goes_on(desk, corpus: Path) -> None:
    async with desk("sandbox", experiment=Experiment()) as d:
        screen = await opened(d, corpus / "text.txt", Choices(hidden=6, embedding=4, steps=4000))
        await d.pilot.press("t")
        for _turn in range(400):
            await d.pilot.pause(0.01)
            if screen.query(TrainingFigure):
                break
        assert screen.state == "learning"
        await d.pilot.press("right", "s", "o", "t")
        assert screen.state == "learning"
        assert screen.choices.steps == 4000, "nothing is chosen anew while it learns"
        await d.press("escape")
        assert screen.state == "stopped"
        reached = screen.query_one(TrainingFigure).values.points[-1][0]
        assert 0 <= reached < 4000
        assert "perplexity" in d.text
        lab = screen.lab
        await d.pilot.press("t")
        for _turn in range(400):
            await d.pilot.pause(0.01)
            if screen.query_one(TrainingFigure).values.points[-1][0] > reached:
                break
        await d.press("escape")
        assert screen.lab is lab
        assert screen.query_one(TrainingFigure).values.points[-1][0] > reached


@pytest.mark.parametrize(("name", "task"), [("moods.txt", "text → label"), ("tags.txt", "word → tag")])
async def test_labels_and_tags_are_said_of_a_text(desk, corpus: Path, name: str, task: str) -> None:
    async with desk("sandbox", experiment=Experiment()) as d:
        await opened(d, corpus / name)
        assert task in d.text
        await d.press("t", "s")
        assert isinstance(d.app.screen, SandboxScreen)
        assert d.app.screen.query_one(TagsFigure).position > 0


async def test_a_column_is_forecast(desk, corpus: Path) -> None:
    async with desk("sandbox", experiment=Experiment()) as d:
        screen = await opened(d, corpus / "days.csv")
        assert "‹ warm ›" not in d.text
        await d.press("down")
        assert "‹ warm ›" in d.text
        await d.press("right", "left")
        assert screen.choices.column == "warm"
        await d.press("t", "s")
        assert "reads numbers: f shows its forecasts" in d.text
        await d.press("f")
        assert screen.query_one(SeriesFigure).values.source is not None
        await d.press("escape")
        assert isinstance(d.app.screen, SandboxScreen)


async def test_what_cannot_be_learned_from_is_said_and_nothing_is_lost(desk, corpus: Path) -> None:
    async with desk("sandbox", experiment=Experiment()) as d:
        screen = await opened(d, corpus / "text.txt")
        await d.press("t")
        learned = screen.lab
        for name in ("empty.txt", "binary.txt", "nowhere.txt"):
            await d.press("o", "enter")
            screen.query_one(BenchLine).value = str(corpus / name)
            await d.press("enter")
            assert name in d.text.split("\n")[-1]
            assert screen.query_one(Prompt).open, "to be mended"
            await d.press("escape")
            assert screen.corpus is not None
            assert screen.corpus.name == "text.txt"
            assert screen.lab is learned


async def test_a_choice_is_typed_and_a_bad_one_leaves_the_last_good_one(desk, corpus: Path) -> None:
    async with desk("sandbox", experiment=Experiment()) as d:
        screen = await opened(d, corpus / "text.txt")
        await d.press("down", "down", "down", "enter")
        for typed in ("nan", "1e999", "-3", "many", "2.5"):
            screen.query_one(BenchLine).value = typed
            await d.press("enter")
            assert "the last good one stays" in d.text
            assert screen.choices.hidden == 6
        screen.query_one(BenchLine).value = "9"
        await d.press("enter")
        assert screen.choices.hidden == 9
        assert not screen.query_one(Prompt).open


async def test_another_choice_after_a_training_is_not_trained_yet(desk, corpus: Path) -> None:
    async with desk("sandbox", experiment=Experiment()) as d:
        screen = await opened(d, corpus / "text.txt")
        await d.press("t")
        assert screen.query(TrainingFigure)
        await d.press("shift+tab")
        screen.query_one(SettingsPanel).focus()
        await d.settle()
        await d.press("down", "down", "right")
        assert not screen.query(TrainingFigure), "the curve was another network's"
        assert "60 lines" in d.text
        assert screen.state == "choosing"


async def test_what_goes_wrong_while_it_learns_is_said(desk, corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_asked: object, **_more: object) -> None:
        raise MemoryError

    monkeypatch.setattr("tutor.sandbox.learning.lab", fails)
    async with desk("sandbox", experiment=Experiment()) as d:
        screen = await opened(d, corpus / "text.txt")
        await d.press("t")
        assert "It could not be trained: MemoryError" in d.text
        assert screen.state == "choosing"


async def test_without_a_file_it_asks_which(desk, corpus: Path) -> None:
    async with desk("sandbox", experiment=Experiment()) as d:
        d.app.open_learning()
        await d.settle()
        assert "Learn from which file?" in d.text
        await d.press("down", "enter")
        assert isinstance(d.app.screen, LearningScreen)
        assert d.app.screen.corpus is not None
        await d.press("s")
        assert "No network has learned here yet" in d.text


async def test_a_file_that_was_learned_before_is_there_at_once(desk, corpus: Path) -> None:
    async with desk("sandbox", experiment=Experiment()) as d:
        first = await opened(d, corpus / "text.txt")
        await d.press("t")
        expected = first.lab.learner(NAME).flat.copy()
        await d.press("escape")
        again = await opened(d, corpus / "text.txt")
        await d.press("t")
        assert again.state == "done"
        assert (again.lab.learner(NAME).flat == expected).all()
        assert again.query_one(TrainingFigure).values.points[-1][0] == 12


# While a file is read


class Slow:
    """Reads one file only when it is let."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
        self.go, self.looked, read = Event(), Event(), teaching.look

        def look(path: Path):  # type: ignore[no-untyped-def]
            if path.name == name:
                self.looked.set()
                self.go.wait(20)
            return read(path)

        monkeypatch.setattr(teaching, "look", look)


async def test_of_two_files_the_one_asked_for_last_is_read(desk, corpus: Path, monkeypatch) -> None:
    slow = Slow(monkeypatch, "moods.txt")
    async with desk("sandbox", experiment=Experiment()) as d:
        screen = await opened(d, corpus / "text.txt")
        screen.read(corpus / "moods.txt")
        await d.pilot.pause()
        screen.read(corpus / "days.csv")
        while screen.corpus.name != "days.csv":
            await d.pilot.pause()
        slow.go.set()
        await d.settle()
        assert (screen.corpus.name, screen.state) == ("days.csv", "choosing")


async def test_what_is_chosen_while_a_file_is_read_is_of_no_file(desk, corpus: Path, monkeypatch) -> None:
    slow = Slow(monkeypatch, "moods.txt")
    async with desk("sandbox", experiment=Experiment()) as d:
        screen = await opened(d, corpus / "text.txt")
        screen.read(corpus / "moods.txt")
        await d.pilot.pause()
        screen.query_one(SettingsPanel).focus()
        for keys in (("down", "down", "right"), ("t",)):
            await d.pilot.press(*keys)
            await d.pilot.pause()
            assert screen.state == "reading"
            assert "The file is still read" in d.text
        assert screen.choices == QUICK
        slow.go.set()
        await d.settle()
        assert (screen.corpus.name, screen.state, screen.lab) == ("moods.txt", "choosing", None)


async def test_a_file_that_cannot_be_read_leaves_what_was_trained(desk, corpus: Path) -> None:
    async with desk("sandbox", experiment=Experiment()) as d:
        screen = await opened(d, corpus / "text.txt")
        await d.press("t")
        screen.read(corpus / "empty.txt")
        await d.settle()
        assert screen.state == "done"
        assert "empty.txt: got" in d.text


async def test_whatever_is_wrong_with_a_file_is_a_word(desk, corpus: Path, monkeypatch) -> None:
    def look(path: Path) -> None:
        raise RuntimeError("\x1b[2Jthe disk sang")

    async with desk("sandbox", experiment=Experiment()) as d:
        screen = await opened(d, corpus / "text.txt")
        monkeypatch.setattr(teaching, "look", look)
        screen.read(corpus / "moods.txt")
        await d.settle()
        assert screen.state == "choosing"
        assert "It could not be read: ␛[2Jthe disk sang" in d.text


async def test_a_name_that_is_none_and_a_folder_that_is_gone(desk, corpus: Path, tmp_path: Path, monkeypatch) -> None:
    async with desk("sandbox", experiment=Experiment()) as d:
        screen = await opened(d, corpus / "text.txt")
        for name, word in (
            ("~nobody-of-this-name/x", "~nobody-of-this-name: nobody of that name has a home here."),
            ("/", "/ is a folder: write the name of a file in it."),
            (" ", "Write the name of a file."),
        ):
            await d.press("o", "enter")
            screen.query_one(BenchLine).value = name
            await d.press("enter")
            assert word in d.text
            assert screen.query_one(Prompt).open
            await d.press("escape")
        gone = tmp_path / "gone"
        gone.mkdir()
        monkeypatch.chdir(gone)
        gone.rmdir()
        await d.press("o")
        assert "a file of your own" in d.text
        await d.press("escape")
        assert screen.corpus.name == "text.txt"


async def test_what_is_not_known_of_a_file_is_said_under_the_curve(desk, corpus: Path) -> None:
    (corpus / "rare.txt").write_text(lines() + "".join(f"\nthe odd{n} is old" for n in range(9)))
    async with desk("sandbox", experiment=Experiment()) as d:
        screen = await opened(d, corpus / "rare.txt")
        await d.press("t")
        assert screen.state == "done"
        stands, notes = str(screen.query_one(".said").content).split("\n")
        assert stands.startswith("held out: ")
        assert "different tokens are rare and read as the unknown one" in notes
        await d.press("o", "escape")
        screen.read(corpus / "text.txt")
        await d.settle()
        assert not screen.query(".said")
        await d.press("t")
        assert "rare" not in str(screen.query_one(".said").content)


# Back, and forth


async def test_a_choice_that_ends_as_it_was_loses_nothing(desk, corpus: Path) -> None:
    async with desk("sandbox", experiment=Experiment()) as d:
        screen = await opened(d, corpus / "text.txt")
        await d.press("t")
        lab = screen.lab
        assert screen.state == "done"
        screen.query_one(SettingsPanel).focus()
        # What is typed is what stood there.
        await d.press("down", "down", "down", "enter", "enter")
        assert (screen.lab, screen.state) == (lab, "done")
        assert screen.query(TrainingFigure)
        await d.press("right")
        assert (screen.lab, screen.state) == (None, "choosing")
        assert not screen.query(TrainingFigure)
        await d.press("left")
        assert screen.choices.hidden != QUICK.hidden
        await screen._chose(QUICK)
        await d.settle()
        assert (screen.lab, screen.state) == (lab, "done")
        assert screen.query_one(TrainingFigure).values.points[-1][0] == 12


async def test_trainings_that_nobody_goes_back_to_are_let_go(desk, corpus: Path) -> None:
    async with desk("sandbox", experiment=Experiment()) as d:
        screen = await opened(d, corpus / "text.txt")
        for seed in range(module.MOST_KEPT + 3):
            await screen._chose(replace(QUICK, seed=seed, steps=1))
            await d.press("t")
            assert screen.state == "done"
        assert len(screen._labs) <= module.MOST_KEPT
        assert replace(QUICK, seed=module.MOST_KEPT, steps=1) in screen._labs
        screen.read(corpus / "moods.txt")
        await d.settle()
        assert not screen._labs


async def test_forecasts_and_how_they_were_learned(desk, corpus: Path) -> None:
    async with desk("sandbox", experiment=Experiment()) as d:
        screen = await opened(d, corpus / "days.csv")
        await d.press("f")
        assert "No network has learned here yet" in d.text
        await d.press("t")
        assert "mean absolute error" in d.text
        await d.press("tab")
        assert "f its forecasts" in d.text
        assert "under the lens" not in d.text
        await d.press("f")
        assert screen.query(SeriesFigure)
        assert "f how it learned" in d.text
        await d.press("e")
        assert "read it" in d.text.split("\n")[-1]
        await d.press("escape")
        await d.press("f")
        assert screen.query(TrainingFigure)
        assert not screen.query(SeriesFigure)
        assert screen.state == "done"


async def test_what_guesses_come_to_is_measured_where_the_network_is(desk, corpus: Path) -> None:
    async with desk("sandbox", experiment=Experiment()) as d:
        screen = await opened(d, corpus / "text.txt")
        await d.press("t")
        values = screen.query_one(TrainingFigure).values
        beside = {kind: score.value for kind, score in standing(screen.lab).baselines}
        assert dict(values.baselines) == {kind: beside[kind] for kind in ("unigram", "bigram")}
        rows = values.tables()[0].rows
        assert ("bigram", "", beside["bigram"]) in rows
        assert values.prefix == "the sun is"


async def test_keys_are_named_once(desk, corpus: Path) -> None:
    async with desk("sandbox", experiment=Experiment()) as d:
        screen = await opened(d, corpus / "text.txt", Choices(hidden=6, embedding=4, steps=30_000))
        await d.pilot.press("t")
        while screen.lab is None:
            await d.pilot.pause()
        await d.press("escape")
        assert screen.state == "stopped"
        keys = [hint.key for hint in screen._hints()]
        assert len(keys) == len(set(keys))


async def test_an_option_that_does_not_fit_leaves_the_others(desk, corpus: Path) -> None:
    async with desk("sandbox", experiment=Experiment()) as d:
        screen = await opened(d, corpus / "text.txt", Choices(cell="lstm", hidden=20, bidirectional=True))
        assert screen.choices == Choices(cell="lstm", hidden=20)
        assert "bidirectional: got True" in d.text


async def test_in_a_small_window_what_learns_has_the_room(desk, corpus: Path) -> None:
    async with desk("sandbox", experiment=Experiment(), size=(60, 20)) as d:
        screen = await opened(d, corpus / "text.txt", Choices(hidden=6, embedding=4, steps=30_000))
        panel = screen.query_one(SettingsPanel)
        assert panel.display
        await d.pilot.press("t")
        while screen.lab is None:
            await d.pilot.pause()
        assert not panel.display
        await d.pilot.resize_terminal(80, 24)
        await d.pilot.pause()
        assert panel.display
        await d.pilot.resize_terminal(60, 20)
        await d.pilot.pause()
        assert not panel.display
        await d.press("escape")
        assert not panel.display, "the picture has the keys"
        await d.press("tab")
        assert panel.display
        assert panel.has_focus
        assert "held out: " not in d.text, "it is not cut: it waits for its room"
        await d.press("tab")
        assert not panel.display
        assert "held out: " in d.text
        await d.press("tab")
        assert screen.focused is panel


async def test_a_line_that_is_open_keeps_its_keys_when_the_training_ends(desk, corpus: Path) -> None:
    async with desk("sandbox", experiment=Experiment()) as d:
        screen = await opened(d, corpus / "text.txt", Choices(hidden=6, embedding=4, steps=30_000))
        await d.pilot.press("t")
        while screen.lab is None:
            await d.pilot.pause()
        screen.query_one(SettingsPanel).focus()
        await d.pilot.press("down", "down", "down", "enter")
        assert screen.query_one(Prompt).open
        screen._stopping = True
        await d.settle()
        assert screen.state == "stopped"
        assert screen.focused is screen.query_one(BenchLine)


async def test_a_file_that_comes_leaves_a_line_that_was_opened_since(desk, corpus: Path, monkeypatch) -> None:
    slow = Slow(monkeypatch, "moods.txt")
    async with desk("sandbox", experiment=Experiment()) as d:
        screen = await opened(d, corpus / "text.txt")
        screen.read(corpus / "moods.txt")
        await d.pilot.press("o", "enter", *"day")
        slow.go.set()
        await d.settle()
        assert screen.corpus.name == "moods.txt"
        assert screen.query_one(Prompt).open
        assert screen.query_one(BenchLine).value == "day"
        assert screen.focused is screen.query_one(BenchLine)


async def test_a_network_that_cannot_be_kept_is_said(desk, corpus: Path, tmp_path: Path, monkeypatch) -> None:
    def full(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tutor.course.stored.save", full)
    async with desk("sandbox", experiment=Experiment(), cache=tmp_path / ("a" * 200)) as d:
        screen = await opened(d, corpus / "text.txt")
        await d.press("t")
        # As long as the name of the folder makes it: it has a window of its own.
        assert isinstance(d.app.screen, LinesScreen)
        assert d.app.screen.lines.startswith("Trained networks cannot be kept in ")
        assert "No space left on device" in d.app.screen.lines
        await d.press("escape")
        assert screen.state == "done"


async def test_only_what_is_typed_is_offered_to_be(desk, corpus: Path) -> None:
    async with desk("sandbox", experiment=Experiment()) as d:
        await opened(d, corpus / "text.txt")
        assert "type it" not in d.text.split("\n")[-1]
        await d.press(*["down"] * 3)
        assert "enter type it" in d.text.split("\n")[-1]
        await d.press("up")
        assert "type it" not in d.text.split("\n")[-1]
