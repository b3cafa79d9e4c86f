"""The embedding figure on a screen: keys, clicks, what a key says that can do nothing, and other sizes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy as np
import pytest

from tutor.course.figures.embedding import EmbeddingValues
from tutor.ui.app import LIGHT
from tutor.ui.figures.embedding import EmbeddingFigure, LookUp, WordPlane

from .bench import Bench, Hand, bench

WORDS = ("<unk>", "never", "too", "late", "to", "code")
LAST = np.array(
    [[0.0, 0.0, 0.1], [2.0, 1.0, 0.0], [1.8, 0.7, 0.0], [-2.0, 0.4, 0.0], [-0.4, -1.0, 0.0], [0.9, -0.8, 0.0]]
)


def values(**changes: object) -> EmbeddingValues:
    whole = {
        "tokens": ("never", "too", "late", "zebra"),
        "vectors": LAST[[1, 2, 3, 0]],
        "words": WORDS,
        "indices": (1, 2, 3, 0),
        "steps": (0, 10, 20),
        "history": np.stack([LAST * 0.0, LAST * 0.5, LAST]),
    }
    return EmbeddingValues(**{**whole, **changes})  # type: ignore[arg-type]


@asynccontextmanager
async def opened(
    found: EmbeddingValues, size: tuple[int, int] = (78, 12)
) -> AsyncIterator[tuple[Bench[EmbeddingFigure], Hand[EmbeddingFigure]]]:
    """With the keys on the part that is in view."""
    async with bench(EmbeddingFigure(found, clock=lambda: 0.0), size) as (app, hand):
        app.query_one(LookUp if app.figure.view == "lookup" else WordPlane).focus()
        await hand.settle()
        yield app, hand


async def test_a_token_is_looked_up_when_it_is_read() -> None:
    async with opened(values()) as (app, hand):
        assert "Nothing is read yet" in app.text
        await hand.press("down")
        assert "“never” is row 1 of 6" in app.text
        await hand.press("down", "down", "down")
        assert "“zebra” is unknown: it is read as row 0, <unk>" in app.text
        await hand.press("up")
        assert "“late” is row 3 of 6" in app.text
        assert "exactly 0 in all 3" in app.text
        assert app.figure.tables()[0].rows[2][3] == "late"


async def test_the_numbers_have_a_cursor() -> None:
    async with opened(values()) as (app, hand):
        app.figure.act("forward")
        await hand.press("right")
        assert app.figure.unit == 1
        await hand.press("right", "right", "right")
        assert app.figure.unit == 2
        await hand.press("left", "left", "left")
        assert app.figure.unit == 0
        row = next(y for y, line in enumerate(app.text.split("\n")) if line.startswith("E[1]"))
        column = app.text.split("\n")[row].index("+1.00") + 1
        await hand.click(LookUp, column, row)
        assert app.figure.unit == 1
        await hand.click(LookUp, 2, row)
        assert app.figure.unit == 1


async def test_v_shows_the_plane_and_hands_it_the_keys() -> None:
    async with opened(values()) as (app, hand):
        await hand.press("down", "down", "v")
        assert app.figure.view == "plane"
        assert not app.query_one(LookUp).display
        assert app.focused is app.query_one(WordPlane)
        assert "PC1" in app.text
        assert "● too" in app.text
        assert [hint.label for hint in app.figure.hints][2:] == ["look-up", "earlier, later"]
        assert [table.title[:9] for table in app.figure.tables()] == ["update 20", "nearest b"]
        await hand.press("v")
        assert app.focused is app.query_one(LookUp)
        assert app.figure.hints[2].label == "plane of words"


async def test_arrows_go_from_word_to_word_and_the_text_takes_the_cursor_along() -> None:
    found = values(view="plane")
    points = found.plane(2).points
    ways = {"left": (0, -1), "right": (0, 1), "up": (1, 1), "down": (1, -1)}
    async with opened(found) as (app, hand):
        assert app.figure.cursor == 1
        gone = set()
        for key in ("down", "down", "left", "up", "right", "right", "left", "up"):
            before, said = app.figure.cursor, len(app.told)
            await hand.press(key)
            axis, sign = ways[key]
            if app.figure.cursor == before:
                assert app.told[said:] == ["No word lies that way."]
            else:
                assert sign * (points[app.figure.cursor, axis] - points[before, axis]) > 0
                assert len(app.told) == said
            gone.add(WORDS[app.figure.cursor])
        assert len(gone) >= 4
        assert "No word lies that way." in app.told
        await hand.press("down")
        here = WORDS[app.figure.cursor]
        assert f"● {here}" in app.text
        assert app.figure.tables()[1].rows[0][0] == here
        app.figure.act("forward")
        await hand.settle()
        assert WORDS[app.figure.cursor] == "never"
        app.figure.act("go", 4)
        await hand.settle()
        assert WORDS[app.figure.cursor] == "<unk>"


async def test_a_click_takes_the_word_under_it() -> None:
    async with opened(values(view="plane")) as (app, hand):
        row = next(y for y, line in enumerate(app.text.split("\n")) if "late" in line[:50])
        column = app.text.split("\n")[row].index("late") + 2
        await hand.click(WordPlane, column, row)
        assert WORDS[app.figure.cursor] == "late"
        assert "● late" in app.text
        await hand.click(WordPlane, 0, 0)
        assert WORDS[app.figure.cursor] == "late"


async def test_checkpoints_move_the_words_and_not_the_frame() -> None:
    async with opened(values(view="plane"), (78, 20)) as (app, hand):
        last = app.text
        assert "update 20 of 20" in last
        await hand.press("left_square_bracket")
        assert "update 10 of 20" in app.text
        assert app.figure.at == 1
        assert app.told[-1] == "E after 10 of 20 updates"
        title = last.split("\n")[0]
        assert app.text.split("\n")[0] == title.replace("update 20", "update 10")
        moved = [line[56:].split() for line in app.text.split("\n") if line[56:].startswith(("never ", "late "))]
        np.testing.assert_allclose(
            [float(far) for _name, far in moved], np.linalg.norm(LAST[[1, 3]] / 2, axis=1), atol=0.006
        )
        assert app.figure.tables()[0].title.startswith("update 10")
        await hand.press("left_square_bracket", "left_square_bracket")
        assert app.figure.at == 0
        assert app.told[-1] == "This is the first checkpoint."
        await hand.press("v")
        app.figure.act("forward")
        await hand.settle()
        assert "+0.00 +0.00 +0.00" in app.text
        assert len(cells(app)) == 1
        await hand.press(*["right_square_bracket"] * 3)
        assert app.figure.at == 2
        assert app.told[-1] == "This is the last checkpoint."
        assert "+2.00 +1.00" in app.text
        assert len(cells(app)) == 3


def cells(app: Bench[EmbeddingFigure]) -> set[tuple[str, str]]:
    """What the numbers of a row of E are drawn as: signs, or colours."""
    y = next(y for y, line in enumerate(app.text.split("\n")) if line.startswith("0 ×") and "too" in line)
    strip = app.query_one(LookUp).render_line(y).crop(16, 16 + 18)
    return {(s.text[0], s.style.bgcolor.name) for s in strip if s.style and s.style.bgcolor}


async def test_one_checkpoint_has_no_other() -> None:
    async with opened(values(steps=(20,), history=LAST[None])) as (app, hand):
        await hand.press("right_square_bracket")
        assert app.told == ["No other checkpoint is kept of this network."]
        assert [hint.key for hint in app.figure.hints][2:] == ["v"]


async def test_without_a_table_there_is_one_view() -> None:
    found = EmbeddingValues(("never", "too"), np.array([[0.5, -1.0], [0.25, 2.0]], np.float32))
    async with opened(found) as (app, hand):
        await hand.press("down")
        assert "there is no table E" in app.text
        assert "+0.50 -1.00" in app.text
        await hand.press("v")
        assert app.figure.view == "lookup"
        assert app.told == ["Untrained, the network has no table of words, and so no plane of them."]
        await hand.press("right_square_bracket")
        assert app.told[-1] == "No other checkpoint is kept of this network."
        await hand.click(LookUp, 30, 3)
        assert len(app.figure.hints) == 2
        assert app.figure.tables()[0].rows[1][1] == "too"


async def test_a_long_text_is_linked_at_its_end_alone() -> None:
    tokens = ("never", "late") * 5000
    long = values(tokens=tokens, indices=(1, 3) * 5000, vectors=LAST[[1, 3] * 5000], view="plane")
    async with opened(long) as (app, hand):
        app.figure.act("end")
        await hand.settle()
        assert len(app.query_one(WordPlane)._scene().path) == 24
        assert app.query_one(WordPlane)._scene().path[-1] == 3


@pytest.mark.parametrize("view", ["lookup", "plane"])
async def test_other_sizes_and_themes(view: str) -> None:
    async with opened(values(view=view), (120, 36)) as (app, hand):
        app.figure.act("forward")
        await hand.settle()
        wide = app.text
        assert not app.figure.has_class("-tight")
        await hand.resize(60, 8)
        assert app.figure.has_class("-tight")
        narrow = app.text.split("\n")
        assert len(narrow) == 8
        assert "step 1 of 4" in narrow[7]
        assert ("one-hot × E" if view == "lookup" else "● never") in app.text
        await hand.resize(120, 36)
        assert app.text == wide
        part = app.query_one(LookUp) if view == "lookup" else app.query_one(WordPlane)
        styles = {segment.style for segment in part.render_line(1)}
        app.theme = LIGHT.name
        await hand.settle()
        assert {segment.style for segment in part.render_line(1)} != styles
        assert app.text == wide


async def test_the_focus_is_seen() -> None:
    async with opened(values(view="plane")) as (app, hand):
        plane = app.query_one(WordPlane)

        def underlined() -> bool:
            return any(segment.style and segment.style.underline for y in range(10) for segment in plane.render_line(y))

        assert underlined()
        app.set_focus(None)
        await hand.settle()
        assert not underlined()


def test_every_key_is_told() -> None:
    figure = EmbeddingFigure(values())
    assert {"[ ]", "v"} <= {hint.key for hint in figure.hints}
    assert {key for key, _what in figure.help_keys} == {"v", "[ ]", "arrows"}
    for hint in figure.hints:
        if hint.target is figure:
            assert hasattr(figure, "action_" + hint.action.split("(")[0])


async def test_it_can_begin_at_a_step() -> None:
    async with opened(values(step=2)) as (app, _hand):
        assert app.figure.position == 2
        assert "late" not in app.text.split("is row")[0]
        assert "“too” is row" in app.text


async def test_another_network_has_another_plane() -> None:
    async with opened(values(view="plane"), (78, 20)) as (app, hand):
        await hand.press("left_square_bracket", "right_square_bracket")
        before = app.query_one(WordPlane)._scene().points
        turned = LAST[:, [2, 1, 0]] * [1.0, 3.0, 1.0]
        other = values(view="plane", vectors=turned[[1, 2, 3, 0]], history=np.stack([turned * 0.0, turned, turned]))
        assert app.figure.renew(None, other)
        await hand.settle()
        for at in (2, 1):
            assert app.figure.at == at
            points = app.query_one(WordPlane)._scene().points
            np.testing.assert_array_equal(points, other.plane(at).points)
            np.testing.assert_array_equal([row[1:3] for row in app.figure.tables()[0].rows], points)
            assert not np.allclose(points, before)
            await hand.press("left_square_bracket")


async def test_another_table_is_another_figure() -> None:
    async with opened(values()) as (app, _hand):
        mine = app.figure.values
        assert not app.figure.renew(None, values(words=(*WORDS[:-1], "other")))
        assert not app.figure.renew(None, values(steps=(0, 10, 30)))
        assert app.figure.values is mine
