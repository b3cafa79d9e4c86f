"""That no step asks for more reading than its screen has room for: before its answer, and after it."""

from __future__ import annotations

import pytest

from tutor.course.lesson import Prediction, QuestionBlock
from tutor.course.outline import lessons_dir, read_outlines
from tutor.ui.widgets.activity import Activity

from .test_lessons import answer

LESSONS = [outline.id for outline in read_outlines(lessons_dir())[0]]
SCREENS = {(120, 36): 1.0, (80, 24): 2.0}
"""How many screens of words a step may have, by the size of the window."""


def height_of(screen) -> int:  # type: ignore[no-untyped-def]
    """Rows that the words take."""
    words = screen.query_one("#words")
    return sum(child.outer_size.height + child.styles.margin.top for child in words.children)


@pytest.mark.parametrize("size", SCREENS, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("lesson", LESSONS)
async def test_words_fit(desk, lesson: str, size: tuple[int, int]) -> None:
    # Rows that a whole window gives to words: all but the title, the rule, the key line and the air.
    room = (size[1] - 4) * SCREENS[size]
    too_long = []
    async with desk("lesson", lesson, size=size) as d:
        for index in range(len(d.lesson.lesson.steps)):
            screen = d.lesson
            before = height_of(screen)
            if isinstance(screen.step.asked, Prediction | QuestionBlock):
                await answer(d, right=False)
            elif screen.query(Activity):
                await d.press("enter")
            after = height_of(screen)
            if max(before, after) > room:
                too_long.append((index + 1, screen.step.title, before, after, room))
            await d.press("enter")
    assert not too_long, "steps with more words than fit (step, title, rows before, rows after, room)"
