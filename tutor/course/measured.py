"""What probes have in common: the value measured, what is known before anything runs, what a winner is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from msgspec import Struct

from tutor.course.entries import ModelEntry
from tutor.course.lab import Lab
from tutor.engine.cells import CELLS

NEAR = 0.02
"""A winner that leads by less than this part of what it won with could as well have lost."""


class Measured(Struct, frozen=True):
    """What a probe found."""

    value: str | float | int
    """The answer: an option's key, a token, or a number."""
    number: float
    """The amount behind it: of a winner, what it won with; of a number, itself."""
    margin: float | None = None
    """How far the runner-up is, where there is one."""
    scale: float = 0.0
    """The size that the margin is judged against; 0 where counts are compared, which are exact."""

    @property
    def near_tie(self) -> bool:
        """Whether the answer could as well have been another."""
        return self.margin is not None and self.margin <= NEAR * self.scale


Cell = Literal["rnn", "gru", "lstm"]
Found = tuple[str, str]
"""What is wrong, and how to mend it."""


class Base(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="probe"):
    """What every probe can be asked. Most need one model."""

    words: ClassVar[bool] = False
    """Whether it answers with a word or a key, and never with a number."""
    picks: ClassVar[bool] = False
    """Whether its value is the key of a winner; `{value}` in a feedback is then what it won with."""
    head: ClassVar[bool] = False
    """Whether its model has to be trained, since it asks what comes next."""
    of_corpus: ClassVar[bool] = False
    """Whether it asks only what its model learns from, which is there before any training."""

    def parts(self) -> tuple[Any, ...]:
        """The probes that it is made of."""
        return ()

    def models(self) -> tuple[str, ...]:
        """The lesson's models that it needs."""
        own = getattr(self, "model", "")
        return tuple(dict.fromkeys([*([own] if own else []), *(m for p in self.parts() for m in p.models())]))

    def networks(self) -> tuple[str, ...]:
        """Those of its models that have to be trained before it can be measured."""
        own = "" if self.of_corpus else getattr(self, "model", "")
        return tuple(dict.fromkeys([*([own] if own else []), *(m for p in self.parts() for m in p.networks())]))

    def unfit(self, models: Mapping[str, ModelEntry]) -> Found | None:
        """Why the lesson's models cannot answer it, as far as is known before anything runs."""
        name = getattr(self, "model", "")
        if name in models:
            if self.head and not models[name].trained:
                kind = str(self.__struct_config__.tag)
                return (
                    f"the probe `{kind}` asks what comes next, and the model `{name}` is untrained",
                    f'give [models.{name}] a `task` ("next-word" or "next-character") and a `corpus`',
                )
            if getattr(self, "text", None) == "" and not models[name].text:
                return (
                    f"the model `{name}` has no text to run on",
                    f'write text = "…" in the probe or in [models.{name}]',
                )
            of = getattr(self, "of", None)
            known = ("change", *quantities(models[name].cell))
            if isinstance(of, str) and of not in known:
                return (
                    f"the {models[name].cell} of the model `{name}` has no `{of}`",
                    f"write one of {', '.join(known)}",
                )
        return next((found for part in self.parts() if (found := part.unfit(models))), None)

    def measure(self, lab: Lab) -> Measured:
        """Compute it."""
        raise NotImplementedError


def no_added_word(probe: Any, models: Mapping[str, ModelEntry]) -> Found | None:
    """Why a probe without `word` cannot take the one that its model's added line goes on with."""
    entry = models.get(probe.model)
    if probe.word or entry is None or entry.continues(probe.text or entry.text):
        return None
    what = f"the model `{probe.model}` learns no line of the learner's that goes on from “{probe.text or entry.text}”"
    return what, f'write word = "…" here, or added = "…" in [models.{probe.model}]'


def the_word(probe: Any, lab: Lab) -> str:
    """A probe's `word`; without one, the token that its model's added line goes on with.

    Raises:
        ValueError: it goes on with none.
    """
    if probe.word:
        return str(probe.word)
    entry = lab.entry(probe.model)
    for token in entry.continues(probe.text or entry.text):
        return token
    raise ValueError(f"the line that `{probe.model}` learns besides does not go on from “{probe.text or entry.text}”")


def quantities(cell: Cell) -> tuple[str, ...]:
    """What can be read off a cell at each step: `h`, the LSTM's `c`, the gates' letters."""
    kind = CELLS[cell]
    return tuple(dict.fromkeys((*kind.states, *(gate.name for gate in kind.gates))))


def number(amount: float) -> Measured:
    return Measured(float(amount), float(amount))


def winner(keys: list[Any], amounts: list[float], sign: int, *, exact: bool = False) -> Measured:
    """The key with the largest (sign 1) or smallest (sign −1) amount, and how far it leads."""
    if any(math.isnan(a) for a in amounts):
        raise ValueError("one of the amounts is not a number")
    order = sorted(range(len(keys)), key=lambda i: -sign * amounts[i])
    best = amounts[order[0]]
    if len(keys) == 1:
        return Measured(keys[0], best)
    second = amounts[order[1]]
    scale = 0.0 if exact else max(abs(best), abs(second))
    return Measured(keys[order[0]], best, abs(best - second), scale)
