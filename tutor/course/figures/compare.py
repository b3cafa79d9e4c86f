"""The compare figure: two or three runs side by side in step, and the difference between them.

The first run is what the others are held against. A row is a step of each run that is in it; which steps those are is
the alignment: by number, from the end, or by an edit script that lays equal tokens beside each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar, NamedTuple

import numpy as np
from msgspec import Struct, field

from tutor.course.entries import ModelEntry
from tutor.course.figures.alignment import Align, Pair, aligned
from tutor.course.figures.facts import UNITS, Facts
from tutor.course.figures.table import Table
from tutor.course.figures.texts import unreadable
from tutor.course.lab import Lab
from tutor.course.measured import Found
from tutor.engine.cells import CELLS
from tutor.engine.checks import Array
from tutor.engine.model import Run
from tutor.engine.text import tokenize
from tutor.i18n import _

NAMES = "abc"
"""What the runs are called."""
MOST = len(NAMES)

SAME = 1e-5
"""Up to this part of the states' size a difference is what rounding makes of equal ones."""


class Amount(NamedTuple):
    """A number for each row, with the row before the first step: ‖a−b‖, or ‖a‖ where no difference can be taken."""

    name: str
    values: Array
    """(rows + 1,): NaN where a run has no such step."""


class CompareValues(Struct, frozen=True):
    """Runs, what each is called, and which of their steps stand beside each other."""

    runs: tuple[Run, ...]
    titles: tuple[str, ...]
    """What sets each run apart from the others: its model, its text."""
    rows: tuple[Pair, ...]
    nudged: bool = False
    """Whether they are of one network, some of whose weights were nudged."""

    @property
    def one_network(self) -> bool:
        """Whether all runs are of the same network, so that a unit is the same unit in each."""
        return self.nudged or all(run.model is self.runs[0].model for run in self.runs)

    @property
    def by_step(self) -> bool:
        """Whether a row is the same step of each run that is in it."""
        return all(step in (None, at) for at, row in enumerate(self.rows) for step in row)

    @property
    def unknown(self) -> tuple[str, ...]:
        """Tokens that a network does not know, and reads as one."""
        every = (pair for run in self.runs for pair in zip(run.tokens, run.known, strict=True))
        return tuple(dict.fromkeys(token for token, known in every if not known))

    def read(self, row: int) -> int:
        """How many tokens of the first run are read after so many rows."""
        return sum(steps[0] is not None for steps in self.rows[:row])

    def row_of(self, read: int) -> int:
        """After how many rows so many tokens of the first run are read; after the last one all that stand beside it."""
        if read >= len(self.runs[0].tokens):
            return len(self.rows)
        # Of the first run every step is there, once and in order.
        return 0 if read <= 0 else next(row for row, steps in enumerate(self.rows, 1) if steps[0] == read - 1)

    @property
    def letters(self) -> tuple[str, ...]:
        """What can be set side by side: h, then the gates and states that all the cells have."""
        every = [(*(g.name for g in CELLS[run.spec.cell].gates), *CELLS[run.spec.cell].states) for run in self.runs]
        shared = [letter for letter in every[0] if all(letter in letters for letters in every)]
        return ("h", *(letter for letter in shared if letter != "h"))

    @property
    def speaks(self) -> bool:
        """Whether every network says something at each step."""
        return all(run.logits is not None for run in self.runs)

    def values(self, index: int, letter: str = "h") -> Array:
        """A quantity of a run at each of its steps: (T, units). Gates are of the forward direction."""
        run = self.runs[index]
        if letter == "h":
            return run.hidden
        found: Array = run.trace.gates(layer=run.spec.num_layers - 1)[letter][:, 0]
        return found

    def start(self, index: int, letter: str = "h") -> Array | None:
        """A state before the first step; None of a gate."""
        record = self.runs[index].trace.records[-1][0]
        if letter == "h":
            return self.runs[index].h_0
        return None if letter != "c" or record.c is None else record.c[0, 0]

    def bounded(self, letter: str = "h") -> bool:
        """Whether nothing of it can be larger than 1: a gate, or the state that a tanh makes."""
        if letter == "h":
            return all(run.spec.nonlinearity == "tanh" for run in self.runs)
        return all(letter in {gate.name for gate in CELLS[run.spec.cell].gates} for run in self.runs)

    def fits(self, letter: str = "h") -> bool:
        """Whether the runs have as many units, so that a difference can be taken."""
        return len({self.values(index, letter).shape[1] for index in range(len(self.runs))}) == 1

    def on_rows(self, index: int, letter: str = "h") -> Array:
        """A quantity of a run on each row, with the one before the first: (rows + 1, units), NaN where it has none."""
        values, start = self.values(index, letter).astype(np.float64), self.start(index, letter)
        steps = np.array([-1 if row[index] is None else row[index] for row in self.rows], np.intp)
        found = np.full((len(self.rows) + 1, values.shape[1]), np.nan)
        found[1:][steps >= 0] = values[steps[steps >= 0]]
        if start is not None:
            found[0] = start
        return found

    def amounts(self, letter: str = "h") -> tuple[Amount, ...]:
        """The distance of each other run from the first, 0 up to rounding; where their sizes differ, each's norm."""
        every = [self.on_rows(index, letter) for index in range(len(self.runs))]
        if self.fits(letter):
            return tuple(
                Amount(f"‖{NAMES[0]}−{NAMES[index]}‖", _distance(every[0], other))
                for index, other in enumerate(every[1:], 1)
            )
        return tuple(Amount(f"‖{name}‖", _norm(one)) for name, one in zip(NAMES, every, strict=False))

    def first(self, index: int = 1, letter: str = "h") -> int | None:
        """The row, from 1, on which a run first differs from the first one; None where it does nowhere.

        A row that only one of the two has is one on which they differ.
        """
        if not self.fits(letter):
            return None
        a, b = self.on_rows(0, letter), self.on_rows(index, letter)
        # What is no number in one of them alone is a difference too, and so is a step that only one of them has.
        alone = np.isnan(a).any(axis=1) != np.isnan(b).any(axis=1)
        found = np.flatnonzero(((_distance(a, b) > 0) | alone)[1:])
        return int(found[0]) + 1 if found.size else None

    def final(self, index: int = 1, letter: str = "h") -> float:
        """How far apart the runs are when each has read its text to the end: NaN where the sizes differ."""
        if not self.fits(letter):
            return float("nan")
        a, b = (self.values(i, letter)[-1:].astype(np.float64) for i in (0, index))
        return float(_distance(a, b)[0])

    def reordered(self, index: int = 1) -> bool:
        """Whether a run reads the same tokens as the first, in another order."""
        a, b = self.runs[0].tokens, self.runs[index].tokens
        return a != b and sorted(a) == sorted(b)

    def said(self, row: int, count: int) -> tuple[tuple[str, tuple[float, ...]], ...]:
        """The likeliest labels of each run on a row, from 1, with how likely each run holds them.

        NaN of a run that has no such step, or no such label.
        """
        steps = self.rows[row - 1]
        found: dict[str, None] = {}
        every: list[dict[str, float]] = []
        for run, step in zip(self.runs, steps, strict=True):
            if step is None:
                every.append({})
                continue
            # Who classifies by both directions has one answer, for the whole.
            logits = run.logits
            assert logits is not None
            at = min(step, len(logits) - 1)
            found |= dict.fromkeys(label for label, _p in run.next(at, count))
            every.append(_held(run, at))
        rows = [(label, tuple(held.get(label, float("nan")) for held in every)) for label in found]
        # Those that any of them holds likeliest come first.
        rows.sort(key=lambda item: -np.nanmax(np.nan_to_num(item[1], nan=-1.0)))
        return tuple(rows[:count])

    def moved(self, row: int, index: int = 1) -> float:
        """Half of Σ|p − q| over the labels of both: how much probability a run puts elsewhere than the first one."""
        one, other = (self._held(i, row) for i in (0, index))
        if one is None or other is None:
            return float("nan")
        return sum(abs(one.get(label, 0.0) - other.get(label, 0.0)) for label in one.keys() | other.keys()) / 2

    def _held(self, index: int, row: int) -> dict[str, float] | None:
        run, step = self.runs[index], self.rows[row - 1][index]
        if step is None or run.logits is None:
            return None
        return _held(run, min(step, len(run.logits) - 1))

    def tables(self, letter: str = "h") -> tuple[Table, ...]:
        """A row for each aligned step, with the amounts; then each run's units, and their differences."""
        amounts = self.amounts(letter)
        names = NAMES[: len(self.runs)]
        named = (_("row"), *names)
        tokens = [
            (str(k), *("" if step is None else run.tokens[step] for run, step in zip(self.runs, row, strict=True)))
            for k, row in enumerate(self.rows, 1)
        ]
        rows: tuple[tuple[str | float, ...], ...] = tuple(
            (*one, *(float(a.values[k]) for a in amounts)) for k, one in enumerate(tokens, 1)
        )
        return (Table((*named, *(a.name for a in amounts)), rows), *self._every(letter, tokens))

    def _every(self, letter: str, tokens: list[tuple[str, ...]]) -> Iterator[Table]:
        every = [self.on_rows(index, letter) for index in range(len(self.runs))]
        shown = [(f"{name}: {title}", one) for name, title, one in zip(NAMES, self.titles, every, strict=False)]
        if self.fits(letter):
            with np.errstate(all="ignore"):
                shown += [
                    (f"{NAMES[0]}−{name}", every[0] - one) for name, one in zip(NAMES[1:], every[1:], strict=False)
                ]
        for title, values in shown:
            units = tuple(f"{letter}{unit + 1}" for unit in range(values.shape[1]))
            rows: tuple[tuple[str | float, ...], ...] = tuple(
                (one[0], *map(float, values[k])) for k, one in enumerate(tokens, 1)
            )
            yield Table((_("row"), *units), rows, title)


def _norm(values: Array) -> Array:
    """Of each row: (N, H) → (N,)."""
    with np.errstate(all="ignore"):
        found: Array = np.sqrt((values * values).sum(axis=1))
    return found


def _distance(a: Array, b: Array) -> Array:
    """‖a − b‖ of each row, and 0 where it is no more than rounding makes of equal ones: (N, H) twice → (N,)."""
    with np.errstate(all="ignore"):
        far = _norm(a - b)
        return np.where(far <= SAME * np.maximum(_norm(a), 1.0), 0.0, far)


def _held(run: Run, at: int) -> dict[str, float]:
    """How likely each label is after a step."""
    assert run.probabilities is not None
    return dict(zip(run.model.labels, run.probabilities[at].astype(np.float64).tolist(), strict=True))


class Compare(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="show", tag="compare"):
    """Runs side by side: one model over several texts, several over one, or each over its own."""

    facts: ClassVar[Facts] = {**UNITS, "view": str}

    networks: tuple[str, ...] = field(name="models")
    texts: tuple[str, ...] = ()
    """What to run; the models' own texts when it is not given."""
    align: Align = "step"

    def models(self) -> tuple[str, ...]:
        """The lesson's models that it needs."""
        return tuple(dict.fromkeys(self.networks))

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """The model and the text of each run; an empty text is the model's own."""
        models, texts = self.networks, self.texts or ("",)
        count = max(len(models), len(texts))
        return tuple(
            zip(
                models * count if len(models) == 1 else models,
                texts * count if len(texts) == 1 else texts,
                strict=False,
            )
        )[:count]

    def unfit(self, models: Mapping[str, ModelEntry]) -> Found | None:
        """Why there is nothing to compare: what is wrong, and how to mend it."""
        for key, given, least in (("models", self.networks, 1), ("texts", self.texts, 0)):
            if not least <= len(given) <= MOST:
                return f"`{key}` has {len(given)}", f"write {least or 'no more than'} {'to ' if least else ''}{MOST}"
        counts = len(self.networks), len(self.texts)
        if min(counts) > 1 and counts[0] != counts[1]:
            what = f"{counts[0]} models and {counts[1]} texts make no pairs"
            return what, "write one model, one text, or as many of both"
        if len(self.pairs) < 2:
            return "one run has nothing beside it", "write a second of `models`, or of `texts`"
        if len(set(self.pairs)) < len(self.pairs):
            return "a run is compared with itself", "write another text, or another model"
        for name, text in self.pairs:
            entry = models.get(name)
            if entry is None:
                continue
            if self.texts and not tokenize(text, entry.unit):
                return "one of `texts` has nothing to read", "write a text of one word at least"
            if (found := unreadable(name, entry, text)) is not None:
                return found
        return None

    def run(self, lab: Lab) -> CompareValues:
        """Run each model over its text."""
        runs = tuple(lab.run(name, text) for name, text in self.pairs)
        return compared(runs, self.align, self.networks)


def compared(
    runs: tuple[Run, ...], align: Align = "step", models: tuple[str, ...] = (), *, nudged: bool = False
) -> CompareValues:
    """The values of any two or three runs.

    Args:
        runs: the first is what the others are held against.
        align: as in `aligned`.
        models: the names of their models; where these do not set the runs apart, their texts do.
        nudged: whether all are of one network, some of whose weights were nudged.
    """
    texts = tuple(run.tokens for run in runs)
    titles = models if len(set(models)) == len(runs) else tuple(" ".join(tokens[:32]) for tokens in texts)
    return CompareValues(runs, titles, aligned(texts, align), nudged)
