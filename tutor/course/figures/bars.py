"""The bars figure: measured amounts on one scale."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from msgspec import Struct

from tutor.course.entries import ModelEntry
from tutor.course.figures.facts import Facts
from tutor.course.figures.table import Table
from tutor.course.lab import Lab
from tutor.course.measured import Found
from tutor.course.probes import Probe, models_of


class Bar(Struct, frozen=True, forbid_unknown_fields=True):
    """One bar: its label and the probe that measures it."""

    label: str
    value: Probe


class BarsValues(Struct, frozen=True):
    """Named amounts, side by side."""

    items: tuple[tuple[str, float], ...]
    unit: str

    def tables(self) -> tuple[Table, ...]:
        """A row for each bar."""
        return (Table(("what", self.unit or "value"), self.items),)


class Bars(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="show", tag="bars"):
    """Measured amounts as bars on one scale."""

    facts: ClassVar[Facts] = {}

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
