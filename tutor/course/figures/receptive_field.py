"""The receptive field: which inputs an output of a convolution is made of, beside what a recurrent state depends on.

Both are measured on the same vectors, in float64, as ‖∂y_t/∂x_s‖ and ‖∂h_t/∂x_s‖ (Frobenius): every unit's gradient,
one sequence of a batch each. A measurement looks back over what is in view and a little more, so a step costs the same
however long the text is; it goes on from the state that the network had there.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import ClassVar, get_args

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from tutor.course import jobs
from tutor.course.entries import ModelEntry
from tutor.course.figures.facts import STEPS, Facts
from tutor.course.figures.table import Table
from tutor.course.figures.texts import tokens_of
from tutor.course.lab import Lab
from tutor.course.measured import Cell, Found
from tutor.engine.checks import Array
from tutor.engine.convolution import CausalConv1d, receptive_field
from tutor.engine.model import Model, ModelSpec, Run
from tutor.engine.surgery import between
from tutor.engine.text import tokenize
from tutor.engine.trace import Record, Trace
from tutor.i18n import _

MOST = 256
"""Tokens back that are measured at the most, the present counted. No stack that can be asked for sees further."""
LEAST = 32
"""The same at the least: where fewer are in view, what is said still speaks of a sentence."""
MOST_KERNEL, MOST_LAYERS, MOST_HIDDEN = 5, 6, 128
CHANNELS = 8
"""Of each layer of the convolution."""


class Seen(Struct, frozen=True):
    """What was measured at one step: a number for each token from `first` to the step's own."""

    position: int
    """Tokens read."""
    first: int
    """Index of the first token that was measured."""
    convolution: tuple[float, ...]
    """‖∂y_t/∂x_s‖"""
    state: tuple[float, ...]
    """‖∂h_t/∂x_s‖"""


def measured_from(position: int, in_view: int) -> int:
    """The first token that is measured after `position` of them, where `in_view` of these are looked at."""
    return max(position - min(max(in_view, LEAST), MOST), 0)


class Stack:
    """Causal convolutions, each after a tanh of the one below, over one text.

    Args:
        x: (T, D), the tokens' vectors.
        kernel_size: k of every layer.
        dilations: of each layer, from the bottom up.
        seed: draws the weights.

    Raises:
        ValueError: a size that cannot be.
    """

    def __init__(self, x: Array, kernel_size: int, dilations: tuple[int, ...], seed: int) -> None:
        self.x = x.astype(np.float64)
        sizes = (x.shape[1], *[CHANNELS] * len(dilations))
        self.layers = tuple(
            CausalConv1d(below, above, kernel_size, dilation=dilation, dtype=np.float64, seed=seed + 100 * at)
            for at, ((below, above), dilation) in enumerate(zip(pairwise(sizes), dilations, strict=True))
        )

    @property
    def reach(self) -> int:
        """R = 1 + Σ (k − 1)·d: tokens that an output is made of, the present counted."""
        return receptive_field(self.layers)

    def norms(self, first: int, position: int) -> Array:
        """‖∂y_t/∂x_s‖ of the top layer's output at the last token read, for s from `first` on."""
        # What the output is made of is all that is computed: of what is before, it depends on exactly nothing.
        edge = max(position - self.reach, 0)
        norms: Array = np.zeros(position - first)
        norms[max(edge - first, 0) :] = self._inside(edge, position)[max(first - edge, 0) :]
        return norms

    def _inside(self, first: int, position: int) -> Array:
        """The same, of a text that begins at `first`."""
        x: Array = np.repeat(self.x[first:position, None], CHANNELS, axis=1)
        inputs, outputs = [], []
        for layer in self.layers:
            inputs.append(x)
            x = np.tanh(layer.forward(x))
            outputs.append(x)
        # Sequence b of the batch is there for unit b alone.
        d: Array = np.zeros_like(x)
        d[-1] = np.eye(CHANNELS)
        for layer, below, above in zip(self.layers[::-1], inputs[::-1], outputs[::-1], strict=True):
            unused = {name: np.empty_like(array) for name, array in layer.state_dict().items()}
            d = layer.backward(below, d * (1.0 - above * above), unused)
        return _frobenius(d)


class Recurrence:
    """A recurrent network over one text, in float64.

    Args:
        run: of a network of one direction.
    """

    def __init__(self, run: Run) -> None:
        self.spec = run.spec
        self.x = run.x.astype(np.float64)
        self.net = run.spec.network(run.spec.embedding_size, np.float64)
        self.net.load_state_dict(run.model.net.state_dict())
        self._records = tuple(record for (record,) in run.trace.records)
        self._cuts = run.trace.cuts

    def norms(self, first: int, position: int) -> Array:
        """‖∂h_t/∂x_s‖ of the top layer's state after the last token read, for s from `first` on.

        Only these tokens are read, from the state that the run had before them; NaN where that overflowed.
        """
        H = self.spec.hidden_size
        h: Array = np.stack([record.h[first] for record in self._records]).astype(np.float64)
        c = [record.c[first].astype(np.float64) for record in self._records if record.c is not None]
        if not (np.isfinite(h).all() and np.isfinite(c).all()):
            return np.full(position - first, np.nan)
        cuts = between(self._cuts, first, position)
        trace = _repeated(self.net.forward(self.x[first:position, None], (h, np.stack(c)) if c else h, cuts=cuts), H)
        d: Array = np.zeros(trace.output.shape)
        d[-1] = np.eye(H)
        return _frobenius(self.net.backward(trace, d).x)


def _repeated(trace: Trace, batch: int) -> Trace:
    """A trace of one sequence, seen as a batch that holds it again and again in the same memory."""

    def same(array: Array) -> Array:
        return np.broadcast_to(array, (*array.shape[:-2], batch, array.shape[-1]))

    records = tuple(
        (Record(same(of.x), same(of.h), None if of.c is None else same(of.c), same(of.kept), of.reverse),)
        for (of,) in trace.records
    )
    return Trace(same(trace.output), None, records, trace.cell, trace.cuts)


def _frobenius(d: Array) -> Array:
    """(T, B, D) → (T,)"""
    return np.asarray(np.sqrt((d * d).sum(axis=(1, 2))))


class ReceptiveFieldValues(Struct, frozen=True):
    """A stack and a state over the same tokens, to be measured at any step."""

    options: ReceptiveField
    run: Run
    stack: Stack
    recurrence: Recurrence

    @property
    def reach(self) -> int:
        """Tokens that an output of the convolution is made of, the present counted."""
        return self.stack.reach

    def write(self, text: str) -> ReceptiveFieldValues:
        """The same stack and network over a text of the learner's own.

        Raises:
            ValueError: there is nothing in it to read, or too much; in one line.
        """
        run = self.run.model.run(tokens_of(text, self.run.spec.unit))
        return replace(self.options, text=text).over(run)

    def seen(self, position: int, in_view: int = MOST) -> Seen:
        """What the output and the state after `position` tokens depend on; of nothing where nothing is read.

        Args:
            position: tokens read.
            in_view: tokens back that are looked at, the present counted.
        """
        if position == 0:
            return Seen(0, 0, (), ())
        first = measured_from(position, in_view)
        by_stack, by_state = self.stack.norms(first, position), self.recurrence.norms(first, position)
        return Seen(position, first, tuple(by_stack.tolist()), tuple(by_state.tolist()))

    def tables(self) -> tuple[Table, ...]:
        """Of the last step."""
        return self.tables_of(self.seen(len(self.run.tokens)))

    def tables_of(self, seen: Seen) -> tuple[Table, ...]:
        """A row for each token that was measured, then what the convolution is."""
        columns = ("step", "token", "steps back", "‖∂y_t/∂x_s‖", "‖∂h_t/∂x_s‖")
        rows = tuple(
            (str(s + 1), self.run.tokens[s], float(seen.position - 1 - s), by_stack, by_state)
            for s, (by_stack, by_state) in enumerate(zip(seen.convolution, seen.state, strict=True), seen.first)
        )
        layers = tuple(
            (str(at + 1), float(layer.kernel_size), float(layer.dilation), float(layer.receptive_field - 1))
            for at, layer in enumerate(self.stack.layers)
        )
        return (
            Table(columns, rows),
            Table(
                ("layer", "kernel size k", "dilation d", "(k − 1)·d"),
                (*layers, (_("all, and the present"), "", "", float(self.reach))),
                _("receptive field"),
            ),
        )


class ReceptiveField(
    Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="show", tag="receptive-field"
):
    """What a convolution sees of a text, against what a state remembers of it."""

    facts: ClassVar[Facts] = {**STEPS, "kernel_size": float, "layers": float, "dilated": bool, "cell": get_args(Cell)}

    text: str = ""
    """What is read; the model's own text when empty."""
    model: str = ""
    """A recurrent model of the lesson; without one, an untrained network is made."""
    cell: Cell = "rnn"
    """Of the network that is made."""
    hidden: int = 16
    """Its units."""
    seed: int = 0
    """Draws its weights, and the convolution's."""
    kernel_size: int = 2
    layers: int = 3
    dilated: bool = True
    """Whether the dilations are 1, 2, 4, … from the bottom up, and not all 1."""

    @property
    def dilations(self) -> tuple[int, ...]:
        """Of each layer, from the bottom up."""
        return tuple(2**at if self.dilated else 1 for at in range(self.layers))

    def models(self) -> tuple[str, ...]:
        """The lesson's models that it needs."""
        return (self.model,) if self.model else ()

    def unfit(self, models: Mapping[str, ModelEntry]) -> Found | None:
        """Why it cannot be measured: what is wrong, and how to mend it."""
        for key, low, high in (
            ("kernel_size", 1, MOST_KERNEL),
            ("layers", 1, MOST_LAYERS),
            ("hidden", 1, MOST_HIDDEN),
            ("seed", 0, 2**31),
        ):
            if not low <= getattr(self, key) <= high:
                return f"`{key}` is {getattr(self, key)}", f"write a number from {low} to {high}"
        if not self.model:
            if not tokenize(self.text):
                return "there is no text to read", 'write text = "…", or name a model that has one'
            return None
        made = ReceptiveField()
        for key in ("cell", "hidden"):
            if getattr(self, key) != getattr(made, key):
                return f"`{key}` says nothing beside `model`, which has its own", f"drop `{key}`, or `model`"
        entry = models.get(self.model)
        return None if entry is None else self._unfit_for(entry)

    def _unfit_for(self, entry: ModelEntry) -> Found | None:
        name = self.model
        if jobs.kind(entry.task) is not Model:
            return f'the model `{name}` has the task "{entry.task}"', "name a model over tokens"
        if entry.bidirectional:
            what = f"the model `{name}` is bidirectional: its state at a token has read those after it"
            return what, f"drop `bidirectional` in [models.{name}], or name another model"
        if entry.hidden > MOST_HIDDEN:
            return f"the model `{name}` has {entry.hidden} units", f"write hidden = {MOST_HIDDEN}, or less"
        if not tokenize(self.text or entry.text):
            return f"the model `{name}` has no text to run on", f'write text = "…" here or in [models.{name}]'
        return None

    def run(self, lab: Lab) -> ReceptiveFieldValues:
        """Read the text with both."""
        if self.model:
            return self.over(lab.run(self.model, self.text))
        return self.over(self.made())

    def made(self) -> Run:
        """The network that is made, over the text.

        Raises:
            ValueError: there is no text.
        """
        spec = ModelSpec(cell=self.cell, hidden_size=self.hidden, seed=self.seed)
        return Model(spec, None).run(tokenize(self.text))

    def over(self, run: Run, recurrence: Recurrence | None = None) -> ReceptiveFieldValues:
        """Beside a run that is there already, and where it was measured before, without doing that again."""
        stack = Stack(run.x, self.kernel_size, self.dilations, self.seed)
        return ReceptiveFieldValues(self, run, stack, recurrence or Recurrence(run))
