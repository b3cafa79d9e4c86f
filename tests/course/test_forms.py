"""An order, a range and a place: what is refused, what is right, and what only shows when it is computed."""

# ruff: noqa: E501 - a message is compared whole, and reads best in one piece

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.course import pointing
from tutor.course.check import check
from tutor.course.entries import ModelEntry
from tutor.course.grading import grade, parse_range, range_said, start_order, true_response
from tutor.course.lab import Lab
from tutor.course.lesson import Option, Prediction, Question
from tutor.course.load import LessonError, load_lesson
from tutor.course.probes import Probe

from .sample import line_of, write

LESSON = """+++
title = "Forms"
goal = "Answer."

[models.plain]
hidden = 4
seed = 3
text = "never too late"

[models.both]
hidden = 4
bidirectional = true
text = "never too late"

[models.reader]
task = "next-word"
corpus = "data/days.txt"
hidden = 8
steps = 30
text = "the sun"
+++

## Order

```predict
ask = "Which is smaller?"
order = true
answer = { probe = "ranking", among = { one = { probe = "power", base = 1, exponent = 1 }, two = { probe = "power", base = 2, exponent = 1 }, ten = { probe = "power", base = 10, exponent = 1 } } }
options = [
  { key = "two", text = "Two", says = "It is two." },
  { key = "one", text = "One", says = "It is one." },
  { key = "ten", text = "Ten", says = "It is ten." },
]
because = "{answer}: at most {amount:.0f}."
```

## Range

```question
ask = "Within which?"
answer = { probe = "power", base = 2, exponent = -1 }
low = 0
high = 1
widest = 0.2
```

## Factor

```question
ask = "Within which powers of {x}?"
vary = { x = [10, 100] }
answer = { probe = "power", base = "{x}", exponent = -1 }
low = 0.001
high = 1
scale = "log"
widest = 3
```

## Step

```figure
show = "state"
model = "plain"
```

```question
ask = "Which step?"
point = "step"
answer = { probe = "argmax", of = "change", model = "plain" }
because = "By {value:.2f}."
```

## Unit

```figure
show = "gates"
model = "plain"
```

```predict
ask = "Which unit?"
point = "unit"
answer = { probe = "argmax", of = "h", model = "plain", units = true }
```
"""

TWO = '{ key = "two", text = "Two", says = "It is two." }'
ONE = '{ key = "one", text = "One", says = "It is one." }'
OPTIONS = LESSON[LESSON.index("options = [") : LESSON.index("]\nbecause") + 2]
ARGMAX = '{ probe = "argmax", of = "change", model = "plain" }'
UNITS = '{ probe = "argmax", of = "h", model = "plain", units = true }'
STATE = '```figure\nshow = "state"\nmodel = "plain"\n```\n\n'
GATES = 'show = "gates"\nmodel = "plain"'
RANKED = 'ten = { probe = "power", base = 10, exponent = 1 }'


def test_it_loads_as_it_is_written(tmp_path: Path) -> None:
    lesson = load_lesson(write(tmp_path / "lessons", LESSON))
    asked = [getattr(step.asked, "instances", (step.asked,))[0] for step in lesson.steps]
    assert [one.form for one in asked] == ["order", "range", "range", "point", "point"]
    assert (asked[1].widest, asked[3].point, asked[4].point) == (0.2, "step", "unit")
    assert check([lesson.path]) == ()


REFUSED = [
    (OPTIONS, "", "order = true", "there are no options to put in order; write options = [{ key = \"…\", … }, …]"),
    (OPTIONS, 'options = "tokens"\nmodel = "plain"\n', "options =", "tokens say nothing when they are put in order; write the options out, each with what it says"),
    (TWO, TWO.replace("It is two.", ""), TWO.replace("It is two.", ""), "the option `two` says nothing to those who choose it; write says = \"…\": what the belief behind it would imply"),
    (ONE, ONE.replace('"one"', '"on e"'), '"on e"', "a space in the key `on e` of what is put in order; take it away"),
    (ONE, ONE.replace('"one"', '"onn"'), '"onn"', "the answer does not rank `onn`; did you mean `one`?"),
    (f"  {ONE},\n", "", "answer =", "the answer ranks `one`, which is no option; give it an option, or take it out of `among`"),
    ("order = true\n", "", "answer =", "a ranking answers what is put in order; write order = true, and options"),
    (f'probe = "ranking", among = {{ one = {{ probe = "power", base = 1, exponent = 1 }}, two = {{ probe = "power", base = 2, exponent = 1 }}, {RANKED} }}', 'probe = "uniform_bits", of = 2', "answer =", 'the probe `uniform_bits` gives no order; write answer = { probe = "ranking", among = { … } }'),
    ("order = true\n", "order = true\nwidest = 2\n", "widest = 2", "both options and a range are asked for; drop the options, or widest"),
    ("order = true\n", "order = 1\n", "order = 1", "`order` is 1; write true or false"),
    (f"  {ONE},\n", "".join(f'  {{ key = "k{n}", text = "K", says = "Says." }},\n' for n in range(8)), "options = [", "10 options to put in order; keep to 9: a digit says where each goes"),
    ("widest = 0.2", "widest = 0.2\ntolerance = 1", "tolerance = 1", "`tolerance` is for a number, and `widest` asks for a range; drop `tolerance`, or `widest` to ask for a number"),
    ("widest = 0.2", "widest = 0.2\nfactor = 2", "factor = 2", "`factor` is for a number, and `widest` asks for a range; drop `factor`, or `widest` to ask for a number"),
    ("widest = 0.2", "widest = 0.2\nstart = 0.5", "start = 0.5", "`start` is for a number, and `widest` asks for a range; drop `start`, or `widest` to ask for a number"),
    ("high = 1\nwidest = 0.2", "widest = 0.2", 'ask = "Within which?"', "a range without a track; write low and high beside widest"),
    ("low = 0\nhigh = 1\nwidest = 0.2", "low = 2\nhigh = 1\nwidest = 0.2", "low = 2", "low (2) is not below high (1); swap or widen them"),
    ("widest = 0.2", "widest = 0", "widest = 0", "widest is 0: no range is so narrow; write a number above 0"),
    ("widest = 0.2", "widest = 1", "widest = 1", "widest is 1: the whole track would be right; write one below 1, which is high − low"),
    ("widest = 3", "widest = 1", "widest = 1", "widest is 1: on a log scale it is the ratio of the ends; write a number above 1"),
    ("widest = 3", "widest = 1000", "widest = 1000", "widest is 1000: the whole track would be right; write one below 1000, which is high / low, the ratio of the ends"),
    ("low = 0.001", "low = 0", "low = 0\nhigh = 1\nscale", "a log scale cannot begin at 0; write a low above 0"),
    ('{ probe = "power", base = 2, exponent = -1 }', '{ probe = "likeliest", model = "reader" }', 'answer = { probe = "likeliest"', "the probe `likeliest` answers with a word; write the options"),
    (STATE, "", 'point = "step"', "no figure to point at stands before this in its step; put the figure block before it in this step; a predict block of an earlier step lets it show"),
    ('point = "step"', 'point = "steps"', 'point = "steps"', '`point` is "steps"; write "step" or "unit"'),
    ('point = "step"', 'point = "step"\nlow = 1', "low = 1", "`low` beside `point`: what is pointed at is its own answer; drop `low`, or `point`"),
    ('point = "step"', 'point = "step"\noptions = "tokens"', "options = \"tokens\"", "`options` beside `point`: what is pointed at is its own answer; drop `options`, or `point`"),
    ('point = "step"', 'point = "step"\nscale = "log"', 'point = "step"\nscale', "`scale` beside `point`: nothing is on a track; drop `scale`, or `point`"),
    ('show = "state"\nmodel = "plain"', 'show = "why"\nmodel = "plain"', 'point = "step"', "no step can be pointed at in the figure `why`; show one of state, gates, compare, unrolled"),
    (GATES, GATES.replace("gates", "unrolled"), 'point = "unit"', "no unit can be pointed at in the figure `unrolled`; show one of state, gates, compare"),
    ('show = "state"\nmodel = "plain"', 'show = "compare"\nmodels = ["plain"]\ntexts = ["never too late", "too late"]\nalign = "end"', 'point = "step"', 'a row that `align = "end"` makes is no step; write align = "step" in the figure'),
    (GATES, GATES.replace("plain", "both"), 'point = "unit"', 'the lanes of both directions have a unit of each number; show "state", where each has its own'),
    (UNITS, ARGMAX, 'point = "unit"\nanswer', 'the answer is a step, and a unit is pointed at; write point = "step", or units = true in the answer'),
    (ARGMAX, UNITS, 'point = "step"\nanswer', 'the answer is a unit, and a step is pointed at; write point = "unit", or drop `units`'),
    (ARGMAX, '{ probe = "likeliest", model = "reader" }', 'answer = { probe = "likeliest"', "the probe `likeliest` answers with a word, and a step is pointed at; ask argmax or argmin"),
    (ARGMAX, ARGMAX.replace("plain", "both"), ARGMAX.replace("plain", "both"), "the answer is of the model `both`, which the figure does not show; ask of `plain`"),
    (ARGMAX, ARGMAX.replace("plain", 'plain", text = "too late'), 'text = "too late"', "the answer is of another text than the figure's; give both the same `text`"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "there", "message"), REFUSED)
def test_what_is_refused_with_its_line(tmp_path: Path, old: str, new: str, there: str, message: str) -> None:
    assert old in LESSON
    text = LESSON.replace(old, new, 1)
    path = write(tmp_path / "lessons", text)
    with pytest.raises(LessonError) as caught:
        load_lesson(path)
    lines = text.split("\n")
    first = text[: text.index(there)].count("\n") + 1
    near = {first, first + there.count("\n")}
    said = [f"{p.what}; {p.mend}" for p in caught.value.problems if p.line in near]
    assert message in said, (caught.value.problems, lines[first - 1])


def test_a_broken_figure_is_complained_of_once(tmp_path: Path) -> None:
    path = write(tmp_path / "lessons", LESSON.replace('show = "state"', 'show = "stat"'))
    with pytest.raises(LessonError) as caught:
        load_lesson(path)
    assert [p.what for p in caught.value.problems] == ["no figure is called `stat`"]


SEEN = [
    ("base = 10, exponent = 1", "base = 2.01, exponent = 1", "answer =", "a near-tie: two neighbours are within 2 in a hundred (“Which is smaller?”); choose clearer cases, or rank fewer"),
    ("base = 2, exponent = -1", "base = 2, exponent = 1", 'answer = { probe = "power", base = 2, exponent = 1 }\nlow', "the answer is 2, outside 0 … 1; widen low and high"),
    ("It is two.", "It is {answer:.1f}.", TWO.replace("It is two.", "It is {answer:.1f}."), "a format does not fit its value (Unknown format code 'f' for object of type 'str'); write {name:.2f} for a number, and {name} for a word"),
    (ARGMAX, '{ probe = "power", base = 4, exponent = 1 }', 'answer = { probe = "power", base = 4', "the answer is `4.0`, and the figure has the steps 1 … 3; ask for a step of what the figure shows"),
    (ARGMAX, '{ probe = "power", base = 2, exponent = -1 }', 'point = "step"\nanswer', "the answer is `0.5`, and the figure has the steps 1 … 3; ask for a step of what the figure shows"),
    ("By {value:.2f}.", "By {value:d}.", "because = \"By", "a format does not fit its value (Unknown format code 'd' for object of type 'float'); write {name:.2f} for a number, and {name} for a word"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "there", "message"), SEEN)
def test_what_only_shows_when_computed(tmp_path: Path, old: str, new: str, there: str, message: str) -> None:
    assert old in LESSON
    text = LESSON.replace(old, new, 1)
    path = write(tmp_path / "lessons", text)
    first = text[: text.index(there)].count("\n") + 1
    found = check([path])
    assert [f"{p.what}; {p.mend}" for p in found] == [message]
    assert found[0].line in (first, first + there.count("\n"))


TRUE = OPTIONS.replace(TWO, "A").replace(ONE, TWO).replace("A", ONE, 1)


def test_a_true_order_is_written_only_where_it_is_known_before(tmp_path: Path) -> None:
    known = LESSON.replace(OPTIONS, TRUE)
    assert check([write(tmp_path / "known", known)]) == ()
    # To know the probabilities takes a training, and that comes after the answer.
    is_, was = ('{ probe = "probability", model = "reader", word = "' + word + '" }' for word in ("is", "sun"))
    hidden = known.replace(f", {RANKED}", "").replace('  { key = "ten", text = "Ten", says = "It is ten." },\n', "")
    hidden = hidden.replace('{ probe = "power", base = 2, exponent = 1 }', is_, 1)
    hidden = hidden.replace('{ probe = "power", base = 1, exponent = 1 }', was, 1)
    path = write(tmp_path / "hidden", hidden)
    (found,) = check([path])
    assert found.line == line_of(hidden, "options = [")
    assert found.what == "the options are written in their true order, and whoever moves nothing is right"


def test_another_seed_turns_a_place(tmp_path: Path) -> None:
    found = check([write(tmp_path / "lessons", LESSON)], 8)
    assert any("seeds (“Which unit?”); " in f"{p.what}; {p.mend}" for p in found)


# Grading


def probe(name: str, **keys: Any) -> Any:
    return msgspec.convert({"probe": name, **keys}, Probe)


def power(base: float) -> dict[str, Any]:
    return {"probe": "power", "base": base, "exponent": 1}


@pytest.fixture
def lab() -> Lab:
    return Lab({"plain": ModelEntry(hidden=4, seed=3, text="never too late")}, folder=Path())


def ordered(**amounts: float) -> Prediction:
    options = tuple(Option(key, key.upper(), f"{key}: {{amount:.0f}}") for key in sorted(amounts))
    answer = probe("ranking", among={key: power(base) for key, base in amounts.items()})
    return Prediction(ask="?", answer=answer, options=options, order=True, because="{answer}.")


@pytest.mark.parametrize(
    ("response", "right"),
    [
        ("b a c", [True, True, True]),
        ("a b c", [False, False, True]),
        ("c b a", [False, False, False]),
        ("b c a", [True, False, False]),
    ],
)
def test_an_order(lab: Lab, response: str, right: list[bool]) -> None:
    verdict = grade(ordered(a=2, b=1, c=9), response, lab, {})
    assert verdict.correct is all(right)
    assert (verdict.truth, verdict.key, verdict.number) == ("B < A < C", "b a c", None)
    assert verdict.says == "B < A < C."
    assert [one.right for one in verdict.order] == right
    assert [(one.key, one.text, one.says) for one in verdict.order] == [
        ("b", "B", "b: 9"),
        ("a", "A", "a: 9"),
        ("c", "C", "c: 9"),
    ]


@pytest.mark.parametrize("response", ["", "a b", "a b b", "a b c d", "a b x"])
def test_what_is_no_order(lab: Lab, response: str) -> None:
    with pytest.raises(ValueError, match="does not have each of the answers once: a, b, c"):
        grade(ordered(a=2, b=1, c=9), response, lab, {})


def test_where_an_order_starts(lab: Lab) -> None:
    assert start_order(ordered(a=2, b=1, c=9), lab) == ("a", "b", "c")
    assert start_order(ordered(a=1, b=2, c=3), lab) == ("b", "c", "a")
    broken = ordered(a=1, b=2)
    broken.answer.among["b"] = probe("uniform_bits", of=-1)
    assert start_order(broken, lab) == ("a", "b")
    slow = ordered(a=1, b=2)
    slow.answer.among["a"] = probe("over_seeds", of=power(1))
    assert start_order(slow, lab) == ("a", "b"), "seeds are not trained to lay out a question"


RANGES = [
    # (scale, widest, truth, response, right, words)
    ("linear", 0.3, 0.5, "0.4..0.6", True, "It is in there."),
    ("linear", 0.3, 0.5, "0.5..0.5", True, "It is in there."),
    ("linear", 0.3, 0.5, "0.2..0.5", True, "It is in there."),
    ("linear", 0.3, 0.5, "0.5..0.8", True, "It is in there."),
    ("linear", 0.3, 0.5, "0.51..0.6", False, "You missed it."),
    ("linear", 0.3, 0.5, "0.1..0.49", False, "You missed it. And that is too wide. Your range is 0.39 wide; 0.3 is allowed."),
    ("linear", 0.3, 0.5, "0.3..0.61", False, "It is in there, but that is too wide. Your range is 0.31 wide; 0.3 is allowed."),
    ("linear", 0.3, 0.5, "0.6..0.4", True, "It is in there."),
    ("log", 10, 1e-3, "1e-4..1e-3", True, "It is in there."),
    ("log", 10, 1e-3, "0.0005..0.005", True, "It is in there."),
    ("log", 10, 1e-3, "0.0005..0.0051", False, "It is in there, but that is too wide. Its ends are a factor of 10.2 apart; 10 is allowed."),
    ("log", 10, 1e-3, "0.0011..0.002", False, "You missed it."),
    ("log", 10, 1e-3, "0..0.002", False, "It is in there, but that is too wide. Its ends are a factor of ∞ apart; 10 is allowed."),
]  # fmt: skip


@pytest.mark.parametrize(("scale", "widest", "truth", "response", "right", "words"), RANGES)
def test_a_range(lab: Lab, scale: Any, widest: float, truth: float, response: str, right: bool, words: str) -> None:
    answer = probe("power", base=truth, exponent=1)
    asked = Question(ask="?", answer=answer, low=1e-5, high=1, scale=scale, widest=widest, because="{value:.3f}")
    verdict = grade(asked, response, lab, {})
    assert (verdict.correct, verdict.number) == (right, truth)
    assert verdict.says == f"{truth:.3f}"
    said = range_said(asked, response, verdict)
    assert said.startswith(f"It is {verdict.truth}; you said ")
    assert said.endswith(". " + words)


@pytest.mark.parametrize(
    ("said", "ends"),
    [
        ("0.2..0.5", (0.2, 0.5)),
        (" 0.2 0.5 ", (0.2, 0.5)),
        ("0.5 … 0.2", (0.2, 0.5)),
        ("0,2 0,5", (0.2, 0.5)),
        ("20%...50%", (0.2, 0.5)),
        ("-2 -1e-3", (-2, -1e-3)),
        ("10^-3..10^-2", (1e-3, 1e-2)),
        ("2 × 10^-3 .. 1", (2e-3, 1)),
    ],
)
def test_ranges_as_people_write_them(said: str, ends: tuple[float, float]) -> None:
    assert parse_range(said) == pytest.approx(ends)


@pytest.mark.parametrize("said", ["", "0.2", "0.2..", "..0.5", "1 2 3", "1..2..3", "a..b", "0.2-0.5", "inf 1"])
def test_what_is_no_range(said: str) -> None:
    with pytest.raises(ValueError, match=r"is not a (range|number); write") as caught:
        parse_range(said)
    assert "\n" not in str(caught.value)


@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(allow_nan=False, allow_infinity=False))
def test_a_range_as_it_is_kept_is_read(low: float, high: float) -> None:
    assert parse_range(f"{low!r}..{high!r}") == (min(low, high), max(low, high))


def test_a_step(lab: Lab) -> None:
    asked = Question(ask="?", answer=probe("argmax", of="change", model="plain"), point="step", because="{value:.2f}")
    found = asked.answer.measure(lab)
    word = ("never", "too", "late")[found.value - 1]
    for place in (1, 2, 3):
        verdict = grade(asked, str(place), lab, {})
        assert verdict.correct is (place == found.value)
        assert (verdict.truth, verdict.key) == (f"step {found.value}, {word}", str(found.value))
        assert verdict.says == f"{found.number:.2f}"
    with pytest.raises(ValueError, match="`x` is no step"):
        grade(asked, "x", lab, {})


def test_a_unit_by_any_letter(lab: Lab) -> None:
    asked = Question(ask="?", answer=probe("argmax", of="h", model="plain", units=True), point="unit")
    true = str(asked.answer.measure(lab).value)
    assert grade(asked, true, lab, {}).correct
    assert grade(asked, "f" + true[1:], lab, {}).correct
    verdict = grade(asked, f"h{int(true[1:]) % 4 + 1}", lab, {})
    assert (verdict.correct, verdict.truth, verdict.key) == (False, f"unit {true[1:]}", true)


def test_a_step_that_a_number_says(lab: Lab) -> None:
    asked = Question(ask="?", answer=probe("power", base=2, exponent=1), point="step")
    assert grade(asked, "2", lab, {}).truth == "step 2"
    assert grade(asked, "2", lab, {}).correct
    half = Question(ask="?", answer=probe("power", base=2, exponent=-1), point="step")
    assert not grade(half, "1", lab, {}).correct
    assert true_response(half, half.answer.measure(lab)) is None


@pytest.mark.parametrize(
    ("response", "place"),
    [("3", 3), ("h3", 3), ("F12", 12), (3.0, 3), ("3.0", 3), ("0", None), ("h", None), ("-1", None), (2.5, None)],
)
def test_what_a_place_is(response: str | float, place: int | None) -> None:
    assert pointing.place_of(response) == place


@pytest.mark.parametrize("form", ["order", "range", "step", "unit"])
def test_the_true_response_is_right(lab: Lab, form: str) -> None:
    asked = {
        "order": ordered(a=2, b=1, c=9),
        "range": Question(ask="?", answer=probe("power", base=2, exponent=-1), low=0, high=1, widest=0.1),
        "step": Question(ask="?", answer=probe("argmax", of="change", model="plain"), point="step"),
        "unit": Question(ask="?", answer=probe("argmin", of="h", model="plain", units=True), point="unit"),
    }[form]
    response = true_response(asked, asked.answer.measure(lab))
    assert response is not None
    assert grade(asked, response, lab, {}).correct


# The probe


def ranked(lab: Lab, **among: Any) -> Any:
    return probe("ranking", among={k: v if isinstance(v, dict) else power(v) for k, v in among.items()}).measure(lab)


def test_a_ranking(lab: Lab) -> None:
    found = ranked(lab, a=3, b=1, c=2.5)
    assert (found.value, found.number, found.near_tie) == ("b c a", 3, False)
    assert (found.margin, found.scale) == (0.5, 3)
    with pytest.raises(ValueError, match="`among` needs two probes or more"):
        ranked(lab, a=1)
    with pytest.raises(ValueError, match="not a number"):
        ranked(lab, a=1, b=math.nan)


@pytest.mark.parametrize(
    ("amounts", "tie"),
    [((1, 2, 4), False), ((1, 1.01, 4), True), ((1, 4, 4.05), True), ((100, 1, 100.5), True), ((0, 0, 1), True), ((-1, 0, 1), False)],
)  # fmt: skip
def test_any_neighbours_nearly_tie(lab: Lab, amounts: tuple[float, ...], tie: bool) -> None:
    assert ranked(lab, **dict(zip("abc", amounts, strict=True))).near_tie is tie


def test_counts_are_exact(lab: Lab) -> None:
    count = {"probe": "count", "model": "plain"}
    parameters, units = ({**count, "what": what} for what in ("parameters", "units"))
    assert not ranked(lab, a=parameters, b=units).near_tie
    assert ranked(lab, a=units, b=units, c=parameters).near_tie
