"""`Recurrent`: layers × directions of a cell over time, by PyTorch's conventions.

There is one forward pass, and it records: what is shown is what was computed. Both biases are kept apart,
weights are stored stacked as in PyTorch, and one flat vector holds all parameters, so that an optimiser takes
them in one stride.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tutor.engine.cells import CELLS, Array, Weights
from tutor.engine.trace import Gradients, Record, Trace, frozen

NONLINEARITIES = ("tanh", "relu", "identity")
INITS = ("uniform", "orthogonal", "zeros")


def _one_of(name: str, value: object, expected: Sequence[object]) -> None:
    if value not in expected:
        raise ValueError(f"{name}: got {value!r}, expected one of {', '.join(map(repr, expected))}")


def _size(name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise ValueError(f"{name}: got {value!r}, expected a whole number of at least 1")
    return int(value)


def _numbers(name: str, value: Any, dtype: np.dtype[Any], expected: tuple[int | str, ...]) -> Array:
    """`value` as an array of finite numbers; a letter in the shape stands for any size of at least 1."""
    try:
        array: Array = np.asarray(value)
    except (ValueError, TypeError, RuntimeError) as error:
        raise ValueError(f"{name}: got {type(value).__name__}, expected an array ({error})") from None
    if array.dtype != dtype:
        raise ValueError(f"{name}: got dtype {array.dtype}, expected {dtype}")
    fits = len(array.shape) == len(expected) and all(
        size == wanted or (isinstance(wanted, str) and size > 0)
        for size, wanted in zip(array.shape, expected, strict=True)
    )
    if not fits:
        shape = ", ".join(map(str, expected)) + ("," if len(expected) == 1 else "")
        letters = " and ".join(wanted for wanted in expected if isinstance(wanted, str))
        least = f" with {letters} of at least 1" if letters else ""
        raise ValueError(f"{name}: got shape {array.shape}, expected ({shape}){least}")
    if not np.isfinite(array).all():
        raise ValueError(f"{name}: got NaN or infinity, expected finite numbers")
    return array


def _resting(active: npt.NDArray[np.bool_] | None, T: int) -> tuple[Sequence[Any], Sequence[bool]]:
    """At each step: which sequences keep their state, (B, 1), and whether any does."""
    if active is None:
        return (), (False,) * T
    resting = ~active[:, :, None]
    return tuple(resting), [bool(step.any()) for step in resting]


class Recurrent:
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
        _one_of("cell", cell, tuple(CELLS))
        _one_of("nonlinearity", nonlinearity, NONLINEARITIES)
        _one_of("reset", reset, ("after", "before"))
        _one_of("init", init, INITS)
        if nonlinearity != "tanh" and cell != "rnn":
            raise ValueError(f"nonlinearity: got {nonlinearity!r}, expected 'tanh': only the RNN has others")
        if reset != "after" and cell != "gru":
            raise ValueError(f"reset: got {reset!r}, expected 'after': only the GRU has a reset gate")
        if forget_bias is not None and (cell != "lstm" or not bias):
            raise ValueError(f"forget_bias: got {forget_bias!r}, expected None: only an LSTM with biases has one")
        if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
            raise ValueError(f"seed: got {seed!r}, expected a whole number of at least 0")
        try:
            self.dtype = np.dtype(dtype)
        except TypeError:
            raise ValueError(f"dtype: got {dtype!r}, expected float32 or float64") from None
        if self.dtype not in (np.dtype(np.float32), np.dtype(np.float64)):
            raise ValueError(f"dtype: got {self.dtype}, expected float32 or float64")
        for name, value in (("radius", radius), ("forget_bias", forget_bias)):
            with np.errstate(over="ignore"):
                if value is not None and not np.isfinite(np.asarray(value, self.dtype)):
                    raise ValueError(f"{name}: got {value!r}, expected a finite {self.dtype}")
        self.cell = cell
        self.input_size = _size("input_size", input_size)
        self.hidden_size = _size("hidden_size", hidden_size)
        self.num_layers = _size("num_layers", num_layers)
        self.bidirectional = bool(bidirectional)
        self.bias = bool(bias)
        self.nonlinearity = nonlinearity
        self.reset = reset
        self._cell = CELLS[cell](nonlinearity=nonlinearity, reset=reset)
        self._shapes = dict(self._layout())
        self.flat: Array = np.zeros(sum(math.prod(s) for s in self._shapes.values()), self.dtype)
        """Every parameter, in the order of `state_dict()`. Writing here changes the network."""
        self._params = self.views(self.flat)
        self._initialise(init, radius, forget_bias, np.random.default_rng(int(seed)))

    # Parameters

    def __setstate__(self, state: dict[str, Any]) -> None:
        """After a copy or a pickle the named parameters are views of the flat vector again."""
        self.__dict__.update(state)
        self._params = self.views(self.flat)

    @property
    def num_directions(self) -> int:
        """1, or 2 when bidirectional."""
        return 2 if self.bidirectional else 1

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

    def views(self, flat: Array) -> dict[str, Array]:
        """A flat vector of all parameters (or of their gradients) as named arrays that share its memory."""
        found, start = {}, 0
        for name, shape in self._shapes.items():
            end = start + math.prod(shape)
            found[name] = flat[start:end].reshape(shape)
            start = end
        return found

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

    def state_dict(self) -> dict[str, Array]:
        """Every parameter by PyTorch's name: read-only views of what the network computes with."""
        return {name: frozen(array) for name, array in self._params.items()}

    def load_state_dict(self, state: Mapping[str, npt.ArrayLike]) -> None:
        """Take parameters by PyTorch's names; nothing is taken unless all can be.

        Raises:
            ValueError: a name that is missing or unknown, a wrong shape, a value that is not finite.
        """
        missing = [name for name in self._shapes if name not in state]
        unknown = [name for name in state if name not in self._shapes]
        if missing:
            raise ValueError(f"state: {missing[0]} is missing, expected {', '.join(self._shapes)}")
        if unknown:
            raise ValueError(f"state: got the unknown name {unknown[0]}, expected {', '.join(self._shapes)}")
        taken = {}
        for name, shape in self._shapes.items():
            given = np.asarray(state[name])
            if given.dtype.kind != "f":
                raise ValueError(f"{name}: got dtype {given.dtype}, expected {self.dtype}")
            with np.errstate(over="ignore"):
                # Another precision is taken as near as can be; what this one cannot hold is refused.
                taken[name] = _numbers(name, given.astype(self.dtype), self.dtype, shape)
        for name, array in taken.items():
            self._params[name][...] = array

    def _weights(self, suffix: str) -> Weights:
        hh = self._params[f"weight_hh_{suffix}"]
        size = self.hidden_size
        b_hn = self._params[f"bias_hh_{suffix}"][2 * size :] if self.cell == "gru" and self.bias else None
        empty = np.zeros(size, self.dtype)
        return Weights(hh, np.ascontiguousarray(hh.T), empty if b_hn is None else b_hn)

    # Forward

    def forward(
        self,
        x: npt.ArrayLike,
        state: Any = None,
        lengths: Sequence[int] | npt.NDArray[np.integer[Any]] | None = None,
    ) -> Trace:
        """Read sequences and record every value on the way.

        Args:
            x: (T, B, input_size), of the network's dtype.
            state: h_0, or (h_0, c_0) for the LSTM, each (layers·directions, B, H); zeros when None.
            lengths: (B,) steps in each sequence, in any order; all T when None.

        Raises:
            ValueError: by the argument's name, what came and what was expected.
        """
        x = _numbers("x", x, self.dtype, ("T", "B", self.input_size))
        T, B, _ = x.shape
        ends = self._lengths(lengths, T, B)
        h_0, c_0 = self._state(state, B)
        active = None if ends is None else np.arange(T)[:, None] < ends  # (T, B)
        layers: list[tuple[Record, ...]] = []
        # What stands beyond a sequence's end may be anything, and has no part.
        below: Array = x.copy() if active is None else np.where(active[:, :, None], x, self.dtype.type(0))
        for layer in range(self.num_layers):
            records = []
            for direction, suffix in enumerate(self._suffixes(layer)):
                at = layer * self.num_directions + direction
                c = None if c_0 is None else c_0[at]
                records.append(self._run(below, h_0[at], c, suffix, direction == 1, active))
            layers.append(tuple(records))
            outputs = [record.h[record.now] for record in records]
            below = np.concatenate(outputs, axis=2) if len(outputs) > 1 else outputs[0]
            if active is not None:
                below = below * active[:, :, None]
        every = [record for records in layers for record in records]
        h_n = np.stack([record.h[0 if record.reverse else T] for record in every])
        c_n = (
            np.stack([record.c[0 if record.reverse else T] for record in every if record.c is not None])
            if c_0 is not None
            else None
        )
        return Trace(
            frozen(below),
            frozen(h_n),
            None if c_n is None else frozen(c_n),
            ends,
            tuple(layers),
            self._cell.kept,
        )

    def _run(
        self,
        x: Array,
        h_0: Array,
        c_0: Array | None,
        suffix: str,
        reverse: bool,
        active: npt.NDArray[np.bool_] | None,
    ) -> Record:
        T, B, _ = x.shape
        H = self.hidden_size
        cell = self._cell
        w = self._weights(suffix)
        # The input's part of every step in one product.
        a = x.reshape(T * B, -1).dot(self._params[f"weight_ih_{suffix}"].T)
        if self.bias:
            a += self._params[f"bias_ih_{suffix}"]
            # The GRU's b_hn stays apart: the reset gate scales it.
            b_hh = self._params[f"bias_hh_{suffix}"]
            rows = 2 * H if self.cell == "gru" else b_hh.size
            a[:, :rows] += b_hh[:rows]
        a = a.reshape(T, B, -1)
        h = np.empty((T + 1, B, H), self.dtype)
        c = np.empty((T + 1, B, H), self.dtype) if c_0 is not None else None
        kept = np.zeros((T, B, len(cell.kept) * H), self.dtype)
        first = T if reverse else 0
        h[first] = h_0
        if c is not None:
            c[first] = c_0
        order = range(T - 1, -1, -1) if reverse else range(T)
        now, before = (0, 1) if reverse else (1, 0)
        # Views are made once a pass: indexing an array costs as much as a small product.
        hs, ks, steps = tuple(h), tuple(kept), tuple(a)
        cs: tuple[Any, ...] = tuple(c) if c is not None else (None,) * (T + 1)
        step = cell.step
        resting, someone = _resting(active, T)
        # A gate's e⁻ˣ may overflow on its way to 0; a state without bounds may too, and is recorded as it is.
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            for t in order:
                step(steps[t], hs[t + before], cs[t + before], w, hs[t + now], cs[t + now], ks[t])
                if someone[t]:
                    # A sequence that has ended, or has not begun from its end, keeps its state.
                    np.copyto(hs[t + now], hs[t + before], where=resting[t])
                    if c is not None:
                        np.copyto(cs[t + now], cs[t + before], where=resting[t])
        for array in (h, kept, x):
            array.flags.writeable = False
        if c is not None:
            c.flags.writeable = False
        return Record(x, h, c, kept, reverse)

    def _lengths(self, lengths: Any, T: int, B: int) -> npt.NDArray[np.intp] | None:
        if lengths is None:
            return None
        try:
            array = np.asarray(lengths)
        except ValueError:
            raise ValueError(f"lengths: got {lengths!r}, expected ({B},) whole numbers") from None
        if array.dtype.kind not in "iu":
            raise ValueError(f"lengths: got dtype {array.dtype}, expected whole numbers")
        if array.shape != (B,):
            raise ValueError(f"lengths: got shape {array.shape}, expected ({B},)")
        if array.min() < 1 or array.max() > T:
            raise ValueError(f"lengths: got {array.tolist()}, expected each from 1 to {T}")
        if (array == T).all():
            return None
        ends = array.astype(np.intp)
        ends.flags.writeable = False
        return ends

    def _state(self, state: Any, B: int) -> tuple[Array, Array | None]:
        expected = (self.num_layers * self.num_directions, B, self.hidden_size)
        zeros = np.zeros(expected, self.dtype)
        if state is None:
            return zeros, (zeros if self.cell == "lstm" else None)
        if self.cell == "lstm":
            if not isinstance(state, tuple | list) or len(state) != 2:
                raise ValueError(f"state: got {type(state).__name__}, expected (h_0, c_0) for the LSTM")
            h_0 = _numbers("state: h_0", state[0], self.dtype, expected)
            return h_0, _numbers("state: c_0", state[1], self.dtype, expected)
        if isinstance(state, tuple | list):
            raise ValueError(f"state: got a {type(state).__name__}, expected h_0 for the {self.cell.upper()}")
        return _numbers("state: h_0", state, self.dtype, expected), None

    # Backward

    def check(self, trace: Trace) -> None:
        """Whether a trace can be this network's.

        Raises:
            ValueError: it has other layers, directions, sizes or gates, or another precision.
        """
        sizes = tuple(record.x.shape[2] for records in trace.records for record in records)
        every = [self.input_size] + [self.hidden_size * self.num_directions] * (self.num_layers - 1)
        expected = tuple(size for size in every for _ in range(self.num_directions))
        record = trace.records[0][0]
        if (
            (trace.names, sizes) != (self._cell.kept, expected)
            or len(trace.records) != self.num_layers
            or (record.h.shape[2], record.h.dtype) != (self.hidden_size, self.dtype)
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
        last_h = self._gradient("d_h_n", d_h_n, shape)
        last_c = self._gradient("d_c_n", d_c_n, shape) if lstm else None
        active = None if trace.lengths is None else np.arange(T)[:, None] < trace.lengths
        flat = np.zeros_like(self.flat)
        params = self.views(flat)
        d_h_0 = np.zeros(shape, self.dtype)
        d_c_0 = np.zeros(shape, self.dtype) if lstm else None
        states: list[tuple[Array, ...]] = []
        for layer in range(self.num_layers - 1, -1, -1):
            if active is not None:
                above = above * active[:, :, None]
            d_below = np.zeros_like(trace.records[layer][0].x)
            found = []
            for direction, suffix in enumerate(self._suffixes(layer)):
                at = layer * self.num_directions + direction
                d_h, d_x, d_h_first, d_c_first = self._run_back(
                    trace.records[layer][direction],
                    above[:, :, direction * H : (direction + 1) * H],
                    last_h[at],
                    None if last_c is None else last_c[at],
                    suffix,
                    active,
                    params,
                )
                found.append(frozen(d_h))
                d_below += d_x
                d_h_0[at] = d_h_first
                if d_c_0 is not None:
                    d_c_0[at] = d_c_first
            states.append(tuple(found))
            above = d_below
        return Gradients(
            {name: frozen(array) for name, array in params.items()},
            frozen(above),
            frozen(d_h_0),
            None if d_c_0 is None else frozen(d_c_0),
            frozen(flat),
            tuple(reversed(states)),
        )

    def _run_back(
        self,
        record: Record,
        d_output: Array,
        dh: Array,
        dc: Array | None,
        suffix: str,
        active: npt.NDArray[np.bool_] | None,
        params: dict[str, Array],
    ) -> tuple[Array, Array, Array, Array | None]:
        T, B, D = record.x.shape
        H = self.hidden_size
        cell = self._cell
        w = self._weights(suffix)
        rows = len(cell.blocks) * H
        d_x = np.empty((T, B, rows), self.dtype)
        d_u = np.empty((T, B, rows), self.dtype)
        d_h = np.empty((T, B, H), self.dtype)
        order = range(T) if record.reverse else range(T - 1, -1, -1)
        now, before = (0, 1) if record.reverse else (1, 0)
        hs, ks = tuple(record.h), tuple(record.kept)
        cs: tuple[Any, ...] = tuple(record.c) if record.c is not None else (None,) * (T + 1)
        resting, someone = _resting(active, T)
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            for t in order:
                total = dh + d_output[t]
                a, u, dh_, dc_ = cell.back(
                    total, dc, hs[t + before], cs[t + before], w, hs[t + now], cs[t + now], ks[t]
                )
                if someone[t]:
                    # Where the state was only kept, its gradient passes through and no weight had a part.
                    rest = resting[t]
                    for array in (a, u, total):
                        np.copyto(array, 0.0, where=rest)
                    np.copyto(dh_, dh, where=rest)
                    if dc is not None and dc_ is not None:
                        np.copyto(dc_, dc, where=rest)
                d_x[t], d_u[t], d_h[t] = a, u, total
                dh, dc = dh_, dc_
        flat_x, flat_u = d_x.reshape(T * B, rows), d_u.reshape(T * B, rows)
        h_ = record.h[record.before].reshape(T * B, H)
        params[f"weight_ih_{suffix}"][...] = flat_x.T.dot(record.x.reshape(T * B, D))
        params[f"weight_hh_{suffix}"][...] = flat_u.T.dot(h_)
        if self.cell == "gru" and self.reset == "before":
            r = record.kept.reshape(T * B, -1)[:, :H]
            params[f"weight_hh_{suffix}"][2 * H :] = flat_u[:, 2 * H :].T.dot(r * h_)
        if self.bias:
            params[f"bias_ih_{suffix}"][...] = flat_x.sum(axis=0)
            params[f"bias_hh_{suffix}"][...] = flat_u.sum(axis=0)
        d_input = flat_x.dot(self._params[f"weight_ih_{suffix}"]).reshape(T, B, D)
        return d_h, d_input, dh, dc

    def _gradient(self, name: str, value: npt.ArrayLike | None, shape: tuple[int, ...]) -> Array:
        return np.zeros(shape, self.dtype) if value is None else _numbers(name, value, self.dtype, shape)
