"""Every refusal of the loader: the exact line, what is wrong, and how to mend it."""

# ruff: noqa: E501 - a message is compared whole, and reads best in one piece

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tutor.course.figures import FIGURES
from tutor.course.load import LessonError, load_lesson

from .sample import LESSON, line_of, write

PREDICT = 'ask = "At which word does it move most?"'
TOKENS = 'options = "tokens"\n'
STATE = 'show = "state"\nmodel = "plain"\n'
NUMBER = "low = 0\nhigh = 10\ntolerance = 0.1\n"
NO_PROBE = "a number that no probe recomputes; put it in [values] and write {name}"

CASES = [
    # (what is replaced, by what, words on the line complained of, the message)
    (
        "structure",
        "## What it is\n",
        "",
        "Some *words*",
        "words before the first step; begin the step with ## and its title",
    ),
    ("structure", "## A number", "##", "##\n", "a step without a title; write a few words after ##"),
    (
        "structure",
        "## A number",
        "### A number",
        "### A number",
        "a heading that is no step; write ## for a step, and no other headings",
    ),
    (
        "structure",
        "After the figure.",
        "After\n-----",
        "After",
        "a heading that is no step; write ## for a step, and no other headings",
    ),
    ("structure", "After the figure.", "<b>bold</b>", "<b>", "HTML; write it in Markdown"),
    ("structure", "After the figure.", "<div>\n</div>", "<div>", "HTML; write it in Markdown"),
    (
        "structure",
        "After the figure.",
        "[a](b)",
        "[a](b)",
        "a link; say it in words; `backticks` keep brackets as they are",
    ),
    ("structure", "After the figure.", "![a](b)", "![a](b)", "an image; show a figure that is computed"),
    (
        "structure",
        "After the figure.",
        "```python\nprint()\n```",
        "```python",
        "a block called `python`; write one of `math`, `predict`, `question`, `figure`, `recite`, `game`, `define`, `do`, `add`",
    ),
    ("structure", "After the figure.", "```figur\n```", "```figur\n", "a block called `figur`; did you mean `figure`?"),
    (
        "structure",
        "After the figure.",
        "```\nx\n```",
        "",
        "a block without a name; write one of `math`, `predict`, `question`, `figure`, `recite`, `game`, `define`, `do`, `add`",
    ),
    (
        "structure",
        "After the figure.",
        "- ```math\n  x\n  ```",
        "- ```math",
        "a math block inside a list; put it at the margin",
    ),
    (
        "structure",
        "After the figure.",
        "word\n" * 41,
        "## What it is",
        "a step of 43 lines of words; keep to 40: one idea a step",
    ),
    (
        "structure",
        "After the figure.",
        "```figure\n" + STATE + "```",
        "",
        "a second figure in this step; begin a new step for it",
    ),
    (
        "structure",
        "After the figure.",
        "a\x1b[31mb",
        "\x1b",
        "a control character; delete it: a terminal would obey it",
    ),
    (
        "structure",
        '```recite\nask = "Say it."\ntexts = ["abc", "cba"]\nlabels = ["forwards", "backwards"]\n```\n',
        "",
        "## By heart",
        "a step with nothing in it; write it, or take its title away",
    ),
    ("front", 'title = "A lesson"\n', "", "+++", 'no `title`; write title = "…"'),
    (
        "front",
        'goal = "See it work."',
        "goal = 3",
        "goal = 3",
        '`goal` is not a text in quotes; write goal = "what a learner can do afterwards"',
    ),
    (
        "front",
        "minutes = 3",
        'minutes = "3"',
        'minutes = "3"',
        "`minutes` is not a whole number above 0; write minutes = 6",
    ),
    ("front", "minutes = 3", "minutes = 0", "minutes = 0", "`minutes` is 0; write minutes = 6"),
    ("front", "minutes = 3", "needs = 3", "needs = 3", '`needs` is not a list of lessons; write needs = ["lesson-id"]'),
    (
        "front",
        "minutes = 3",
        'mintes = "3"',
        "mintes",
        "unknown key `mintes` in the front matter; did you mean `minutes`?",
    ),
    (
        "front",
        "minutes = 3",
        "minutes = ",
        "minutes = ",
        "invalid value; mend the TOML; strings stand in double quotes, and a list ends in ]",
    ),
    ("models", 'cell = "lstm"', 'cell = "lstn"', "lstn", '`cell` is "lstn"; did you mean `lstm`?'),
    (
        "models",
        'cell = "lstm"',
        'sell = "lstm"',
        "sell",
        "unknown key `sell` in the front matter; did you mean `cell`?",
    ),
    ("models", "hidden = 8", "hidden = 8.5", "hidden = 8.5", "`hidden` is 8.5; write a whole number"),
    ("models", "hidden = 8", "hidden = 1000", "hidden = 1000", "`hidden` is 1000; write a number from 1 to 512"),
    ("models", "seed = 3", "seed = -1", "seed = -1", "`seed` is -1; write a number from 0 to 2.14748e+09"),
    (
        "models",
        'corpus = "data/days.txt"\n',
        "",
        'task = "next-word"',
        'the task "next-word" has nothing to learn from; write corpus = "data/….txt"',
    ),
    (
        "models",
        "steps = 30",
        "bidirectional = true",
        "bidirectional",
        'a bidirectional network has read the next token before it is to guess it; drop `bidirectional`, or write task = "untrained"',
    ),
    (
        "values",
        'probe = "uniform_bits", of = 8 }\nnext',
        'probe = "uniform_bit", of = 8 }\nnext',
        "guess =",
        'unknown probe "uniform_bit"; did you mean `uniform_bits`?',
    ),
    (
        "values",
        'probe = "uniform_bits", of = 8 }\nnext',
        'probe = "uniform_bits", off = 8 }\nnext',
        "guess =",
        'unknown key `off` in probe = "uniform_bits"; did you mean `of`?',
    ),
    (
        "values",
        'probe = "uniform_bits", of = 8 }\nnext',
        'probe = "uniform_bits" }\nnext',
        "guess =",
        'no `of` in probe = "uniform_bits"; write of = a whole number',
    ),
    (
        "values",
        'probe = "uniform_bits", of = 8 }\nnext',
        'probe = "uniform_bits", of = true }\nnext',
        "guess =",
        "`of` is true; write a whole number",
    ),
    (
        "values",
        'model = "reader" }\n',
        'model = "raeder" }\n',
        "next =",
        "no model is called `raeder`; did you mean `reader`?",
    ),
    (
        "values",
        'model = "reader" }\n',
        'model = "plain" }\n',
        "next =",
        'the probe `likeliest` asks what comes next, and the model `plain` is untrained; give [models.plain] a `task` ("next-word" or "next-character") and a `corpus`',
    ),
    (
        "values",
        "guess = {",
        "value = {",
        "value =",
        "a value cannot be called `value`; choose a word of letters, digits and _, other than value, amount and answer",
    ),
    (
        "claims",
        "margin = 0.4",
        "margine = 0.4",
        "margine",
        "unknown key `margine` in the front matter; did you mean `margin`?",
    ),
    (
        "claims",
        'left = { probe = "power", base = 2, exponent = -1 }',
        "left = 3",
        "left = 3",
        '`left` is 3; write { probe = "…" }',
    ),
    (
        "predict",
        TOKENS,
        "",
        PREDICT,
        "neither options nor a whole number question; write options, or low, high and one of tolerance and factor",
    ),
    (
        "predict",
        TOKENS,
        TOKENS + "low = 0\n",
        TOKENS,
        "both options and a number are asked for; drop the options, or low, high, start, tolerance and factor",
    ),
    (
        "predict",
        TOKENS,
        'options = [{ key = "1", text = "a", says = "b" }]\n',
        'options = [{ key = "1"',
        "1 option; write at least two",
    ),
    (
        "predict",
        TOKENS,
        'options = "token"\n',
        "options =",
        '`options` is "token"; write "tokens", or a list of a table { … }',
    ),
    (
        "predict",
        TOKENS,
        TOKENS + "vary = { a = [1] }\n",
        "vary =",
        "a prediction does not vary; drop `vary`, or make it a question",
    ),
    (
        "predict",
        'model = "plain" }\nbecause',
        'model = "plan" }\nbecause',
        "answer =",
        "no model is called `plan`; did you mean `plain`?",
    ),
    (
        "predict",
        'of = "change"',
        'of = "f"',
        "answer =",
        "the rnn of the model `plain` has no `f`; write one of change, h",
    ),
    (
        "predict",
        "moves by {value:.2f}",
        "moves by {vale:.2f}",
        'because = "It',
        "no value is called `vale`; did you mean `value`?",
    ),
    (
        "predict",
        "moves by {value:.2f}",
        "moves by {",
        'because = "It',
        "a brace that is no name (expected '}' before end of string); write {{ and }} for braces, {name} for a value",
    ),
    ("predict", "Three halvings.", "Half: 0.5.", "Half: 0.5", "`0.5`: " + NO_PROBE),
    (
        "predict",
        NUMBER,
        "low = 0\nhigh = 10\n",
        'ask = "How many bits?"',
        "neither options nor a whole number question; write options, or low, high and one of tolerance and factor",
    ),
    ("predict", "low = 0", "low = 10", "low = 10", "low (10) is not below high (10); swap or widen them"),
    ("predict", "low = 0", 'scale = "log"\nlow = 0', "low = 0", "a log scale cannot begin at 0; write a low above 0"),
    ("predict", "low = 0", "start = 11\nlow = 0", "start =", "start lies outside low … high; move it within"),
    ("predict", "tolerance = 0.1", "tolerance = -1", "tolerance = -1", "a tolerance below 0; write 0 or more"),
    (
        "predict",
        "tolerance = 0.1",
        "factor = 0.5",
        "factor = 0.5",
        "a factor below 1; write 1 or more: 10 means within a factor of ten",
    ),
    (
        "predict",
        "tolerance = 0.1",
        "tolerence = 0.1",
        "tolerence",
        "unknown key `tolerence` in a predict block; did you mean `tolerance`?",
    ),
    (
        "predict",
        "tolerance = 0.1",
        'model = "plain"\ntolerance = 0.1',
        "",
        '`model` is for options = "tokens"; drop it, or add the options',
    ),
    (
        "predict",
        'answer = { probe = "uniform_bits", of = 8 }\nlow',
        'answer = { probe = "likeliest", model = "reader" }\nlow',
        'answer = { probe = "likeliest", model = "reader" }',
        "the probe `likeliest` answers with a word; write the options",
    ),
    (
        "question",
        "It follows {p} each time.",
        "",
        "",
        'the option `is` says nothing to those who choose it; write says = "…": what the belief behind it would imply',
    ),
    ("question", "It begins a line.", "In 50 % of lines.", "In 50 %", "`50 %`: " + NO_PROBE),
    (
        "question",
        'key = "the"',
        'key = "is"',
        'text = "the"',
        "the option key `is` stands twice; give each option its own key",
    ),
    ("question", 'text = "the", ', "", 'key = "the"', "no `text` in a question block; write text = a text in quotes"),
    (
        "question",
        "What comes after {p}?",
        "What comes after {q}?",
        "after {q}",
        "no value is called `q`; write one of `guess`, `n`, `next`, `p`",
    ),
    (
        "question",
        'vary = { p = ["sun", "moon"], n = [2, 4] }',
        "vary = { p = 3 }",
        "vary =",
        "`vary` is not a table of lists; write vary = { name = [1, 2, 3] }, at least one entry for each name",
    ),
    (
        "question",
        "n = [2, 4]",
        "n = [[2], 4]",
        "vary =",
        "`vary` holds an entry that is neither number nor text; write vary = { name = [1, 2, 3] }, at least one entry for each name",
    ),
    (
        "question",
        "n = [2, 4]",
        "guess = [2, 4]",
        "vary =",
        "`vary` cannot use the name `guess`; choose a word that no value has",
    ),
    (
        "question",
        "n = [2, 4]",
        f"n = {list(range(101))}",
        "vary =",
        "`vary` makes 202 questions; keep to 200: shorten the lists",
    ),
    ("figure", 'show = "state"', 'show = "stat"', "stat", "no figure is called `stat`; did you mean `state`?"),
    (
        "figure",
        'show = "state"\n',
        "",
        "",
        "a figure without `show`; write one of " + ", ".join(f"`{name}`" for name in FIGURES),
    ),
    ("figure", STATE, STATE + "nex = 2\n", "nex = 2", 'unknown key `nex` in show = "state"; did you mean `next`?'),
    (
        "figure",
        STATE,
        STATE + "next = 2\n",
        'show = "state"',
        "the model `plain` is untrained, and expects no next token; drop `next`, or train it",
    ),
    (
        "figure",
        STATE,
        STATE.replace("plain", "plane"),
        'model = "plane"',
        "no model is called `plane`; did you mean `plain`?",
    ),
    (
        "figure",
        'show = "training"\nmodel = "reader"',
        'show = "training"\nmodel = "plain"',
        'show = "training"',
        "the model `plain` is untrained; give [models.plain] a `task` and a `corpus`",
    ),
    (
        "figure",
        STATE,
        'show = "gradient"\ncells = ["gru"]\n',
        'show = "gradient"',
        '`activation = "identity"` does not apply to the gru; write activation = "tanh"',
    ),
    (
        "figure",
        STATE,
        'show = "bars"\nof = []\n',
        'show = "bars"',
        'no bars; write of = [{ label = "…", value = { probe = "…" } }]',
    ),
    (
        "recite",
        'labels = ["forwards", "backwards"]',
        'labels = ["forwards"]',
        "labels =",
        "1 labels for 2 texts; write one label for each text",
    ),
    (
        "recite",
        'texts = ["abc", "cba"]',
        "texts = []",
        "labels =",
        "2 labels for 0 texts; write one label for each text",
    ),
    (
        "recite",
        'texts = ["abc", "cba"]',
        'texts = [3, "cba"]',
        "texts =",
        "entry 1 of `texts` is 3; write a text in quotes",
    ),
    ("prose", "After the figure.", "About 0.5 of it.", "About 0.5", "`0.5`: " + NO_PROBE),
    ("prose", "After the figure.", "One line,\nthen .25 of it.", "then .25", "`.25`: " + NO_PROBE),
    ("prose", "After the figure.", "About 50% of it.", "About 50%", "`50%`: " + NO_PROBE),
    ("prose", "After the figure.", "About 1e-5 of it.", "About 1e-5", "`1e-5`: " + NO_PROBE),
    ("prose", "After the figure.", "About 10⁻⁵ of it.", "About 10", "`10⁻⁵`: " + NO_PROBE),
    (
        "prose",
        "After the figure.",
        "About {gues:.1f}.",
        "About {gues",
        "no value is called `gues`; did you mean `guess`?",
    ),
    (
        "prose",
        "After the figure.",
        "An open { brace.",
        "An open",
        "a brace that is no name (expected '}' before end of string); write {{ and }} for braces, {name} for a value",
    ),
]


@pytest.mark.parametrize(("old", "new", "there", "message"), [case[1:] for case in CASES])
def test_a_broken_lesson_is_refused_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str, there: str, message: str
) -> None:
    assert old in LESSON
    text = LESSON.replace(old, new, 1)
    path = write(tmp_path / "lessons", text)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(LessonError) as caught:
        load_lesson(path)
    said = [str(problem) for problem in caught.value.problems]
    words = there.strip().split("\n")[0]
    if words:
        assert f"lessons/01-first/01-a-lesson.md:{line_of(text, words)}: {message}" in said
    else:
        assert message in [one.split(": ", 1)[1] for one in said]


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    text = LESSON.replace('cell = "lstm"', 'cell = "x"').replace("low = 0", "low = 20")
    text = text.replace("After the figure.", "About 0.5.")
    with pytest.raises(LessonError) as caught:
        load_lesson(write(tmp_path / "lessons", text))
    lines = [problem.line for problem in caught.value.problems]
    assert len(lines) == 3
    assert lines == sorted(lines)


def test_a_figure_needs_a_prediction_before_it(tmp_path: Path) -> None:
    head, _, rest = LESSON.partition("```predict")
    text = head + rest.partition("```\n")[2]
    with pytest.raises(LessonError) as caught:
        load_lesson(write(tmp_path / "lessons", text))
    (problem,) = caught.value.problems
    assert (problem.line, problem.what) == (
        line_of(text, "```figure"),
        "a figure without a prediction before it",
    )
    assert problem.mend == "put a predict block before it: nothing is shown before a commitment"


@pytest.mark.parametrize("kind", ["question", "recite"])
def test_a_step_asks_once(tmp_path: Path, kind: str) -> None:
    block = "```" + kind + LESSON.partition("```" + kind)[2].partition("```\n")[0] + "```\n"
    text = LESSON.replace("After the figure.\n", block)
    with pytest.raises(LessonError) as caught:
        load_lesson(write(tmp_path / "lessons", text))
    (problem,) = caught.value.problems
    assert problem.what == f"a {kind} block beside a predict block in one step"
    assert problem.line == line_of(text, "```" + kind)


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("", 1, "no front matter"),
        ("# Hello", 1, "no front matter"),
        ('+++\ntitle = "x"', 1, "the front matter does not end"),
        ('+++\ntitle = "x"\ngoal = "y"\n+++\n', 5, "no steps"),
        ('+++\ntitle = "x"\ngoal = "y"\n+++\n\nWords.\n', 6, "words before the first step"),
        ('+++\ntitle = "x\\u001b"\ngoal = "y"\n+++\n', 2, "a control character"),
        ('+++\ntitle = "x\\ny"\ngoal = "y"\n+++\n## A\nb\n', 2, "`title` has more than one line"),
    ],
)
def test_what_is_no_lesson(tmp_path: Path, text: str, line: int, what: str) -> None:
    path = tmp_path / "x.md"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(LessonError) as caught:
        load_lesson(path)
    assert (caught.value.problems[0].line, caught.value.problems[0].what) == (line, what)


def test_toml_that_is_none_has_its_line(tmp_path: Path) -> None:
    path = tmp_path / "x.md"
    path.write_text('+++\ntitle = "x"\ngoal = [1,\n+++\n')
    with pytest.raises(LessonError) as caught:
        load_lesson(path)
    assert caught.value.problems[0].line == 3
    path.write_text(LESSON.replace("low = 0", "low = = 0"))
    with pytest.raises(LessonError) as caught:
        load_lesson(path)
    assert line_of(LESSON, "low = 0") in [problem.line for problem in caught.value.problems]


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "x.md"
    path.write_bytes(b"+++\n\n\xff")
    with pytest.raises(LessonError) as caught:
        load_lesson(path)
    assert str(caught.value.problems[0]) == f"{path}:3: a byte that is not UTF-8; save the file as UTF-8"


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(LessonError, match="cannot be read"):
        load_lesson(tmp_path / "no.md")


@pytest.mark.parametrize(
    ("corpus", "content", "found"),
    [
        ("data/days.txt", None, "days.txt: got nothing there, expected a text file"),
        ("data", b"", "data: got something else, expected a text file"),
        ("data/days.txt", b"the sun\n\xff\n", "days.txt:2: got the byte 0xff, expected UTF-8 text"),
        (
            "data/days.txt",
            b"# nothing\n\n",
            "days.txt: got no line, expected at least one that is neither blank nor a comment",
        ),
        ("data/days.txt", b"a" * 4_000_001, "days.txt: got 4000001 bytes, expected at most 4000000"),
        ("../../x.txt", b"", "../../x.txt: got a path that does not stay in {folder}, expected one that does"),
    ],
    ids=["missing", "a folder", "no text", "empty", "large", "outside"],
)
def test_a_corpus_that_cannot_be_read(tmp_path: Path, corpus: str, content: bytes | None, found: str) -> None:
    text = LESSON.replace("data/days.txt", corpus)
    path = write(tmp_path / "lessons", text)
    days = tmp_path / "lessons" / "data" / "days.txt"
    if content is None:
        days.unlink()
    else:
        days.write_bytes(content)
    with pytest.raises(LessonError) as caught:
        load_lesson(path)
    (problem,) = caught.value.problems
    assert problem.line == line_of(text, "corpus =")
    assert problem.what == f"the corpus `{corpus}` cannot be read ({found.format(folder=tmp_path / 'lessons')})"
    assert problem.mend == "write the path of a text file from the lessons' folder, as data/alphabet.txt"


def test_a_control_character_by_escape_in_a_block(tmp_path: Path) -> None:
    text = LESSON.replace('ask = "Say it."', 'ask = "Say \\u001b it."')
    with pytest.raises(LessonError) as caught:
        load_lesson(write(tmp_path / "lessons", text))
    assert [(p.line, p.what) for p in caught.value.problems] == [(line_of(text, "u001b"), "a control character")]


def test_braces_in_a_varied_question(tmp_path: Path) -> None:
    text = LESSON.replace("It begins a line.", "It {").replace("after {p}?", "after {p:d}?")
    with pytest.raises(LessonError) as caught:
        load_lesson(write(tmp_path / "lessons", text))
    first, second = caught.value.problems
    assert (first.line, second.line) == (line_of(text, "{p:d}"), line_of(text, "It {"))
    assert first.what.startswith("braces that cannot be filled in (`{p:d}` does not fit 'sun'")
    assert second.mend == "write {{ and }} for braces, {name} or {name:.2f} for a value"


@pytest.mark.parametrize("number", ["inf", "-inf", "nan", "1" + "0" * 30])
def test_no_number_without_end(tmp_path: Path, number: str) -> None:
    text = LESSON.replace("low = 0", f"low = {number}")
    with pytest.raises(LessonError) as caught:
        load_lesson(write(tmp_path / "lessons", text))
    assert [p.line for p in caught.value.problems] == [line_of(text, "low =")]


SCRAPS = [
    "3",
    '"x"',
    "[]",
    "{}",
    "{ a = 1 }",
    '"{w}"',
    "{",
    "}",
    "```",
    "## ",
    "[[1]]",
    "\n",
    "> ",
    "- ",
    "\\",
    "nan",
    "\t",
]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cuts=st.lists(
        st.tuples(st.integers(0, len(LESSON)), st.integers(0, 30), st.sampled_from(SCRAPS)), min_size=1, max_size=3
    )
)
def test_whatever_is_in_a_file_is_a_lesson_or_problems_with_lines(
    lesson_path: Path, cuts: list[tuple[int, int, str]]
) -> None:
    text = LESSON
    for at, length, scrap in cuts:
        text = text[:at] + scrap + text[at + length :]
    lesson_path.write_text(text, encoding="utf-8")
    try:
        load_lesson(lesson_path)
    except LessonError as error:
        problems = error.problems
        assert problems
        assert all(1 <= p.line <= text.count("\n") + 1 for p in problems)
        assert all("\n" not in str(p) for p in problems)
