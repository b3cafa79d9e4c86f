"""Convolutions: against loops and by hand, their gradients by finite differences, causality, and that they learn."""

from __future__ import annotations

import copy
import itertools
import math
import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutor.engine.convolution import CausalConv1d, Conv2d, ImageEncoder, MaxPool2d, receptive_field

IMAGES = [
    # B, C, O, height, width, kernel_size, padding, stride
    (1, 1, 1, 3, 3, 3, 0, 1),
    (2, 1, 3, 5, 4, 3, 1, 1),
    (3, 2, 4, 5, 7, 2, 0, 1),
    (1, 2, 3, 6, 5, 3, 1, 2),
    (2, 3, 2, 7, 6, 2, 2, 3),
    (2, 2, 2, 4, 3, 1, 0, 1),
    (1, 2, 1, 2, 3, 5, 2, 1),
    (2, 1, 2, 7, 8, 3, 0, 4),
]
SEQUENCES = [
    # T, B, D, O, kernel_size, dilation
    (6, 1, 1, 1, 2, 1),
    (5, 2, 3, 2, 3, 1),
    (9, 3, 2, 4, 3, 2),
    (7, 1, 2, 3, 1, 1),
    (7, 2, 2, 3, 1, 5),
    (4, 2, 3, 2, 4, 3),
    (2, 2, 2, 2, 5, 1),
    (1, 1, 2, 3, 3, 2),
    (7, 2, 1, 2, 3, 3),
]
ENCODERS = [
    # B, height, width, out_features, channels, kernel_size
    (1, 4, 4, 2, (1, 1), 3),
    (2, 5, 7, 3, (2, 3), 3),
    (3, 12, 12, 2, (2, 2), 3),
    (1, 5, 7, 1, (3, 2), 2),
    (2, 5, 6, 3, (2, 1), 5),
    (2, 4, 6, 2, (2, 3), 1),
]


def normal(*shape: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape)


def differences(loss: Callable[[], float], array: np.ndarray, eps: float = 1e-6) -> np.ndarray:
    """dL/d array by central differences."""
    found = np.empty_like(array)
    for at in np.ndindex(array.shape):
        kept = array[at]
        array[at] = kept + eps
        above = loss()
        array[at] = kept - eps
        found[at] = (above - loss()) / (2 * eps)
        array[at] = kept
    return found


def check_gradients(layer: Any, x: np.ndarray, output: Callable[[], np.ndarray], backward: Callable[..., Any]) -> None:
    """Every parameter's gradient and x's, at a loss that weighs every output; what stood in the vector has no part."""
    d_y = normal(*output().shape, seed=2)
    flat = np.full_like(layer.flat, np.nan)
    d_x = backward(d_y, layer.split(flat) if isinstance(layer, ImageEncoder) else layer.views(flat))

    def loss() -> float:
        return float((output() * d_y).sum())

    np.testing.assert_allclose(flat, differences(loss, layer.flat), atol=1e-7, rtol=1e-6)
    np.testing.assert_allclose(d_x, differences(loss, x), atol=1e-7, rtol=1e-6)
    assert d_x.shape == x.shape


# Conv2d


@pytest.mark.parametrize("case", IMAGES, ids=str)
def test_a_response_is_the_sum_over_its_window(case: tuple) -> None:
    B, C, O, H, W, k, p, s = case
    layer = Conv2d(C, O, k, padding=p, stride=s, dtype=np.float64, seed=3)
    x = normal(B, C, H, W)
    weight, bias = layer.state_dict().values()
    height, width = (H + 2 * p - k) // s + 1, (W + 2 * p - k) // s + 1
    expected = np.empty((B, O, height, width))
    for b, o, row, column in np.ndindex(expected.shape):
        total = bias[o]
        for c, i, j in np.ndindex(C, k, k):
            at, to = row * s + i - p, column * s + j - p
            if 0 <= at < H and 0 <= to < W:
                total += weight[o, c, i, j] * x[b, c, at, to]
        expected[b, o, row, column] = total
    np.testing.assert_allclose(layer.forward(x), expected, atol=1e-12)


@pytest.mark.parametrize("case", IMAGES, ids=str)
def test_gradients_of_a_convolution(case: tuple) -> None:
    B, C, O, H, W, k, p, s = case
    layer = Conv2d(C, O, k, padding=p, stride=s, dtype=np.float64, seed=3)
    x = normal(B, C, H, W)
    check_gradients(layer, x, lambda: layer.forward(x), lambda d_y, grads: layer.backward(x, d_y, grads))


def test_a_convolution_by_hand() -> None:
    # 0·1 + 1·2 + 2·4 + 3·5 = 25, and so on: the kernel is not flipped.
    layer = Conv2d(1, 1, 2, dtype=np.float64)
    layer.load_state_dict({"weight": np.array([[[[0.0, 1.0], [2.0, 3.0]]]]), "bias": np.array([10.0])})
    x = np.arange(1.0, 10.0).reshape(1, 1, 3, 3)
    np.testing.assert_array_equal(layer.forward(x), [[[[35.0, 41.0], [53.0, 59.0]]]])
    grads = layer.views(np.empty_like(layer.flat))
    d_x = layer.backward(x, np.array([[[[1.0, 0.0], [0.0, 2.0]]]]), grads)
    # What each window saw, once the first and twice the last; what each kernel gave back, laid where it stood.
    np.testing.assert_array_equal(grads["weight"], [[[[1.0 + 10.0, 2.0 + 12.0], [4.0 + 16.0, 5.0 + 18.0]]]])
    np.testing.assert_array_equal(grads["bias"], [3.0])
    np.testing.assert_array_equal(d_x, [[[[0.0, 1.0, 0.0], [2.0, 3.0, 2.0], [0.0, 4.0, 6.0]]]])


# MaxPool2d


@pytest.mark.parametrize("case", [(1, 1, 2, 2, 2), (2, 3, 5, 7, 2), (1, 2, 7, 6, 3), (2, 1, 3, 4, 1)], ids=str)
def test_pooling_takes_the_largest_of_each_window(case: tuple) -> None:
    B, C, H, W, k = case
    pool, x = MaxPool2d(k), normal(B, C, H, W)
    y = pool.forward(x)
    assert y.shape == (B, C, H // k, W // k)
    for b, c, i, j in np.ndindex(y.shape):
        assert y[b, c, i, j] == x[b, c, i * k : i * k + k, j * k : j * k + k].max()
    d_y = normal(*y.shape, seed=2)
    numeric = differences(lambda: float((pool.forward(x) * d_y).sum()), x)
    np.testing.assert_allclose(pool.backward(x, d_y, {}), numeric, atol=1e-8)


def test_the_first_of_equal_maxima_is_taken() -> None:
    x = np.array([[1.0, 5.0, 0.0, 0.0, 9.0], [5.0, 2.0, 0.0, 0.0, 9.0], [9.0, 9.0, 9.0, 9.0, 9.0]])[None, None]
    pool = MaxPool2d(2)
    np.testing.assert_array_equal(pool.forward(x), [[[[5.0, 0.0]]]])
    # Row by row: the upper right 5 before the lower left one. Row and column left over have no part.
    expected = [[0.0, 3.0, 4.0, 0.0, 0.0], [0.0] * 5, [0.0] * 5]
    np.testing.assert_array_equal(pool.backward(x, np.array([[[[3.0, 4.0]]]])), [[expected]])


# CausalConv1d


@pytest.mark.parametrize("case", SEQUENCES, ids=str)
def test_a_step_is_the_sum_over_its_past(case: tuple) -> None:
    T, B, D, O, k, dilation = case
    layer = CausalConv1d(D, O, k, dilation=dilation, dtype=np.float64, seed=3)
    x = normal(T, B, D)
    weight, bias = layer.state_dict().values()
    expected = np.empty((T, B, O))
    for t, b, o in np.ndindex(expected.shape):
        total = bias[o]
        for d, j in np.ndindex(D, k):
            past = t - (k - 1 - j) * dilation
            if past >= 0:
                total += weight[o, d, j] * x[past, b, d]
        expected[t, b, o] = total
    np.testing.assert_allclose(layer.forward(x), expected, atol=1e-12)


@pytest.mark.parametrize("case", SEQUENCES, ids=str)
def test_gradients_of_a_causal_convolution(case: tuple) -> None:
    T, B, D, O, k, dilation = case
    layer = CausalConv1d(D, O, k, dilation=dilation, dtype=np.float64, seed=3)
    x = normal(T, B, D)
    check_gradients(layer, x, lambda: layer.forward(x), lambda d_y, grads: layer.backward(x, d_y, grads))


def test_a_causal_convolution_by_hand() -> None:
    # y_t = 1 + 10·x_{t−2} + x_t
    layer = CausalConv1d(1, 1, 2, dilation=2, dtype=np.float64)
    layer.load_state_dict({"weight": np.array([[[10.0, 1.0]]]), "bias": np.array([1.0])})
    x = np.array([1.0, 2.0, 3.0, 4.0])[:, None, None]
    np.testing.assert_array_equal(layer.forward(x).ravel(), [2.0, 3.0, 14.0, 25.0])
    grads = layer.views(np.empty_like(layer.flat))
    d_x = layer.backward(x, np.array([0.0, 1.0, 0.0, 2.0])[:, None, None], grads)
    np.testing.assert_array_equal(d_x.ravel(), [0.0, 1.0 + 20.0, 0.0, 2.0])
    np.testing.assert_array_equal(grads["weight"].ravel(), [2.0 * 2.0, 2.0 + 8.0])
    np.testing.assert_array_equal(grads["bias"], [3.0])


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 4), st.integers(1, 5)), min_size=1, max_size=3),
    st.integers(1, 25),
    st.integers(1, 3),
    st.data(),
)
def test_a_change_reaches_its_receptive_field_and_nothing_else(
    sizes: list[tuple[int, int]], T: int, B: int, data: st.DataObject
) -> None:
    layers = [CausalConv1d(2, 2, k, dilation=dilation, dtype=np.float64) for k, dilation in sizes]
    for layer in layers:
        layer.flat[:] = 1.0  # nothing cancels

    def run(x: np.ndarray) -> np.ndarray:
        for layer in layers:
            x = layer.forward(x)
        return x

    x = normal(T, B, 2)
    t, b = data.draw(st.integers(0, T - 1)), data.draw(st.integers(0, B - 1))
    other = x.copy()
    other[t, b, 1] += 100.0
    before, after = run(x), run(other)
    reached = {t + sum(steps) for steps in itertools.product(*(range(0, k * d, d) for k, d in sizes))}
    assert max(reached) == t + receptive_field(layers) - 1
    changed = (before != after).any(axis=2)
    assert set(np.flatnonzero(changed[:, b])) == {step for step in reached if step < T}
    assert not np.delete(changed, b, axis=1).any()


def test_a_receptive_field_counts_the_present() -> None:
    assert CausalConv1d(1, 1, 1, dilation=7).receptive_field == 1
    assert CausalConv1d(1, 1, 3).receptive_field == 3
    assert CausalConv1d(1, 1, 3, dilation=4).receptive_field == 9
    assert receptive_field([]) == 1
    assert receptive_field(CausalConv1d(1, 1, 2, dilation=2**n) for n in range(8)) == 256
    assert receptive_field([CausalConv1d(1, 4, 3), CausalConv1d(4, 2, 5, dilation=2)]) == 11


# ImageEncoder


def encoded(case: tuple) -> tuple[ImageEncoder, np.ndarray, Any]:
    """An encoder, images, and what it made of them."""
    B, H, W, size, channels, k = case
    encoder = ImageEncoder(H, W, size, channels=channels, kernel_size=k, dtype=np.float64, seed=3)
    x = normal(B, 1, H, W)
    return encoder, x, encoder.forward(x)


@pytest.mark.parametrize("case", ENCODERS, ids=str)
def test_gradients_of_an_encoder(case: tuple) -> None:
    encoder, x, record = encoded(case)
    check_gradients(
        encoder, x, lambda: encoder.forward(x).output, lambda d_y, grads: encoder.backward(record, d_y, grads)
    )


@pytest.mark.parametrize("case", ENCODERS, ids=str)
def test_an_encoder_is_its_stages(case: tuple) -> None:
    B, _, _, size, channels, k = case
    encoder, x, record = encoded(case)
    state, below = encoder.state_dict(), x
    for i, (before, after) in enumerate(zip((1, channels[0]), channels, strict=True)):
        conv = Conv2d(before, after, k, padding=k // 2, dtype=np.float64)
        conv.load_state_dict({name: state[f"conv{i}.{name}"] for name in ("weight", "bias")})
        response = conv.forward(below)
        np.testing.assert_array_equal(record.maps[i], np.where(response > 0, response, 0))
        assert (response < 0).any()
        below = MaxPool2d(2).forward(record.maps[i])
        np.testing.assert_array_equal(record.pooled[i], below)
    expected = below.reshape(B, -1) @ state["linear.weight"].T + state["linear.bias"]
    np.testing.assert_allclose(record.output, expected, atol=1e-15)
    assert record.output.shape == (B, size)


def test_an_encoder_at_its_default_size() -> None:
    encoder = ImageEncoder(12, 12, 32)
    assert {name: array.shape for name, array in encoder.state_dict().items()} == {
        "conv0.weight": (8, 1, 3, 3),
        "conv0.bias": (8,),
        "conv1.weight": (16, 8, 3, 3),
        "conv1.bias": (16,),
        "linear.weight": (32, 144),
        "linear.bias": (32,),
    }
    record = encoder.forward(normal(5, 1, 12, 12).astype(np.float32))
    assert [a.shape for a in (*record.maps, *record.pooled)] == [
        (5, 8, 12, 12),
        (5, 16, 6, 6),
        (5, 8, 6, 6),
        (5, 16, 3, 3),
    ]


def test_a_record_owns_its_values_and_cannot_be_written_to() -> None:
    encoder = ImageEncoder(5, 5, 2)
    x = normal(1, 1, 5, 5).astype(np.float32)
    record = encoder.forward(x)
    kept = record.x.copy()
    x[:] = 0.0
    np.testing.assert_array_equal(record.x, kept)
    for array in (record.x, *record.maps, *record.pooled, record.output):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0.0
    with pytest.raises(FrozenInstanceError):
        record.output = kept


def moved(encoder: ImageEncoder) -> ImageEncoder:
    """As a model does that holds it beside other parts."""
    whole = np.full(encoder.flat.size + 7, 5.0, encoder.dtype)
    encoder.move(whole[3:-4])
    assert np.shares_memory(encoder.flat, whole)
    assert (whole[:3] == 5.0).all()
    assert (whole[-4:] == 5.0).all()
    return encoder


@pytest.mark.parametrize(
    "another",
    [
        copy.deepcopy,
        lambda encoder: pickle.loads(pickle.dumps(encoder)),
        lambda encoder: moved(copy.deepcopy(encoder)),
        lambda encoder: copy.deepcopy(moved(encoder)),
        lambda encoder: moved(moved(copy.deepcopy(encoder))),
    ],
    ids=["deepcopy", "pickle", "deepcopy-moved", "moved-deepcopy", "moved-twice"],
)
def test_the_parts_follow_the_vector(another: Callable[[ImageEncoder], ImageEncoder]) -> None:
    first = ImageEncoder(6, 6, 3, channels=(2, 3), dtype=np.float64, seed=4)
    x = normal(2, 1, 6, 6)
    record = first.forward(x)
    second = another(first)
    assert not np.shares_memory(first.flat, second.flat)
    d_y = np.ones_like(record.output)
    flat, again = np.empty_like(first.flat), np.empty_like(first.flat)
    np.testing.assert_array_equal(second.forward(x).output, record.output)
    d_x = second.backward(record, d_y, second.split(flat))
    np.testing.assert_array_equal(d_x, first.backward(record, d_y, first.split(again)))
    np.testing.assert_array_equal(flat, again)
    # Each stage reads the new vector, and the old one no more.
    for name, view in second.views(second.flat).items():
        before = second.forward(x).output.copy()
        view += 0.25
        assert (second.forward(x).output != before).any(), name
    np.testing.assert_array_equal(first.forward(x).output, record.output)
    second.load_state_dict(first.state_dict())
    np.testing.assert_array_equal(second.forward(x).output, record.output)


# All of them


@pytest.mark.parametrize(
    ("make", "shape", "fan_ins"),
    [
        (lambda **kw: Conv2d(3, 40, 4, **kw), (2, 3, 5, 6), {"": 48}),
        (lambda **kw: CausalConv1d(5, 60, 3, **kw), (4, 2, 5), {"": 15}),
        (
            lambda **kw: ImageEncoder(8, 8, 40, channels=(20, 30), **kw),
            (2, 1, 8, 8),
            {"conv0.": 9, "conv1.": 180, "linear.": 120},
        ),
    ],
    ids=["conv2d", "causal", "encoder"],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_a_layer_starts_from(make: Callable[..., Any], shape: tuple, fan_ins: dict[str, int], dtype: type) -> None:
    layer = make(dtype=dtype, seed=5)
    assert layer.flat.tobytes() == make(dtype=dtype, seed=5).flat.tobytes()
    assert layer.flat.all()
    state, other = layer.state_dict(), make(dtype=dtype, seed=6).state_dict()
    assert len(state) == 2 * len(fan_ins)
    for prefix, fan_in in fan_ins.items():
        for name in (f"{prefix}weight", f"{prefix}bias"):
            scaled = state[name] * math.sqrt(fan_in)
            assert 0.8 < np.abs(scaled).max() < 1.0 + 1e-6
            assert abs(scaled.mean()) < 0.25
            assert np.isin(state[name], other[name]).mean() < 0.01
    # No two parts drew the same numbers.
    drawn = np.concatenate([state[f"{prefix}weight"].ravel() * math.sqrt(n) for prefix, n in fan_ins.items()])
    assert len(set(drawn.round(6))) > 0.98 * drawn.size
    x = normal(*shape).astype(dtype)
    kept = x.copy()
    result = layer.forward(x)
    y = getattr(result, "output", result)
    d_y = np.ones_like(y)
    grads = (layer.views if result is y else layer.split)(np.empty_like(layer.flat))
    d_x = layer.backward(x if result is y else result, d_y, grads)
    assert y.dtype == d_x.dtype == layer.dtype == dtype
    np.testing.assert_array_equal(x, kept)
    np.testing.assert_array_equal(d_y, 1.0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_pooling_keeps_the_precision_and_its_input(dtype: type) -> None:
    x = normal(1, 2, 4, 4).astype(dtype)
    kept, pool = x.copy(), MaxPool2d(2)
    y = pool.forward(x)
    assert y.dtype == pool.backward(x, y).dtype == dtype
    np.testing.assert_array_equal(x, kept)


def test_what_overflows_does_so_without_a_warning() -> None:
    """A warning would be an error here."""
    most = np.finfo(np.float32).max
    images, steps = np.full((2, 1, 8, 8), most, np.float32), np.full((9, 2, 3), most, np.float32)
    conv, causal, encoder = Conv2d(1, 2, 3), CausalConv1d(3, 2, 3), ImageEncoder(8, 8, 2)
    for layer in (conv, causal, encoder):
        layer.flat[:] = np.where(np.arange(layer.flat.size) % 2, 3.0, -3.0)
    assert not np.isfinite(conv.forward(images)).all()
    assert not np.isfinite(causal.forward(steps)).all()
    assert encoder.forward(images).output.shape == (2, 2)
    for layer, x in ((conv, images), (causal, steps)):
        d_y = np.full(layer.forward(x).shape, most, np.float32)
        assert not np.isfinite(layer.backward(x, d_y, layer.views(np.empty_like(layer.flat)))).all()
    encoder.load_state_dict(encoder.state_dict() | {"linear.weight": np.full((2, 64), most)})
    record = encoder.forward(images / most)
    assert np.isposinf(record.output).all()
    d_x = encoder.backward(record, np.full((2, 2), most), encoder.split(np.empty_like(encoder.flat)))
    assert not np.isfinite(d_x).all()


IMAGE, STEPS = np.zeros((2, 3, 6, 6), np.float32), np.zeros((5, 2, 3), np.float32)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Conv2d(0, 1, 3), r"in_channels: got 0, expected a whole number of at least 1"),
        (lambda: Conv2d(1, 0, 3), r"out_channels: got 0"),
        (lambda: Conv2d(1, 1, (3, 3)), r"kernel_size: got \(3, 3\)"),
        (lambda: Conv2d(1, 1, 0), r"kernel_size: got 0"),
        (lambda: Conv2d(1, 1, 3, padding=-1), r"padding: got -1, expected a whole number of at least 0"),
        (lambda: Conv2d(1, 1, 3, stride=0), r"stride: got 0"),
        (lambda: Conv2d(1, 1, 3, dtype=np.float16), r"dtype: got float16"),
        (lambda: Conv2d(1, 1, 3, seed=-1), r"seed: got -1"),
        (lambda: MaxPool2d(0), r"kernel_size: got 0"),
        (lambda: MaxPool2d(True), r"kernel_size: got True"),
        (lambda: CausalConv1d(0, 1, 3), r"in_channels: got 0"),
        (lambda: CausalConv1d(1, 1.0, 3), r"out_channels: got 1.0"),
        (lambda: CausalConv1d(1, 1, 0), r"kernel_size: got 0"),
        (lambda: CausalConv1d(1, 1, 3, dilation=0), r"dilation: got 0"),
        (lambda: CausalConv1d(1, 1, 3, dtype=int), r"dtype: got int64"),
        (lambda: CausalConv1d(1, 1, 3, seed=0.5), r"seed: got 0.5"),
        (lambda: ImageEncoder(3, 12, 4), r"height: got 3, expected a whole number of at least 4"),
        (lambda: ImageEncoder(12, 3, 4), r"width: got 3, expected a whole number of at least 4"),
        (lambda: ImageEncoder(12, 12, 0), r"out_features: got 0"),
        (lambda: ImageEncoder(12, 12, 4, channels=(8,)), r"channels: got \(8,\), expected two whole numbers"),
        (lambda: ImageEncoder(12, 12, 4, channels=8), r"channels: got 8, expected two whole numbers"),
        (lambda: ImageEncoder(12, 12, 4, channels=(8, 0)), r"channels: got 0, expected a whole number of at least 1"),
        (lambda: ImageEncoder(12, 12, 4, kernel_size=0), r"kernel_size: got 0"),
        (lambda: ImageEncoder(12, 12, 4, dtype="no such"), r"dtype: got 'no such'"),
        (lambda: ImageEncoder(12, 12, 4, seed=-2), r"seed: got -2"),
    ],
)
def test_a_layer_that_cannot_be(make: Callable[[], Any], said: str) -> None:
    with pytest.raises(ValueError, match=rf"^{said}"):
        make()


@pytest.mark.parametrize(
    ("layer", "x", "said"),
    [
        (Conv2d(3, 2, 3), IMAGE.astype(np.float64), r"x: got dtype float64, expected float32"),
        (Conv2d(2, 2, 3), IMAGE, r"x: got shape \(2, 3, 6, 6\), expected \(B, 2, height, width\)"),
        (Conv2d(3, 2, 3), IMAGE[0], r"x: got shape \(3, 6, 6\)"),
        (Conv2d(3, 2, 3), IMAGE[:0], r"x: got shape \(0, 3, 6, 6\)"),
        (Conv2d(3, 2, 3), IMAGE + np.float32(np.nan), r"x: got NaN"),
        (Conv2d(3, 2, 5), IMAGE[:, :, :4], r"x: got shape \(2, 3, 4, 6\), expected a height and width of at least 5"),
        (Conv2d(3, 2, 5, padding=1), IMAGE[..., :2], r"x: got shape \(2, 3, 6, 2\), .* of at least 3"),
        (MaxPool2d(2), IMAGE.astype(int), r"x: got dtype int64, expected float"),
        (MaxPool2d(2), IMAGE[0], r"x: got shape \(3, 6, 6\)"),
        (MaxPool2d(2), IMAGE + np.float32(np.inf), r"x: got NaN or infinity"),
        (MaxPool2d(5), IMAGE[..., :4], r"x: got shape \(2, 3, 6, 4\), expected a height and width of at least 5"),
        (MaxPool2d(2), None, r"x: got dtype object"),
        (CausalConv1d(3, 2, 3), STEPS.astype(np.float64), r"x: got dtype float64, expected float32"),
        (CausalConv1d(2, 2, 3), STEPS, r"x: got shape \(5, 2, 3\), expected \(T, B, 2\)"),
        (CausalConv1d(3, 2, 3), STEPS[:0], r"x: got shape \(0, 2, 3\)"),
        (CausalConv1d(3, 2, 3), STEPS - np.float32(np.inf), r"x: got NaN or infinity"),
        (ImageEncoder(6, 6, 2), IMAGE, r"x: got shape \(2, 3, 6, 6\), expected \(B, 1, 6, 6\)"),
        (ImageEncoder(6, 5, 2), IMAGE[:, :1], r"x: got shape \(2, 1, 6, 6\), expected \(B, 1, 6, 5\)"),
        (ImageEncoder(6, 6, 2), IMAGE[:, :1].astype(np.float64), r"x: got dtype float64, expected float32"),
        (ImageEncoder(6, 6, 2), IMAGE[:, :1] + np.float32(np.nan), r"x: got NaN"),
    ],
)
def test_an_input_that_cannot_be_read(layer: Any, x: Any, said: str) -> None:
    with pytest.raises(ValueError, match=rf"^{said}"):
        layer.forward(x)


@pytest.mark.parametrize(
    ("layer", "x"),
    [
        (Conv2d(3, 2, 3), IMAGE),
        (MaxPool2d(2), IMAGE),
        (CausalConv1d(3, 2, 3), STEPS),
        (ImageEncoder(6, 6, 2), IMAGE[:, :1]),
    ],
    ids=["conv2d", "pool", "causal", "encoder"],
)
def test_a_gradient_that_does_not_fit(layer: Any, x: np.ndarray) -> None:
    result = layer.forward(x)
    y = getattr(result, "output", result)
    seen = x if result is y else result
    grads = layer.views(np.zeros_like(layer.flat)) if hasattr(layer, "flat") else {}
    for d_y, said in (
        (y.astype(np.float64), "d_y: got dtype float64, expected float32"),
        (y[..., :1], r"d_y: got shape .*, expected "),
        (y + np.float32(np.nan), "d_y: got NaN or infinity"),
    ):
        with pytest.raises(ValueError, match=rf"^{said}"):
            layer.backward(seen, d_y, grads)


@pytest.mark.parametrize(
    ("sizes", "options"),
    [
        ((6, 7, 2), {}),
        ((7, 6, 2), {}),
        ((6, 6, 3), {}),
        ((6, 6, 2), {"channels": (2, 16)}),
        ((6, 6, 2), {"channels": (8, 2)}),
        ((6, 6, 2), {"kernel_size": 4}),
        ((6, 6, 2), {"dtype": np.float64}),
    ],
)
def test_a_record_of_another_encoder(sizes: tuple[int, int, int], options: dict[str, Any]) -> None:
    other, encoder = ImageEncoder(*sizes, **options), ImageEncoder(6, 6, 2)
    record = other.forward(np.zeros((1, 1, *sizes[:2]), other.dtype))
    with pytest.raises(ValueError, match=r"^record: got one that another encoder made"):
        encoder.backward(record, np.zeros((1, 2), np.float32), encoder.split(np.empty_like(encoder.flat)))


# Learning


def bars(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """n noisy images of one bar each, (n, 1, 12, 12), and +1 where it stands upright, −1 where it lies."""
    x = 0.2 * rng.standard_normal((n, 1, 12, 12))
    upright = rng.random(n) < 0.5
    for image, stands in zip(x[:, 0], upright, strict=True):
        length, place = rng.integers(4, 9), rng.integers(12)
        start = rng.integers(12 - length + 1)
        (image.T if stands else image)[place, start : start + length] += 1.0
    return x.astype(np.float32), np.where(upright, 1.0, -1.0).astype(np.float32)[:, None]


def test_an_encoder_learns_to_tell_upright_from_lying_bars() -> None:
    rng = np.random.default_rng(0)
    encoder = ImageEncoder(12, 12, 1, channels=(4, 4), seed=1)
    gradient = np.empty_like(encoder.flat)
    grads = encoder.split(gradient)
    x, wanted = bars(400, rng)
    unseen, answers = bars(400, rng)

    def right() -> float:
        return float((np.sign(encoder.forward(unseen).output) == answers).mean())

    before = right()
    for _ in range(25):
        for rows in np.split(rng.permutation(len(x)), 25):
            record = encoder.forward(x[rows])
            encoder.backward(record, (record.output - wanted[rows]) / len(rows), grads)
            encoder.flat -= np.float32(0.3) * gradient
    assert before < 0.6
    assert right() > 0.95
