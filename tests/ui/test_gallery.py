"""Every figure, on real traces, at every size: what holds for one holds for all of them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from xml.etree import ElementTree

import msgspec
import pytest
from textual.pilot import Pilot
from wcwidth import wcswidth

from tutor.course.figures import FIGURES
from tutor.course.lab import Lab
from tutor.ui.figures.figure import Figure
from tutor.ui.figures.player import Player
from tutor.ui.figures.registry import FIGURE_WIDGETS
from tutor.ui.gallery import SHOWN, Gallery, lab_of, main
from tutor.ui.saving import files_of
from tutor.ui.screens.gallery import GalleryScreen

SIZES = [(60, 20), (80, 24), (120, 36), (240, 70)]


@pytest.fixture(scope="module")
def lab() -> Lab:
    """Trained once for all."""
    return lab_of()


@asynccontextmanager
async def gallery(lab: Lab, folder: Path, size: tuple[int, int]) -> AsyncIterator[tuple[Gallery, Pilot[int]]]:
    """The gallery, settled."""
    app = Gallery(lab, folder)
    async with app.run_test(size=size, notifications=True) as pilot:
        await pilot.pause()
        yield app, pilot


def text_of(app: Gallery) -> str:
    """The screen as lines."""
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


async def show(app: Gallery, pilot: Pilot[int], name: str) -> Figure:
    """A figure, settled at its last step."""
    screen = app.screen
    assert isinstance(screen, GalleryScreen)
    await screen.show_figure(name)
    await pilot.pause()
    for player in screen.query(Player):
        player.act("end")
    await app.workers.wait_for_complete()
    await pilot.pause()
    return screen.query_one(Figure)


def test_the_tables_have_the_same_names() -> None:
    assert set(FIGURES) == set(FIGURE_WIDGETS)
    assert {str(msgspec.inspect.type_info(type(o)).tag) for o in SHOWN.values()} == set(FIGURES)  # type: ignore[attr-defined]


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_every_figure_at_every_size(lab: Lab, tmp_path: Path, size: tuple[int, int]) -> None:
    async with gallery(lab, tmp_path, size) as (app, pilot):
        for name in SHOWN:
            figure = await show(app, pilot, name)
            lines = text_of(app).split("\n")
            assert len(lines) == size[1]
            assert {wcswidth(line) for line in lines} == {size[0]}, name
            inside = "".join(line[figure.region.x :] for line in lines[figure.region.y : figure.region.bottom])
            assert inside.strip(), name
            # Whatever key is pressed, nothing ends and nothing leaves the figure's frame.
            figure.take_keys()
            await pilot.press("up", "down", "left", "right", "v", "c", "f", "g", "left_square_bracket", "i", "z", "d")
            await app.workers.wait_for_complete()
            await pilot.pause()
            assert {wcswidth(line) for line in text_of(app).split("\n")} == {size[0]}, name


async def test_a_window_that_shrinks_and_grows_again(lab: Lab, tmp_path: Path) -> None:
    async with gallery(lab, tmp_path, (120, 36)) as (app, pilot):
        for name in SHOWN:
            await show(app, pilot, name)
            before = text_of(app)
            await pilot.resize_terminal(60, 20)
            await pilot.pause()
            await pilot.resize_terminal(120, 36)
            await pilot.pause()
            assert text_of(app) == before, name


async def test_every_figure_in_ascii_and_without_colour(lab: Lab, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("RNN_TUTOR_ASCII", "1")
    async with gallery(lab, tmp_path, (100, 32)) as (app, pilot):
        for name in SHOWN:
            await show(app, pilot, name)
            assert text_of(app).isascii(), name


async def test_every_figure_is_a_picture_and_numbers(lab: Lab, tmp_path: Path) -> None:
    async with gallery(lab, tmp_path, (120, 36)) as (app, pilot):
        for name in SHOWN:
            figure = await show(app, pilot, name)
            (svg,) = files_of(figure, "svg").values()
            assert ElementTree.fromstring(svg).tag.endswith("svg")
            assert "url(http" not in svg
            held = json.loads(files_of(figure, "json")[".json"])
            assert held["figure"] == figure.SHOW
            tables = figure.tables()
            for table, (end, text) in zip(tables, files_of(figure, "csv").items(), strict=True):
                assert end.endswith(".csv")
                rows = list(csv.reader(io.StringIO(text)))
                assert len(rows) == len(table.rows) + 1, name
                assert {len(row) for row in rows} == {len(table.columns)}, (name, table.title)


async def test_each_says_which_keys_it_has(lab: Lab, tmp_path: Path) -> None:
    theirs = {"enter", "escape", "backspace", "space", ".", ",", "home", "end", "+", "-", "?", "x"}
    theirs |= set("emnrstuw")
    async with gallery(lab, tmp_path, (120, 36)) as (app, pilot):
        for name in SHOWN:
            figure = await show(app, pilot, name)
            hinted = {key for hint in figure.hints for key in hint.key.split()}
            helped = {key for keys, _said in figure.help_keys for key in keys.split()}
            own = hinted - theirs - {"tab"}
            assert own <= helped | {"←", "→", "↑", "↓", "[", "]"}, (name, own - helped)
            await pilot.press("question_mark")
            await pilot.pause()
            assert "esc closes this." in text_of(app)
            await pilot.press("escape")


def test_pictures_are_written(tmp_path: Path, capsys) -> None:
    assert main(["bars", "gradient", "--svg", str(tmp_path / "new"), "--size", "60x17", "--light"]) == 0
    assert capsys.readouterr().out.split() == [str(tmp_path / "new" / n) for n in ("bars.svg", "gradient.svg")]
    svg = (tmp_path / "new" / "gradient.svg").read_text(encoding="utf-8")
    assert "#fbfaf7" in svg
    assert "ρ=0.95" in svg.replace("&#160;", " ")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["heat"], "no figure heat; there are"),
        (["--size", "8x3"], "--size: got 8x3, expected COLUMNSxROWS, at least 60x17"),
        (["--size", "wide"], "--size: got wide"),
    ],
)
def test_what_cannot_be_drawn(arguments: list[str], said: str, capsys) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


async def test_the_keys_go_to_a_part_that_can_be_seen(lab: Lab, tmp_path: Path) -> None:
    async with gallery(lab, tmp_path, (120, 36)) as (app, pilot):
        for name in SHOWN:
            figure = await show(app, pilot, name)
            if figure.take_keys():
                await pilot.pause()
                focused = app.screen.focused
                assert focused is not None
                assert focused.display
                assert focused.size.area > 0, name


@pytest.mark.parametrize("size", [(80, 24), (120, 36)], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_screens_of_untrained_networks(lab: Lab, tmp_path: Path, golden, size: tuple[int, int]) -> None:
    """As they were looked at. What a trained network shows may round otherwise on another processor."""
    async with gallery(lab, tmp_path, size) as (app, pilot):
        for name in ("why", "gates", "gradient", "jacobian", "compare", "receptive-field", "bars"):
            await show(app, pilot, name)
            text = "\n".join(line.rstrip() for line in text_of(app).split("\n"))
            golden(f"figure-{name}-{size[0]}x{size[1]}", text)
