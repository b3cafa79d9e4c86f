"""What is the same however often it is computed for a lab: computed when it is first asked for, and kept in it."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TypeVar

from tutor.course.lab import Lab

_Kept = TypeVar("_Kept")


def once(lab: Lab, key: Hashable, compute: Callable[[], _Kept]) -> _Kept:
    """What `compute` returned when this was first asked of this lab.

    Args:
        lab: what it is true of.
        key: what is asked: all that decides the answer beside the lab, and who asks.
        compute: the answer.
    """
    if key not in lab.known:
        lab.known[key] = compute()
    found: _Kept = lab.known[key]
    return found
