"""What a figure can tell of what a learner did in it: names, and what each may be.

`do` blocks wait for one of them; the figure's widget in `ui/figures/` gives their values by the same names.
"""

from __future__ import annotations

from collections.abc import Mapping

Fact = float | str | bool
"""What a fact can be."""
Kind = type[float] | type[str] | type[bool] | tuple[str, ...]
"""Of which type a fact is; a tuple holds all the texts that it can be."""
Facts = Mapping[str, Kind]
"""What a figure tells: the kinds of its facts by their names."""

STEPS: Facts = {"step": float}
"""Of a figure that is read step by step: how many are taken."""
UNITS: Facts = {"step": float, "unit": float}
"""With a cursor on the units, too: from 1."""
