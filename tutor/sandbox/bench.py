"""The bench: it runs experiments, and holds the networks that were put on it.

One run is what all instruments look at. What stands beside it to be compared is run with it: the second text, the same
without what was done by hand, or the other cells.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from tutor.engine import CELLS
from tutor.engine.gradient_flow import Flow, gradient_flow
from tutor.engine.model import Model, Run
from tutor.engine.surgery import between
from tutor.engine.trace import Trace
from tutor.i18n import _
from tutor.sandbox.experiment import Experiment

Beside = Literal["", "text", "plain", "cells"]
"""What stands beside the run: nothing, the second text, the run without anything done by hand, the other cells."""


@dataclass(frozen=True, eq=False)
class Reading:
    """What an experiment came to."""

    experiment: Experiment
    run: Run
    beside: tuple[tuple[str, Run], ...] = ()
    """What it is compared with, by name; the first is the run itself. Empty where nothing stands beside it."""
    kind: Beside = ""
    """What that is."""

    def flow(self, first: int, last: int) -> Flow:
        """How the state after `last` tokens depends on those before it, back to that after `first` of them."""
        return gradient_flow(self.run.model.net, self._stretch(first, last))

    def _stretch(self, first: int, last: int) -> Trace:
        """The steps after `first` up to `last`, as they ran: each direction from where it stood at that end."""
        run = self.run
        if (first, last) == (0, len(run.tokens)):
            return run.trace
        net = run.model.net
        every = [record for records in run.trace.records for record in records]
        h = np.stack([r.h[last if r.reverse else first] for r in every])
        cells = [r.c[last if r.reverse else first] for r in every if r.c is not None]
        cuts = between(run.trace.cuts, first, last)
        state = (h, np.stack(cells)) if cells else h
        return net.forward(run.x[first:last, None], state, cuts=cuts)


class Bench:
    """Runs experiments. What was built last stays built, so that another text costs a forward pass and no more."""

    def __init__(self, lend: Callable[[str], Model] | None = None) -> None:
        """
        Args:
            lend: gets a network that is not here by its name, however long that takes. ValueError: there is none.
        """
        self.sources: dict[str, Model] = {}
        """The networks that were put here, by the name that an experiment calls them by."""
        self._lend = lend
        self._built: tuple[object, Model] | None = None

    def put(self, name: str, model: Model) -> None:
        """Put a network on the bench, in place of one of that name."""
        self.sources[name] = model
        self._built = None

    def model(self, experiment: Experiment) -> Model:
        """The network that reads an experiment.

        Raises:
            ValueError: there is no such source, or a nudge of a weight that it does not have.
        """
        if experiment.source and experiment.source not in self.sources and self._lend is not None:
            self.put(experiment.source, self._lend(experiment.source))
        # Another may be put in its place from another thread meanwhile: what is built is known by the network itself.
        here = self.sources.get(experiment.source)
        key = (here if experiment.source else experiment.spec, experiment.nudges)
        built = self._built
        if built is None or built[0] != key:
            built = (key, experiment.model({} if here is None else {experiment.source: here}))
            self._built = built
        return built[1]

    def read(self, experiment: Experiment, beside: Beside = "") -> Reading:
        """Run an experiment, and what stands beside it.

        Raises:
            ValueError: in one line, why it cannot be run, or why nothing of that kind can stand beside it.
        """
        model = self.model(experiment)
        run = experiment.run(model)
        return Reading(experiment, run, self._beside(experiment, model, run, beside), beside)

    def _beside(self, experiment: Experiment, model: Model, run: Run, kind: Beside) -> tuple[tuple[str, Run], ...]:
        if kind == "text":
            if not experiment.beside:
                raise ValueError(_("There is no second text: b writes one."))
            other = experiment.run(model, beside=True)
            return (_said(run), run), (_said(other), other)
        if kind == "plain":
            if not experiment.changed:
                raise ValueError(_("Nothing was done by hand: h sets a value, or nudges a weight."))
            plain = replace(experiment, cuts=(), nudges=())
            other = plain.run(plain.model(self.sources))
            return (_("by hand"), run), (_("as it was"), other)
        if kind == "cells":
            if experiment.source:
                raise ValueError(_("This network keeps its cell. o puts an untrained one in its place."))
            others = [replace(experiment, cell=cell, cuts=(), nudges=()) for cell in CELLS if cell != experiment.cell]
            return ((experiment.cell.upper(), run), *((other.cell.upper(), other.run()) for other in others))
        return ()


def _said(run: Run) -> str:
    return " ".join(run.tokens[:32])
