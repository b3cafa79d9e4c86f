"""The cells: for each, its step beside its backward step, in the letters of its equation.

A cell owns no weights and no time. It is handed the buffers of one step and fills them. `CELLS` is the
registry: the gate panel, the menus, the lesson loader and the gradient checks iterate it, so a new cell is
one class and one line.

Shapes: B batch, H hidden_size, G the number of stacked blocks of a weight matrix, PyTorch's order.
"""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.floating[Any]]
Maybe = Array | None
"""What belongs to c: an array for the LSTM, None for the others."""


class Gate(NamedTuple):
    """A value that a cell computes on its way: its letter, its range, and what it is called."""

    name: str
    range: tuple[float, float]
    label: str


_ONE = np.ones((), np.float32)
"""1 as an array: a Python number costs a ufunc twice the time. In a float64 network it is the same number."""


def sigmoid(x: Array, out: Array) -> None:
    """σ(x) = 1 / (1 + e⁻ˣ), relatively exact in both tails; `out` may be `x`.

    The form ½(1 + tanh(x/2)) loses every digit below x = −37, where saturation is shown. Here e⁻ˣ may overflow,
    and σ is then the 0 that it should be; the caller's `np.errstate(over="ignore")`, once a pass, keeps it silent.
    """
    np.negative(x, out)
    np.exp(out, out)
    np.add(out, _ONE, out)
    np.reciprocal(out, out)


class RNN:
    """The plain recurrent cell (Elman 1990; torch.nn.RNN).

    h = φ(W_ih x + b_ih + W_hh h₋ + b_hh)                 φ = tanh, relu or the identity
    """

    gates: ClassVar[tuple[Gate, ...]] = ()
    states: ClassVar = ("h",)
    blocks: ClassVar = ("h",)
    """The stacked blocks of a weight matrix."""
    kept: ClassVar = ()
    """What is recorded beside h and c: the gates by letter, in the order of their columns."""

    def __init__(self, *, nonlinearity: str = "tanh", **_: object) -> None:
        self.nonlinearity = nonlinearity

    def step(self, a: Array, h_: Array, c_: Maybe, w: Weights, h: Array, c: Maybe, kept: Array) -> None:
        """Fill h from a = W_ih x + b_ih + b_hh (B, H) and h₋ (B, H)."""
        h_.dot(w.hh_t, h)
        np.add(h, a, h)
        if self.nonlinearity == "tanh":
            np.tanh(h, h)
        elif self.nonlinearity == "relu":
            np.maximum(h, 0.0, out=h)

    def back(
        self, dh: Array, dc: Maybe, h_: Array, c_: Maybe, w: Weights, h: Array, c: Maybe, kept: Array
    ) -> tuple[Array, Array, Array, Maybe]:
        """From dL/dh to dL/da (for x), dL/da (for h₋), dL/dh₋, dL/dc₋."""
        da: Array = dh
        if self.nonlinearity == "tanh":
            da = dh * (_ONE - h * h)
        elif self.nonlinearity == "relu":
            da = dh * (h > 0)
        return da, da, da.dot(w.hh), None


class GRU:
    """The gated recurrent unit (Cho et al. 2014; torch.nn.GRU with reset after the product).

    r = σ(W_ir x + b_ir + W_hr h₋ + b_hr)
    z = σ(W_iz x + b_iz + W_hz h₋ + b_hz)
    n = tanh(W_in x + b_in + r ⊙ (W_hn h₋ + b_hn))        reset="after"
    n = tanh(W_in x + b_in + W_hn (r ⊙ h₋) + b_hn)        reset="before"
    h = (1 − z) ⊙ n + z ⊙ h₋                              so z near 1 keeps the old state
    """

    gates: ClassVar = (
        Gate("r", (0.0, 1.0), "reset gate"),
        Gate("z", (0.0, 1.0), "update gate: 1 keeps the old state"),
        Gate("n", (-1.0, 1.0), "candidate"),
    )
    states: ClassVar = ("h",)
    blocks: ClassVar = ("r", "z", "n")
    kept: ClassVar = ("r", "z", "n", "q")
    """q = W_hn h₋ + b_hn, what the reset gate scales when it comes after."""

    def __init__(self, *, reset: str = "after", **_: object) -> None:
        self.reset = reset

    def step(self, a: Array, h_: Array, c_: Maybe, w: Weights, h: Array, c: Maybe, kept: Array) -> None:
        """Fill h and r, z, n, q from a (B, 3H); in it r and z have both their biases, n has b_in alone."""
        H = h.shape[1]
        r, z, n, q = (kept[:, i * H : (i + 1) * H] for i in range(4))
        rz = kept[:, : 2 * H]
        if self.reset == "after":
            u = h_.dot(w.hh_t)  # (B, 3H)
            s = u[:, : 2 * H] + a[:, : 2 * H]
            sigmoid(s, rz)
            np.add(u[:, 2 * H :], w.b_hn, q)
            np.multiply(r, q, n)
        else:
            s = h_.dot(w.hh_t[:, : 2 * H]) + a[:, : 2 * H]
            sigmoid(s, rz)
            np.add((r * h_).dot(w.hh_t[:, 2 * H :]), w.b_hn, q)
            np.copyto(n, q)
        np.add(n, a[:, 2 * H :], n)
        np.tanh(n, n)
        np.subtract(h_, n, h)  # h = n + z ⊙ (h₋ − n)
        np.multiply(h, z, h)
        np.add(h, n, h)

    def back(
        self, dh: Array, dc: Maybe, h_: Array, c_: Maybe, w: Weights, h: Array, c: Maybe, kept: Array
    ) -> tuple[Array, Array, Array, Maybe]:
        """From dL/dh to dL/da (for x), dL/da (for h₋), dL/dh₋, dL/dc₋."""
        H = h.shape[1]
        r, z, n, q = (kept[:, i * H : (i + 1) * H] for i in range(4))
        dx = np.empty((dh.shape[0], 3 * H), dh.dtype)
        dn = dx[:, 2 * H :]
        np.multiply(dh, (_ONE - z) * (_ONE - n * n), dn)
        np.multiply(dh, (h_ - n) * (z * (_ONE - z)), dx[:, H : 2 * H])
        if self.reset == "after":
            np.multiply(dn, q * (r * (_ONE - r)), dx[:, :H])
            du = dx.copy()
            np.multiply(dn, r, du[:, 2 * H :])
            return dx, du, dh * z + du.dot(w.hh), None
        drh = dn.dot(w.hh[2 * H :])  # through W_hn to r ⊙ h₋
        np.multiply(drh, h_ * (r * (_ONE - r)), dx[:, :H])
        return dx, dx, dh * z + drh * r + dx[:, : 2 * H].dot(w.hh[: 2 * H]), None


class LSTM:
    """Long short-term memory (Hochreiter & Schmidhuber 1997, with Gers' forget gate; torch.nn.LSTM).

    i = σ(…)   f = σ(…)   g = tanh(…)   o = σ(…)      each of W_i· x + b_i· + W_h· h₋ + b_h·
    c = f ⊙ c₋ + i ⊙ g
    h = o ⊙ tanh(c)
    """

    gates: ClassVar = (
        Gate("i", (0.0, 1.0), "input gate: 1 lets the candidate in"),
        Gate("f", (0.0, 1.0), "forget gate: 1 keeps the cell state"),
        Gate("g", (-1.0, 1.0), "candidate"),
        Gate("o", (0.0, 1.0), "output gate: 1 shows the cell state"),
    )
    states: ClassVar = ("h", "c")
    blocks: ClassVar = ("i", "f", "g", "o")
    kept: ClassVar = ("i", "f", "g", "o", "tanh_c")

    def __init__(self, **_: object) -> None:
        pass

    def step(self, a: Array, h_: Array, c_: Maybe, w: Weights, h: Array, c: Maybe, kept: Array) -> None:
        """Fill h, c and i, f, g, o, tanh(c) from a (B, 4H), with both biases, and the state before."""
        assert c is not None
        assert c_ is not None
        H = h.shape[1]
        i, f, g, o, tanh_c = (kept[:, k * H : (k + 1) * H] for k in range(5))
        u = h_.dot(w.hh_t)  # (B, 4H)
        np.add(u, a, u)
        np.tanh(u[:, 2 * H : 3 * H], g)
        sigmoid(u[:, : 2 * H], kept[:, : 2 * H])
        sigmoid(u[:, 3 * H :], o)
        np.multiply(f, c_, c)
        np.add(c, i * g, c)
        np.tanh(c, tanh_c)
        np.multiply(o, tanh_c, h)

    def back(
        self, dh: Array, dc: Maybe, h_: Array, c_: Maybe, w: Weights, h: Array, c: Maybe, kept: Array
    ) -> tuple[Array, Array, Array, Maybe]:
        """From dL/dh and dL/dc to dL/da (for x), dL/da (for h₋), dL/dh₋, dL/dc₋."""
        assert c_ is not None
        assert dc is not None
        H = h.shape[1]
        i, f, g, o, tanh_c = (kept[:, k * H : (k + 1) * H] for k in range(5))
        da = np.empty((dh.shape[0], 4 * H), dh.dtype)
        dc = dc + dh * (o * (_ONE - tanh_c * tanh_c))
        np.multiply(dc, g * (i * (_ONE - i)), da[:, :H])
        np.multiply(dc, c_ * (f * (_ONE - f)), da[:, H : 2 * H])
        np.multiply(dc, i * (_ONE - g * g), da[:, 2 * H : 3 * H])
        np.multiply(dh, tanh_c * (o * (_ONE - o)), da[:, 3 * H :])
        return da, da, da.dot(w.hh), dc * f


class Weights(NamedTuple):
    """One layer's recurrent weights in the layouts that a step and its backward step want."""

    hh: Array
    """W_hh: (G·H, H)."""
    hh_t: Array
    """W_hh transposed and contiguous: (H, G·H)."""
    b_hn: Array
    """The GRU's b_hn, (H,), which the reset gate scales; empty for the others."""


Cell = RNN | GRU | LSTM

CELLS: dict[str, type[RNN] | type[GRU] | type[LSTM]] = {"rnn": RNN, "gru": GRU, "lstm": LSTM}
"""Every cell by name."""
