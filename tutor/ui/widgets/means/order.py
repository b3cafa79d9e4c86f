"""Options to put in order, the smallest first."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Static

from tutor.course.grading import Verdict
from tutor.course.lesson import Option
from tutor.i18n import _
from tutor.ui.widgets.keyline import Hint
from tutor.ui.widgets.means.base import Means
from tutor.ui.widgets.means.choice import Listed
from tutor.ui.widgets.words import sentence


class Order(Vertical, Means, can_focus=True):
    """Options, one a line: ↑ and ↓ move the cursor, with shift the option, a digit puts it at that place.

    A click picks an option up, the next one drops it.
    """

    DEFAULT_CSS = """
    Order { height: auto; }
    Order > .scale { height: 1; color: $foreground 60%; }
    Order > Listed > .sign { width: 5; }
    """

    # Not every terminal sends shift with an arrow: k and j do the same.
    BINDINGS = [
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
        Binding("shift+up,k", "carry(-1)", show=False),
        Binding("shift+down,j", "carry(1)", show=False),
        *(Binding(str(digit), f"put({digit})", show=False) for digit in range(1, 10)),
    ]

    order: reactive[tuple[int, ...]] = reactive(())
    """Indices of the options as they stand now."""
    cursor = reactive(0)
    """The place under the cursor, from 0."""
    picked = reactive(False)
    """Whether a click has picked up what is under the cursor."""

    def __init__(self, options: Sequence[Option], start: Sequence[str] = ()) -> None:
        """
        Args:
            options: as they are written.
            start: their keys as they stand at first; as written when empty.
        """
        super().__init__()
        self.options = tuple(options)
        self.locked = False
        self.set_reactive(Order.order, self._indices(start) or tuple(range(len(self.options))))

    def _indices(self, keys: Sequence[str]) -> tuple[int, ...]:
        """The options of some keys; () when they are not each of them once."""
        known = [option.key for option in self.options]
        return tuple(known.index(key) for key in keys) if sorted(keys) == sorted(known) else ()

    def compose(self) -> ComposeResult:
        """What the order means, then a line for each place."""
        yield Static(Content(_("the smallest first")), classes="scale")
        for _option in self.options:
            yield Listed()

    def on_mount(self) -> None:
        """Show them."""
        self._show()

    def _show(self) -> None:
        if self.locked:
            return
        for place, row in enumerate(self.query(Listed)):
            here = place == self.cursor
            row.set_class(here, "-chosen")
            row.show_sign(f"{('● ' if self.picked else '▸ ') if here else '  '}{place + 1} ")
            row.show_words(Content(self.options[self.order[place]].text))
            if here and self.has_focus:
                row.scroll_visible(animate=False)

    def watch_order(self) -> None:
        """Another order."""
        self._show()

    def watch_cursor(self) -> None:
        """Another line has the cursor."""
        self._show()

    def watch_picked(self) -> None:
        """Picked up, or dropped."""
        self._show()

    def _place(self, place: int) -> None:
        """Put what is under the cursor at a place, and go with it."""
        order = list(self.order)
        order.insert(place, order.pop(self.cursor))
        self.order = tuple(order)
        self.cursor = place
        self.picked = False

    def action_move(self, by: int) -> None:
        """The line before or after."""
        if not self.locked:
            self.cursor = (self.cursor + by) % len(self.options)

    def action_carry(self, by: int) -> None:
        """Move the option under the cursor a line up or down."""
        if self.locked:
            return
        if not 0 <= self.cursor + by < len(self.options):
            self.tell(_("It is the first already.") if by < 0 else _("It is the last already."))
            return
        self._place(self.cursor + by)

    def action_put(self, digit: int) -> None:
        """Put the option under the cursor at a place."""
        if self.locked:
            return
        if digit > len(self.options):
            self.tell(_("There are {n} places.").format(n=len(self.options)))
            return
        self._place(digit - 1)

    def on_click(self, event: events.Click) -> None:
        """A click picks up, the next one drops; it does not commit."""
        if self.locked or event.widget is None:
            return
        for place, row in enumerate(self.query(Listed)):
            if row in event.widget.ancestors_with_self:
                self.focus()
                if self.picked:
                    self._place(place)
                else:
                    self.cursor = place
                    self.picked = True

    @property
    def response(self) -> str:
        """The keys in order, with a space between."""
        return " ".join(self.options[index].key for index in self.order)

    def restore(self, response: str | float) -> None:
        """The order that was given."""
        self.order = self._indices(str(response).split()) or self.order

    def settle(self) -> None:
        """It is committed."""
        self.picked = False
        self.locked = True
        self.can_focus = False

    def reveal(self, verdict: Verdict) -> str:
        """The true order; what stood elsewhere says where, and each says its own."""
        mine = self.response.split()
        for place, (row, true) in enumerate(zip(self.query(Listed), verdict.order, strict=True), 1):
            row.remove_class("-chosen")
            row.show_sign(f"{'✓ ' if true.right else '✗ '}{place} ")
            style = "bold $success" if true.right else "bold $error"
            put = "" if true.right else "  " + _("(you: {n})").format(n=mine.index(true.key) + 1)
            row.show_words(Content.assemble((true.text, style), put, "\n", sentence(true.says, None)))
        if verdict.correct:
            return _("Yes.")
        right = sum(true.right for true in verdict.order)
        return _("{n} of {total} stand in their places.").format(n=right, total=len(self.options))

    @property
    def hints(self) -> tuple[Hint, ...]:
        """What the key line says of it."""
        last = min(len(self.options), 9)
        return (
            Hint("↑ ↓", "", _("choose")),
            Hint("k j", "", _("move it")),
            Hint(f"1-{last}", "", _("to that place")),
        )

    @property
    def help_keys(self) -> tuple[tuple[str, str], ...]:
        """What the help says of keys that are its own."""
        return (
            ("shift+↑ ↓  k j", _("move the option under the cursor up, down")),
            ("1 … 9", _("put it at that place")),
        )
