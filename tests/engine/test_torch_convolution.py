"""The same weights in PyTorch give the same outputs and the same gradients, to 1e-10."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tutor.engine.convolution import CausalConv1d, Conv2d, ImageEncoder, MaxPool2d

torch = pytest.importorskip("torch", reason="PyTorch is not installed; this check runs where it is")

RNG = np.random.default_rng(7)


def load(theirs: Any, ours: Any) -> None:
    theirs.load_state_dict({name: torch.tensor(array.copy()) for name, array in ours.state_dict().items()})


def compare(ours: dict[str, np.ndarray], theirs: Any) -> None:
    for name, parameter in theirs.named_parameters():
        np.testing.assert_allclose(ours[name], parameter.grad, atol=1e-10, err_msg=name)


def compare_layers(ours: Any, theirs: Any, x: np.ndarray, respond: Callable[[Any], Any]) -> None:
    """Outputs and every gradient; `respond` is what theirs makes of x, in our order of axes."""
    load(theirs, ours)
    x_t = torch.tensor(x, requires_grad=True)
    y, y_t = ours.forward(x), respond(x_t)
    np.testing.assert_allclose(y, y_t.detach(), atol=1e-10)
    d_y = RNG.standard_normal(y.shape)
    y_t.backward(torch.tensor(d_y))
    grads = ours.views(np.empty_like(ours.flat))
    np.testing.assert_allclose(ours.backward(x, d_y, grads), x_t.grad, atol=1e-10)
    compare(grads, theirs)


@pytest.mark.parametrize("case", [*itertools.product([1, 2, 3, 5], [0, 1, 2], [1, 2, 3])], ids=str)
def test_conv2d(case: tuple[int, int, int]) -> None:
    k, padding, stride = case
    ours = Conv2d(3, 4, k, padding=padding, stride=stride, dtype=np.float64, seed=1)
    theirs = torch.nn.Conv2d(3, 4, k, padding=padding, stride=stride, dtype=torch.float64)
    compare_layers(ours, theirs, RNG.standard_normal((2, 3, 7, 10)), theirs)


@pytest.mark.parametrize("k", [1, 2, 3, 4])
def test_max_pool_with_many_equal_values(k: int) -> None:
    x = RNG.integers(0, 3, (3, 2, 9, 10)).astype(np.float64)
    x_t = torch.tensor(x, requires_grad=True)
    y, y_t = MaxPool2d(k).forward(x), torch.nn.MaxPool2d(k)(x_t)
    np.testing.assert_array_equal(y, y_t.detach())
    d_y = RNG.standard_normal(y.shape)
    y_t.backward(torch.tensor(d_y))
    np.testing.assert_array_equal(MaxPool2d(k).backward(x, d_y), x_t.grad)


@pytest.mark.parametrize("case", [*itertools.product([1, 2, 5], [1, 2, 4], [1, 3, 40])], ids=str)
def test_causal_conv1d(case: tuple[int, int, int]) -> None:
    k, dilation, T = case
    ours = CausalConv1d(3, 4, k, dilation=dilation, dtype=np.float64, seed=1)
    theirs = torch.nn.Conv1d(3, 4, k, dilation=dilation, dtype=torch.float64)

    def respond(x_t: Any) -> Any:
        padded = torch.nn.functional.pad(x_t.permute(1, 2, 0), ((k - 1) * dilation, 0))
        return theirs(padded).permute(2, 0, 1)

    compare_layers(ours, theirs, RNG.standard_normal((T, 2, 3)), respond)


@pytest.mark.parametrize("case", [(12, 12, 3), (7, 10, 3), (5, 9, 2), (8, 4, 5)], ids=str)
def test_image_encoder(case: tuple[int, int, int]) -> None:
    H, W, k = case
    ours = ImageEncoder(H, W, 5, channels=(3, 4), kernel_size=k, dtype=np.float64, seed=1)
    nn = torch.nn
    parts = {
        "conv0": nn.Conv2d(1, 3, k, padding=k // 2),
        "conv1": nn.Conv2d(3, 4, k, padding=k // 2),
        "linear": nn.Linear(ours.state_dict()["linear.weight"].shape[1], 5),
    }
    theirs = nn.ModuleDict(parts).double()
    load(theirs, ours)
    x = RNG.standard_normal((2, 1, H, W))
    x_t = torch.tensor(x, requires_grad=True)
    below = x_t
    for name in ("conv0", "conv1"):
        below = nn.functional.max_pool2d(nn.functional.relu(theirs[name](below)), 2)
    y_t = theirs["linear"](below.flatten(1))
    record = ours.forward(x)
    np.testing.assert_allclose(record.output, y_t.detach(), atol=1e-10)
    d_y = RNG.standard_normal(record.output.shape)
    y_t.backward(torch.tensor(d_y))
    gradient = np.empty_like(ours.flat)
    d_x = ours.backward(record, d_y, ours.split(gradient))
    np.testing.assert_allclose(d_x, x_t.grad, atol=1e-10)
    compare(ours.views(gradient), theirs)
