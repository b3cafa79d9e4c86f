"""A run as a file: the numbers that `trace` prints, and nothing is written over."""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path

import numpy as np
import pytest

from tutor.engine.cells import CELLS
from tutor.engine.model import Model, ModelSpec, Run
from tutor.engine.text import Vocabulary
from tutor.sandbox import exporting
from tutor.sandbox.experiment import Experiment
from tutor.sandbox.exporting import export

TEXT = 'never, too "late" 日本 \x1b[2J'
KINDS = [
    pytest.param(cell, layers, bidirectional, id=f"{cell}-{layers}{'-both' * bidirectional}")
    for cell in CELLS
    for layers, bidirectional in ((1, False), (2, True))
]


def a_run(cell: str = "lstm", layers: int = 1, bidirectional: bool = False) -> Run:
    return Experiment(TEXT, cell=cell, hidden=3, layers=layers, bidirectional=bidirectional, seed=5).run()


def a_reader() -> Run:
    """A model with a head."""
    return Model(ModelSpec("gru", 3), Vocabulary(["never", "too", "late"])).run(["too", "late"])


def traced(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What the command prints."""
    from tutor.cli import main

    assert main(["trace", TEXT, *words]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize(("cell", "layers", "bidirectional"), KINDS)
def test_the_same_as_trace(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], cell: str, layers: int, bidirectional: bool
) -> None:
    words = ["--cell", cell, "--hidden", "3", "--layers", str(layers), "--seed", "5"]
    words += ["--bidirectional"] if bidirectional else []
    run = a_run(cell, layers, bidirectional)
    as_json = export(run, tmp_path / "run.json").read_text("utf-8")
    assert json.loads(as_json) == json.loads(traced(capsys, *words, "--json"))
    assert list(json.loads(as_json)) == ["tokens", "cell", "hidden_size", "seed", "hidden", "gates"]
    assert export(run, tmp_path / "run.csv").read_bytes().decode() == traced(capsys, *words, "--csv")


def test_the_numbers_are_exact_in_every_kind(tmp_path: Path) -> None:
    run = a_run(layers=2, bidirectional=True)
    assert run.tokens == ("never", ",", "too", '"', "late", '"', "日", "本", "␛", "[", "2J")
    value = json.loads(export(run, tmp_path / "run.json").read_text("utf-8"))
    head, *lines = csv.reader(io.StringIO(export(run, tmp_path / "run.csv").read_text("utf-8")))
    assert head[:8] == ["step", "token", "h1", "h2", "h3", "h4", "h5", "h6"]
    assert head[8:14] == ["i1", "i2", "i3", "f1", "f2", "f3"]
    assert head[-3:] == ["o_reverse1", "o_reverse2", "o_reverse3"]
    names = ("i", "f", "g", "o", "i_reverse", "f_reverse", "g_reverse", "o_reverse")
    with np.load(export(run, tmp_path / "run.npz"), allow_pickle=False) as file:
        assert set(file) == {"metadata.json", "tokens", "x", "hidden", "h_0", *names}
        assert tuple(file["tokens"].tolist()) == run.tokens
        assert file["tokens"].dtype.kind == "U"
        for name, array in (("x", run.x), ("hidden", run.hidden), ("h_0", run.h_0)):
            assert file[name].dtype == array.dtype
            assert (file[name] == array).all()
        for name in names:
            assert (file[name] == value["gates"][name]).all()
        assert (file["hidden"] == value["hidden"]).all()
        assert json.loads(file["metadata.json"].tobytes()) == {"cell": "lstm", "hidden_size": 3, "seed": 5}
        for t, line in enumerate(lines):
            assert line[:2] == [str(t + 1), run.tokens[t]]
            wanted = [*file["hidden"][t], *(number for name in names for number in file[name][t])]
            assert [float(number) for number in line[2:]] == wanted


def test_what_comes_next_is_told_where_there_is_a_head(tmp_path: Path) -> None:
    run = a_reader()
    value = json.loads(export(run, tmp_path / "run.json").read_text("utf-8"))
    assert value["next"] == [list(pair) for pair in run.next(k=5)]
    assert len(value["next"]) == 3
    with np.load(export(run, tmp_path / "run.npz")) as file:
        assert (file["logits"] == run.logits).all()
        assert file["logits"].shape == (2, 4)


@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")
def test_what_is_not_finite(tmp_path: Path) -> None:
    model = Model(ModelSpec("rnn", 2, nonlinearity="relu", init="zeros"), None)
    big = np.finfo(np.float32).max
    model.net.load_state_dict(
        {name: np.full_like(array, big if "ih" in name else 1) for name, array in model.net.state_dict().items()}
    )
    run = model.run(["a", "b"])
    assert not np.isfinite(run.hidden).all()
    value = json.loads(export(run, tmp_path / "run.json").read_text("utf-8"), parse_constant=pytest.fail)
    assert any(None in row for row in value["hidden"])
    _head, *lines = csv.reader(io.StringIO(export(run, tmp_path / "run.csv").read_text("utf-8")))
    assert any("" in line for line in lines)
    assert [[None if n == "" else float(n) for n in line[2:]] for line in lines] == value["hidden"]
    with np.load(export(run, tmp_path / "run.npz")) as file:
        np.testing.assert_array_equal(file["hidden"], run.hidden)


def test_half_a_pair_does_not_keep_a_file_from_being_written(tmp_path: Path) -> None:
    run = Model(ModelSpec("rnn", 2), None).run(["a\ud83d", "b\x1b"])
    assert json.loads(export(run, tmp_path / "run.json").read_text("ascii"))["tokens"] == ["a\ud83d", "b\x1b"]
    assert "a\\ud83d" in export(run, tmp_path / "run.csv").read_text("utf-8")
    with np.load(export(run, tmp_path / "run.npz")) as file:
        assert file["tokens"].tolist() == ["a\ud83d", "b\x1b"]


def test_tokens_too_long_for_a_table(tmp_path: Path) -> None:
    run = Experiment("a " * 200 + "x" * 100_000, hidden=1).run()
    with pytest.raises(ValueError, match=r"^tokens: got one of 100,000 letters, too long for a table of 201 rows; exp"):
        export(run, tmp_path / "run.npz")
    assert list(tmp_path.iterdir()) == []
    assert export(run, tmp_path / "run.csv").stat().st_size > 100_000


# Files.


@pytest.mark.parametrize("name", ["run.txt", "run", ".json", "run.npy", "run.js\x1bon"])
def test_other_suffixes(tmp_path: Path, name: str) -> None:
    with pytest.raises(
        ValueError, match=r"^path: got '.*', expected a name that ends in \.json, \.csv, \.npz$"
    ) as said:
        export(a_run(), tmp_path / name)
    assert str(said.value).isprintable()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", [".json", ".csv", ".npz", ".NPZ"])
def test_nothing_is_written_over(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"run{kind}"
    path.write_bytes(b"mine")
    (tmp_path / f"run-2{kind}").symlink_to("nowhere")
    said = rf"^run{kind} is there already, and stays as it is; run-3{kind} is free$"
    with pytest.raises(ValueError, match=said):
        export(a_run(), path)
    assert path.read_bytes() == b"mine"
    assert export(a_run(), path, overwrite=True) == path
    assert path.read_bytes() != b"mine"
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("links", [True, False])
def test_nor_what_comes_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool) -> None:
    path = tmp_path / "run.json"

    def refused(*_paths: object) -> None:
        raise PermissionError("no links here")

    if not links:
        monkeypatch.setattr(os, "link", refused)

    def late(given: Run) -> list[str]:
        path.write_text("first")
        return ["late"]

    monkeypatch.setattr(exporting, "json_of", late)
    with pytest.raises(ValueError, match=r"^run\.json is there already, and stays as it is; run-2\.json is free$"):
        export(a_run(), path)
    assert [(one.name, one.read_text()) for one in tmp_path.iterdir()] == [("run.json", "first")]
    with exporting.placed(tmp_path / "other.json") as part:
        part.write_text("alone")
    assert (tmp_path / "other.json").read_text() == "alone"


def test_what_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_args: object, **_how: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(OSError, match="No space left"):
        export(a_run(), tmp_path / "run.csv")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_made_and_one_that_is_none_is_an_error_of_the_system(tmp_path: Path) -> None:
    assert export(a_run(), tmp_path / "new" / "run.csv").exists()
    with pytest.raises(OSError, match=r"run\.csv"):
        export(a_run(), tmp_path / "new" / "run.csv" / "run.csv")
