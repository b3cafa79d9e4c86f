"""Seeded scenes for captioning: one shape on a small grid, and the sentence that says what is there.

The sentence follows from what is drawn, and whatever differs between two sentences differs in the pixels: the zones of
the nine places do not touch, and no two shapes of one size are alike. The same seed gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tutor.engine.checks import one_of, whole

Image = npt.NDArray[np.float32]
Shown = tuple[Image, tuple[str, ...]]
"""An image, (SIDE, SIDE) in [0, 1], and its sentence, word by word: as `Captioner.encode` takes it."""

SIDE = 12
"""Pixels across an image, and down."""
SHAPES = ("square", "ring", "cross", "line")
SIZES = {"small": 3, "large": 5}
"""By name, the pixels across a shape."""
PLACES = {
    f"{'in' if place == 'middle' else 'at'} the {place}": (row, column)
    for place, row, column in (
        ("top left", 0, 0),
        ("top", 0, 1),
        ("top right", 0, 2),
        ("left", 1, 0),
        ("middle", 1, 1),
        ("right", 1, 2),
        ("bottom left", 2, 0),
        ("bottom", 2, 1),
        ("bottom right", 2, 2),
    )
}
"""By their words, where a shape stands: third of the height, third of the width."""

_ZONES = {"small": ((1, 2, 3), (5, 6), (8, 9, 10)), "large": ((2, 3), (5, 6), (8, 9))}
"""By size, the pixels that a centre may lie on in each third, so that all of the shape is in the image."""
_FAINTEST = 0.6
"""A shape is drawn in one shade, from this to 1."""
_STREAM = 17


class Attributes(NamedTuple):
    """What a scene shows, in the words of its sentence."""

    size: str
    """A name in `SIZES`."""
    shape: str
    """One of `SHAPES`."""
    place: str
    """A name in `PLACES`."""

    @property
    def words(self) -> tuple[str, ...]:
        """The sentence: `a small cross at the top left`."""
        return ("a", self.size, self.shape, *self.place.split())


def attributes(words: Sequence[str]) -> Attributes:
    """What a sentence says is there.

    Raises:
        ValueError: it is no sentence of a scene.
    """
    if len(words) > 3 and words[0] == "a":
        found = Attributes(words[1], words[2], " ".join(words[3:]))
        if found.size in SIZES and found.shape in SHAPES and found.place in PLACES:
            return found
    raise ValueError(f"words: got {' '.join(words)!r}, expected as in 'a small cross at the top left'")


def draw(what: Attributes, *, off: tuple[int, int] = (0, 0), shade: float = 1.0) -> Image:
    """The image of a scene, read-only.

    Args:
        what: what it shows.
        off: which of the rows, and of the columns, of its zone the centre lies on, counted from the first and around.
        shade: of its pixels, above 0 and at most 1; the others are 0.

    Raises:
        ValueError: a size, shape or place that there is not, or a shade that cannot be.
    """
    one_of("size", what.size, tuple(SIZES))
    one_of("shape", what.shape, SHAPES)
    one_of("place", what.place, tuple(PLACES))
    if not 0.0 < shade <= 1.0:
        raise ValueError(f"shade: got {shade!r}, expected a number above 0 and at most 1")
    half = SIZES[what.size] // 2
    zones = [_ZONES[what.size][third] for third in PLACES[what.place]]
    row, column = (zone[by % len(zone)] for zone, by in zip(zones, off, strict=True))
    image = np.zeros((SIDE, SIDE), np.float32)
    box = image[row - half : row + half + 1, column - half : column + half + 1]
    match what.shape:
        case "square":
            box[:] = shade
        case "ring":
            box[:] = shade
            box[1:-1, 1:-1] = 0.0
        case "cross":
            box[half] = box[:, half] = shade
        case "line":
            box[half] = shade
    image.flags.writeable = False
    return image


def scenes(count: int, *, seed: int) -> tuple[Shown, ...]:
    """Scenes, each drawn by itself: every sentence is as likely as any other, and so is every pixel of a zone.

    Args:
        count: how many.
        seed: draws what they show, where in its zone, and how bright.

    Raises:
        ValueError: a count or a seed out of bounds.
    """
    rng = np.random.default_rng([whole("seed", seed, 0), _STREAM])
    sizes, places = tuple(SIZES), tuple(PLACES)
    found = []
    for _ in range(whole("count", count)):
        size, shape, place = (int(rng.integers(len(names))) for names in (sizes, SHAPES, places))
        what = Attributes(sizes[size], SHAPES[shape], places[place])
        # Six is a whole number of zones of two pixels, and of three: none is preferred.
        off = (int(rng.integers(6)), int(rng.integers(6)))
        found.append((draw(what, off=off, shade=float(rng.uniform(_FAINTEST, 1.0))), what.words))
    return tuple(found)
