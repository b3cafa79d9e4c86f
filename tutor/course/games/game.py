"""What a game of a lesson is."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from tutor.course.games.continuing import RULES

Play = Literal["recall", "n-back", "continue"]


class GameTable(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The keys of a `game` block."""

    play: Play
    ask: str
    models: tuple[str, ...] = ()
    distances: tuple[int, ...] = (3, 6, 9, 12)
    symbols: int = 8
    n: int = 2
    length: int = 20
    sequences: tuple[str, ...] = tuple(RULES)


class Game(GameTable, frozen=True, kw_only=True):
    """The learner plays a game of sequential memory; the step waits for it."""

    line: int = 0
    key: str = ""

    @property
    def rounds(self) -> int:
        """How many rounds there are."""
        return {"recall": len(self.distances), "n-back": 1, "continue": len(self.sequences)}[self.play]
