"""What came of a game, visit by visit: the rounds that were kept, as one number a visit.

A game against a lesson's networks is that lesson's. One of the learner's memory alone goes on through all lessons that
offer it: it is the same memory.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from tutor.course.games.game import Game


class Kept(Protocol):
    """A round as progress keeps it."""

    @property
    def lesson(self) -> str:
        """Where it was played."""
        ...

    @property
    def key(self) -> str:
        """The block that it was played in."""
        ...

    @property
    def instance(self) -> int:
        """The same for all rounds of a visit, and for those of no other to that block."""
        ...

    @property
    def response(self) -> str:
        """The label of the round."""
        ...

    @property
    def correct(self) -> bool | None:
        """Whether the learner was right."""
        ...

    @property
    def at(self) -> float | None:
        """When, in seconds since 1970."""
        ...


@dataclass(frozen=True)
class Visit:
    """One visit that was played."""

    value: float
    """The longest distance recalled (0 where none was); of the other games the share that was right."""
    at: float | None
    """When, in seconds since 1970."""


_DISTANCE = re.compile(r"recall (\d+)")
_COUNTED = re.compile(r"(\d+)-back (\d+)/(\d+)")
_Kept = TypeVar("_Kept", bound=Kept)


def rounds_of(game: Game, lesson: str, kept: Iterable[_Kept]) -> tuple[_Kept, ...]:
    """The rounds that are this game's, oldest first.

    Args:
        game: the block.
        lesson: the id of its lesson.
        kept: everything that progress holds, oldest first.
    """
    return tuple(
        one
        for one in kept
        if (one.lesson == lesson and one.key == game.key if game.models else _value(game, one) is not None)
    )


def visits(game: Game, kept: Iterable[Kept]) -> tuple[Visit, ...]:
    """The visits in their order. A round that is none of this game's is passed over: the lesson may have changed.

    Args:
        game: the block.
        kept: what progress holds of it, oldest first.
    """
    by_visit: dict[tuple[str, str, int], list[tuple[Kept, float]]] = {}
    for one in kept:
        value = _value(game, one)
        if value is not None:
            by_visit.setdefault((one.lesson, one.key, one.instance), []).append((one, value))
    return tuple(
        Visit(
            max(values) if game.play == "recall" else sum(values) / len(values),
            rounds[-1][0].at,
        )
        for rounds in by_visit.values()
        for values in [[value for _, value in rounds]]
    )


def _value(game: Game, one: Kept) -> float | None:
    if game.play == "recall":
        found = _DISTANCE.fullmatch(one.response)
        return float(found[1]) * bool(one.correct) if found else None
    if game.play == "n-back":
        found = _COUNTED.fullmatch(one.response)
        return int(found[2]) / max(int(found[3]), 1) if found and int(found[1]) == game.n else None
    return float(bool(one.correct)) if one.response.startswith("continue ") else None
