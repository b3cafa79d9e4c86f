"""What a learner answered survives: crashes, other processes, and whatever the disk does."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from itertools import count
from pathlib import Path

import pytest

from tutor.progress import STORE, Attempt, Progress, StoreError

KEY = "1.1"


def attempt(key: str = KEY, *, lesson: str = "order", kind: str = "predict", **more: object) -> Attempt:
    values: dict[str, object] = {"instance": 0, "response": "a", "correct": True, **more}
    return Attempt(lesson=lesson, key=key, kind=kind, **values)  # type: ignore[arg-type]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


def opened(folder: Path, **more: float) -> Progress:
    ticks = count(1000)
    return Progress(folder, clock=lambda: float(next(ticks)), patience=more.get("patience", 0.05))


def sql(folder: Path, *statements: str, store: str = STORE) -> None:
    """Another program at the store."""
    connection = sqlite3.connect(folder / store)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def test_nothing_is_on_disk_before_the_first_lesson(folder: Path) -> None:
    progress = opened(folder)
    assert progress.completed("order") == frozenset()
    assert progress.attempts() == ()
    assert progress.at("order") == 0
    assert progress.problem is None
    assert all(finding.ok for finding in progress.doctor())
    assert not folder.exists()
    progress.open_store()
    assert [path.name for path in folder.iterdir()] == [STORE]


def test_the_format_number_is_user_version(folder: Path) -> None:
    opened(folder).open_store()
    connection = sqlite3.connect(folder / STORE)
    assert connection.execute("PRAGMA user_version").fetchone() == (1,)
    connection.close()


def test_answers_come_back(folder: Path) -> None:
    progress = opened(folder)
    first = progress.answer(attempt(response="0,5", correct=None, confidence="certain", seconds=2.5, instance=3))
    progress.grade(first, False)
    progress.complete("order", 2)
    progress.complete("order", 2)
    progress.stand("order", 4)
    for seen in (progress, opened(folder)):
        (kept,) = seen.attempts("order")
        assert kept == attempt(
            response="0,5",
            correct=False,
            confidence="certain",
            seconds=2.5,
            instance=3,
            at=1000.0,
            id=first,
        )
        assert seen.completed("order") == {2}
        assert seen.at("order") == 4
        assert seen.attempts("another") == ()


def test_an_answer_is_on_disk_at_once(folder: Path) -> None:
    progress = opened(folder)
    progress.answer(attempt())
    connection = sqlite3.connect(folder / STORE)
    assert connection.execute("SELECT count(*) FROM attempts").fetchone() == (1,)
    connection.close()


def test_last_answers_calibration_and_what_is_due(folder: Path) -> None:
    progress = opened(folder)
    progress.answer(attempt("1.1", correct=False, confidence="certain"))
    progress.answer(attempt("1.1", correct=True, confidence="certain", response="b"))
    progress.answer(attempt("2.1", correct=True, confidence="guess"))
    progress.answer(attempt("2.1", correct=False, kind="question"))
    progress.answer(attempt("3.1", correct=None, confidence="fairly"))
    progress.answer(attempt("4.1", correct=False, kind="recite"))
    assert progress.answered("order")["1.1"].response == "b"
    assert list(progress.answered("order")) == ["1.1", "2.1", "3.1", "4.1"]
    assert progress.calibration() == {"guess": (1, 1), "fairly": (0, 0), "certain": (1, 2)}
    assert [(due.lesson, due.key) for due in progress.due()] == [("order", "2.1")]


@pytest.mark.parametrize("wrong", [{"kind": "guess"}, {"confidence": "very"}])
def test_what_cannot_be_is_refused(folder: Path, wrong: dict[str, str]) -> None:
    (name,) = wrong
    with pytest.raises(ValueError, match=f"^{name} is '.*', expected "):
        opened(folder).answer(attempt(**wrong))  # type: ignore[arg-type]


def test_odd_values_are_kept(folder: Path) -> None:
    progress = opened(folder)
    progress.answer(attempt(response="naïve \x00 \udcff 🙂", seconds=float("nan")))
    (kept,) = opened(folder).attempts()
    assert kept.response == "naïve \x00 ? 🙂"
    assert kept.seconds is None


# Two at once


def test_two_that_write_in_turn_see_each_other(folder: Path) -> None:
    one, two = opened(folder), opened(folder)
    for turn in range(5):
        one.answer(attempt(f"{turn}.1"))
        two.answer(attempt(f"{turn}.2"))
    assert len(one.attempts()) == len(two.attempts()) == 10
    assert [a.key for a in one.attempts()] == [a.key for a in opened(folder).attempts()]


WRITER = """
import sys
from pathlib import Path
from tutor.progress import Attempt, Progress
progress = Progress(Path(sys.argv[1]))
for n in range(40):
    progress.answer(Attempt(sys.argv[2], str(n), "predict", 0, "x", True))
print(progress.problem)
"""


@pytest.mark.parametrize("damaged", [False, True])
def test_processes_that_begin_together_lose_nothing(folder: Path, damaged: bool) -> None:
    """They race for making the store, or for setting a damaged one aside, and then for every write."""
    folder.mkdir()
    if damaged:
        (folder / STORE).write_bytes(b"no store" * 100)
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(folder), name], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for name in ("one", "two", "three")
    ]
    for writer in writers:
        _, errors = writer.communicate(timeout=60)
        assert errors == b""
    progress = opened(folder)
    for name in ("one", "two", "three"):
        assert {a.key for a in progress.attempts(name)} == {str(n) for n in range(40)}
    aside = sorted(path.name for path in folder.iterdir())
    assert aside == (["progress.damaged-1.db"] if damaged else []) + [STORE]


def test_a_locked_store_loses_nothing(folder: Path) -> None:
    progress = opened(folder)
    progress.answer(attempt("1.1"))
    other = sqlite3.connect(folder / STORE)
    other.execute("BEGIN EXCLUSIVE")
    progress.answer(attempt("2.1"))
    progress.complete("order", 1)
    assert progress.problem is not None
    assert "in use by another program" in progress.problem
    assert len(progress.attempts()) == 2
    assert progress.completed("order") == {1}
    other.rollback()
    other.close()
    assert len(opened(folder).attempts()) == 1
    progress.answer(attempt("3.1"))
    assert progress.problem is None
    assert [a.key for a in opened(folder).attempts()] == ["1.1", "2.1", "3.1"]


def test_what_waits_is_saved_when_it_is_closed(folder: Path) -> None:
    progress = opened(folder)
    progress.open_store()
    other = sqlite3.connect(folder / STORE)
    other.execute("BEGIN EXCLUSIVE")
    progress.answer(attempt())
    other.rollback()
    other.close()
    progress.close()
    assert len(opened(folder).attempts()) == 1


def test_a_store_that_is_locked_from_the_start_is_not_damaged(folder: Path) -> None:
    opened(folder).answer(attempt("1.1"))
    other = sqlite3.connect(folder / STORE)
    other.execute("BEGIN EXCLUSIVE")
    progress = opened(folder)
    progress.answer(attempt("2.1"))
    assert [a.key for a in progress.attempts()] == ["2.1"]
    assert "in use" in (progress.problem or "")
    other.rollback()
    other.close()
    progress.answer(attempt("3.1"))
    assert [a.key for a in progress.attempts()] == ["1.1", "2.1", "3.1"]
    assert [path.name for path in folder.iterdir()] == [STORE]


# A disk that does not take it


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file")
    progress = opened(tmp_path / "home" / "data")
    progress.open_store()
    progress.answer(attempt())
    assert len(progress.attempts()) == 1
    assert progress.problem is not None
    assert "Your answers are kept until you leave" in progress.problem
    assert "\n" not in progress.problem
    assert [finding.ok for finding in progress.doctor()] == [False, False]


def test_a_full_disk(folder: Path) -> None:
    progress = opened(folder)
    progress.open_store()
    connection = progress._store._connection
    assert connection is not None
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages}")
    progress.answer(attempt(response="x" * 100_000))
    assert progress.problem is not None
    assert "is full" in progress.problem
    assert len(progress.attempts()) == 1
    connection.execute("PRAGMA max_page_count = 100000")
    progress.complete("order", 0)
    assert progress.problem is None
    assert len(opened(folder).attempts()) == 1


def test_a_read_only_store(folder: Path) -> None:
    opened(folder).answer(attempt("1.1"))
    progress = opened(folder)
    assert len(progress.attempts()) == 1
    connection = progress._store._connection
    assert connection is not None
    # What SQLite does on a file that may only be read; permissions mean nothing to root.
    connection.execute("PRAGMA query_only = on")
    progress.answer(attempt("2.1"))
    assert "is read-only" in (progress.problem or "")
    assert [a.key for a in progress.attempts()] == ["1.1", "2.1"]


def test_a_folder_in_the_place_of_the_store(folder: Path) -> None:
    (folder / STORE).mkdir(parents=True)
    progress = opened(folder)
    progress.answer(attempt())
    assert progress.problem is not None
    assert len(progress.attempts()) == 1
    assert (folder / STORE).is_dir()


def test_a_store_that_was_deleted_is_made_again(folder: Path) -> None:
    progress = opened(folder)
    progress.answer(attempt("1.1"))
    (folder / STORE).unlink()
    progress.answer(attempt("2.1"))
    assert [a.key for a in opened(folder).attempts()] == ["2.1"]


# Damaged and newer


def whole(folder: Path) -> bytes:
    """A store with some answers in it, as bytes."""
    progress = opened(folder)
    for n in range(50):
        progress.answer(attempt(str(n), response="x" * 200))
    progress.close()
    return (folder / STORE).read_bytes()


def empty(folder: Path) -> bytes:
    return b""


def garbage(folder: Path) -> bytes:
    return bytes(range(256)) * 20


def short(folder: Path) -> bytes:
    return b"hello"


def cut(folder: Path) -> bytes:
    return whole(folder)[:5000]


def torn(folder: Path) -> bytes:
    data = bytearray(whole(folder))
    data[4096:8192] = b"\xa5" * 4096
    return bytes(data)


def foreign(folder: Path) -> bytes:
    folder.mkdir()
    sql(folder, "CREATE TABLE notes (text)", "PRAGMA user_version = 1", store="other")
    data = (folder / "other").read_bytes()
    (folder / "other").unlink()
    return data


def unnumbered(folder: Path) -> bytes:
    whole(folder)
    sql(folder, "PRAGMA user_version = 0")
    return (folder / STORE).read_bytes()


@pytest.mark.parametrize("make", [empty, garbage, short, cut, torn, foreign, unnumbered])
def test_a_damaged_store_keeps_its_bytes(folder: Path, make: object) -> None:
    data = make(folder)  # type: ignore[operator]
    folder.mkdir(exist_ok=True)
    (folder / STORE).write_bytes(data)

    progress = opened(folder)
    assert progress.attempts() == ()
    assert "is damaged" in (progress.problem or "")
    assert "\n" not in (progress.problem or "")
    assert [finding.ok for finding in progress.doctor()] == [True, False]
    with pytest.raises(StoreError, match="is damaged"):
        progress.export(folder / "export.json")
    progress.close()
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {STORE: data}

    progress.answer(attempt())
    assert "progress.damaged-1.db" in (progress.problem or "")
    progress.close()
    assert (folder / "progress.damaged-1.db").read_bytes() == data
    again = opened(folder)
    assert len(again.attempts()) == 1
    assert again.problem is None
    assert [finding.ok for finding in again.doctor()] == [True, True, False]


def test_each_damaged_store_has_a_name_of_its_own(folder: Path) -> None:
    folder.mkdir()
    for n in (1, 2):
        (folder / STORE).write_bytes(b"bad" * n)
        opened(folder).answer(attempt())
    assert (folder / "progress.damaged-1.db").read_bytes() == b"bad"
    assert (folder / "progress.damaged-2.db").read_bytes() == b"badbad"


def test_the_journal_goes_with_a_damaged_store(folder: Path) -> None:
    folder.mkdir()
    (folder / STORE).write_bytes(b"bad")
    (folder / (STORE + "-journal")).write_bytes(b"worse")
    opened(folder).answer(attempt())
    assert (folder / "progress.damaged-1.db-journal").read_bytes() == b"worse"
    assert not (folder / (STORE + "-journal")).exists()


def test_a_store_that_goes_bad_while_it_is_open(folder: Path) -> None:
    progress = opened(folder)
    progress.answer(attempt("1.1"))
    progress.complete("order", 0)
    (folder / STORE).unlink()
    (folder / STORE).write_bytes(b"bad")
    assert [a.key for a in progress.attempts()] == ["1.1"]
    progress.answer(attempt("2.1"))
    assert [a.key for a in progress.attempts()] == ["1.1", "2.1"]
    again = opened(folder)
    assert [a.key for a in again.attempts()] == ["1.1", "2.1"]
    assert again.completed("order") == {0}
    assert (folder / "progress.damaged-1.db").read_bytes() == b"bad"


def test_a_newer_store_is_left_as_it_is(folder: Path) -> None:
    whole(folder)
    sql(folder, "PRAGMA user_version = 7", "CREATE TABLE future (x)")
    data = (folder / STORE).read_bytes()
    progress = opened(folder)
    progress.open_store()
    progress.answer(attempt())
    assert len(progress.attempts()) == 1
    assert "newer rnn-tutor (format 7)" in (progress.problem or "")
    assert [finding.ok for finding in progress.doctor()] == [True, False]
    with pytest.raises(StoreError, match="newer"):
        progress.reset()
    with pytest.raises(StoreError, match="newer"):
        progress.export(folder / "export.json")
    progress.close()
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {STORE: data}


# What a learner asks for by name


def test_export_is_lossless(folder: Path, tmp_path: Path) -> None:
    progress = opened(folder)
    number = progress.answer(attempt(response="日本 h[t-1]", confidence="guess", seconds=0.1))
    progress.complete("order", 1)
    progress.stand("order", 2)
    path = tmp_path / "out.json"
    progress.export(path)
    told = json.loads(path.read_text(encoding="utf-8"))
    assert told == progress.as_dict()
    assert told["attempts"][0]["id"] == number
    assert told["attempts"][0]["response"] == "日本 h[t-1]"
    assert told["completed"] == [{"lesson": "order", "step": 1, "at": 1001.0}]
    assert told["standing"] == [{"lesson": "order", "step": 2, "at": 1002.0}]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["data", "out.json"]


def test_export_that_cannot_be_written(folder: Path, tmp_path: Path) -> None:
    progress = opened(folder)
    progress.open_store()
    with pytest.raises(StoreError, match=r"^Cannot write .*nowhere"):
        progress.export(tmp_path / "nowhere" / "out.json")
    with pytest.raises(StoreError, match="the store itself"):
        progress.export(folder / STORE)
    assert progress.problem is None


def test_export_writes_over_nothing(folder: Path, tmp_path: Path) -> None:
    progress = opened(folder)
    progress.open_store()
    place = tmp_path / "place"
    place.mkdir()
    (place / "mine").write_text("mine")
    (place / "link").symlink_to("nowhere")
    os.mkfifo(place / "pipe")
    before = {path.name: path.lstat().st_ino for path in place.iterdir()}
    for path in (*place.iterdir(), place):
        with pytest.raises(StoreError) as refused:
            progress.export(path)
        assert str(refused.value) == f"{path} is there already, and stays as it is; name another file."
    assert {path.name: path.lstat().st_ino for path in place.iterdir()} == before
    assert (place / "mine").read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "place"]


def test_export_takes_nobodys_place_meanwhile(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    progress = opened(folder)
    progress.open_store()
    path = tmp_path / "out.json"
    dump = json.dump

    def faster(*values: object, **more: object) -> None:
        path.write_text("mine")
        dump(*values, **more)  # type: ignore[arg-type]

    def none(*_: object) -> None:
        raise OSError("no hard links here")

    monkeypatch.setattr(json, "dump", faster)
    for link in (os.link, none):
        path.unlink(missing_ok=True)
        monkeypatch.setattr(os, "link", link)
        with pytest.raises(StoreError, match="is there already"):
            progress.export(path)
        assert path.read_text() == "mine"
        assert sorted(p.name for p in tmp_path.iterdir()) == ["data", "out.json"]


def test_export_has_the_usual_mode_and_needs_no_hard_links(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    progress = opened(folder)
    progress.open_store()

    def none(*_: object) -> None:
        raise OSError("no hard links here")

    (tmp_path / "usual").touch()
    progress.export(tmp_path / "linked.json")
    monkeypatch.setattr(os, "link", none)
    progress.export(tmp_path / "renamed.json")
    usual = (tmp_path / "usual").stat().st_mode
    for name in ("linked.json", "renamed.json"):
        assert (tmp_path / name).stat().st_mode == usual
        assert json.loads((tmp_path / name).read_text()) == progress.as_dict()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["data", "linked.json", "renamed.json", "usual"]


def test_reset_keeps_a_copy(folder: Path) -> None:
    progress, other = opened(folder), opened(folder)
    progress.answer(attempt("1.1"))
    progress.complete("order", 1)
    progress.stand("order", 2)
    assert len(other.attempts()) == 1
    backup = progress.reset()
    assert backup == folder / "progress.backup-1.db"
    for seen in (progress, other, opened(folder)):
        assert seen.attempts() == ()
        assert seen.completed("order") == frozenset()
        assert seen.at("order") == 0
    other.answer(attempt("2.1"))
    assert [a.key for a in progress.attempts()] == ["2.1"]
    assert all(finding.ok for finding in progress.doctor())
    # The copy is a store: put back, it holds what was there.
    restored = folder / "restored"
    restored.mkdir()
    backup.rename(restored / STORE)
    assert [a.key for a in opened(restored).attempts()] == ["1.1"]


def test_reset_of_nothing_and_of_what_is_damaged(folder: Path) -> None:
    assert opened(folder).reset() is None
    assert not folder.exists()
    folder.mkdir()
    (folder / STORE).write_bytes(b"bad")
    assert opened(folder).reset() == folder / "progress.damaged-1.db"
    assert (folder / "progress.damaged-1.db").read_bytes() == b"bad"


def test_reset_of_a_locked_store_forgets_nothing(folder: Path) -> None:
    progress = opened(folder)
    progress.answer(attempt())
    other = sqlite3.connect(folder / STORE)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreError, match="in use"):
        progress.reset()
    other.rollback()
    other.close()
    assert len(opened(folder).attempts()) == 1
    assert [path.name for path in folder.iterdir()] == [STORE]


def test_it_imports_the_standard_library_alone() -> None:
    code = (
        "import sys; before = set(sys.modules); import tutor.progress;"
        "print(*sorted({n.split('.')[0] for n in set(sys.modules) - before} - set(sys.stdlib_module_names)))"
        "; print('sqlite3' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["tutor", "False"]
