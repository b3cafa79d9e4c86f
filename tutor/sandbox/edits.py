"""What a person does to an experiment: each an experiment from another, so that all of it can be undone.

A change to the text leaves what was done by hand at its steps; what lies beyond the new end is dropped, for there is no
step to do it at.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np

from tutor.engine.surgery import Cut
from tutor.engine.text import clean, join, segment
from tutor.i18n import _
from tutor.sandbox.experiment import LARGEST, MAX_TEXT, Experiment, Nudge, tokens_of

MOST_UNDONE = 500
"""Experiments that can be gone back to, ..."""
MOST_KEPT = 20 * MAX_TEXT
"""... as long as their texts together have no more characters."""

_NUMBER = 8
"""Characters that a number of an h_0 by hand takes the room of."""

_SHUFFLE = 32
"""The stream of a shuffle."""

_THOUSANDS = re.compile(r"[+−-]?[1-9][0-9]{0,2}(,[0-9]{3})+(\.0*)?")
"""A number with commas between its thousands."""


# The text


def written(experiment: Experiment, text: str, unit: str = "") -> Experiment:
    """Another text.

    Args:
        text: as it was typed.
        unit: what a token is to the network that reads it, where that is not the experiment's own.

    Raises:
        ValueError: there is nothing to read in it.
    """
    tokens = tokens_of(text, unit or experiment.unit)
    if not tokens:
        raise ValueError(_("There is nothing to read: type at least one word. esc keeps the old text."))
    return replace(experiment, text=text, cuts=tuple(cut for cut in experiment.cuts if cut.step <= len(tokens)))


def _arranged(experiment: Experiment, order: Sequence[int], unit: str) -> Experiment:
    """The same tokens in another order, by their indices; what stands between them stays, if that can be.

    Raises:
        ValueError: no text is read as these tokens in this order.
    """
    pieces = segment(experiment.text, unit)
    slots = [at for at, piece in enumerate(pieces) if piece.token is not None]
    texts = [piece.text for piece in pieces]
    for slot, source in zip(slots, order, strict=True):
        texts[slot] = pieces[slots[source]].text
    tokens = tokens_of(experiment.text, unit)
    wanted = tuple(tokens[at] for at in order)
    # A comma that was moved may stand where no gap parts it from a word.
    return written(experiment, _read_as(wanted, unit, "".join(texts)), unit)


def _read_as(wanted: tuple[str, ...], unit: str, *texts: str) -> str:
    """The first text that is read as these tokens, else one as a person would write them.

    Raises:
        ValueError: there is none. A mark that is put over the letter before it is no token any more.
    """
    for text in texts:
        if tokens_of(text, unit) == wanted:
            return text
    text = join(wanted, unit)
    if tokens_of(text, unit) != wanted:
        raise ValueError(_("These tokens cannot stand side by side: two of them would be read as one."))
    return text


def replaced(experiment: Experiment, at: int, text: str, unit: str) -> Experiment:
    """The token at an index gives way to what was typed: to nothing, to one token or to several.

    Raises:
        ValueError: there is no such token, nothing would be left of the text, or what was typed cannot stand there.
    """
    tokens = tokens_of(experiment.text, unit)
    _there(at, len(tokens))
    pieces = segment(experiment.text, unit)
    texts = [piece.text for piece in pieces]
    slot = [index for index, piece in enumerate(pieces) if piece.token is not None][at]
    typed = text.strip() if unit == "words" else text
    before, after = "".join(texts[:slot]), "".join(texts[slot + 1 :])
    wanted = (*tokens[:at], *tokens_of(typed, unit), *tokens[at + 1 :])
    # What the old token parted stays apart.
    return written(experiment, _read_as(wanted, unit, before + typed + after, f"{before} {typed} {after}"), unit)


def _there(at: int, total: int) -> None:
    if not 0 <= at < total:
        raise ValueError(_("There is no word {n}: the text has {total}.").format(n=at + 1, total=total))


def turned(experiment: Experiment, unit: str) -> Experiment:
    """The text from its end."""
    return _arranged(experiment, range(len(tokens_of(experiment.text, unit)))[::-1], unit)


def shuffled(experiment: Experiment, unit: str, turn: int) -> Experiment:
    """Its tokens in an order that the seed and the turn draw: not the one that it has, where there is another."""
    tokens = tokens_of(experiment.text, unit)
    if len(set(tokens)) < 2:
        raise ValueError(_("There is no other order: all of its tokens are the same."))
    rng = np.random.default_rng([experiment.seed, turn, _SHUFFLE])
    order = list(range(len(tokens)))
    while all(tokens[source] == token for source, token in zip(order, tokens, strict=True)):
        order = rng.permutation(len(tokens)).tolist()
    return _arranged(experiment, order, unit)


def swapped(experiment: Experiment, first: int, second: int, unit: str) -> Experiment:
    """Two tokens change places, by index.

    Raises:
        ValueError: there is no such token.
    """
    order = list(range(len(tokens_of(experiment.text, unit))))
    for at in (first, second):
        _there(at, len(order))
    order[first], order[second] = second, first
    return _arranged(experiment, order, unit)


def beside(experiment: Experiment, text: str) -> Experiment:
    """A second text beside the first; none when it is empty."""
    return replace(experiment, beside=text if text.strip() else "")


# By hand


def cut(experiment: Experiment, one: Cut) -> Experiment:
    """A value set by hand, in place of what was set there before; two units that changed places twice are back.

    Whatever else was done to the letter at this step stays done: a swap is of what stands at its two units by then, and
    a value that is set at one of them afterwards leaves the other as it is.
    """
    if one.unit is not None and one.unit == one.swap:
        return experiment
    cuts = list(experiment.cuts)
    for at in range(len(cuts) - 1, -1, -1):
        other = cuts[at]
        if (other.step, other.letter, other.layer, other.direction) != (one.step, one.letter, one.layer, one.direction):
            continue
        if one.swap is None and one.unit in (None, other.unit if other.swap is None else None):
            # All units at once cover each of them.
            del cuts[at]
        elif one.swap is not None and _units(other) == _units(one):
            return replace(experiment, cuts=(*cuts[:at], *cuts[at + 1 :]))
        elif not _units(other) or _units(other) & _units(one):
            # What was done before this went on into it.
            break
    return replace(experiment, cuts=(*cuts, one))


def _units(cut: Cut) -> set[int]:
    """Those that it names; none where it is all of them."""
    return {unit for unit in (cut.unit, cut.swap) if unit is not None}


def healed(experiment: Experiment, step: int | None = None) -> Experiment:
    """Without what was set by hand at a step; without anything done by hand when there is none.

    Raises:
        ValueError: nothing was.
    """
    if step is None:
        if not experiment.changed:
            raise ValueError(_("Nothing was done by hand."))
        return replace(experiment, cuts=(), nudges=())
    kept = tuple(other for other in experiment.cuts if other.step != step)
    if kept == experiment.cuts:
        raise ValueError(_("Nothing was set by hand at step {n}.").format(n=step))
    return replace(experiment, cuts=kept)


def nudge(experiment: Experiment, one: Nudge) -> Experiment:
    """A weight nudged, on top of what it was nudged by before; back where it was, it is no nudge any more."""
    place = (one.name, one.row, one.column)
    there = [other.by for other in experiment.nudges if (other.name, other.row, other.column) == place]
    kept = tuple(other for other in experiment.nudges if (other.name, other.row, other.column) != place)
    # As they were typed: 0.1 and 0.2 are 0.3.
    by = float(sum(Decimal(repr(float(number))) for number in (*there, one.by)))
    return replace(experiment, nudges=(*kept, one._replace(by=by)) if by else kept)


def number(text: str, low: float = -LARGEST, high: float = LARGEST) -> float:
    """A number that was typed.

    Raises:
        ValueError: it is none, or out of bounds; in one line, and the last good value stays.
    """
    return _within(text, text.replace(",", "."), low, high)


def whole(text: str, low: float, high: float) -> int:
    """A whole number that was typed, with or without commas between its thousands.

    Raises:
        ValueError: as `number`, or it is not whole.
    """
    said = _("“{text}” is no whole number: the last good one stays.").format(text=_seen(text))
    if "," in text and not _THOUSANDS.fullmatch(text.strip()):
        # Who writes 2,5 means no 25, and who writes 2,0 may have left two digits out.
        raise ValueError(said)
    value = _within(text, text.replace(",", ""), low, high)
    if value != int(value):
        raise ValueError(said)
    return int(value)


def _within(text: str, word: str, low: float, high: float) -> float:
    """The number that a word is; a refusal quotes the text that was typed."""
    try:
        value = float(word.strip().replace("−", "-"))
    except ValueError:
        value = math.nan
    if not low <= value <= high:
        said = _("“{text}” is no number from {low} to {high}: the last good one stays.")
        raise ValueError(said.format(text=_seen(text), low=bound(low), high=bound(high)))
    return value + 0.0  # −0 is 0


def _seen(text: str) -> str:
    return clean(text.strip())[:20]


def bound(value: float) -> str:
    """What a number may be at the least, or at the most: a whole one to its last digit."""
    return f"{value:,.0f}" if value == int(value) else f"{value:g}"


def numbers(text: str) -> tuple[float, ...]:
    """Numbers that were typed, with space between them.

    Raises:
        ValueError: as `number`.
    """
    return tuple(number(word) for word in text.replace(";", " ").split())


def _kept(experiments: Sequence[Experiment]) -> int:
    """Characters that are kept for them; what several share is there once."""
    sizes = {id(text): len(text) for one in experiments for text in (one.text, one.beside)}
    return sum((sizes | {id(one.h_0): _NUMBER * len(one.h_0) for one in experiments}).values())


@dataclass(frozen=True)
class History:
    """Where a person is among the experiments that they had: what is behind can be undone, what is ahead redone."""

    now: Experiment
    behind: tuple[Experiment, ...] = ()
    ahead: tuple[Experiment, ...] = ()
    """The next one first."""

    def does(self, experiment: Experiment) -> History:
        """Go on to another experiment; what was undone before is gone."""
        if experiment == self.now:
            return self
        behind = (*self.behind, self.now)[-MOST_UNDONE:]
        while _kept(behind) > MOST_KEPT and len(behind) > 1:
            behind = behind[1:]
        return History(experiment, behind)

    def undo(self) -> History:
        """The experiment before.

        Raises:
            ValueError: there is none.
        """
        if not self.behind:
            raise ValueError(_("There is nothing to undo."))
        return History(self.behind[-1], self.behind[:-1], (self.now, *self.ahead))

    def redo(self) -> History:
        """The experiment that was undone last.

        Raises:
            ValueError: there is none.
        """
        if not self.ahead:
            raise ValueError(_("There is nothing to redo."))
        return History(self.ahead[0], (*self.behind, self.now), self.ahead[1:])
