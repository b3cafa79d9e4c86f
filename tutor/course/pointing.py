"""Places in a figure that is read step by step: which figures have them, what they are called, where the player stands.

A place is a number from 1: of a step of the text, or of a unit of the state. In an answer it is written as `argmax`
writes it: `3` for a step, `h3` for a unit.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tutor.course.entries import ModelEntry
from tutor.course.figures.compare import Compare, CompareValues
from tutor.course.figures.gates import Gates
from tutor.course.figures.state import State
from tutor.course.figures.unrolled import Unrolled, UnrolledValues
from tutor.course.lesson import Asked, Figure, Point
from tutor.course.measured import Found
from tutor.course.readings import Argmax, Argmin
from tutor.i18n import _

POINTED: dict[type[Any], tuple[Point, ...]] = {
    State: ("step", "unit"),
    Gates: ("step", "unit"),
    Compare: ("step", "unit"),
    Unrolled: ("step",),
}
"""What can be pointed at in which figure."""


def unfit(point: Point, figure: Figure, models: Mapping[str, ModelEntry]) -> Found | None:
    """Why a figure cannot be pointed at so: what is wrong, and how to mend it."""
    options = figure.options
    known = [str(kind.__struct_config__.tag) for kind, points in POINTED.items() if point in points]
    if figure.show not in known:
        return f"no {point} can be pointed at in the figure `{figure.show}`", f"show one of {', '.join(known)}"
    if point == "step" and isinstance(options, Compare) and options.align != "step":
        return f'a row that `align = "{options.align}"` makes is no step', 'write align = "step" in the figure'
    entry = models.get(options.model) if isinstance(options, Gates) else None
    if point == "unit" and entry is not None and entry.bidirectional:
        return "the lanes of both directions have a unit of each number", 'show "state", where each has its own'
    return None


def strange(answer: Any, point: Point, figure: Figure, models: Mapping[str, ModelEntry]) -> Found | None:
    """Why a probe's answer is no place in a figure, as far as is known before anything runs."""
    if isinstance(answer, Argmax | Argmin) and answer.units != (point == "unit"):
        if answer.units:
            return "the answer is a unit, and a step is pointed at", 'write point = "unit", or drop `units`'
        return "the answer is a step, and a unit is pointed at", 'write point = "step", or units = true in the answer'
    if type(answer).words:
        kind = str(answer.__struct_config__.tag)
        return f"the probe `{kind}` answers with a word, and a {point} is pointed at", "ask argmax or argmin"
    shown = figure.options.models()
    other = [name for name in answer.models() if name not in shown]
    if other and len(other) == len(answer.models()):
        return f"the answer is of the model `{other[0]}`, which the figure does not show", f"ask of `{shown[0]}`"
    name, text = getattr(answer, "model", ""), getattr(answer, "text", None)
    own = getattr(figure.options, "text", None)
    if name in models and text is not None and own is not None:
        entry = models[name]
        if (text or entry.text) != (own or entry.text):
            return "the answer is of another text than the figure's", "give both the same `text`"
    return None


def count(values: Any, point: Point) -> int:
    """How many places a figure's values have."""
    runs = values.runs if isinstance(values, CompareValues) else (values.run,)
    if point == "step":
        return max(len(run.tokens) for run in runs)
    return max(int(run.hidden.shape[1]) for run in runs)


def place_at(values: Any, point: Point, position: int, unit: int) -> int:
    """The place where a player stands; 0 before the first step.

    Args:
        values: the figure's.
        position: steps taken.
        unit: the unit under the cursor, from 0.
    """
    if point == "unit":
        return unit + 1
    if isinstance(values, UnrolledValues) and position:
        # Layers that wait for one another are walked one after the other.
        return (position - 1) % len(values.run.tokens) + 1
    return position


def position_of(values: Any, step: int) -> int:
    """How many steps a player has taken where it shows a step: of the last layer, where layers wait."""
    return values.steps - len(values.run.tokens) + step if isinstance(values, UnrolledValues) else step


def named(values: Any, point: Point, place: int) -> str:
    """A place as a learner reads it: `step 3, late`, `unit 3`."""
    if point == "unit":
        return in_words(point, place)
    runs = values.runs if isinstance(values, CompareValues) else (values.run,)
    words = dict.fromkeys(run.tokens[place - 1] for run in runs if 0 < place <= len(run.tokens))
    return in_words(point, place, " / ".join(words))


def in_words(point: Point, place: int, word: str = "") -> str:
    """A place in words."""
    if point == "unit":
        return _("unit {n}").format(n=place)
    return _("step {n}, {word}").format(n=place, word=word) if word else _("step {n}").format(n=place)


def response_of(point: Point, place: int) -> str:
    """A place as an answer."""
    return str(place) if point == "step" else f"h{place}"


_PLACE = re.compile(r"[a-z]?([1-9]\d{0,8})", re.IGNORECASE)


def place_of(response: str | float) -> int | None:
    """The place that an answer means: `3`, `3.0`, `h3`, `f3` are all the third; None when it means none."""
    if isinstance(response, float):
        return int(response) if response.is_integer() and response > 0 else None
    found = _PLACE.fullmatch(response.strip().removesuffix(".0"))
    return int(found[1]) if found else None


def pointed(asked: Asked, typed: str, most: int) -> str:
    """What a learner types for a place.

    Args:
        most: how many there are.

    Raises:
        ValueError: it is none, in one line.
    """
    assert asked.point is not None
    place = place_of(typed)
    if place is None or place > most:
        raise ValueError(_("Answer with a number from 1 to {n}.").format(n=most))
    return response_of(asked.point, place)
