"""Losses beside their slopes, and optimisers by their equations."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tutor.engine.heads import Embedding, Linear
from tutor.engine.losses import (
    absolute_error,
    accuracy,
    bits,
    cross_entropy,
    exact_match,
    log_softmax,
    perplexity,
    softmax,
    squared_error,
)
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


def test_cross_entropy_of_large_scores_is_steady() -> None:
    for wanted, loss in ((0, 0.0), (1, 1000.0), (2, 2000.0)):
        found, slope = cross_entropy(np.array([[1000.0, 0.0, -1000.0]]), np.array([wanted]))
        assert found == loss
        np.testing.assert_array_equal(slope, [np.array([1.0, 0.0, 0.0]) - np.eye(3)[wanted]])
    found, _ = cross_entropy(np.full((1, 4), -1e30), np.array([3]))
    assert found == pytest.approx(math.log(4.0))


def test_the_linear_layer_and_its_slopes() -> None:
    layer = Linear(3, 4, dtype=np.float64, seed=1)
    h, d_y = RNG.standard_normal((5, 3)), RNG.standard_normal((5, 4))
    grads = layer.views(np.full_like(layer.flat, 99.0))
    d_h = layer.backward(h, d_y, grads)
    for array, slope in ((layer.weight, grads["weight"]), (layer.bias, grads["bias"]), (h, d_h)):
        for at in np.ndindex(array.shape):
            kept = array[at]
            array[at] = kept + 1e-6
            above = (layer.forward(h) * d_y).sum()
            array[at] = kept - 1e-6
            below = (layer.forward(h) * d_y).sum()
            array[at] = kept
            assert slope[at] == pytest.approx((above - below) / 2e-6, abs=1e-7)


@pytest.mark.parametrize("limit", [1 << 20, 0], ids=["by a product", "by adding up"])
def test_the_embedding_is_a_one_hot_product_and_so_is_its_gradient(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tutor.engine.heads._DENSE", limit)
    layer = Embedding(5, 3, dtype=np.float64, seed=1)
    tokens = np.array([[1, 4], [1, 0], [4, 1]])
    one_hot = np.eye(5)[tokens]
    np.testing.assert_array_equal(layer.forward(tokens), one_hot @ layer.weight)
    d_x = RNG.standard_normal((3, 2, 3))
    grads = layer.views(np.full_like(layer.flat, 99.0))
    layer.backward(tokens, d_x, grads)
    np.testing.assert_allclose(grads["weight"], np.einsum("tbv,tbd->vd", one_hot, d_x), atol=1e-14)
    assert not grads["weight"][[2, 3]].any()


def test_an_embedding_is_drawn_from_a_normal_distribution() -> None:
    drawn = Embedding(2000, 8, seed=1).weight
    assert drawn.mean() == pytest.approx(0.0, abs=0.03)
    assert drawn.std() == pytest.approx(1.0, abs=0.03)
    assert (np.abs(drawn) > 2.0).mean() == pytest.approx(0.0455, abs=0.01)


@pytest.mark.parametrize("loss", [squared_error, absolute_error])
def test_the_errors_of_numbers_and_their_slopes(loss) -> None:
    y, wanted = RNG.standard_normal((4, 2)), RNG.standard_normal((4, 2))
    mask = np.array([[True, True], [False, True], [True, False], [True, True]])
    error = (y - wanted)[mask]
    value, slope = loss(y, wanted, mask)
    assert value == pytest.approx(np.mean(error**2 if loss is squared_error else np.abs(error)))
    for at in np.ndindex(y.shape):
        nudge = np.zeros_like(y)
        nudge[at] = 1e-6
        numeric = (loss(y + nudge, wanted, mask)[0] - loss(y - nudge, wanted, mask)[0]) / 2e-6
        assert slope[at] == pytest.approx(numeric, abs=1e-8)
    assert not slope[~mask].any()
    assert loss(y, y) == (0.0, pytest.approx(np.zeros_like(y)))


def test_what_is_summed_up() -> None:
    answers, wanted = np.array([[1, 2], [3, 4], [0, 0]]), np.array([[1, 2], [3, 9], [7, 0]])
    mask = np.array([[True, True], [True, True], [False, True]])
    assert accuracy(answers, wanted) == pytest.approx(4 / 6)
    assert accuracy(answers, wanted, mask) == pytest.approx(4 / 5)
    assert exact_match(answers, wanted) == 0.0
    assert exact_match(answers, wanted, mask) == 0.5
    assert perplexity(math.log(7.0)) == pytest.approx(7.0)
    assert perplexity(1e6) == math.inf
    assert bits(math.log(8.0)) == pytest.approx(3.0)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: cross_entropy(np.zeros((2, 3)), [0, 3]), r"targets: got 0 … 3, expected each from 0 to 2"),
        (lambda: cross_entropy(np.zeros((2, 3)), [0, -1]), r"targets: got -1 … 0"),
        (lambda: cross_entropy(np.zeros((2, 3)), [0.0, 1.0]), r"targets: got dtype float64"),
        (lambda: cross_entropy(np.zeros((2, 3)), [0]), r"targets: got shape \(1,\)"),
        (lambda: cross_entropy(np.zeros(3), [0]), r"logits: got shape \(3,\)"),
        (lambda: cross_entropy(np.full((1, 3), np.nan), [0]), r"logits: got NaN"),
        (lambda: cross_entropy(np.zeros((1, 3), int), [0]), r"logits: got dtype int64"),
        (lambda: cross_entropy(np.zeros((1, 3)), [0], np.array([1.0])), r"mask: got float64 \(1,\), expected bool"),
        (lambda: squared_error(np.zeros(2), np.zeros(3)), r"targets: got shape \(3,\), expected \(2,\)"),
        (lambda: absolute_error(np.zeros(2), np.array([0.0, np.inf])), r"targets: got NaN or infinity"),
        (lambda: squared_error(np.zeros(2), np.zeros(2), np.array([True])), r"mask: got bool \(1,\)"),
        (lambda: accuracy([], []), r"answers: got none to count"),
        (lambda: accuracy([1], [1, 2]), r"answers: got shape \(1,\), expected \(2,\)"),
        (lambda: exact_match([1], [1]), r"answers: got shape \(1,\), expected \(T, B\)"),
        (lambda: Linear(0, 2), r"in_features: got 0"),
        (lambda: Linear(2, 2).forward(np.zeros((1, 3), np.float32)), r"h: got shape \(1, 3\), expected \(1, 2\)"),
        (lambda: Embedding(3, 2).forward([3]), r"tokens: got 3 … 3, expected each from 0 to 2"),
        (lambda: Adam(np.zeros(1), -1.0), r"learning_rate: got -1.0"),
        (lambda: Adam(np.zeros(1), betas=(0.9, 1.0)), r"betas: got \(0.9, 1.0\)"),
        (lambda: Adam(np.zeros(1), eps=0.0), r"eps: got 0.0"),
        (lambda: SGD(np.zeros(1), 0.1, 1.0), r"momentum: got 1.0"),
        (lambda: clip_by_global_norm(np.ones(2), 0.0), r"limit: got 0.0"),
    ],
)
def test_what_cannot_be(call, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        call()


def test_clipping_scales_the_whole_gradient() -> None:
    gradient = np.array([3.0, 0.0, 4.0])
    assert clip_by_global_norm(gradient, 1.0) == 5.0
    np.testing.assert_allclose(gradient, [0.6, 0.0, 0.8])
    assert clip_by_global_norm(gradient, 2.0) == pytest.approx(1.0)
    np.testing.assert_allclose(gradient, [0.6, 0.0, 0.8])


@pytest.mark.parametrize("norm", [0.5, 1.0, 1.001, 1.5, 40.0])
def test_clipping_begins_at_the_limit(norm: float) -> None:
    gradient = np.array([0.6, 0.8]) * norm
    assert clip_by_global_norm(gradient, 1.0) == pytest.approx(norm)
    assert np.linalg.norm(gradient) == pytest.approx(min(norm, 1.0))


def test_sgd_with_momentum() -> None:
    p = np.array([1.0])
    sgd = SGD(p, 0.1, momentum=0.5)
    sgd.step(np.array([2.0]))
    assert p[0] == pytest.approx(0.8)
    sgd.step(np.array([2.0]))
    assert p[0] == pytest.approx(0.8 - 0.1 * 3.0)


def test_adam_by_its_equations() -> None:
    p, want = np.array([1.0, -2.0]), np.array([1.0, -2.0])
    m = v = np.zeros(2)
    adam = Adam(p, 0.01)
    for t in range(1, 6):
        g = np.array([0.5 * t, -3.0])
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        want = want - 0.01 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        adam.step(g)
    np.testing.assert_allclose(p, want, rtol=1e-12)


def test_the_norm_of_large_float32_gradients_does_not_overflow() -> None:
    gradient = np.full(4, 1e30, np.float32)
    assert global_norm(gradient) == pytest.approx(2e30, rel=1e-6)
    assert clip_by_global_norm(gradient, 1.0) == pytest.approx(2e30, rel=1e-6)
    np.testing.assert_allclose(gradient, 0.5, rtol=1e-6)


def test_a_gradient_without_direction_is_left_as_it_is() -> None:
    gradient = np.array([np.inf, 1.0])
    assert clip_by_global_norm(gradient, 1.0) == math.inf
    np.testing.assert_array_equal(gradient, [np.inf, 1.0])


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
    start = RNG.standard_normal(10)
    for make, made in (
        (lambda p: Adam(p, 0.02, (0.8, 0.99), 1e-7), lambda p: torch.optim.Adam([p], 0.02, (0.8, 0.99), 1e-7)),
        (lambda p: SGD(p, 0.05, 0.9), lambda p: torch.optim.SGD([p], 0.05, 0.9)),
    ):
        mine = start.copy()
        other = torch.tensor(start, requires_grad=True)
        one, two = make(mine), made(other)
        for _ in range(6):
            gradient = RNG.normal(0, 2, start.shape)
            other.grad = torch.tensor(gradient)
            norm = torch.nn.utils.clip_grad_norm_([other], 3.0)
            assert clip_by_global_norm(gradient, 3.0) == pytest.approx(norm.item(), rel=1e-12)
            one.step(gradient)
            two.step()
        # PyTorch's clipping adds 1e-6 to the norm that it divides by.
        np.testing.assert_allclose(mine, other.detach(), rtol=1e-6, atol=1e-7)
