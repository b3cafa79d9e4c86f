"""The gradient chart: how a gradient changes with distance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from tutor.course.figures.table import Table
from tutor.course.lab import Lab, ModelEntry
from tutor.course.measured import Found
from tutor.engine.gradient_flow import decay


class Series(Struct, frozen=True):
    """A named line of a chart: `log10[k]` at `k` steps back from the loss."""

    label: str
    log10: tuple[float, ...]


class GradientValues(Struct, frozen=True):
    """How a gradient changes with distance, for one or more networks."""

    series: tuple[Series, ...]
    steps: int

    def tables(self) -> tuple[Table, ...]:
        """A row for each distance: log10 of the spectral norm of each series."""
        columns = ("steps back", *(f"log10 ‖∂h_T/∂h_t‖, {s.label}" for s in self.series))
        rows = tuple((float(k), *(s.log10[k] for s in self.series)) for k in range(self.steps + 1))
        return (Table(columns, rows),)


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
