"""Which widget a learner does what in: the block's kind decides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tutor.course.games.game import Game
from tutor.course.lesson import Add, Define, Do, Doing, Recite
from tutor.ui.widgets.act import DoActivity
from tutor.ui.widgets.activity import Activity, Given
from tutor.ui.widgets.add import AddActivity
from tutor.ui.widgets.define import DefineActivity
from tutor.ui.widgets.games.activity import GameActivity
from tutor.ui.widgets.recite import ReciteActivity

ACTIVITIES: dict[type[Any], Callable[[Any, Callable[[], float]], Activity]] = {
    Recite: ReciteActivity,
    Define: DefineActivity,
    Do: DoActivity,
    Add: AddActivity,
    Game: GameActivity,
}


def activity_of(block: Doing, clock: Callable[[], float], given: Given) -> Activity:
    """The widget for a block.

    Args:
        block: what is to be done.
        clock: seconds that pass.
        given: what it may look up.
    """
    activity = ACTIVITIES[type(block)](block, clock)
    activity.given = given
    return activity
