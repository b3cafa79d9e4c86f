"""A block in which the learner does something becomes a value: a text by heart."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from tutor.course.fences import Block, Reader, shaped
from tutor.course.lesson import Recite

MAX_RECITED = 400
"""Characters in all that a learner is asked to type."""


class _ReciteTable(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The keys of a `recite` block."""

    ask: str
    texts: tuple[str, ...]
    labels: tuple[str, ...]


def recite(reader: Reader, block: Block, data: dict[str, Any]) -> Recite | None:
    table = shaped(reader, block, _ReciteTable, data, "a recite block")
    if table is None:
        return None
    if not table.texts or not all(text.strip() for text in table.texts):
        reader.add(block.at("texts"), "nothing to recite", 'write texts = ["…"]')
    if len(table.labels) != len(table.texts):
        what = f"{len(table.labels)} labels for {len(table.texts)} texts"
        reader.add(block.at("labels"), what, "write one label for each text")
    if sum(len(text) for text in table.texts) > MAX_RECITED:
        reader.add(block.at("texts"), f"more than {MAX_RECITED} characters to type", "shorten the texts")
    return Recite(ask=table.ask, texts=table.texts, labels=table.labels, line=block.line, key=block.key)
