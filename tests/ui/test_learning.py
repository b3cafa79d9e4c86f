"""A network of one's own: a file is read, learned from, stopped, gone on with, and put under the lens."""

from __future__ import annotations

from pathlib import Path

import pytest

from tutor.sandbox.experiment import Experiment
from tutor.sandbox.learning import NAME, Choices
from tutor.ui.figures.next import NextFigure
from tutor.ui.figures.series import SeriesFigure
from tutor.ui.figures.tags import TagsFigure
from tutor.ui.figures.training import TrainingFigure
from tutor.ui.screens.learning import LearningScreen
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
        assert "unigram" in d.text
        model = screen.lab.learner(NAME)
        await d.press("s")
        bench = d.app.screen
        assert isinstance(bench, SandboxScreen)
        assert bench.network_run.model is model
        assert "text.txt" in d.text
        figure = bench.query_one(NextFigure)
        assert figure.position == figure.playback.length > 0
        await d.press("z")
        assert bench.experiment.source == ""


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


@pytest.mark.parametrize(("name", "task"), [("moods.txt", "a label a text"), ("tags.txt", "a tag a word")])
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
        await d.press("down", "right")
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
