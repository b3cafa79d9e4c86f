"""The cells: for each, its steps beside its backward step, in the letters of its equation.

A cell owns no weights and keeps nothing of what it has seen. It is handed arrays whose first axis is time, in the
order in which the steps are taken, and fills them; whether that is x's order or the reverse is not its business.
`CELLS` is the registry: the gate panel, the menus, the lesson loader and the gradient checks iterate it, so a new cell
is one class and one line.

The equations are turned to need few calls (`steps` says why): σ(a) = 1 / (1 + e⁻ᵃ) is not taken but divided by,
1 + e⁻ᵃ being at hand, and is worked out for all steps when they are over; its minus comes for nothing, by subtracting
from −W_ih x − b instead of adding to W_ih x + b.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy import add, divide, exp, multiply, subtract, tanh

from tutor.engine.checks import Array
from tutor.engine.memory import aligned
from tutor.engine.steps import (
    ONES,
    Backward,
    Forward,
    Maybe,
    Past,
    Step,
    Undone,
    Weights,
    blocks,
    each,
    on_diagonal,
    product,
    product_back,
    project,
    rows,
    scaled_rows,
)
from tutor.engine.surgery import Done

_SMALL = 1 << 14
"""Weights that one sequence multiplies by in less time than a call takes."""


class Gate(NamedTuple):
    """A value that a cell computes on its way: its letter, its range, and what it is called."""

    name: str
    range: tuple[float, float]
    label: str
    low: str = ""
    """What a gate does at the lower end of its range; "" where the ends have no meaning of their own."""
    high: str = ""
    """What it does at the upper end."""


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
        """Up to S steps of B sequences at a time."""
        H, D = w.ih.shape
        return self._joined(w, S) if B == 1 and H * (H + D) <= _SMALL else self._apart(w, S, B)

    def _apart(self, w: Weights, S: int, B: int) -> Forward:
        """The input's part of all steps is one product, to which each step adds its own."""
        H = w.hh.shape[1]
        a = aligned((S * B, H), w.hh.dtype)
        states = aligned((S + 1, B, H), a.dtype)
        mix, _, _, turn = product(w.hh, B)
        every = rows(states)
        steps = list(zip(rows(a.reshape(S, B, H)), every[1:], strict=True))
        bias = np.empty(H, a.dtype)
        squash = self._squash(a.dtype)

        def prepare() -> None:
            turn()
            w.bias(bias)

        def read(x: Array) -> None:
            projected = project(x, w.ih, a)
            add(projected, bias, projected)

        def run(first: int, h: Array, c: Maybe, kept: Array) -> None:
            end = first + len(kept)
            states[first] = h[0]
            h_ = every[first]
            for a_t, h_t in steps[first:end]:
                mix(h_, h_t)
                add(h_t, a_t, h_t)
                squash(h_t, h_t)
                h_ = h_t
            h[1:] = states[first + 1 : end + 1]

        return Forward(prepare, read, run)

    def _joined(self, w: Weights, S: int) -> Forward:
        """One product for each step, (W_hh W_ih b)(h₋ x 1), of one sequence: with small weights a call costs more."""
        H, D = w.ih.shape
        joined: Array = np.ones((S + 1, H + D + 1), w.hh.dtype)
        weight = aligned((H + D + 1, H), joined.dtype).T
        steps = list(zip(joined[:-1], joined[1:, :H], strict=True))
        mix = weight.dot
        squash = self._squash(joined.dtype)

        def prepare() -> None:
            weight[:, :H] = w.hh
            weight[:, H:-1] = w.ih
            w.bias(weight[:, -1])

        def read(x: Array) -> None:
            joined[: len(x), H:-1] = x[:, 0]

        def run(first: int, h: Array, c: Maybe, kept: Array) -> None:
            end = first + len(kept)
            joined[first, :H] = h[0, 0]
            for joined_t, h_t in steps[first:end]:
                mix(joined_t, h_t)
                squash(h_t, h_t)
            h[1:, 0] = joined[first + 1 : end + 1, :H]

        return Forward(prepare, read, run)

    def _squash(self, dtype: np.dtype[Any]) -> Callable[[Array, Array], object]:
        """φ, from an array into one."""
        if self.nonlinearity == "tanh":
            return tanh
        zero = np.zeros((), dtype)
        return (lambda a, h: np.maximum(a, zero, out=h)) if self.nonlinearity == "relu" else (lambda a, h: h)

    def follow(self, w: Weights, step: Step, done: Done) -> None:
        """Put what was set by hand in its place, and compute of the step what follows from it, where it has changed."""
        done.put("h", step.h)

    def backward(self, w: Weights, S: int, B: int, many: int = 0) -> Backward:
        """Up to S backward steps of B sequences; or of one sequence, for `many` gradients whose da are not kept."""
        H = w.hh.shape[1]
        slopes = aligned((S, B, H), w.hh.dtype)
        da = aligned((1 if many else S, many or B, H), w.hh.dtype)
        mix = product_back(w.hh, many or B)

        def step(d: Array, dh: Array, dc: Array, taken: tuple[Array, ...]) -> None:
            slope, da = taken
            multiply(d, slope, da)
            mix(da, dh)

        return Backward(lambda past: self._slopes(past, slopes), each(S, slopes, da), step, da, da, slice(0))

    def _slopes(self, past: Past, out: Array) -> None:
        """φ′ of each step, into the first of (S, B, H)."""
        slope = out[: len(past.h)]
        if self.nonlinearity == "tanh":
            multiply(past.h, past.h, slope)
            subtract(ONES[out.dtype], slope, slope)
        else:
            slope[:] = past.h > 0 if self.nonlinearity == "relu" else 1.0

    def jacobians(self, w: Weights, past: Past) -> Array:
        """∂h/∂h₋ of each step of one sequence, (S, H, H)."""
        slopes = np.empty_like(past.h)
        self._slopes(past, slopes)
        return scaled_rows(w.hh, slopes)

    def back(self, w: Weights, past: Past, done: Done, d: Array, dc: Array) -> Undone:
        """The backward step of one step where something was set by hand; d = dL/dh_t, dc = dL/dc_t, as many as come."""
        d, h = done.back("h", d), done.back("h", past.h[0])
        slope = 1.0 - h * h if self.nonlinearity == "tanh" else h > 0.0 if self.nonlinearity == "relu" else 1.0
        da = d * slope
        return Undone(da, da, da.dot(w.hh), dc)

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
        Gate("r", (0.0, 1.0), "reset gate", "drops the past", "uses it"),
        Gate("z", (0.0, 1.0), "update gate: 1 keeps the old state", "takes the new", "keeps the old, as in PyTorch"),
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
        a = aligned((S * B, 3 * H), w.hh.dtype)
        a_n = aligned((S, B, H), a.dtype)
        gates = aligned((S, 4, B, H), a.dtype)  # 1/r, 1/z, −scaled (scaled where the reset comes before), n
        states = aligned((S + 1, B, H), a.dtype)
        every = rows(states)
        found = rows(gates[:, :3] if after else gates[:, :2])
        parts = (found, *(rows(gates[:, at]) for at in (slice(2), 0, 1, 2, 3)))
        known = a if after else a[:, : 2 * H]
        steps = list(zip(blocks(known, B, H), rows(a_n), *parts, every[1:], strict=True))
        mix, u, u_blocks, turn = product(w.hh if after else w.hh[: 2 * H], B)
        mix_n, u_n, _, turn_n = product(w.hh[2 * H :], B)  # where the reset comes before, W_hn waits for it
        one = ONES[a.dtype]
        bias = np.empty(3 * H, a.dtype)
        b_hn = 0.0 if w.b_hh is None else w.b_hh[2 * H :]

        def prepare() -> None:
            turn()
            if not after:
                turn_n()
            # b_hn is scaled where the reset comes after, and no part of a_n then.
            w.bias(bias, 2 * H if after else None)

        def read(x: Array) -> None:
            S = len(x)
            projected = project(x, w.ih, a)
            add(projected, bias, projected)
            a_n[:S] = projected[:, 2 * H :].reshape(S, B, H)
            projected[:, 2 * H :] = b_hn
            np.negative(projected, projected)

        def run(first: int, h: Array, c: Maybe, kept: Array) -> None:
            end = first + len(kept)
            states[first] = h[0]
            h_ = every[first]
            if after:
                for a_t, a_n_t, found_t, rz_t, r_t, z_t, scaled_t, n_t, h_t in steps[first:end]:
                    mix(h_, u)
                    subtract(a_t, u_blocks, found_t)  # −(a_r + W_hr h₋), −(a_z + W_hz h₋), −(W_hn h₋ + b_hn)
                    exp(rz_t, rz_t)
                    add(rz_t, one, rz_t)
                    divide(scaled_t, r_t, n_t)
                    subtract(a_n_t, n_t, n_t)
                    tanh(n_t, n_t)
                    subtract(h_, n_t, h_t)  # h = n + z ⊙ (h₋ − n)
                    divide(h_t, z_t, h_t)
                    add(h_t, n_t, h_t)
                    h_ = h_t
                # Not np.negative: of float32 numbers 16 bytes apart, as one unit's are, NumPy 2.4 makes others.
                np.multiply(gates[first:end, 2], -1.0, kept[:, 3])
            else:
                for a_t, a_n_t, found_t, rz_t, r_t, z_t, scaled_t, n_t, h_t in steps[first:end]:
                    mix(h_, u)
                    subtract(a_t, u_blocks, found_t)
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
                kept[:, 3] = gates[first:end, 2]
            np.reciprocal(gates[first:end, :2], kept[:, :2])
            kept[:, 2] = gates[first:end, 3]
            h[1:] = states[first + 1 : end + 1]

        return Forward(prepare, read, run)

    def follow(self, w: Weights, step: Step, done: Done) -> None:
        """What follows from what was set by hand; see `RNN.follow`."""
        H = w.hh.shape[1]
        r, z, n, scaled = step.kept
        r_was, z_was, n_was, _ = step.kept.copy()
        done.put("r", r)
        moved = r != r_was
        if moved.any():
            a_n = step.x.dot(w.ih[2 * H :].T)
            if w.b_ih is not None:
                a_n += w.b_ih[2 * H :]
            if self.reset == "after":
                np.copyto(n, tanh(a_n + r * scaled), where=moved)
            else:
                np.copyto(scaled, r * step.h_, where=moved)
                a_n += scaled.dot(w.hh[2 * H :].T)
                n[:] = tanh(a_n if w.b_hh is None else a_n + w.b_hh[2 * H :])
        done.put("z", z)
        done.put("n", n)
        # In the terms of the equation: a z that is set to 1 keeps the old state to the last digit.
        np.copyto(step.h, (1.0 - z) * n + z * step.h_, where=(z != z_was) | (n != n_was))
        done.put("h", step.h)

    def backward(self, w: Weights, S: int, B: int, many: int = 0) -> Backward:
        """The backward steps; see `RNN.backward`."""
        H, n = w.hh.shape[1], many or B
        after = self.reset == "after"
        # d to a_z, d to a_n, what reaches r to a_r; r; z
        factors = aligned((S, 5, B, H), w.hh.dtype)
        da = aligned((1 if many else S, n, 3 * H), w.hh.dtype)
        du = aligned(da.shape, da.dtype) if after else da
        through = aligned((n, H), da.dtype)
        if n == 1:
            through = through[0]

        if after:
            mix = product_back(w.hh, n)

            def step(d: Array, dh: Array, dc: Array, taken: tuple[Array, ...]) -> None:
                to_z, to_n, to_r, r, z, dn, du, du_r, du_z, du_n = taken
                multiply(d, to_z, du_z)
                multiply(d, to_n, dn)
                multiply(dn, to_r, du_r)
                multiply(dn, r, du_n)
                multiply(d, z, through)
                mix(du, dh)
                add(dh, through, dh)

            parts = [da[:, :, 2 * H :], du, du[:, :, :H], du[:, :, H : 2 * H], du[:, :, 2 * H :]]
        else:
            mix = product_back(w.hh[: 2 * H], n)
            mix_n = product_back(w.hh[2 * H :], n)
            drh = np.empty_like(through)

            def step(d: Array, dh: Array, dc: Array, taken: tuple[Array, ...]) -> None:
                to_z, to_n, to_r, r, z, dn, da_rz, da_r, da_z = taken
                multiply(d, to_z, da_z)
                multiply(d, to_n, dn)
                mix_n(dn, drh)  # through W_hn to r ⊙ h₋
                multiply(drh, to_r, da_r)
                multiply(d, z, through)
                multiply(drh, r, drh)
                add(through, drh, through)
                mix(da_rz, dh)
                add(dh, through, dh)

            parts = [da[:, :, 2 * H :], da[:, :, : 2 * H], da[:, :, :H], da[:, :, H : 2 * H]]
        steps = each(S, *factors.swapaxes(0, 1), *parts)
        return Backward(lambda past: self._slopes(past, factors), steps, step, da, du, slice(2 * H if after else 0))

    def _slopes(self, past: Past, out: Array) -> None:
        """What a backward step multiplies by, into the first of (S, 5, B, H), in the order of `backward`."""
        one = ONES[out.dtype]
        r, z, n, scaled = past.kept.swapaxes(0, 1)
        to_z, to_n, to_r, r_again, z_again = out[: len(r)].swapaxes(0, 1)
        r_again[:], z_again[:] = r, z
        subtract(one, r, to_r)
        multiply(to_r, scaled, to_r)  # (1 − r) r h₋ where the reset comes before
        if self.reset == "after":
            multiply(to_r, r, to_r)
        multiply(n, n, to_n)
        subtract(one, to_n, to_n)
        subtract(one, z, to_z)
        multiply(to_n, to_z, to_n)
        multiply(to_z, z, to_z)
        multiply(to_z, subtract(past.h_, n), to_z)

    def jacobians(self, w: Weights, past: Past) -> Array:
        """∂h/∂h₋ of each step of one sequence, (S, H, H)."""
        S, _, H = past.h.shape
        slopes = np.empty((S, 5, 1, H), past.h.dtype)
        self._slopes(past, slopes)
        to_z, to_n, to_r, r, z = slopes.swapaxes(0, 1)
        if self.reset == "after":
            found = scaled_rows(w.hh, np.concatenate([to_n * to_r, to_z, to_n * r], axis=1))
        else:
            reset = scaled_rows(w.hh[:H], to_r)  # ∂(r ⊙ h₋)/∂h₋
            on_diagonal(reset, r)
            found = scaled_rows(w.hh[2 * H :], to_n) @ reset
            found += scaled_rows(w.hh[H : 2 * H], to_z)
        on_diagonal(found, z)
        return found

    def back(self, w: Weights, past: Past, done: Done, d: Array, dc: Array) -> Undone:
        """The backward step past what was set by hand; see `RNN.back`."""
        H, h_ = w.hh.shape[1], past.h_[0]
        r, z, n, scaled = past.kept[0]
        # As the cell computed them: a slope is that of its own σ or tanh.
        r_was, z_was, n_was = (done.back(letter, gate) for letter, gate in (("r", r), ("z", z), ("n", n)))
        d = done.back("h", d)
        da_z = done.back("z", d * (h_ - n)) * (1.0 - z_was) * z_was
        da_n = done.back("n", d * (1.0 - z)) * (1.0 - n_was * n_was)
        dh = d * z
        if self.reset == "after":
            to_r, du_n = da_n * scaled, da_n * r
        else:
            drh, du_n = da_n.dot(w.hh[2 * H :]), da_n
            to_r = drh * h_
            dh += drh * r
        da_r = done.back("r", to_r) * (1.0 - r_was) * r_was
        da, du = np.hstack([da_r, da_z, da_n]), np.hstack([da_r, da_z, du_n])
        own = slice(3 * H if self.reset == "after" else 2 * H)
        return Undone(da, du, dh + du[:, own].dot(w.hh[own]), dc)

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
        Gate("i", (0.0, 1.0), "input gate: 1 lets the candidate in", "shuts out", "lets in"),
        Gate("f", (0.0, 1.0), "forget gate: 1 keeps the cell state", "forgets", "keeps"),
        Gate("g", (-1.0, 1.0), "candidate"),
        Gate("o", (0.0, 1.0), "output gate: 1 shows the cell state", "hides", "shows"),
    )
    states: ClassVar = ("h", "c")
    blocks: ClassVar = ("i", "f", "g", "o")
    kept: ClassVar = ("i", "f", "g", "o", "tanh_c")

    def __init__(self, **_: object) -> None:
        pass

    def forward(self, w: Weights, S: int, B: int) -> Forward:
        """A function that takes up to S steps of B sequences, over and over in the same memory."""
        H = w.hh.shape[1]
        a = aligned((S * B, 4 * H), w.hh.dtype)
        gates = aligned((S, 4, B, H), a.dtype)  # 1/i, 1/f, tanh(c), 1/o
        carried = aligned((S + 1, 2, B, H), a.dtype)  # −g of a step beside the c₋ that it finds
        states = aligned((S + 1, B, H), a.dtype)
        every = rows(states)
        gc = carried[:-1]
        parts = (gates, gates[:, :2], gates[:, 2], gates[:, 3], gc, gc[:, 0], carried[1:, 1])
        steps = list(zip(blocks(a, B, H), *map(rows, parts), every[1:], strict=True))
        mix, u, u_blocks, turn = product(w.hh, B)
        v = u if B == 1 else aligned((4, B, H), a.dtype)
        both = aligned((2, B, H), a.dtype)
        v_g, let_in, held = v[2], both[0], both[1]
        if B == 1:
            v_g, let_in, held, both = u[2 * H : 3 * H], let_in[0], held[0], both.reshape(-1)
        one = ONES[a.dtype]
        minus = np.empty(4 * H, a.dtype)

        def prepare() -> None:
            turn()
            w.bias(minus)
            np.negative(minus, minus)

        def read(x: Array) -> None:
            projected = project(x, w.ih, a)
            subtract(minus, projected, projected)

        def run(first: int, h: Array, c: Maybe, kept: Array) -> None:
            assert c is not None
            end = first + len(kept)
            states[first] = h[0]
            carried[first, 1] = c[0]
            h_ = every[first]
            for a_t, gates_t, if_t, tanh_c_t, o_t, gc_t, g_t, c_t, h_t in steps[first:end]:
                mix(h_, u)
                subtract(a_t, u_blocks, v)
                tanh(v_g, g_t)
                exp(v, gates_t)
                add(gates_t, one, gates_t)  # in g's place stands what tanh(c) is written over
                divide(gc_t, if_t, both)
                subtract(held, let_in, c_t)
                tanh(c_t, tanh_c_t)
                divide(tanh_c_t, o_t, h_t)
                h_ = h_t
            np.reciprocal(gates[first:end, :2], kept[:, :2])
            np.negative(carried[first:end, 0], kept[:, 2])
            np.reciprocal(gates[first:end, 3], kept[:, 3])
            kept[:, 4] = gates[first:end, 2]
            c[1:] = carried[first + 1 : end + 1, 1]
            h[1:] = states[first + 1 : end + 1]

        return Forward(prepare, read, run)

    def follow(self, w: Weights, step: Step, done: Done) -> None:
        """What follows from what was set by hand; see `RNN.follow`."""
        assert step.c is not None
        assert step.c_ is not None
        i, f, g, o, tanh_c = step.kept
        was, c_was = step.kept.copy(), step.c.copy()
        for letter, gate in zip("ifgo", step.kept, strict=False):
            done.put(letter, gate)
        moved = step.kept != was
        np.copyto(step.c, f * step.c_ + i * g, where=moved[0] | moved[1] | moved[2])
        done.put("c", step.c)
        shown = step.c != c_was
        np.copyto(tanh_c, tanh(step.c), where=shown)
        np.copyto(step.h, o * tanh_c, where=shown | moved[3])
        done.put("h", step.h)

    def backward(self, w: Weights, S: int, B: int, many: int = 0) -> Backward:
        """The backward steps; see `RNN.backward`."""
        H, n = w.hh.shape[1], many or B
        # dc to (a_i, a_f, a_g), dh to a_o, dh to dc; f
        factors = aligned((S, 6, B, H), w.hh.dtype)
        da = aligned((1 if many else S, n, 4 * H), w.hh.dtype)
        through = aligned((H,) if n == 1 else (n, H), da.dtype)
        mix = product_back(w.hh, n)

        def step(d: Array, dh: Array, dc: Array, taken: tuple[Array, ...]) -> None:
            to_o, to_c, f, da, da_o, to_ifg, da_ifg = taken
            multiply(d, to_c, through)
            add(dc, through, dc)
            multiply(dc, to_ifg, da_ifg)
            multiply(d, to_o, da_o)
            multiply(dc, f, dc)
            mix(da, dh)

        # Three gates from one dc: a block for each, which even with B dropped is an axis of its own.
        three = da.reshape(len(da), n, 4, H).transpose(0, 2, 1, 3)[:, :3]
        to_ifg = factors[:, :3]
        if n == 1:
            three, to_ifg = three[:, :, 0], to_ifg[:, :, 0]
        views = (to_ifg, three if len(da) == S else [three[0]] * S)
        alone = each(S, factors[:, 3], factors[:, 4], factors[:, 5], da, da[:, :, 3 * H :])
        steps = [(*taken, *both) for taken, *both in zip(alone, *views, strict=True)]
        return Backward(lambda past: self._slopes(past, factors), steps, step, da, da, slice(0))

    def _slopes(self, past: Past, out: Array) -> None:
        """What a backward step multiplies by, into the first of (S, 6, B, H), in the order of `backward`."""
        assert past.c_ is not None
        one = ONES[out.dtype]
        i, f, g, o, tanh_c = past.kept.swapaxes(0, 1)
        found = out[: len(i)]
        to_i, to_f, to_g, to_o, to_c, f_again = found.swapaxes(0, 1)
        f_again[:] = f
        gates, slopes = past.kept[:, :4], found[:, :4]
        subtract(one, gates, slopes)
        multiply(slopes, gates, slopes)
        multiply(to_i, g, to_i)
        multiply(to_f, past.c_, to_f)
        multiply(to_o, tanh_c, to_o)
        multiply(g, g, to_g)
        subtract(one, to_g, to_g)
        multiply(to_g, i, to_g)
        multiply(tanh_c, tanh_c, to_c)
        subtract(one, to_c, to_c)
        multiply(to_c, o, to_c)

    def jacobians(self, w: Weights, past: Past) -> Array:
        """∂(h, c)/∂(h₋, c₋) of each step of one sequence, (S, 2H, 2H)."""
        S, _, H = past.h.shape
        slopes = np.empty((S, 6, 1, H), past.h.dtype)
        self._slopes(past, slopes)
        _, _, _, to_o, to_c, f = slopes.swapaxes(0, 1)
        found = np.zeros((S, 2 * H, 2 * H), past.h.dtype)
        h_by_h, c_by_h = found[:, :H, :H], found[:, H:, :H]
        c_by_h[:] = scaled_rows(w.hh[: 3 * H], slopes[:, :3, 0])
        multiply(c_by_h, to_c[:, 0, :, None], h_by_h)
        h_by_h += scaled_rows(w.hh[3 * H :], to_o)
        on_diagonal(found[:, H:, H:], f)
        on_diagonal(found[:, :H, H:], to_c * f)
        return found

    def back(self, w: Weights, past: Past, done: Done, d: Array, dc: Array) -> Undone:
        """The backward step past what was set by hand; see `RNN.back`."""
        assert past.c_ is not None
        i, f, g, o, tanh_c = past.kept[0]
        d = done.back("h", d)
        dc = done.back("c", dc + d * o * (1.0 - tanh_c * tanh_c))
        slopes = []
        for letter, gate, to in (("i", i, dc * g), ("f", f, dc * past.c_[0]), ("g", g, dc * i), ("o", o, d * tanh_c)):
            was = done.back(letter, gate)
            slopes.append(done.back(letter, to) * (1.0 - was * was if letter == "g" else (1.0 - was) * was))
        da = np.hstack(slopes)
        return Undone(da, da, da.dot(w.hh), dc * f)

    def gradients(self, du: Array, past: Past, out: Array) -> None:
        """dL/dW_hh, (4H, H), from du (S·B, 4H)."""
        np.dot(du.T, past.h_.reshape(len(du), -1), out)


Cell = RNN | GRU | LSTM

CELLS: dict[str, type[RNN] | type[GRU] | type[LSTM]] = {"rnn": RNN, "gru": GRU, "lstm": LSTM}
"""Every cell by name."""
