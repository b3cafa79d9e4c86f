"""A weights file is written whole, read back exactly, and refused when it is not what it says."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from tutor.engine import weights


@pytest.fixture
def arrays() -> dict[str, np.ndarray]:
    return {"rnn.weight": np.arange(6, dtype=np.float32).reshape(2, 3), "head.bias": np.ones(2)}


def test_the_round_trip_is_exact(tmp_path: Path, arrays) -> None:
    path = tmp_path / "deep" / "model.npz"
    weights.save(path, arrays, {"history": "[1, 2]"})
    back, metadata = weights.load(path)
    assert metadata == {"history": "[1, 2]"}
    assert back.keys() == arrays.keys()
    for name, array in arrays.items():
        assert back[name].dtype == array.dtype
        np.testing.assert_array_equal(back[name], array)
    assert [p.name for p in path.parent.iterdir()] == ["model.npz"], "no half-written file is left"


def test_a_file_cut_short_is_refused(tmp_path: Path, arrays) -> None:
    path = tmp_path / "model.npz"
    weights.save(path, arrays, {})
    whole = path.read_bytes()
    for size in (0, 1, 30, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:size])
        with pytest.raises(ValueError, match=r"model\.npz"):
            weights.load(path)


@pytest.mark.parametrize(
    "member", [np.array([np.nan]), np.array([np.inf], np.float32), np.array([1, 2]), np.array(["a"])], ids=str
)
def test_what_no_weight_can_be_is_refused(tmp_path: Path, member: np.ndarray) -> None:
    path = tmp_path / "model.npz"
    weights.save(path, {"odd": member}, {})
    with pytest.raises(ValueError, match="odd"):
        weights.load(path)


def test_a_pickle_is_never_opened(tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    np.savez(path, **{"metadata.json": np.frombuffer(b"{}", np.uint8), "x": np.array([{}], object)})
    with pytest.raises(ValueError, match=r"pickle|object"):
        weights.load(path)
    path.write_bytes(pickle.dumps({"x": 1}))
    with pytest.raises(ValueError, match=r"model\.npz"):
        weights.load(path)


def test_a_stranger_s_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    np.savez(path, x=np.ones(2))
    with pytest.raises(ValueError, match=r"model\.npz"):
        weights.load(path)
    with pytest.raises(OSError, match="nowhere"):
        weights.load(tmp_path / "nowhere.npz")
