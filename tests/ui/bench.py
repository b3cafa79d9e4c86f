"""One figure alone under keys and mouse, with what it tells; its screens are read as text."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Generic, TypeVar

from textual import on
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from tutor.draw.cells import Row
from tutor.ui.app import DARK, LIGHT
from tutor.ui.figures.figure import Figure
from tutor.ui.figures.writable import Writable, WrittenLine
from tutor.ui.widgets.drawn import Drawn

Shown = TypeVar("Shown", bound=Figure)


class Bench(App[None], Generic[Shown]):
    """The figure alone."""

    def __init__(self, figure: Shown) -> None:
        super().__init__()
        self.figure = figure
        self.told: list[str] = []
        """What it said in the key line."""
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.theme = DARK.name

    def compose(self) -> ComposeResult:
        yield self.figure

    @on(Figure.Told)
    def keep(self, message: Figure.Told) -> None:
        self.told.append(message.word)

    @property
    def text(self) -> str:
        """The screen as lines of text."""
        strips = self.screen._compositor.render_strips()
        return "\n".join(strip.text.rstrip() for strip in strips)

    @property
    def lines(self) -> list[str]:
        """The same, line by line."""
        return self.text.split("\n")


class Hand(Generic[Shown]):
    """Presses and clicks, and waits for what they do."""

    def __init__(self, app: Bench[Shown], pilot: Pilot[None]) -> None:
        self.app, self.pilot = app, pilot

    async def settle(self) -> None:
        """Until every thread is through and what it found is shown."""
        for _turn in range(50):
            await self.app.workers.wait_for_complete()
            await self.pilot.pause()
            if not self.app.figure._computing:
                return
        raise AssertionError("it never came to rest")

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.pilot.press(key)
        await self.settle()

    async def write(self, text: str) -> None:
        """Another text in the line that `e` opens in a lesson, not yet read."""
        assert isinstance(self.app.figure, Writable)
        self.app.figure.action_write()
        await self.settle()
        line = self.app.query_one(WrittenLine)
        assert line.has_focus
        line.value = text

    async def click(self, part: type, x: int, y: int) -> None:
        await self.pilot.click(part, offset=(x, y))
        await self.settle()

    async def resize(self, width: int, height: int) -> None:
        await self.pilot.resize_terminal(width, height)
        await self.settle()


@asynccontextmanager
async def bench(figure: Shown, size: tuple[int, int] = (78, 20)) -> AsyncIterator[tuple[Bench[Shown], Hand[Shown]]]:
    """The figure on a screen of its own, its first part with the keys."""
    app = Bench(figure)
    async with app.run_test(size=size) as pilot:
        hand = Hand(app, pilot)
        await hand.settle()
        assert figure.take_keys()
        await hand.settle()
        yield app, hand


async def check_focus_and_theme(app: Bench[Shown], hand: Hand[Shown], part: Drawn) -> None:
    """That a part shows whether it has the keys, and takes on another theme."""

    def rows() -> Sequence[Row]:
        return part.rows(part.size.width, part.size.height)

    def underlined() -> bool:
        return any(style.underline for row in rows() for _text, style in row)

    assert underlined()
    app.set_focus(None)
    await hand.settle()
    assert not underlined()
    dark = rows()
    app.theme = LIGHT.name
    await hand.settle()
    assert rows() != dark
