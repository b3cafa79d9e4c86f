"""Experiments kept by name: what is kept is there, and nothing that two processes or a bad disk do takes it away."""

from __future__ import annotations

import os
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain, count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.sandbox import shelf as shelves
from tutor.sandbox.experiment import Experiment
from tutor.sandbox.shelf import Kept, Shelf, named
from tutor.sandbox.state import View

GATES = Experiment(text="late 日本 \x1b \ud83d", cell="lstm"), View("gates", 3)
STATE = Experiment(seed=4), View()


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """A shelf whose clock ticks a second at each look."""
    ticks = count(1000)
    return Shelf(tmp_path / "data", lambda: float(next(ticks)))


def files(shelf: Shelf) -> list[Path]:
    return sorted(shelf.folder.iterdir())


def test_nothing_is_made_before_something_is_kept(shelf: Shelf) -> None:
    assert shelf.names() == ()
    with pytest.raises(ValueError, match=r"^There is none called “mine”\.$"):
        shelf.open("mine")
    assert not shelf.folder.parent.exists()


def test_kept_opened_removed(shelf: Shelf) -> None:
    assert shelf.keep("first", *GATES) == "first"
    shelf.keep("second", *STATE)
    assert shelf.names() == (Kept("second", 1001.0), Kept("first", 1000.0))
    assert shelf.open("first") == GATES
    assert shelf.open("second") == STATE
    assert [path.suffix for path in files(shelf)] == [".experiment"] * 2
    shelf.remove("first")
    assert shelf.names() == (Kept("second", 1001.0),)
    with pytest.raises(ValueError, match=r"^There is none called “first”\.$"):
        shelf.remove("first")
    with pytest.raises(ValueError, match=r"^There is none called “secnd”\. Did you mean “second”\?$"):
        shelf.open("secnd")
    assert shelf.problems == ()


def test_another_shelf_in_the_folder_has_the_same(shelf: Shelf) -> None:
    shelf.keep("mine", *GATES)
    assert Shelf(shelf.folder.parent).open("mine") == GATES


def test_a_file_is_small(shelf: Shelf) -> None:
    shelf.keep("mine", *STATE)
    assert files(shelf)[0].stat().st_size < 100


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("../../etc/passwd", "../../etc/passwd"),
        ("/", "/"),
        ("..", ".."),
        ("CON", "CON"),
        ("  a \t b\n", "a b"),
        ("a\x00b\x1b[2J", "a␀b␛[2J"),
        ("\u202eabc\ud83d", "�abc�"),
        ("e\u0301te\u0301", "été"),
        ("日本 😀 עברית", "日本 😀 עברית"),
        ("x" * 60, "x" * 60),
    ],
)
def test_names_are_cleaned_and_never_paths(shelf: Shelf, typed: str, kept: str) -> None:
    assert shelf.keep(typed, *GATES) == kept
    assert [one.name for one in shelf.names()] == [kept]
    assert shelf.open(typed) == shelf.open(kept) == GATES
    assert [path.parent for path in shelf.folder.parent.rglob("*.experiment")] == [shelf.folder]
    assert shelves._FILE.fullmatch(files(shelf)[0].name)


@pytest.mark.parametrize(("typed", "n"), [("", 0), (" \n", 0), ("\u200b\ufeff", 0), ("x" * 61, 61), ("é" * 61, 61)])
def test_names_that_cannot_be(shelf: Shelf, typed: str, n: int) -> None:
    for do in (lambda: shelf.keep(typed, *STATE), lambda: shelf.open(typed), lambda: shelf.remove(typed)):
        with pytest.raises(ValueError, match=f"^name: got {n} characters, expected 1 to 60$"):
            do()


def test_names_differ_in_more_than_case(shelf: Shelf) -> None:
    shelf.keep("Straße", *GATES)
    for same in ("Straße", "STRASSE", "strasse", "STRA\u1e9eE"):
        with pytest.raises(ValueError, match=r"^There is one called “Straße” already: choose another name, or remove"):
            shelf.keep(same, *STATE)
        assert shelf.open(same) == GATES
    shelf.keep("strasse", *STATE, overwrite=True)
    assert [one.name for one in shelf.names()] == ["strasse"]
    assert shelf.open("Straße") == STATE


@given(st.text(st.characters(exclude_categories=()), min_size=1, max_size=60))
def test_what_it_is_called_by_is_the_same_in_any_case(name: str) -> None:
    try:
        name = named(name)
    except ValueError:
        return
    assert named(name) == name
    for same in (name.casefold(), unicodedata.normalize("NFD", name)):
        assert shelves._digest(same) == shelves._digest(name)


def test_an_experiment_that_no_string_holds_is_not_kept(shelf: Shelf) -> None:
    with pytest.raises(ValueError, match=r"reopen it with --weights"):
        shelf.keep("mine", Experiment(source="mine"), View())
    assert shelf.names() == ()


def test_at_most_so_many(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelves, "MOST_KEPT", 3)
    for name in "abc":
        shelf.keep(name, *STATE)
    with pytest.raises(ValueError, match=r"^The shelf is full: 3 are kept\. Remove one that you need no more\.$"):
        shelf.keep("d", *STATE)
    shelf.keep("a", *GATES, overwrite=True)
    shelf.remove("b")
    shelf.keep("d", *STATE)
    assert {one.name for one in shelf.names()} == {"a", "c", "d"}
    assert len(files(shelf)) == 3


def test_the_bound_is_a_thousand() -> None:
    assert shelves.MOST_KEPT == 1000


# Damage.

SAID = "is passed over, and stays as it is: "


def test_damaged_files_are_named_and_stay(shelf: Shelf) -> None:
    for name in ("good", "torn", "empty", "noise", "moved", "other"):
        shelf.keep(name, *GATES)
    where = {name: shelf._place(name)[0] for name in ("torn", "empty", "noise", "moved", "other")}
    content = where["torn"].read_bytes()
    bad = {
        where["torn"]: content[:-5],
        where["empty"]: b"",
        where["noise"]: bytes(range(256)) * 20,
        where["other"]: content.replace(b'"torn"', b'"othr"'),
    }
    for path, data in bad.items():
        path.write_bytes(data)
    digits = where["moved"].with_name("0" * 32 + ".experiment")
    where["moved"].rename(digits)
    bad[digits] = digits.read_bytes()
    folder = shelf.folder / ("1" * 32 + ".experiment")
    folder.mkdir()
    if hasattr(os, "mkfifo"):
        os.mkfifo(shelf.folder / ("2" * 32 + ".experiment"))
    (shelf.folder / "notes.txt").write_text("not the shelf's")
    assert [one.name for one in shelf.names()] == ["good"]
    why = {line.split(".experiment ")[0] + ".experiment": line for line in shelf.problems}
    assert len(shelf.problems) == len(bad) + 1 + hasattr(os, "mkfifo")
    assert why[where["torn"].name].endswith(SAID + "it is not as long as it says")
    for name in ("empty", "noise"):
        assert why[where[name].name].endswith(SAID + "its first line is not that of a kept experiment")
    for path in (digits, where["other"]):
        assert why[path.name].endswith(SAID + "it is called otherwise than by the name in it")
    assert why[folder.name].endswith(SAID + "it is not a file")
    assert all(line.isprintable() for line in shelf.problems)
    # What is kept under a damaged one's name is put beside it.
    with pytest.raises(ValueError, match=r"^There is none called “torn”\.$"):
        shelf.open("torn")
    shelf.keep("torn", *STATE)
    shelf.keep("torn", *GATES, overwrite=True)
    assert shelf.open("torn") == GATES
    shelf.remove("torn")
    for path, data in bad.items():
        assert path.read_bytes() == data


def test_a_string_that_went_bad_is_said_when_it_is_opened(shelf: Shelf) -> None:
    shelf.keep("mine", *GATES)
    path = files(shelf)[0]
    content = bytearray(path.read_bytes())
    content[-6] = ord("A") if content[-6] != ord("A") else ord("B")
    path.write_bytes(content)
    assert [one.name for one in shelf.names()] == ["mine"]
    said = rf"^“mine” cannot be opened \({path.name}, which stays as it is\): the experiment's string: it is "
    with pytest.raises(ValueError, match=said):
        shelf.open("mine")
    assert path.read_bytes() == content


def test_the_same_name_in_two_files(shelf: Shelf) -> None:
    shelf.keep("mine", *GATES)
    path = files(shelf)[0]
    path.with_name(path.stem + "-2.experiment").write_bytes(path.read_bytes())
    assert [one.name for one in shelf.names()] == ["mine"]
    assert [line.endswith(SAID + "another file holds the same name") for line in shelf.problems] == [True]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="who may do everything is refused nothing")
def test_a_file_that_may_not_be_read(shelf: Shelf) -> None:
    shelf.keep("mine", *GATES)
    files(shelf)[0].chmod(0)
    assert shelf.names() == ()
    assert shelf.problems[0].endswith(SAID + "Permission denied")


# Others at the same time.


def test_another_is_faster_with_the_same_name(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the look and the writing another process keeps one of the same name."""
    other = Shelf(shelf.folder.parent)
    look = Shelf._place

    def late(self: Shelf, name: str) -> Any:
        found = look(self, name)
        if self is shelf and not other.names():
            other.keep("MINE", *GATES)
        return found

    monkeypatch.setattr(Shelf, "_place", late)
    with pytest.raises(ValueError, match=r"^There is one called “MINE” already"):
        shelf.keep("mine", *STATE)
    assert shelf.open("mine") == GATES
    assert len(files(shelf)) == 1


def test_the_folder_is_looked_at_once_for_where_a_name_goes(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who looked for the name before another came, and for a place after, would put a second beside the first."""
    other = Shelf(shelf.folder.parent)
    listed = Shelf._listed
    looks = []

    def late(self: Shelf) -> list[str]:
        found = listed(self)
        if self is shelf and not looks:
            looks.append(found)
            other.keep("mine", *GATES)
        return found

    monkeypatch.setattr(Shelf, "_listed", late)
    with pytest.raises(ValueError, match=r"^There is one called “mine” already"):
        shelf.keep("mine", *STATE)
    assert looks == [[]]
    assert len(files(shelf)) == 1


def test_others_fill_it_at_the_same_time(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelves, "MOST_KEPT", 1)
    other = Shelf(shelf.folder.parent)
    write = shelves.placed

    @contextmanager
    def late(path: Path, *, overwrite: bool = False) -> Iterator[Path]:
        if not other.names():
            monkeypatch.setattr(shelves, "placed", write)
            other.keep("theirs", *GATES)
        with write(path, overwrite=overwrite) as part:
            yield part

    monkeypatch.setattr(shelves, "placed", late)
    with pytest.raises(ValueError, match=r"^The shelf is full: 1 are kept"):
        shelf.keep("mine", *STATE)
    assert [one.name for one in shelf.names()] == ["theirs"]
    assert len(files(shelf)) == 1


def test_where_there_are_no_hard_links(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_paths: object) -> None:
        raise PermissionError("no links here")

    monkeypatch.setattr(os, "link", refused)
    shelf.keep("mine", *GATES)
    with pytest.raises(ValueError, match="already"):
        shelf.keep("mine", *STATE)
    assert shelf.open("mine") == GATES
    assert len(files(shelf)) == 1


def test_processes_at_once_lose_nothing(tmp_path: Path) -> None:
    """Each keeps its own, and all of them try for one name."""
    lines = """
import sys
from pathlib import Path
from tutor.sandbox.experiment import Experiment
from tutor.sandbox.shelf import Shelf
from tutor.sandbox.state import View
shelf, me = Shelf(Path(sys.argv[1])), int(sys.argv[2])
print("ready", flush=True)
sys.stdin.readline()
for k in range(20):
    shelf.keep(f"{me} {k}", Experiment(seed=me), View(position=k))
    try:
        shelf.keep(f"shared {k}", Experiment(seed=me), View(position=k))
        print(k)
    except ValueError as error:
        assert "already" in str(error), error
"""
    command = [sys.executable, "-c", lines, str(tmp_path)]
    pipe = subprocess.PIPE
    every = [subprocess.Popen([*command, str(n)], stdin=pipe, stdout=pipe, text=True) for n in range(3)]
    for process in every:
        assert process.stdout is not None
        process.stdout.readline()
    for process in every:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    won = [[int(line) for line in process.communicate()[0].split()] for process in every]
    assert [process.returncode for process in every] == [0, 0, 0]
    shelf = Shelf(tmp_path)
    assert len(shelf.names()) == 80
    assert shelf.problems == ()
    assert sorted(chain(*won)) == list(range(20))
    for me in range(3):
        for k in range(20):
            assert shelf.open(f"{me} {k}") == (Experiment(seed=me), View(position=k))
        for k in won[me]:
            assert shelf.open(f"shared {k}") == (Experiment(seed=me), View(position=k))
    assert len(files(shelf)) == 80
