"""`define` and `do` blocks: what they become, and what is refused of them."""

# ruff: noqa: E501 - a message is compared whole, and reads best in one piece

from __future__ import annotations

from pathlib import Path

import pytest

from tutor.course.check import check, differences
from tutor.course.figures import FIGURES
from tutor.course.lesson import Define, Do, Until
from tutor.course.load import LessonError, load_course, load_lesson

from .sample import LESSON, line_of, write

DEFINE = """```define
ask = "In your own words: what is {next}?"
terms = [
  { any = ["zero", "0"], says = "It holds nothing, as {guess:.1f} says." },
  { any = ["before the first token"], says = "It comes first." },
]
answer = "A state of zeros, before the first token."
```
"""
DO = """```figure
show = "gradient"
slider = true
```

```do
ask = "Move ρ past 1."
until = { of = "radius", above = 1.0 }
because = "At {value:.2f} it grows beyond {guess:.1f}."
```
"""
RECITE = '```recite\nask = "Say it."\ntexts = ["abc", "cba"]\nlabels = ["forwards", "backwards"]\n```\n'
assert RECITE in LESSON


def lesson(tmp_path: Path, block: str) -> Path:
    return write(tmp_path / "lessons", LESSON.replace(RECITE, block))


def problems(tmp_path: Path, block: str) -> list[tuple[str, str]]:
    """What is refused: the line complained of, and the message."""
    path = lesson(tmp_path, block)
    lines = path.read_text(encoding="utf-8").split("\n")
    with pytest.raises(LessonError) as caught:
        load_lesson(path)
    return [(lines[p.line - 1], f"{p.what}; {p.mend}") for p in caught.value.problems]


def test_a_definition(tmp_path: Path) -> None:
    path = lesson(tmp_path, DEFINE)
    block = load_lesson(path).steps[3].asked
    assert isinstance(block, Define)
    assert [term.any for term in block.terms] == [("zero", "0"), ("before the first token",)]
    assert (block.key, block.line) == ("4.1", line_of(path.read_text(), "```define"))
    assert check([path]) == ()


def test_an_action(tmp_path: Path) -> None:
    path = lesson(tmp_path, DO)
    block = load_lesson(path).steps[3].asked
    assert isinstance(block, Do)
    assert block.until == Until(of="radius", above=1.0)
    assert check([path]) == ()


@pytest.mark.parametrize(
    ("until", "met", "unmet"),
    [
        (Until(of="a", above=1), [1.01, 5], [1, 0.5]),
        (Until(of="a", below=1), [0.99, -5], [1, 2]),
        (Until(of="a", above=1, below=2), [1.5], [1, 2, 0, 3]),
        (Until(of="a", equals=3), [3, 3.0], [2, 4]),
        (Until(of="a", equals="tanh"), ["tanh"], ["relu", ""]),
        (Until(of="a", equals=False), [False], [True]),
        (Until(of="a", changes=True), [0, "x", True, False], []),
    ],
)
def test_when_it_is_so(until: Until, met: list[float], unmet: list[float]) -> None:
    assert all(until.met(fact) for fact in met)
    assert not any(until.met(fact) for fact in unmet)


REFUSED = [
    (DEFINE, 'ask = "In your own words: what is {next}?"', 'ask = " "', "ask =", '`ask` is empty; write ask = "…"'),
    (DEFINE, "{next}", "{nex}", "ask =", "no value is called `nex`; did you mean `next`?"),
    (DEFINE, "A state of", "0.5 of", "answer =", "`0.5`: a number that no probe recomputes; put it in [values] and write {name}"),
    (DEFINE, '["zero", "0"]', "[]", "says = \"It holds", 'a term that nothing says; write any = ["…"], the ways to say it'),
    (DEFINE, '["zero", "0"]', '["zero", "?"]', "says = \"It holds", "“?” holds no word to look for; write it in letters or digits"),
    (DEFINE, '"It comes first."', '""', "before the first", 'a term that says nothing to those who leave it out; write says = "…": what is missing without it'),
    (DEFINE, '"It comes first."', '"It is 50%."', "It is 50%", "`50%`: a number that no probe recomputes; put it in [values] and write {name}"),
    (DEFINE, "before the first token.", "", "answer =", "the answer does not say `before the first token`, and so would not be found right itself; say it there, or add to `any` how the answer says it"),
    (DEFINE, "answer = ", "anser = ", "anser", "unknown key `anser` in a define block; did you mean `answer`?"),
    (DO, ", above = 1.0", "", "until", "`until` does not say what has to be so; write one of above, below (or both), is, and changes = true"),
    (DO, "above = 1.0", "above = 1, is = 2", "until", "`until` says several things; write one of above, below (or both), is, and changes = true"),
    (DO, "above = 1.0", "above = 2, below = 1", "until", "nothing lies above 2 and below 1; swap or widen them"),
    (DO, "radius", "radios", "until", "the figure `gradient` does not tell `radios`; did you mean `radius`?"),
    (DO, '"radius"', '"cell"', "until", '`cell` is no number, and so above or below nothing; write is = "rnn" or "gru" or "lstm"'),
    (DO, '"radius", above = 1.0', '"cell", is = "lsmt"', "until", "`cell` is never `lsmt`; did you mean `lstm`?"),
    (DO, "above = 1.0", 'is = "one"', "until", "`radius` is never `one`; write above, below, or is with a number"),
    (DO, '"radius", above = 1.0', '"cell", is = "gru"', "because", "`{value:.2f}` does not fit `cell`; write {value:.2f} for a number, and {value} for a word"),
    (DO, "At {value:.2f}", "At 1.01", "because", "`1.01`: a number that no probe recomputes; put it in [values] and write {name}"),
    (DO, "At {value:.2f}", "At {valu}", "because", "no value is called `valu`; did you mean `value`?"),
    (DO, "At {value:.2f}", "At {{ {", "because", "a brace that is no name (unexpected '{' in field name); write {{ and }} for braces, {name} for a value"),
    (DO, 'ask = "Move ρ past 1."', 'ask = ""', "ask =", 'nothing is asked for; write ask = "…"'),
]  # fmt: skip


@pytest.mark.parametrize(("block", "old", "new", "there", "message"), REFUSED)
def test_refused_with_its_line(tmp_path: Path, block: str, old: str, new: str, there: str, message: str) -> None:
    assert old in block
    found = problems(tmp_path, block.replace(old, new, 1))
    assert message in [said for _, said in found]
    assert any(there in line for line, said in found if said == message)


def test_seven_terms_are_too_many(tmp_path: Path) -> None:
    term = '  { any = ["zero"], says = "So." },\n'
    terms = DEFINE[DEFINE.index("terms = [\n") + len("terms = [\n") : DEFINE.index("]\nanswer")]
    assert problems(tmp_path, DEFINE.replace(terms, term * 7)) == [
        ("terms = [", "7 terms; write 1 to 6: what the definition cannot do without")
    ]
    assert ("terms = []", "0 terms; write 1 to 6: what the definition cannot do without") in problems(
        tmp_path / "none", DEFINE.replace(terms, "").replace("terms = [\n]", "terms = []")
    )


def test_an_action_needs_a_figure_before_it(tmp_path: Path) -> None:
    figure, do = DO.split("\n\n")
    message = "a do block without a figure before it in its step; put the figure that it is done in before it"
    assert problems(tmp_path, do) == [("```do", message)]
    assert problems(tmp_path / "after", f"{do}\n{figure}\n") == [("```do", message)]


def test_a_broken_figure_is_complained_of_once(tmp_path: Path) -> None:
    found = problems(tmp_path, DO.replace("slider = true", "slider = 3"))
    assert [line for line, _ in found] == ["slider = 3"]


def test_a_figure_that_tells_nothing(tmp_path: Path) -> None:
    bars = 'show = "bars"\nof = [{ label = "a", value = { probe = "uniform_bits", of = 2 } }]'
    found = problems(tmp_path, DO.replace('show = "gradient"\nslider = true', bars))
    assert [said for _, said in found] == ["the figure `bars` has nothing to do in it; choose another figure"]


@pytest.mark.parametrize("block", [DEFINE, DO], ids=["define", "do"])
def test_a_step_waits_for_one_thing(tmp_path: Path, block: str) -> None:
    kind = "define" if block is DEFINE else "do"
    found = problems(tmp_path, block + "\n" + RECITE)
    assert [said for _, said in found] == [f"a recite block beside a {kind} block in one step; begin a new step for it"]


def test_about_is_an_earlier_lesson(tmp_path: Path) -> None:
    lesson(tmp_path, DEFINE.replace("answer =", 'about = "another"\nanswer ='))
    (problem,) = load_course(tmp_path / "lessons").problems
    assert problem.what == "about `another`, which is no earlier lesson"


def test_a_format_that_does_not_fit_is_found_by_check(tmp_path: Path) -> None:
    path = lesson(tmp_path, DEFINE.replace("{next}", "{next:.2f}"))
    (problem,) = check([path])
    assert problem.what.startswith("a format does not fit its value")


def test_a_translation_waits_for_the_same(tmp_path: Path) -> None:
    ours = load_lesson(lesson(tmp_path / "a", DO))
    words = load_lesson(lesson(tmp_path / "b", DO.replace("Move ρ", "Geh mit ρ")))
    other = load_lesson(lesson(tmp_path / "c", DO.replace("above = 1.0", "above = 1.1")))
    assert differences(ours, words) == []
    assert [p.what for p in differences(ours, other)] == ["the blocks of this step are not its original's"]


def test_the_authors_guide_names_every_fact() -> None:
    guide = (Path(__file__).parents[2] / "lessons" / "README.md").read_text(encoding="utf-8")
    part = guide[guide.index("### `do`") : guide.index("### `math`")]
    rows = [line for line in part.split("\n") if line.startswith("| `")]
    for name, kind in FIGURES.items():
        named = "".join(row for row in rows if row.startswith(f'| `"{name}"` |'))
        assert all(f"`{fact}`" in named for fact in kind.facts), name
