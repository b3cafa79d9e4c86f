"""`Recurrent`: layers × directions of a cell over time, by PyTorch's conventions.

There is one forward pass, and it records: what is shown is what was computed. Both biases are kept apart,
weights are stored stacked as in PyTorch, and one flat vector holds all parameters, so that an optimiser takes
them in one stride.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tutor.engine.cells import CELLS
from tutor.engine.checks import Array, numbers, one_of, precision, whole
from tutor.engine.interrupt import look_up
from tutor.engine.parameters import Parameters
from tutor.engine.steps import Backward, Forward, Maybe, Past, Step, Weights
from tutor.engine.stretches import (
    Spare,
    apart,
    begin,
    cut,
    ends_of,
    erase,
    longest,
    most,
    stretches_of,
    walk,
    within,
)
from tutor.engine.surgery import Cut, Plan, checked, planned
from tutor.engine.trace import Gradients, Lengths, Record, Trace, beyond, frozen

NONLINEARITIES = ("tanh", "relu", "identity")
INITS = ("uniform", "orthogonal", "zeros")

_SHUT = 100.0
"""A bias at which σ is 1, and at whose opposite it is less than 1e-43."""


def held(cell: str) -> tuple[str, ...]:
    """The letters of the gates that can stand at a value: those that a σ keeps between 0 and 1; the RNN has none."""
    return tuple(gate.name for gate in CELLS[cell].gates if gate.range == (0.0, 1.0))


class Recurrent(Parameters):
    """A recurrent network: `cell` is "rnn", "gru" or "lstm".

    Args:
        cell: a name in `CELLS`.
        input_size: D, features of a step of x.
        hidden_size: H, units of a state.
        num_layers: each layer reads the outputs of the one below.
        bidirectional: a second, independent cell reads from the end; outputs are concatenated.
        bias: whether there are b_ih and b_hh.
        nonlinearity: "tanh", "relu" or "identity", for the RNN.
        reset: "after" or "before" the product, for the GRU.
        init: "uniform" U(±1/√H); "orthogonal", which is `radius` × orthogonal in every block of W_hh, with
            biases zero and the rest uniform; "zeros".
        radius: ρ of the orthogonal initialisation.
        forget_bias: what b_ih of the LSTM's forget gate starts at; b_hh's part is then 0.
        dtype: float32 or float64.
        seed: the same seed gives the same bytes.

    Raises:
        ValueError: an argument that cannot be, by its name.
    """

    def __init__(
        self,
        cell: str,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bidirectional: bool = False,
        bias: bool = True,
        nonlinearity: str = "tanh",
        *,
        reset: str = "after",
        init: str = "uniform",
        radius: float = 1.0,
        forget_bias: float | None = None,
        dtype: npt.DTypeLike = np.float32,
        seed: int = 0,
    ) -> None:
        one_of("cell", cell, tuple(CELLS))
        one_of("nonlinearity", nonlinearity, NONLINEARITIES)
        one_of("reset", reset, ("after", "before"))
        one_of("init", init, INITS)
        if nonlinearity != "tanh" and cell != "rnn":
            raise ValueError(f"nonlinearity: got {nonlinearity!r}, expected 'tanh': only the RNN has others")
        if reset != "after" and cell != "gru":
            raise ValueError(f"reset: got {reset!r}, expected 'after': only the GRU has a reset gate")
        if forget_bias is not None and (cell != "lstm" or not bias):
            raise ValueError(f"forget_bias: got {forget_bias!r}, expected None: only an LSTM with biases has one")
        whole("seed", seed, 0)
        kind = precision(dtype)
        for name, value in (("radius", radius), ("forget_bias", forget_bias)):
            with np.errstate(over="ignore"):
                if value is not None and not np.isfinite(np.asarray(value, kind)):
                    raise ValueError(f"{name}: got {value!r}, expected a finite {kind}")
        self.cell = cell
        self.input_size = whole("input_size", input_size)
        self.hidden_size = whole("hidden_size", hidden_size)
        self.num_layers = whole("num_layers", num_layers)
        self.bidirectional = bool(bidirectional)
        self.bias = bool(bias)
        self.nonlinearity = nonlinearity
        self.reset = reset
        self._cell = CELLS[cell](nonlinearity=nonlinearity, reset=reset)
        super().__init__(dict(self._layout()), kind)
        self._spare = self._none_spare()
        self._initialise(init, radius, forget_bias, np.random.default_rng(int(seed)))

    # Parameters

    def move(self, flat: Array) -> None:
        """Live in `flat` from now on, with the values of now."""
        super().move(flat)
        self._spare = self._none_spare()

    def __getstate__(self) -> dict[str, Any]:
        return super().__getstate__() | {"_spare": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self._spare = self._none_spare()

    def _none_spare(self) -> Spare:
        return Spare(len(self._cell.blocks) * self.hidden_size)

    @property
    def num_directions(self) -> int:
        """1, or 2 when bidirectional."""
        return 2 if self.bidirectional else 1

    @property
    def letters(self) -> tuple[str, ...]:
        """What can be set by hand: its gates, then its states."""
        return (*(gate.name for gate in self._cell.gates), *self._cell.states)

    def _layout(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        rows = len(self._cell.blocks) * self.hidden_size
        for layer in range(self.num_layers):
            width = self.input_size if layer == 0 else self.hidden_size * self.num_directions
            for suffix in self._suffixes(layer):
                yield f"weight_ih_{suffix}", (rows, width)
                yield f"weight_hh_{suffix}", (rows, self.hidden_size)
                if self.bias:
                    yield f"bias_ih_{suffix}", (rows,)
                    yield f"bias_hh_{suffix}", (rows,)

    def _suffixes(self, layer: int) -> tuple[str, ...]:
        return (f"l{layer}", f"l{layer}_reverse") if self.bidirectional else (f"l{layer}",)

    def _initialise(self, init: str, radius: float, forget_bias: float | None, rng: np.random.Generator) -> None:
        if init != "zeros":
            bound = 1.0 / math.sqrt(self.hidden_size)
            self.flat[:] = rng.uniform(-bound, bound, self.flat.size)
        H = self.hidden_size
        if init == "orthogonal":
            for name, array in self._params.items():
                if name.startswith("bias"):
                    array[:] = 0.0
                elif name.startswith("weight_hh"):
                    for block in range(len(self._cell.blocks)):
                        q, r = np.linalg.qr(rng.standard_normal((H, H)))
                        # R's signs make the draw uniform over rotations and reflections (Mezzadri 2007).
                        array[block * H : (block + 1) * H] = radius * (q * np.sign(np.diag(r)))
        if forget_bias is not None:
            at = self._cell.blocks.index("f") * H
            for name, array in self._params.items():
                if name.startswith("bias_ih"):
                    array[at : at + H] = forget_bias
                elif name.startswith("bias_hh"):
                    array[at : at + H] = 0.0

    def hold(self, gate: str, value: float) -> None:
        """Have a gate stand at a value in every layer and direction, whatever comes in.

        Its rows of W_ih, W_hh and b_hh become 0, and those of b_ih the logit of the value, within ±100: σ is there
        as good as 0 and 1.

        Args:
            gate: its letter: "z" or "r" of the GRU, "f", "i" or "o" of the LSTM.
            value: from 0 to 1.

        Raises:
            ValueError: a gate that the cell does not have, a value outside, or a network without biases.
        """
        one_of("gate", gate, held(self.cell))
        if not 0.0 <= value <= 1.0:
            raise ValueError(f"value: got {value!r}, expected a number from 0 to 1")
        if not self.bias:
            raise ValueError("bias: got none, expected biases to hold a gate with")
        logit = math.copysign(_SHUT, value - 0.5) if value in (0.0, 1.0) else math.log(value) - math.log1p(-value)
        own = self._block(gate)
        for name, array in self._params.items():
            array[own] = min(max(logit, -_SHUT), _SHUT) if name.startswith("bias_ih") else 0.0

    def _block(self, letter: str) -> slice:
        """The rows of a stacked matrix, or bias, that are a gate's own."""
        at = self._cell.blocks.index(letter) * self.hidden_size
        return slice(at, at + self.hidden_size)

    def _weights(self, suffix: str) -> Weights:
        p = self._params
        return Weights(
            p[f"weight_ih_{suffix}"], p[f"weight_hh_{suffix}"], p.get(f"bias_ih_{suffix}"), p.get(f"bias_hh_{suffix}")
        )

    # Forward

    def forward(
        self,
        x: npt.ArrayLike,
        state: Any = None,
        lengths: Sequence[int] | npt.NDArray[np.integer[Any]] | None = None,
        cuts: Sequence[Cut] = (),
    ) -> Trace:
        """Read sequences and record every value on the way.

        Args:
            x: (T, B, input_size), of the network's dtype.
            state: h_0, or (h_0, c_0) for the LSTM, each (layers·directions, B, H); zeros when None.
            lengths: (B,) steps in each sequence, in any order; all T when None.
            cuts: what is set by hand on the way. At its step a value is computed, then replaced, and what follows from
                it is computed from what was set: gates first, then c, then h; of one letter in the order that they
                come in. A sequence that is over by then is left alone.

        Raises:
            ValueError: by the argument's name, what came and what was expected.
        """
        x = numbers("x", x, self.dtype, ("T", "B", self.input_size))
        T, B, _ = x.shape
        ends = ends_of(lengths, T, B)
        h_0, c_0 = self._state(state, B)
        done = self._checked(cuts, T) if cuts else ()
        # What stands beyond a sequence's end may be anything, and has no part.
        below: Array = (
            np.array(x, order="C") if ends is None else np.where(beyond(ends, T)[:, :, None], self.dtype.type(0), x)
        )
        layers: list[tuple[Record, ...]] = []
        for layer in range(self.num_layers):
            below.flags.writeable = False
            records = []
            for direction, suffix in enumerate(self._suffixes(layer)):
                at = layer * self.num_directions + direction
                first = (None if h_0 is None else h_0[at], None if c_0 is None else c_0[at])
                plan = planned(done, layer, direction, self.hidden_size, self.dtype) if done else {}
                records.append(self._run(below, first, suffix, direction == 1, ends, plan))
            layers.append(tuple(records))
            outputs = [record.h[record.now] for record in records]
            below = np.concatenate(outputs, axis=2) if len(outputs) > 1 else outputs[0]
            if ends is not None and self.bidirectional:
                # The reverse direction's initial state stands where the sequence is over already.
                below[beyond(ends, T)] = 0.0
        below.flags.writeable = False
        return Trace(below, ends, tuple(layers), self._cell, done)

    def _checked(self, cuts: Sequence[Cut], T: int) -> tuple[Cut, ...]:
        """Cuts that can be done in T steps."""
        return checked(cuts, self.letters, T, (self.num_layers, self.num_directions, self.hidden_size), self.dtype)

    def _run(
        self, x: Array, first: tuple[Maybe, Maybe], suffix: str, reverse: bool, ends: Lengths, plan: Plan
    ) -> Record:
        T, B, _ = x.shape
        h, c, kept = self._memory(T, B)
        begin(h, c, first, T if reverse else 0)
        stretches = stretches_of(T, most(B))
        if reverse:
            # Each sequence begins at its own end.
            stretches = [piece for stretch in stretches for piece in cut(stretch, ends)]
        key = ("forward", suffix, longest(stretches), B)
        forward: Forward = self._spare.take(key) or self._cell.forward(self._weights(suffix), *key[2:])
        forward.prepare()
        # A gate's e⁻ᵃ may overflow on its way to 0; a state without bounds may too, and is recorded as it is.
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            for start, end in reversed(stretches) if reverse else stretches:
                look_up()
                if reverse and ends is not None:
                    begin(h, c, first, end, ends == end)
                states, now = slice(start, end + 1), slice(start, end)
                x_, h_, c_, kept_ = x[now], h[states], None if c is None else c[states], kept[now]
                if reverse:
                    x_, h_, c_, kept_ = x_[::-1], h_[::-1], None if c_ is None else c_[::-1], kept_[::-1]
                forward.read(x_)
                done = plan and {end - 1 - t if reverse else t - start: plan[t] for t in within(plan, (start, end))}
                if done:
                    self._broken(forward, self._weights(suffix), (x_, h_, c_, kept_), done)
                else:
                    forward.run(0, h_, c_, kept_)
        self._spare.give(key, forward)
        record = Record(x, h, c, kept, reverse)
        if ends is not None:
            erase(record, ends)
        for array in (h, c, kept):
            if array is not None:
                array.flags.writeable = False
        return record

    def _broken(self, forward: Forward, w: Weights, part: tuple[Array, Array, Maybe, Array], done: Plan) -> None:
        """A stretch that was read, broken off after each step at which something is set by hand."""
        x, h, c, kept = part
        for first, over in cut((0, len(x)), np.array([at + 1 for at in done], np.intp)):
            forward.run(first, h[first : over + 1], None if c is None else c[first : over + 1], kept[first:over])
            at = over - 1
            if at in done:
                c_, c_t = (None, None) if c is None else (c[at], c[over])
                self._cell.follow(w, Step(x[at], h[at], h[over], c_, c_t, kept[at]), done[at])

    def _memory(self, T: int, B: int) -> tuple[Array, Maybe, Array]:
        """Room for h, c and what is kept, in one piece: pieces go back to the system, and come back slowly."""
        H = self.hidden_size
        n = len(self._cell.kept)
        size = (T + 1) * B * H
        states = len(self._cell.states) * size
        room: Array = np.empty(states + T * n * B * H, self.dtype)
        c = room[size:states].reshape(T + 1, B, H) if states > size else None
        return room[:size].reshape(T + 1, B, H), c, room[states:].reshape(T, n, B, H)

    def _state(self, state: Any, B: int) -> tuple[Maybe, Maybe]:
        if state is None:
            return None, None
        expected = (self.num_layers * self.num_directions, B, self.hidden_size)
        if self.cell == "lstm":
            if not isinstance(state, tuple | list) or len(state) != 2:
                raise ValueError(f"state: got {type(state).__name__}, expected (h_0, c_0) for the LSTM")
            h_0 = numbers("state: h_0", state[0], self.dtype, expected)
            return h_0, numbers("state: c_0", state[1], self.dtype, expected)
        if isinstance(state, tuple | list):
            raise ValueError(f"state: got a {type(state).__name__}, expected h_0 for the {self.cell.upper()}")
        return numbers("state: h_0", state, self.dtype, expected), None

    # Backward

    def check(self, trace: Trace) -> None:
        """Whether a trace can be this network's.

        Raises:
            ValueError: it has other layers, directions, sizes or gates, or another precision.
        """
        H, wide = self.hidden_size, self.hidden_size * self.num_directions
        sizes = [[self.input_size if layer == 0 else wide] * self.num_directions for layer in range(self.num_layers)]
        record = trace.records[0][0]
        if (
            [[r.x.shape[2] for r in records] for records in trace.records] != sizes
            or (record.h.shape[2], record.h.dtype) != (H, self.dtype)
            or vars(trace.cell) != vars(self._cell)
            or type(trace.cell) is not type(self._cell)
        ):
            raise ValueError("trace: got one that another network made, expected this network's")

    def backward(
        self,
        trace: Trace,
        d_output: npt.ArrayLike | None,
        d_h_n: npt.ArrayLike | None = None,
        d_c_n: npt.ArrayLike | None = None,
    ) -> Gradients:
        """Backpropagation through time.

        Args:
            trace: what `forward` returned, of this network as it is now.
            d_output: dL/d output, (T, B, H·directions); None for zeros. What lies beyond a sequence's end is
                ignored.
            d_h_n: dL/d h_n, (layers·directions, B, H).
            d_c_n: dL/d c_n, for the LSTM.

        Raises:
            ValueError: by the argument's name, what came and what was expected.
        """
        T, B, _ = trace.output.shape
        H = self.hidden_size
        lstm = self.cell == "lstm"
        self.check(trace)
        if d_c_n is not None and not lstm:
            raise ValueError(f"d_c_n: got a gradient, expected None: the {self.cell.upper()} has no cell state")
        shape = (self.num_layers * self.num_directions, B, H)
        above = self._gradient("d_output", d_output, trace.output.shape)
        last = (self._gradient("d_h_n", d_h_n, shape), self._gradient("d_c_n", d_c_n, shape))
        if trace.lengths is not None:
            above = np.where(beyond(trace.lengths, T)[:, :, None], self.dtype.type(0), above)
        flat = np.empty_like(self.flat)
        params = self.views(flat)
        first: tuple[Array, Array] = (np.empty(shape, self.dtype), np.empty(shape, self.dtype))
        states: list[tuple[Array, ...]] = []
        for layer in range(self.num_layers - 1, -1, -1):
            found = []
            d_below: Array | None = None
            for direction, suffix in enumerate(self._suffixes(layer)):
                at = layer * self.num_directions + direction
                d_h, d_x = self._run_back(
                    trace.records[layer][direction],
                    planned(trace.cuts, layer, direction, H, self.dtype),
                    above[:, :, direction * H : (direction + 1) * H],
                    (last[0][at], last[1][at]),
                    (first[0][at], first[1][at]),
                    suffix,
                    trace.lengths,
                    params,
                )
                found.append(frozen(d_h))
                d_below = d_x if d_below is None else d_below + d_x
            states.append(tuple(found))
            assert d_below is not None
            above = d_below
        return Gradients(
            {name: frozen(array) for name, array in params.items()},
            frozen(above),
            frozen(first[0]),
            frozen(first[1]) if lstm else None,
            frozen(flat),
            tuple(reversed(states)),
        )

    def _run_back(
        self,
        record: Record,
        plan: Plan,
        d_output: Array,
        last: tuple[Array, Array],
        first: tuple[Array, Array],
        suffix: str,
        ends: Lengths,
        params: dict[str, Array],
    ) -> tuple[Array, Array]:
        """dL/dh_t and dL/dx of one layer in one direction; fills `first`, dL/d(h_0, c_0), and the parameters'."""
        T, B, D = record.x.shape
        w = self._weights(suffix)
        d_h: Array = np.empty((T, B, self.hidden_size), self.dtype)
        d_x: Array = np.empty((T, B, D), self.dtype)
        dh, dc = (np.zeros((B, self.hidden_size), self.dtype) for _ in range(2))
        if record.reverse or ends is None:
            dh[:], dc[:] = last
        stretches = stretches_of(T, most(B))
        key = ("backward", suffix, longest(stretches), B)
        back: Backward = self._spare.take(key) or self._cell.backward(w, *key[2:])
        kinds = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")[: 4 if self.bias else 2]
        into = [params[f"{kind}_{suffix}"] for kind in kinds]
        fresh = True
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            for start, end in stretches if record.reverse else reversed(stretches):
                look_up()
                past = record.past.between(start, end)
                back.look(past)
                pieces = cut((start, end), ends)
                for begun, over in pieces if record.reverse else reversed(pieces):
                    here = None if ends is None else ends == over
                    if here is not None and not record.reverse:
                        dh[here], dc[here] = last[0][here], last[1][here]
                    parts = apart((begun, over), plan) if plan else [(begun, over)]
                    for at, to in parts if record.reverse else reversed(parts):
                        if at in plan:
                            d_h[at] = dh + d_output[at]
                            found = self._cell.back(w, past.between(at - start, to - start), plan[at], d_h[at], dc)
                            back.da[at - start], back.du[at - start], dh[:], dc[:] = found
                        else:
                            walk(back, at - start, dh, dc, d_output[at:to], d_h[at:to], record.reverse)
                    if here is not None and record.reverse:
                        first[0][here], first[1][here] = dh[here], dc[here]
                        dh[here] = dc[here] = 0.0
                da, du = (array[: end - start].reshape(-1, len(w.hh)) for array in (back.da, back.du))
                if back.du is not back.da:
                    da[:, back.shared] = du[:, back.shared]
                np.dot(da, w.ih, d_x[start:end].reshape(-1, D))
                self._gather(into, da, du, record.x[start:end].reshape(-1, D), past, fresh)
                fresh = False
        self._spare.give(key, back)
        if not record.reverse or ends is None:
            first[0][:], first[1][:] = dh, dc
        return d_h, d_x

    def _gather(self, into: list[Array], da: Array, du: Array, x: Array, past: Past, fresh: bool) -> None:
        """The parameters' gradients from some steps: every step has a part in the same weights."""
        found = into if fresh else [np.empty_like(array) for array in into]
        np.dot(da.T, x, found[0])
        self._cell.gradients(du, past, found[1])
        if self.bias:
            every = np.ones(len(da), self.dtype)  # a product with 1 adds up faster than a sum
            np.dot(every, da, found[2])
            np.dot(every, du, found[3])
        if not fresh:
            for whole, part in zip(into, found, strict=True):
                whole += part

    def _gradient(self, name: str, value: npt.ArrayLike | None, shape: tuple[int, ...]) -> Array:
        return np.zeros(shape, self.dtype) if value is None else numbers(name, value, self.dtype, shape)
