"""What came of a game, now or on an earlier visit, and the visits before it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from tutor.course.games.continuing import in_all
from tutor.course.games.game import Game
from tutor.course.games.history import Visit
from tutor.draw.bars import bars
from tutor.draw.cells import Look, Row
from tutor.draw.wording import paragraph, phrase
from tutor.i18n import _
from tutor.ui.widgets.drawn import Drawn
from tutor.ui.widgets.games.continuing import continue_rows
from tutor.ui.widgets.games.n_back import n_back_table
from tutor.ui.widgets.games.recall import recall_table, solved

VISITS = 6
"""Of the visits, the last that are drawn."""


class Outcome(Drawn):
    """The rounds that were played."""

    def __init__(self, block: Game, rounds: Sequence[Any]) -> None:
        super().__init__(classes="verdict")
        self.block = block
        self.rounds = tuple(rounds)

    def draw(self, width: int, height: int, look: Look) -> Sequence[Row]:
        """As the game has it; and that it was skipped, where it was."""
        rows: list[Row] = []
        if len(self.rounds) < self.block.rounds:
            said = _("Skipped: {done} of {total} rounds were played.")
            said = said.format(done=len(self.rounds), total=self.block.rounds)
            rows += paragraph(said, width, look, look.muted)
        if not self.rounds:
            return rows
        if self.block.play == "recall":
            rows += recall_table(self.rounds, self.block.models, width, look)
            for line in solved(self.rounds, self.block.models):
                rows += paragraph(line, width, look)
        elif self.block.play == "n-back":
            rows += n_back_table(self.rounds[0], width, look)
        else:
            for one in self.rounds:
                rows += continue_rows(one, width, look)
            rows += paragraph(in_all(self.rounds), width, look)
        return rows


class Visits(Drawn):
    """One bar a visit, the last ones."""

    DEFAULT_CSS = """
    Visits { margin-top: 1; }
    """

    def __init__(self, block: Game, visits: Sequence[Visit]) -> None:
        super().__init__()
        self.block = block
        self.visits = tuple(visits)

    def draw(self, width: int, height: int, look: Look) -> Sequence[Row]:
        """A title, and the bars."""
        recall = self.block.play == "recall"
        title = (
            _("Your visits: the longest distance recalled") if recall else _("Your visits: the share that was right")
        )
        first = max(len(self.visits) - VISITS, 0)
        items = [(_label(first + i + 1, visit), visit.value) for i, visit in enumerate(self.visits[first:])]
        limit = float(max(self.block.distances)) if recall else 1.0
        drawn = bars(items, min(width, 60), look, limit=limit, format="{:.0f}" if recall else "{:.0%}")
        return [phrase([title], width, look, look.muted), *drawn]


def _label(number: int, visit: Visit) -> str:
    day = "" if visit.at is None else time.strftime("%Y-%m-%d", time.localtime(visit.at))
    return f"{number}  {day}".rstrip()
