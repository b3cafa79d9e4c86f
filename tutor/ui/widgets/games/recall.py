"""The game of recall on screen: a symbol, others after it, and at the cue the first is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from tutor.course.games import recall
from tutor.course.games.game import Game
from tutor.course.games.recall import Recalled, Round
from tutor.course.lab import Lab
from tutor.draw.cells import PLAIN, Look, Row, Span
from tutor.draw.columns import columns, columns_width
from tutor.draw.wording import paragraph
from tutor.engine.tasks import CUE
from tutor.i18n import _
from tutor.ui.widgets.games.field import GameField, RoundDone

PERIOD = 1 / 1.2
"""Seconds that a symbol stands."""
GAP = 0.12
"""Of these, those in which nothing stands, so that a symbol that comes twice in a row is seen twice."""


class RecallField(GameField):
    """One round a distance."""

    PERIOD = PERIOD

    def __init__(
        self, block: Game, lab: Lab, visit: int, clock: Callable[[], float], before: Mapping[int, tuple[int, int]]
    ) -> None:
        """
        Args:
            block: the game.
            lab: the lesson's models.
            visit: rounds that were kept before.
            clock: seconds that pass.
            before: by distance how often the learner was right on earlier visits, and of how many.
        """
        super().__init__(block, lab, visit, clock)
        self.before = before
        self.place = 0
        """The symbol that stands."""
        self.shown, self.answer = recall.draw(self.distance, block.symbols, visit)

    @property
    def distance(self) -> int:
        """Of the round that is played."""
        return self.block.distances[min(len(self.done), self.block.rounds - 1)]

    @property
    def symbols(self) -> str:
        """Those that can be the answer."""
        return "".join(chr(ord("A") + i) for i in range(self.block.symbols))

    def next_symbol(self) -> None:
        """The next; the cue stays until it is answered."""
        self.place += 1
        if self.shown[self.place] == CUE:
            self.go("asked")
        else:
            self.go("showing")

    def typed(self, character: str) -> None:
        """Space goes on; at the cue a letter answers."""
        if self.stage == "ready" and character == " ":
            self.shown, self.answer = recall.draw(self.distance, self.block.symbols, self.visit)
            self.place = 0
            self.begin("showing")
        elif self.stage == "showing" and character == " ":
            self.next_symbol()
        elif self.stage == "asked":
            said = character.upper()
            if said in self.symbols:
                self._answered(said)
            else:
                self.word = _("“{said}” is none of the symbols.").format(said=said) if said.strip() else ""
                self.redraw(layout=True)

    def _answered(self, said: str) -> None:
        seconds = self.elapsed
        right, tries = self.before.get(self.distance, (0, 0))
        tried = recall.trials(self.distance, self.block.symbols, self.visit)
        models = {name: recall.recalled(self.lab.model(name), self.shown, tried) for name in self.block.models}
        correct = said == self.answer
        played = Round(self.distance, self.answer, said, right + correct, tries + 1, models)
        word = _("right") if correct else _("wrong: it was {answer}").format(answer=self.answer)
        self.word = _("{said} is {word}.").format(said=said, word=word)
        self.finish(RoundDone(recall.label(self.distance), word, correct, seconds, round=played))

    @property
    def where(self) -> str:
        """The round, and how far the sequence is."""
        parts = [
            _("round {n} of {total}").format(n=min(len(self.done) + 1, self.block.rounds), total=self.block.rounds),
            _("distance {distance}").format(distance=self.distance),
        ]
        if self.stage in ("showing", "asked"):
            parts.append(_("symbol {n} of {total}").format(n=self.place + 1, total=len(self.shown)))
        return " · ".join(parts)

    @property
    def symbol(self) -> str:
        """The one that stands."""
        if self.stage == "asked":
            return CUE
        between = self.stage == "showing" and self.elapsed > self.PERIOD - GAP
        return self.shown[self.place] if self.stage == "showing" and not between else ""

    @property
    def prompt(self) -> Sequence[str]:
        """What the keys do."""
        if self.stage == "ready":
            count = self.distance + 2
            return [
                _("space begins: {count} symbols, one at a time.").format(count=count),
                _("Keep the first; at {cue} you type it.").format(cue=CUE),
            ]
        if self.stage == "showing":
            return [_("space shows the next at once")]
        if self.stage == "asked":
            return [
                _("Which symbol came first? Type a letter, {first} to {last}.").format(
                    first=self.symbols[0], last=self.symbols[-1]
                )
            ]
        return []

    def result(self, width: int, look: Look) -> Sequence[Row]:
        """The table so far; not while a sequence is to be kept in mind."""
        rounds = [one.round for one in self.done]
        return [(), *recall_table(rounds, self.block.models, width, look)] if rounds and self.stage == "ready" else ()


def recall_table(rounds: Sequence[Round], models: Sequence[str], width: int, look: Look) -> list[Row]:
    """A row for each distance: the learner, and each model; what the numbers are; nothing where nothing was played."""
    if not rounds:
        return []
    whole, short = (
        [_head(models, look), *(_cells(one, models, look, probability=probability) for one in rounds)]
        for probability in (True, False)
    )
    fits = columns_width(whole) <= width
    said = [_("You: right at this distance, of all your tries.")]
    if models:
        network = (
            _("A network: its answer, how likely it was to it, right of {n} others.")
            if fits
            else _("A network: its answer, right of {n} others.")
        )
        said.append(network.format(n=recall.TRIALS))
    return [
        *columns(whole if fits else short, width, look),
        *(row for line in said for row in paragraph(line, width, look, look.muted)),
    ]


def _head(models: Sequence[str], look: Look) -> list[Span]:
    return [Span(text, look.muted) for text in (_("distance"), _("first"), _("you"), *models)]


def _cells(one: Round, models: Sequence[str], look: Look, *, probability: bool) -> list[Span]:
    sign = _("right") if one.correct else _("wrong")
    cells = [
        Span(str(one.distance), PLAIN),
        Span(one.answer, PLAIN),
        Span(f"{one.typed} {sign} {one.right}/{one.tries}", look.good if one.correct else look.bad),
    ]
    for name in models:
        found = one.models.get(name)
        cells.append(Span("" if found is None else _said(found, probability=probability), PLAIN))
    return cells


def _said(found: Recalled, *, probability: bool) -> str:
    count = f"{round(found.share * recall.TRIALS)}/{recall.TRIALS}"
    return f"{found.answer} {found.probability:.2f} {count}" if probability else f"{found.answer} {count}"


def solved(rounds: Sequence[Round], models: Sequence[str]) -> list[str]:
    """The longest distance that the learner and each model solved, in sentences."""
    none = _("none")
    found = [(_("you"), recall.longest(rounds)), *((name, recall.longest(rounds, name)) for name in models)]
    who = ", ".join(f"{name} {none if distance is None else distance}" for name, distance in found)
    said = [_("Longest distance solved: {who}.").format(who=who)]
    if models:
        least = round(recall.SOLVED * recall.TRIALS)
        said.append(_("A network solves a distance with {least} right of {n}.").format(least=least, n=recall.TRIALS))
    return said
