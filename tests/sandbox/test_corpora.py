"""A person's file: what it is for is seen from its content, and what cannot be used is one line."""

from __future__ import annotations

import stat
import textwrap
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tutor.sandbox import corpora
from tutor.sandbox.corpora import LEAST_ROWS, LONGEST, MOST_BYTES, MOST_LABELS, Corpus, look

DATA = Path(__file__).parents[2] / "lessons" / "data"
LINES = "it is never too late to learn\n" * 20
FEW = "It has {} words: little can be learned from so few that is true of others."
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


def test_without_names_columns_are_called_by_their_places(tmp_path: Path) -> None:
    found = seen(tmp_path, "".join(f"{i},{i * i % 17}\n" for i in range(50)), "mine.csv")
    assert found.columns == ("column 1", "column 2")
    assert found.table["column 1"].tolist() == list(range(50))
    assert found.notes == ("Its first row holds a number and no names: its columns are called by their places.",)


def test_names_are_cleaned_and_the_first_of_two_is_meant(tmp_path: Path) -> None:
    found = seen(
        tmp_path, "a\x1b[31m,x,x,\n" + "".join(f"{i},{i + 1},{i + 2},{i + 3}\n" for i in range(50)), "mine.csv"
    )
    assert found.columns == ("a␛[31m", "x", "column 4")
    assert found.table["x"][0] == 1


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


def test_of_a_huge_file_no_more_is_read_than_is_said(tmp_path: Path) -> None:
    path = tmp_path / "huge.txt"
    with path.open("wb") as file:
        file.write(b"it is never too late, " * (MOST_BYTES // 22 + 1))
        # What lies behind is not even text.
        file.truncate(100_000_000)
    found = look(path)
    assert found.characters == MOST_BYTES
    assert found.notes == ("The first 2,000,000 of its 100,000,000 bytes are read, and the rest is left out.",)


def test_what_is_read_of_a_long_file_ends_with_a_line_or_a_character(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(corpora, "MOST_BYTES", 2_000)
    assert set(seen(tmp_path, "it is never too late\n" * 96).lines) == {"it is never too late"}
    assert seen(tmp_path, "." + "é" * 1_000 + "e").text == "." + "é" * 999
    assert seen(tmp_path, "one\n" + "e" * 2_000).characters == 2_000
    assert seen(tmp_path, "e " * 1_000).notes == ()
    assert seen(tmp_path, "e " * 1_000 + "e").notes == (
        "The first 2,000 of its 2,001 bytes are read, and the rest is left out.",
    )


def test_a_megabyte_without_a_line_break(tmp_path: Path) -> None:
    found = seen(tmp_path, "never too late to learn, " * 40_000)
    assert (found.task, found.characters, found.tokens, found.notes) == ("next-word", 999_999, 240_000, ())


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
