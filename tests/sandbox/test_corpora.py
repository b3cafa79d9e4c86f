"""A person's file: what it is for is seen from its content, and what cannot be used is one line."""

from __future__ import annotations

import contextlib
import re
import stat
import textwrap
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tutor.engine.text import clean, normalized
from tutor.sandbox import corpora
from tutor.sandbox.corpora import LEAST_ROWS, LONGEST, MOST_BYTES, MOST_LABELS, Corpus, look

DATA = Path(__file__).parents[2] / "lessons" / "data"
LINES = "it is never too late to learn\n" * 20
FEW = "The text has {} words: too few to learn much that is true of other texts."
SPACES = "Line breaks are read as spaces: the text goes on over them."


def written(folder: Path, content: str | bytes, name: str = "mine.txt") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def seen(folder: Path, content: str | bytes, name: str = "mine.txt") -> Corpus:
    return look(written(folder, content, name))


def refused(path: Path) -> str:
    with pytest.raises(ValueError, match=r": got .+, expected ") as caught:
        look(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# What it is for


@pytest.mark.parametrize(
    ("name", "task", "labels", "columns"),
    [
        ("moods.txt", "classify", ("good", "bad"), ()),
        ("tagged.txt", "tag", ("DET", "NOUN", "VERB", "ADP", "ADJ", "PRON", "ADV", "AUX"), ()),
        ("seattle-weather.csv", "forecast", (), ("precipitation", "temp_max", "temp_min", "wind")),
        ("kitchen.txt", "next-word", (), ()),
        ("alphabet.txt", "next-character", (), ()),
    ],
)
def test_the_lessons_own_files_are_what_they_are_there(
    name: str, task: str, labels: tuple[str, ...], columns: tuple[str, ...]
) -> None:
    found = look(DATA / name)
    assert (found.name, found.task, found.tasks[0], found.labels, found.columns) == (name, task, task, labels, columns)


def test_what_can_be_counted(tmp_path: Path) -> None:
    found = seen(tmp_path, "Never too late!\n\n  never too late to learn.  \n" * 10)
    assert (found.characters, len(found.lines), found.tokens) == (41 * 10 - 1, 20, 10 * 10)
    assert found.text.startswith("Never too late! never too late to learn. Never")
    assert found.words[:5] == ("Never", "too", "late", "!", "never")


def test_words_that_come_often_are_said_and_others_are_spelled(tmp_path: Path) -> None:
    often = " ".join(f"w{i % 20}" for i in range(200))
    seldom = " ".join(f"w{i % 21}" for i in range(209))
    assert seen(tmp_path, often).tasks == ("next-word", "next-character")
    assert seen(tmp_path, seldom).tasks == ("next-character", "next-word")


def test_nineteen_words_are_too_few_to_say_the_next(tmp_path: Path) -> None:
    assert seen(tmp_path, "a bc " * 10).tasks == ("next-word", "next-character")
    assert seen(tmp_path, "a bc " * 9 + "d").tasks == ("next-character",)


def test_what_has_no_label_among_much_that_has_one_is_left_out(tmp_path: Path) -> None:
    found = seen(tmp_path, "so good\tgood\nso bad\tbad\n" * 10 + "no tab\n" + "two\ttabs\there\n")
    assert found.task == "classify"
    assert found.labelled == (("so good", "good"), ("so bad", "bad")) * 10
    assert found.labels == ("good", "bad")
    assert found.notes == ("2 lines without exactly one tab, a text and a label are left out.",)


def test_where_every_second_line_has_a_label_a_person_may_say_so(tmp_path: Path) -> None:
    half = seen(tmp_path, "so good\tgood\nno tab\nso bad\tbad\nno tab\n" * 10)
    assert half.tasks == ("next-word", "next-character", "classify")
    assert half.notes_for("classify") == ("20 lines without exactly one tab, a text and a label are left out.",)
    assert "classify" not in seen(tmp_path, "so good\tgood\nso bad\tbad\n" * 10 + "no tab\n" * 21).tasks
    # Labels are of a task, whichever is the file's own.
    assert (half.labels, half.labels_for("classify"), half.labels_for("tag")) == ((), ("good", "bad"), ())


def test_where_every_second_line_has_tags_a_person_may_say_so(tmp_path: Path) -> None:
    half = seen(tmp_path, "the/DET cat/NOUN\nno tag\n" * 10)
    assert half.tasks == ("next-word", "next-character", "tag")
    assert (half.labels, half.labels_for("tag"), half.labels_for("classify")) == ((), ("DET", "NOUN"), ())


def test_a_text_with_a_label_may_begin_with_what_nobody_sees(tmp_path: Path) -> None:
    found = seen(tmp_path, "\u200bso good\tgood\n\ufeff\u200bso bad\tbad\n" * 10)
    assert found.task == "classify"
    assert len(found.labelled) == 20
    assert found.notes == ()


def test_labels_that_come_less_than_twice_are_too_many(tmp_path: Path) -> None:
    def rows(labels: int) -> str:
        return "".join(f"it is so\tl{i % labels}\n" for i in range(20))

    assert seen(tmp_path, rows(10)).task == "classify"
    found = seen(tmp_path, rows(11))
    assert "classify" not in found.tasks
    assert found.notes[0] == "Its 20 lines with a tab have 11 different labels: too few lines for each."


def test_one_label_is_nothing_to_tell_apart(tmp_path: Path) -> None:
    found = seen(tmp_path, "so good it is\tgood\nit is good\tgood\n" * 20)
    assert found.tasks == ("next-word", "next-character")
    assert found.notes[0] == "Every line has the label 'good': there is nothing to tell apart."


def test_too_many_labels_are_none(tmp_path: Path) -> None:
    def rows(labels: int) -> str:
        return "".join(f"it is so\tl{i % labels}\n" for i in range(4 * MOST_LABELS))

    assert seen(tmp_path, rows(MOST_LABELS)).task == "classify"
    found = seen(tmp_path, rows(MOST_LABELS + 1))
    assert found.task == "next-word"
    assert found.notes[0] == "Its 400 lines with a tab have 101 different labels: too many to tell apart."


def test_sentences_with_tags(tmp_path: Path) -> None:
    found = seen(tmp_path, "the/DET cat/NOUN 1\\/2/NUM\nhttp://x/NOUN is/AUX\n" * 20 + "no tag here\na/\u200b /b\n")
    assert found.task == "tag"
    assert found.tagged[:2] == (
        (("the", "DET"), ("cat", "NOUN"), ("1/2", "NUM")),
        (("http://x", "NOUN"), ("is", "AUX")),
    )
    assert found.labels == ("DET", "NOUN", "NUM", "AUX")
    assert found.notes == ("2 lines with a word that has no tag are left out.",)


def test_one_tag_and_too_many(tmp_path: Path) -> None:
    one = seen(tmp_path, "the/X cat/X sits/X\n" * 30)
    assert one.task == "next-word"
    assert one.notes[0] == "Every word has the tag 'X': there is nothing to tell apart."
    many = seen(tmp_path, "".join(f"the/T{i} cat/N sits/V\n" for i in range(MOST_LABELS)))
    assert "tag" not in many.tasks
    assert many.notes[0] == "Its 100 lines of word/TAG have 102 different tags: too many to tell apart."


# Tables


def rows(count: int = 50, head: str = "day,x\n", cell: str = "") -> str:
    return head + "".join(f"d{i},{cell if cell and i % 10 == 0 else i * i % 17}\n" for i in range(count))


@pytest.mark.parametrize("name", ["mine.csv", "mine.CSV", "mine.txt"])
def test_a_table_with_names_and_numbers(tmp_path: Path, name: str) -> None:
    found = seen(tmp_path, rows(), name)
    assert (found.task, found.columns, found.notes) == ("forecast", ("x",), ())
    assert found.table["x"].tolist() == [i * i % 17 for i in range(50)]
    assert not found.table["x"].flags.writeable


def test_a_column_alone(tmp_path: Path) -> None:
    found = seen(tmp_path, "x\n" + "".join(f"{i}.5\n" for i in range(30)))
    assert (found.task, found.columns, found.table["x"][3]) == ("forecast", ("x",), 3.5)


@pytest.mark.parametrize("cell", [" ", "NA", "nan", "inf", "1_0"])
def test_a_row_without_a_number_is_left_out_and_told(tmp_path: Path, cell: str) -> None:
    found = seen(tmp_path, rows(cell=cell), "mine.csv")
    assert len(found.table["x"]) == 45
    assert found.notes == ("5 rows without a number in 'x' are left out: time is shorter there.",)


def test_a_row_of_another_length_is_left_out_and_told(tmp_path: Path) -> None:
    found = seen(tmp_path, rows() + "1,2,3\n", "mine.csv")
    assert len(found.table["x"]) == 50
    assert found.notes == ("1 row with more or fewer cells than the first is left out.",)


def test_what_only_counts_is_not_what_is_forecast_first(tmp_path: Path) -> None:
    lines = "".join(f"{i},{1990 + i},{0.1 * i},{i % 7},3,1e308\n" for i in range(50))
    found = seen(tmp_path, "row,year,time,warm,same,large\n" + lines, "mine.csv")
    assert found.columns == ("row", "year", "time", "warm", "same", "large")
    assert found.first_column == "warm"
    assert seen(tmp_path, "row\n" + "".join(f"{i}\n" for i in range(50)), "mine.csv").first_column == "row"


def test_without_names_columns_are_called_by_their_places(tmp_path: Path) -> None:
    found = seen(tmp_path, "".join(f"{i},{i * i % 17}\n" for i in range(50)), "mine.csv")
    assert found.columns == ("column 1", "column 2")
    assert found.table["column 1"].tolist() == list(range(50))
    assert found.notes == ("Its first row holds a number and no names: its columns are called by their places.",)


def test_names_are_cleaned_and_told_apart(tmp_path: Path) -> None:
    found = seen(
        tmp_path, "a\x1b[31m,x,x,\n" + "".join(f"{i},{i + 1},{i + 2},{i + 3}\n" for i in range(50)), "mine.csv"
    )
    assert found.columns == ("a␛[31m", "x", "x (2)", "column 4")
    assert [column[0] for column in found.table.values()] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("head", "columns"),
    [
        ("a,a,b", ("a", "a (2)", "b")),
        (",column 1,b", ("column 1", "column 1 (2)", "b")),
        ("a,a,a", ("a", "a (2)", "a (3)")),
        ("a,a (2),a", ("a", "a (2)", "a (3)")),
        ("a (2),a,a", ("a (2)", "a", "a (3)")),
    ],
)
def test_no_column_vanishes_behind_another_of_its_name(tmp_path: Path, head: str, columns: tuple[str, ...]) -> None:
    found = seen(tmp_path, f"{head}\n" + "".join(f"{i},{i * 2},{i % 3}\n" for i in range(40)), "mine.csv")
    assert found.columns == columns
    assert [column[5] for column in found.table.values()] == [5, 10, 2]


def test_a_column_of_a_few_numbers_is_another_thing(tmp_path: Path) -> None:
    def columns(numbers: int) -> tuple[str, ...]:
        return seen(
            tmp_path, "code,x\n" + "".join(f"{i if i < numbers else 'n'},{i % 7}\n" for i in range(100)), "a.csv"
        ).columns

    assert columns(50) == ("code", "x")
    assert columns(49) == ("x",)


def test_a_cell_in_quotes_may_stand_behind_a_space(tmp_path: Path) -> None:
    rows = "".join(f'{i}, "{i % 7}"\n' for i in range(40))
    assert seen(tmp_path, 'day, "warm, really"\n' + rows, "mine.csv").columns == ("day", "warm, really")


def test_rows_of_numbers_without_names_are_a_table_only_if_they_are_called_so(tmp_path: Path) -> None:
    numbers = "".join(f"{i},{i * i % 17}\n" for i in range(50))
    assert seen(tmp_path, numbers, "mine.csv").task == "forecast"
    found = seen(tmp_path, numbers, "mine.txt")
    assert "forecast" not in found.tasks
    assert found.columns == ()


def test_no_number_in_any_column(tmp_path: Path) -> None:
    found = seen(tmp_path, "a,b\n" + "x,y\n" * 30, "mine.csv")
    assert "forecast" not in found.tasks
    assert found.notes[0] == "It has no column with at least 20 numbers: there is no series to forecast."


def test_a_series_needs_its_rows(tmp_path: Path) -> None:
    assert "forecast" not in seen(tmp_path, rows(LEAST_ROWS - 1), "mine.csv").tasks
    assert "forecast" in seen(tmp_path, rows(LEAST_ROWS), "mine.csv").tasks


def test_what_is_called_a_table_and_is_none(tmp_path: Path) -> None:
    found = seen(tmp_path, 'a,b\n"1,2\n' * 30, "mine.csv")
    assert found.task == "next-word"
    assert found.notes[0].startswith("It cannot be read as a table: ")
    assert seen(tmp_path, "Well, this is prose, really.\n" * 30).task == "next-word"


# Lines, and a text that goes on


def test_short_lines_are_sequences_and_broken_prose_is_not(tmp_path: Path) -> None:
    assert look(DATA / "kitchen.txt").parted
    assert look(DATA / "kitchen.txt").notes_for("next-word")[-1] != SPACES
    assert look(DATA / "kitchen.txt").notes_for("next-character")[-1] == SPACES
    prose = " ".join(f"word{'s' * (i % 7)}" for i in range(2_000))
    broken = "\n\n".join(textwrap.fill(prose[at : at + 400], 60) for at in range(0, 8_000, 400))
    found = seen(tmp_path, broken)
    assert not found.parted
    assert found.notes == (SPACES,)
    assert not seen(tmp_path, prose).parted


def test_a_heading_that_stands_out_does_not_say_how_wide_a_text_is(tmp_path: Path) -> None:
    prose = textwrap.wrap(" ".join(f"word{'s' * (i % 7)}" for i in range(600)), 60)
    heading = "Of a heading as long as this one nobody would say that it tells where the lines below were broken"
    assert len(heading) > 90
    assert not seen(tmp_path, "\n".join([heading, *prose])).parted


def test_one_long_line_makes_a_text_of_all(tmp_path: Path) -> None:
    lines = "".join(f"we see w{i}\n" for i in range(30))
    assert seen(tmp_path, lines + "so " * LONGEST).parted
    assert not seen(tmp_path, lines + "so " * (LONGEST + 1)).parted


def test_comments_at_the_top_are_left_out(tmp_path: Path) -> None:
    found = seen(tmp_path, "# one\n\n# two\n" + LINES + "# three\n")
    assert len(found.lines) == 21
    assert found.notes[0] == "2 lines that start with # at the top are left out."
    assert len(seen(tmp_path, "# all of it is this\n" * 3).lines) == 3


# The bytes


@pytest.mark.parametrize(
    ("content", "notes"),
    [
        (LINES.encode(), ()),
        (LINES.replace("\n", "\r\n").encode(), ()),
        (LINES.replace("\n", "\r").encode(), ()),
        (b"\xef\xbb\xbf" + LINES.encode(), ()),
        (LINES.encode("utf-16"), ("It is read as UTF-16.",)),
        (b"\xfe\xff" + LINES.encode("utf-16-be"), ("It is read as UTF-16.",)),
        (LINES.encode("utf-32"), ("It is read as UTF-32.",)),
    ],
    ids=["plain", "crlf", "cr", "mark", "utf-16", "utf-16-be", "utf-32"],
)
def test_every_way_to_write_the_same(tmp_path: Path, content: bytes, notes: tuple[str, ...]) -> None:
    found = seen(tmp_path, content)
    assert found.lines == ("it is never too late to learn",) * 20
    assert found.notes == (*notes, FEW.format(140))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "mine.txt: got no line, expected at least one that is not blank"),
        (b"\n \n\t\n", "mine.txt: got no line, expected at least one that is not blank"),
        (b"hello", "mine.txt: got 5 characters, expected a text of at least 20"),
        (b"\x89PNG\r\n\x1a\n\0\0", "mine.txt:3: got a NUL byte, expected a text file in UTF-8"),
        (LINES.encode("utf-16-le"), "mine.txt:1: got a NUL byte, expected a text file in UTF-8"),
        ("one\ncafé".encode("latin-1"), "mine.txt:2: got the byte 0xe9, expected UTF-8: save it as that"),
        (b"\xef\xbb\xbfa\n\xff", "mine.txt:2: got the byte 0xff, expected UTF-8: save it as that"),
        (b"a lone \xed\xa0\x80 surrogate", "mine.txt:1: got the byte 0xed, expected UTF-8: save it as that"),
        (b"\xff\xfea\0\x00\xd8b\0", "mine.txt: got broken UTF-16, expected UTF-8: save it as that"),
        (b"\x01\x02\x03 abc" * 9, "mine.txt: got 27 control characters among 63, expected a text file"),
    ],
)
def test_what_is_no_text(tmp_path: Path, content: bytes, said: str) -> None:
    assert refused(written(tmp_path, content)) == said


def test_what_is_no_file(tmp_path: Path) -> None:
    assert refused(tmp_path / "no\x1b.txt") == "no␛.txt: got nothing there, expected a text file"
    (tmp_path / "folder").mkdir()
    assert refused(tmp_path / "folder") == "folder: got a folder, expected a text file"
    assert refused(Path("/dev/null")) == "null: got something else, expected a text file"


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, LINES)
    path.chmod(0)
    opened = Path.open

    def guarded(self: Path, *args: Any, **keys: Any) -> Any:
        # Who runs the tests may be allowed everything.
        if not stat.S_IMODE(self.stat().st_mode):
            raise PermissionError(13, "Permission denied", str(self))
        return opened(self, *args, **keys)

    monkeypatch.setattr(Path, "open", guarded)
    assert refused(path) == "mine.txt: got Permission denied, expected a file that can be read"


def test_control_characters_are_read_as_pictures(tmp_path: Path) -> None:
    found = seen(tmp_path, "it is \x1b[31mnever too late\n" * 20)
    assert found.notes[0] == "20 control characters are read as pictures of themselves."
    assert found.words[:4] == ("it", "is", "␛", "[")


def test_one_control_character_in_ten_is_as_many_as_a_text_has(tmp_path: Path) -> None:
    # The line break is a tenth character.
    assert seen(tmp_path, "\x01abcdefgh\n" * 9).notes[0] == "9 control characters are read as pictures of themselves."
    said = refused(written(tmp_path, "\x01abcdefg\n" * 9))
    assert said == "mine.txt: got 9 control characters among 81, expected a text file"


def test_of_a_huge_file_no_more_is_read_than_is_said(tmp_path: Path) -> None:
    path = tmp_path / "huge.txt"
    with path.open("wb") as file:
        file.write(b"it is never too late, " * (MOST_BYTES // 22 + 1))
        # What lies behind is not even text.
        file.truncate(100_000_000)
    found = look(path)
    # Two letters of the next word are left, too.
    assert found.text == ("it is never too late, " * (MOST_BYTES // 22)).strip()
    assert found.notes == ("The first 1,999,998 of its 100,000,000 bytes are read, and the rest is left out.",)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize(
    ("content", "end"),
    [
        ("it is never too late\n" * 400, "\n"),
        ("it is never too late\r" * 400, "\r"),
        ("it is né́ver too late\r\n" * 400, "\r\n"),
        # A line end that is far is none to go back to.
        ("it is never too late\n" * 9 + "It is never too late. " * 400, " "),
        ("it is never too late\n" + "é" * 8_000, ""),
        ("." + "é" * 8_000, ""),
    ],
    ids=["lines", "cr", "crlf", "words", "one word", "characters"],
)
def test_what_is_read_of_a_long_file_ends_well_and_its_bytes_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str, end: str, encoding: str
) -> None:
    monkeypatch.setattr(corpora, "MOST_BYTES", 7_001)
    whole = content.encode(encoding)
    path = written(tmp_path, whole)
    text, notes = corpora._read(path, "mine.txt")
    assert content.startswith(text)
    assert text.endswith(end)
    read = len(text.encode(encoding))
    assert notes[-1] == f"The first {read:,} of its {len(whole):,} bytes are read, and the rest is left out."
    # Of what could be read no more is given up than a hundredth, or one character where nothing else is near.
    assert 7_001 - read <= (74 if end else 3)


def test_what_ends_where_it_has_to_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corpora, "MOST_BYTES", 2_000)
    assert set(seen(tmp_path, "it is never too late\n" * 96).lines) == {"it is never too late"}
    assert seen(tmp_path, "." + "é" * 1_000 + "e").text == "." + "é" * 999
    assert seen(tmp_path, "one\n" + "e" * 2_000).characters == 2_000
    assert seen(tmp_path, "e " * 1_000).notes == ()
    assert seen(tmp_path, "e " * 1_000 + "e").notes == (
        "The first 2,000 of its 2,001 bytes are read, and the rest is left out.",
    )
    assert seen(tmp_path, "one two three " * 75 + "\n" + "four five six " * 75).notes[0] == (
        "The first 1,999 of its 2,101 bytes are read, and the rest is left out."
    )


def test_a_megabyte_without_a_line_break(tmp_path: Path) -> None:
    found = seen(tmp_path, "never too late to learn, " * 40_000)
    assert (found.task, found.characters, found.tokens, found.notes) == ("next-word", 999_999, 240_000, ())


NOISE = st.text(max_size=12)
CELL = st.one_of(
    st.integers(-99, 99).map(str),
    st.floats().map(repr),
    st.sampled_from(["", "NA", "1_0", '"2"', '" 3.5"', '"a,b"', '"', "\u200b", "x", "1e400", "-0", "٣"]),
)
ROW = st.lists(CELL, min_size=1, max_size=4).map(",".join)
HEAD = st.sampled_from(["day,x", "a,a", "a", ",column 1", "x,y,z", "a (2),a,a", "1,2", '"a,b",c', "\u200b,b"])
LABELLED = st.tuples(
    st.sampled_from(["so good", "so bad", "\u200b", "", "1,2", "a/B"]) | NOISE,
    st.sampled_from(["good", "bad", "good\tbad", "", "\u200b", "e\u0301"]),
).map("\t".join)
TAGGED = st.lists(
    st.sampled_from(["the/DET", "cat/NOUN", "a\\/b/NOUN", "/X", "x/", "no", "//", "\u200b/Y"]) | NOISE, max_size=5
).map(" ".join)


def many(*lines: st.SearchStrategy[str]) -> st.SearchStrategy[list[str]]:
    """A few lines, each there again and again: enough of them to be something."""
    drawn = st.lists(st.one_of(*lines), min_size=1, max_size=8)
    return st.tuples(drawn, st.integers(1, 25), st.lists(NOISE, max_size=2)).map(lambda of: of[0] * of[1] + of[2])


FORMED = st.one_of(
    st.tuples(HEAD, many(ROW)).map(lambda of: [of[0], *of[1]]),
    st.tuples(HEAD, st.integers(1, 30)).map(
        lambda of: [of[0], *(",".join(str(i * k % 7) for k in range(1, of[0].count(",") + 2)) for i in range(of[1]))]
    ),
    many(LABELLED),
    many(st.sampled_from(["so good\tgood", "so bad\tbad", "no tab"])),
    many(TAGGED),
    many(st.sampled_from(["the/DET cat/NOUN", "a/DET dog/NOUN sits/VERB", "no tag"])),
    many(ROW, LABELLED, TAGGED, NOISE),
).map("\n".join)


def numbers_in(content: str) -> set[float]:
    """Every stretch of a file that Python reads as a number."""
    found = set()
    for cell in re.split(r"[,\r\n]", content):
        with contextlib.suppress(ValueError):
            found.add(float(cell.replace('"', "")))
    return found


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=FORMED, name=st.sampled_from(["a.txt", "a.csv"]))
def test_of_tables_tags_and_labels_nothing_is_made_up(tmp_path: Path, content: str, name: str) -> None:
    content = content.encode("utf-8", "replace").decode()
    refusal, found = "", None
    try:
        found = look(written(tmp_path, content, name))
    except ValueError as error:
        refusal = str(error)
    assert refusal.isprintable()
    if found is None:
        assert refusal.startswith("a.")
        return
    lines = [normalized(line).strip() for line in re.split(r"[\r\n]", content)]
    assert ("classify" in found.tasks, "tag" in found.tasks, "forecast" in found.tasks) == (
        bool(found.labelled),
        bool(found.tagged),
        bool(found.table),
    )
    for task in ("classify", "tag"):
        labels = found.labels_for(task)
        assert len(set(labels)) == len(labels) != 1
        assert all(clean(label) == label == label.strip() != "" for label in labels)
    assert {label for _text, label in found.labelled} == set(found.labels_for("classify"))
    assert all(any(line.endswith(label) for line in lines) for label in found.labels_for("classify"))
    assert {tag for row in found.tagged for _word, tag in row} == set(found.labels_for("tag"))
    assert all(any(f"/{tag}" in line for line in lines) for tag in found.labels_for("tag"))
    assert all(word and tag for row in found.tagged for word, tag in row)
    there = numbers_in(content)
    for column, values in found.table.items():
        assert clean(column) == column
        assert len(values) >= LEAST_ROWS
        assert set(values.tolist()) <= there
    assert all(note.isprintable() for task in found.tasks for note in found.notes_for(task))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.one_of(st.binary(max_size=400), st.text(max_size=400).map(lambda text: text.encode("utf-8", "replace"))),
    name=st.sampled_from(["a.txt", "a.csv"]),
)
def test_whatever_is_in_a_file_it_is_something_or_one_line(tmp_path: Path, content: bytes, name: str) -> None:
    path = written(tmp_path, content, name)
    refusal = ""
    try:
        found = look(path)
    except ValueError as error:
        refusal = str(error)
    if refusal:
        assert refusal.startswith("a.")
        assert refusal.isprintable()
        return
    assert found.task == found.tasks[0]
    assert len(set(found.tasks)) == len(found.tasks)
    assert all(note.isprintable() for task in found.tasks for note in found.notes_for(task))


def test_of_a_table_nothing_is_said_of_what_it_is_not(tmp_path: Path) -> None:
    path = tmp_path / "days.csv"
    path.write_text("day,warm\n" + "\n".join(f"1/{i},{i % 7}" for i in range(60)))
    found = look(path)
    assert found.task == "forecast"
    assert found.notes == ()
