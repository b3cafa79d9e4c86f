"""ONNX's RNN, GRU and LSTM operators, given our weights, give our outputs.

Two witnesses. The operators' own equations, worked in plain floats from https://onnx.ai/onnx/operators/, always; and
`onnx.reference.ReferenceEvaluator`, in float64, where onnx is installed. Both must agree with us and with each other.

How a state dict becomes an operator's W, R and B stands in `OURS`, `ONNX`, `restacked` and `operands`.
"""

from __future__ import annotations

import importlib
import math
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
import pytest

from tests.engine.helpers import KINDS, name_of
from tutor.engine import CELLS, Recurrent
from tutor.engine.trace import Trace

OPSET = 22
"""The first with the operators as they are now."""

OURS = {"rnn": "h", "gru": "rzn", "lstm": "ifgo"}
"""The blocks of a weight matrix from top to bottom, as PyTorch stacks them."""

ONNX = {"rnn": "h", "gru": "zrn", "lstm": "iofg"}
"""The same blocks as ONNX stacks them, in our letters. ONNX writes i for the RNN's block, zrh and iofc for the others:
its GRU's h is our candidate n, its LSTM's c is our candidate g."""

assert set(OURS) == set(ONNX) == set(CELLS), "a new cell either has an operator, or is left out here by name"


def restacked(cell: str, array: np.ndarray) -> np.ndarray:
    """(G·H, …) in our order as (G·H, …) in ONNX's order; within a block nothing moves, and nothing is transposed."""
    block = dict(zip(OURS[cell], np.split(array, len(OURS[cell])), strict=True))
    return np.concatenate([block[letter] for letter in ONNX[cell]])


def operands(net: Recurrent, layer: int = 0) -> dict[str, np.ndarray]:
    """One layer's weights as an operator takes them.

    weight_ih_l0, weight_ih_l0_reverse                → W  (directions, G·H, D)
    weight_hh_l0, weight_hh_l0_reverse                → R  (directions, G·H, H)
    [bias_ih_l0, bias_hh_l0], and those of _reverse   → B = [Wb, Rb]  (directions, 2·G·H); none without biases
    """
    state = {name: restacked(net.cell, array) for name, array in net.state_dict().items()}
    suffixes = [f"l{layer}", f"l{layer}_reverse"] if net.bidirectional else [f"l{layer}"]
    found = {
        "W": np.stack([state[f"weight_ih_{suffix}"] for suffix in suffixes]),
        "R": np.stack([state[f"weight_hh_{suffix}"] for suffix in suffixes]),
    }
    if net.bias:
        found["B"] = np.stack(
            [np.concatenate([state[f"bias_ih_{suffix}"], state[f"bias_hh_{suffix}"]]) for suffix in suffixes]
        )
    return found


def as_operator(trace: Trace) -> list[np.ndarray]:
    """Our outputs as the operator's: Y (T, directions, B, H), Y_h (directions, B, H) and, of the LSTM, Y_c like Y_h."""
    T, B, width = trace.output.shape  # directions·H
    H = trace.h_n.shape[2]
    Y = trace.output.reshape(T, B, width // H, H).swapaxes(1, 2)
    return [Y, trace.h_n] if trace.c_n is None else [Y, trace.h_n, trace.c_n]


def initial(states: list[np.ndarray]) -> dict[str, np.ndarray]:
    """h_0, and for the LSTM c_0, by the names of the operator's inputs."""
    return dict(zip(("initial_h", "initial_c")[: len(states)], states, strict=True))


def given(states: list[np.ndarray]) -> Any:
    """The same as `forward` takes them."""
    return tuple(states) if len(states) == 2 else states[0]


def agree(ours: list[np.ndarray], theirs: list[np.ndarray], case: str = "") -> None:
    """To 1e-13, where float64 rounding was seen to reach 2e-15."""
    for name, our, their in zip(("Y", "Y_h", "Y_c")[: len(theirs)], ours, theirs, strict=True):
        np.testing.assert_allclose(our, their, rtol=1e-13, atol=1e-13, err_msg=f"{name} {case}")


# The reference evaluator


@pytest.fixture(scope="module")
def onnx() -> ModuleType:
    """Before 1.23 the evaluator read "reverse" as forward, had no second direction and no Y_c."""
    module = pytest.importorskip("onnx", minversion="1.23", reason="onnx is not installed; this check runs where it is")
    importlib.import_module("onnx.reference")
    return module


def model(onnx: ModuleType, nodes: list, feeds: dict[str, np.ndarray], outputs: dict[str, tuple[int, ...]]) -> Any:
    """A model of float64 that the checker takes for valid, shapes inferred, ready to run."""
    double = onnx.TensorProto.DOUBLE
    graph = onnx.helper.make_graph(
        nodes,
        "recurrent",
        [onnx.helper.make_tensor_value_info(name, double, array.shape) for name, array in feeds.items()],
        [onnx.helper.make_tensor_value_info(name, double, shape) for name, shape in outputs.items()],
    )
    made = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", OPSET)])
    onnx.checker.check_model(made, full_check=True)
    return onnx.reference.ReferenceEvaluator(made)


def node(onnx: ModuleType, kind: tuple[str, dict[str, Any]], direction: str, feeds: dict, outputs: list[str]) -> Any:
    """The one node: `kind` in ONNX's words. An input that is not fed is left out, and is zero by the specification."""
    cell, options = kind
    attributes: dict[str, Any] = {"hidden_size": feeds["R"].shape[2], "direction": direction}
    if cell == "gru":
        attributes["linear_before_reset"] = 1 if options.get("reset", "after") == "after" else 0
    if options.get("nonlinearity") == "identity":
        directions = len(feeds["W"])
        attributes["activations"] = ["Affine"] * directions  # alpha·x + beta
        attributes["activation_alpha"] = [1.0] * directions
        attributes["activation_beta"] = [0.0] * directions
    places = ["X", "W", "R", "B", "sequence_lens", "initial_h"] + (["initial_c"] if cell == "lstm" else [])
    return onnx.helper.make_node(
        cell.upper(), [name if name in feeds else "" for name in places], outputs, **attributes
    )


def run(
    onnx: ModuleType, kind: tuple[str, dict[str, Any]], direction: str, feeds: dict[str, np.ndarray]
) -> list[np.ndarray]:
    """Y (T, directions, B, H), Y_h (directions, B, H) and, of the LSTM, Y_c (directions, B, H)."""
    if kind[1].get("nonlinearity") == "relu":
        return run_relu(onnx, direction, feeds)
    T, B, _ = feeds["X"].shape
    directions, _, H = feeds["R"].shape
    outputs = {"Y": (T, directions, B, H), "Y_h": (directions, B, H)}
    if kind[0] == "lstm":
        outputs["Y_c"] = (directions, B, H)
    evaluator = model(onnx, [node(onnx, kind, direction, feeds, list(outputs))], feeds, outputs)
    return evaluator.run(None, feeds)


def run_relu(onnx: ModuleType, direction: str, feeds: dict[str, np.ndarray]) -> list[np.ndarray]:
    """The RNN with f = Relu, which the operator has and the reference evaluator has not (it knows Tanh and Affine).

    One step at a time: RNN with f(x) = x, then ONNX's Relu. The reverse direction is, as specified, the sequence turned
    round, and its outputs turned back.
    """
    ys, lasts = [], []
    for k, reverse in enumerate({"forward": [False], "reverse": [True], "bidirectional": [False, True]}[direction]):
        weights = {name: feeds[name][k : k + 1] for name in ("W", "R", "B") if name in feeds}
        B, H = feeds["X"].shape[1], feeds["R"].shape[2]
        state = feeds["initial_h"][k : k + 1] if "initial_h" in feeds else np.zeros((1, B, H))
        steps = feeds["X"][::-1] if reverse else feeds["X"]
        first = {"X": steps[:1], "initial_h": state, **weights}
        affine = node(onnx, ("rnn", {"nonlinearity": "identity"}), "forward", first, ["", "a"])
        step = model(onnx, [affine, onnx.helper.make_node("Relu", ["a"], ["h"])], first, {"h": (1, B, H)})
        rows = []
        for x in steps:
            (state,) = step.run(None, first | {"X": x[None], "initial_h": state})
            rows.append(state)
        ys.append(np.stack(rows[::-1] if reverse else rows))
        lasts.append(state)
    return [np.concatenate(ys, axis=1), np.concatenate(lasts)]


def drawn(
    kind: tuple[str, dict[str, Any]], seed: int, layers: int = 1, bidirectional: bool = True, bias: bool = True
) -> tuple[Recurrent, np.ndarray, list[np.ndarray]]:
    """A network with weights large enough that gates leave their linear middle; x; and h_0, for the LSTM c_0 too."""
    T, B, D, H = 5, 3, 2, 4
    cell, options = kind
    net = Recurrent(cell, D, H, layers, bidirectional, bias, dtype=np.float64, **options)
    rng = np.random.default_rng(seed)
    net.load_state_dict({name: rng.uniform(-1.0, 1.0, array.shape) for name, array in net.state_dict().items()})
    shape = (layers * (2 if bidirectional else 1), B, H)
    states = [rng.standard_normal(shape) for _ in range(2 if cell == "lstm" else 1)]
    return net, rng.standard_normal((T, B, D)), states


@pytest.mark.parametrize("start", ["given", "zero"])
@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no-bias"])
@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
@pytest.mark.parametrize("kind", KINDS, ids=name_of)
def test_one_layer(onnx: ModuleType, kind: tuple, direction: str, bias: bool, start: str) -> None:
    """The operator with direction="reverse" is the second half of our bidirectional network."""
    part = slice(1, 2) if direction == "reverse" else slice(None)
    for seed in range(3):
        net, x, states = drawn(kind, seed, bidirectional=direction != "forward", bias=bias)
        trace = net.forward(x, given(states) if start == "given" else None)
        weights = operands(net) | (initial(states) if start == "given" else {})
        feeds = {"X": x, **{name: array[part] for name, array in weights.items()}}
        ours = [array[..., part, :, :] for array in as_operator(trace)]
        agree(ours, run(onnx, kind, direction, feeds), f"seed {seed}")


@pytest.mark.parametrize("kind", KINDS, ids=name_of)
def test_sequence_lens(onnx: ModuleType, kind: tuple) -> None:
    """The reference evaluator takes sequence_lens and does not read it (onnx 1.23.2), so each sequence goes alone.

    What sequence_lens means is that a sequence ends there: both directions read its own steps and no others.
    """
    lengths = [3, 5, 1]
    net, x, states = drawn(kind, seed=3)
    trace = net.forward(x, given(states), lengths)
    for b, steps in enumerate(lengths):
        one = slice(b, b + 1)
        feeds = {"X": x[:steps, one], **operands(net), **initial([state[:, one] for state in states])}
        Y, *last = (array[..., one, :] for array in as_operator(trace))
        agree([Y[:steps], *last], run(onnx, kind, "bidirectional", feeds), f"sequence {b}")
        assert not Y[steps:].any()


@pytest.mark.parametrize("kind", KINDS, ids=name_of)
def test_two_layers_are_two_operators(onnx: ModuleType, kind: tuple) -> None:
    """An operator is one layer; the next reads Y (T, directions, B, H) as its X (T, B, directions·H)."""
    net, x, states = drawn(kind, seed=4, layers=2)
    X, lasts = x, []
    for layer in range(2):
        own = slice(2 * layer, 2 * layer + 2)
        feeds = {"X": X, **operands(net, layer), **initial([state[own] for state in states])}
        Y, *last = run(onnx, kind, "bidirectional", feeds)
        X = Y.swapaxes(1, 2).reshape(*x.shape[:2], -1)
        lasts.append(last)
    theirs = [Y, *(np.concatenate(pair) for pair in zip(*lasts, strict=True))]
    agree(as_operator(net.forward(x, given(states))), theirs)


# The equations by hand: T = 2 steps, H = 2 units, D = 2 features, one sequence; ONNX's letters throughout.


class Gate(NamedTuple):
    """A gate's W, R, Wb and Rb."""

    W: list[list[float]]
    R: list[list[float]]
    Wb: list[float]
    Rb: list[float]


RNN = {"i": Gate([[1.0, 0.5], [-0.5, 2.0]], [[0.5, -1.0], [2.0, 0.25]], [0.25, -0.5], [0.5, 0.75])}
GRU = {
    "z": Gate([[0.5, -0.3], [0.1, 0.8]], [[0.2, -0.6], [0.7, 0.4]], [0.1, -0.2], [0.3, 0.05]),
    "r": Gate([[-0.9, 0.4], [0.6, -0.2]], [[0.3, 0.5], [-0.8, 0.1]], [-0.4, 0.2], [0.15, -0.3]),
    "h": Gate([[0.7, 1.1], [-0.6, 0.9]], [[1.2, -0.5], [0.4, -1.3]], [0.05, 0.35], [-0.9, 0.6]),
}
LSTM = {
    "i": Gate([[0.5, -0.3], [0.1, 0.8]], [[0.2, -0.6], [0.7, 0.4]], [0.1, -0.2], [0.3, 0.05]),
    "o": Gate([[-0.2, 0.9], [0.3, 0.5]], [[-0.7, 0.1], [0.9, -0.4]], [0.2, 0.0], [-0.6, 0.25]),
    "f": Gate([[-0.9, 0.4], [0.6, -0.2]], [[0.3, 0.5], [-0.8, 0.1]], [0.9, 1.2], [0.15, -0.3]),
    "c": Gate([[0.7, 1.1], [-0.6, 0.9]], [[1.2, -0.5], [0.4, -1.3]], [0.05, 0.35], [-0.9, 0.6]),
}
X = [[1.0, -0.5], [-2.0, 0.75]]
H_0, C_0 = [0.5, -0.25], [-0.75, 1.5]


def σ(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-x))


def relu(x: float) -> float:
    return max(0.0, x)


def product(matrix: list[list[float]], vector: list[float]) -> list[float]:
    return [sum(m * v for m, v in zip(row, vector, strict=True)) for row in matrix]


def total(*terms: list[float]) -> list[float]:
    return [sum(column) for column in zip(*terms, strict=True)]


def times(a: list[float], b: list[float]) -> list[float]:
    return [x * y for x, y in zip(a, b, strict=True)]


def reach(gate: Gate, X_t: list[float], H: list[float]) -> list[float]:
    """Xt*(W^T) + Ht-1*(R^T) + Wb + Rb"""
    return total(product(gate.W, X_t), product(gate.R, H), gate.Wb, gate.Rb)


def rnn_by_hand(f: Any) -> list[list[float]]:
    """Ht = f(Xt*(Wi^T) + Ht-1*(Ri^T) + Wbi + Rbi)"""
    H, rows = H_0, []
    for X_t in X:
        H = [f(a) for a in reach(RNN["i"], X_t, H)]
        rows.append(H)
    return rows


def gru_by_hand(linear_before_reset: int) -> list[list[float]]:
    """zt = f(Xt*(Wz^T) + Ht-1*(Rz^T) + Wbz + Rbz)
    rt = f(Xt*(Wr^T) + Ht-1*(Rr^T) + Wbr + Rbr)
    ht = g(Xt*(Wh^T) + (rt (.) Ht-1)*(Rh^T) + Rbh + Wbh)       linear_before_reset = 0
    ht = g(Xt*(Wh^T) + (rt (.) (Ht-1*(Rh^T) + Rbh)) + Wbh)     linear_before_reset ≠ 0
    Ht = (1 - zt) (.) ht + zt (.) Ht-1
    """
    H, rows = H_0, []
    W, R, Wb, Rb = GRU["h"]
    for X_t in X:
        z = [σ(a) for a in reach(GRU["z"], X_t, H)]
        r = [σ(a) for a in reach(GRU["r"], X_t, H)]
        if linear_before_reset:
            past = times(r, total(product(R, H), Rb))
        else:
            past = total(product(R, times(r, H)), Rb)
        h = [math.tanh(a) for a in total(product(W, X_t), past, Wb)]
        H = total(times([1.0 - a for a in z], h), times(z, H))
        rows.append(H)
    return rows


def lstm_by_hand() -> tuple[list[list[float]], list[float]]:
    """it = f(Xt*(Wi^T) + Ht-1*(Ri^T) + Wbi + Rbi), and ft, ot likewise (no peepholes: P is 0)
    ct = g(Xt*(Wc^T) + Ht-1*(Rc^T) + Wbc + Rbc)
    Ct = ft (.) Ct-1 + it (.) ct
    Ht = ot (.) h(Ct)
    """
    H, C, rows = H_0, C_0, []
    for X_t in X:
        i, o, f = ([σ(a) for a in reach(LSTM[gate], X_t, H)] for gate in "iof")
        c = [math.tanh(a) for a in reach(LSTM["c"], X_t, H)]
        C = total(times(f, C), times(i, c))
        H = times(o, [math.tanh(a) for a in C])
        rows.append(H)
    return rows, C


def net_by_hand(kind: tuple[str, dict[str, Any]]) -> Recurrent:
    """The gates stacked as PyTorch stacks them: one for the RNN; r, z, n; i, f, g, o. n is ONNX's h, g is its c."""
    cell, options = kind
    gates = {"rnn": [RNN["i"]], "gru": [GRU[k] for k in "rzh"], "lstm": [LSTM[k] for k in "ifco"]}[cell]
    net = Recurrent(cell, 2, 2, dtype=np.float64, **options)
    net.load_state_dict(
        {
            "weight_ih_l0": np.concatenate([gate.W for gate in gates]),
            "weight_hh_l0": np.concatenate([gate.R for gate in gates]),
            "bias_ih_l0": np.concatenate([gate.Wb for gate in gates]),
            "bias_hh_l0": np.concatenate([gate.Rb for gate in gates]),
        }
    )
    return net


def by_hand(kind: tuple[str, dict[str, Any]]) -> list[np.ndarray]:
    """Y, Y_h and, of the LSTM, Y_c: (2, 1, 1, 2), (1, 1, 2), (1, 1, 2)."""
    cell, options = kind
    C = None
    if cell == "rnn":
        f = {"tanh": math.tanh, "relu": relu, "identity": float}[options.get("nonlinearity", "tanh")]
        rows = rnn_by_hand(f)
    elif cell == "gru":
        rows = gru_by_hand({"after": 1, "before": 0}[options.get("reset", "after")])
    else:
        rows, C = lstm_by_hand()
    found = [np.reshape(rows, (2, 1, 1, 2)), np.reshape(rows[-1], (1, 1, 2))]
    return found if C is None else [*found, np.reshape(C, (1, 1, 2))]


def inputs_by_hand(cell: str) -> tuple[np.ndarray, list[np.ndarray]]:
    states = [H_0, C_0] if cell == "lstm" else [H_0]
    return np.reshape(X, (2, 1, 2)), [np.reshape(state, (1, 1, 2)) for state in states]


@pytest.mark.parametrize("kind", KINDS, ids=name_of)
def test_the_equations_by_hand(kind: tuple) -> None:
    x, states = inputs_by_hand(kind[0])
    agree(as_operator(net_by_hand(kind).forward(x, given(states))), by_hand(kind))


@pytest.mark.parametrize(
    ("nonlinearity", "rows"),
    [("identity", [[2.0, -0.3125], [0.4375, 6.671875]]), ("relu", [[2.0, 0.0], [0.125, 6.75]])],
)
def test_rows_that_are_exact(nonlinearity: str, rows: list) -> None:
    """Weights of few bits and no exponential: worked on paper, and no bit is lost.

    H1 = f(1·1 + 0.5·-0.5 + 0.5·0.5 - 1·-0.25 + 0.25 + 0.5, -0.5·1 + 2·-0.5 + 2·0.5 + 0.25·-0.25 - 0.5 + 0.75)
       = f(2, -0.3125)
    H2 = f(1·-2 + 0.5·0.75 + 0.5·2 - 1·H1[1] + 0.25 + 0.5, -0.5·-2 + 2·0.75 + 2·2 + 0.25·H1[1] - 0.5 + 0.75)
       = f(0.125 - H1[1], 6.75 + 0.25·H1[1])
    """
    x, states = inputs_by_hand("rnn")
    trace = net_by_hand(("rnn", {"nonlinearity": nonlinearity})).forward(x, given(states))
    assert trace.output[:, 0].tolist() == rows


@pytest.mark.parametrize("kind", KINDS, ids=name_of)
def test_the_equations_are_the_operators(onnx: ModuleType, kind: tuple) -> None:
    """The third side: what was worked by hand is what the reference evaluator computes."""
    x, states = inputs_by_hand(kind[0])
    agree(run(onnx, kind, "forward", {"X": x, **operands(net_by_hand(kind)), **initial(states)}), by_hand(kind))
