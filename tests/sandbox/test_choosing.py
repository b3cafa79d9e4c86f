"""The choices for a network that learns from a file: as they stand, what is next, what may be typed."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.sandbox.choosing import RATES, STEPS, about, settings, task_of, to_type, turned, typed
from tutor.sandbox.corpora import Corpus, look
from tutor.sandbox.learning import Choices, entry

TYPED = ("hidden", "layers", "steps", "learning_rate", "seed")
WORDS = ("never", "too", "late") * 20
TEXT = Corpus("a.txt", "next-word", ("next-word", "next-character"), (" ".join(WORDS),), WORDS)


def seen(folder: Path, content: str, name: str = "mine.txt") -> Corpus:
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return look(path)


@pytest.fixture
def table(tmp_path: Path) -> Corpus:
    return seen(tmp_path, "day,warm\n" + "".join(f"{i},{i % 7}\n" for i in range(40)), "mine.csv")


def why(corpus: Corpus, choices: Choices, name: str, by: int) -> str:
    with pytest.raises(ValueError, match=r"^It goes from ") as found:
        turned(corpus, choices, name, by)
    return str(found.value)


# What the file holds


def test_labels_are_those_of_the_task_that_is_chosen(tmp_path: Path) -> None:
    half = seen(tmp_path, "so good\tgood\nno tab\nso bad\tbad\nno tab\n" * 10)
    assert half.task == "next-word"
    assert about(half, "classify") == ("40 lines", "labels: good, bad")
    assert about(half, "next-word") == ("40 lines", "100 words, 379 characters")
    tags = seen(tmp_path, "the/DET cat/NOUN\nno tag\n" * 10)
    assert tags.task == "next-word"
    assert about(tags, "tag") == ("20 lines", "labels: DET, NOUN")


def test_a_table_tells_its_rows_and_columns(table: Corpus) -> None:
    assert about(table, "forecast") == ("40 rows", "columns of numbers: day, warm")


# As they stand


def test_every_choice_as_it_stands(table: Corpus) -> None:
    text = {one.name: (one.value, one.typed, one.why) for one in settings(TEXT, Choices(seed=3))}
    assert text == {
        "task": ("next word", False, ""),
        "column": ("–", False, "Only a table has columns."),
        "cell": ("GRU", False, ""),
        "hidden": ("64", True, ""),
        "layers": ("1", True, ""),
        "bidirectional": ("forward", False, "Who guesses the next token may not have read it."),
        "steps": ("200", True, ""),
        "learning_rate": ("0.003", True, ""),
        "seed": ("3", True, ""),
    }
    found = {one.name: (one.value, one.why) for one in settings(table, Choices(task="forecast", bidirectional=True))}
    assert (found["column"], found["bidirectional"]) == (("warm", ""), ("both ways", ""))
    assert found["steps"] == ("200", "")
    few = Corpus("a.txt", "next-word", ("next-word",), TEXT.lines, WORDS)
    assert settings(few, Choices())[0].why == "There is nothing else to learn in this file."


# The next


def test_another_task_lays_down_what_was_of_the_last(table: Corpus) -> None:
    other = turned(table, Choices(column="warm", bidirectional=True, steps=7, learning_rate=0.1, seed=3), "task", 1)
    assert other == Choices(task=table.tasks[1], seed=3)
    assert task_of(table, turned(table, other, "task", -1)) == "forecast"
    assert turned(table, Choices(), "column", 1).column == "day"
    assert turned(table, Choices(column="day"), "column", 1).column == "warm"


@pytest.mark.parametrize(
    ("name", "ladder"),
    [("hidden", (32, 64, 128)), ("steps", (100, 200, 300)), ("learning_rate", (0.002, 0.003, 0.005))],
)
def test_the_next_and_the_last(name: str, ladder: tuple[float, ...]) -> None:
    less, now, more = ladder
    assert getattr(entry(TEXT, Choices()), name) == now
    assert getattr(turned(TEXT, Choices(), name, 1), name) == more
    assert getattr(turned(TEXT, Choices(), name, -1), name) == less


def test_layers_go_as_far_as_anywhere_else() -> None:
    choices = Choices()
    for layers in range(2, 9):
        choices = turned(TEXT, choices, "layers", 1)
        assert entry(TEXT, choices).layers == layers
    assert why(TEXT, choices, "layers", 1) == "It goes from 1 to 8."
    assert why(TEXT, Choices(), "layers", -1) == "It goes from 1 to 8."
    assert typed(Choices(), "layers", "8").layers == 8
    assert why(TEXT, Choices(seed=2**31), "seed", 1) == "It goes from 0 to 2,147,483,648."
    assert why(TEXT, Choices(hidden=512), "hidden", 1) == "It goes from 1 to 512."
    assert why(TEXT, Choices(steps=STEPS[-1]), "steps", 1) == "It goes from 100 to 10000."
    assert why(TEXT, Choices(learning_rate=RATES[0]), "learning_rate", -1) == "It goes from 0.0005 to 0.05."


# What may be typed


@given(st.floats(1e-6, 1.0), st.integers(0, 2**31), st.integers(1, 100_000), st.integers(1, 512), st.integers(1, 8))
def test_what_is_taken_as_it_stands_in_the_line_is_what_it_was(
    rate: float, seed: int, steps: int, hidden: int, layers: int
) -> None:
    one = Choices(learning_rate=rate, seed=seed, steps=steps, hidden=hidden, layers=layers)
    for name in TYPED:
        assert typed(one, name, to_type(TEXT, one, name)) == one


def test_what_stands_in_the_line() -> None:
    one = Choices(learning_rate=0.00123456789, steps=2_000)
    assert [to_type(TEXT, one, name) for name in TYPED] == ["64", "1", "2000", "0.00123456789", "0"]
    assert to_type(TEXT, replace(one, learning_rate=1.0), "learning_rate") == "1"
    # What was not chosen is as the file suggests.
    assert [to_type(TEXT, Choices(), name) for name in ("steps", "learning_rate")] == ["200", "0.003"]


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("steps", "2,000", 2_000),
        ("seed", "1,000", 1_000),
        ("hidden", " 17 ", 17),
        ("learning_rate", "0,01", 0.01),
        ("learning_rate", "1e-3", 0.001),
    ],
)
def test_a_choice_that_was_typed(name: str, text: str, value: Any) -> None:
    assert typed(Choices(), name, text) == replace(Choices(), **{name: value})


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("hidden", "2,000", "“2,000” is no number from 1 to 512"),
        ("hidden", "2,5", "“2,5” is no whole number"),
        ("steps", "20,00", "“20,00” is no whole number"),
        ("steps", "0", "“0” is no number from 1 to 100,000"),
        ("layers", "9", "“9” is no number from 1 to 8"),
        ("seed", "2147483649", "“2147483649” is no number from 0 to 2,147,483,648"),
        ("learning_rate", "2", "“2” is no number from 1e-06 to 1"),
        ("learning_rate", "fast", "“fast” is no number from 1e-06 to 1"),
    ],
)
def test_what_cannot_be_typed(name: str, text: str, said: str) -> None:
    with pytest.raises(ValueError, match=rf"\A{re.escape(said)}: the last good one stays\.\Z"):
        typed(Choices(), name, text)
