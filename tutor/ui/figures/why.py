"""Why this number: a value of the state opened into its equation, its gates and its dot products, down to the weights.

`Why` is the three lines of it that other players show; `WhyFigure` opens it all the way.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from textual import events
from textual.binding import Binding
from textual.reactive import reactive
from textual.widget import Widget

from tutor.course.figures.facts import Fact
from tutor.course.figures.table import Table
from tutor.course.figures.why import WhyValues, letter_of, table_of
from tutor.draw.cells import Look, Row, Span, crop
from tutor.draw.figures.why import Place, chosen, in_line, order, plan, size, why
from tutor.engine.model import Run
from tutor.engine.opened import Part, before
from tutor.i18n import _
from tutor.ui.figures.player import PLAYER_HINTS, Player, Stepped, Wanted
from tutor.ui.widgets.keyline import Hint


def _first_state(run: Run, look: Look) -> str:
    """What stands before the first step, which nothing made."""
    name = "h_0" if look.ascii else "h₀"
    if run.h_0.any():
        return _("{state} is given: nothing came before.").format(state=name)
    return _("{state} is set to zeros: nothing came before.").format(state=name)


class Why(Stepped):
    """The value under the cursor, a state's or a gate's, opened into the terms that it is made of."""

    DEFAULT_CSS = """
    Why { height: 3; margin-top: 1; }
    """

    followed = reactive("h", repaint=False)
    """Whose value it is: "h", or the letter of a gate."""

    def __init__(self, run: Run) -> None:
        super().__init__()
        self.run = run

    def draw(self, width: int, height: int, look: Look) -> Sequence[Row]:
        """The equation, its terms named beneath, then where to look next."""
        letter = self.followed
        if self.position == 0:
            first = _first_state(self.run, look) if letter == "h" else _("Nothing is read yet: . takes the first step.")
            return [(Span(crop(first, width, ascii=look.ascii), look.muted),)]
        root = letter_of(self.run, letter, self.position, self.unit)
        note = _("This unit reads from the other end.") if self.unit >= self.run.spec.hidden_size else ""
        return in_line(root, f"{letter}_{self.position}[{self.unit + 1}]", width, look, note)

    def watch_followed(self) -> None:
        """Another letter's value."""
        self.redraw()

    def take(self, values: Any) -> None:
        """Another run."""
        self.run = values.run
        self.redraw()


class WhyView(Stepped, can_focus=True):
    """The number under the cursor, opened along a way that a person chooses."""

    DEFAULT_CSS = """
    WhyView { height: 1fr; }
    """

    BINDINGS = [
        Binding("up", "choose(-1)", show=False),
        Binding("down", "choose(1)", show=False),
        Binding("pageup", "choose(-8)", show=False),
        Binding("pagedown", "choose(8)", show=False),
        Binding("right", "open", show=False),
        Binding("left", "close", show=False),
        Binding("left_square_bracket", "aim(-1)", show=False),
        Binding("right_square_bracket", "aim(1)", show=False),
        Binding("v", "order", show=False),
    ]

    cursor = reactive(0, repaint=False)
    """The term that is chosen."""
    largest = reactive(True, repaint=False)
    """Whether a dot product is shown by the size of its products."""

    def __init__(self, values: WhyValues) -> None:
        super().__init__()
        self.values: WhyValues = values
        self.way: tuple[int, ...] = ()
        """What is opened: the index of a term, then of one of its own, and so on."""
        self._root: tuple[int, int, Part] | None = None

    def take(self, values: WhyValues) -> None:
        """Another number; what was opened in the one before need not be in it."""
        self.way, self.cursor, self._root = (), 0, None
        super().take(values)

    def path(self) -> list[Part]:
        """The number, then what is opened in it; nothing before the first step."""
        if self.position == 0:
            return []
        if self._root is None or self._root[:2] != (self.position, self.unit):
            self._root = (self.position, self.unit, self.values.root(self.position, self.unit))
        found = [self._root[2]]
        for level, index in enumerate(self.way):
            terms = found[-1].terms
            if index >= len(terms) or not size(terms[index]):
                # Set by hand, a value has other terms: what was opened at another step or unit need not be in it.
                self.way = self.way[:level]
                break
            found.append(terms[index])
        if self.cursor >= size(found[-1]):
            self.set_reactive(WhyView.cursor, order(found[-1], self.largest)[0])
        return found

    def draw(self, width: int, height: int, look: Look) -> Sequence[Row]:
        """Level under level."""
        path = self.path()
        run = self.values.run
        if not path:
            said = _first_state(run, look) + " " + _("Step once, and there is a number to open.")
            return [(Span(crop(said, width, ascii=look.ascii), look.muted),)]
        direction = self.unit // run.spec.hidden_size
        place = Place(
            self.position,
            self.unit + 1,
            before(run, self.position - 1, direction),
            run.tokens[self.position - 1],
            run.hidden[self.position - 1].tolist(),
        )
        notes = []
        if run.spec.num_layers > 1:
            notes.append(_("layer {n} of {total}").format(n=run.spec.num_layers, total=run.spec.num_layers))
        if run.spec.bidirectional:
            notes.append(_("reads from the end") if direction else _("reads from the start"))
        return why(
            path,
            self.cursor,
            width,
            height,
            look,
            place,
            largest=self.largest,
            focused=self.has_focus,
            note=(", " if look.ascii else " · ").join(notes),
        )

    def watch_cursor(self) -> None:
        """Another term."""
        self.redraw()

    def watch_largest(self) -> None:
        """Another order."""
        self.redraw()

    @property
    def units(self) -> int:
        """The forward direction's, then the backward one's."""
        return int(self.values.run.hidden.shape[1])

    # Keys

    def _opened(self) -> Part | None:
        """What is opened last, or a word of why there is nothing."""
        path = self.path()
        if not path:
            self.tell(_("Nothing is read yet: . takes the first step."))
            return None
        return path[-1]

    def action_choose(self, by: int) -> None:
        """Another term of what is opened."""
        part = self._opened()
        if part is None:
            return
        terms = order(part, self.largest)
        at = terms.index(self.cursor)
        to = min(max(at + by, 0), len(terms) - 1)
        if to == at:
            self.tell(_("This is the first term.") if by < 0 else _("This is the last term."))
        self.cursor = terms[to]

    def action_open(self) -> None:
        """What the chosen term is made of."""
        part = self._opened()
        if part is None:
            return
        term = chosen(self.path(), self.cursor)
        if term is None:
            self.tell(_("A weight times a value: there is nothing under it."))
        elif size(term):
            self.way = (*self.way, self.cursor)
            self.cursor = order(term, self.largest)[0]
            self.redraw()
            self.changed()
        elif term.name in ("h₋", "c₋"):
            self.tell(_("This is the state before: step back with , and open it there."))
        else:
            self.tell(_("A weight of the network: it was learned, not computed."))

    def action_close(self) -> None:
        """Back to what it is a term of."""
        if not self.way:
            self.tell(_("This is the number itself."))
            return
        self.close_to(len(self.way) - 1)

    def close_to(self, level: int) -> None:
        """Close what is below a level, and choose there what was opened."""
        if level < len(self.way):
            self.cursor = self.way[level]
            self.way = self.way[:level]
            self.redraw()
            self.changed()

    def action_order(self) -> None:
        """Largest first, or in order."""
        self.largest = not self.largest
        self.tell(_("Products: largest first.") if self.largest else _("Products: in the order of their units."))

    def on_click(self, event: events.Click) -> None:
        """An equation closes what is under it; a term is chosen, and opened when it was chosen before."""
        path = self.path()
        if not path:
            self.post_message(Wanted("forward"))
            return
        lines = plan(path, self.cursor, self.size.height, self.largest)
        if not 0 <= event.y < len(lines):
            return
        line = lines[event.y]
        last = len(path) - 1
        if line.level > last:
            self.action_open()
        elif line.kind == "equation":
            self.close_to(line.level)
        elif line.kind == "term":
            again = line.level == last and line.term == self.cursor
            self.close_to(line.level)
            self.cursor = line.term
            if again:
                self.action_open()

    def tables(self) -> tuple[Table, ...]:
        """What is opened, level by level."""
        names = [f"h_{self.position}[{self.unit + 1}]"]
        found: list[Table] = []
        for part in self.path():
            if found:
                names.append(part.name)
            found.append(table_of(part, f"{' › '.join(names)} = {part.value:.6g}"))
        return tuple(found)


class WhyFigure(Player):
    """A number of the state, opened; the step and the unit are the player's."""

    SHOW = "why"
    SIGNED = True
    TIGHT = 14

    def __init__(
        self, values: WhyValues, *, clock: Callable[[], float] = time.monotonic, id: str | None = None
    ) -> None:
        super().__init__(values, len(values.run.tokens), position=values.step, clock=clock, id=id)
        self.set_reactive(Player.unit, values.unit)

    def parts(self) -> Iterable[Widget]:
        """The opened number alone."""
        yield WhyView(self.values).data_bind(Player.position, Player.unit)

    @property
    def facts(self) -> Mapping[str, Fact]:
        """What was done in it."""
        view = self.query_one(WhyView)
        # What is not in this step is closed in it.
        view.path()
        return {**super().facts, "unit": self.unit + 1, "opened": len(view.way)}

    def tables(self) -> tuple[Table, ...]:
        """What is on screen now; before the first step, the number that it was made for."""
        for view in self.query(WhyView):
            return view.tables() or super().tables()
        return super().tables()

    @property
    def hints(self) -> tuple[Hint, ...]:
        """What the key line says of it."""
        view = next(iter(self.query(WhyView)), None)
        return (
            Hint("↑ ↓", "", _("choose")),
            Hint("→", "open", _("open"), view),
            Hint("←", "close", _("close"), view),
            Hint("[ ]", "aim(1)", _("unit"), view),
            Hint("v", "order", _("order"), view),
            *PLAYER_HINTS,
        )

    @property
    def help_keys(self) -> tuple[tuple[str, str], ...]:
        """What the help says of keys that are its own."""
        return (
            ("↑ ↓", _("another term of what is opened")),
            ("→ ←", _("open the term, close what is opened")),
            ("[ ]", _("another unit")),
            ("v", _("products by size, or in order")),
        )
