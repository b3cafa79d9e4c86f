"""Convolutions: the image encoder that a captioner starts from, and the causal layer set against a recurrent one.

A forward pass is pure: the caller keeps x and y, and the layer keeps nothing but its parameters. A backward pass takes
x again, overwrites the parameters' gradients and returns that of x. As in PyTorch, what is called convolution does not
flip its kernel; names, shapes and the initial U(±1/√fan_in) are PyTorch's.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from tutor.engine.checks import Array, numbers, precision, whole
from tutor.engine.heads import Linear
from tutor.engine.parameters import Composite, Parameters, uniform
from tutor.engine.trace import frozen


class Conv2d(Parameters):
    """y[o] = b[o] + Σ_c W[o, c] ⋆ x[c], the kernels sliding over height and width.

    Args:
        in_channels: C.
        out_channels: O, the number of kernels.
        kernel_size: k, the height and width of a kernel.
        padding: rows and columns of zeros at each of the four borders.
        stride: how far the kernel moves at a time.

    Raises:
        ValueError: a size, dtype or seed that cannot be.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        *,
        padding: int = 0,
        stride: int = 1,
        dtype: npt.DTypeLike = np.float32,
        seed: int = 0,
    ) -> None:
        self.in_channels = whole("in_channels", in_channels)
        self.out_channels = whole("out_channels", out_channels)
        self.kernel_size = k = whole("kernel_size", kernel_size)
        self.padding = whole("padding", padding, 0)
        self.stride = whole("stride", stride)
        shapes = {"weight": (self.out_channels, self.in_channels, k, k), "bias": (self.out_channels,)}
        super().__init__(shapes, precision(dtype))
        self.flat[:] = uniform(self.in_channels * k * k, self.flat.size, [whole("seed", seed, 0), 11])

    def forward(self, x: npt.ArrayLike) -> Array:
        """Images to responses: (B, C, height, width) → (B, O, height', width').

        height' = ⌊(height + 2·padding − k) / stride⌋ + 1, and so the width.

        Raises:
            ValueError: an x of another shape or dtype, not finite, or smaller than the kernel.
        """
        x = numbers("x", x, self.dtype, ("B", self.in_channels, "height", "width"))
        _fill_a_window(x, self.kernel_size - 2 * self.padding)
        return self._respond(x)

    def backward(self, x: Array, d_y: npt.ArrayLike, grads: Mapping[str, Array]) -> Array:
        """From dL/dy at x: dL/dx; the gradients of "weight" and "bias" are written into `grads`.

        Raises:
            ValueError: a d_y that is not of y's shape and dtype, or not finite.
        """
        d_y = numbers("d_y", d_y, self.dtype, (len(x), self.out_channels, *self._size(x)))
        return self._back(x, d_y, grads)

    # The same without the checks, for the encoder: what overflows between its stages is in no argument.

    def _respond(self, x: Array) -> Array:
        height, width = self._size(x)
        with np.errstate(over="ignore", invalid="ignore"):
            y: Array = self._params["weight"].reshape(self.out_channels, -1).dot(self._columns(x))
            y += self._params["bias"][:, None]
        return y.reshape(self.out_channels, height, width, len(x)).transpose(3, 0, 1, 2)

    def _back(self, x: Array, d_y: Array, grads: Mapping[str, Array]) -> Array:
        (B, C, H, W), (height, width) = x.shape, self._size(x)
        k, p, s, O = self.kernel_size, self.padding, self.stride, self.out_channels
        with np.errstate(over="ignore", invalid="ignore"):
            d = d_y.transpose(1, 2, 3, 0).reshape(O, -1)  # (O, height'·width'·B)
            grads["weight"][...] = d.dot(self._columns(x).T).reshape(O, C, k, k)
            grads["bias"][...] = d.sum(axis=1)
            d_columns = self._params["weight"].reshape(O, -1).T.dot(d).reshape(C, k, k, height, width, B)
            d_padded = np.zeros((C, H + 2 * p, W + 2 * p, B), self.dtype)
            for i in range(k):
                for j in range(k):
                    d_padded[:, i : i + s * height : s, j : j + s * width : s] += d_columns[:, i, j]
        return d_padded[:, p : p + H, p : p + W].transpose(3, 0, 1, 2)

    def _size(self, x: Array) -> tuple[int, int]:
        height, width = ((n + 2 * self.padding - self.kernel_size) // self.stride + 1 for n in x.shape[2:])
        return height, width

    def _columns(self, x: Array) -> Array:
        """Every window of every image as a column: (C·k·k, height'·width'·B), for one product with all kernels."""
        # The images lie innermost in memory, here and in what is returned: a window's row of all images is then one
        # run, and copying it takes half the time. With an image's own layout a run is a row of one window.
        (B, C, H, W), k, p, s = x.shape, self.kernel_size, self.padding, self.stride
        padded = np.zeros((C, H + 2 * p, W + 2 * p, B), self.dtype)
        padded[:, p : p + H, p : p + W] = x.transpose(1, 2, 3, 0)
        windows = sliding_window_view(padded, (k, k), axis=(1, 2))[:, ::s, ::s]  # (C, height', width', B, k, k)
        return windows.transpose(0, 4, 5, 1, 2, 3).reshape(C * k * k, -1)


class MaxPool2d:
    """The largest of each k × k window, the windows side by side; a border that does not fill one is left out.

    Args:
        kernel_size: k.

    Raises:
        ValueError: a kernel_size that is not a whole number of at least 1.
    """

    def __init__(self, kernel_size: int) -> None:
        self.kernel_size = whole("kernel_size", kernel_size)

    def forward(self, x: npt.ArrayLike) -> Array:
        """(B, C, height, width) → (B, C, ⌊height / k⌋, ⌊width / k⌋), of x's dtype.

        Raises:
            ValueError: an x that is not of four axes, not of floats, not finite, or smaller than a window.
        """
        dtype = np.dtype(np.float32 if getattr(x, "dtype", None) == np.float32 else np.float64)
        x = numbers("x", x, dtype, ("B", "C", "height", "width"))
        _fill_a_window(x, self.kernel_size)
        return self._largest(x)

    def backward(self, x: Array, d_y: npt.ArrayLike, grads: Mapping[str, Array] | None = None) -> Array:
        """From dL/dy at x: dL/dx, which goes to the first of equal maxima, row by row.

        Args:
            x: what `forward` took.
            d_y: of y's shape.
            grads: not read; a layer without parameters is called as the others are.

        Raises:
            ValueError: a d_y that is not of y's shape and dtype, or not finite.
        """
        B, C, height, width = x.shape
        k = self.kernel_size
        return self._back(x, numbers("d_y", d_y, x.dtype, (B, C, height // k, width // k)))

    def _largest(self, x: Array) -> Array:
        first, *others = self._corners(x)
        y = np.copy(first)
        for other in others:
            np.maximum(y, other, out=y)
        return y

    def _back(self, x: Array, d_y: Array) -> Array:
        y = self._largest(x)
        d_x = np.zeros_like(x)
        free = np.ones_like(y, np.bool_)
        for here, d_here in zip(self._corners(x), self._corners(d_x), strict=True):
            first = here == y
            first &= free
            free ^= first
            np.multiply(d_y, first, out=d_here)
        return d_x

    def _corners(self, x: Array) -> list[Array]:
        """A view for each place in a window, row by row: k² arrays of y's shape."""
        k = self.kernel_size
        height, width = x.shape[2] // k * k, x.shape[3] // k * k
        return [x[:, :, i:height:k, j:width:k] for i in range(k) for j in range(k)]


class CausalConv1d(Parameters):
    """y_t = b + Σ_j W_j x_{t − (k−1−j)·dilation}, j = 0 … k−1: the present and the past alone, zeros before the start.

    Its memory is a window of fixed length, where a recurrent state has none. WaveNet (van den Oord et al., 2016)
    stacks such layers with dilations 1, 2, 4, ….

    Args:
        in_channels: D.
        out_channels: O.
        kernel_size: k, the number of steps that y_t is computed from.
        dilation: how far these steps are apart.

    Raises:
        ValueError: a size, dtype or seed that cannot be.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        *,
        dilation: int = 1,
        dtype: npt.DTypeLike = np.float32,
        seed: int = 0,
    ) -> None:
        self.in_channels = whole("in_channels", in_channels)
        self.out_channels = whole("out_channels", out_channels)
        self.kernel_size = k = whole("kernel_size", kernel_size)
        self.dilation = whole("dilation", dilation)
        shapes = {"weight": (self.out_channels, self.in_channels, k), "bias": (self.out_channels,)}
        super().__init__(shapes, precision(dtype))
        self.flat[:] = uniform(self.in_channels * k, self.flat.size, [whole("seed", seed, 0), 12])

    @property
    def receptive_field(self) -> int:
        """From the present back to the earliest step that y_t depends on, both counted."""
        return (self.kernel_size - 1) * self.dilation + 1

    def forward(self, x: npt.ArrayLike) -> Array:
        """(T, B, D) → (T, B, O), all steps at once.

        Raises:
            ValueError: an x of another shape or dtype, or not finite.
        """
        x = numbers("x", x, self.dtype, ("T", "B", self.in_channels))
        T, B, D = x.shape
        rows = x.reshape(T * B, D)
        taps = np.ascontiguousarray(self._params["weight"].transpose(2, 1, 0))  # (k, D, O)
        with np.errstate(over="ignore", invalid="ignore"):
            y: Array = rows.dot(taps[-1])
            y += self._params["bias"]
            for j, late in self._past(B):
                y[late:] += rows[:-late].dot(taps[j])
        return y.reshape(T, B, self.out_channels)

    def backward(self, x: Array, d_y: npt.ArrayLike, grads: Mapping[str, Array]) -> Array:
        """From dL/dy at x: dL/dx; the gradients of "weight" and "bias" are written into `grads`.

        Raises:
            ValueError: a d_y that is not of y's shape and dtype, or not finite.
        """
        T, B, D = x.shape
        rows = x.reshape(T * B, D)
        d = numbers("d_y", d_y, self.dtype, (T, B, self.out_channels)).reshape(T * B, -1)
        taps = np.ascontiguousarray(self._params["weight"].transpose(2, 0, 1))  # (k, O, D)
        with np.errstate(over="ignore", invalid="ignore"):
            # A product with ones: half the time of a sum over the long axis.
            grads["bias"][...] = np.ones(T * B, self.dtype).dot(d)
            grads["weight"][:, :, -1] = d.T.dot(rows)
            d_x: Array = d.dot(taps[-1])
            for j, late in self._past(B):
                grads["weight"][:, :, j] = d[late:].T.dot(rows[:-late])
                d_x[:-late] += d[late:].dot(taps[j])
        return d_x.reshape(T, B, D)

    def _past(self, B: int) -> list[tuple[int, int]]:
        """Each tap but the present's, with how many rows of (T·B) it reaches back."""
        # With time as the first axis a shift is a slice: no window is copied, and k products over slices
        # take less time than one over copied windows. A slice from beyond the start is empty, and adds nothing.
        k = self.kernel_size
        return [(j, (k - 1 - j) * self.dilation * B) for j in range(k - 1)]


def receptive_field(layers: Iterable[CausalConv1d]) -> int:
    """Steps, the present counted, that one output of a stack of causal layers depends on: 1 + Σ (k − 1)·dilation."""
    return 1 + sum(layer.receptive_field - 1 for layer in layers)


@dataclass(frozen=True)
class Encoding:
    """What an `ImageEncoder` made of B images, stage by stage. Arrays are read-only."""

    x: Array
    """The images, (B, 1, height, width)."""
    maps: tuple[Array, Array]
    """The kernels' responses after the relu, one array for each convolution: (B, channels, height', width')."""
    pooled: tuple[Array, Array]
    """The same after pooling; the first is what the second convolution reads."""
    output: Array
    """(B, out_features): the h_0 that a recurrent network starts from."""


class ImageEncoder(Composite):
    """Grey images to vectors: twice a convolution, relu and 2 × 2 max pooling, then W a + b.

    No tanh at its end: what all images have in common is learned first, and drove a tanh to ±1, where no gradient
    passes. Before a GRU that learned on two seeds of six, and without it on four to six, by the learning rate.

    Args:
        height: of an image, at least 4, so that something is left after pooling twice.
        width: the same.
        out_features: the size of a vector.
        channels: the kernels of the first and of the second convolution.
        kernel_size: k of both; they pad by ⌊k / 2⌋, so that an odd k keeps height and width.

    Raises:
        ValueError: a size, dtype or seed that cannot be.
    """

    def __init__(
        self,
        height: int,
        width: int,
        out_features: int,
        *,
        channels: Sequence[int] = (8, 16),
        kernel_size: int = 3,
        dtype: npt.DTypeLike = np.float32,
        seed: int = 0,
    ) -> None:
        self.height = whole("height", height, 4)
        self.width = whole("width", width, 4)
        self.out_features = whole("out_features", out_features)
        if not isinstance(channels, Sequence) or len(channels) != 2:
            raise ValueError(f"channels: got {channels!r}, expected two whole numbers")
        first, second = (whole("channels", size) for size in channels)
        k, found = whole("kernel_size", kernel_size), precision(dtype)
        # Parts that drew from one seed would start with the same numbers.
        seeds = np.random.SeedSequence([whole("seed", seed, 0), 13]).generate_state(3).tolist()
        self._convs = (
            Conv2d(1, first, k, padding=k // 2, dtype=found, seed=seeds[0]),
            Conv2d(first, second, k, padding=k // 2, dtype=found, seed=seeds[1]),
        )
        self._pool = MaxPool2d(2)
        # An even k makes each side one longer.
        sides = (((side + 1 - k % 2) // 2 + 1 - k % 2) // 2 for side in (self.height, self.width))
        features = second * math.prod(sides)
        self._linear = Linear(features, self.out_features, dtype=found, seed=seeds[2])
        super().__init__({"conv0": self._convs[0], "conv1": self._convs[1], "linear": self._linear})

    def forward(self, x: npt.ArrayLike) -> Encoding:
        """Look at images, and record what each stage made of them.

        Args:
            x: (B, 1, height, width).

        Raises:
            ValueError: an x of another shape or dtype, or not finite.
        """
        x = numbers("x", x, self.dtype, ("B", 1, self.height, self.width)).copy()
        below, maps, pooled = x, [], []
        for conv in self._convs:
            maps.append(np.maximum(conv._respond(below), 0.0))
            below = self._pool._largest(maps[-1])
            pooled.append(below)
        with np.errstate(over="ignore", invalid="ignore"):
            y = self._linear.scores(below.reshape(len(x), -1))
        first, second = map(frozen, maps)
        below, above = map(frozen, pooled)
        return Encoding(frozen(x), (first, second), (below, above), frozen(y))

    def backward(self, record: Encoding, d_y: npt.ArrayLike, grads: Mapping[str, Mapping[str, Array]]) -> Array:
        """From dL/d output: dL/dx; the gradients of all parameters are written into `grads`.

        Args:
            record: what `forward` returned, of this encoder as it is now.
            d_y: (B, out_features).
            grads: by part and parameter, as `room` has it: ["conv0"]["weight"].

        Raises:
            ValueError: a record of another encoder, a d_y that is not of the output's shape and dtype, or not finite.
        """
        y = record.output
        found = (record.x.shape[1:], *(a.shape[1] for a in record.maps), record.pooled[1][0].size, y.shape[1], y.dtype)
        features = self._linear.in_features
        channels = (conv.out_channels for conv in self._convs)
        if found != ((1, self.height, self.width), *channels, features, self.out_features, self.dtype):
            raise ValueError("record: got one that another encoder made, expected this encoder's")
        d = numbers("d_y", d_y, self.dtype, y.shape)
        with np.errstate(over="ignore", invalid="ignore"):
            last = record.pooled[1]
            above = self._linear.backward(last.reshape(len(y), -1), d, grads["linear"]).reshape(last.shape)
            for i, below in ((1, record.pooled[0]), (0, record.x)):
                d_map = self._pool._back(record.maps[i], above)
                d_map *= record.maps[i] > 0
                above = self._convs[i]._back(below, d_map, grads[f"conv{i}"])
        return above


def _fill_a_window(x: Array, least: int) -> None:
    if min(x.shape[2:]) < least:
        raise ValueError(f"x: got shape {x.shape}, expected a height and width of at least {least}")
