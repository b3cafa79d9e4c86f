"""What a figure computes in a thread, whatever comes of it."""

from __future__ import annotations

from typing import Any

import pytest
from textual.app import ComposeResult
from textual.widgets import Static

from tutor.ui.figures.figure import Figure

from .bench import Bench, Hand


class Plain(Figure):
    """It has a part, and nothing to say."""

    def compose(self) -> ComposeResult:
        yield Static()


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("There is no such step."), "There is no such step."),
        (KeyError("dog"), "This could not be computed: 'dog'"),
        (IndexError("one\ntwo \x1b[31m"), "This could not be computed: one two ␛[31m"),
        (MemoryError(), "This could not be computed: MemoryError"),
    ],
)
async def test_what_fails_in_the_thread_is_told_in_one_line(error: Exception, said: str) -> None:
    app = Bench(Plain(None))
    shown: list[Any] = []

    def fail() -> None:
        raise error

    async with app.run_test() as pilot:
        hand = Hand(app, pilot)
        app.figure.later(fail, shown.append)
        await hand.settle()
        assert app.told == [said]
        assert shown == []
        # And the figure goes on.
        app.figure.later(lambda: "more", shown.append)
        await hand.settle()
        assert shown == ["more"]
