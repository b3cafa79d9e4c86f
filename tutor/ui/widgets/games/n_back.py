"""The n-back game on screen: letters at a pace, and space where one is the same as n before."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tutor.course.games import n_back
from tutor.course.games.game import Game
from tutor.course.games.n_back import Score
from tutor.course.lab import Lab
from tutor.draw.cells import Look, Row, Span
from tutor.draw.columns import columns
from tutor.i18n import _
from tutor.ui.widgets.games.field import GameField, RoundDone

PERIOD = 2.0
"""Seconds from one letter to the next."""
GAP = 0.5
"""Of these, those in which none stands; the key counts until the next is there."""


class NBackField(GameField):
    """One round."""

    PERIOD = PERIOD

    def __init__(self, block: Game, lab: Lab, visit: int, clock: Callable[[], float]) -> None:
        super().__init__(block, lab, visit, clock)
        self.shown, self.same = n_back.draw(block.n, block.length, visit)
        self.place = 0
        """The letter that stands."""
        self.pressed: set[int] = set()
        """The places at which space was pressed."""

    def next_symbol(self) -> None:
        """The next letter; after the last it is counted."""
        self.place += 1
        if self.place < len(self.shown):
            self.go("showing")
            return
        self.place -= 1
        score = n_back.score(self.same, self.pressed)
        said = _("{right} of {counted} right").format(right=score.right, counted=score.counted)
        self.finish(RoundDone(n_back.label(self.block.n, score), said, round=score))

    def typed(self, character: str) -> None:
        """Space begins, and is then the answer."""
        if character != " ":
            return
        if self.stage == "ready":
            self.place, self.pressed = 0, set()
            self.begin("showing")
        elif self.stage == "showing":
            self.pressed.add(self.place)
            self.redraw()

    @property
    def where(self) -> str:
        """How far it is."""
        parts = [_("{n}-back").format(n=self.block.n)]
        if self.stage == "showing":
            parts.append(_("letter {n} of {total}").format(n=self.place + 1, total=len(self.shown)))
        return " · ".join(parts)

    @property
    def symbol(self) -> str:
        """The letter that stands, and whether it was answered."""
        if self.stage != "showing":
            return ""
        letter = self.shown[self.place] if self.elapsed <= self.PERIOD - GAP else " "
        return f"{letter}    " + (_("same") if self.place in self.pressed else "")

    @property
    def prompt(self) -> Sequence[str]:
        """What the keys do."""
        what = _("space where the letter is the same as {n} before").format(n=self.block.n)
        if self.stage == "ready":
            said = _("space begins: {count} letters, one every {seconds:g} seconds.")
            return [said.format(count=len(self.shown), seconds=self.PERIOD), _("Then: {what}.").format(what=what)]
        return [what] if self.stage == "showing" else []


def n_back_table(score: Score, width: int, look: Look) -> list[Row]:
    """Hits, misses and false alarms, and what they come to."""
    matches, others = score.hits + score.misses, score.false_alarms + score.rejections
    of = _("{n} of {total}")
    rows = [
        (_("hits"), of.format(n=score.hits, total=matches), _("the same, and you said so")),
        (_("misses"), of.format(n=score.misses, total=matches), _("the same, and you did not")),
        (_("false alarms"), of.format(n=score.false_alarms, total=others), _("another, and you said the same")),
        (_("right"), f"{score.share:.0%}", _("chance is {chance:.0%}").format(chance=score.chance)),
        ("d'", f"{score.d_prime:.2f}", _("0 where both are pressed alike")),
    ]
    return columns(
        [[Span(name), Span(value, look.accent), Span(why, look.muted)] for name, value, why in rows], width, look
    )
