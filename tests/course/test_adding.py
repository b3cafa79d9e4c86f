"""A line of the learner's own: what is refused, what is learned then, and what every probe finds of it."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest

from tutor.course.adding import MOST_WRITTEN, take_up, whole_line
from tutor.course.check import check
from tutor.course.entries import ModelEntry
from tutor.course.lab import Lab
from tutor.course.lesson import Add, Lesson
from tutor.course.load import LessonError, load_lesson
from tutor.course.outcomes import Score
from tutor.course.readings import Agreement, Probability, Remaining
from tutor.course.tallies import AddedWord, CorpusCount, CorpusShare, CorpusTotal

from .sample import line_of, write

LESSON = """+++
title = "A line of yours"
goal = "Add it."

[models.reader]
task = "next-word"
corpus = "data/days.txt"
hidden = 8
steps = 30
text = "the sun is"

[models.yours]
task = "next-word"
corpus = "data/days.txt"
added = "the sun is green"
times = 3
hidden = 8
steps = 30
text = "the sun is"

[values]
word = { probe = "added_word", model = "yours" }
+++

## Write

```add
ask = "How does it go on?"
model = "yours"
begins = "the sun is"
```

## Guess

```predict
ask = "How likely is your word?"
answer = { probe = "probability", model = "yours" }
low = 0
high = 1
start = 1
tolerance = 0.01
because = "It is {word}."
```
"""


@pytest.fixture
def lesson(tmp_path: Path) -> Lesson:
    return load_lesson(write(tmp_path / "lessons", LESSON))


@pytest.fixture
def lab(lesson: Lesson) -> Lab:
    return Lab(lesson.models, folder=lesson.path.parents[1], cache=lesson.path.parents[2] / "cache")


@pytest.fixture
def block(lesson: Lesson) -> Add:
    found = lesson.steps[0].asked
    assert isinstance(found, Add)
    return found


def test_the_added_line_is_learned_with_the_corpus_as_often_as_is_said(lab: Lab) -> None:
    assert lab.corpus("yours") == (*lab.corpus("reader"), *[("the", "sun", "is", "green")] * 3)
    assert CorpusCount(model="yours").measure(lab).value == 3
    assert CorpusCount(model="yours", word="up").measure(lab).value == 2
    assert CorpusTotal(model="yours").measure(lab).value == 6
    assert CorpusShare(model="yours").measure(lab).number == pytest.approx(0.5)


def test_where_a_line_begins_so_is_not_everywhere(lesson: Lesson, tmp_path: Path) -> None:
    corpus = lesson.path.parents[1] / "data" / "days.txt"
    corpus.write_text(corpus.read_text() + "now the sun is down\n")
    lab = Lab(lesson.models, folder=lesson.path.parents[1])
    assert CorpusCount(model="reader", word="down").measure(lab).value == 2
    assert CorpusCount(model="reader", word="down", begins=True).measure(lab).value == 1
    assert CorpusTotal(model="reader").measure(lab).value == 4
    assert CorpusTotal(model="reader", begins=True).measure(lab).value == 3
    assert CorpusShare(model="reader", word="down", begins=True).measure(lab).number == pytest.approx(1 / 3)
    assert CorpusTotal(model="reader", text="the sun is down", begins=True).measure(lab).value == 0


def test_another_line_is_another_network(lab: Lab, block: Add) -> None:
    lab.ensure("yours")
    lab.ensure("reader")
    kept, before = lab.model("reader"), lab.model("yours")
    beside = lab.sibling(1)
    beside.ensure("yours")
    assert AddedWord(model="yours").measure(lab).value == "green"
    score = Score(model="yours", where="train").measure(lab).number
    line = whole_line(block, "  Blue   as ever ", lab)
    assert line == "the sun is Blue as ever"
    lab.add("yours", line)
    assert not lab.begun("yours")
    assert lab.model("reader") is kept, "the others stay"
    assert not beside.begun("yours"), "at every seed"
    lab.ensure("yours")
    assert lab.model("yours") is not before
    assert "blue" in [token.casefold() for token in lab.model("yours").vocabulary.tokens]  # type: ignore[union-attr]
    assert AddedWord(model="yours").measure(lab).value == "Blue"
    assert CorpusCount(model="yours").measure(lab).value == 3
    assert Probability(model="yours").measure(lab).number > 0
    assert Score(model="yours", where="train").measure(lab).number != score, "nothing is remembered of the old one"
    # The same line again changes nothing.
    lab.add("yours", line)
    assert lab.ready("yours")


def test_the_old_network_is_in_the_cache_and_comes_back(lab: Lab) -> None:
    lab.ensure("yours")
    lab.add("yours", "the sun is blue")
    assert not lab.ready("yours")
    lab.add("yours", "the sun is green")
    assert lab.ready("yours")


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("", "Write at least one word, and begin with it."),
        (" \t\n ", "Write at least one word, and begin with it."),
        ("… and so on", "Write at least one word, and begin with it."),
        ("<end>", "Write at least one word, and begin with it."),
        ("the sun is", "Write at least one word, and begin with it."),
        ("up", "“up” follows there already: choose a word that does not."),
        ("UP and away", "“UP” follows there already: choose a word that does not."),
        ("x" * (MOST_WRITTEN + 1), "That is 61 letters; 60 are enough for one line."),
    ],
)
def test_what_cannot_be_added(lab: Lab, block: Add, written: str, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        whole_line(block, written, lab)


def test_the_line_that_is_learned_may_be_written_again(lab: Lab, block: Add) -> None:
    assert whole_line(block, "green", lab) == "the sun is green"
    lab.add("yours", "the sun is blue")
    assert whole_line(block, "blue", lab) == "the sun is blue"
    assert whole_line(block, "green", lab) == "the sun is green"
    assert whole_line(block, "The sun is red", lab) == "the sun is red", "whoever wrote it all meant the same"
    assert "\x1b" not in whole_line(block, "re\x1b[31md", lab)


def test_what_was_written_before_is_taken_up(lesson: Lesson, lab: Lab, block: Add) -> None:
    take_up(lesson, lab, {"9.9": "the sun is pink", block.key: "the sun is blue"})
    assert lab.entry("yours").added == "the sun is blue"
    take_up(lesson, lab, {block.key: "the sun is up"})
    assert lab.entry("yours").added == "the sun is blue", "a line that may no longer be learned is passed over"


def test_a_lab_learns_lines_only_where_that_was_meant(lab: Lab) -> None:
    with pytest.raises(ValueError, match="the model `reader` learns no line but its corpus"):
        lab.add("reader", "the sun is blue")
    with pytest.raises(ValueError, match="a line to add to `yours` holds no token"):
        lab.add("yours", "  ")
    assert lab.entry("yours").added == "the sun is green"


def test_it_is_checked_with_the_line_that_stands_in_the_lesson(lesson: Lesson) -> None:
    assert check([lesson.path]) == ()


@pytest.mark.parametrize(
    ("there", "instead", "message"),
    [
        ('model = "yours"\nbegins', 'model = "your"\nbegins', "no model is called `your`; did you mean `yours`?"),
        (
            'model = "yours"\nbegins',
            'model = "reader"\nbegins',
            'the model `reader` learns no line but its corpus; write added = "…" in [models.reader]',
        ),
        (
            'begins = "the sun is"',
            'begins = "the moon is"',
            "“the sun is green” does not begin with “the moon is” and go on; "
            "write the same words at the beginning of `added`",
        ),
        (
            'begins = "the sun is"',
            'begins = "the sun is green"',
            "“the sun is green” does not begin with “the sun is green” and go on; "
            "write the same words at the beginning of `added`",
        ),
        ('ask = "How does it go on?"', 'ask = " "', 'nothing is asked for; write ask = "…"'),
        ("times = 3", "times = 0", "`times` is 0; write a number from 1 to 100"),
        ('added = "the sun is green"\n', "", '`times` without a line to add; write added = "…", or drop `times`'),
        (
            'added = "the sun is green"',
            'added = "the sun is green"\nheld_out = 0.2',
            "`held_out` beside `added`, which is learned as it is written; drop `held_out`",
        ),
        (
            'answer = { probe = "probability", model = "yours" }',
            'answer = { probe = "probability", model = "reader" }',
            "the model `reader` learns no line of the learner's that goes on from “the sun is”; "
            'write word = "…" here, or added = "…" in [models.reader]',
        ),
    ],
)
def test_what_is_refused(tmp_path: Path, there: str, instead: str, message: str) -> None:
    assert there in LESSON
    path = write(tmp_path / "lessons", LESSON.replace(there, instead))
    with pytest.raises(LessonError) as caught:
        load_lesson(path)
    assert message in [str(problem).split(": ", 1)[1] for problem in caught.value.problems]


def test_a_line_is_added_to_what_says_the_next_token() -> None:
    entry = ModelEntry(task="tag", corpus="data/x.txt", added="a/B")
    assert [(key, what) for key, what, _ in entry.faults()] == [
        ("added", '`added` says nothing to the task "tag", which says no next token')
    ]


# Where a run begins

STARTS = """+++
title = "Starts"
goal = "Begin."

[models.learned]
task = "next-word"
corpus = "data/days.txt"
learned_h_0 = true
hidden = 8
steps = 40
learning_rate = 0.05
text = "the sun is up"

[models.plain]
hidden = 4
text = "the sun is up"
+++

## Words

One.
"""


@pytest.fixture
def starts(tmp_path: Path) -> Lab:
    lesson = load_lesson(write(tmp_path / "lessons", STARTS))
    lab = Lab(lesson.models, folder=lesson.path.parents[1], cache=tmp_path / "cache")
    lab.ensure("learned")
    return lab


def test_a_run_begins_as_the_model_was_trained_unless_it_is_said(starts: Lab) -> None:
    own, zeros = starts.run("learned"), starts.run("learned", h_0="zeros")
    assert own.h_0.any()
    assert not zeros.h_0.any()
    assert (starts.run("learned", h_0="learned").h_0 == own.h_0).all()
    assert not starts.run("plain").h_0.any()
    with pytest.raises(ValueError, match="the model `plain` has learned no h_0"):
        starts.run("plain", h_0="learned")
    assert starts.cache is not None
    again = Lab(starts.models, folder=starts.folder, cache=starts.cache)
    assert again.ready("learned"), "it is kept with the weights"
    assert (again.run("learned").h_0 == own.h_0).all()


def test_how_far_a_learned_start_is_from_zeros(starts: Lab) -> None:
    own, zeros = starts.run("learned"), starts.run("learned", h_0="zeros")
    for step in (1, 3):
        apart = math.dist(own.hidden[step - 1].tolist(), zeros.hidden[step - 1].tolist())
        expected = apart / math.hypot(*own.h_0.tolist())
        found = Remaining(model="learned", step=step, start="learned").measure(starts)
        assert found.number == pytest.approx(expected, rel=1e-5)
        assert found.number != Remaining(model="learned", step=step).measure(starts).number
    within = Remaining(model="learned", step=2, start="learned").measure(starts).number * 1.01
    assert Agreement(model="learned", within=within, start="learned").measure(starts).value <= 2


def test_a_start_is_learned_where_something_is(tmp_path: Path) -> None:
    for entry in (
        ModelEntry(learned_h_0=True),
        ModelEntry(task="caption", learned_h_0=True),
        ModelEntry(task="forecast", corpus="x", column="y", learned_h_0=True),
    ):
        assert [key for key, _, _ in entry.faults()] == ["learned_h_0"]
    text = STARTS.replace("One.", "One {a}.").replace(
        "[models.plain]",
        '[values]\na = { probe = "remaining", model = "plain", step = 1, start = "learned" }\n\n[models.plain]',
    )
    path = write(tmp_path / "lessons", text)
    with pytest.raises(LessonError) as caught:
        load_lesson(path)
    line = line_of(text, "a = { probe")
    assert [str(one).split("lessons/", 1)[1] for one in caught.value.problems] == [
        f"01-first/01-a-lesson.md:{line}: the model `plain` learns no h_0; write learned_h_0 = true in [models.plain]"
    ]
