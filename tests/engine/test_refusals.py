"""What cannot be is refused by name: the argument, what came, what was expected. What is shown cannot be written to."""

from __future__ import annotations

import numpy as np
import pytest

from tutor.engine import Recurrent, checks

X = np.zeros((3, 2, 4), np.float32)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"cell": "elman"}, r"cell: got 'elman', expected one of 'rnn', 'gru', 'lstm'"),
        ({"input_size": 0}, r"input_size: got 0"),
        ({"hidden_size": -1}, r"hidden_size: got -1"),
        ({"hidden_size": 2.5}, r"hidden_size: got 2.5"),
        ({"num_layers": 0}, r"num_layers: got 0"),
        ({"nonlinearity": "softplus"}, r"nonlinearity: got 'softplus'"),
        ({"cell": "gru", "nonlinearity": "relu"}, r"nonlinearity: got 'relu'"),
        ({"cell": "gru", "reset": "never"}, r"reset: got 'never'"),
        ({"init": "ones"}, r"init: got 'ones'"),
        ({"forget_bias": 1.0}, r"forget_bias"),
        ({"dtype": np.int32}, r"dtype: got int32"),
        ({"dtype": np.float16}, r"dtype: got float16"),
        ({"seed": -1}, r"seed: got -1"),
        ({"radius": float("inf")}, r"radius: got inf"),
        ({"radius": 1e39}, r"radius: got 1e\+39, expected a finite float32"),
        ({"cell": "lstm", "forget_bias": float("nan")}, r"forget_bias: got nan"),
        ({"cell": "lstm", "forget_bias": 1.0, "bias": False}, r"forget_bias: got 1.0, expected None"),
        ({"reset": "before"}, r"reset: got 'before', expected 'after'"),
        ({"hidden_size": True}, r"hidden_size: got True"),
        ({"dtype": "no such"}, r"dtype: got 'no such', expected float32 or float64"),
        ({"seed": 1.5}, r"seed: got 1.5"),
    ],
)
def test_a_network_that_cannot_be(options: dict, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Recurrent(**({"cell": "rnn", "input_size": 4, "hidden_size": 3} | options))


def test_however_long_what_came_is_its_refusal_is_short() -> None:
    text, many = "\x1b[31m\n" * 1_000_000, 10**4_000
    shown = "'" + r"\x1b[31m\n" * 9
    for refused, said in (
        (lambda: checks.one_of("cell", text, ("rnn", "gru")), "cell: got {}, expected one of 'rnn', 'gru'"),
        (lambda: checks.whole("size", text), "size: got {}, expected a whole number of at least 1"),
        (lambda: checks.above("rate", text), "rate: got {}, expected a number above 0"),
        (lambda: checks.precision(text), "dtype: got {}, expected float32 or float64"),
    ):
        with pytest.raises(ValueError, match=": got ") as found:
            refused()
        assert str(found.value) == said.format(checks.short(text))
        assert len(str(found.value)) < 150
    assert checks.short(text)[:60] == shown[:60]
    assert (len(checks.short(text)), checks.short(text)[-1]) == (80, "…")
    assert checks.short("a" * 78) == repr("a" * 78)
    with pytest.raises(ValueError, match=r"\Asize: got -10{77}…, expected a whole number of at least 1\Z"):
        checks.whole("size", -many)


@pytest.mark.parametrize(
    ("x", "options", "said"),
    [
        (X.astype(np.float64), {}, r"x: got dtype float64, expected float32"),
        (X.astype(np.int64), {}, r"x: got dtype int64, expected float32"),
        (X[0], {}, r"x: got shape \(2, 4\), expected \(T, B, 4\)"),
        (X[..., :3], {}, r"x: got shape \(3, 2, 3\), expected \(T, B, 4\)"),
        (X[:0], {}, r"x: got shape \(0, 2, 4\)"),
        (X[:, :0], {}, r"x: got shape \(3, 0, 4\)"),
        (np.full_like(X, np.nan), {}, r"x: got NaN"),
        (np.full_like(X, np.inf), {}, r"x: got NaN or infinity"),
        (X, {"state": np.zeros((2, 2, 3), np.float32)}, r"h_0: got shape \(2, 2, 3\), expected \(1, 2, 3\)"),
        (X, {"state": np.zeros((1, 2, 3))}, r"h_0: got dtype float64"),
        (X, {"state": (np.zeros((1, 2, 3), np.float32),) * 2}, r"state: got a tuple"),
        (X, {"lengths": [1, 4]}, r"lengths: got \[1, 4\], expected each from 1 to 3"),
        (X, {"lengths": [0, 3]}, r"lengths: got \[0, 3\]"),
        (X, {"lengths": [3]}, r"lengths: got shape \(1,\), expected \(2,\)"),
        (X, {"lengths": [1.0, 2.0]}, r"lengths: got dtype float64"),
        (X, {"lengths": [[1], [2, 3]]}, r"lengths: got \[\[1\], \[2, 3\]\]"),
        (X, {"lengths": [True, True]}, r"lengths: got dtype bool"),
        (X, {"lengths": [-1, 3]}, r"lengths: got \[-1, 3\]"),
        (X, {"state": np.full((1, 2, 3), np.nan, np.float32)}, r"h_0: got NaN"),
        (X[..., None], {}, r"x: got shape \(3, 2, 4, 1\)"),
        (None, {}, r"x: got dtype object"),
        ([[[1.0], [1.0, 2.0]]], {}, r"x: got list, expected an array"),
        ("hello", {}, r"x: got dtype"),
    ],
)
def test_an_input_that_cannot_be_read(x, options: dict, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Recurrent("rnn", 4, 3).forward(x, **options)


def test_the_lstm_wants_both_states() -> None:
    net, right = Recurrent("lstm", 4, 3), np.zeros((1, 2, 3), np.float32)
    for state in (right, (right,), (right,) * 3, "hc"):
        with pytest.raises(ValueError, match=r"state: got .*expected \(h_0, c_0\)"):
            net.forward(X, state)
    with pytest.raises(ValueError, match=r"state: c_0: got shape \(1, 2, 4\), expected \(1, 2, 3\)"):
        net.forward(X, (right, np.zeros((1, 2, 4), np.float32)))
    with pytest.raises(ValueError, match=r"state: c_0: got dtype object"):
        net.forward(X, (right, None))
    assert net.forward(X, [right, right]).c_n is not None


def test_a_state_dict_is_taken_whole_or_not_at_all() -> None:
    net = Recurrent("gru", 4, 3)
    before = net.flat.tobytes()
    state = {name: np.ones_like(array) for name, array in net.state_dict().items()}
    wrong = {
        "weight_ih_l0 is missing": {k: v for k, v in state.items() if k != "weight_ih_l0"},
        "unknown name weight_ih_l9": state | {"weight_ih_l9": np.ones(1)},
        r"bias_hh_l0: got shape \(3,\), expected \(9,\)": state | {"bias_hh_l0": np.ones(3, np.float32)},
        "bias_hh_l0: got": state | {"bias_hh_l0": np.full(9, np.nan, np.float32)},
        "bias_hh_l0: got dtype": state | {"bias_hh_l0": np.ones(9, np.int64)},
        "bias_hh_l0: got NaN or infinity": state | {"bias_hh_l0": np.full(9, 1e300)},
    }
    for said, given in wrong.items():
        with pytest.raises(ValueError, match=said):
            net.load_state_dict(given)
        assert net.flat.tobytes() == before
    net.load_state_dict(state)
    assert (net.flat == 1).all()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"d_output": np.zeros((3, 2, 4), np.float32)}, r"d_output: got shape \(3, 2, 4\), expected \(3, 2, 3\)"),
        ({"d_output": np.zeros((3, 2, 3))}, r"d_output: got dtype float64"),
        ({"d_output": None, "d_h_n": np.zeros((2, 2, 3), np.float32)}, r"d_h_n: got shape"),
        ({"d_output": None, "d_c_n": np.zeros((1, 2, 3), np.float32)}, r"d_c_n"),
    ],
)
def test_a_gradient_that_does_not_fit(given: dict, said: str) -> None:
    net = Recurrent("rnn", 4, 3)
    with pytest.raises(ValueError, match=said):
        net.backward(net.forward(X), **given)


@pytest.mark.parametrize(
    "other",
    [
        Recurrent("rnn", 4, 5),
        Recurrent("rnn", 4, 3, 2),
        Recurrent("rnn", 4, 3, bidirectional=True),
        Recurrent("gru", 4, 3),
        Recurrent("rnn", 4, 3, dtype=np.float64),
    ],
    ids=["size", "layers", "directions", "cell", "precision"],
)
def test_a_trace_of_another_network(other: Recurrent) -> None:
    trace = other.forward(X.astype(other.dtype))
    with pytest.raises(ValueError, match="trace: got one that another network made"):
        Recurrent("rnn", 4, 3).backward(trace, None)


def test_what_is_shown_cannot_be_written_to() -> None:
    net = Recurrent("lstm", 4, 3)
    trace = net.forward(X)
    grads = net.backward(trace, np.ones_like(trace.output))
    shown = [
        trace.output,
        trace.h_n,
        trace.c_n,
        *trace.gates().values(),
        *net.state_dict().values(),
        *grads.params.values(),
        grads.x,
        grads.h_0,
        grads.c_0,
        grads.h(),
    ]
    for array in shown:
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0.0
    with pytest.raises(AttributeError):
        trace.output = None
    lengths = net.forward(X, lengths=[1, 3]).lengths
    assert lengths is not None
    with pytest.raises(ValueError, match="read-only"):
        lengths[0] = 3
    for wrong in ({"layer": 1}, {"layer": -1}, {"direction": 1}):
        with pytest.raises(ValueError, match=f"{next(iter(wrong))}: got"):
            trace.gates(**wrong)
        with pytest.raises(ValueError, match=f"{next(iter(wrong))}: got"):
            grads.h(**wrong)
    assert net.bias
    assert Recurrent("lstm", 4, 3, bias=False).state_dict().keys() == {"weight_ih_l0", "weight_hh_l0"}
