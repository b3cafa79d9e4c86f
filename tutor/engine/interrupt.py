"""Work that can be broken off: what takes long looks up now and then, and ends where nobody waits for it any more.

Whoever starts the work asks for it, around it and in its own thread; what lies between need not know. A network that
is broken off on its way through a text leaves nothing half done, for a trace is handed over whole or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_over: ContextVar[Callable[[], bool] | None] = ContextVar("over", default=None)


class Interrupted(BaseException):
    """Nobody waits for this work any more. It is nothing that went wrong, so no `except Exception` takes it up."""


@contextmanager
def interruptible(over: Callable[[], bool] | None) -> Iterator[None]:
    """Whether work in here is over is asked now and then, in this thread alone.

    Args:
        over: answers at once. None is work that is never broken off, whatever is around it.
    """
    token = _over.set(over)
    try:
        yield
    finally:
        _over.reset(token)


def look_up() -> None:
    """Where work can be broken off without a trace.

    Raises:
        Interrupted: nobody waits for it any more.
    """
    over = _over.get()
    if over is not None and over():
        raise Interrupted
