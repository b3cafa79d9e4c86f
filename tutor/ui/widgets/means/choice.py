"""One of several options."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Static

from tutor.course.grading import Verdict
from tutor.course.lesson import Option
from tutor.i18n import _
from tutor.ui.widgets.keyline import Hint
from tutor.ui.widgets.means.base import Means


class Listed(Horizontal):
    """A line in a list: its sign, and beside it words, wrapped under one another."""

    DEFAULT_CSS = """
    Listed { height: auto; width: 1fr; }
    Listed > .sign { width: 2; height: auto; }
    Listed > .words { width: 1fr; height: auto; }
    Listed.-chosen { color: $accent; text-style: bold; }
    Listed.-right { color: $success; text-style: bold; }
    Listed.-wrong { color: $error; }
    """

    def compose(self) -> ComposeResult:
        """Nothing stands there yet."""
        yield Static(Content(""), classes="sign")
        yield Static(Content(""), classes="words")

    def show_sign(self, sign: str) -> None:
        """Mark it."""
        self.query_one(".sign", Static).update(Content(sign))

    def show_words(self, words: Content) -> None:
        """Say something in it."""
        self.query_one(".words", Static).update(words)


class Choice(Listed):
    """One option in a list of them."""

    def __init__(self, option: Option) -> None:
        super().__init__()
        self.option = option

    def on_mount(self) -> None:
        """The words as they are."""
        self.show_words(Content(self.option.text))


class Choices(Vertical, Means, can_focus=True):
    """Options, one a line; ↑ and ↓ choose."""

    DEFAULT_CSS = """
    Choices { height: auto; }
    """

    BINDINGS = [
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
    ]

    chosen = reactive(-1)
    """Index of the option under the cursor; −1 before there is one: nobody answers by enter alone."""

    def __init__(self, options: Sequence[Option]) -> None:
        super().__init__()
        self.options = tuple(options)
        self.locked = False

    def compose(self) -> ComposeResult:
        """A line each."""
        for option in self.options:
            yield Choice(option)

    def on_mount(self) -> None:
        """Show the cursor."""
        self.watch_chosen()

    def watch_chosen(self) -> None:
        """The cursor stands at the chosen option, and it is in view."""
        for index, choice in enumerate(self.query(Choice)):
            here = index == self.chosen
            choice.set_class(here, "-chosen")
            choice.show_sign("▸ " if here else "  ")
            if here and self.has_focus:
                choice.scroll_visible(animate=False)

    def action_move(self, by: int) -> None:
        """The option before or after; at first, the first or the last."""
        if not self.locked:
            first = 0 if by > 0 else -1
            self.chosen = (first if self.chosen < 0 else self.chosen + by) % len(self.options)

    def on_click(self, event: events.Click) -> None:
        """A click chooses; it does not commit."""
        if self.locked or event.widget is None:
            return
        for index, choice in enumerate(self.query(Choice)):
            if choice in event.widget.ancestors_with_self:
                self.chosen = index
                self.focus()

    @property
    def response(self) -> str:
        """The key of the option chosen; ValueError where none is."""
        if self.chosen < 0:
            raise ValueError(_("Choose one first, with ↑ and ↓."))
        return self.options[self.chosen].key

    def restore(self, response: str | float) -> None:
        """The option of a key."""
        keys = [option.key for option in self.options]
        self.chosen = keys.index(str(response)) if str(response) in keys else -1

    def settle(self) -> None:
        """It is committed."""
        self.locked = True

    def reveal(self, verdict: Verdict) -> str:
        """Mark what was right, and what was chosen instead."""
        self.locked = True
        self.can_focus = False
        for index, choice in enumerate(self.query(Choice)):
            right = choice.option.key == verdict.key
            mine = index == self.chosen
            choice.remove_class("-chosen")
            choice.set_class(right, "-right")
            choice.set_class(mine and not right, "-wrong")
            choice.show_sign("✓ " if right else "✗ " if mine else "  ")
        return _("Yes.") if verdict.correct else _("Not here.")

    @property
    def hints(self) -> tuple[Hint, ...]:
        """What the key line says of it."""
        return (Hint("↑ ↓", "", _("choose")),)
