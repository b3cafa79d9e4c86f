"""Screens as they were looked at, at three sizes, in two themes and without colour."""

from __future__ import annotations

import re

import pytest

from tutor.sandbox.experiment import Experiment

SIZES = [(80, 24), (120, 36), (200, 60)]


def steady(text: str) -> str:
    """A trained network's screen without what another processor may round otherwise: digits, and the curve's dots."""
    text = re.sub(r"[\u2800-\u28ff▏▎▍▌▋▊▉]", " ", text)
    return re.sub(r"\.\d+(e-?\d+)?", lambda match: "." + "#" * (len(match[0]) - 1), text)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_screens(desk, golden, size: tuple[int, int]) -> None:
    name = f"{size[0]}x{size[1]}"
    async with desk(size=size) as d:
        golden(f"home-{name}", d.text)
    async with desk("lesson", "never-too-late", size=size) as d:
        golden(f"prediction-{name}", d.text)
        await d.press("enter")
        golden(f"training-{name}", steady(d.text))
        await d.press("enter", "enter")
        golden(f"bars-{name}", steady(d.text))
    async with desk("lesson", "the-recurrent-cell", size=size) as d:
        await d.press("down", "down", "enter", "comma", "comma", "w")
        golden(f"state-{name}", d.text)
    async with desk("lesson", "vanishing-and-exploding", size=size) as d:
        await d.press("n", "enter")
        golden(f"gradient-{name}", d.text)
    async with desk("sandbox", experiment=Experiment(cell="lstm", hidden=8), size=size) as d:
        await d.press("end", "w")
        golden(f"sandbox-{name}", d.text)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_no_color_draws_sign_and_size_with_glyphs(desk, golden, size, monkeypatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with desk("sandbox", experiment=Experiment(hidden=8), size=size) as d:
        await d.press("end")
        golden(f"sandbox-no-color-{size[0]}x{size[1]}", d.text)
        assert set("░▒▓█") & set(d.text)
        assert set("╌-═≡") & set(d.text)


async def test_ascii_draws_with_ascii_alone(desk, golden, monkeypatch) -> None:
    monkeypatch.setenv("RNN_TUTOR_ASCII", "1")
    monkeypatch.setenv("NO_COLOR", "1")
    async with desk("lesson", "the-recurrent-cell", size=(80, 24)) as d:
        await d.press("down", "enter", "end")
        assert d.text.isascii(), d.text
        golden("state-ascii-80x24", d.text)
    async with desk("sandbox", experiment=Experiment(text="never 中 late", hidden=8)) as d:
        await d.press("end", "w")
        assert d.text.isascii(), d.text
        assert "2 ??" in d.text


@pytest.mark.parametrize("theme", ["night", "day"])
async def test_both_themes_draw_the_same_words(desk, theme: str) -> None:
    async with desk("lesson", "never-too-late") as d:
        await d.step("From word to guess")
        await d.press("down", "enter", "end")
        before = d.text
        d.app.theme = theme
        await d.settle()
        assert d.text == before
