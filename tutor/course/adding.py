"""An `add` block becomes a value: a line of the learner's own, which a model learns with its corpus.

What they wrote is the lab's from then on (`Lab.add`), and progress keeps it: whoever comes back finds the network that
learned their line.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from tutor.course.entries import ModelEntry
from tutor.course.fences import Block, Reader, asks, shaped
from tutor.course.lab import Lab
from tutor.course.lesson import Add, Lesson
from tutor.course.tallies import continuations
from tutor.course.terms import cleaned
from tutor.engine.text import tokenize
from tutor.i18n import _

MOST_WRITTEN = 60
"""Characters that a learner writes; the corpora's lines are short."""


class _AddTable(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The keys of an `add` block."""

    ask: str
    model: str
    begins: str


def add(reader: Reader, block: Block, data: dict[str, Any]) -> Add | None:
    """The block, or None where it has another shape; what is wrong with it goes to the reader."""
    table = shaped(reader, block, _AddTable, data, "an add block")
    if table is None:
        return None
    asks(reader, block, table.ask)
    asked = Add(ask=table.ask, model=table.model, begins=table.begins, line=block.line, key=block.key)
    reader.unfit_models(_Needs(asked), block.naming("model"))
    return asked


class _Needs:
    """What the block asks of its model, as a probe does."""

    def __init__(self, block: Add) -> None:
        self.block = block

    def models(self) -> tuple[str, ...]:
        """Its one model."""
        return (self.block.model,)

    def unfit(self, models: Mapping[str, ModelEntry]) -> tuple[str, str] | None:
        """The model learns an added line, and it begins as the learner's will."""
        entry = models.get(self.block.model)
        if entry is None:
            return None
        if not entry.added:
            name = self.block.model
            return f"the model `{name}` learns no line but its corpus", f'write added = "…" in [models.{name}]'
        if not entry.continues(self.block.begins):
            what = f"“{entry.added}” does not begin with “{self.block.begins}” and go on"
            return what, "write the same words at the beginning of `added`"
        return None


def whole_line(block: Add, written: str, lab: Lab) -> str:
    """The line that a learner means, by what they wrote after its beginning; whoever wrote it all meant the same.

    Raises:
        ValueError: it says nothing, or too much, or goes on as the corpus does already; in one line.
    """
    rest = cleaned(written)
    if rest.casefold().startswith(block.begins.casefold()):
        rest = rest[len(block.begins) :].strip()
    if len(rest) > MOST_WRITTEN:
        raise ValueError(
            _("That is {n} letters; {most} are enough for one line.").format(n=len(rest), most=MOST_WRITTEN)
        )
    entry = lab.entry(block.model)
    first = next(iter(tokenize(rest, entry.unit)), "")
    if not any(letter.isalnum() for letter in first):
        raise ValueError(_("Write at least one word, and begin with it."))
    known = continuations(lab, block.model, block.begins)
    own = entry.continues(block.begins)[0].casefold()
    known[own] = known.get(own, 0) - entry.times
    if known.get(first.casefold(), 0) > 0:
        raise ValueError(_("“{word}” follows there already: choose a word that does not.").format(word=first))
    return f"{block.begins} {rest}" if entry.unit == "words" else block.begins + rest


def take_up(lesson: Lesson, lab: Lab, kept: Mapping[str, str]) -> None:
    """Give a lab the lines that were written on earlier visits; what cannot be learned any more is passed over.

    Args:
        lesson: whose lab it is.
        lab: the lesson's models.
        kept: what was written, by the key of its block.
    """
    for step in lesson.steps:
        block = step.asked
        if isinstance(block, Add) and block.key in kept:
            try:
                lab.add(block.model, whole_line(block, kept[block.key], lab))
            except ValueError:
                continue
