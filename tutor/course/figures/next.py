"""The next figure: what a model holds likely after each step, and what a sampler draws from it.

Two distributions stand side by side: the model's own, and what temperature and the cuts make of it, from which tokens
are drawn. The unknown token and the start token are no text: they are in the first and never in the second.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from tutor.course.entries import ModelEntry
from tutor.course.figures.facts import STEPS, Facts
from tutor.course.figures.table import Table
from tutor.course.figures.texts import step_beyond, unreadable
from tutor.course.lab import Lab
from tutor.course.measured import Found
from tutor.engine.checks import Array
from tutor.engine.generation import Said, choose, distribution, generate
from tutor.engine.losses import log_softmax
from tutor.engine.model import Run
from tutor.i18n import _

HOTTEST = 4.0
"""The highest temperature that is offered."""
MOST_WRITTEN = 20
"""Tokens that are written on with, at the most."""
DRAWS = 200
"""Tokens that are drawn at once, to count them."""


class Sampling(Struct, frozen=True):
    """How a token is drawn."""

    temperature: float = 1.0
    """0 is argmax."""
    top_k: int = 0
    """Only the k likeliest; 0 for all."""
    top_p: float = 1.0
    """Only the likeliest that together reach p; 1 for all."""

    @property
    def plain(self) -> bool:
        """Whether it changes nothing."""
        return self == AS_IT_IS

    @property
    def _how(self) -> dict[str, float | int | None]:
        return {
            "temperature": self.temperature,
            "top_k": self.top_k or None,
            "top_p": self.top_p if self.top_p < 1.0 else None,
        }

    def of(self, logits: Array) -> Array:
        """(V,): what tokens are drawn from.

        Raises:
            ValueError: as `distribution`.
        """
        return distribution(logits, **self._how)  # type: ignore[arg-type]

    def write(self, run: Run, position: int, seed: int) -> tuple[Said, ...]:
        """How the first `position` tokens of a run go on: up to the end token, or `MOST_WRITTEN` of them.

        Raises:
            ValueError: no token was read yet.
        """
        h_0 = np.stack([records[0].h[0] for records in run.trace.records])
        told = generate(run.model, run.tokens[:position], max_tokens=MOST_WRITTEN, seed=seed, h_0=h_0, **self._how)  # type: ignore[arg-type]
        return tuple(told)


AS_IT_IS = Sampling()
"""Drawn from what the model holds."""


class Guess(Struct, frozen=True):
    """One token that may come next."""

    token: str
    plain: float
    """How likely the model holds it."""
    drawn: float
    """How likely it is to be drawn."""
    rank: int
    """Among all, from 1; of equals, the first in the vocabulary."""
    came: bool = False
    """Whether it is what really came."""
    index: int = 0
    """In the vocabulary."""


class Reading(Struct, frozen=True, eq=False):
    """What is held likely after a step."""

    position: int
    """Steps taken, from 1."""
    tokens: tuple[str, ...]
    """The vocabulary."""
    plain: Array
    """(V,): the model's own probabilities, in float64."""
    drawn: Array
    """(V,): what tokens are drawn from."""
    came: int | None
    """Index of the token that really came next; None at the end of the text, where nobody knows."""

    @property
    def most(self) -> float:
        """log2 V: the entropy of knowing nothing, in bits."""
        return float(np.log2(len(self.tokens)))

    @property
    def entropies(self) -> tuple[float, float]:
        """Bits of the model's own distribution, and of the one that tokens are drawn from."""
        return _bits(self.plain), _bits(self.drawn)

    @property
    def surprise(self) -> float | None:
        """−log2 p of what came, by the model's own distribution; None where nobody knows."""
        if self.came is None:
            return None
        with np.errstate(divide="ignore"):
            return float(-np.log2(self.plain[self.came]))

    def guesses(self, count: int) -> tuple[Guess, ...]:
        """The likeliest, and after them what came where it is not among them."""
        order = np.argsort(-self.plain, kind="stable")[:count].tolist()
        if self.came is not None and self.came not in order:
            order.append(self.came)
        return tuple(self.guess(index) for index in order)

    def guess(self, index: int) -> Guess:
        """One token of the vocabulary."""
        p = self.plain
        rank = int((p > p[index]).sum() + (p[:index] == p[index]).sum()) + 1
        return Guess(self.tokens[index], float(p[index]), float(self.drawn[index]), rank, index == self.came, index)

    def draw(self, count: int, seed: int, turn: int) -> npt.NDArray[np.int64]:
        """(count,): indices that are drawn. The same seed and turn give the same ones, and other turns others."""
        rng = np.random.default_rng([seed, 7, turn])
        return np.array([choose(self.drawn, rng) for _draw in range(count)], np.int64)

    def table(self, count: int, tallies: Array | None = None) -> Table:
        """A row for each guess.

        Args:
            count: guesses, without what came.
            tallies: (V,): how often each token was drawn; None where none was.
        """
        columns = [_("token"), _("p of the model"), _("p drawn from"), _("rank"), _("came next")]
        rows: list[tuple[str | float, ...]] = []
        total = 0 if tallies is None else int(tallies.sum())
        for guess in self.guesses(count):
            row: list[str | float] = [
                guess.token,
                guess.plain,
                guess.drawn,
                float(guess.rank),
                _("yes") if guess.came else "",
            ]
            if tallies is not None:
                row += [float(tallies[guess.index]), total * guess.drawn, spread(guess.drawn, total)]
            rows.append(tuple(row))
        if tallies is not None:
            columns += [_("drawn, of {n}").format(n=total), _("expected"), _("standard deviation")]
        return Table(tuple(columns), tuple(rows), _("after step {n}").format(n=self.position))


def spread(p: float, draws: int) -> float:
    """√(n p (1 − p)): the standard deviation of how often a token of probability p is drawn in n draws."""
    return float(np.sqrt(draws * p * max(1.0 - p, 0.0)))


def _bits(p: Array) -> float:
    """−Σ p log2 p, where 0 log 0 is 0."""
    some = p[p > 0]
    # Not −0.0 where one is certain; NaN stays NaN, which no comparison keeps.
    return float("nan") if np.isnan(p).any() else abs(float(-(some * np.log2(some)).sum()))


class NextValues(Struct, frozen=True):
    """A run of a language model, and how tokens are drawn at first."""

    run: Run
    step: int
    """Steps taken at first."""
    count: int
    """Guesses that are named, at the most, besides what came."""
    sampling: Sampling
    seed: int

    def reading(self, position: int, sampling: Sampling | None = None) -> Reading:
        """What is held likely after `position` steps, at least 1.

        Raises:
            ValueError: scores that are no numbers, as of a model whose training ran away.
        """
        logits = self.run.logits
        vocabulary = self.run.model.vocabulary
        assert logits is not None
        assert vocabulary is not None
        z = logits[position - 1].astype(np.float64)
        if not np.isfinite(z).all():
            raise ValueError(
                _("The scores of step {n} are no numbers: this model's training ran away.").format(n=position)
            )
        text = z.copy()
        text[_never(self.run)] = -np.inf
        return Reading(
            position,
            vocabulary.tokens,
            np.exp(log_softmax(z)),
            (sampling or self.sampling).of(text),
            vocabulary.index(self.run.tokens[position]) if position < len(self.run.tokens) else None,
        )

    def tables(self) -> tuple[Table, ...]:
        """The guesses after its step; then every step: how open it was, and what came."""
        return (self.reading(max(self.step, 1)).table(self.count), self.course())

    def course(self) -> Table:
        """A row for each step."""
        logits, vocabulary = self.run.logits, self.run.model.vocabulary
        assert logits is not None
        assert vocabulary is not None
        surprises = self.run.bits
        assert surprises is not None
        rows: list[tuple[str | float, ...]] = []
        for t, token in enumerate(self.run.tokens):
            came = (self.run.tokens[t + 1], float(surprises[t])) if t < len(surprises) else ("", "")
            p = np.exp(log_softmax(logits[t].astype(np.float64)))
            at = int(p.argmax())
            rows.append((str(t + 1), token, _bits(p), vocabulary.tokens[at], float(p[at]), *came))
        columns = (_("step"), _("token"), _("entropy, bits"), _("likeliest"), "p", _("came next"), _("surprise, bits"))
        return Table(columns, tuple(rows), _("step by step"))


def _never(run: Run) -> list[int]:
    """What is in the vocabulary and is no text."""
    vocabulary = run.model.vocabulary
    assert vocabulary is not None
    return [0] if vocabulary.start is None else [0, vocabulary.start]


def next_values(
    run: Run,
    *,
    step: int | None = None,
    count: int = 8,
    sampling: Sampling = AS_IT_IS,
    seed: int = 0,
) -> NextValues:
    """The values of a run.

    Raises:
        ValueError: a model without a head, with another job, or that has read what it is to guess.
    """
    if run.logits is None:
        raise ValueError(_("This model has no head: it guesses nothing until it is trained."))
    if run.model.job != "next":
        raise ValueError(_("This model was trained for labels, and does not say the next token."))
    if run.spec.bidirectional:
        raise ValueError(_("This model reads from both ends: it has seen the token that it would guess."))
    return NextValues(run, len(run.tokens) if step is None else step, count, sampling, seed)


class Next(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="show", tag="next"):
    """Bars of the likeliest next tokens, with their entropy, and a sampler."""

    facts: ClassVar[Facts] = {**STEPS, "temperature": float, "top_k": float, "top_p": float, "draws": float}

    model: str
    text: str = ""
    """What to run; the model's own text when empty."""
    step: int | None = None
    """Steps taken at first, from 0; all when it is not given."""
    count: int = 8
    """Tokens that are named."""
    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    seed: int = 0
    """Draws the tokens."""

    def models(self) -> tuple[str, ...]:
        """The lesson's models that it needs."""
        return (self.model,)

    def unfit(self, models: Mapping[str, ModelEntry]) -> Found | None:
        """Why the lesson's model cannot be shown so: what is wrong, and how to mend it."""
        return self._bounds() or self._model(models.get(self.model))

    def _bounds(self) -> Found | None:
        for key, value, low, high in (
            ("count", self.count, 1, 50),
            ("temperature", self.temperature, 0, HOTTEST),
            ("top_k", self.top_k, 0, 100_000),
            ("seed", self.seed, 0, 2**31),
        ):
            if not low <= value <= high:
                return f"`{key}` is {value:g}", f"write a number from {low:g} to {high:g}"
        if not 0 < self.top_p <= 1:
            return f"`top_p` is {self.top_p:g}", "write a number above 0, and 1 at most"
        return None

    def _model(self, entry: ModelEntry | None) -> Found | None:
        if entry is None:
            return None
        if entry.task not in ("next-word", "next-character"):
            return (
                f'the model `{self.model}` has the task "{entry.task}", and does not say the next token',
                'name one with the task "next-word" or "next-character"',
            )
        return unreadable(self.model, entry, self.text) or step_beyond(entry, self.text, self.step)

    def run(self, lab: Lab) -> NextValues:
        """Run the model over the text."""
        return next_values(
            lab.run(self.model, self.text),
            step=self.step,
            count=self.count,
            sampling=Sampling(self.temperature, self.top_k, self.top_p),
            seed=self.seed,
        )


def written(said: Sequence[Said]) -> Table:
    """What was written on with, token by token."""
    rows = tuple((s.token, float(s.probability)) for s in said)
    return Table((_("token"), _("p drawn from")), rows, _("written on"))
