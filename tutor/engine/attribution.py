"""Which inputs mattered for a score: its gradient by each input (Simonyan et al. 2014), and the check by deletion.

The two need not agree: a gradient says what a small change of an input would do, and deletion what the whole input
does, at the price of a pass for each. Of a linear network they are the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tutor.engine.checks import Array
from tutor.engine.model import Run
from tutor.engine.trace import frozen


@dataclass(frozen=True, eq=False)
class Attribution:
    """What each input did for one score. Arrays are read-only."""

    score: float
    """The logit itself."""
    gradient: Array
    """(T, D): ∂logit/∂x_t, 0 for inputs that it has not seen."""
    products: Array
    """(T,): x_t · ∂logit/∂x_t, what the input adds to the score as far as the network is linear."""
    norms: Array
    """(T,): ‖∂logit/∂x_t‖, how much the score moves with the input, whichever way."""


def attribute(run: Run, label: str, t: int = -1) -> Attribution:
    """∂logit/∂x_t of a label's score at a step, for each input at once.

    What was set by hand in the run is a constant: an input has no part in the score by way of it.

    Args:
        run: of a model with a head, whose weights have not changed since.
        label: one of the model's.
        t: the step whose score it is; the last by default. Where both directions classify the whole there is one alone.

    Raises:
        ValueError: by the argument's name.
    """
    at, step, logits = _asked(run, label, t)
    net, head = run.model.net, run.model.head
    assert head is not None
    by_state = head.weight[at : at + 1]
    if len(logits) < len(run.tokens):
        gradient = net.backward(run.trace, None, run.trace.d_h_n(by_state)).x[:, 0]
    else:
        d_output = np.zeros_like(run.trace.output)
        d_output[step] = by_state
        gradient = net.backward(run.trace, d_output).x[:, 0]
    wide = gradient.astype(np.float64)
    return Attribution(
        float(logits[step, at]),
        gradient,
        frozen((wide * run.x).sum(axis=1)),
        frozen(np.sqrt((wide * wide).sum(axis=1))),
    )


def deletion(run: Run, label: str, t: int = -1) -> Array:
    """(T,): by how much the score falls when an input is taken away, its vector 0 in its place; one pass for each.

    No step moves, so what was set by hand in the run is set in each pass, at the same step.

    Raises:
        ValueError: as `attribute`.
    """
    at, step, logits = _asked(run, label, t)
    model, T = run.model, len(run.tokens)
    # All deletions are one batch: sequence b is the run without its b-th input.
    x = np.repeat(run.x[:, None], T, axis=1)
    x[np.arange(T), np.arange(T)] = 0.0
    first = np.stack([r.h[-1 if r.reverse else 0] for records in run.trace.records for r in records])
    trace = model.net.forward(x, model.state(np.repeat(first, T, axis=1), T), cuts=run.trace.cuts)
    whole = len(logits) < T
    h = trace.final if whole else trace.output[step]
    assert model.head is not None
    return frozen(float(logits[step, at]) - model.head.scores(h)[:, at].astype(np.float64))


def _asked(run: Run, label: str, t: int) -> tuple[int, int, Array]:
    """The label's index, the step, and the scores."""
    if run.logits is None:
        raise ValueError("run: got one of a model without a head, expected one that scores labels")
    if label not in run.model.labels:
        raise ValueError(f"label: got {label!r}, expected one of the model's {len(run.model.labels)}")
    steps = len(run.logits)
    if not -steps <= t < steps:
        raise ValueError(f"t: got {t}, expected 0 … {steps - 1}")
    top = f"_l{run.spec.num_layers - 1}"
    now = run.model.net.state_dict()
    if any(not np.array_equal(weights, now[name + top]) for name, weights in run.weights.items()):
        raise ValueError("run: got one from before its model learned on, expected one of the model as it is")
    return run.model.labels.index(label), t % steps, run.logits
