"""What each figure shows, as values: options → `run(lab)` → a value with its `table()` of numbers.

`FIGURES` is the registry: the name in a lesson's `show = "…"` to its options record. How a figure looks is
one file in `ui/widgets/`, under the same name; plain text and exports use `table()`, and so show the same
numbers.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from typing import Any, Literal, get_args

import msgspec
from msgspec import Struct

from tutor.course.lab import Lab, ModelEntry
from tutor.course.measured import Found
from tutor.course.probes import Probe, models_of
from tutor.engine.gradient_flow import decay
from tutor.engine.losses import bits
from tutor.engine.model import Run
from tutor.engine.training import Checkpoint


class Table(Struct, frozen=True):
    """The numbers of a figure: column names, and rows of words and numbers."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str | float, ...], ...]


class StateValues(Struct, frozen=True):
    """A network over a text: every hidden state, and the next words where the model has a head."""

    run: Run
    next: int
    """How many of the likeliest next tokens to show; 0 shows none."""

    def table(self) -> Table:
        """A row for each step: its token, its units and the size of the change."""
        hidden = self.run.hidden
        units = tuple(f"h{i + 1}" for i in range(hidden.shape[1]))
        rows: list[tuple[str | float, ...]] = [
            (str(t + 1), token, *(float(v) for v in hidden[t]), float(self.run.change[t]))
            for t, token in enumerate(self.run.tokens)
        ]
        return Table(("step", "token", *units, "‖Δh‖"), tuple(rows))


class State(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="show", tag="state"):
    """The step-by-step heatmap with its unrolled diagram and next-word bars."""

    model: str
    text: str = ""
    """What to run; the model's own text when empty."""
    next: int = 0

    def models(self) -> tuple[str, ...]:
        """The lesson's models that it needs."""
        return (self.model,)

    def unfit(self, models: Mapping[str, ModelEntry]) -> Found | None:
        """Why the lesson's models cannot be shown so: what is wrong, and how to mend it."""
        entry = models.get(self.model)
        if entry is None:
            return None
        if self.next < 0:
            return f"`next` is {self.next}", "write how many of the next tokens to show, 0 for none"
        if self.next and not entry.trained:
            return (
                f"the model `{self.model}` is untrained, and expects no next token",
                "drop `next`, or train it",
            )
        if not self.text and not entry.text:
            return (
                f"the model `{self.model}` has no text to run on",
                f'write text = "…" here or in [models.{self.model}]',
            )
        return None

    def run(self, lab: Lab) -> StateValues:
        """Run the model over the text."""
        return StateValues(lab.run(self.model, self.text), self.next)


class Series(Struct, frozen=True):
    """A named line of a chart: `log10[k]` at `k` steps back from the loss."""

    label: str
    log10: tuple[float, ...]


class GradientValues(Struct, frozen=True):
    """How a gradient changes with distance, for one or more networks."""

    series: tuple[Series, ...]
    steps: int

    def table(self) -> Table:
        """A row for each distance: log10 of the spectral norm of each series."""
        columns = ("steps back", *(f"log10 ‖∂h_T/∂h_t‖, {s.label}" for s in self.series))
        rows = tuple((float(k), *(s.log10[k] for s in self.series)) for k in range(self.steps + 1))
        return Table(columns, rows)


class Gradient(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="show", tag="gradient"):
    """The log chart of ‖∂h_T/∂h_t‖ for `W_h` = ρ × orthogonal."""

    cells: tuple[Literal["rnn", "gru", "lstm"], ...] = ("rnn",)
    radii: tuple[float, ...] = (0.9,)
    activation: Literal["tanh", "relu", "identity"] = "identity"
    steps: int = 50
    hidden: int = 8
    seed: int = 0
    slider: bool = False
    """Whether the learner moves ρ; the first of `radii` is where it stands at first."""

    def models(self) -> tuple[str, ...]:
        """None: its networks are built for it."""
        return ()

    def unfit(self, models: Mapping[str, ModelEntry]) -> Found | None:
        """Why it cannot be computed: what is wrong, and how to mend it."""
        if not self.cells or not self.radii:
            return "nothing to draw", "write at least one of `cells` and one of `radii`"
        if any(not 0 < radius <= 10 for radius in self.radii):
            return "a radius out of bounds", "write `radii` above 0, and 10 at most"
        if not 1 <= self.steps <= 10_000:
            return f"`steps` is {self.steps}", "write a number from 1 to 10000"
        if not 1 <= self.hidden <= 128:
            return f"`hidden` is {self.hidden}", "write a number from 1 to 128"
        if self.seed < 0:
            return f"`seed` is {self.seed}", "write a seed of 0 or more"
        if self.activation != "tanh" and (gated := [cell for cell in self.cells if cell != "rnn"]):
            return (
                f'`activation = "{self.activation}"` does not apply to the {gated[0]}',
                'write activation = "tanh"',
            )
        return None

    def run(self, lab: Lab) -> GradientValues:
        """Multiply the Jacobians of each network."""
        return self.measure()

    def measure(self) -> GradientValues:
        """The values, which no lesson's model has a part in."""
        series = []
        for cell in self.cells:
            for radius in self.radii:
                flow = decay(
                    cell,
                    steps=self.steps,
                    hidden_size=self.hidden,
                    radius=radius,
                    activation=self.activation,
                    seed=self.seed,
                )
                named = f"ρ={radius:g}" if len(self.cells) == 1 else f"{cell.upper()} ρ={radius:g}"
                series.append(Series(named, tuple(float(v) for v in flow.log10_spectral_norms[::-1])))
        return GradientValues(tuple(series), self.steps)


class TrainingValues(Struct, frozen=True):
    """A training run: the loss at each checkpoint, in bits a token, beside its baselines."""

    points: tuple[tuple[int, float], ...]
    """(weight updates, bits per token)"""
    baselines: tuple[tuple[str, float], ...]
    steps: int
    """Weight updates when it is done."""

    def table(self) -> Table:
        """A row for each checkpoint, then one for each baseline."""
        rows: list[tuple[str | float, ...]] = [(float(step), bits) for step, bits in self.points]
        return Table(("updates", "bits per token"), tuple(rows + [(n, b) for n, b in self.baselines]))


class Training(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="show", tag="training"):
    """The training curve, live while the model trains."""

    model: str
    baselines: tuple[Literal["uniform", "unigram"], ...] = ("uniform",)

    def models(self) -> tuple[str, ...]:
        """The lesson's models that it needs."""
        return (self.model,)

    def unfit(self, models: Mapping[str, ModelEntry]) -> Found | None:
        """Why there is no training to show: what is wrong, and how to mend it."""
        entry = models.get(self.model)
        if entry is None or entry.trained:
            return None
        return f"the model `{self.model}` is untrained", f"give [models.{self.model}] a `task` and a `corpus`"

    def run(self, lab: Lab) -> TrainingValues:
        """The history of the model as it is now."""
        return self.measure(lab, lab.history(self.model))

    def measure(self, lab: Lab, history: tuple[Checkpoint, ...]) -> TrainingValues:
        """The values of a history, whole or in the making."""
        ends = ("<end>",) if lab.entry(self.model).task == "next-word" else ()
        sequences = [(*sequence, *ends) for sequence in lab.corpus(self.model)]
        # What is guessed is every token but the first of each sequence, which is given; its end too.
        wanted = Counter(token for sequence in sequences for token in sequence[1:])
        total = sum(wanted.values())
        known = {
            "uniform": math.log2(len({token for sequence in sequences for token in sequence})),
            "unigram": -sum(n / total * math.log2(n / total) for n in wanted.values()),
        }
        return TrainingValues(
            tuple((c.step, bits(c.loss)) for c in history),
            tuple((name, known[name]) for name in self.baselines),
            lab.entry(self.model).steps,
        )


class Bar(Struct, frozen=True, forbid_unknown_fields=True):
    """One bar: its label and the probe that measures it."""

    label: str
    value: Probe


class BarsValues(Struct, frozen=True):
    """Named amounts, side by side."""

    items: tuple[tuple[str, float], ...]
    unit: str

    def table(self) -> Table:
        """A row for each bar."""
        return Table(("what", self.unit or "value"), self.items)


class Bars(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="show", tag="bars"):
    """Measured amounts as bars on one scale."""

    of: tuple[Bar, ...]
    unit: str = ""

    def models(self) -> tuple[str, ...]:
        """The lesson's models that its probes need."""
        return tuple(dict.fromkeys(name for bar in self.of for name in models_of(bar.value)))

    def unfit(self, models: Mapping[str, ModelEntry]) -> Found | None:
        """Why it cannot be measured: what is wrong, and how to mend it."""
        if not self.of:
            return "no bars", 'write of = [{ label = "…", value = { probe = "…" } }]'
        return next((found for bar in self.of if (found := bar.value.unfit(models))), None)

    def run(self, lab: Lab) -> BarsValues:
        """Measure each bar."""
        return BarsValues(tuple((b.label, float(b.value.measure(lab).number)) for b in self.of), self.unit)


Options = State | Gradient | Training | Bars
Values = StateValues | GradientValues | TrainingValues | BarsValues

FIGURES: dict[str, type[Any]] = {
    str(msgspec.inspect.type_info(kind).tag): kind  # type: ignore[attr-defined]
    for kind in get_args(Options)
}
