"""A whole lesson: what the loader makes of each block."""

import re
from pathlib import Path

import msgspec
import pytest

from tutor.course.figures import FIGURES
from tutor.course.figures.state import State
from tutor.course.lesson import (
    Course,
    Figure,
    Math,
    Prediction,
    Prose,
    QuestionBlock,
    Recite,
    filled,
    names_in,
)
from tutor.course.load import LessonError, load_course, load_lesson
from tutor.course.outline import lessons_dir, read_outline
from tutor.course.probes import PROBES, Likeliest, models_of

from .sample import LESSON, line_of, write


def test_a_whole_lesson(lesson_path: Path) -> None:
    lesson = load_lesson(lesson_path)
    assert (lesson.id, lesson.title, lesson.number, lesson.part) == ("a-lesson", "A lesson", 1, "First things")
    assert [step.title for step in lesson.steps] == ["What it is", "A number", "A choice", "By heart"]
    assert set(lesson.models) == {"plain", "keeper", "reader"}
    assert list(lesson.values) == ["guess", "next"]
    first = lesson.steps[0]
    assert [type(block) for block in first.blocks] == [Prose, Math, Prediction, Figure, Prose]
    prose, equation, prediction, figure, after = first.blocks
    assert isinstance(prose, Prose)
    assert prose.text == "Some *words* with a value, {guess:.1f}, and `0.5` as code."
    assert prose.line == line_of(LESSON, "Some *words*")
    assert isinstance(equation, Math)
    assert equation.text == "h_t = tanh(0.5 x_t)"
    assert isinstance(prediction, Prediction)
    assert (prediction.key, prediction.line) == ("1.3", line_of(LESSON, "```predict"))
    assert isinstance(figure, Figure)
    assert figure.options == State(model="plain")
    assert after == Prose("After the figure.", line_of(LESSON, "After the figure"))
    assert first.figure is figure
    assert first.asked is prediction
    assert isinstance(lesson.steps[3].asked, Recite)
    assert lesson.steps[3].asked.texts == ("abc", "cba")
    assert lesson.steps[3].asked.key == "4.1"


def test_a_list_is_kept_as_it_is_written(lesson_path: Path) -> None:
    block = load_lesson(lesson_path).steps[1].blocks[0]
    assert isinstance(block, Prose)
    assert block.text == "- one\n- two"


def test_tokens_become_options(lesson_path: Path) -> None:
    asked = load_lesson(lesson_path).steps[0].asked
    assert isinstance(asked, Prediction)
    assert [(o.key, o.text) for o in asked.options] == [("1", "1 never"), ("2", "2 too"), ("3", "3 late")]


def test_tokens_of_another_text(tmp_path: Path) -> None:
    text = LESSON.replace('options = "tokens"', 'options = "tokens"\nmodel = "plain"\ntext = "a b"')
    asked = load_lesson(write(tmp_path / "lessons", text)).steps[0].asked
    assert isinstance(asked, Prediction)
    assert [o.text for o in asked.options] == ["1 a", "2 b"]


def test_a_question_has_an_instance_for_each_combination(lesson_path: Path) -> None:
    block = load_lesson(lesson_path).steps[2].asked
    assert isinstance(block, QuestionBlock)
    assert [q.ask for q in block.instances] == [
        "What comes after sun?",
        "What comes after sun?",
        "What comes after moon?",
        "What comes after moon?",
    ]
    first = block.instances[0]
    assert isinstance(first.answer, Likeliest)
    assert first.answer.text == "the sun"
    assert first.options[0].says == "It follows sun each time."
    assert block.instance(6) is block.instances[2]
    assert first.key == block.key == "3.1"


def test_varied_numbers_stay_numbers_in_a_probe(tmp_path: Path) -> None:
    old = LESSON.partition("```question\n")[2].partition("```")[0]
    new = """ask = "w is {w:.1f}, {n} times. {{so}}"
vary = { w = [0.5, 2], n = [3] }
answer = { probe = "product", factors = ["{w}", { probe = "power", base = "{w}", exponent = "{n}" }] }
low = 0
high = 100
start = "{n}"
factor = 2
because = "It is {value:.3f}, from {w} and `{w}`, {{really}}."
"""
    block = load_lesson(write(tmp_path / "lessons", LESSON.replace(old, new))).steps[2].asked
    assert isinstance(block, QuestionBlock)
    first, second = block.instances
    assert filled(first.ask, {}) == "w is 0.5, 3 times. {so}"
    assert first.start == 3
    assert filled(first.because, {"value": 0.0625}) == "It is 0.062, from 0.5 and `{w}`, {really}."
    assert [q.answer.measure(None).number for q in (first, second)] == [0.0625, 16.0]  # type: ignore[arg-type]


def test_one_broken_instance_is_told_once(tmp_path: Path) -> None:
    text = LESSON.replace('model = "reader", text = "the {p}"', 'model = "{p}"')
    with pytest.raises(LessonError) as caught:
        load_lesson(write(tmp_path / "lessons", text))
    assert [p.what for p in caught.value.problems] == ["no model is called `sun`", "no model is called `moon`"]


def test_an_outline_opens_like_its_path(lesson_path: Path) -> None:
    outline, problems = read_outline(lesson_path, "First things")
    assert outline is not None
    assert problems == ()
    assert load_lesson(outline) == load_lesson(lesson_path)


def test_a_course_leaves_a_broken_lesson_out(tmp_path: Path) -> None:
    path = write(tmp_path / "lessons", LESSON.replace("low = 0", "low = 20"))
    course = load_course(tmp_path / "lessons")
    assert [lesson.id for lesson in course.lessons] == ["another"]
    assert [(p.path, p.line) for p in course.problems] == [(path, line_of(LESSON, "low = 0"))]


def test_a_lesson_by_id_or_number(course_folder: Path) -> None:
    course = load_course(course_folder)
    assert isinstance(course, Course)
    assert course.title == "A small course"
    for said in ("another", "2", "02", " 2 "):
        found = course.lesson(said)
        assert found is not None
        assert found.id == "another"
    for said in ("", "3", "²", "anothe", "-1"):
        assert course.lesson(said) is None


def test_about_is_an_earlier_lesson(tmp_path: Path) -> None:
    text = LESSON.replace('vary = { p = ["sun"', 'about = "another"\nvary = { p = ["sun"')
    write(tmp_path / "lessons", text)
    (problem,) = load_course(tmp_path / "lessons").problems
    assert problem.what == "about `another`, which is no earlier lesson"


def test_the_lessons_of_the_course_load() -> None:
    course = load_course(lessons_dir())
    assert course.problems == ()
    assert course.lessons


def test_names_and_values() -> None:
    assert names_in("{a:.2f} of {b} `{c}` ``{d} ` `` {{e}}") == ("a", "b")
    assert filled("{a:.1f} {b} `{a}` {{x}}", {"a": 0.25}) == "0.2 … `{a}` {x}"
    for broken in ("{", "}", "{}", "{0}", "{a b}"):
        with pytest.raises(ValueError):  # noqa: PT011 - the words are Python's
            names_in(broken)


FIGURE_NAMES = (
    *("attribution", "bars", "compare", "embedding", "gates", "gradient", "jacobian", "landscape", "next"),
    *("picture", "race", "receptive-field", "series", "state", "tags", "timing", "training", "unrolled", "why"),
)


def test_registries_are_named_as_lessons_name_them() -> None:
    assert set(FIGURES) == set(FIGURE_NAMES)
    assert {"value", "argmax", "likeliest", "compare", "oneof"} <= set(PROBES)
    assert all(kind.__doc__ for kind in PROBES.values())
    assert models_of(Likeliest(model="a")) == ("a",)


def test_the_authors_guide_shows_a_lesson_that_loads(course_folder: Path) -> None:
    guide = (Path(__file__).parents[2] / "lessons" / "README.md").read_text(encoding="utf-8")
    text = guide.partition("````markdown\n")[2].partition("````\n")[0]
    path = course_folder / "01-first" / "03-guide.md"
    path.write_text(text.replace("data/never-too-late.txt", "data/days.txt"), encoding="utf-8")
    assert len(load_lesson(path).steps) == 1


def test_the_authors_guide_names_every_figure_and_all_its_keys() -> None:
    guide = (lessons_dir() / "README.md").read_text(encoding="utf-8")
    part = guide[guide.index("### `figure`") : guide.index("### `recite`")]
    rows = dict(re.findall(r'^\| `"([\w-]+)"` \| (.*) \|$', part, re.MULTILINE))
    assert set(rows) == set(FIGURES)
    for name, kind in FIGURES.items():
        keys = {field.encode_name for field in msgspec.structs.fields(kind)}
        assert keys <= set(re.findall(r"`(\w+)`", rows[name])), name
