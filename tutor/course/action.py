"""A `do` block becomes a value: what the step's figure is to come to, by what the learner does in it."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from tutor.course.fences import Block, Reader, asks, shaped
from tutor.course.figures import FIGURES
from tutor.course.figures.facts import Facts, Kind
from tutor.course.lesson import Do, Figure, Until, pieces
from tutor.course.source import nearest
from tutor.course.words import wrong_words


class _DoTable(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The keys of a `do` block."""

    ask: str
    until: Until
    because: str = ""


def do(reader: Reader, block: Block, data: dict[str, Any]) -> Do | None:
    """The block, or None where it has another shape; what is wrong with it goes to the reader."""
    table = shaped(reader, block, _DoTable, data, "a do block")
    if table is None:
        return None
    asks(reader, block, table.ask)
    for found in wrong_words(table.because, reader.values | {"value"}, numbers=True):
        reader.add(block.at("because"), *found)
    _until(reader, block, table.until)
    # A figure that is broken is complained of where it stands.
    if reader.figure is not None:
        _of(reader, block, table, reader.figure)
    return Do(ask=table.ask, until=table.until, because=table.because, line=block.line, key=block.key)


def _until(reader: Reader, block: Block, until: Until) -> None:
    """What has to be so, by itself."""
    between = until.above is not None or until.below is not None
    given = [between, until.equals is not None, until.changes]
    if sum(given) != 1:
        what = "`until` does not say what has to be so" if not any(given) else "`until` says several things"
        mend = "write one of above, below (or both), is, and changes = true"
        reader.add(block.at("until"), what, mend)
    if until.above is not None and until.below is not None and not until.above < until.below:
        what = f"nothing lies above {until.above:g} and below {until.below:g}"
        reader.add(block.at("until"), what, "swap or widen them")


def _of(reader: Reader, block: Block, table: _DoTable, figure: Figure) -> None:
    """Whether the figure tells it, and whether it can be so."""
    until, here = table.until, block.at("until", "of")
    facts: Facts = FIGURES[figure.show].facts
    if not facts:
        reader.add(here, f"the figure `{figure.show}` has nothing to do in it", "choose another figure")
        return
    if until.of not in facts:
        reader.add(here, f"the figure `{figure.show}` does not tell `{until.of}`", nearest(until.of, facts))
        return
    kind = facts[until.of]
    if kind is not float and (until.above is not None or until.below is not None):
        reader.add(here, f"`{until.of}` is no number, and so above or below nothing", _write(kind))
    if until.equals is not None and not _can_be(kind, until.equals):
        said = str(until.equals).lower() if isinstance(until.equals, bool) else until.equals
        text = isinstance(kind, tuple) and isinstance(until.equals, str)
        mend = nearest(str(until.equals), kind) if text else _write(kind)  # type: ignore[arg-type]
        reader.add(block.at("until", "is"), f"`{until.of}` is never `{said}`", mend)
    for spec in _formats(table.because):
        if not _writes(kind, spec):
            what = f"`{{value:{spec}}}` does not fit `{until.of}`"
            reader.add(block.at("because"), what, "write {value:.2f} for a number, and {value} for a word")


def _can_be(kind: Kind, value: object) -> bool:
    if kind is float:
        return isinstance(value, float | int) and not isinstance(value, bool)
    if kind is bool:
        return isinstance(value, bool)
    return value in kind if isinstance(kind, tuple) else isinstance(value, str)


def _write(kind: Kind) -> str:
    """How it is said what such a fact is to be."""
    if kind is float:
        return "write above, below, or is with a number"
    if kind is bool:
        return "write is = true or is = false"
    if isinstance(kind, tuple):
        return "write is = " + " or ".join(f'"{text}"' for text in kind)
    return 'write is = "…", a text'


def _formats(text: str) -> list[str]:
    """The formats in which a text asks for the value; none where its braces are broken, which is complained of."""
    try:
        return [spec for _literal, name, spec in pieces(text) if name == "value"]
    except ValueError:
        return []


def _writes(kind: Kind, spec: str) -> bool:
    """Whether such a fact can be written in a format."""
    try:
        format(1.0 if kind is float else "a", spec)
    except ValueError:
        return False
    return True
