"""Colours: signs and sizes stay apart for every common kind of colour blindness, dark and light."""

from __future__ import annotations

import math
from itertools import combinations, pairwise

import pytest

from tutor.draw import palettes
from tutor.draw.cells import Look, Style
from tutor.draw.palettes import (
    BACKGROUND,
    color,
    contrast,
    level,
    level_color,
    linear,
    marker,
    oklab,
    on,
    rgb,
    series,
)

COLORED = [Look("truecolor"), Look("truecolor", dark=False), Look("256"), Look("256", dark=False)]

# Machado, Oliveira and Fernandes 2009, "A Physiologically-based Model for Simulation of Color Vision
# Deficiency", severity 1, applied to linear light.
EYES = {
    "all cones": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
    "protan": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deutan": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritan": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
each_eye = pytest.mark.parametrize("eyes", EYES)
each_look = pytest.mark.parametrize("look", COLORED)


def seen(color: str, eyes: str) -> str:
    """A colour as these eyes see it."""
    light = [linear(channel) for channel in rgb(color)]
    mixed = (min(max(sum(a * b for a, b in zip(row, light, strict=True)), 0.0), 1.0) for row in EYES[eyes])
    encoded = (12.92 * c if c <= 0.0031308 else 1.055 * c ** (1 / 2.4) - 0.055 for c in mixed)
    return "#" + "".join(f"{round(255 * c):02x}" for c in encoded)


def apart(one: str, other: str, eyes: str) -> float:
    """How far two colours are from one another in OKLab; 0.02 can just be told apart side by side."""
    return math.dist(oklab(seen(one, eyes)), oklab(seen(other, eyes)))


@each_eye
@each_look
def test_minus_and_plus_stay_apart(look: Look, eyes: str) -> None:
    assert apart(color(-1, look), color(1, look), eyes) > 0.15
    for size in (0.3, 0.5, 0.7, 0.9):
        assert apart(color(-size, look), color(size, look), eyes) > 0.1
    for size in (0.3, 0.5, 0.7, 0.9, 1.0):
        assert apart(color(-size, look, toned=True), color(size, look, toned=True), eyes) > 0.04


@each_eye
@each_look
def test_the_ends_stay_apart_from_zero_and_the_background(look: Look, eyes: str) -> None:
    for value in (-1, 1):
        for toned in (False, True):
            assert apart(color(value, look, toned=toned), BACKGROUND[look.dark], eyes) > 0.25
            assert apart(color(value, look, toned=toned), color(0, look, toned=toned), eyes) > 0.25


@each_eye
@each_look
def test_each_level_is_further_from_zero_than_the_one_before(look: Look, eyes: str) -> None:
    zero = color(0, look)
    for sign in (-1, 1):
        sizes = [apart(color(sign * fifth / 5, look), zero, eyes) for fifth in range(6)]
        assert all(after > before + 0.02 for before, after in pairwise(sizes))


@each_look
def test_lightness_says_the_size(look: Look) -> None:
    """It grows away from the background with every level, so a picture in greys keeps the sizes."""
    way = 1 if look.dark else -1
    for sign in (-1, 1):
        lightness = [way * oklab(color(sign * fifth / 5, look))[0] for fifth in range(6)]
        assert lightness == sorted(lightness)


def test_zero_is_near_the_background() -> None:
    assert oklab(color(0, Look()))[0] < 0.3
    assert oklab(color(0, Look(dark=False)))[0] > 0.9


def test_anchors() -> None:
    assert [color(v, Look()) for v in (-1, -2 / 3, 0, 2 / 3, 1)] == [
        "#8ccbff",
        "#398bc2",
        "#24272c",
        "#cd7924",
        "#ffc173",
    ]
    assert [color(v, Look(dark=False)) for v in (-1, -2 / 3, 0, 2 / 3, 1)] == [
        "#0a4078",
        "#3f86be",
        "#ebebe8",
        "#c56c1f",
        "#7d3400",
    ]


def test_levels() -> None:
    assert [level(v, Look("256")) for v in (-2, -1, -0.5, -0.09, 0, 0.11, 0.5, 1, math.inf)] == [
        -5, -5, -2, 0, 0, 1, 2, 5, 5,
    ]  # fmt: skip
    assert level(math.nan, Look()) == 0
    assert level(-math.inf, Look()) == -50
    assert len({level_color(n, Look("256")) for n in range(-5, 6)}) == 11


@pytest.mark.parametrize("dark", [True, False])
def test_256_colors_are_the_terminals_own(dark: bool) -> None:
    """So nothing between here and the screen picks another."""
    steps = {0, 95, 135, 175, 215, 255}
    look = Look("256", dark=dark)
    used = [level_color(n, look, toned) for n in range(-5, 6) for toned in (False, True)]
    used += [series(i, look).color or "" for i in range(6)]
    used += [s.color or "" for s in (look.accent, look.muted, look.good, look.bad, palettes.soft(look))]
    for one in used:
        channels = [round(255 * c) for c in rgb(one)]
        grey = len(set(channels)) == 1 and (channels[0] - 8) % 10 == 0
        assert grey or set(channels) <= steps, one


@each_eye
@each_look
def test_series_stay_apart(look: Look, eyes: str) -> None:
    """The first four well; all six are told by marker and name besides."""
    colors = [series(i, look).color or "" for i in range(6)]
    assert len(set(colors)) == 6
    assert min(apart(a, b, eyes) for a, b in combinations(colors[:4], 2)) > 0.05
    assert min(apart(a, b, eyes) for a, b in combinations(colors, 2)) > 0.02


@each_look
def test_text_can_be_read(look: Look) -> None:
    for style in (look.accent, look.muted, look.good, look.bad):
        assert contrast(style.color or "", BACKGROUND[look.dark]) >= 4.5
    for index in range(6):
        assert contrast(series(index, look).color or "", BACKGROUND[look.dark]) >= 3.5
    for n in range(-5, 6):
        background = color(n / 5, look)
        assert contrast(on(background), background) >= 4


def test_the_first_series_is_the_accent() -> None:
    for look in COLORED:
        assert series(0, look) == look.accent
    assert series(0, Look("none")) == Style(bold=True)
    assert series(1, Look("none")) == Style()


def test_markers() -> None:
    assert "".join(marker(i, Look()) for i in range(7)) == "○●◇◆△▲○"
    assert "".join(marker(i, Look(ascii=True)) for i in range(7)) == "ox+*#@o"
