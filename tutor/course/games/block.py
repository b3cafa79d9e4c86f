"""A `game` block becomes a value: which game, with what, and against whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tutor.course.entries import ModelEntry
from tutor.course.fences import Block, Reader, shaped
from tutor.course.games.continuing import RULES
from tutor.course.games.game import Game, GameTable
from tutor.course.measured import Found
from tutor.course.source import nearest

MAX_ROUNDS = 8
MAX_MODELS = 3
"""Models that fit beside the learner in 60 columns."""
MAX_DISTANCE = 40
MAX_LENGTH = 60
"""Letters of an n-back: two minutes."""
LEAST_COUNTED = 5
"""Letters of an n-back that count, at least."""

OWN: dict[str, tuple[str, ...]] = {
    "recall": ("models", "distances", "symbols"),
    "n-back": ("n", "length"),
    "continue": ("models", "sequences"),
}
"""The keys that each game reads, beside `play` and `ask`."""

TASKS = {"recall": "recall", "continue": "next-character"}
"""What a model has to learn, to play along."""


@dataclass(frozen=True)
class _Players:
    """The models of a game, as a reader asks about them."""

    table: GameTable

    def models(self) -> tuple[str, ...]:
        return self.table.models

    def unfit(self, models: Mapping[str, ModelEntry]) -> Found | None:
        task = TASKS[self.table.play]
        for name in self.table.models:
            entry = models.get(name)
            if entry is None:
                continue
            if entry.task != task:
                what = f'the model `{name}` has the task "{entry.task}", and this is a game of "{self.table.play}"'
                return what, f'name models with the task "{task}"'
            if self.table.play == "recall" and entry.symbols != self.table.symbols:
                what = (
                    f"the model `{name}` recalls one of {entry.symbols} symbols, and `symbols` is {self.table.symbols}"
                )
                return what, f"write symbols = {entry.symbols}"
        return None


def game(reader: Reader, block: Block, data: dict[str, Any]) -> Game | None:
    """The value of a `game` block; what is wrong with it goes to the reader."""
    table = shaped(reader, block, GameTable, data, "a game block")
    if table is None:
        return None
    if not table.ask.strip():
        reader.add(block.at("ask"), "nothing is asked", 'write ask = "…"')
    foreign = [key for key in data if key not in ("play", "ask", *OWN[table.play])]
    for key in foreign:
        others = " or ".join(f'"{play}"' for play, keys in OWN.items() if key in keys)
        what = f'`{key}` says nothing to a game of "{table.play}"'
        reader.add(block.at(key), what, f"drop `{key}`, or write play = {others}")
    if table.play in TASKS:
        _check_models(reader, block, table)
    checks = {"recall": _check_recall, "n-back": _check_n_back, "continue": _check_continue}
    checks[table.play](reader, block, table)
    values = {key: getattr(table, key) for key in table.__struct_fields__}
    return Game(**values, line=block.line, key=block.key)


def _check_models(reader: Reader, block: Block, table: GameTable) -> None:
    if len(set(table.models)) < len(table.models):
        reader.add(block.at("models"), "a model that is named twice", "name each once")
    if len(table.models) > MAX_MODELS:
        reader.add(block.at("models"), f"{len(table.models)} models", f"name at most {MAX_MODELS}")
    reader.unfit_models(_Players(table), block.naming("models"))


def _check_recall(reader: Reader, block: Block, table: GameTable) -> None:
    where = block.at("distances")
    if not 1 <= len(table.distances) <= MAX_ROUNDS:
        reader.add(where, f"{len(table.distances)} distances", f"write 1 to {MAX_ROUNDS}, a round each")
    if any(not 1 <= distance <= MAX_DISTANCE for distance in table.distances):
        reader.add(where, "a distance out of bounds", f"write whole numbers from 1 to {MAX_DISTANCE}")
    if any(a >= b for a, b in zip(table.distances, table.distances[1:], strict=False)):
        reader.add(where, "distances that do not grow", "write each once, the shortest first")
    if not 2 <= table.symbols <= 26:
        reader.add(block.at("symbols"), f"`symbols` is {table.symbols}", "write a whole number from 2 to 26")


def _check_n_back(reader: Reader, block: Block, table: GameTable) -> None:
    if not 1 <= table.n <= 9:
        reader.add(block.at("n"), f"`n` is {table.n}", "write a whole number from 1 to 9")
        return
    least = table.n + LEAST_COUNTED
    if not least <= table.length <= MAX_LENGTH:
        mend = f"write a whole number from {least} to {MAX_LENGTH}"
        reader.add(block.at("length"), f"`length` is {table.length}", mend)


def _check_continue(reader: Reader, block: Block, table: GameTable) -> None:
    where = block.at("sequences")
    if not 1 <= len(table.sequences) <= MAX_ROUNDS:
        reader.add(where, f"{len(table.sequences)} sequences", f"write 1 to {MAX_ROUNDS}, a round each")
    for name in dict.fromkeys(table.sequences):
        if name not in RULES:
            reader.add(where, f"no sequence is made by `{name}`", nearest(name, RULES))
