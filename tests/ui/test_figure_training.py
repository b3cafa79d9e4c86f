"""A training on a screen: its views, the look back, and what comes while it learns."""

from __future__ import annotations

import math

import msgspec
import pytest
from textual.widgets import ProgressBar

from tutor.course.entries import ModelEntry
from tutor.course.figures.training import Training, TrainingValues
from tutor.course.lab import Lab
from tutor.ui.app import LIGHT
from tutor.ui.figures.training import Curve, TrainingFigure

from .bench import bench

CORPUS = "never too late to read\nnever too early to code\nthe sun is up\nthe moon is down\nthe sun is late\n"

SIZE = (100, 20)


def figure(values: TrainingValues, *, running: bool = False) -> TrainingFigure:
    return TrainingFigure(values, running=running)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    folder = tmp_path_factory.mktemp("lessons")
    (folder / "lines.txt").write_text(CORPUS)
    entry = ModelEntry(task="next-word", corpus="lines.txt", hidden=8, steps=60, batch=4, learning_rate=0.03)
    lab = Lab({"writer": msgspec.structs.replace(entry, held_out=0.2, clip=0.1)}, folder=folder)
    lab.ensure("writer")
    return lab


@pytest.fixture(scope="module")
def values(lab: Lab) -> TrainingValues:
    options = Training(model="writer", baselines=("uniform", "bigram", "majority"), samples="never too", seeds=3)
    return options.run(lab)


async def test_it_stands_at_its_end(values: TrainingValues) -> None:
    async with bench(figure(values), SIZE) as (app, _hand):
        assert f"trained: 60 updates · {values.points[-1][1]:.2f} bits · held out" in app.text
        assert f"writes  never too {values.samples[-1][1]}".rstrip() in app.text
        for name in ("the network", "what is held out", "a blind guess", "knowing the one before"):
            assert name in app.text
        assert not app.query_one(ProgressBar).display
        assert app.figure.tables() == values.tables()


async def test_v_shows_one_view_after_another(values: TrainingValues) -> None:
    async with bench(figure(values), SIZE) as (app, hand):
        assert app.figure.curve.views == ("loss", "metric", "norm", "seeds")
        await hand.press("v")
        assert "share that is right" in app.text
        assert "always the commonest" in app.text
        assert f"share that is right {values.metric[-1][1]:.2f}" in app.text
        await hand.press("v")
        clipped, looked = values.clipped
        assert clipped > 0
        assert f"of {looked} looked at, {clipped} clipped at 0.1" in app.text
        assert "1e" in app.text
        assert "clipped to 0.1" in app.text
        await hand.press("v")
        _step, low, middle, high = values.spread()[-1]
        assert f"seeds {low:.2f} … {high:.2f}, median {middle:.2f}" in app.text
        assert "median of 3 seeds" in app.text
        assert "other seeds" in app.text
        await hand.press("v")
        assert app.figure.curve.view == "loss"


async def test_looking_back_at_what_it_was(values: TrainingValues) -> None:
    async with bench(figure(values), (130, 20)) as (app, hand):
        await hand.press("left", "[")
        step = values.kept[-3]
        assert app.figure.curve.at == step
        assert f"update {step} of 60 · {dict(values.points)[step]:.2f} bits" in app.text
        assert f"{len(values.kept) - 2} of {len(values.kept)} looked back to" in app.text
        assert f"writes  never too {dict(values.samples)[step]}".rstrip() in app.text
        marked = msgspec.structs.replace(values, samples=tuple((at, f"after {at}") for at in values.kept))
        app.figure.show(marked, running=False)
        sample = app.figure.curve.sample
        assert sample is not None
        assert (sample.text, sample.before) == (f"after {step}", f"after {values.kept[-4]}")
        await hand.press(*["left"] * len(values.kept))
        assert app.figure.curve.at == 0
        assert app.told[-1] == "This is where it began."
        await hand.press(*["right"] * len(values.kept), "]")
        assert app.figure.curve.back_to is None
        assert app.told[-1] == "This is the newest checkpoint."


async def test_a_click_looks_back_at_the_nearest(values: TrainingValues) -> None:
    async with bench(figure(values), SIZE) as (app, hand):
        column = next(line.index("┤") for line in app.text.split("\n") if "┤" in line) + 1
        await hand.click(Curve, column, 3)
        assert app.figure.curve.at == 0
        await hand.click(Curve, 99, 3)
        assert app.figure.curve.at == 0


async def test_while_it_trains_the_newest_is_shown(lab: Lab) -> None:
    options = Training(model="writer", samples="never too")
    history = lab.history("writer")
    async with bench(figure(options.measure(lab, ()), running=True), SIZE) as (app, hand):
        assert "update 0 of 60" in app.text
        assert app.figure.curve.views == ("loss",)
        await hand.press("v", "left")
        assert app.told == [
            "Nothing but the loss was measured here yet.",
            "There is no other checkpoint to look back at yet.",
        ]
        for count in (1, 5):
            app.figure.show(options.measure(lab, history[:count]), running=True)
            await hand.settle()
            assert f"update {history[count - 1].step} of 60 · " in app.text
            assert app.query_one(ProgressBar).progress == history[count - 1].step
        await hand.press("left")
        back = app.figure.curve.at
        app.figure.show(options.measure(lab, history[:7]), running=True)
        await hand.settle()
        assert app.figure.curve.at == back == 15
        app.figure.show(options.measure(lab, history[:7]), running=False)
        await hand.press("right", "right", "right")
        assert "stopped at 30 of 60 · " in app.text
        assert [hint.key for hint in app.figure.hints] == ["t", "v", "← →"]
        app.figure.show(options.measure(lab, history), running=False)
        assert [hint.key for hint in app.figure.hints] == ["v", "← →"]


async def test_other_seeds_are_seen_learning(values: TrainingValues) -> None:
    some = values.others[0]
    begun = msgspec.structs.replace(values, others=(msgspec.structs.replace(some, points=some.points[:4]),))
    async with bench(figure(begun, running=True), SIZE) as (app, _hand):
        assert f"seed {some.seed}: update 15 of 60" in app.text
        assert app.query_one(ProgressBar).progress == 15


async def test_what_diverged_is_drawn_and_said(values: TrainingValues) -> None:
    broken = msgspec.structs.replace(
        values,
        points=((0, 4.0), (5, 9.0), (10, math.nan)),
        norms=((0, 1.0), (5, 1e30), (10, math.inf)),
        kept=(0, 5, 10),
        samples=((0, "up"), (5, "up"), (10, "")),
        held_out=(),
        metric=(),
        others=(),
    )
    async with bench(figure(broken), SIZE) as (app, hand):
        assert "diverged at update 10: no finite number is left" in app.text
        assert "not a number: 1" in app.text
        assert "writes  never too (ends here)" in app.text
        assert [hint.key for hint in app.figure.hints] == ["v", "← →"]
        await hand.press("v")
        assert "1e+30" in app.text
        assert "overflow" in app.text


@pytest.mark.parametrize("size", [(58, 8), (78, 11), (66, 30), (1, 1)])
async def test_it_works_in_any_room(values: TrainingValues, size: tuple[int, int]) -> None:
    async with bench(figure(values), (120, 36)) as (app, hand):
        before = app.text
        await hand.resize(*size)
        await hand.press("left", "v", "v", "v", "v", "right")
        if size[0] > 50:
            assert "writes  never too" in app.text
        await hand.resize(120, 36)
        app.theme = LIGHT.name
        await hand.settle()
        assert app.text == before


async def test_its_keys_are_named(values: TrainingValues) -> None:
    async with bench(figure(values), SIZE) as (app, _hand):
        named = " ".join(key for key, _does in app.figure.help_keys)
        assert all(key in named for key in ("v", "←", "[", "]"))
