"""The same weights in PyTorch give the same outputs and the same gradients, to 1e-9, over its own grid."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from tutor.engine import Recurrent

torch = pytest.importorskip("torch", reason="PyTorch is not installed; this check runs where it is")

GRID = [
    (cell, nonlinearity, bias, bidirectional, layers, ragged, given)
    for (cell, nonlinearity), bias, bidirectional, layers, ragged, given in itertools.product(
        [("rnn", "tanh"), ("rnn", "relu"), ("gru", "tanh"), ("lstm", "tanh")],
        [True, False],
        [False, True],
        [1, 2],
        [False, True],
        [False, True],
    )
]
T, B, D, H = 5, 4, 3, 6
LENGTHS = [3, 5, 1, 4]


@pytest.mark.parametrize("case", GRID, ids=lambda case: "-".join(map(str, case)))
def test_outputs_and_gradients(case: tuple) -> None:
    cell, nonlinearity, bias, bidirectional, layers, ragged, given = case
    net = Recurrent(cell, D, H, layers, bidirectional, bias, nonlinearity, dtype=np.float64, seed=1)
    kind = {"rnn": torch.nn.RNN, "gru": torch.nn.GRU, "lstm": torch.nn.LSTM}[cell]
    options = {"nonlinearity": nonlinearity} if cell == "rnn" else {}
    theirs = kind(D, H, layers, bias=bias, bidirectional=bidirectional, dtype=torch.float64, **options)
    theirs.load_state_dict({name: torch.tensor(array.copy()) for name, array in net.state_dict().items()})
    rng = np.random.default_rng(2)
    x = rng.standard_normal((T, B, D))
    shape = (layers * (2 if bidirectional else 1), B, H)
    h_0, c_0 = rng.standard_normal(shape), rng.standard_normal(shape)
    x_t, h_t, c_t = (torch.tensor(array, requires_grad=True) for array in (x, h_0, c_0))
    state = (h_0, c_0) if cell == "lstm" else h_0
    state_t = (h_t, c_t) if cell == "lstm" else h_t
    trace = net.forward(x, state if given else None, LENGTHS if ragged else None)
    fed = torch.nn.utils.rnn.pack_padded_sequence(x_t, LENGTHS, enforce_sorted=False) if ragged else x_t
    output, last = theirs(fed, state_t if given else None)
    if ragged:
        output, _ = torch.nn.utils.rnn.pad_packed_sequence(output, total_length=T)
    h_n, c_n = last if cell == "lstm" else (last, None)
    np.testing.assert_allclose(trace.output, output.detach(), atol=1e-9)
    np.testing.assert_allclose(trace.h_n, h_n.detach(), atol=1e-9)
    d_output, d_h_n, d_c_n = rng.standard_normal(output.shape), rng.standard_normal(shape), rng.standard_normal(shape)
    loss = (output * torch.tensor(d_output)).sum() + (h_n * torch.tensor(d_h_n)).sum()
    if c_n is not None:
        np.testing.assert_allclose(trace.c_n, c_n.detach(), atol=1e-9)
        loss = loss + (c_n * torch.tensor(d_c_n)).sum()
    loss.backward()
    grads = net.backward(trace, d_output, d_h_n, d_c_n if cell == "lstm" else None)
    for name, parameter in theirs.named_parameters():
        np.testing.assert_allclose(grads.params[name], parameter.grad, atol=1e-9, err_msg=name)
    np.testing.assert_allclose(grads.x, x_t.grad, atol=1e-9)
    if given:
        np.testing.assert_allclose(grads.h_0, h_t.grad, atol=1e-9)
        if cell == "lstm":
            np.testing.assert_allclose(grads.c_0, c_t.grad, atol=1e-9)
