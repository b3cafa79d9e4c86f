"""The validator: what only shows when everything is computed."""

# ruff: noqa: E501 - a message is compared whole, and reads best in one piece

from pathlib import Path

import pytest

from tutor.course.check import check

from .sample import LESSON, SECOND, line_of, write


def told(path: Path, seeds: int | None = None) -> list[str]:
    return [f"{p.line}: {p.what}; {p.mend}" for p in check([path], seeds)]


def changed(tmp_path: Path, *pairs: tuple[str, str]) -> tuple[Path, str]:
    text = LESSON
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new, 1)
    return write(tmp_path / "lessons", text), text


def test_a_sound_course(course_folder: Path, lesson_path: Path) -> None:
    said: list[str] = []
    assert check([course_folder, lesson_path], report=said.append) == ()
    assert said[:2] == ["a-lesson: training reader", "a-lesson: computing"]


def test_the_cache_is_used(course_folder: Path, tmp_path: Path) -> None:
    check([course_folder], cache=tmp_path / "cache")
    said: list[str] = []
    assert check([course_folder], report=said.append, cache=tmp_path / "cache") == ()
    assert said == ["a-lesson: computing", "another: computing"]


def test_side_by_side_lessons_are_found_the_same(course_folder: Path, lesson_path: Path) -> None:
    broken = LESSON.replace("of = 8 }\nnext", "of = -1 }\nnext", 1)
    assert broken != LESSON
    lesson_path.write_text(broken, encoding="utf-8")
    said: list[str] = []
    alone = check([course_folder])
    assert check([course_folder], report=said.append, processes=2) == alone
    assert len(alone) >= 1
    assert said == ["01-a-lesson: computed, 1 of 2", "02-another: computed, 2 of 2"]


def test_what_does_not_load_is_told(tmp_path: Path) -> None:
    path, text = changed(tmp_path, ("low = 0", "low = 20"))
    message = "low (20) is not below high (10); swap or widen them"
    assert told(path) == [f"{line_of(text, 'low = 20')}: {message}"]
    assert told(path.parent.parent) == told(path)


@pytest.mark.parametrize(
    ("old", "new", "there", "message"),
    [
        ("of = 8 }\nlow", "of = 4096 }\nlow", "of = 4096", "the answer is 12, outside 0 … 10; widen low and high"),
        (
            'key = "is"',
            'key = "was"',
            'text = "the {p}"',
            "the answer is `is`, and no option has that key (was, the); add the option, or correct the keys",
        ),
        (
            "by {value:.2f}.",
            "by {value:d}.",
            'because = "It',
            "a format does not fit its value (Unknown format code 'd' for object of type 'float'); write {name:.2f} for a number, and {name} for a word",
        ),
        (
            "a value, {guess:.1f}",
            "a value, {next:.1f}",
            "{next:.1f}",
            "a format does not fit its value (Unknown format code 'f' for object of type 'str'); write {name:.2f} for a number, and {name} for a word",
        ),
        (
            "margin = 0.4",
            "margin = 0.6",
            "[[claims]]",
            "the claim “Half is less than one.” does not hold; say what is so, or lower its margin",
        ),
        (
            "of = 8 }\nnext",
            "of = -1 }\nnext",
            "guess =",
            "the probe `uniform_bits` cannot be computed: `of` must be at least 1, got -1; mend its keys",
        ),
        (
            'of = "change", model',
            'of = "change", step = 2, model',
            "step = 2",
            "the probe `argmax` cannot be computed: `step` picks among the units of one step; say `units = true` with it; mend its keys",
        ),
        (
            'answer = { probe = "likeliest", model = "reader", text = "the {p}" }',
            'answer = { probe = "largest", among = { is = { probe = "power", base = 1, exponent = 1 }, the = { probe = "power", base = 1.01, exponent = 1 } } }',
            'probe = "largest"',
            "a near-tie: the runner-up is within 2 in a hundred (“What comes after sun?”); choose a clearer case, or give compare a tolerance",
        ),
    ],
)
def test_what_only_shows_when_computed(tmp_path: Path, old: str, new: str, there: str, message: str) -> None:
    path, text = changed(tmp_path, (old, new))
    said = told(path)
    assert said[0].startswith(f"{line_of(text, there)}: {message}")


def test_what_another_seed_turns(tmp_path: Path) -> None:
    old = 'left = { probe = "power", base = 2, exponent = -1 }\n'
    new = 'left = { probe = "value", of = "h", model = "plain", step = 1, unit = 1 }\n'
    right = 'right = { probe = "power", base = 2, exponent = 0 }\nmargin = 0.4'
    zero = 'right = { probe = "value", of = "h", model = "plain", step = 1, unit = 2 }'
    change = 'of = "change", model = "plain" }'
    path, text = changed(tmp_path, (old, new), (right, zero), (change, 'of = "h", model = "plain" }'))
    said = told(path, 8)
    answer = next(s for s in said if s.startswith(f"{line_of(text, 'answer =')}: the answer"))
    assert " of 8 seeds (“At which word does it move most?”); ask what every seed answers alike" in answer
    claim = next(s for s in said if s.startswith(f"{line_of(text, '[[claims]]')}: the claim"))
    assert claim.endswith(" of 8 seeds; say what is so, or lower its margin")


def test_a_sound_answer_over_seeds_says_which(course_folder: Path) -> None:
    said: list[str] = []
    check([course_folder], 2, said.append)
    assert said[:2] == ["a-lesson: training reader, seed 1 of 2", "a-lesson: computing, seed 1 of 2"]


def test_needs_are_looked_up_beside_a_lone_file(tmp_path: Path) -> None:
    path = tmp_path / "02-another.md"
    path.write_text(SECOND)
    assert told(path) == ["4: it needs `a-lesson`, which is no lesson of this course; there is none to choose from"]
    (tmp_path / "01-a-lesson.md").write_text('+++\ntitle = "x"\ngoal = "y"\n+++\n## A\nb\n')
    assert told(path) == []
    assert told(tmp_path) == []


def test_a_lone_file_needs_no_number(tmp_path: Path) -> None:
    path = tmp_path / "draft.md"
    path.write_text(SECOND.replace('needs = ["a-lesson"]\n', ""))
    assert told(path) == []


def test_an_empty_folder_is_no_course(tmp_path: Path) -> None:
    assert told(tmp_path) == ["1: it cannot be read (No such file or directory); check that the file is there"]


def test_a_translation_has_its_originals_blocks(lesson_path: Path, course_folder: Path) -> None:
    other = lesson_path.with_name("01-a-lesson.zh.md")
    other.write_text(LESSON.replace("After the figure.", "图后。"), encoding="utf-8")
    assert told(course_folder) == []
    mend = "take it over from 01-a-lesson.md; only words are translated"
    for old, new, line, what in (
        ("high = 10", "high = 11", line_of(LESSON, "## A number"), "the blocks of this step are not its original's"),
        ("seed = 3", "seed = 4", 1, "its [models] are not its original's"),
        ("of = 8 }\nnext", "of = 9 }\nnext", 1, "its [values] are not its original's"),
        ("margin = 0.4", "margin = 0.3", 1, "its [[claims]] are not its original's"),
        ("## By heart", "## By heart\n\nx\n\n## So", 1, "it has 5 steps, and its original 4"),
    ):
        other.write_text(LESSON.replace(old, new), encoding="utf-8")
        assert told(course_folder) == [f"{line}: {what}; {mend}"]
