"""How a gradient travels through time: ∂h_T/∂h_t as the product of the steps' Jacobians, for every t.

∂h_T/∂h_t = ∂h_T/∂h_{T-1} · … · ∂h_{t+1}/∂h_t            (Bengio, Simard & Frasconi 1994; Pascanu et al. 2013)

The product is carried from the last step back, in float64. Whenever it grows or shrinks far it is rescaled by a power
of two, which costs no digit, and the exponent is kept beside it: 10,000 factors below 1 give a number, and not 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tutor.engine.cells import Array, Weights
from tutor.engine.recurrent import Recurrent
from tutor.engine.trace import Trace, frozen

_FAR = 2.0**200


@dataclass(frozen=True)
class Flow:
    """‖∂h_T/∂h_t‖ of the last layer, indexed by t = 0 … T; 0 is the initial state.

    A norm that a float64 cannot hold is 0 or inf in `norms`, and finite in `log10_norms`.
    """

    norms: Array
    """(T + 1,) Frobenius norms."""
    log10_norms: Array
    """(T + 1,) their log10; −inf only where the product is exactly 0."""
    state_norms: Array
    """(T + 1,) the same of the whole state, (h, c) for the LSTM; else equal to `norms`."""
    spectral_norms: Array
    """(T + 1,) largest singular values."""
    log10_spectral_norms: Array
    """(T + 1,) their log10."""
    singular_values: Mapping[int, Array]
    """{t: (H,)} for the steps asked for, largest first."""
    log10_singular_values: Mapping[int, Array]
    """{t: (H,)} their log10."""


def gradient_flow(net: Recurrent, trace: Trace, at: Sequence[int] = ()) -> Flow:
    """Multiply the Jacobians of a recorded sequence.

    For the LSTM the whole state is carried and the h block is measured: the path through c is counted in. A
    bidirectional network is measured along its forward direction.

    Args:
        net: the network that made the trace.
        trace: of a batch of 1.
        at: the steps, 0 … T, whose singular values are wanted.

    Raises:
        ValueError: a batch other than 1, or a step outside 0 … T.
    """
    T, B, _ = trace.output.shape
    if B != 1:
        raise ValueError(f"trace: got a batch of {B}, expected 1")
    for t in at:
        if not 0 <= t <= T:
            raise ValueError(f"at: got {t}, expected steps from 0 to {T}")
    record = trace.records[-1][0]
    H = record.h.shape[2]
    given = net._weights(f"l{net.num_layers - 1}")
    w = Weights(*(array.astype(np.float64) for array in given))
    h, kept = record.h.astype(np.float64), record.kept.astype(np.float64)
    c = None if record.c is None else record.c.astype(np.float64)
    # Rows are what is differentiated, (h_T, c_T); columns what by: the cell's own backward step, on many rows at once.
    rows = H if c is None else 2 * H
    d_h: Array = np.eye(rows, H)
    d_c: Array | None = None if c is None else np.eye(rows, H, -H)
    exponents = np.zeros(T + 1, np.int64)
    scaled = np.empty((T + 1, H, H))
    frobenius, whole = np.empty(T + 1), np.empty(T + 1)
    exponent = 0
    for t in range(T, -1, -1):
        if t < T:
            now, before = t + 1, t
            _, _, d_h, d_c = net._cell.back(
                d_h,
                d_c,
                h[before],
                None if c is None else c[before],
                w,
                h[now],
                None if c is None else c[now],
                kept[t],
            )
            d_h, d_c, shift = _rescaled(d_h, d_c)
            exponent += shift
        exponents[t] = exponent
        scaled[t] = d_h[:H]
        frobenius[t] = np.linalg.norm(d_h[:H])
        whole[t] = frobenius[t] if d_c is None else np.hypot(np.linalg.norm(d_h), np.linalg.norm(d_c))
    singular = np.linalg.svd(scaled, compute_uv=False)  # (T + 1, H)
    spectral = singular[:, 0]
    wanted = {int(t): singular[t] for t in at}
    return Flow(
        norms=_number(frobenius, exponents),
        log10_norms=_log10(frobenius, exponents),
        state_norms=_number(whole, exponents),
        spectral_norms=_number(spectral, exponents),
        log10_spectral_norms=_log10(spectral, exponents),
        singular_values={t: _number(values, exponents[t]) for t, values in wanted.items()},
        log10_singular_values={t: _log10(values, exponents[t]) for t, values in wanted.items()},
    )


def _rescaled(d_h: Array, d_c: Array | None) -> tuple[Array, Array | None, int]:
    """The product with its largest entry near 1, and the power of two that was taken out; rarely, for it costs."""
    largest = float(np.abs(d_h).max())
    if d_c is not None:
        largest = max(largest, float(np.abs(d_c).max()))
    if largest == 0.0 or 1.0 / _FAR < largest < _FAR:
        return d_h, d_c, 0
    shift = int(np.frexp(largest)[1])
    return np.ldexp(d_h, -shift), None if d_c is None else np.ldexp(d_c, -shift), shift


def _number(values: Array, exponents: Any) -> Array:
    with np.errstate(over="ignore", under="ignore"):
        # ldexp takes a C int: what lies beyond ±5,000 is 0 or inf all the same.
        return frozen(np.ldexp(values, np.clip(exponents, -5000, 5000).astype(np.int32)))


def _log10(values: Array, exponents: Any) -> Array:
    with np.errstate(divide="ignore"):
        logs: npt.NDArray[np.float64] = np.log10(values) + exponents * np.log10(2.0)
    return frozen(logs)


def decay(
    cell: str,
    *,
    steps: int,
    hidden_size: int = 16,
    radius: float = 0.9,
    activation: str = "tanh",
    seed: int = 0,
) -> Flow:
    """The flow through an untrained network whose every block of W_hh is `radius` × orthogonal.

    Biases are zero, h_0 is zero, and the inputs are drawn from N(0, 1). In a linear RNN every singular value of
    ∂h_T/∂h_t is then radius^(T−t).

    Args:
        cell: "rnn", "gru" or "lstm".
        steps: T.
        hidden_size: H, and the size of the inputs.
        radius: ρ.
        activation: the RNN's nonlinearity; only "tanh" for the others.
        seed: draws weights and inputs.

    Raises:
        ValueError: by the argument's name.
    """
    if isinstance(steps, bool) or not isinstance(steps, int) or steps < 1:
        raise ValueError(f"steps: got {steps!r}, expected a whole number of at least 1")
    if activation != "tanh" and cell != "rnn":
        raise ValueError(f"activation: got {activation!r}, expected 'tanh': only the RNN has others")
    net = Recurrent(
        cell,
        hidden_size,
        hidden_size,
        nonlinearity=activation,
        init="orthogonal",
        radius=radius,
        dtype=np.float64,
        seed=seed,
    )
    x = np.random.default_rng([seed, 1]).standard_normal((steps, 1, hidden_size))
    # A linear cell does not look at its state: its Jacobian is W_hh. Reading zeros keeps an exploding h finite.
    if activation in ("identity",):
        x[:] = 0.0
    with np.errstate(over="ignore", invalid="ignore"):
        trace = net.forward(x)
    return gradient_flow(net, trace)
