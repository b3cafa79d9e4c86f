"""A lesson told in lines: nothing is answered before it was asked, and every number is there."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tutor.course.figures.table import Table
from tutor.course.lab import Lab
from tutor.course.lesson import Lesson
from tutor.course.load import load_lesson
from tutor.draw.cells import Look, Span, row_width, text_of, width
from tutor.draw.wording import wrapped
from tutor.plain.pictures import gradient_rows, power, trace_rows
from tutor.plain.stream import MOST_COLUMNS, columns_of, look_of, show, spelled
from tutor.plain.tables import MOST_ROWS, table_lines
from tutor.plain.telling import tell
from tutor.progress import Progress
from tutor.sandbox.experiment import Experiment
from tutor.sandbox.exporting import gates_of

LESSON = """+++
title = "A tiny lesson"
goal = "See one thing."
needs = ["another"]
minutes = 2

[models.tiny]
cell = "gru"
hidden = 3
text = "one two three"

[models.learned]
task = "next-character"
corpus = "abc.txt"
hidden = 4
steps = 6
text = "abc"

[values]
units = { probe = "count", model = "tiny", what = "units" }
+++

## Look

Some **words** about `h[t-1]` and its {units} units,
on *two* lines.

- the first
- the second

```math
h_t = f(h_{t-1})
```

```predict
ask = "Which of the {units} unit network's *words* moves it most?"
options = "tokens"
model = "tiny"
answer = { probe = "argmax", of = "change", model = "tiny" }
because = "It moved {amount:.2f}, **far**."
```

```figure
show = "state"
model = "tiny"
```

Words after.

## Train

```predict
ask = "How many bits a letter does it pay before it has learned?"
low = 0
high = 10
unit = "bits"
tolerance = 10
answer = { probe = "uniform_bits", of = 4 }
```

```figure
show = "training"
model = "learned"
```

## Choose

```question
ask = "What is 2 + {n}?"
low = 0
high = 9
tolerance = 0
vary = { n = [1, 2] }

[answer]
probe = "sum"
of = [{ probe = "power", base = 2, exponent = 1 }, { probe = "power", base = "{n}", exponent = 1 }]
```

## Type

```recite
ask = "Type it."
texts = ["abc", "cba"]
labels = ["forwards", "backwards"]
```
"""


@pytest.fixture
def lesson(tmp_path: Path) -> Lesson:
    (tmp_path / "abc.txt").write_text("abcd\nabcd\n")
    path = tmp_path / "01-tiny.md"
    path.write_text(LESSON)
    return load_lesson(path)


@pytest.fixture
def lab(lesson: Lesson) -> Lab:
    return Lab(lesson.models, folder=lesson.path.parent)


def told(lesson: Lesson, lab: Lab, ask: Callable[[str], str] | None = None, **more: Progress) -> str:
    out = io.StringIO()
    tell(lesson, lab, out, ask, **more)
    return out.getvalue()


def test_a_lesson_without_anybody_to_ask(lesson: Lesson, lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    text = told(lesson, lab)
    assert text.startswith("A tiny lesson\n\nSee one thing.\n2 minutes · after: another\n\nStep 1 of 4. Look\n\n")
    assert (
        "Some words about h[t-1] and its 3 units, on two lines.\n\n- the first\n- the second\n\n"
        "    h_t = f(h_{t-1})\n\n"
        "Predict: Which of the 3 unit network's words moves it most?\n"
        "  1 one\n  2 two\n  3 three\n\n"
        "step  token      h1"
    ) in text
    run = lab.run("tiny")
    most = max(range(3), key=lambda t: run.change[t])
    token = ("1 one", "2 two", "3 three")[most]
    assert f"Answer: {token} (computed).\nIt moved {run.change[most]:.2f}, far.\n\nWords after.\n" in text
    order = [text.index(part) for part in ("Predict: Which", "step  token", "Answer: ", "Words after", "Step 2")]
    assert order == sorted(order)
    assert "  a number from 0 to 10 bits\n\nupdates  bits per token\n" in text
    assert "Answer: 2 bits (computed).\n" in text
    assert "Question: What is 2 + 1?\n  a number from 0 to 9\n\nAnswer: 3 (computed).\n" in text
    assert "Type it.\n  forwards\n  backwards\n" in text
    assert "\n\n\n" not in text
    assert capsys.readouterr().err == "training learned\n"


def answers(*said: str) -> Callable[[str], str]:
    """Somebody who says these in turn."""
    left: Iterator[str] = iter(said)

    def ask(prompt: str) -> str:
        try:
            return next(left)
        except StopIteration:
            raise EOFError from None

    return ask


def test_a_lesson_with_somebody_to_ask(lesson: Lesson, lab: Lab, tmp_path: Path) -> None:
    progress = Progress(tmp_path / "data")
    ask = answers("seven", "1", "c", "many", "50%", "guess", "3", "abc", "cab")
    text = told(lesson, lab, ask, progress=progress)
    assert "Answer with a number from 1 to 3.\n" in text
    assert "is not a number" in text
    assert "It is 2 bits; you said 0.5. Near enough.\n" in text
    assert "It is 3; you said 3. Near enough.\n" in text
    assert "(computed)" not in text
    assert "without a slip" in text
    assert "with slips" in text
    most = max(range(3), key=lambda t: lab.run("tiny").change[t])
    assert ("Yes: 1 one." if most == 0 else "Not here. It is: ") in text
    assert text.index("step  token") < text.index("Yes: " if most == 0 else "Not here. ")

    kept = progress.attempts("tiny")
    assert [(a.key, a.kind, a.response) for a in kept] == [
        (lesson.steps[0].asked.key, "predict", "1"),
        (lesson.steps[1].asked.key, "predict", "0.5"),
        (lesson.steps[2].asked.key, "question", "3.0"),
        (lesson.steps[3].asked.key, "recite", "forwards"),
        (lesson.steps[3].asked.key, "recite", "backwards"),
    ]
    assert [a.confidence for a in kept] == ["certain", "guess", None, None, None]
    assert [a.correct for a in kept] == [most == 0, True, True, True, False]
    assert progress.completed("tiny") == {0, 1, 2, 3}

    again = told(lesson, lab, answers(), progress=progress)
    assert "Question: What is 2 + 2?" in again


def test_passing_over_shows_the_answer(lesson: Lesson, lab: Lab, tmp_path: Path) -> None:
    progress = Progress(tmp_path / "data")
    text = told(lesson, lab, answers("", "2", ""), progress=progress)
    assert text.count("(computed)") == 2
    (kept,) = progress.attempts()
    assert kept.response == "2.0"
    assert kept.confidence is None


def test_the_end_of_input_tells_the_rest(lesson: Lesson, lab: Lab) -> None:
    assert told(lesson, lab, answers()).count("(computed)") == 3


def test_an_option_may_be_said_in_its_own_words(lesson: Lesson, lab: Lab) -> None:
    most = max(range(3), key=lambda t: lab.run("tiny").change[t])
    word = ("1 one", "2 two", "3 three")[most]
    assert f"Yes: {word}." in told(lesson, lab, answers(word.upper(), "fairly"))


NEXT = """## Next

```predict
ask = "Which letter follows abc?"
options = [{ key = "d", text = "d", says = "Yes." }, { key = "a", text = "a", says = "No." }]

[answer]
probe = "oneof"
of = { probe = "likeliest", model = "learned", text = "abc" }
same = ["a", "b", "c", "d"]
```

```figure
show = "state"
model = "learned"
next = 2
```
"""


def test_a_head_says_what_comes_next(lesson: Lesson) -> None:
    lesson.path.write_text(LESSON[: LESSON.index("## Look")] + NEXT)
    lesson = load_lesson(lesson.path)
    lab = Lab(lesson.models, folder=lesson.path.parent)
    text = told(lesson, lab)
    (first, p), (second, q) = lab.run("learned").next(k=2)
    assert f"likeliest next      p\n{first}               {p:.3f}\n{second}               {q:.3f}\n" in text


def test_a_lesson_cannot_move_the_cursor(lesson: Lesson, lab: Lab) -> None:
    """The loader refuses control characters; were one to pass, it would still not reach the terminal."""
    prose = replace(lesson.steps[0].blocks[0], text="A \x9b31m word.")
    first = replace(lesson.steps[0], title="Look\x1b[2J", blocks=(prose, *lesson.steps[0].blocks[1:]))
    text = told(replace(lesson, steps=(first, *lesson.steps[1:])), lab)
    assert "Look␛[2J" in text
    assert not {"\x1b", "\x9b"} & set(text)


# Tables


def test_a_table_is_aligned() -> None:
    table = Table(("what", "how much"), (("short", 0.5), ("日本", 12.25), ("longer one", math.nan)))
    assert list(table_lines(table, 80)) == [
        "what        how much",
        "short           0.50",
        "日本           12.25",
        "longer one         ?",
        "",
    ]


def test_numbers_of_a_column_are_comparable() -> None:
    rows = ((1.0, 0.25, 1e9), (2.0, -0.0004, 0.5), (3.0, math.inf, -2e12))
    head, *lines = table_lines(Table(("n", "small", "large"), rows), 80)
    assert head.split() == ["n", "small", "large"]
    assert [line.split() for line in lines[:3]] == [
        ["1", "0.250", "1.0e+09"],
        ["2", "-0.0004", "5.0e-01"],
        ["3", "∞", "-2.0e+12"],
    ]


def test_a_wide_table_is_cut_with_its_names() -> None:
    columns = ("step", "token", *(f"h{i}" for i in range(1, 9)))
    rows = tuple((str(t), f"word{t}", *(0.5 for _ in range(8))) for t in range(2))
    lines = list(table_lines(Table(columns, rows), 40))
    heads = [line.split() for line in lines if line.startswith("step")]
    assert [head[:2] for head in heads] == [["step", "token"]] * len(heads)
    assert [name for head in heads for name in head[2:]] == list(columns[2:])
    assert all(width(line) <= 40 for line in lines)


def test_a_long_table_is_thinned_and_says_so() -> None:
    rows = (*((float(i), i / 7) for i in range(100)), ("uniform", 4.7))
    lines = list(table_lines(Table(("updates", "bits"), rows), 80))
    body = lines[1 : lines.index("")]
    assert len(body) == MOST_ROWS + 1
    assert body[0].split()[0] == "0"
    assert body[-2].split()[0] == "99"
    assert body[-1].split() == ["uniform", "4.70"]
    assert f"{100 - MOST_ROWS} of 101 rows are left out." in lines


def test_an_empty_table() -> None:
    assert list(table_lines(Table(("a", "b"), ()), 80)) == ["a  b", ""]


@given(
    st.lists(st.tuples(st.text(max_size=8), st.floats(), st.floats(width=32)), max_size=40),
    st.integers(1, 120),
)
def test_any_table_can_be_told(rows: list[tuple[str, float, float]], room: int) -> None:
    lines = list(table_lines(Table(("name", "one", "two"), tuple(rows)), room))
    assert all("\n" not in line and "\x1b" not in line for line in lines)


@given(st.text(), st.integers(2, 60))
def test_wrapped_lines_keep_to_their_room(text: str, room: int) -> None:
    lines = wrapped(text, room)
    assert "".join("".join(lines).split()) == "".join(text.split())
    if text.isascii():
        assert all(width(line) <= room for line in lines)


# Pictures

LOOKS = [Look(depth, ascii) for depth in ("truecolor", "256", "none") for ascii in (False, True)]  # type: ignore[arg-type]


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("cell", ["rnn", "lstm"])
def test_a_trace_has_a_row_for_each_token(look: Look, cell: str) -> None:
    run = Experiment("never too late", cell, hidden=4).run()
    rows = trace_rows(run, 80, look)
    text = text_of(rows)
    for token, change in zip(run.tokens, run.change, strict=True):
        assert any(token in line and f"{change:.2f}" in line for line in text.splitlines())
    assert all(row_width(row) <= 80 for row in rows)


def test_gates_carry_their_direction() -> None:
    run = Experiment("never too late", "gru", hidden=4, layers=2, bidirectional=True).run()
    gates = gates_of(run)
    assert list(gates) == ["r", "z", "n", "r_reverse", "z_reverse", "n_reverse"]
    assert all(values.shape == (3, 4) for values in gates.values())
    # The top layer's, in x's time: the last step of the backward direction starts from zeros.
    z, n = gates["z_reverse"][-1], gates["n_reverse"][-1]
    assert (1 - z) * n == pytest.approx(run.hidden[-1, 4:], abs=1e-6)
    assert gates_of(Experiment("a", "rnn").run()) == {}


def test_the_chart_says_its_ends() -> None:
    rows = gradient_rows("RNN ρ=0.1", [0.0, -1.0, -400.0], 80, Look("none"))
    assert text_of(rows).splitlines()[-1] == "2 steps back the norm is 1.0e-400; one step back it was 0.1"
    assert text_of(gradient_rows("RNN ρ=1", [0.0, -math.inf], 60, Look("none", True))).isascii()


@pytest.mark.parametrize(
    ("log10", "said"),
    [
        (0, "1"),
        (-1, "0.1"),
        (2.5, "316"),
        (4, "1.0e4"),
        (-3.5, "3.2e-4"),
        (-4.00001, "1.0e-4"),
        (math.inf, "∞"),
        (math.nan, "NaN"),
    ],
)
def test_a_number_from_its_logarithm(log10: float, said: str) -> None:
    assert power(log10) == said


# Streams


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def __init__(self, encoding: str = "utf-8") -> None:
        super().__init__()
        self._encoding = encoding

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._encoding

    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    for name in ("NO_COLOR", "FORCE_COLOR", "COLORTERM", "COLORFGBG", "RNN_TUTOR_ASCII"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    return Terminal()


def test_what_a_stream_can_show(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    assert look_of(io.StringIO()) == Look("none")
    assert look_of(terminal) == Look("256")
    monkeypatch.setenv("COLORTERM", "truecolor")
    assert look_of(terminal) == Look("truecolor")
    assert look_of(Terminal("ascii")) == Look("truecolor", ascii=True)
    monkeypatch.setenv("COLORFGBG", "0;15")
    assert not look_of(terminal).dark
    monkeypatch.setenv("NO_COLOR", "1")
    assert look_of(terminal).depth == "none"
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert look_of(terminal).depth == "none"


@pytest.mark.parametrize(("columns", "wanted"), [("", 80), ("100", 100), ("3", 20), ("many", 80)])
def test_the_columns_of_a_pipe(monkeypatch: pytest.MonkeyPatch, columns: str, wanted: int) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert columns_of(io.StringIO()) == wanted


@pytest.mark.parametrize("columns", ["2001", "999999999", "2000000000", "9" * 5000])
def test_no_stream_is_wider_than_any_terminal(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setenv("LINES", columns)
    out = io.StringIO()
    assert columns_of(out) == MOST_COLUMNS
    show(out, lambda width, look: [(Span("x" * width),)])
    assert out.getvalue() == "x" * MOST_COLUMNS + "\n"
    if len(columns) < 100:
        assert columns_of(terminal) == MOST_COLUMNS


def test_colours_go_to_terminals_alone(terminal: Terminal) -> None:
    run = Experiment("a b", "rnn", hidden=2).run()
    show(terminal, lambda columns, look: trace_rows(run, columns, look))
    assert "\x1b[48;5;" in terminal.getvalue()
    piped = io.StringIO()
    show(piped, lambda columns, look: trace_rows(run, columns, look))
    assert "\x1b" not in piped.getvalue()
    assert all(line == line.rstrip() for line in piped.getvalue().splitlines())


def test_signs_are_written_out_where_there_is_only_ascii() -> None:
    assert spelled("‖Δh‖ h₁₂ ρ=0.9 −1 10⁻³ …", Look("none", True)) == "|dh| h12 rho=0.9 -1 10-3 ..."
    assert spelled("‖Δh‖", Look("none")) == "‖Δh‖"
