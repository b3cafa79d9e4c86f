"""The scenes: what a sentence says is found again in the pixels, by a reader that knows nothing of the drawing."""

from __future__ import annotations

from collections import Counter
from itertools import product

import numpy as np
import pytest

from tutor.engine import scenes as drawn
from tutor.engine.scenes import PLACES, SHAPES, SIDE, SIZES, Attributes, attributes, draw, scenes

EVERY = [Attributes(*names) for names in product(SIZES, SHAPES, PLACES)]
OFFS = list(product(range(6), repeat=2))


def read(image: np.ndarray) -> str:
    """The sentence of an image, by counting pixels."""
    rows, columns = np.nonzero(image)
    top, bottom, left, right = rows.min(), rows.max(), columns.min(), columns.max()
    n = right - left + 1
    size = {3: "small", 5: "large"}[n]
    count = len(rows)
    if bottom == top:
        shape = "line"
    else:
        assert bottom - top + 1 == n
        shape = {n * n: "square", 4 * (n - 1): "ring", 2 * n - 1: "cross"}[count]
    across = ("left", "", "right")[int((left + right) / 2 / SIDE * 3)]
    down = ("top", "", "bottom")[int((top + bottom) / 2 / SIDE * 3)]
    place = " ".join(part for part in (down, across) if part)
    return f"a {size} {shape} " + (f"at the {place}" if place else "in the middle")


def test_what_is_said_is_what_is_drawn() -> None:
    for image, words in scenes(500, seed=3):
        assert read(image) == " ".join(words)


@pytest.mark.parametrize("what", EVERY, ids=lambda what: " ".join(what.words))
def test_every_scene_wherever_it_stands_in_its_zone(what: Attributes) -> None:
    found = {draw(what, off=off).tobytes() for off in OFFS}
    assert all(read(draw(what, off=off, shade=0.7)) == " ".join(what.words) for off in OFFS)
    tall, wide = (len(drawn._ZONES[what.size][third]) for third in PLACES[what.place])
    assert len(found) == tall * wide
    assert attributes(what.words) == what


def test_no_two_sentences_share_an_image() -> None:
    by_image: dict[bytes, tuple[str, ...]] = {}
    for what, off in product(EVERY, OFFS):
        assert by_image.setdefault(draw(what, off=off).tobytes(), what.words) == what.words
    assert len({what.words for what in EVERY}) == 2 * 4 * 9


def test_images_are_shades_of_one_grey_that_nobody_can_change() -> None:
    shades = []
    for image, _ in scenes(300, seed=0):
        assert (image.shape, image.dtype) == ((SIDE, SIDE), np.float32)
        (shade,) = set(image[image > 0].tolist())
        shades.append(shade)
        with pytest.raises(ValueError, match="read-only"):
            image[0, 0] = 1.0
    assert 0.6 <= min(shades) < 0.62
    assert 0.98 < max(shades) <= 1.0
    assert len(set(shades)) > 290
    assert set(np.unique(draw(EVERY[0]))) == {0.0, 1.0}


def test_the_seed_decides() -> None:
    def told(count: int, seed: int) -> list[tuple[bytes, tuple[str, ...]]]:
        return [(image.tobytes(), words) for image, words in scenes(count, seed=seed)]

    assert told(20, 5) == told(20, 5)
    assert told(20, 5) == told(30, 5)[:20]
    assert told(20, 5) != told(20, 6)


def test_scenes_are_drawn_without_a_preference() -> None:
    found = [(attributes(words), image) for image, words in scenes(4000, seed=1)]
    for which, names in ((0, SIZES), (1, SHAPES), (2, PLACES)):
        counts = Counter(what[which] for what, _ in found)
        assert set(counts) == set(names)
        expected = len(found) / len(names)
        assert all(abs(count - expected) < 5 * expected**0.5 for count in counts.values())
    # Where a small square begins, down and across: in each zone on each of its pixels as often.
    squares = [image for what, image in found if what[:2] == ("small", "square")]
    for axis in (0, 1):
        starts = Counter(int(np.nonzero(image)[axis].min()) for image in squares)
        assert set(starts) == {0, 1, 2, 4, 5, 7, 8, 9}
        for zone in ((0, 1, 2), (4, 5), (7, 8, 9)):
            assert max(starts[at] for at in zone) < 1.7 * min(starts[at] for at in zone)


@pytest.mark.parametrize(
    "words",
    [
        "",
        "a small cross",
        "small cross at the top",
        "the small cross at the top",
        "a tiny cross at the top",
        "a small star at the top",
        "a small cross at the centre",
        "a small cross in the middle left",
        "a small cross at the top left corner",
        "a cross small at the top",
    ],
)
def test_what_is_no_sentence(words: str) -> None:
    with pytest.raises(ValueError, match=f"words: got '{words}', expected as in 'a small cross at the top left'"):
        attributes(words.split())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"size": "tiny"}, "size: got 'tiny', expected one of 'small', 'large'"),
        ({"shape": "star"}, "shape: got 'star', expected one of 'square'"),
        ({"place": "top"}, "place: got 'top', expected one of 'at the top left'"),
    ],
)
def test_what_cannot_be_drawn(change: dict[str, str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        draw(EVERY[0]._replace(**change))


@pytest.mark.parametrize("shade", [0.0, -0.5, 1.01, float("nan")])
def test_a_shade_that_is_none(shade: float) -> None:
    with pytest.raises(ValueError, match=r"shade: got .*, expected a number above 0 and at most 1"):
        draw(EVERY[0], shade=shade)


def test_counts_and_seeds_that_are_none() -> None:
    with pytest.raises(ValueError, match="count: got 0, expected a whole number of at least 1"):
        scenes(0, seed=0)
    with pytest.raises(ValueError, match="seed: got -1, expected a whole number of at least 0"):
        scenes(1, seed=-1)
