"""The landscape figure: a loss over a plane of two parameters, and descents that walk on it.

Two surfaces. The cliff is a network of one unit, h ← w·σ(h) + b over 50 steps (after Pascanu, Mikolov and Bengio 2013),
whose loss breaks off where its fixed point vanishes. The other is the loss of a trained model around its parameters.

Invariant: what is drawn between two points is one step of `SGD` on the surface's own gradient.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Protocol

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec import Struct

from tutor.course.entries import ModelEntry
from tutor.course.figures.facts import Facts
from tutor.course.figures.table import Table
from tutor.course.lab import Lab
from tutor.course.measured import Found
from tutor.engine.losses import bits
from tutor.engine.optimizers import SGD, clip_by_global_norm
from tutor.engine.training import TrainingSpec

Array = npt.NDArray[np.float64]

LENGTH = 50
"""Steps of the one-unit network."""
H_0 = 0.5
TARGET = 1.2
"""What h is to be after the last of them."""
CLIFF = ((4.0, 6.5), (-3.2, -1.6))
"""The part of the plane (w, b) that is drawn."""
START = (5.5, -2.0)
_MOST = 128
"""Examples that a model's loss is measured on: of a larger set every so-manyth."""
_MARGIN = 0.25
"""How far a map reaches beyond the path on it, as a share of the path's larger side."""


class Step(Struct, frozen=True):
    """A point of a surface, with the loss and its gradient there."""

    x: float
    y: float
    loss: float
    dx: float
    """∂loss/∂x"""
    dy: float

    @property
    def norm(self) -> float:
        """The norm of the gradient."""
        return math.hypot(self.dx, self.dy)


class Descent(Struct, frozen=True):
    """A walk: "unclipped" and "clipped" are gradient descent on the map, "training" is the way that a model took."""

    kind: Literal["unclipped", "clipped", "training"]
    updates: tuple[int, ...]
    steps: tuple[Step, ...]
    """Where it stands after each of `updates`."""


class Surface(Protocol):
    """A loss over two numbers."""

    def losses(self, x: Array, y: Array) -> Array:
        """The loss at each of (N,) points, (N,)."""

    def at(self, x: float, y: float) -> Step:
        """The loss and its gradient at one point."""


class Cliff:
    """(h_T − target)² of h_t = w·σ(h_{t−1}) + b, with x = w and y = b; in float64."""

    def __init__(self, length: int = LENGTH, h_0: float = H_0, target: float = TARGET) -> None:
        self.length, self.h_0, self.target = length, h_0, target

    def losses(self, x: Array, y: Array) -> Array:
        """The loss at each of (N,) points, (N,)."""
        return self.measure(x, y)[0]

    @np.errstate(over="ignore", invalid="ignore")
    def measure(self, w: Array, b: Array) -> tuple[Array, Array, Array]:
        """The loss, ∂loss/∂w and ∂loss/∂b at each of (N,) points.

        By the chain rule, forward: with s = σ(h_{t−1}) and k = w·s·(1 − s),
        dh_t/dw = s + k·dh_{t−1}/dw and dh_t/db = 1 + k·dh_{t−1}/db.
        """
        h = np.full_like(w, self.h_0)
        h_w, h_b = np.zeros_like(w), np.zeros_like(w)
        for _ in range(self.length):
            s = 0.5 + 0.5 * np.tanh(0.5 * h)  # σ(h), which never overflows
            k = w * s * (1.0 - s)
            h_w = s + k * h_w
            h_b = 1.0 + k * h_b
            h = w * s + b
        error = h - self.target
        return error * error, 2.0 * error * h_w, 2.0 * error * h_b

    def at(self, x: float, y: float) -> Step:
        """The loss and its gradient at one point."""
        found = self.measure(np.array([x]), np.array([y]))
        return Step(x, y, *(float(part[0]) for part in found))


class Plane:
    """The loss of a network at θ + x·u + y·v.

    Args:
        network: anything that trains; it is changed, and so has to be a copy.
        batch: what it is measured on, as it encodes it.
        origin: θ, (N,).
        directions: u and v, each (N,).
        in_bits: whether its loss is in nats, and told in bits.
    """

    def __init__(
        self, network: Any, batch: list[Any], origin: Array, directions: tuple[Array, Array], *, in_bits: bool
    ) -> None:
        self.network, self.batch, self.origin, self.directions = network, batch, origin, directions
        self.factor = bits(1.0) if in_bits else 1.0

    def losses(self, x: Array, y: Array) -> Array:
        """The loss at each of (N,) points, (N,)."""
        found = np.empty(len(x))
        for i, (one, other) in enumerate(zip(x.tolist(), y.tolist(), strict=True)):
            self._stand(one, other)
            found[i] = self.network.measure(self.batch).loss * self.factor
        return found

    def at(self, x: float, y: float) -> Step:
        """The loss at one point, and the part of its gradient that lies in the plane."""
        self._stand(x, y)
        return self._measured(x, y)

    def of(self, flat: Array) -> Step:
        """The loss of other parameters (N,), which may lie beside the plane, at their place over it."""
        self.network.flat[:] = flat
        offset = flat.astype(np.float64) - self.origin
        u, v = self.directions
        return self._measured(float(offset.dot(u) / u.dot(u)), float(offset.dot(v) / v.dot(v)))

    @np.errstate(over="ignore", invalid="ignore")
    def _stand(self, x: float, y: float) -> None:
        self.network.flat[:] = self.origin + x * self.directions[0] + y * self.directions[1]

    def _measured(self, x: float, y: float) -> Step:
        loss, gradient = self.network.loss_and_gradient(self.batch)
        dx, dy = (float(gradient.astype(np.float64).dot(d)) * self.factor for d in self.directions)
        return Step(x, y, loss * self.factor, dx, dy)


class LandscapeValues(Struct, frozen=True):
    """A map of a loss, and the walks on it."""

    xs: tuple[float, ...]
    ys: tuple[float, ...]
    losses: tuple[tuple[float, ...], ...]
    """A row for each of `ys`, a number for each of `xs`."""
    names: tuple[str, str]
    """Of the two axes."""
    unit: str
    """What the loss is in."""
    descents: tuple[Descent, ...]
    start: tuple[float, float] | None
    """Where the descents begin; None where there is only the training's own way."""
    learning_rate: float
    clip: float
    steps: int
    """Updates of each descent."""
    surface: Surface
    share: float | None = None
    """How much of the variance of the training's way lies in the plane, from 0 to 1; None where none is shown."""

    def tables(self) -> tuple[Table, ...]:
        """A row for each step of each descent; then the map."""
        x, y = self.names
        rows = tuple(
            (descent.kind, float(update), step.x, step.y, step.loss, step.norm)
            for descent in self.descents
            for update, step in zip(descent.updates, descent.steps, strict=True)
        )
        cells = tuple(
            (one, other, loss)
            for other, row in zip(self.ys, self.losses, strict=True)
            for one, loss in zip(self.xs, row, strict=True)
        )
        loss = f"loss, {self.unit}" if self.unit else "loss"
        return (
            Table(("descent", "updates", x, y, loss, "gradient norm"), rows),
            Table((x, y, loss), cells, "map"),
        )

    def walked(self, *, learning_rate: float, clip: float, steps: int) -> LandscapeValues:
        """The same map with its descents walked anew."""
        walks = tuple(d for d in self.descents if d.kind == "training")
        if self.start is not None:
            walks = (
                descend(self.surface, self.start, learning_rate, None, steps),
                descend(self.surface, self.start, learning_rate, clip, steps),
                *walks,
            )
        return msgspec.structs.replace(self, descents=walks, learning_rate=learning_rate, clip=clip, steps=steps)

    def walk(self, kind: str) -> Descent | None:
        """The descent of a kind, where there is one."""
        return next((d for d in self.descents if d.kind == kind), None)


class Landscape(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="show", tag="landscape"):
    """A loss as a map, and descents on it with and without clipping."""

    facts: ClassVar[Facts] = {"learning_rate": float, "clip": float, "steps": float}

    surface: Literal["cliff", "model"] = "cliff"
    model: str = ""
    """Of the surface "model": whose loss."""
    plane: Literal["path", "random"] = "path"
    """Of the surface "model": the first two principal directions of the way that its training took, or two random ones,
    each row of a matrix as long as the model's own (Li et al. 2018)."""
    seed: int = 0
    """Draws the random directions."""
    start: tuple[float, ...] | None = None
    """Where the descents begin. A model has none unless this is given."""
    learning_rate: float = 0.02
    clip: float = 1.0
    steps: int = 20
    """Updates of each descent at first."""
    size: int = 41
    """Points of the map along each side."""

    def models(self) -> tuple[str, ...]:
        """The lesson's model whose loss it is."""
        return (self.model,) if self.surface == "model" else ()

    def unfit(self, models: Mapping[str, ModelEntry]) -> Found | None:
        """Why it cannot be drawn: what is wrong, and how to mend it."""
        if self.surface == "model" and not self.model:
            return "the loss of no model", 'write model = "…", or surface = "cliff"'
        if self.surface == "cliff":
            for key, given in (("model", self.model), ("plane", self.plane != "path"), ("seed", self.seed)):
                if given:
                    return f"`{key}` says nothing to the cliff", f'drop `{key}`, or write surface = "model"'
        entry = models.get(self.model)
        if entry is not None and not entry.trained:
            what = f"the model `{self.model}` is untrained, and has no loss"
            return what, f"give [models.{self.model}] a `task` and a `corpus`"
        if entry is not None and self.plane == "path" and entry.steps < 2 * TrainingSpec().every:
            what = f"the training of `{self.model}` is too short to have a plane"
            return what, f'write steps = {2 * TrainingSpec().every} or more, or plane = "random"'
        if self.start is not None and (len(self.start) != 2 or not all(map(math.isfinite, self.start))):
            return "`start` is no point", "write start = [x, y]"
        for key, low, high in (("learning_rate", 1e-9, 1e3), ("clip", 1e-9, 1e9), ("steps", 0, 500), ("size", 3, 101)):
            value = getattr(self, key)
            if not low <= value <= high:
                return f"`{key}` is {value:g}", f"write a number from {low:g} to {high:g}"
        return (f"`seed` is {self.seed}", "write a seed of 0 or more") if self.seed < 0 else None

    def run(self, lab: Lab) -> LandscapeValues:
        """Measure the map, and walk.

        Raises:
            ValueError: the model's training was stopped before it had a plane.
        """
        return self._of_model(lab) if self.surface == "model" else self._of_cliff()

    def _of_cliff(self) -> LandscapeValues:
        start = START if self.start is None else (self.start[0], self.start[1])
        return self._mapped(Cliff(), CLIFF, ("w", "b"), "", start, ())

    def _of_model(self, lab: Lab) -> LandscapeValues:
        network = copy.deepcopy(lab.learner(self.model))
        data = network.encode(lab.examples(self.model)[0])
        in_bits = lab.entry(self.model).task != "forecast"
        origin = network.flat.astype(np.float64)
        steps = lab.kept_steps(self.model)
        way = np.stack([lab.at_step(self.model, step).flat.astype(np.float64) for step in steps])
        if self.plane == "path":
            u, v, share = principal(way - origin)
        else:
            u, v = (random_direction(network, [self.seed, 6, which]) for which in (0, 1))
            share = None
        surface = Plane(network, data[:: math.ceil(len(data) / _MOST)], origin, (u, v), in_bits=in_bits)
        ranges = ((-1.0, 1.0), (-1.0, 1.0))
        walks: tuple[Descent, ...] = ()
        if share is not None:
            walks = (Descent("training", steps, tuple(surface.of(flat) for flat in way)),)
            ranges = _around([(step.x, step.y) for step in walks[0].steps])
        names = ("u", "v")
        start = None if self.start is None else (self.start[0], self.start[1])
        found = self._mapped(surface, ranges, names, "bits" if in_bits else "squared error", start, walks)
        return msgspec.structs.replace(found, share=share)

    def _mapped(
        self,
        surface: Surface,
        ranges: tuple[tuple[float, float], tuple[float, float]],
        names: tuple[str, str],
        unit: str,
        start: tuple[float, float] | None,
        walks: tuple[Descent, ...],
    ) -> LandscapeValues:
        xs, ys = (np.linspace(low, high, self.size) for low, high in ranges)
        grid = np.meshgrid(xs, ys)
        losses = surface.losses(grid[0].ravel(), grid[1].ravel()).reshape(len(ys), len(xs))
        found = LandscapeValues(
            tuple(xs.tolist()),
            tuple(ys.tolist()),
            tuple(tuple(row) for row in losses.tolist()),
            names,
            unit,
            walks,
            start,
            self.learning_rate,
            self.clip,
            self.steps,
            surface,
        )
        return found.walked(learning_rate=self.learning_rate, clip=self.clip, steps=self.steps)


@np.errstate(over="ignore", invalid="ignore")
def descend(
    surface: Surface, start: tuple[float, float], learning_rate: float, clip: float | None, steps: int
) -> Descent:
    """Gradient descent on a surface; it ends early where there is no finite number to go on from.

    Args:
        surface: what it walks on.
        start: where from.
        learning_rate: of `SGD`.
        clip: the norm at which gradients are clipped; None leaves them as they are.
        steps: updates.
    """
    place = np.array(start, np.float64)
    optimizer = SGD(place, learning_rate)
    found = [surface.at(*start)]
    for _ in range(steps):
        here = found[-1]
        if not (math.isfinite(here.loss) and math.isfinite(here.norm)):
            break
        gradient = np.array([here.dx, here.dy])
        if clip is not None:
            clip_by_global_norm(gradient, clip)
        optimizer.step(gradient)
        found.append(surface.at(float(place[0]), float(place[1])))
    return Descent("unclipped" if clip is None else "clipped", tuple(range(len(found))), tuple(found))


def principal(way: Array) -> tuple[Array, Array, float]:
    """The first two principal directions of points (K, N), each (N,) of length 1, and their share of the variance.

    Each points to where the first of the points lies, so that the same way is drawn the same everywhere.

    Raises:
        ValueError: the points span no plane.
    """
    centred = way - way.mean(axis=0)
    _, sizes, directions = np.linalg.svd(centred, full_matrices=False)
    if len(sizes) < 3 or not sizes[1] > 1e-9 * sizes[0]:
        raise ValueError(_TOO_SHORT)
    u, v = (d if d.dot(way[0]) >= 0 else -d for d in directions[:2])
    return u, v, float((sizes[:2] ** 2).sum() / (sizes**2).sum())


_TOO_SHORT = "the training was stopped before three of its checkpoints could span a plane; train on"


def random_direction(network: Any, seed: list[int]) -> Array:
    """A random direction, (N,), each row of a matrix as long as the network's own there; a vector as a whole."""
    rng = np.random.default_rng(seed)
    parts = []
    for array in network.state_dict().values():
        own = array.astype(np.float64)
        drawn = rng.standard_normal(own.shape)
        axis = None if own.ndim < 2 else tuple(range(1, own.ndim))
        size, wanted = (np.sqrt((a * a).sum(axis=axis, keepdims=own.ndim > 1)) for a in (drawn, own))
        parts.append((drawn * (wanted / size)).ravel())
    return np.concatenate(parts)


def _around(points: list[tuple[float, float]]) -> tuple[tuple[float, float], tuple[float, float]]:
    """What a map covers: the points and a margin; its shorter side is at least half as long as the other."""
    sides = []
    spans = [max(values) - min(values) for values in zip(*points, strict=True)]
    for values, span in zip(zip(*points, strict=True), spans, strict=True):
        middle = (max(values) + min(values)) / 2
        half = max(span, 0.5 * max(spans)) / 2 + _MARGIN * max(spans)
        sides.append((middle - half, middle + half))
    return sides[0], sides[1]
