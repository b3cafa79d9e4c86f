"""Files of one's own: what lies in a folder, and how a name goes on."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tutor.sandbox.files import MOST, MOST_SEEN, completed, found, path_of, why


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("poems.txt", "prose.txt", "Poems.TXT", ".hidden.txt", "net.npz", "a b.txt", "bad\x1bname.txt"):
        (tmp_path / name).write_text("x")
    (tmp_path / "plays").mkdir()
    (tmp_path / "plays" / "hamlet.txt").write_text("x")
    (tmp_path / "folder.txt").mkdir()
    return tmp_path


def test_files_of_a_kind_by_name(folder: Path) -> None:
    names = [path.name for path in found(folder, (".txt",))]
    assert names == ["Poems.TXT", "a b.txt", "bad\x1bname.txt", "poems.txt", "prose.txt"]
    assert found(folder, (".npz", ".safetensors")) == (folder / "net.npz",)
    assert found(folder, (".txt",), most=1) == (folder / "Poems.TXT",)


def test_a_folder_of_many_names_the_first(tmp_path: Path) -> None:
    for n in range(MOST + 5):
        (tmp_path / f"{n:02}.csv").touch()
    assert [path.name for path in found(tmp_path, (".csv",))] == [f"{n:02}.csv" for n in range(MOST)]


def test_a_folder_that_is_none_holds_nothing(tmp_path: Path) -> None:
    assert found(tmp_path / "nowhere", (".txt",)) == ()
    (tmp_path / "file").touch()
    assert found(tmp_path / "file", (".txt",)) == ()


@pytest.mark.parametrize(
    ("typed", "whole"),
    [
        ("po", "poems.txt"),
        ("Po", "Poems.TXT"),
        ("pl", "plays/"),
        ("plays/", "plays/hamlet.txt"),
        ("plays/h", "plays/hamlet.txt"),
        ("./pr", "./prose.txt"),
        ("plays/../ne", "plays/../net.npz"),
        ("  ne", "  net.npz"),
        (".h", ".hidden.txt"),
        ("a ", "a b.txt"),
        ("bad", None),
        ("nowhere/x", None),
        ("zzz", None),
        ("", None),
        ("   ", None),
        (".", None),
        ("..", None),
        ("plays/..", None),
        ("p\0", None),
        ("~nobody-has-this-name/x", None),
        ("poems.txt/x", None),
    ],
)
def test_how_a_name_goes_on(folder: Path, monkeypatch: pytest.MonkeyPatch, typed: str, whole: str | None) -> None:
    monkeypatch.chdir(folder)
    assert completed(typed) == whole


def test_a_home_is_looked_into_and_stays_as_it_was_typed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(folder))
    assert completed("~/po") == "~/poems.txt"
    assert completed(f"{folder}{os.sep}po") == f"{folder}{os.sep}poems.txt"


def test_a_name_that_begins_a_folder_is_no_hidden_one(folder: Path) -> None:
    assert completed(f"{folder}/") == f"{folder}/Poems.TXT"


def test_no_more_names_are_looked_at_than_a_line_waits_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Entry:
        def __init__(self, name: str) -> None:
            self.name = name

        def is_file(self) -> bool:
            return True

    class Entries:
        taken = 0

        def __enter__(self):  # type: ignore[no-untyped-def]
            return self

        def __exit__(self, *_args: object) -> None:
            pass

        def __iter__(self):  # type: ignore[no-untyped-def]
            for n in range(10 * MOST_SEEN):
                Entries.taken += 1
                yield Entry(f"{n}.txt")

    monkeypatch.setattr(os, "scandir", lambda _folder: Entries())
    assert len(found(tmp_path, (".txt",))) == MOST
    assert Entries.taken == MOST_SEEN


def test_what_is_typed_as_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    assert path_of(" poems.txt ") == Path("poems.txt")
    assert path_of("~/poems.txt") == Path("/home/me/poems.txt")


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("  ", "Write the name of a file. esc keeps everything as it was."),
        ("a\0b", "No file can have this name."),
        ("~nobody-of-this-name/\x1b[2J", "~nobody-of-this-name: nobody of that name has a home here."),
        (".", ". is a folder: write the name of a file in it."),
        ("/", "/ is a folder: write the name of a file in it."),
    ],
)
def test_what_is_no_name(typed: str, why: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(why)}$"):
        path_of(typed)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("text: got nothing"), "text: got nothing"),
        (OSError(5, "Input/output error"), "Input/output error"),
        (OSError(2, "No such file", "a\x1bb"), "a␛b: No such file"),
        (OSError("no reason"), "no reason"),
    ],
)
def test_what_went_wrong_names_the_file_where_there_is_one(error: ValueError | OSError, said: str) -> None:
    assert why(error) == said
