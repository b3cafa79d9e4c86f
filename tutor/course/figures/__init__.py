"""What each figure shows, as values: one file a figure, options → `run(lab)` → a value with its `tables()` of numbers.

`FIGURES` is the registry: the name in a lesson's `show = "…"` to its options record. How a figure is drawn is a file of
the same name in `draw/figures/`, how it answers to keys another in `ui/figures/`. Plain text and files are made of
`tables()`, and so hold the same numbers.
"""

from __future__ import annotations

from typing import Any, get_args

import msgspec

from tutor.course.figures.attribution import Attribution, AttributionValues
from tutor.course.figures.bars import Bars, BarsValues
from tutor.course.figures.compare import Compare, CompareValues
from tutor.course.figures.embedding import Embedding, EmbeddingValues
from tutor.course.figures.gates import Gates, GatesValues
from tutor.course.figures.gradient import Gradient, GradientValues
from tutor.course.figures.jacobian import Jacobian, JacobianValues
from tutor.course.figures.landscape import Landscape, LandscapeValues
from tutor.course.figures.next import Next, NextValues
from tutor.course.figures.picture import Picture, PictureValues
from tutor.course.figures.race import Race, RaceValues
from tutor.course.figures.receptive_field import ReceptiveField, ReceptiveFieldValues
from tutor.course.figures.series import Series, SeriesValues
from tutor.course.figures.state import State, StateValues
from tutor.course.figures.tags import Tags, TagsValues
from tutor.course.figures.timing import Timing, TimingValues
from tutor.course.figures.training import Training, TrainingValues
from tutor.course.figures.unrolled import Unrolled, UnrolledValues
from tutor.course.figures.why import Why, WhyValues

Options = (
    Attribution
    | Bars
    | Compare
    | Embedding
    | Gates
    | Gradient
    | Jacobian
    | Landscape
    | Next
    | Picture
    | Race
    | ReceptiveField
    | Series
    | State
    | Tags
    | Timing
    | Training
    | Unrolled
    | Why
)
Values = (
    AttributionValues
    | BarsValues
    | CompareValues
    | EmbeddingValues
    | GatesValues
    | GradientValues
    | JacobianValues
    | LandscapeValues
    | NextValues
    | PictureValues
    | RaceValues
    | ReceptiveFieldValues
    | SeriesValues
    | StateValues
    | TagsValues
    | TimingValues
    | TrainingValues
    | UnrolledValues
    | WhyValues
)

FIGURES: dict[str, type[Any]] = {
    str(msgspec.inspect.type_info(kind).tag): kind  # type: ignore[attr-defined]
    for kind in get_args(Options)
}
