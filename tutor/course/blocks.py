"""A fenced TOML block becomes a value, by its name: `BLOCKS` is the registry."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tutor.course.action import do
from tutor.course.adding import add
from tutor.course.asking import predict, question
from tutor.course.definition import define
from tutor.course.doing import recite
from tutor.course.fences import Block, Reader, shaped
from tutor.course.figures import FIGURES
from tutor.course.games.block import game
from tutor.course.lesson import Asking, Figure
from tutor.course.source import nearest


def _figure(reader: Reader, block: Block, data: dict[str, Any]) -> Figure | None:
    show = data.get("show")
    if not isinstance(show, str):
        reader.add(block.at("show"), "a figure without `show`", nearest("", FIGURES))
        return None
    if show not in FIGURES:
        reader.add(block.at("show"), f"no figure is called `{show}`", nearest(show, FIGURES))
        return None
    options = shaped(reader, block, FIGURES[show], data, "a figure block")
    if options is None:
        return None
    reader.unfit_models(options, block.naming("show"))
    return Figure(show, options, block.line)


BLOCKS: dict[str, Callable[[Reader, Block, dict[str, Any]], Figure | Asking | None]] = {
    "predict": predict,
    "question": question,
    "figure": _figure,
    "recite": recite,
    "game": game,
    "define": define,
    "do": do,
    "add": add,
}


def read_block(reader: Reader, block: Block) -> Figure | Asking | None:
    """The value of a block; None when it has a problem, which the reader then holds."""
    table = reader.table(block.text, block.first)
    if table is None:
        return None
    before = len(reader.problems)
    value = BLOCKS[block.kind](reader, block, table)
    return value if len(reader.problems) == before else None
