"""How a gradient travels through time: ∂h_T/∂h_t as the product of the steps' Jacobians, for every t.

∂h_T/∂h_t = ∂h_T/∂h_{T-1} · … · ∂h_{t+1}/∂h_t            (Bengio, Simard & Frasconi 1994; Pascanu et al. 2013)

The product is carried from the last step back, in float64. Whenever it grows or shrinks far it is rescaled by a
power of two, which costs no digit, and the exponent is kept beside it: 10,000 factors below 1 give a number, and
not 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from tutor.engine.cells import Array, Cell, Maybe, Weights
from tutor.engine.recurrent import NONLINEARITIES, Recurrent
from tutor.engine.trace import Record, Trace, frozen

_FAR = 2.0**200


class _Product(NamedTuple):
    """∂(h_T, c_T)/∂(h_t, c_t) = (d_h, d_c) × 2^exponent, with a row for each unit of (h_T, c_T)."""

    t: int
    d_h: Array
    """(H, H), or (2H, H) for the LSTM: by h_t."""
    d_c: Maybe
    """(2H, H): by c_t."""
    exponent: int


@dataclass(frozen=True, eq=False)
class _Walk:
    """What the products are made of: one sequence as it was recorded, in float64, owned."""

    cell: Cell
    w: Weights
    h: Array
    """(T + 1, 1, H)"""
    c: Maybe
    kept: Array
    """(T, 1, n·H)"""
    end: int
    """Steps in the sequence; beyond it the state is only kept."""

    def back(self) -> Iterator[_Product]:
        """Each product, from t = T, where it is the identity, to t = 0."""
        T, _, H = (self.h.shape[0] - 1, *self.h.shape[1:])
        rows = H if self.c is None else 2 * H
        d_h: Array = np.eye(rows, H)
        d_c: Maybe = None if self.c is None else np.eye(rows, H, -H)
        exponent = 0
        for t in range(T, -1, -1):
            if t < self.end:
                c_, c = (None, None) if self.c is None else (self.c[t], self.c[t + 1])
                # The cell's own backward step, on many rows at once.
                _, _, d_h, d_c = self.cell.back(d_h, d_c, self.h[t], c_, self.w, self.h[t + 1], c, self.kept[t])
                d_h, d_c, shift = _rescaled(d_h, d_c)
                exponent += shift
            yield _Product(t, d_h, d_c, exponent)


@dataclass(frozen=True, eq=False)
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
    log10_state_norms: Array
    """(T + 1,) their log10."""
    singular_values: Mapping[int, Array]
    """{t: (H,)} for the steps asked for, largest first."""
    log10_singular_values: Mapping[int, Array]
    """{t: (H,)} their log10."""
    _walk: _Walk = field(repr=False)

    @cached_property
    def _spectral(self) -> tuple[Array, npt.NDArray[np.int64]]:
        """Largest singular values and their exponents: a second walk, for who asks, as they cost the most."""
        T = len(self.norms) - 1
        values, exponents = np.empty(T + 1), np.empty(T + 1, np.int64)
        for t, d_h, _, exponent in self._walk.back():
            values[t], exponents[t] = _singular(d_h)[0], exponent
        return values, exponents

    @cached_property
    def spectral_norms(self) -> Array:
        """(T + 1,) largest singular values."""
        return _number(*self._spectral)

    @cached_property
    def log10_spectral_norms(self) -> Array:
        """(T + 1,) their log10."""
        return _log10(*self._spectral)


def gradient_flow(net: Recurrent, trace: Trace, at: Sequence[int] = ()) -> Flow:
    """Multiply the Jacobians of a recorded sequence.

    For the LSTM the whole state is carried and the h block is measured: the path through c is counted in. A
    bidirectional network is measured along its forward direction.

    Args:
        net: the network that made the trace, with the weights that it had then.
        trace: of a batch of 1.
        at: the steps, 0 … T, whose singular values are wanted.

    Raises:
        ValueError: a batch other than 1, another network's trace, a step outside 0 … T, or a state that overflowed.
    """
    net.check(trace)
    T, B, _ = trace.output.shape
    if B != 1:
        raise ValueError(f"trace: got a batch of {B}, expected 1")
    for t in at:
        if isinstance(t, bool) or not isinstance(t, int | np.integer) or not 0 <= t <= T:
            raise ValueError(f"at: got {t!r}, expected steps from 0 to {T}")
    record = trace.records[-1][0]
    if not np.isfinite(record.h).all() or (record.c is not None and not np.isfinite(record.c).all()):
        raise ValueError("trace: got a state that overflowed, expected finite numbers")
    walk = _Walk(
        net._cell,
        Weights(*(array.astype(np.float64) for array in net._weights(f"l{net.num_layers - 1}"))),
        record.h.astype(np.float64),
        None if record.c is None else record.c.astype(np.float64),
        record.kept.astype(np.float64),
        T if trace.lengths is None else int(trace.lengths[0]),
    )
    return _measured(walk, frozenset(int(t) for t in at))


def _measured(walk: _Walk, at: frozenset[int]) -> Flow:
    T, _, H = (walk.h.shape[0] - 1, *walk.h.shape[1:])
    exponents = np.empty(T + 1, np.int64)
    norms, whole = np.empty(T + 1), np.empty(T + 1)
    singular: dict[int, tuple[Array, int]] = {}
    for t, d_h, d_c, exponent in walk.back():
        exponents[t] = exponent
        norms[t] = np.linalg.norm(d_h[:H])
        whole[t] = norms[t] if d_c is None else np.hypot(np.linalg.norm(d_h), np.linalg.norm(d_c))
        if t in at:
            singular[t] = _singular(d_h), exponent
    return Flow(
        norms=_number(norms, exponents),
        log10_norms=_log10(norms, exponents),
        state_norms=_number(whole, exponents),
        log10_state_norms=_log10(whole, exponents),
        singular_values={t: _number(*singular[t]) for t in sorted(singular)},
        log10_singular_values={t: _log10(*singular[t]) for t in sorted(singular)},
        _walk=walk,
    )


def _singular(d_h: Array) -> Array:
    """Singular values of the h block, (H,)."""
    values: Array = np.linalg.svd(d_h[: d_h.shape[1]], compute_uv=False)
    return values


def _rescaled(d_h: Array, d_c: Maybe) -> tuple[Array, Maybe, int]:
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
    for name, value in (("steps", steps), ("hidden_size", hidden_size)):
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
            raise ValueError(f"{name}: got {value!r}, expected a whole number of at least 1")
    if activation not in NONLINEARITIES:
        raise ValueError(f"activation: got {activation!r}, expected one of {', '.join(map(repr, NONLINEARITIES))}")
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
    return gradient_flow(net, net.forward(x) if activation == "tanh" else _scaled(net, x))


def _scaled(net: Recurrent, x: Array) -> Trace:
    """A trace of a relu or linear RNN without biases, whose states are brought back to size at every step.

    s·h_t = φ(W_ih (s·x_t) + W_hh (s·h_{t−1})) for any s > 0, and no Jacobian changes with s. An exploding state
    stays finite so, and the relu's units are on and off as they are in truth.
    """
    T, _, H = x.shape
    h = np.zeros((T + 1, 1, H))
    scale = 1.0
    for t in range(T):
        now = net.forward(x[t : t + 1] * scale, h[t][None]).h_n[0]
        power = max(int(np.frexp(np.abs(now).max())[1]), 0)
        h[t + 1] = np.ldexp(now, -power)
        scale = float(np.ldexp(scale, -power))
    record = Record(x, frozen(h), None, np.zeros((T, 1, 0)), reverse=False)
    return Trace(record.h[1:], record.h[-1:], None, None, ((record,),), ())
