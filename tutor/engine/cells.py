"""The cells: for each, its steps beside its backward step, in the letters of its equation.

A cell owns no weights and keeps nothing of what it has seen. It is handed arrays whose first axis is time, in the
order in which the steps are taken, and fills them; whether that is x's order or the reverse is not its business.
`CELLS` is the registry: the gate panel, the menus, the lesson loader and the gradient checks iterate it, so a new cell
is one class and one line.

Shapes: S steps, B batch, H hidden_size, D input_size, G the number of stacked blocks of a weight matrix, in PyTorch's
order. Products want a row for each sequence, (B, G·H); everything else wants a gate's numbers side by side, (G, B, H),
where one call does as much as four. With one sequence the two are the same, and B is dropped.

What a step costs is its number of NumPy calls, about 0.25 µs each, so the equations are turned to need few:
σ(a) = 1 / (1 + e⁻ᵃ) is not taken but divided by, 1 + e⁻ᵃ being at hand, and is worked out for all steps when they are
over; its minus comes for nothing, by subtracting from −W_ih x − b instead of adding to W_ih x + b. The views that a
step works on cost as much as a call, so they are made once, over the memory of a few steps that is used again and
again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, NamedTuple

import numpy as np
from numpy import add, divide, exp, multiply, subtract, tanh

from tutor.engine.checks import Array

Maybe = Array | None
"""What belongs to c, or to biases: an array, or None where there is none."""


class Gate(NamedTuple):
    """A value that a cell computes on its way: its letter, its range, and what it is called."""

    name: str
    range: tuple[float, float]
    label: str


class Weights(NamedTuple):
    """One layer's weights in one direction, as PyTorch names and stacks them."""

    ih: Array
    """W_ih: (G·H, D)."""
    hh: Array
    """W_hh: (G·H, H)."""
    b_ih: Maybe
    """(G·H,)"""
    b_hh: Maybe
    """(G·H,)"""

    def bias(self, out: Array, known: int | None = None) -> None:
        """b_ih + b_hh, of b_hh the first `known` alone; 0 where there are none."""
        if self.b_ih is None or self.b_hh is None:
            out[:] = 0.0
        else:
            out[:] = self.b_ih
            out[:known] += self.b_hh[:known]


class Past(NamedTuple):
    """What was recorded of some steps, each with what it found."""

    h_: Array
    """h₋: (S, B, H)."""
    h: Array
    """(S, B, H)"""
    c_: Maybe
    """c₋: (S, B, H), of the LSTM."""
    kept: Array
    """(S, n, B, H): a block for each of the cell's letters in `kept`."""


class Forward(NamedTuple):
    """How a cell goes forward, again and again in the same memory; for one pass at a time."""

    prepare: Callable[[], None]
    """Before a pass: look at the weights of now."""
    run: Callable[[Array, Array, Maybe, Array], None]
    """Take some steps: from x (S, B, D), h[0] and c[0] fill h[1:], c[1:], (S + 1, B, H) each, and kept (S, n, B, H)."""


class Backward(NamedTuple):
    """How a cell goes back."""

    step: Callable[..., None]
    """From d = dL/dh_t, dc = dL/dc_t and what it takes: fill da_t and du_t, and put those before into dh and dc."""
    taken: tuple[Array, ...]
    """What `step` takes of each step of time after (d, dh, dc)."""
    du: Array
    """dL/d(W_hh h₋ + b_hh), (S, B, G·H): the very da where the two are one."""
    shared: slice
    """Columns of da that are du's, and are found there alone."""


_ONES = {np.dtype(kind): np.ones((), kind) for kind in (np.float32, np.float64)}
"""1 as an array: a Python number costs a ufunc twice the time."""


def rows(array: Array) -> Array:
    """Time-major blocks with B dropped where it is 1: (S, n, 1, H) → (S, n·H), and (S, 1, H) → (S, H)."""
    return array.reshape(len(array), -1) if array.shape[-2] == 1 else array


def _product(w: Array, B: int) -> tuple[Callable[[Array, Array], object], Array, Array, Callable[[], None]]:
    """How W h is taken for each sequence: mix(h₋, u), u's memory, u seen as (G, B, H), and what to do before a pass."""
    if B == 1:
        u: Array = np.empty(len(w), w.dtype)
        return w.dot, u, u, lambda: None
    across = np.empty(w.shape[::-1], w.dtype)
    u = np.empty((B, len(w)), w.dtype)
    blocks = u.reshape(B, -1, w.shape[1]).transpose(1, 0, 2)
    return (lambda h, out: h.dot(across, out)), u, blocks, lambda: np.copyto(across, w.T)


def _product_back(w: Array, B: int) -> Callable[[Array, Array], object]:
    """How Wᵀ d is taken for each sequence: mix(d, out)."""
    return w.T.dot if B == 1 else lambda d, out: d.dot(w, out)


def _project(x: Array, w: Array, bias: Array, out: Array) -> Array:
    """W x + b of all steps in one product: (S, B, D) → the first S·B rows of `out`."""
    S, B, D = x.shape
    a = out[: S * B]
    np.dot(x.reshape(S * B, D), w.T, a)
    add(a, bias, a)
    return a


def _blocks(a: Array, B: int, H: int) -> Array:
    """(S·B, G·H) as the steps read it: (S, G, B, H), or (S, G·H) where B is 1."""
    return a if B == 1 else a.reshape(-1, B, a.shape[1] // H, H).transpose(0, 2, 1, 3)


class RNN:
    """The plain recurrent cell (Elman 1990; torch.nn.RNN).

    h = φ(W_ih x + b_ih + W_hh h₋ + b_hh)                 φ = tanh, relu or the identity
    """

    gates: ClassVar[tuple[Gate, ...]] = ()
    states: ClassVar = ("h",)
    blocks: ClassVar = ("h",)
    """The stacked blocks of a weight matrix."""
    kept: ClassVar = ()
    """Recorded beside the states: the gates by their letters, and what else a backward step needs."""

    def __init__(self, *, nonlinearity: str = "tanh", **_: object) -> None:
        self.nonlinearity = nonlinearity

    def forward(self, w: Weights, S: int, B: int) -> Forward:
        """A function that takes up to S steps of B sequences, over and over in the same memory."""
        H = w.hh.shape[1]
        a: Array = np.empty((S * B, H), w.hh.dtype)
        states: Array = np.empty((S + 1, B, H), w.hh.dtype)
        mix, _, _, turn = _product(w.hh, B)
        first, *after = rows(states)
        steps = list(zip(rows(a.reshape(S, B, H)), after, strict=True))
        bias = np.empty(H, a.dtype)
        nonlinearity = self.nonlinearity
        zero = np.zeros((), a.dtype)

        def prepare() -> None:
            turn()
            w.bias(bias)

        def run(x: Array, h: Array, c: Maybe, kept: Array) -> None:
            _project(x, w.ih, bias, a)
            states[0] = h[0]
            h_ = first
            if nonlinearity == "tanh":
                for a_t, h_t in steps[: len(x)]:
                    mix(h_, h_t)
                    add(h_t, a_t, h_t)
                    tanh(h_t, h_t)
                    h_ = h_t
            else:
                for a_t, h_t in steps[: len(x)]:
                    mix(h_, h_t)
                    add(h_t, a_t, h_t)
                    if nonlinearity == "relu":
                        np.maximum(h_t, zero, out=h_t)
                    h_ = h_t
            h[1:] = states[1 : len(h)]

        return Forward(prepare, run)

    def factors(self, past: Past) -> tuple[Array, ...]:
        """φ′ at every step, (S, B, H): what a backward step multiplies by."""
        h = past.h
        if self.nonlinearity == "tanh":
            slope = multiply(h, h)
            return (subtract(_ONES[h.dtype], slope, slope),)
        return ((h > 0).astype(h.dtype) if self.nonlinearity == "relu" else np.ones_like(h),)

    def backward(self, w: Weights, factors: tuple[Array, ...], da: Array) -> Backward:
        """The backward step.

        Args:
            w: the weights.
            factors: what `factors` gave; of one sequence it serves any number of gradients.
            da: dL/d(W_ih x + b_ih), (S, B, G·H), to be filled.
        """
        mix = _product_back(w.hh, da.shape[1])

        def step(d: Array, dh: Array, dc: Array, slope: Array, da: Array) -> None:
            multiply(d, slope, da)
            mix(da, dh)

        return Backward(step, (rows(factors[0]), rows(da)), da, slice(0))

    def gradients(self, du: Array, past: Past, out: Array) -> None:
        """dL/dW_hh, (G·H, H), from du (S·B, G·H)."""
        np.dot(du.T, past.h_.reshape(len(du), -1), out)


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
    kept: ClassVar = ("r", "z", "n", "scaled")
    """scaled: what the reset gate scales, W_hn h₋ + b_hn, when it comes after; what it has scaled, r ⊙ h₋, before."""

    def __init__(self, *, reset: str = "after", **_: object) -> None:
        self.reset = reset

    def forward(self, w: Weights, S: int, B: int) -> Forward:
        """A function that takes up to S steps of B sequences, over and over in the same memory."""
        H = w.hh.shape[1]
        after = self.reset == "after"
        a: Array = np.empty((S * B, 3 * H), w.hh.dtype)
        a_n: Array = np.empty((S, B, H), a.dtype)
        gates: Array = np.empty((S, 4, B, H), a.dtype)  # 1/r, 1/z, −scaled (scaled where the reset comes before), n
        states: Array = np.empty((S + 1, B, H), a.dtype)
        first, *later = rows(states)
        found = rows(gates[:, :3] if after else gates[:, :2])
        parts = (found, *(rows(gates[:, at]) for at in (slice(2), 0, 1, 2, 3)))
        read = a if after else a[:, : 2 * H]
        steps = list(zip(_blocks(read, B, H), rows(a_n), *parts, later, strict=True))
        mix, u, blocks, turn = _product(w.hh if after else w.hh[: 2 * H], B)
        mix_n, u_n, _, turn_n = _product(w.hh[2 * H :], B)
        one = _ONES[a.dtype]
        bias = np.empty(3 * H, a.dtype)
        b_hn = 0.0 if w.b_hh is None else w.b_hh[2 * H :]

        def prepare() -> None:
            turn()
            turn_n()
            # b_hn is scaled where the reset comes after, and no part of a_n then.
            w.bias(bias, 2 * H if after else None)

        def run(x: Array, h: Array, c: Maybe, kept: Array) -> None:
            S = len(x)
            projected = _project(x, w.ih, bias, a)
            a_n[:S] = projected[:, 2 * H :].reshape(S, B, H)
            projected[:, 2 * H :] = b_hn
            np.negative(projected, projected)
            states[0] = h[0]
            h_ = first
            if after:
                for a_t, a_n_t, found_t, rz_t, r_t, z_t, scaled_t, n_t, h_t in steps[:S]:
                    mix(h_, u)
                    subtract(a_t, blocks, found_t)  # −(a_r + W_hr h₋), −(a_z + W_hz h₋), −(W_hn h₋ + b_hn)
                    exp(rz_t, rz_t)
                    add(rz_t, one, rz_t)
                    divide(scaled_t, r_t, n_t)
                    subtract(a_n_t, n_t, n_t)
                    tanh(n_t, n_t)
                    subtract(h_, n_t, h_t)  # h = n + z ⊙ (h₋ − n)
                    divide(h_t, z_t, h_t)
                    add(h_t, n_t, h_t)
                    h_ = h_t
                np.negative(gates[:S, 2], kept[:, 3])
            else:
                for a_t, a_n_t, found_t, rz_t, r_t, z_t, scaled_t, n_t, h_t in steps[:S]:
                    mix(h_, u)
                    subtract(a_t, blocks, found_t)
                    exp(rz_t, rz_t)
                    add(rz_t, one, rz_t)
                    divide(h_, r_t, scaled_t)
                    mix_n(scaled_t, u_n)
                    add(a_n_t, u_n, n_t)
                    tanh(n_t, n_t)
                    subtract(h_, n_t, h_t)
                    divide(h_t, z_t, h_t)
                    add(h_t, n_t, h_t)
                    h_ = h_t
                kept[:, 3] = gates[:S, 2]
            np.reciprocal(gates[:S, :2], kept[:, :2])
            kept[:, 2] = gates[:S, 3]
            h[1:] = states[1 : S + 1]

        return Forward(prepare, run)

    def factors(self, past: Past) -> tuple[Array, ...]:
        """What a backward step multiplies by, (S, B, H) each: d to a_z, d to a_n, what reaches r to a_r; r; z."""
        r, z, n, scaled = past.kept.swapaxes(0, 1)
        h_ = past.h_
        one = _ONES[n.dtype]
        to_n = multiply(n, n)
        subtract(one, to_n, to_n)
        to_r = subtract(one, r)
        multiply(to_r, scaled, to_r)  # (1 − r) r h₋ where the reset comes before
        if self.reset == "after":
            multiply(to_r, r, to_r)
        to_z = subtract(one, z)
        multiply(to_n, to_z, to_n)
        multiply(to_z, z, to_z)
        multiply(to_z, subtract(h_, n), to_z)
        return to_z, to_n, to_r, r, z

    def backward(self, w: Weights, factors: tuple[Array, ...], da: Array) -> Backward:
        """The backward step; see `RNN.backward`."""
        _, B, width = da.shape
        H = width // 3
        kept: Array = np.empty((B, H), da.dtype)
        if self.reset == "before":
            return self._backward_before(w, factors, da, kept)
        mix = _product_back(w.hh, B)
        du: Array = np.empty_like(da)
        if B == 1:
            kept = kept[0]

        def step(
            d: Array, dh: Array, dc: Array, to_z: Array, to_n: Array, to_r: Array, r: Array, z: Array,
            dn: Array, du: Array, du_r: Array, du_z: Array, du_n: Array,
        ) -> None:  # fmt: skip
            multiply(d, to_z, du_z)
            multiply(d, to_n, dn)
            multiply(dn, to_r, du_r)
            multiply(dn, r, du_n)
            multiply(d, z, kept)
            mix(du, dh)
            add(dh, kept, dh)

        parts = (da[:, :, 2 * H :], du, du[:, :, :H], du[:, :, H : 2 * H], du[:, :, 2 * H :])
        return Backward(step, (*map(rows, factors), *map(rows, parts)), du, slice(2 * H))

    def _backward_before(self, w: Weights, factors: tuple[Array, ...], da: Array, kept: Array) -> Backward:
        _, B, width = da.shape
        H = width // 3
        mix = _product_back(w.hh[: 2 * H], B)
        mix_n = _product_back(w.hh[2 * H :], B)
        drh: Array = np.empty_like(kept)
        if B == 1:
            kept, drh = kept[0], drh[0]

        def step(
            d: Array, dh: Array, dc: Array, to_z: Array, to_n: Array, to_r: Array, r: Array, z: Array,
            da_rz: Array, da_r: Array, da_z: Array, da_n: Array,
        ) -> None:  # fmt: skip
            multiply(d, to_z, da_z)
            multiply(d, to_n, da_n)
            mix_n(da_n, drh)  # through W_hn to r ⊙ h₋
            multiply(drh, to_r, da_r)
            multiply(d, z, kept)
            multiply(drh, r, drh)
            add(kept, drh, kept)
            mix(da_rz, dh)
            add(dh, kept, dh)

        parts = (da[:, :, : 2 * H], da[:, :, :H], da[:, :, H : 2 * H], da[:, :, 2 * H :])
        return Backward(step, (*map(rows, factors), *map(rows, parts)), da, slice(0))

    def gradients(self, du: Array, past: Past, out: Array) -> None:
        """dL/dW_hh, (3H, H), from du (S·B, 3H)."""
        H = out.shape[1]
        np.dot(du.T, past.h_.reshape(-1, H), out)
        if self.reset == "before":
            np.dot(du[:, 2 * H :].T, past.kept[:, 3].reshape(-1, H), out[2 * H :])


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

    def forward(self, w: Weights, S: int, B: int) -> Forward:
        """A function that takes up to S steps of B sequences, over and over in the same memory."""
        H = w.hh.shape[1]
        a: Array = np.empty((S * B, 4 * H), w.hh.dtype)
        gates: Array = np.empty((S, 4, B, H), a.dtype)  # 1/i, 1/f, tanh(c), 1/o
        carried: Array = np.empty((S + 1, 2, B, H), a.dtype)  # −g of a step beside the c₋ that it finds
        states: Array = np.empty((S + 1, B, H), a.dtype)
        first, *later = rows(states)
        gc = carried[:-1]
        parts = (gates, gates[:, :2], gates[:, 2], gates[:, 3], gc, gc[:, 0], carried[1:, 1])
        steps = list(zip(_blocks(a, B, H), *map(rows, parts), later, strict=True))
        mix, u, blocks, turn = _product(w.hh, B)
        v: Array = u if B == 1 else np.empty((4, B, H), a.dtype)
        both: Array = np.empty((2, B, H), a.dtype)
        v_g, let_in, held = v[2], both[0], both[1]
        if B == 1:
            v_g, let_in, held, both = u[2 * H : 3 * H], let_in[0], held[0], both.reshape(-1)
        one = _ONES[a.dtype]
        bias = np.empty(4 * H, a.dtype)

        def prepare() -> None:
            turn()
            w.bias(bias)

        def run(x: Array, h: Array, c: Maybe, kept: Array) -> None:
            assert c is not None
            S = len(x)
            projected = _project(x, w.ih, bias, a)
            np.negative(projected, projected)
            states[0] = h[0]
            carried[0, 1] = c[0]
            h_ = first
            for a_t, gates_t, if_t, tanh_c_t, o_t, gc_t, g_t, c_t, h_t in steps[:S]:
                mix(h_, u)
                subtract(a_t, blocks, v)
                tanh(v_g, g_t)
                exp(v, gates_t)
                add(gates_t, one, gates_t)  # in g's place stands what tanh(c) is written over
                divide(gc_t, if_t, both)
                subtract(held, let_in, c_t)
                tanh(c_t, tanh_c_t)
                divide(tanh_c_t, o_t, h_t)
                h_ = h_t
            np.reciprocal(gates[:S, :2], kept[:, :2])
            np.negative(carried[:S, 0], kept[:, 2])
            np.reciprocal(gates[:S, 3], kept[:, 3])
            kept[:, 4] = gates[:S, 2]
            c[1:] = carried[1 : S + 1, 1]
            h[1:] = states[1 : S + 1]

        return Forward(prepare, run)

    def factors(self, past: Past) -> tuple[Array, ...]:
        """What a backward step multiplies by: dh to dc, dc to (a_i, a_f, a_g), dh to a_o; and f."""
        assert past.c_ is not None
        gates = past.kept[:, :4]
        i, f, g, o, tanh_c = past.kept.swapaxes(0, 1)
        one = _ONES[gates.dtype]
        slopes = subtract(one, gates)
        multiply(slopes, gates, slopes)
        to_i, to_f, to_g, to_o = slopes.swapaxes(0, 1)
        multiply(to_i, g, to_i)
        multiply(to_f, past.c_, to_f)
        multiply(to_o, tanh_c, to_o)
        multiply(g, g, to_g)
        subtract(one, to_g, to_g)
        multiply(to_g, i, to_g)
        to_c = multiply(tanh_c, tanh_c)
        subtract(one, to_c, to_c)
        multiply(to_c, o, to_c)
        return to_c, slopes[:, :3], to_o, f

    def backward(self, w: Weights, factors: tuple[Array, ...], da: Array) -> Backward:
        """The backward step; see `RNN.backward`."""
        S, B, width = da.shape
        H = width // 4
        to_c, to_ifg, to_o, f = factors
        mix = _product_back(w.hh, B)
        through: Array = np.empty(H if B == 1 else (B, H), da.dtype)

        def step(
            d: Array, dh: Array, dc: Array, to_c: Array, to_ifg: Array, to_o: Array, f: Array,
            da: Array, da_ifg: Array, da_o: Array,
        ) -> None:  # fmt: skip
            multiply(d, to_c, through)
            add(dc, through, dc)
            multiply(dc, to_ifg, da_ifg)
            multiply(d, to_o, da_o)
            multiply(dc, f, dc)
            mix(da, dh)

        blocks = da.reshape(S, B, 4, H).transpose(0, 2, 1, 3)
        if B == 1:
            to_ifg, blocks = to_ifg[:, :, 0], blocks[:, :, 0]
        parts = (rows(da), blocks[:, :3], rows(da[:, :, 3 * H :]))
        return Backward(step, (rows(to_c), to_ifg, rows(to_o), rows(f), *parts), da, slice(0))

    def gradients(self, du: Array, past: Past, out: Array) -> None:
        """dL/dW_hh, (4H, H), from du (S·B, 4H)."""
        np.dot(du.T, past.h_.reshape(len(du), -1), out)


Cell = RNN | GRU | LSTM

CELLS: dict[str, type[RNN] | type[GRU] | type[LSTM]] = {"rnn": RNN, "gru": GRU, "lstm": LSTM}
"""Every cell by name."""
