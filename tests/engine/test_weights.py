"""A weights file is written whole, read back exactly, and refused when it is not what it says."""

from __future__ import annotations

import io
import os
import pickle
import zipfile
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
    with np.load(path, allow_pickle=False) as file:
        np.testing.assert_array_equal(file["rnn.weight"], arrays["rnn.weight"])
    whole = path.read_bytes()
    weights.save(path, arrays, {"history": "[1, 2]"})
    assert path.read_bytes() == whole


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


def archive(path: Path, members: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> None:
    """An archive by hand, with metadata."""
    blob = io.BytesIO()
    np.save(blob, np.frombuffer(b"{}", np.uint8))
    with zipfile.ZipFile(path, "w", compression) as file:
        for name, content in ({"metadata.json.npy": blob.getvalue()} | members).items():
            file.writestr(name, content)


def npy(array: np.ndarray) -> bytes:
    blob = io.BytesIO()
    np.save(blob, array)
    return blob.getvalue()


def test_a_stray_member_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    archive(path, {"x.npy": npy(np.ones(2))})
    assert list(weights.load(path)[0]) == ["x"]
    archive(path, {"x.npy": npy(np.ones(2)), "notes.txt": b"hello"})
    with pytest.raises(ValueError, match=r"model\.npz: 'notes\.txt' is no array's name"):
        weights.load(path)


def test_what_a_file_declares_is_held_against_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    whole = npy(np.ones(8))
    for shape in (b"(9,), ", b"(7,), ", b"(99999999999,), ", b"(-8,), ", b"(8, 99999999, 99999999), "):
        # The header keeps its length: what the shape takes more or less, the padding gives.
        header = whole[:128].replace(b"(8,), ", shape)
        header = header[:127].rstrip(b" \n")[:127].ljust(127) + b"\n"
        archive(path, {"x.npy": header + whole[128:]})
        with pytest.raises(ValueError, match=r"model\.npz: x (declares|has the shape)"):
            weights.load(path)


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    archive(path, {"x.npy": npy(np.zeros(1_000_000))}, zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 20_000
    with pytest.raises(ValueError, match=r"model\.npz: it declares more than it may hold"):
        weights.load(path)


def test_metadata_is_a_table(tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    for text in (b"[]", b"{", b"\xff", b"[" * 100_000):
        archive(path, {"metadata.json.npy": npy(np.frombuffer(text, np.uint8))})
        with pytest.raises(ValueError, match=r"model\.npz: "):
            weights.load(path)


def test_any_damage_is_one_line(tmp_path: Path, arrays) -> None:
    path = tmp_path / "model.npz"
    weights.save(path, arrays, {"history": "[1, 2]"})
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    refused = 0
    for _ in range(600):
        damaged = bytearray(whole)
        for at in rng.integers(len(whole), size=rng.integers(1, 4)):
            damaged[at] = rng.integers(256)
        path.write_bytes(damaged)
        said = ""
        try:
            assert all(np.isfinite(array).all() for array in weights.load(path)[0].values())
        except ValueError as error:
            said = str(error)
            refused += 1
        assert "\n" not in said
        assert not said or said.startswith("model.npz: ")
    assert refused > 300


def test_a_pickle_is_never_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="odd: got dtype object"):
        weights.save(tmp_path / "model.npz", {"odd": np.array([{}], object)}, {})
    assert not list(tmp_path.iterdir())


def test_what_was_there_stays_when_writing_fails(tmp_path: Path, arrays, monkeypatch) -> None:
    path = tmp_path / "model.npz"
    weights.save(path, arrays, {})
    whole = path.read_bytes()

    def fail(*_: object, **__: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(weights.os, "replace", fail)
    with pytest.raises(OSError, match="full"):
        weights.save(path, {"x": np.ones(9)}, {})
    assert path.read_bytes() == whole
    assert [p.name for p in tmp_path.iterdir()] == ["model.npz"]


def test_what_training_never_wrote_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    np.savez(path, x=np.ones(2))
    with pytest.raises(ValueError, match=r"^model\.npz: it is no file of a trained model: metadata\.json is missing"):
        weights.load(path)
    archive(path, {"x.npy": npy(np.ones(2, np.float16))})
    with pytest.raises(ValueError, match=r"^model\.npz: x has dtype float16, expected float32 or float64"):
        weights.load(path)
    archive(path, {"metadata.json.npy": npy(np.frombuffer(b'{"a": 1, "a": 2}', np.uint8))})
    with pytest.raises(ValueError, match=r"^model\.npz: its metadata cannot be read \(a name is there twice\)"):
        weights.load(path)
    with pytest.raises(ValueError, match="it is not a file"):
        weights.load(tmp_path)


def test_what_is_read_is_the_reader_s_own(tmp_path: Path, arrays) -> None:
    path = tmp_path / "model.npz"
    weights.save(path, arrays, {})
    for array in weights.load(path)[0].values():
        array += 1
    assert (weights.load(path)[0]["head.bias"] == 1).all()


@pytest.mark.skipif(os.name != "posix", reason="only there has a file a mode")
def test_a_file_is_as_open_as_any_other(tmp_path: Path, arrays) -> None:
    weights.save(tmp_path / "model.npz", arrays, {})
    (tmp_path / "other").write_bytes(b"")
    assert (tmp_path / "model.npz").stat().st_mode == (tmp_path / "other").stat().st_mode
