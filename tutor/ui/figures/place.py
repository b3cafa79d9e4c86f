"""The place in a trace, from one instrument to the next: where its cursor is, and how to put it there again."""

from __future__ import annotations

from dataclasses import replace

from tutor.engine.model import Run
from tutor.sandbox.state import View
from tutor.ui.figures.figure import Figure
from tutor.ui.figures.gates import GatesFigure
from tutor.ui.figures.player import Player
from tutor.ui.figures.state import StateFigure

_AIMED = ("state", "why", "compare")
"""Figures whose unit is counted over both directions."""


def stood(figure: Figure | None, view: View, run: Run) -> View:
    """Where a figure's cursor is; what it does not tell of is as it was.

    Args:
        figure: over the run.
        view: where one stood.
        run: what every instrument looks at.
    """
    if not isinstance(figure, Player):
        return view
    read = figure.has_read(len(run.tokens))
    if read is not None:
        view = replace(view, position=read)
    if isinstance(figure, StateFigure):
        view = replace(view, followed=figure.followed)
    if isinstance(figure, GatesFigure):
        return replace(view, unit=figure.unit + figure.direction * run.spec.hidden_size)
    return replace(view, unit=figure.unit) if figure.SHOW in _AIMED else view


def stand(figure: Figure | None, view: View, run: Run) -> None:
    """Put a figure's cursor where it was in another, as far as it has that place."""
    if not isinstance(figure, Player):
        return
    figure.read_to(view.position, len(run.tokens))
    unit = min(view.unit, run.hidden.shape[1] - 1)
    if isinstance(figure, GatesFigure):
        figure.direction, figure.unit = divmod(unit, run.spec.hidden_size)
    elif figure.SHOW in _AIMED:
        figure.unit = unit
    if isinstance(figure, StateFigure) and view.followed in figure.followable:
        figure.follow(view.followed)
