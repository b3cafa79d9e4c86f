"""What all means of answering have in common."""

from __future__ import annotations

from typing import Any

from textual.message import Message
from textual.widget import Widget

from tutor.course.grading import Verdict
from tutor.ui.widgets.keyline import Hint


class Means(Widget):
    """What a prediction or a question is answered with."""

    points = False
    """Whether it is answered in the step's figure, which has the keys then."""

    class Told(Message):
        """Something worth a word in the key line."""

        def __init__(self, word: str) -> None:
            super().__init__()
            self.word = word

    @property
    def response(self) -> str | float:
        """The answer as it stands.

        Raises:
            ValueError: it is none yet; why not, in a line.
        """
        raise NotImplementedError

    def restore(self, response: str | float) -> None:
        """Stand as it stood when this was answered."""
        raise NotImplementedError

    def settle(self) -> None:
        """It is committed, and does not change any more."""
        raise NotImplementedError

    def reveal(self, verdict: Verdict) -> str:
        """Mark what is right; returns the words that the verdict begins with."""
        raise NotImplementedError

    def attend(self, figure: Any) -> None:
        """The step's figure is on screen; None where there is none."""

    @property
    def hints(self) -> tuple[Hint, ...]:
        """What the key line says of it."""
        return ()

    @property
    def help_keys(self) -> tuple[tuple[str, str], ...]:
        """What the help says of keys that are its own."""
        return ()

    def tell(self, word: str) -> None:
        """Say why a key did nothing."""
        self.post_message(self.Told(word))
