"""How sure a prediction is."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.binding import Binding
from textual.reactive import reactive

from tutor.draw.cells import Look, Row, Span, Style
from tutor.i18n import _
from tutor.ui.widgets.drawn import Drawn

CONFIDENCES = ("guess", "fairly", "certain")
"""How sure a prediction can be, least first."""


class Confidence(Drawn, can_focus=True):
    """How sure: guess, fairly, certain; ← and → choose."""

    DEFAULT_CSS = """
    Confidence { margin-top: 1; }
    """

    BINDINGS = [
        Binding("left", "move(-1)", show=False),
        Binding("right", "move(1)", show=False),
    ]

    level = reactive(1)
    """Index into `CONFIDENCES`."""

    def __init__(self) -> None:
        super().__init__()
        self.locked = False

    def _words(self) -> tuple[str, ...]:
        return (_("a guess"), _("fairly sure"), _("certain"))

    def draw(self, width: int, height: int, look: Look) -> Sequence[Row]:
        """One row of three words."""
        spans = [Span(_("How sure?") + "  ", look.muted)]
        for index, word in enumerate(self._words()):
            here = index == self.level
            sign = (">" if look.ascii else "▸") if here else " "
            style = look.accent._replace(underline=self.has_focus) if here else look.muted
            spans += [Span(sign, look.accent if here else look.muted), Span(word, style), Span("  ", Style())]
        return [tuple(spans)]

    def action_move(self, by: int) -> None:
        """More or less sure."""
        if not self.locked:
            self.level = min(max(self.level + by, 0), len(CONFIDENCES) - 1)

    def on_click(self, event: events.Click) -> None:
        """A click on a word chooses it."""
        if self.locked:
            return
        column = len(_("How sure?")) + 2
        for index, word in enumerate(self._words()):
            if column <= event.x < column + len(word) + 3:
                self.level = index
            column += len(word) + 3
        self.focus()

    def watch_level(self) -> None:
        """Draw it."""
        self.redraw()

    def restore(self, response: str | None) -> None:
        """The level that was given; fairly sure where none was."""
        self.level = CONFIDENCES.index(response) if response in CONFIDENCES else 1

    def settle(self) -> None:
        """It is committed."""
        self.locked = True
        self.can_focus = False
        self.add_class("-settled")

    @property
    def response(self) -> str:
        """The level's name."""
        return CONFIDENCES[self.level]
