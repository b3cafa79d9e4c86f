"""Which widget a learner does what in: the block's kind decides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tutor.course.lesson import Doing, Recite
from tutor.ui.widgets.activity import Activity
from tutor.ui.widgets.recite import ReciteActivity

ACTIVITIES: dict[type[Any], Callable[[Any, Callable[[], float]], Activity]] = {
    Recite: ReciteActivity,
}


def activity_of(block: Doing, clock: Callable[[], float]) -> Activity:
    """The widget for a block.

    Args:
        block: what is to be done.
        clock: seconds that pass.
    """
    return ACTIVITIES[type(block)](block, clock)
