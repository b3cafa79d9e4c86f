"""The landscape's numbers: gradients by finite differences, descents by hand, planes by what they are spanned of."""

from __future__ import annotations

import math
from pathlib import Path

import msgspec
import numpy as np
import pytest

from tutor.course.figures.landscape import (
    CLIFF,
    START,
    Cliff,
    Landscape,
    LandscapeValues,
    descend,
    principal,
    random_direction,
)
from tutor.course.lab import Lab
from tutor.course.load import load_lesson
from tutor.engine.losses import bits


@pytest.fixture(scope="module")
def cliff() -> LandscapeValues:
    return Landscape().run(Lab({}, folder=Path()))


@pytest.fixture
def lab(lesson_path: Path, course_folder: Path) -> Lab:
    lab = Lab(load_lesson(lesson_path).models, folder=course_folder)
    lab.ensure("reader")
    return lab


def test_the_cliff_is_the_recurrence_itself() -> None:
    h = 0.5
    for _ in range(50):
        h = 5.0 / (1.0 + math.exp(-h)) - 2.0
    assert Cliff().at(5.0, -2.0).loss == pytest.approx((h - 1.2) ** 2, rel=1e-12)


@pytest.mark.parametrize("place", [START, (4.3, -3.0), (6.4, -1.7), (-2.0, 1.0), (0.0, 0.0)])
def test_its_gradient_is_that_of_finite_differences(place: tuple[float, float]) -> None:
    surface, (x, y), e = Cliff(), place, 1e-6
    found = surface.at(x, y)
    assert found.dx == pytest.approx((surface.at(x + e, y).loss - surface.at(x - e, y).loss) / (2 * e), rel=1e-5)
    assert found.dy == pytest.approx((surface.at(x, y + e).loss - surface.at(x, y - e).loss) / (2 * e), rel=1e-5)
    assert found.norm == pytest.approx(math.hypot(found.dx, found.dy))


def test_a_point_far_off_has_a_loss_without_a_warning() -> None:
    assert Cliff().at(1e200, -1e200).loss == math.inf
    assert math.isnan(Cliff().at(math.inf, 0.0).norm)


def test_the_map_is_the_loss_at_its_points(cliff: LandscapeValues) -> None:
    assert (cliff.xs[0], cliff.xs[-1], cliff.ys[0], cliff.ys[-1]) == (*CLIFF[0], *CLIFF[1])
    assert len(cliff.xs) == len(cliff.ys) == len(cliff.losses) == 41
    assert cliff.losses[3][7] == pytest.approx(Cliff().at(cliff.xs[7], cliff.ys[3]).loss)


def test_unclipped_leaves_the_map_and_clipped_walks_on(cliff: LandscapeValues) -> None:
    bare, kept = cliff.walk("unclipped"), cliff.walk("clipped")
    assert bare is not None
    assert kept is not None
    assert bare.updates == kept.updates == tuple(range(21))
    # On the cliff the gradient is ten thousand times what it was: one step is hundreds of maps long.
    assert bare.steps[19].norm > 1e3 * bare.steps[0].norm
    assert bare.steps[19].x < cliff.xs[-1] < 50 < bare.steps[20].x
    assert all(CLIFF[0][0] < s.x < CLIFF[0][1] and CLIFF[1][0] < s.y < CLIFF[1][1] for s in kept.steps)
    further = cliff.walked(learning_rate=0.02, clip=1.0, steps=100).walk("clipped")
    assert further is not None
    assert further.steps[-1].loss < 0.05 * kept.steps[0].loss


def test_a_step_is_the_rate_times_the_gradient_and_clipping_keeps_its_direction(cliff: LandscapeValues) -> None:
    rate, clip = cliff.learning_rate, cliff.clip
    for kind in ("unclipped", "clipped"):
        walk = cliff.walk(kind)
        assert walk is not None
        for here, there in zip(walk.steps[:19], walk.steps[1:], strict=False):
            scale = min(1.0, clip / here.norm) if kind == "clipped" else 1.0
            assert there.x - here.x == pytest.approx(-rate * scale * here.dx, rel=1e-6, abs=1e-12)
            assert there.y - here.y == pytest.approx(-rate * scale * here.dy, rel=1e-6, abs=1e-12)


def test_a_walk_ends_where_its_numbers_do() -> None:
    walk = descend(Cliff(), START, 1e300, None, 50)
    assert len(walk.steps) < 6
    assert not math.isfinite(walk.steps[-1].loss)
    assert walk.updates[-1] == len(walk.steps) - 1
    assert descend(Cliff(), START, 0.1, 1.0, 0).steps == (Cliff().at(*START),)


def test_walking_anew_keeps_the_map(cliff: LandscapeValues) -> None:
    other = cliff.walked(learning_rate=0.5, clip=2.0, steps=3)
    assert (other.learning_rate, other.clip, other.steps) == (0.5, 2.0, 3)
    assert other.losses is cliff.losses
    assert [len(d.steps) for d in other.descents] == [4, 4]
    assert other.descents != cliff.descents


def test_tables_hold_what_is_drawn(cliff: LandscapeValues) -> None:
    walks, drawn = cliff.tables()
    assert walks.columns == ("descent", "updates", "w", "b", "loss", "gradient norm")
    assert len(walks.rows) == 42
    last = cliff.descents[0].steps[20]
    assert walks.rows[20] == ("unclipped", 20.0, last.x, last.y, last.loss, last.norm)
    assert drawn.title == "map"
    assert drawn.rows[41 * 3 + 7] == (cliff.xs[7], cliff.ys[3], cliff.losses[3][7])


def test_a_models_own_way_lies_on_its_map(lab: Lab) -> None:
    values = Landscape(surface="model", model="reader", size=5).run(lab)
    (way,) = values.descents
    assert (way.kind, way.updates) == ("training", lab.kept_steps("reader"))
    assert values.start is None
    # It ends at the model as it is, which is where the plane has its origin, and each loss is the model's own there.
    assert (way.steps[-1].x, way.steps[-1].y) == (0.0, 0.0)
    for step, at in ((0, way.steps[0]), (lab.kept_steps("reader")[-1], way.steps[-1])):
        network = lab.at_step("reader", step)
        measured = network.measure(network.encode(lab.examples("reader")[0])).loss
        assert at.loss == pytest.approx(bits(measured), rel=1e-5)
    assert all(values.xs[0] < s.x < values.xs[-1] and values.ys[0] < s.y < values.ys[-1] for s in way.steps)
    assert values.share is not None
    assert 0.5 < values.share <= 1.0
    assert values.tables()[0].columns[4] == "loss, bits"


def test_mapping_a_model_leaves_it_as_it_was(lab: Lab) -> None:
    before = lab.learner("reader").flat.copy()
    values = Landscape(surface="model", model="reader", size=5, start=(0.0, 1.0), steps=2).run(lab)
    values.surface.at(1.0, 1.0)
    assert np.array_equal(lab.learner("reader").flat, before)
    assert [d.kind for d in values.descents] == ["unclipped", "clipped", "training"]
    assert (values.descents[0].steps[0].x, values.descents[0].steps[0].y) == (0.0, 1.0)


def test_a_planes_gradient_is_that_of_finite_differences(lab: Lab) -> None:
    surface = Landscape(surface="model", model="reader", size=3).run(lab).surface
    found, e = surface.at(0.5, -0.25), 0.02
    for dx, dy, slope in ((e, 0.0, found.dx), (0.0, e, found.dy)):
        low, high = surface.losses(np.array([0.5 - dx, 0.5 + dx]), np.array([-0.25 - dy, -0.25 + dy]))
        assert slope == pytest.approx((high - low) / (2 * e), rel=2e-2, abs=2e-4)
    assert surface.losses(np.array([0.5]), np.array([-0.25]))[0] == pytest.approx(found.loss, rel=1e-6)


def test_a_random_plane_is_seeded_and_as_large_as_the_network(lab: Lab) -> None:
    one, same, other = (
        Landscape(surface="model", model="reader", plane="random", seed=s, size=3).run(lab) for s in (0, 0, 1)
    )
    assert one.losses == same.losses != other.losses
    assert one.share is None
    assert one.descents == ()
    assert one.losses[1][1] == min(map(min, one.losses))
    network = lab.learner("reader")
    drawn = {}
    start = 0
    for name, array in network.state_dict().items():
        drawn[name] = random_direction(network, [3])[start : start + array.size].reshape(array.shape)
        start += array.size
    matrix, own = drawn["rnn.weight_hh_l0"], network.state_dict()["rnn.weight_hh_l0"]
    assert np.linalg.norm(matrix, axis=1) == pytest.approx(np.linalg.norm(own, axis=1))
    assert np.linalg.norm(drawn["head.bias"]) == pytest.approx(np.linalg.norm(network.state_dict()["head.bias"]))


def test_principal_directions() -> None:
    way = np.array([[4.0, 0.0, 0.0], [0.0, 1.0, 0.0], [-4.0, 0.0, 0.1], [0.0, -1.0, 0.0]])
    u, v, share = principal(way)
    assert abs(u[0]) == pytest.approx(1.0, abs=1e-3)
    assert abs(v[1]) == pytest.approx(1.0, abs=1e-3)
    assert u.dot(way[0]) >= 0
    assert v.dot(way[0]) >= 0
    assert 0.999 < share < 1.0
    for flat in (way[:2], np.ones((4, 3)), np.outer([1.0, 2.0, 3.0], [1.0, 1.0, 1.0])):
        with pytest.raises(ValueError, match="span a plane"):
            principal(flat)


@pytest.mark.parametrize(
    ("keys", "what"),
    [
        ({"surface": "model"}, "the loss of no model"),
        ({"model": "reader"}, "`model` says nothing to the cliff"),
        ({"plane": "random"}, "`plane` says nothing to the cliff"),
        ({"seed": 3}, "`seed` says nothing to the cliff"),
        ({"surface": "model", "model": "plain"}, "the model `plain` is untrained, and has no loss"),
        ({"surface": "model", "model": "short"}, "the training of `short` is too short to have a plane"),
        ({"start": (1.0,)}, "`start` is no point"),
        ({"start": (1.0, math.nan)}, "`start` is no point"),
        ({"learning_rate": 0.0}, "`learning_rate` is 0"),
        ({"clip": -1.0}, "`clip` is -1"),
        ({"steps": 501}, "`steps` is 501"),
        ({"size": 2}, "`size` is 2"),
        ({"surface": "model", "model": "reader", "seed": -1}, "`seed` is -1"),
    ],
)
def test_what_does_not_fit(lesson_path: Path, keys: dict[str, object], what: str) -> None:
    models = load_lesson(lesson_path).models
    models = {**models, "short": msgspec.structs.replace(models["reader"], steps=9)}
    found = Landscape(**keys).unfit(models)  # type: ignore[arg-type]
    assert found is not None
    assert found[0] == what
    assert found[1]


def test_what_fits(lesson_path: Path) -> None:
    models = load_lesson(lesson_path).models
    assert Landscape().unfit(models) is None
    assert Landscape(surface="model", model="reader", start=(1.0, 2.0), seed=2).unfit(models) is None
    assert Landscape(surface="model", model="reader").models() == ("reader",)
    assert Landscape().models() == ()
