"""The course at a glance: order, ids, translations, what is wrong, and what it does not import."""

import subprocess
import sys
from pathlib import Path

import pytest

import tutor
from tutor.course.outline import (
    Problem,
    count_steps,
    front_matter,
    lessons_dir,
    name_of,
    read_outlines,
)

from .sample import COURSE, LESSON, SECOND


def said(problems: tuple[Problem, ...]) -> list[str]:
    return [f"{p.path.name}:{p.line}: {p.what}; {p.mend}" for p in problems]


def test_a_course_in_order(course_folder: Path) -> None:
    outlines, problems = read_outlines(course_folder)
    assert problems == ()
    assert [(o.number, o.id, o.part, o.minutes, o.steps, o.needs) for o in outlines] == [
        (1, "a-lesson", "First things", 3, 4, ()),
        (2, "another", "Then", 6, 1, ("a-lesson",)),
    ]


def test_a_translation_is_read_when_it_is_asked_for(lesson_path: Path, course_folder: Path) -> None:
    translation = lesson_path.with_name("01-a-lesson.zh.md")
    translation.write_text(LESSON.replace("A lesson", "一课"), encoding="utf-8")
    for language, title in ((None, "A lesson"), ("zh", "一课"), ("zh_CN.UTF-8", "一课"), ("de", "A lesson")):
        outlines, problems = read_outlines(course_folder, language)
        assert problems == ()
        assert (outlines[0].id, outlines[0].title) == ("a-lesson", title)
        assert len(outlines) == 2


def test_a_broken_translation_does_not_lose_the_lesson(lesson_path: Path, course_folder: Path) -> None:
    lesson_path.with_name("01-a-lesson.zh.md").write_text("no", encoding="utf-8")
    outlines, problems = read_outlines(course_folder, "zh")
    assert outlines[0].title == "A lesson"
    assert said(problems) == [
        "01-a-lesson.zh.md:1: no front matter; begin the file with +++, its title and goal, and +++"
    ]


def test_files_that_are_no_lessons(course_folder: Path) -> None:
    part = course_folder / "01-first"
    (part / "README.md").write_text("x")
    (part / "notes.md").write_text("x")
    (part / "07-lone.zh.md").write_text(SECOND)
    outlines, problems = read_outlines(course_folder)
    assert len(outlines) == 2
    assert said(problems) == [
        "notes.md:1: a file name without number and id; call it like 03-the-recurrent-cell.md, "
        "or 03-the-recurrent-cell.zh.md for a translation",
        "07-lone.zh.md:1: a translation without its original; put the original beside it",
    ]


def test_an_id_or_a_number_twice(course_folder: Path) -> None:
    (course_folder / "02-then" / "03-a-lesson.md").write_text(SECOND.replace('needs = ["a-lesson"]\n', ""))
    (course_folder / "02-then" / "01-third.md").write_text(SECOND)
    outlines, problems = read_outlines(course_folder)
    assert [o.id for o in outlines] == ["a-lesson", "another"]
    assert said(problems) == [
        "01-third.md:1: the number 1 is taken by 01-a-lesson.md; rename one of the two files",
        "03-a-lesson.md:1: the id `a-lesson` is taken by 01-a-lesson.md; rename one of the two files",
    ]


def test_needs_that_are_not_there(course_folder: Path, lesson_path: Path) -> None:
    lesson_path.write_text(LESSON.replace("minutes = 3", 'minutes = 3\nneeds = ["another", "nothing"]'))
    second = course_folder / "02-then" / "02-another.md"
    second.write_text(SECOND.replace("a-lesson", "a-leson"))
    assert said(read_outlines(course_folder)[1]) == [
        "01-a-lesson.md:5: it needs `another`, which comes later; move one of the two, or drop the need",
        "01-a-lesson.md:5: it needs `nothing`, which is no lesson of this course; there is none to choose from",
        "02-another.md:4: it needs `a-leson`, which is no lesson of this course; did you mean `a-lesson`?",
    ]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "format = 1",
            "format = 2",
            "course.toml:1: the course has format 2, and this version reads 1; update rnn-tutor",
        ),
        ("format = 1", 'format = "x"', "course.toml:1: format 'x' is not known; write format = 1"),
        ("format = 1", "", "course.toml:1: no `format`; write format = 1"),
        ('title = "A small course"', "", 'course.toml:1: no `title`; write title = "…"'),
        ('title = "A small course"', 'titel = "x"', "course.toml:2: unknown key `titel`; did you mean `title`?"),
        (
            "02-then",
            "03-then",
            "course.toml:8: the part's folder `03-then` does not exist; make it, or correct the name",
        ),
        ('folder = "02-then"', "", "course.toml:8: a part without folder or title; write both under [[parts]]"),
    ],
)
def test_a_broken_course_file(course_folder: Path, old: str, new: str, message: str) -> None:
    (course_folder / "course.toml").write_text(COURSE.replace(old, new))
    assert message in said(read_outlines(course_folder)[1])


def test_no_course_at_all(tmp_path: Path) -> None:
    outlines, problems = read_outlines(tmp_path)
    assert outlines == ()
    assert [p.line for p in problems] == [1]
    (tmp_path / "course.toml").write_text('format = 1\ntitle = "x"\n')
    assert said(read_outlines(tmp_path)[1]) == ["course.toml:1: no parts; write [[parts]] with folder and title"]


def test_a_problem_reads_from_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert str(Problem(tmp_path / "a" / "b.md", 3, "it is so", "do this")) == "a/b.md:3: it is so; do this"
    assert str(Problem(Path("/elsewhere/b.md"), 3, "so", "do")) == "/elsewhere/b.md:3: so; do"
    assert str(Problem(Path("b.md"), 3, "so", "do")) == "b.md:3: so; do"


def test_front_matter() -> None:
    assert front_matter('+++\ntitle = "x"\n+++\nBody') == ({"title": "x"}, 4)


def test_names_of_files() -> None:
    assert name_of(Path("03-the-cell.md")) == (3, "the-cell", None)
    assert name_of(Path("03-the-cell.zh.md")) == (3, "the-cell", "zh")
    for other in ("the-cell.md", "03-.md", "03-The.md", "03-x.txt", "03-x.y.z.md"):
        assert name_of(Path(other)) is None


def test_steps_are_counted_outside_fences() -> None:
    assert count_steps("## a\n```\n## no\n```\n## b\n~~~~\n```\n## no\n~~~~\n### no\n##no") == 2


def test_where_the_lessons_are() -> None:
    """In a checkout beside the package, in an installed one inside it."""
    package = Path(tutor.__file__).resolve().parent
    assert lessons_dir() in (package / "lessons", package.parent / "lessons")
    assert (lessons_dir() / "course.toml").is_file()


def test_an_installed_package_has_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    package = tmp_path / "site" / "tutor"
    (package / "course").mkdir(parents=True)
    monkeypatch.setattr("tutor.course.outline.__file__", str(package / "course" / "outline.py"))
    assert lessons_dir() == tmp_path.resolve() / "site" / "lessons"
    (package / "lessons").mkdir()
    (package / "lessons" / "course.toml").write_text(COURSE)
    assert lessons_dir() == package.resolve() / "lessons"


def test_it_imports_neither_numpy_nor_a_parser() -> None:
    root = Path(tutor.__file__).resolve().parent.parent
    code = "import sys, tutor.course.outline; print(*sorted({m.split('.')[0] for m in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert not {"numpy", "markdown_it", "textual", "rich", "regex"} & set(done.stdout.split())
