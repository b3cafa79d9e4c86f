"""Losses beside their slopes, and optimisers by their equations."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tutor.engine.heads import Linear
from tutor.engine.losses import cross_entropy, log_softmax, softmax
from tutor.engine.optimizers import SGD, Adam, clip_by_global_norm, global_norm

RNG = np.random.default_rng(0)


def test_softmax_is_steady_and_knows_its_temperature() -> None:
    p = softmax(np.array([[1000.0, 999.0, -1000.0]]))
    np.testing.assert_allclose(p, [[1 / (1 + math.exp(-1)), 1 / (1 + math.e), 0.0]], atol=1e-12)
    x = RNG.standard_normal((2, 5))
    np.testing.assert_allclose(softmax(x, 2.0), softmax(x / 2.0))
    np.testing.assert_allclose(softmax(x, 1e6), 0.2, atol=1e-5)
    np.testing.assert_allclose(np.exp(log_softmax(x)).sum(axis=-1), 1.0)
    for wrong in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="temperature: got"):
            softmax(x, wrong)


def test_cross_entropy_and_its_slope() -> None:
    logits, targets = RNG.standard_normal((4, 5)), np.array([0, 2, 4, 1])
    mask = np.array([True, True, False, True])
    loss, slope = cross_entropy(logits, targets, mask)
    want = -np.mean([math.log(softmax(logits[i])[targets[i]]) for i in (0, 1, 3)])
    assert loss == pytest.approx(want)
    for at in np.ndindex(logits.shape):
        nudge = np.zeros_like(logits)
        nudge[at] = 1e-6
        numeric = (
            cross_entropy(logits + nudge, targets, mask)[0] - cross_entropy(logits - nudge, targets, mask)[0]
        ) / 2e-6
        assert slope[at] == pytest.approx(numeric, abs=1e-8)
    assert not slope[2].any()


def test_the_linear_layer_and_its_slopes() -> None:
    layer = Linear(3, 4, dtype=np.float64, seed=1)
    h, d_y = RNG.standard_normal((5, 3)), RNG.standard_normal((5, 4))
    d_weight, d_bias, d_h = layer.backward(h, d_y)
    for array, slope in ((layer.weight, d_weight), (layer.bias, d_bias), (h, d_h)):
        for at in np.ndindex(array.shape):
            kept = array[at]
            array[at] = kept + 1e-6
            above = (layer.forward(h) * d_y).sum()
            array[at] = kept - 1e-6
            below = (layer.forward(h) * d_y).sum()
            array[at] = kept
            assert slope[at] == pytest.approx((above - below) / 2e-6, abs=1e-7)


def test_clipping_scales_all_gradients_together() -> None:
    gradients = [np.array([3.0, 0.0]), np.array([[4.0]])]
    assert clip_by_global_norm(gradients, 1.0) == 5.0
    np.testing.assert_allclose(gradients[0], [0.6, 0.0])
    np.testing.assert_allclose(gradients[1], [[0.8]])
    assert clip_by_global_norm(gradients, 2.0) == pytest.approx(1.0)
    np.testing.assert_allclose(gradients[0], [0.6, 0.0])


@pytest.mark.parametrize("norm", [0.5, 1.0, 1.001, 1.5, 40.0])
def test_clipping_begins_at_the_limit(norm: float) -> None:
    gradient = np.array([0.6, 0.8]) * norm
    assert clip_by_global_norm([gradient], 1.0) == pytest.approx(norm)
    assert np.linalg.norm(gradient) == pytest.approx(min(norm, 1.0))


def test_sgd_with_momentum() -> None:
    p = np.array([1.0])
    sgd = SGD([p], 0.1, momentum=0.5)
    sgd.step([np.array([2.0])])
    assert p[0] == pytest.approx(0.8)
    sgd.step([np.array([2.0])])
    assert p[0] == pytest.approx(0.8 - 0.1 * 3.0)


def test_adam_by_its_equations() -> None:
    p, want = np.array([1.0, -2.0]), np.array([1.0, -2.0])
    m = v = np.zeros(2)
    adam = Adam([p], 0.01)
    for t in range(1, 6):
        g = np.array([0.5 * t, -3.0])
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        want = want - 0.01 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        adam.step([g])
    np.testing.assert_allclose(p, want, rtol=1e-12)


def test_the_norm_of_large_float32_gradients_does_not_overflow() -> None:
    gradients = [np.full(4, 1e30, np.float32)]
    assert global_norm(gradients) == pytest.approx(2e30, rel=1e-6)
    assert clip_by_global_norm(gradients, 1.0) == pytest.approx(2e30, rel=1e-6)
    np.testing.assert_allclose(gradients[0], 0.5, rtol=1e-6)


def test_a_gradient_without_direction_is_left_as_it_is() -> None:
    gradients = [np.array([np.inf, 1.0])]
    assert clip_by_global_norm(gradients, 1.0) == math.inf
    np.testing.assert_array_equal(gradients[0], [np.inf, 1.0])


def test_a_loss_over_nothing_is_zero() -> None:
    loss, slope = cross_entropy(RNG.standard_normal((2, 3)), np.array([0, 1]), np.array([False, False]))
    assert loss == 0.0
    assert not slope.any()


def test_cross_entropy_as_in_pytorch() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed; this check runs where it is")
    logits, targets = RNG.standard_normal((4, 5)), np.array([0, 2, 4, 1])
    theirs = torch.tensor(logits, requires_grad=True)
    loss = torch.nn.functional.cross_entropy(theirs, torch.tensor(targets))
    loss.backward()
    ours, slope = cross_entropy(logits, targets)
    assert ours == pytest.approx(loss.item(), rel=1e-12)
    np.testing.assert_allclose(slope, theirs.grad, atol=1e-14)


def test_clipping_and_steps_as_in_pytorch() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed; this check runs where it is")
    pytest.importorskip("sympy", reason="PyTorch's optimisers do not start without it")
    start = [RNG.standard_normal((3, 2)), RNG.standard_normal(4)]
    for make, made in (
        (lambda p: Adam(p, 0.02, (0.8, 0.99), 1e-7), lambda p: torch.optim.Adam(p, 0.02, (0.8, 0.99), 1e-7)),
        (lambda p: SGD(p, 0.05, 0.9), lambda p: torch.optim.SGD(p, 0.05, 0.9)),
    ):
        mine = [p.copy() for p in start]
        other = [torch.tensor(p, requires_grad=True) for p in start]
        one, two = make(mine), made(other)
        for _ in range(6):
            gradients = [RNG.normal(0, 2, p.shape) for p in start]
            for p, g in zip(other, gradients, strict=True):
                p.grad = torch.tensor(g)
            norm = torch.nn.utils.clip_grad_norm_(other, 3.0)
            assert clip_by_global_norm(gradients, 3.0) == pytest.approx(norm.item(), rel=1e-12)
            one.step(gradients)
            two.step()
        for p, q in zip(mine, other, strict=True):
            # PyTorch's clipping adds 1e-6 to the norm that it divides by.
            np.testing.assert_allclose(p, q.detach(), rtol=1e-6)
