"""Sequences to continue on screen: letters, the next one typed, then the rule."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tutor.course.games import continuing
from tutor.course.games.continuing import Round, likely_words, verdict
from tutor.course.games.game import Game
from tutor.course.lab import Lab
from tutor.draw.cells import Look, Row
from tutor.draw.wording import paragraph, phrase
from tutor.i18n import _
from tutor.ui.widgets.games.field import GameField, RoundDone

INDENT = 2
"""Cells before what is said of a sequence."""


class ContinueField(GameField):
    """One round a sequence; nothing hurries."""

    def __init__(self, block: Game, lab: Lab, visit: int, clock: Callable[[], float]) -> None:
        super().__init__(block, lab, visit, clock)
        self.sequel = continuing.draw(block.sequences[0], 0, visit)

    def typed(self, character: str) -> None:
        """Space begins; a letter is the answer."""
        if self.stage == "ready" and character == " ":
            place = len(self.done)
            self.sequel = continuing.draw(self.block.sequences[place], place, self.visit)
            self.begin("asked")
        elif self.stage == "asked" and len(character) == 1 and character.upper() in continuing.LETTERS:
            said = character.upper()
            models = {name: continuing.likely(self.lab.model(name), self.sequel.shown) for name in self.block.models}
            played = Round(self.sequel, said, models)
            word = verdict(played)
            self.finish(RoundDone(continuing.label(self.sequel.rule), word, played.correct, self.elapsed, round=played))

    @property
    def where(self) -> str:
        """The round."""
        n = min(len(self.done) + 1, self.block.rounds)
        return _("sequence {n} of {total}").format(n=n, total=self.block.rounds)

    @property
    def symbol(self) -> str:
        """The letters."""
        return " ".join((*self.sequel.shown, "_")) if self.stage == "asked" else ""

    @property
    def prompt(self) -> Sequence[str]:
        """What the keys do."""
        if self.stage == "ready":
            return [_("space shows a sequence")]
        return [_("Type the letter that comes next.")] if self.stage == "asked" else []

    def result(self, width: int, look: Look) -> Sequence[Row]:
        """The sequence before, and its rule."""
        return [(), *continue_rows(self.done[-1].round, width, look)] if self.done and self.stage == "ready" else ()


def continue_rows(played: Round, width: int, look: Look) -> list[Row]:
    """A sequence that was continued: the verdict, the rule, what the models held likely."""
    style = look.good if played.correct else look.bad
    rows = [
        phrase([" ".join(played.sequel.shown)], width, look),
        *paragraph(verdict(played), width, look, style, INDENT),
        *paragraph(_("Rule: {rule}.").format(rule=played.sequel.says), width, look, indent=INDENT),
    ]
    for name, held in played.models.items():
        rows += paragraph(likely_words(name, held), width, look, look.muted, INDENT)
    return rows
