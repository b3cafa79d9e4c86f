"""Figures as files: what is on screen, the numbers in it, and never over another file."""

from __future__ import annotations

import csv
import io
import json
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest

from tutor.course.figures.table import Table, json_of
from tutor.sandbox.experiment import Experiment
from tutor.ui import saving
from tutor.ui.figures.state import StateFigure
from tutor.ui.saving import files_of, save, svg_of


def words(svg: str) -> str:
    """The letters of a picture, line by line."""
    root = ElementTree.fromstring(svg)
    return "\n".join("".join(node.itertext()) for node in root.iter() if node.tag.endswith("text")).replace("\xa0", " ")


async def test_x_asks_and_saves_what_is_in_front(desk, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with desk("sandbox", experiment=Experiment(text="never [ 永 late", hidden=4)) as d:
        await d.press("end", "x")
        assert "Save this figure" in d.text
        await d.press("enter")
        path = tmp_path / "rnn-tutor-state.svg"
        assert f"Saved: {path}" in d.text
        said = words(path.read_text(encoding="utf-8"))
        assert "[" in said
        assert "永" in said
        assert "Save this figure" not in said, "the dialog is no part of the picture"
        assert "edit" not in said, "nor is the key line"
        await d.press("x", "down", "enter", "x", "down", "down", "enter")
        run = d.app.screen.query_one(StateFigure).values.run
        rows = list(csv.reader(io.StringIO((tmp_path / "rnn-tutor-state.csv").read_text(encoding="utf-8"))))
        assert rows[0] == ["step", "token", "h1", "h2", "h3", "h4", "‖Δh‖"]
        assert [float(v) for v in rows[4][2:6]] == [float(v) for v in run.hidden[3]]
        held = json.loads((tmp_path / "rnn-tutor-state.json").read_text(encoding="utf-8"))
        assert held["figure"] == "state"
        assert held["tables"][0]["rows"][2][1] == "永"


async def test_nothing_is_written_over_and_esc_writes_nothing(desk, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rnn-tutor-state.svg").write_text("mine")
    async with desk("sandbox", experiment=Experiment()) as d:
        await d.press("x", "escape")
        assert len(list(tmp_path.glob("rnn-tutor*"))) == 1
        await d.press("x", "enter")
        assert (tmp_path / "rnn-tutor-state.svg").read_text() == "mine"
        assert (tmp_path / "rnn-tutor-state-2.svg").exists()
        figure = d.app.screen.query_one(StateFigure)
        assert svg_of(figure, "state", "state") == (tmp_path / "rnn-tutor-state-2.svg").read_text(encoding="utf-8")


async def test_what_cannot_be_written_is_said(desk, tmp_path: Path, monkeypatch) -> None:
    async with desk("sandbox", experiment=Experiment()) as d:
        gone = tmp_path / "gone"
        monkeypatch.setattr(Path, "cwd", classmethod(lambda cls: gone))
        await d.press("x", "enter")
        assert "Not saved: No such file or directory. The figure is as it was." in d.text


async def test_where_there_is_no_figure_x_says_so(desk) -> None:
    async with desk() as d:
        await d.press("x")
        assert "There is no figure here to save." in d.text


async def test_the_palette_saves_too(desk, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with desk("sandbox", experiment=Experiment()) as d:
        await d.press("ctrl+p")
        await d.press(*"numbers, as csv".replace(" ", "")[:7])
        await d.pilot.pause(0.3)
        await d.press("enter")
        await d.settle()
        assert list(tmp_path.glob("rnn-tutor-state.*"))


async def test_the_picture_is_of_the_theme_and_names_no_server(desk) -> None:
    async with desk("sandbox", experiment=Experiment()) as d:
        await d.press("end")
        dark = svg_of(d.app.screen.query_one(StateFigure))
        assert dark == svg_of(d.app.screen.query_one(StateFigure)), "the same picture is the same file"
        assert "#14171c" in dark
        d.app.theme = "day"
        await d.settle()
        light = svg_of(d.app.screen.query_one(StateFigure))
        assert "#fbfaf7" in light
        assert "#14171c" not in light
        for svg in (dark, light):
            assert [part for part in svg.split('"') if part.startswith("http")] == ["http://www.w3.org/2000/svg"]
            assert "url(http" not in svg


async def test_csv_has_a_file_for_each_table(desk, tmp_path: Path) -> None:
    async with desk("sandbox", experiment=Experiment()) as d:
        figure = d.app.screen.query_one(StateFigure)
        tables = (Table(("a",), ((1.0,),)), Table(("b",), (), "likeliest next"), Table(("c",), (), "likeliest, next"))
        monkeypatch = pytest.MonkeyPatch()
        monkeypatch.setattr(type(figure), "tables", lambda self: tables)
        assert files_of(figure, "csv") == {
            ".csv": "a\n1.0\n",
            "-likeliest-next.csv": "b\n",
            "-likeliest-next-more.csv": "c\n",
        }
        paths = save(figure, "csv", tmp_path)
        assert [path.name for path in paths] == [
            "rnn-tutor-state.csv",
            "rnn-tutor-state-likeliest-next.csv",
            "rnn-tutor-state-likeliest-next-more.csv",
        ]
        monkeypatch.undo()


def test_json_knows_no_nan() -> None:
    table = Table(("step", "x"), (("1", float("nan")), ("2", float("-inf")), ("3", 0.5)))
    held = json.loads(json_of("series", [table]))
    assert held["tables"][0]["rows"] == [["1", None], ["2", None], ["3", 0.5]]


@contextmanager
def room_for(letters: int) -> Iterator[None]:
    """A disk that takes no file of more bytes than that."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (letters, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def of_tables(*tables: Table) -> StateFigure:
    """What of a figure is asked for its numbers."""
    return SimpleNamespace(SHOW="state", tables=lambda: tables)  # type: ignore[return-value]


def test_all_files_of_a_figure_are_there_whole_or_none_is(tmp_path: Path) -> None:
    long = Table(("b",), tuple((float(n),) for n in range(10_000)), "long")
    figure = of_tables(Table(("a",), ((1.0,),)), long)
    with room_for(5_000), pytest.raises(OSError, match="File too large"):
        save(figure, "csv", tmp_path)
    assert list(tmp_path.iterdir()) == []
    first, second = save(figure, "csv", tmp_path)
    assert first.read_text() == "a\n1.0\n"
    assert second.read_text() == long.csv()
    assert sorted(tmp_path.iterdir()) == sorted((first, second))


def test_a_name_that_a_broken_link_has_is_taken(tmp_path: Path) -> None:
    (tmp_path / "rnn-tutor-state.csv").symlink_to("nowhere")
    assert save(of_tables(Table(("a",), ())), "csv", tmp_path) == (tmp_path / "rnn-tutor-state-2.csv",)


def test_a_name_that_is_taken_meanwhile_stays_whose_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    placed = saving.placed

    @contextmanager
    def slow(path: Path) -> Iterator[Path]:
        with placed(path) as part:
            yield part
            path.write_text("mine")

    monkeypatch.setattr(saving, "placed", slow)
    with pytest.raises(FileExistsError) as refused:
        save(of_tables(Table(("a",), ())), "csv", tmp_path)
    said = "rnn-tutor-state.csv is there already, and stays as it is; rnn-tutor-state-2.csv is free"
    assert refused.value.strerror == said
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"rnn-tutor-state.csv": "mine"}


def test_a_folder_that_is_gone_is_not_made_anew(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        save(of_tables(Table(("a",), ())), "csv", tmp_path / "gone")
    assert list(tmp_path.iterdir()) == []
