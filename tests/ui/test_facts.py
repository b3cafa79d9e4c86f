"""What each figure tells of what was done in it: the names that lessons know, and a message when one changes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import msgspec
import numpy as np
import pytest
from textual import on

from tutor.course.figures import FIGURES, Options
from tutor.course.figures.facts import Fact
from tutor.course.lab import Lab
from tutor.ui.figures.figure import Figure
from tutor.ui.figures.picture import Easel
from tutor.ui.figures.player import Player
from tutor.ui.figures.registry import FIGURE_WIDGETS, figure_widget
from tutor.ui.gallery import SHOWN, lab_of

from .bench import Bench, Hand


class Listening(Bench[Figure]):
    """The figure alone, and what it tells."""

    def __init__(self, figure: Figure) -> None:
        super().__init__(figure)
        self.heard: list[dict[str, Fact]] = []

    @on(Figure.Changed)
    def hear(self, message: Figure.Changed) -> None:
        assert message.figure is self.figure
        self.heard.append(dict(message.figure.facts))


@pytest.fixture(scope="module")
def lab() -> Lab:
    """Trained once for all."""
    return lab_of()


def options_of(name: str) -> Options:
    """As the gallery shows it, but quick to measure, and where there is a choice of something with a slider."""
    more: dict[str, dict[str, object]] = {
        "timing": {"lengths": (8, 16), "repeats": 1},
        "jacobian": {"model": "", "slider": True},
        "attribution": {"model": "mood"},
        "landscape": {"size": 11},
        "race": {"seeds": 1},
    }
    return msgspec.structs.replace(SHOWN[name], **more.get(name, {}))


@asynccontextmanager
async def alone(name: str, lab: Lab) -> AsyncIterator[tuple[Listening, Hand[Figure]]]:
    options = options_of(name)
    for model in options.models():
        lab.ensure(model)
    app = Listening(figure_widget(name, options, options.run(lab), lambda: 0.0))
    async with app.run_test(size=(100, 34)) as pilot:
        hand = Hand(app, pilot)
        await hand.settle()
        app.figure.take_keys()
        await hand.settle()
        yield app, hand


def fits(fact: Fact, kind: object) -> bool:
    if kind is float:
        return isinstance(fact, int | float) and not isinstance(fact, bool)
    return fact in kind if isinstance(kind, tuple) else isinstance(fact, kind)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", sorted(FIGURE_WIDGETS))
async def test_lessons_and_figures_know_the_same_facts(name: str, lab: Lab) -> None:
    async with alone(name, lab) as (app, _hand):
        kinds = FIGURES[name].facts
        assert dict(app.figure.facts).keys() == dict(kinds).keys()
        for fact, kind in kinds.items():
            assert fits(app.figure.facts[fact], kind), fact
        assert app.heard == [], "that it is there is nothing that was done"


DONE: Sequence[tuple[str, str, Sequence[str], object]] = [
    # (figure, fact, keys, what the fact is then; None for anything else than before)
    ("state", "step", ["step:forward"], 1),
    ("state", "unit", ["right"], 2),
    ("gates", "unit", ["right"], 2),
    ("gates", "folded", ["f"], True),
    ("unrolled", "folded", ["f"], True),
    ("unrolled", "step", ["right"], 1),
    ("why", "opened", ["right"], 1),
    ("why", "unit", ["right_square_bracket"], 3),
    ("compare", "view", ["v"], "difference"),
    ("compare", "step", ["up"], 4),
    ("embedding", "view", ["v"], "lookup"),
    ("next", "step", ["step:back"], 3),
    ("next", "draws", ["g"], 1),
    ("next", "temperature", ["tab", "right"], None),
    ("next", "top_k", ["tab", "tab", "right"], 1),
    ("next", "top_p", ["tab", "tab", "tab", "left"], None),
    ("attribution", "method", ["v"], "norm"),
    ("attribution", "token", ["left"], 5),
    ("attribution", "label", ["c"], None),
    ("tags", "sentence", ["c"], 4),
    ("tags", "step", ["up"], None),
    ("picture", "strokes", ["space"], 1),
    ("picture", "caption", ["c"], None),
    ("receptive-field", "kernel_size", ["right_square_bracket"], 3),
    ("receptive-field", "layers", ["up"], 4),
    ("receptive-field", "dilated", ["d"], False),
    ("receptive-field", "cell", ["c"], "gru"),
    ("gradient", "radius", ["right"], 0.91),
    ("gradient", "activation", ["v"], "tanh"),
    ("gradient", "cell", ["c"], "gru"),
    ("jacobian", "radius", ["right"], 0.91),
    ("jacobian", "activation", ["v"], "identity"),
    ("jacobian", "cell", ["c"], "gru"),
    ("jacobian", "step", ["shift+tab", "down"], 11),
    ("landscape", "steps", ["g"], 21),
    ("landscape", "learning_rate", ["tab", "right"], None),
    ("landscape", "clip", ["tab", "tab", "right"], None),
    ("series", "day", ["right"], None),
    ("series", "view", ["v"], "distance"),
    ("series", "ahead", ["v", "right"], 2),
    ("training", "view", ["v"], "metric"),
    ("training", "looked_back", ["left"], True),
    ("timing", "measured", ["g"], 2),
]


@pytest.mark.parametrize(("name", "fact", "keys", "then"), DONE, ids=[f"{d[0]}-{d[1]}" for d in DONE])
async def test_what_is_done_is_told(name: str, fact: str, keys: Sequence[str], then: object, lab: Lab) -> None:
    async with alone(name, lab) as (app, hand):
        before = app.figure.facts[fact]
        for key in keys:
            if key.startswith("step:"):
                assert isinstance(app.figure, Player)
                app.figure.act(key.removeprefix("step:"))
            else:
                await hand.press(key)
        for _turn in range(200):
            await hand.pilot.pause(0.01)
            if app.heard and (then is None or app.heard[-1][fact] == then):
                break
        assert app.heard, "it told"
        assert app.heard[-1][fact] != before
        if then is not None:
            assert app.heard[-1][fact] == pytest.approx(then)


def test_every_fact_can_be_changed() -> None:
    told = {(name, fact) for name, fact, _keys, _then in DONE}
    inherited = {"step", "unit"}
    left = {(n, f) for n, kind in FIGURES.items() for f in kind.facts if f not in inherited} - told
    assert left == {("gates", "direction"), ("state", "opened")}, "two that a key of a screen or two directions need"


async def test_a_stroke_is_counted_once(lab: Lab) -> None:
    async with alone("picture", lab) as (app, hand):
        easel = app.figure.query_one(Easel)
        app.figure.image = np.zeros_like(app.figure.image)  # type: ignore[attr-defined]
        for began, pixels in ((True, [(0, 0)]), (False, [(0, 1)]), (False, [(0, 1)]), (True, [(1, 1)])):
            easel.post_message(Easel.Painted(pixels, True, began=began))
        await hand.settle()
        assert app.figure.facts["strokes"] == 2


async def test_what_stays_is_not_told(lab: Lab) -> None:
    async with alone("gradient", lab) as (app, hand):
        app.figure.changed()
        await hand.press("tab")
        assert app.heard == []
