"""The line at the foot of every screen: what the next key does, and why a key did nothing.

What does not fit is left out from the end, so a screen names its keys in the order of their weight. A hint answers
the mouse as its key would.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from textual import events
from textual.widget import Widget

from tutor.draw.cells import PLAIN, Look, Row, Span, Style, crop, width
from tutor.draw.wording import wrapped
from tutor.ui.widgets.drawn import Drawn

LINES = 2
"""Lines that a word takes at the most."""


class Hint(NamedTuple):
    """A key, the action it runs, and what that does now."""

    key: str
    action: str
    label: str
    target: Widget | None = None
    """Whose action it is; the screen's without one."""


class KeyLine(Drawn):
    """Hints, or for the length of one key press a word of why."""

    DEFAULT_CSS = """
    KeyLine { dock: bottom; height: 1; padding: 0 1; }
    KeyLine.-long { height: 2; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.hints: Sequence[Hint] = ()
        """What the keys do now."""
        self.word = ""
        """Said instead of the hints, until the next key."""

    def show(self, hints: Sequence[Hint]) -> None:
        """Name the keys."""
        if tuple(hints) != tuple(self.hints):
            self.hints = tuple(hints)
            self.redraw()

    def say(self, word: str) -> None:
        """Say why a key did nothing, or what it did."""
        if word != self.word:
            self.word = word
            self._size_up()
            self.redraw()

    def holds(self, word: str) -> bool:
        """Whether all of it can be said here."""
        room = self.content_size.width
        return room <= 0 or len(wrapped(word, room)) <= LINES

    def on_resize(self) -> None:
        """The same word may be too long now."""
        self._size_up()

    def _size_up(self) -> None:
        """A word that does not fit takes a second line: at its end it says what to do."""
        self.set_class(0 < self.content_size.width < width(self.word), "-long")

    def draw(self, width: int, height: int, look: Look) -> Sequence[Row]:
        """One row; two of a long word."""
        if self.word:
            lines = wrapped(self.word, width)
            if height and len(lines) > height:
                lines[height - 1 :] = [" ".join(lines[height - 1 :])]
            return [(Span(crop(line, width, ascii=look.ascii), look.accent),) for line in lines]
        spans = []
        for hint, _start, _end in self._placed(width):
            spans += [Span(hint.key, look.accent), Span(f" {hint.label}   ", look.muted)]
        return [tuple(spans)]

    def _placed(self, available: int) -> list[tuple[Hint, int, int]]:
        """Each hint that fits, with the columns it takes."""
        placed = []
        column = 0
        # The help names all the others: it keeps its place at the end of what fits.
        help_ = next((hint for hint in self.hints if hint.key == "?"), None)
        kept = 0 if help_ is None else _size(help_) + 3
        for hint in self.hints:
            if hint is help_:
                kept = 0
            if column + _size(hint) + kept > available:
                if hint is help_ or help_ is None or not kept:
                    break
                hint, kept = help_, 0
                if column + _size(hint) <= available:
                    placed.append((hint, column, column + _size(hint)))
                break
            placed.append((hint, column, column + _size(hint)))
            column += _size(hint) + 3
        return placed

    async def on_click(self, event: events.Click) -> None:
        """A hint does what its key does."""
        x = event.get_content_offset_capture(self).x
        for hint, start, end in self._placed(self.size.width):
            if start <= x < end and hint.action:
                await (hint.target or self.screen).run_action(hint.action)


def _size(hint: Hint) -> int:
    """Cells of a hint."""
    return width(hint.key) + 1 + width(hint.label)


class TitleLine(Drawn):
    """The line at the head of a screen: where you are on the left, how far on the right, and a rule beneath."""

    DEFAULT_CSS = """
    TitleLine { dock: top; height: 2; padding: 0 1; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.left: tuple[str, ...] = ()
        """The way here; the last is where you are."""
        self.right = ""

    def show(self, *left: str, right: str = "") -> None:
        """Name the place."""
        self.left, self.right = left, right
        self.redraw()

    def draw(self, width_: int, height: int, look: Look) -> Sequence[Row]:
        """The names, and the rule."""
        between = " > " if look.ascii else " › "
        # The place has half of the line before what is on the right gives way.
        place_room = min(width(self.left[-1]) if self.left else 0, width_ // 2)
        right = crop(self.right, max(width_ - place_room - 2, 0), ascii=look.ascii)
        room = max(width_ - width(right) - 2, 0)
        names = list(self.left)
        # The way here gives way before the place itself does.
        while len(names) > 1 and width(between.join(names)) > room:
            names.pop(0)
        way = between.join(names[:-1]) + (between if len(names) > 1 else "")
        place = crop(names[-1] if names else "", max(room - width(way), 0), ascii=look.ascii)
        gap = " " * max(width_ - width(way) - width(place) - width(right), 0)
        rule = "-" if look.ascii else "─"
        return [
            (Span(way, look.muted), Span(place, Style(bold=True)), Span(gap, PLAIN), Span(right, look.muted)),
            (Span(rule * width_, look.muted),),
        ]
