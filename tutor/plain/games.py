"""A game, told: sequences are continued in lines; what is paced is for the screen."""

from __future__ import annotations

import time
from collections.abc import Callable

from tutor.course.games import continuing
from tutor.course.games.game import Game
from tutor.course.lab import Lab
from tutor.i18n import _

Hear = Callable[[str], str | None]
"""Shows a prompt and returns what was typed; None where the learner passed, or there is nobody."""
Keep = Callable[[str, bool, float], None]
"""Keeps a round: its label, whether it was right, how many seconds it took."""


def tell_game(
    block: Game, lesson: str, visit: int, lab: Lab, say: Callable[[str], None], hear: Hear, keep: Keep
) -> None:
    """Play what can be played in lines.

    Args:
        block: the game.
        lesson: the id of its lesson.
        visit: rounds that were kept before.
        lab: the lesson's models, those of the game trained where it is one of sequences to continue.
        say: one paragraph.
        hear: asks.
        keep: keeps a round.
    """
    if block.play != "continue":
        say(_("This game is played on the screen, against a clock: rnn-tutor lesson {lesson}.").format(lesson=lesson))
        return
    played = []
    for place, rule in enumerate(block.sequences):
        sequel = continuing.draw(rule, place, visit)
        say(" ".join(sequel.shown))
        began = time.monotonic()
        typed = _letter(say, hear)
        if typed is None:
            say(_("The next letter is {answer} (computed).").format(answer=sequel.answer))
        else:
            models = {name: continuing.likely(lab.model(name), sequel.shown) for name in block.models}
            one = continuing.Round(sequel, typed, models)
            played.append(one)
            keep(continuing.label(rule), one.correct, time.monotonic() - began)
            say(continuing.verdict(one) + ".")
            for name, held in models.items():
                say(continuing.likely_words(name, held) + ".")
        say(_("Rule: {rule}.").format(rule=sequel.says))
    if played:
        say(continuing.in_all(played))


def _letter(say: Callable[[str], None], hear: Hear) -> str | None:
    """The letter that is typed; another answer is asked again."""
    while True:
        said = hear(_("The next letter (enter passes): "))
        if said is None:
            return None
        if len(said) == 1 and said.upper() in continuing.LETTERS:
            return said.upper()
        say(_("Answer with one letter, A to Z."))
