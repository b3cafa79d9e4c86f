"""The embedding figure's values, against the engine and by hand."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tutor.course.entries import ModelEntry
from tutor.course.figures.embedding import Embedding, EmbeddingValues, towards
from tutor.course.lab import Lab
from tutor.engine.model import Model, word_vector

MODELS = {
    "reader": ModelEntry(
        task="next-word", corpus="data/days.txt", hidden=4, embedding=3, steps=20, batch=4, text="the sun"
    ),
    "plain": ModelEntry(embedding=3, seed=2, text="never too never"),
    "captioner": ModelEntry(task="caption"),
    "silent": ModelEntry(),
}


@pytest.fixture
def lab(course_folder: Path) -> Lab:
    lab = Lab(MODELS, folder=course_folder)
    lab.ensure("reader")
    return lab


def values(**changes: object) -> EmbeddingValues:
    history = np.array(
        [
            [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [2.0, 2.0]],
            [[0.0, 0.0], [4.0, 4.0], [0.0, 3.0], [2.0, 2.5]],
        ]
    )
    whole = {
        "tokens": ("sun", "fog"),
        "vectors": history[1][[1, 0]],
        "words": ("<unk>", "sun", "moon", "up"),
        "indices": (1, 0),
        "steps": (0, 10),
        "history": history,
    }
    return EmbeddingValues(**{**whole, **changes})  # type: ignore[arg-type]


def test_a_text_is_looked_up_in_the_networks_own_table(lab: Lab) -> None:
    found = Embedding(model="reader", text="the sun zebra").run(lab)
    model = lab.model("reader")
    assert isinstance(model, Model)
    assert model.embedding is not None
    assert model.vocabulary is not None
    assert found.words == model.vocabulary.tokens
    assert found.indices == (model.vocabulary.index("the"), model.vocabulary.index("sun"), 0)
    np.testing.assert_array_equal(found.vectors, model.vectors(("the", "sun", "zebra")))
    for t, index in enumerate(found.indices):
        one = found.look_up(t, found.last)
        np.testing.assert_array_equal(one.row, model.embedding.weight[index])
        np.testing.assert_array_equal(
            one.product, np.eye(len(found.words), dtype=np.float32)[index] @ found.history[-1]
        )
        assert not one.difference.any()
    assert found.view == "lookup"
    assert Embedding(model="reader", view="plane").run(lab).view == "plane"
    assert Embedding(model="reader").run(lab).tokens == ("the", "sun")


def test_every_checkpoint_is_there_as_it_was(lab: Lab) -> None:
    found = Embedding(model="reader").run(lab)
    assert found.steps == lab.kept_steps("reader")
    assert found.steps[0] == 0
    assert found.steps[-1] == 20
    fresh = Lab(MODELS, folder=lab.folder)
    next(fresh.train("reader"))
    np.testing.assert_array_equal(found.history[0], fresh.model("reader").embedding.weight)  # type: ignore[union-attr]
    assert not np.array_equal(found.history[0], found.history[-1])
    # What is shown of a training that is over does not change when somebody trains on.
    before = found.history.copy()
    lab.model("reader").flat[:] = 0.0
    np.testing.assert_array_equal(found.history, before)
    assert found.vectors.any()


def test_without_a_table_vectors_are_hashed(lab: Lab) -> None:
    found = Embedding(model="plain").run(lab)
    assert found.words == ()
    np.testing.assert_array_equal(found.vector(0), word_vector("never", 3, 2))
    np.testing.assert_array_equal(found.vector(0), found.vector(2))
    (table,) = found.tables()
    assert table.columns == ("step", "token", "x1", "x2", "x3")
    assert table.rows[1] == ("2", "too", *map(float, word_vector("too", 3, 2)))


def test_the_product_and_the_row_by_hand() -> None:
    one = values().look_up(0, 0)
    assert (one.token, one.index, one.product.tolist(), one.row.tolist()) == ("sun", 1, [1.0, 0.0], [1.0, 0.0])
    assert values().look_up(0, 1).row.tolist() == [4.0, 4.0]
    assert values().look_up(1, 1).index == 0
    broken = values().history.copy()
    broken[1, 2, 0] = math.inf
    odd = values(history=broken).look_up(0, 1)
    assert odd.row.tolist() == [4.0, 4.0]
    assert np.isnan(odd.product[0])
    assert np.isnan(odd.difference[0])
    assert odd.difference[1] == 0


def test_the_plane_is_that_of_the_last_checkpoint() -> None:
    found = values()
    last, first = found.plane(1), found.plane(0)
    centred = found.history[1] - found.history[1].mean(axis=0)
    variances, axes = np.linalg.eigh(centred.T @ centred / 4)
    axes = axes[:, ::-1] * np.sign(axes[np.abs(axes).argmax(axis=0), [0, 1]])[::-1]
    np.testing.assert_allclose(last.points, centred @ axes)
    np.testing.assert_allclose(first.points, (found.history[0] - found.history[1].mean(axis=0)) @ axes)
    np.testing.assert_allclose(last.shares, variances[::-1] / variances.sum())
    assert first.shares == last.shares
    np.testing.assert_allclose(last.moved, [0.0, 5.0, 2.0, 0.5])
    assert not first.moved.any()


def test_rows_that_are_no_numbers_are_left_out_of_the_plane() -> None:
    broken = values().history.copy()
    broken[1, 3, 1] = math.nan
    plane = values(history=broken).plane(1)
    assert np.isnan(plane.points[3]).all()
    assert np.isfinite(plane.points[:3]).all()
    assert sum(plane.shares) == pytest.approx(1.0)
    broken[1] = math.nan
    nothing = values(history=broken).plane(0)
    assert np.isnan(nothing.points).all()
    assert np.isnan(nothing.shares).all()


def test_one_direction_and_none() -> None:
    thin = values(history=values().history[:, :, :1], vectors=np.zeros((2, 1)))
    assert thin.plane(1).shares == (1.0, 0.0)
    assert not thin.plane(1).points[:, 1].any()
    flat = values(history=np.ones((1, 4, 2)), steps=(10,))
    assert flat.plane(0).shares == (0.0, 0.0)
    assert not flat.plane(0).points.any()


def test_neighbours_are_by_the_angle() -> None:
    found = values()
    assert found.nearest(1, 1) == (
        (3, pytest.approx(4.5 / math.sqrt(2 * 10.25) * 1.0)),
        (2, pytest.approx(math.sqrt(0.5))),
    )
    assert found.nearest(1, 0) == ((3, pytest.approx(math.sqrt(0.5))), (2, 0.0))
    assert found.nearest(1, 1, count=1) == found.nearest(1, 1)[:1]
    # A row of zeros has no angle to anything.
    assert found.nearest(0, 1) == ()


def test_tables_hold_what_is_drawn() -> None:
    found = values()
    looked, placed, alike = found.tables()
    assert looked.columns == ("step", "token", "row", "row of", "x1", "x2", "largest difference")
    assert looked.rows == (("1", "sun", "1", "sun", 4.0, 4.0, 0.0), ("2", "fog", "0", "<unk>", 0.0, 0.0, 0.0))
    assert placed.columns == ("word", "PC1", "PC2", "moved")
    plane = found.plane(1)
    assert placed.rows[1] == ("sun", *plane.points[1].tolist(), 5.0)
    share = f"{plane.shares[0]:.0%}"
    assert placed.title == f"update 10: PC1 has {share} of the variance, PC2 {plane.shares[1]:.0%}"
    assert [row[:2] for row in alike.rows] == [("sun", "up"), ("sun", "moon")]
    assert alike.rows[0][2] == found.nearest(1, 1)[0][1]
    assert found.looked_up(0).rows[0][4:6] == (1.0, 0.0)


@pytest.mark.parametrize(("right", "up", "expected"), [(1, 0, 1), (-1, 0, 2), (0, 1, 3), (0, -1, 4)])
def test_towards(right: int, up: int, expected: int | None) -> None:
    # The second axis is ten times as long: each is over its own range.
    points = np.array([[0.0, 0.0], [1.0, 4.0], [-2.0, 3.0], [0.3, 20.0], [2.0, -20.0], [math.nan, 0.0]])
    assert towards(points, 0, right, up) == expected


def test_towards_takes_the_nearest_and_gives_up_where_there_is_none() -> None:
    points = np.array([[0.0, 0.0], [2.0, 0.0], [1.0, 0.9], [0.2, 0.05]])
    assert towards(points, 0, 1, 0) == 3
    assert towards(points, 1, 1, 0) is None
    assert towards(np.zeros((3, 2)), 0, 1, 0) is None
    assert towards(np.full((2, 2), math.nan), 0, 1, 0) is None


@pytest.mark.parametrize(
    ("options", "what", "mend"),
    [
        (
            Embedding(model="captioner"),
            'the model `captioner` has the task "caption", and reads no words',
            "name a model",
        ),
        (Embedding(model="plain", view="plane"), "is untrained, and has no table of words", 'drop view = "plane"'),
        (Embedding(model="silent"), "the model `silent` has no text to look up", "[models.silent]"),
        (Embedding(model="silent", text="a b", step=3), "`step` is 3", "from 0 to 2, or leave it out for the first"),
    ],
)
def test_unfit(options: Embedding, what: str, mend: str) -> None:
    found = options.unfit(MODELS)
    assert found is not None
    assert what in found[0]
    assert mend in found[1]


def test_fit() -> None:
    for options in (
        Embedding(model="reader", view="plane"),
        Embedding(model="plain"),
        Embedding(model="silent", text="a", step=1),
    ):
        assert options.unfit(MODELS) is None
        assert options.models() == (options.model,)
    assert Embedding(model="unheard").unfit(MODELS) is None


def test_a_text_of_nothing_is_refused(lab: Lab) -> None:
    run: Callable[[Lab], EmbeddingValues] = Embedding(model="reader", text=" ").run
    with pytest.raises(ValueError, match="has no text to look up"):
        run(lab)
