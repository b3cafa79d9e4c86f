"""Files of examples: read whole, or refused in one line that says where and why."""

from __future__ import annotations

import os
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutor.engine.datasets import (
    MAX_BYTES,
    read_labelled,
    read_lines,
    read_series,
    read_tagged,
    split,
    windows,
    within,
)

DATA = Path(__file__).parents[2] / "lessons" / "data"


@pytest.fixture
def write(tmp_path: Path):
    def written(content: str | bytes, name: str = "some.txt") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return written


def series(path: Path):
    return read_series(path, ["a"])


READERS = [read_lines, read_labelled, read_tagged, series]


WEATHER = ("precipitation", "temp_max", "temp_min", "wind")


@pytest.mark.parametrize("path", sorted(DATA.glob("*.*")), ids=lambda path: path.name)
def test_every_file_of_the_lessons_loads(path: Path) -> None:
    if path.name == "README.md":
        assert all(f"`{other.name}`" in path.read_text("utf-8") for other in DATA.glob("*.*") if other != path)
        return
    # A new kind of file: say here how it is read.
    read = {".txt": read_lines, ".csv": lambda path: read_series(path, WEATHER)}[path.suffix]
    assert read(within(DATA.parent, f"data/{path.name}"))


# Lines


def test_lines(write) -> None:
    path = write("# a comment\nnever too late\r\n\n  to code \t\n \t # another\nto\u2028learn # this is none\rlast")
    assert read_lines(path) == ("never too late", "to code", "to\u2028learn # this is none", "last")


@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"], ids=["plain", "bom"])
def test_a_byte_order_mark_is_no_text(write, bom: bytes) -> None:
    assert read_lines(write(bom + "été".encode())) == ("été",)
    assert read_lines(write(bom + b"# no\nyes")) == ("yes",)
    assert read_labelled(write(bom + b"x\ty")) == (("x",), ("y",))
    assert read_tagged(write(bom + b"x/Y")) == ((("x", "Y"),),)
    assert read_series(write(bom + b"a\n1\n2"), ["a"])["a"].tolist() == [1.0, 2.0]


def test_labelled_texts(write) -> None:
    path = write("# sentiment\nnot bad at all\tgood\n\n 太慢了 \t e\u0301\x1b \n")
    assert read_labelled(path) == (("not bad at all", "太慢了"), ("good", "é␛"))


def test_tagged_words(write) -> None:
    path = write("# tags\nShe/PRON codes/VERB\n\n1/2/NUM 1\\/2/NUM //SYM e\u0301\x1b/\u200bX\n")
    assert read_tagged(path) == (
        (("She", "PRON"), ("codes", "VERB")),
        (("1/2", "NUM"), ("1/2", "NUM"), ("/", "SYM"), ("é␛", "X")),
    )


# Tables


def test_a_series(write) -> None:
    path = write(
        '\nday, "high", low,note\r\n1,-3.5,"2",x\r\n\r\n2,1e3, 4 ,"two\nlines, one cell"\r\n3,0,6,"a ""b"""\r\n'
    )
    found = read_series(path, ["low", "high"])
    assert list(found) == ["low", "high"]
    assert found["low"].tolist() == [2.0, 4.0, 6.0]
    assert found["high"].tolist() == [-3.5, 1000.0, 0.0]
    assert {array.dtype for array in found.values()} == {np.dtype(np.float64)}
    with pytest.raises(ValueError, match="read-only"):
        found["low"][0] = 1.0
    with pytest.raises(TypeError):
        found["low"] = found["high"]  # type: ignore[index]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "some.txt:1: got the columns '', expected one column 'a'"),
        ("b,c\n1,2\n", "some.txt:1: got the columns 'b, c', expected one column 'a'"),
        ("\na,b,a\n1,2,3\n", "some.txt:2: got the columns 'a, b, a', expected one column 'a'"),
        ("a;b\n1;2\n", "some.txt:1: got the columns 'a;b', expected one column 'a'"),
        ("a,b\n1,2\n3\n", "some.txt:3: got 1 cells, expected 2"),
        ("a,b\n1,2,3\n", "some.txt:2: got 3 cells, expected 2"),
        ('a,b\n1,"x\ny"\n\nno,1\n', "some.txt:5: got 'no' in the column 'a', expected a finite number"),
        ('a,b\n1,"x\ny"\nno,"x\ny"\n', "some.txt:4: got 'no' in the column 'a', expected a finite number"),
        ("a,b\r1,2\r,2\r", "some.txt:3: got '' in the column 'a', expected a finite number"),
        ("a,b\n1,2\n,\n3,4\n", "some.txt:3: got '' in the column 'a', expected a finite number"),
        ("a\n1\nnan\n", "some.txt:3: got 'nan' in the column 'a', expected a finite number"),
        ("a\n1\n-inf\n", "some.txt:3: got '-inf' in the column 'a', expected a finite number"),
        ("a\n1\n1e999\n", "some.txt:3: got '1e999' in the column 'a', expected a finite number"),
        ("a\n1\n1_000\n", "some.txt:3: got '1_000' in the column 'a', expected a finite number"),
        ("a\n1\n", "some.txt: got 1 rows of numbers, expected at least 2"),
        ('a\n1\n2\n"3\n4', "some.txt:4: got a row that cannot be read (unexpected end of data), expected comma"),
    ],
)
def test_a_table_that_cannot_be_read(write, content: str, said: str) -> None:
    with pytest.raises(ValueError, match=rf"^{re.escape(said)}[^\n]*\Z"):
        series(write(content))


def test_what_is_asked_of_a_table(write) -> None:
    path = write("a\n1\n2\n")
    with pytest.raises(ValueError, match=r"some\.txt: got 2 rows of numbers, expected at least 3"):
        read_series(path, ["a"], least=3)
    assert len(read_series(write("a\n1\n"), ["a"], least=1)["a"]) == 1
    for columns in ("a", []):
        with pytest.raises(ValueError, match="columns: got"):
            read_series(path, columns)
    with pytest.raises(ValueError, match="least: got 0"):
        read_series(path, ["a"], least=0)


# What is refused


@pytest.mark.parametrize(
    ("read", "content", "said"),
    [
        (
            read_labelled,
            "# one\ngood\tyes\nno label\n",
            "some.txt:3: got 'no label', expected a text, one tab, a label",
        ),
        (read_labelled, "text\t\n", "some.txt:1: got 'text', expected a text, one tab, a label"),
        (read_labelled, "text\t\u200b\n", "some.txt:1: got 'text\\t\\u200b', expected a text, one tab, a label"),
        (read_labelled, "\tlabel\n", "some.txt:1: got 'label', expected a text, one tab, a label"),
        (read_labelled, "a\tb\tc\n", "some.txt:1: got 'a\\tb\\tc', expected a text, one tab, a label"),
        (read_tagged, "a/B\n\nc/D e\n", "some.txt:3: got 'e', expected word/TAG"),
        (read_tagged, "a/ b/C\n", "some.txt:1: got 'a/', expected word/TAG"),
        (read_tagged, "/A\n", "some.txt:1: got '/A', expected word/TAG"),
        (read_tagged, "\u00ad/A\n", "some.txt:1: got '\\xad/A', expected word/TAG"),
        (read_tagged, "\x1b" * 999, "some.txt:1: got '" + "\\x1b" * 59 + "…', expected word/TAG"),
    ],
)
def test_a_line_that_cannot_be_read(write, read, content: str, said: str) -> None:
    with pytest.raises(ValueError, match=rf"^{re.escape(said)}\Z"):
        read(write(content))


@pytest.mark.parametrize("read", READERS)
def test_what_is_no_text(write, read) -> None:
    for content, said in [
        (b"a\nb\r\nc\0d\n", r"^some\.txt:3: got a NUL byte, expected UTF-8 text$"),
        ("été".encode("utf-16"), r"^some\.txt:1: got a NUL byte, expected UTF-8 text$"),
        (b"a\rb\nc \xff", r"^some\.txt:3: got the byte 0xff, expected UTF-8 text$"),
        (b"\xef\xbb\xbfa\n\xfe", r"^some\.txt:2: got the byte 0xfe, expected UTF-8 text$"),
        ("été".encode("latin-1"), r"^some\.txt:1: got the byte 0xe9, expected UTF-8 text$"),
    ]:
        with pytest.raises(ValueError, match=said):
            read(write(content))


@pytest.mark.parametrize("read", READERS[:3])
@pytest.mark.parametrize("content", ["", "\ufeff", "# a comment\n\n  \n"])
def test_what_says_nothing(write, read, content: str) -> None:
    with pytest.raises(ValueError, match=r"^some\.txt: got no line, expected at least one that is neither blank nor a"):
        read(write(content))


def test_nothing_is_read_past_the_limit(write, tmp_path: Path) -> None:
    path = write("a\tb/c")
    assert read_lines(path, limit=5) == ("a\tb/c",)
    for read in (read_lines, read_labelled, read_tagged, lambda path, limit: read_series(path, ["a"], limit=limit)):
        with pytest.raises(ValueError, match=r"^some\.txt: got 5 bytes, expected at most 4$"):
            read(path, limit=4)
        with pytest.raises(ValueError, match="limit: got 0"):
            read(path, limit=0)
    with (tmp_path / "huge.txt").open("wb") as file:
        # A hole: a terabyte that takes no room, and that nobody wants to read.
        file.truncate(2**40)
    for read in READERS:
        with pytest.raises(ValueError, match=f"got {2**40} bytes, expected at most {MAX_BYTES}"):
            read(tmp_path / "huge.txt")


@pytest.mark.parametrize("read", READERS)
def test_what_is_no_file(tmp_path: Path, read) -> None:
    with pytest.raises(ValueError, match=r"^no\.txt: got nothing there, expected a text file$"):
        read(tmp_path / "no.txt")
    with pytest.raises(ValueError, match=r"got something else, expected a text file$"):
        read(tmp_path)
    with pytest.raises(ValueError, match=r"^x+: got .*name too long, expected a file that can be read$"):
        read(tmp_path / ("x" * 999))
    with pytest.raises(ValueError, match=r"^a␛b c: got nothing there"):
        read(tmp_path / "a\x1bb\nc")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names here")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ValueError, match="pipe: got something else"):
        read_lines(tmp_path / "pipe")


def test_a_name_stays_in_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "lessons"
    (folder / "data").mkdir(parents=True)
    (tmp_path / "secret").write_text("x")
    (folder / "link").symlink_to(tmp_path / "secret")
    (folder / "circle").symlink_to(folder / "circle")
    assert within(folder, "data/a.txt") == folder / "data" / "a.txt"
    (tmp_path / "alias").symlink_to(folder)
    assert within(tmp_path / "alias", "data/a.txt") == tmp_path / "alias" / "data" / "a.txt"
    assert within(folder, "data/../b.txt") == folder / "data" / ".." / "b.txt"
    for name in ("../secret", "link", "circle", str(tmp_path / "secret"), "data/../../secret", "../lessons2/a", "a\0b"):
        with pytest.raises(ValueError, match=r": got a path that does not stay in .*lessons, expected one that does"):
            within(folder, name)


# Splits and windows


@given(st.lists(st.integers(), min_size=2, max_size=30), st.floats(0.001, 0.999), st.integers(0, 99))
@settings(deadline=None)
def test_a_split(items: list[int], held_out: float, seed: int) -> None:
    numbered = list(enumerate(items))
    train, out = split(numbered, held_out, seed)
    assert sorted(train + out) == numbered
    assert list(train) == sorted(train)
    assert list(out) == sorted(out)
    assert len(out) == min(max(round(len(items) * held_out), 1), len(items) - 1)
    assert (train, out) == split(numbered, held_out, seed)


def test_every_seed_splits_otherwise() -> None:
    assert len(split(range(100))[1]) == 20
    assert len({split(range(100), seed=seed) for seed in range(20)}) == 20
    # Every item is held out by some seed, the first and the last too.
    assert {split("abcde", seed=seed)[1] for seed in range(99)} == {(letter,) for letter in "abcde"}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"items": "a"}, "items: got 1, expected at least 2"),
        ({"held_out": 0.0}, "held_out: got 0.0, expected a number above 0"),
        ({"held_out": 1.0}, "held_out: got 1.0, expected a number below 1"),
        ({"held_out": float("nan")}, "held_out: got nan"),
        ({"seed": -1}, "seed: got -1"),
    ],
)
def test_a_split_that_cannot_be(given: dict, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        split(**({"items": "abc"} | given))


def test_windows_by_hand() -> None:
    inputs, targets = windows([0.0, 1.0, 2.0, 3.0, 4.0, 5.0], 3, 2)
    assert inputs.tolist() == [[0.0, 1.0, 2.0], [1.0, 2.0, 3.0]]
    assert targets.tolist() == [4.0, 5.0]


@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 9), st.sampled_from([np.float32, np.float64]))
@settings(deadline=None)
def test_windows(length: int, horizon: int, more: int, dtype: type) -> None:
    series = np.arange(length + horizon + more, dtype=dtype) ** 2
    inputs, targets = windows(series, length, horizon)
    assert inputs.dtype == targets.dtype == dtype
    assert inputs.shape == (more + 1, length)
    assert targets.shape == (more + 1,)
    for i in range(more + 1):
        assert inputs[i].tolist() == [(i + t) ** 2 for t in range(length)]
        assert targets[i] == (i + length - 1 + horizon) ** 2


def test_windows_are_frozen() -> None:
    series = np.arange(9.0)
    inputs, targets = windows(series, 4)
    series[:] = -1.0
    assert inputs[0].tolist() == [0.0, 1.0, 2.0, 3.0]
    assert targets[0] == 4.0
    for array in (inputs, targets):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0.0


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"length": 0}, "length: got 0"),
        ({"horizon": 0}, "horizon: got 0"),
        ({"length": 4}, "series: got 4 numbers, expected at least 5"),
        ({"length": 2, "horizon": 3}, "series: got 4 numbers, expected at least 5"),
        ({"series": np.zeros((4, 1))}, r"series: got shape \(4, 1\), expected \(T,\)"),
        ({"series": np.arange(4)}, "series: got dtype int64, expected float64"),
        ({"series": [0.0, 1.0, float("nan"), 2.0]}, "series: got NaN or infinity"),
        ({"series": [[0.0], [1.0, 2.0]]}, "series: got list"),
    ],
)
def test_windows_that_cannot_be(given: dict, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        windows(**({"series": np.arange(4.0), "length": 2, "horizon": 1} | given))


# What is computed from other files of the lessons


def test_next_as_tags_is_never_too_late_with_the_next_word() -> None:
    sentences = read_lines(DATA / "never-too-late.txt")
    rows = [tuple(zip(s, (*s[1:], "END"), strict=True)) for s in (tuple(line.split()) for line in sentences)]
    assert read_tagged(DATA / "next-as-tags.txt") == tuple(rows)


def test_the_weeks_are_the_days_of_the_weather() -> None:
    names = ("temp_max", "temp_min", "precipitation")
    series = read_series(DATA / "seattle-weather.csv", names)
    days = []
    for high, low, rain in zip(*(series[name].tolist() for name in names), strict=True):
        warm = ("cold", "cool", "mild", "warm", "hot")[sum(high >= edge for edge in (8, 13, 18, 24))]
        span = ("narrow", "small", "large", "wide")[sum(round(high - low, 6) >= edge for edge in (4, 7, 10))]
        days.append((f"{warm}-{span}", "wet" if rain > 0 else "dry"))
    weeks = [tuple(days[at : at + 7]) for at in range(0, len(days) - 6, 7)]
    assert read_tagged(DATA / "seattle-weeks.txt") == tuple(weeks)
