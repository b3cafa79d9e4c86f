"""Every figure on real traces: to look at, and as pictures.

    python -m tutor.ui.gallery                    look at them
    python -m tutor.ui.gallery --svg FOLDER       draw them all, or those that are named

The networks are those of the lessons' own texts, trained here in a few seconds; nothing is kept of them.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import textual.constants

from tutor.course.entries import ModelEntry
from tutor.course.figures import Options
from tutor.course.figures.attribution import Attribution
from tutor.course.figures.bars import Bar, Bars
from tutor.course.figures.compare import Compare
from tutor.course.figures.embedding import Embedding
from tutor.course.figures.gates import Gates
from tutor.course.figures.gradient import Gradient
from tutor.course.figures.jacobian import Jacobian
from tutor.course.figures.landscape import Landscape
from tutor.course.figures.next import Next
from tutor.course.figures.picture import Picture
from tutor.course.figures.race import Race
from tutor.course.figures.receptive_field import ReceptiveField
from tutor.course.figures.series import Series
from tutor.course.figures.state import State
from tutor.course.figures.tags import Tags
from tutor.course.figures.timing import Timing
from tutor.course.figures.training import Training
from tutor.course.figures.unrolled import Unrolled
from tutor.course.figures.why import Why
from tutor.course.lab import Lab
from tutor.course.measured import Cell
from tutor.course.outline import lessons_dir
from tutor.course.probes import Power
from tutor.progress import Progress
from tutor.ui.app import DARK, LIGHT, RnnTutorApp
from tutor.ui.figures.figure import Figure
from tutor.ui.figures.player import Player
from tutor.ui.figures.timing import TimingFigure
from tutor.ui.saving import svg_of
from tutor.ui.screens.gallery import GalleryScreen

_CELLS: tuple[Cell, ...] = ("rnn", "gru", "lstm")
_RECALL: Any = {"task": "recall", "symbols": 4, "distance": 16, "shortest": 1, "steps": 60, "learning_rate": 0.03}

MODELS = {
    "cell": ModelEntry(cell="rnn", hidden=8, seed=5, text="never too late to read"),
    "gated": ModelEntry(cell="lstm", hidden=8, seed=7, text="never too late to read"),
    "writer": ModelEntry(
        cell="gru",
        hidden=16,
        task="next-word",
        corpus="data/never-too-late.txt",
        held_out=0.2,
        text="never too late to",
    ),
    "tagger": ModelEntry(
        cell="gru",
        hidden=16,
        bidirectional=True,
        task="tag",
        corpus="data/tagged.txt",
        held_out=0.2,
        steps=200,
        text="the fish swims in the light",
    ),
    "mood": ModelEntry(
        cell="gru", hidden=16, task="classify", corpus="data/moods.txt", held_out=0.2, text="it was not good at all"
    ),
    "weather": ModelEntry(
        cell="gru",
        task="forecast",
        corpus="data/seattle-weather.csv",
        column="temp_max",
        held_out=0.25,
        steps=500,
        learning_rate=0.003,
    ),
    **{f"recalls-{cell}": ModelEntry(cell=cell, **_RECALL) for cell in _CELLS},
    "painter": ModelEntry(cell="gru", hidden=32, embedding=16, task="caption", held_out=0.2, steps=1000, batch=32),
}
"""The networks that the figures are of."""

SHOWN: Mapping[str, Options] = {
    "unrolled": Unrolled(model="writer"),
    "state": State(model="writer", next=4),
    "why": Why(model="gated", unit=2),
    "gates": Gates(model="gated"),
    "next": Next(model="writer", temperature=1.5),
    "embedding": Embedding(model="writer", view="plane"),
    "gradient": Gradient(radii=(0.9, 0.8, 0.95, 1.0), slider=True),
    "jacobian": Jacobian(model="cell"),
    "attribution": Attribution(model="mood"),
    "training": Training(model="writer", baselines=("uniform", "unigram", "bigram"), samples="never too late", seeds=3),
    "race": Race(
        runners=tuple(f"recalls-{cell}" for cell in _CELLS),
        labels=("RNN", "GRU", "LSTM"),
        seeds=3,
        at=(1, 4, 8, 16, 32, 64),
    ),
    "series": Series(model="weather", unit="°C", since="2012-01-01"),
    "compare": Compare(networks=("cell",), texts=("the dog bites the man", "the man bites the dog")),
    "tags": Tags(model="tagger", sentence=3),
    "picture": Picture(model="painter", scene=3),
    "landscape": Landscape(),
    "receptive-field": ReceptiveField(text="it was not a good film and not a bad one but never too long"),
    "timing": Timing(hidden=16, lengths=(64, 128, 256, 512, 1024), repeats=3),
    "bars": Bars(of=tuple(Bar(f"ρ = {r}", Power(base=r, exponent=30)) for r in (0.9, 0.95, 0.99)), unit="ρ³⁰"),
}
"""What is shown of each figure."""


def lab_of() -> Lab:
    """The gallery's own networks, untrained."""
    return Lab(MODELS, folder=lessons_dir())


class Gallery(RnnTutorApp):
    """The tutor, with nothing in it but its figures."""

    def __init__(self, lab: Lab, folder: Path, *, alone: bool = False) -> None:
        """
        Args:
            lab: the networks.
            folder: where nothing is kept.
            alone: whether the figure has the window to itself.
        """
        super().__init__(lessons_dir(), Progress(folder), None)
        self.lab = lab
        self.alone = alone

    def begin(self) -> None:
        """No course, and no home."""
        screen = GalleryScreen(SHOWN, self.lab, clock=self.clock)
        screen.set_class(self.alone, "-alone")
        self.push_screen(screen)


async def draw(folder: Path, names: Sequence[str], size: tuple[int, int], *, dark: bool) -> list[Path]:
    """Each figure as it stands at its last step, as SVG, in a folder."""
    written = []
    with tempfile.TemporaryDirectory() as nowhere:
        app = _colourful(Path(nowhere))
        async with app.run_test(size=(size[0], size[1] + 3)) as pilot:
            app.theme = (DARK if dark else LIGHT).name
            screen = app.screen
            assert isinstance(screen, GalleryScreen)
            for name in names:
                await screen.show_figure(name)
                await pilot.pause()
                for player in screen.query(Player):
                    player.act("end")
                await app.workers.wait_for_complete()
                await pilot.pause()
                for times in screen.query(TimingFigure):
                    times.action_measure()
                    while times.running:
                        await pilot.pause(0.01)
                await app.workers.wait_for_complete()
                await pilot.pause()
                path = folder / f"{name}.svg"
                path.write_text(svg_of(screen.query_one(Figure), name, name), encoding="utf-8")
                written.append(path)
    return written


def _colourful(folder: Path) -> Gallery:
    """A gallery that shows all colours, whatever the terminal can that it is asked for in."""
    asked, system = os.environ.pop("NO_COLOR", None), textual.constants.COLOR_SYSTEM
    textual.constants.COLOR_SYSTEM = "truecolor"  # type: ignore[misc]
    try:
        return Gallery(lab_of(), folder, alone=True)
    finally:
        # An app reads both when it is made, and never again.
        textual.constants.COLOR_SYSTEM = system  # type: ignore[misc]
        if asked is not None:
            os.environ["NO_COLOR"] = asked


def main(arguments: Sequence[str] | None = None) -> int:
    """Look at the figures, or draw them."""
    parser = ArgumentParser("python -m tutor.ui.gallery", description="Every figure, on real traces.")
    parser.add_argument("names", nargs="*", metavar="FIGURE", help="the figures to draw; all by default")
    parser.add_argument("--svg", type=Path, metavar="FOLDER", help="draw them as SVG into a folder")
    parser.add_argument("--size", default="88x26", metavar="COLUMNSxROWS", help="of a picture")
    parser.add_argument("--light", action="store_true", help="on a light background")
    given = parser.parse_args(arguments)
    names = given.names or list(SHOWN)
    if odd := [name for name in names if name not in SHOWN]:
        parser.error(f"no figure {odd[0]}; there are {', '.join(SHOWN)}")
    columns, _by, rows = given.size.partition("x")
    if not (columns.isdecimal() and rows.isdecimal() and int(columns) >= 60 and int(rows) >= 17):
        parser.error(f"--size: got {given.size}, expected COLUMNSxROWS, at least 60x17")
    if given.svg is None:
        with tempfile.TemporaryDirectory() as nowhere:
            return Gallery(lab_of(), Path(nowhere)).run() or 0
    given.svg.mkdir(parents=True, exist_ok=True)
    for path in asyncio.run(draw(given.svg, names, (int(columns), int(rows)), dark=not given.light)):
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
