"""The benchmark beside PyTorch: what it does with its table."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[1] / "benchmarks" / "engine.py"
README = "above\n<!-- engine -->\nthe table\n<!-- end -->\nbelow\n"


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script, which measures nothing, beside a README of its own."""
    pytest.importorskip("torch")
    spec = importlib.util.spec_from_file_location("benchmarks_engine", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "__file__", str(tmp_path / "benchmarks" / "engine.py"))
    monkeypatch.setattr(module, "measured", lambda samples, only: iter(()))
    monkeypatch.setattr(module, "recordings", lambda: ())
    (tmp_path / "README.md").write_text(README)
    return module


def test_a_part_of_the_table_is_not_written(
    engine: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["engine.py", "--only", "GRU", "--write"])
    with pytest.raises(SystemExit) as ended:
        engine.main()
    assert ended.value.code == 2
    assert "--write puts the whole table into README.md: leave out --only\n" in capsys.readouterr().err
    assert (tmp_path / "README.md").read_text() == README


def test_the_whole_table_is_written(engine: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["engine.py", "--write"])
    engine.main()
    written = (tmp_path / "README.md").read_text()
    assert written == README.replace("the table", engine.table([]))
