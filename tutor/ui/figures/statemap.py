"""The heatmap of a run: a row for each step, a column for each unit, drawn line by line.

Time runs down and units run across: a step changes two rows, and the cost of a frame grows with what is visible, never
with the length of the text.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
from rich.segment import Segment
from rich.style import Style as RichStyle
from textual import events
from textual.binding import Binding
from textual.geometry import Region, Size
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tutor.draw.cells import PLAIN, Look, Row, Span, Style, crop, fit, pad, row_width, width
from tutor.draw.heatmap import heat_indices, heat_table
from tutor.draw.window import window
from tutor.draw.wording import shown_token
from tutor.engine.model import Run
from tutor.i18n import _
from tutor.ui.figures.player import STEP_BINDINGS, Aimed, Wanted
from tutor.ui.widgets.drawn import look_of, segments_of, strip_of

WIDEST = 4
"""Cells that a unit may take where there is room."""


class StateMap(ScrollView, can_focus=True):
    """The heatmap: a row for h_0 and for each token, a column for each unit. The cursor is on the current row."""

    DEFAULT_CSS = """
    StateMap { height: 3; scrollbar-size-vertical: 1; overflow-x: hidden; }
    """

    BINDINGS = [
        *STEP_BINDINGS,
        Binding("left", "unit(-1)", show=False),
        Binding("right", "unit(1)", show=False),
        Binding("home", "ask('start')", show=False),
        Binding("end", "ask('end')", show=False),
    ]

    position = reactive(0, repaint=False)
    """Steps taken."""
    unit = reactive(0, repaint=False)
    """The column under the cursor."""
    followed = reactive("h", repaint=False)
    """What the cells show: "h", or the letter of a gate or state."""

    def __init__(self, run: Run) -> None:
        super().__init__()
        self._look, self._base = Look(), RichStyle()
        self.show_run(run)

    def show_run(self, run: Run) -> None:
        """Another run under the same lens."""
        self._run = run
        self._cut = frozenset(cut.step for cut in run.trace.cuts)
        self._matrix = run.hidden if self.followed == "h" else followed_values(run, self.followed)
        longest = max((width(token) for token in run.tokens), default=0)
        self._label = 5 + min(max(longest, width(_("token")), 2), 14)
        # The numbers of the steps take as much room as the last one needs.
        self._digits = max(len(str(len(run.tokens))), 1)
        self._label += self._digits - 1
        self.virtual_size = Size(0, len(run.tokens) + 2)
        self.refresh()

    @property
    def units(self) -> int:
        """Columns that there are."""
        return int(self._matrix.shape[1])

    def _units(self, available: int) -> tuple[int, int, int]:
        """Cells for a unit, and the first and last unit that fit in `available`."""
        units = self.units
        notes = [] if all(self._run.known) else [_("unknown word")]
        notes += [_("by hand")] if self._cut else []
        note = max((2 + width(said) for said in notes), default=0)
        room = max(available - self._label - 8 - note, 1)
        each = max(min(room // units, WIDEST), 1)
        count = min(units, max(room // each, 1))
        first = window(self.unit, units, count)
        return each, first, first + count

    def render_line(self, y: int) -> Strip:
        """The heading at the top, which stays; then the rows in view."""
        size = self.size.width
        look, base = self._look, self._base
        if y == 0:
            return strip_of(fit(self._heading(size, look), size), size, base)
        step = y - 1 + self.scroll_offset.y
        head, tail = self._head(step, look), self._tail(step, look)
        values = self._values(step)
        if values is None:
            return strip_of(fit((*head, *tail), size), size, base)
        each, first, last = self._units(size)
        here = step == self.position
        table = heat_segments(look, each, here, base)
        indices = heat_indices(values[first:last], look)
        cells = [table[index] for index in indices]
        if here and self.has_focus:
            at = self.unit - first
            cells[at] = heat_segments(look, each, here, base, cursor=True)[indices[at]]
        # Made of what is made already: a full heatmap is thousands of cells a frame.
        segments = [*segments_of(head, base), *cells, *segments_of(tail, base)]
        length = row_width(head) + len(cells) * each + row_width(tail)
        return Strip(segments, length).adjust_cell_length(size, base)

    def render_lines(self, crop: Region) -> list[Strip]:
        """The lines of a frame; what is the same for all of them is found once."""
        self._look, self._base = look_of(self.app), self.rich_style
        return super().render_lines(crop)

    def _heading(self, available: int, look: Look) -> Row:
        each, first, last = self._units(available)
        names = f"{self.followed}{first + 1}"
        end = f"{self.followed}{last}"
        cells = (last - first) * each
        middle = pad(names, max(cells - len(end), 0)) + end if cells > len(names) + len(end) else pad(names, cells)
        return (
            Span(pad(" " * (3 + self._digits) + _("token"), self._label), look.muted),
            Span(middle, look.muted),
            Span("   ‖Δh‖" if not look.ascii else "   |dh|", look.muted),
        )

    def _head(self, step: int, look: Look) -> Row:
        """What stands before the cells: where we are, the number, the token."""
        if step > len(self._run.tokens):
            return ()
        here = step == self.position
        arrow = (">" if look.ascii else "▶") if here else " "
        if step == 0:
            name, number = ("h_0" if look.ascii else "h₀"), ""
        else:
            name, number = shown_token(self._run.tokens[step - 1], ascii=look.ascii), str(step)
        known = step == 0 or self._run.known[step - 1]
        name_room = self._label - self._digits - 4
        label = f"{number:>{self._digits}} {pad(crop(name, name_room, ascii=look.ascii), name_room)} "
        style = look.muted if step > self.position or not known else Style(bold=True) if here else PLAIN
        return (Span(arrow + " ", look.accent), Span(label, style))

    def _values(self, step: int) -> npt.NDArray[np.floating] | None:
        """The cells of a step; None of one that is not read yet, or has none."""
        if step > min(self.position, len(self._run.tokens)) or (step == 0 and self.followed != "h"):
            return None
        values: npt.NDArray[np.floating] = self._run.h_0 if step == 0 else self._matrix[step - 1]
        return values

    def _tail(self, step: int, look: Look) -> Row:
        """What stands after the cells: how far the state moved."""
        if not 0 < step <= min(self.position, len(self._run.tokens)):
            return ()
        bold = Style(bold=True) if step == self.position else PLAIN
        unknown = "" if self._run.known[step - 1] else "  " + _("unknown word")
        by_hand = "  " + _("by hand") if step in self._cut else ""
        return (
            Span(f"   {self._run.change[step - 1]:.2f}", bold),
            Span(unknown, look.muted),
            Span(by_hand, look.accent),
        )

    def watch_position(self, old: int, new: int) -> None:
        """Two rows changed, and the current one is in view."""
        if self._keep_in_view():
            return
        top = self.scroll_offset.y
        low, high = min(old, new), max(old, new)
        self.refresh(Region(0, low - top + 1, self.size.width, high - low + 1))

    def on_resize(self) -> None:
        """With fewer rows, another part may have to show."""
        self._keep_in_view()

    def _keep_in_view(self) -> bool:
        """Scroll to the current row where it is out of sight, and say whether that was so."""
        body = self.size.height - 1
        top = self.scroll_offset.y
        if body <= 0 or top <= self.position < top + body:
            return False
        self.scroll_to(y=max(self.position - body // 2, 0), animate=False, immediate=True)
        self.refresh()
        return True

    def watch_unit(self) -> None:
        """The cursor moved within its row, or the columns moved under it."""
        self.refresh()

    def watch_followed(self) -> None:
        """Other values in the same cells."""
        self.show_run(self._run)

    def watch_has_focus(self, value: bool) -> None:
        """The cursor shows who has the keys."""
        super().watch_has_focus(value)
        self.refresh()

    def action_ask(self, verb: str) -> None:
        """Pass a key on to the player."""
        self.post_message(Wanted(verb))

    def action_page(self, by: int) -> None:
        """A screenful on or back."""
        self.post_message(Wanted("go", self.position + by * max(self.size.height - 2, 1)))

    def action_unit(self, by: int) -> None:
        """The unit beside."""
        self.post_message(Aimed(min(max(self.unit + by, 0), self.units - 1)))

    def on_click(self, event: events.Click) -> None:
        """A click goes to the step and the unit under it."""
        step = event.y - 1 + self.scroll_offset.y
        each, first, last = self._units(self.size.width)
        column = event.x - self._label
        if 0 <= column < (last - first) * each:
            self.post_message(Aimed(first + column // each))
        if event.y > 0 and 0 <= step <= len(self._run.tokens):
            self.post_message(Wanted("go", step))


def followed_values(run: Run, name: str) -> npt.NDArray[np.floating]:
    """A gate or a state of the last layer, (T, H); of both directions (T, 2H), as the state has its units."""
    trace, layer = run.trace, run.model.spec.num_layers - 1
    if not run.spec.bidirectional:
        return trace.gates(layer=layer)[name][:, 0]
    return np.concatenate([trace.gates(layer=layer, direction=one)[name][:, 0] for one in (0, 1)], axis=1)


@lru_cache(maxsize=64)
def heat_segments(look: Look, width: int, bright: bool, base: RichStyle, cursor: bool = False) -> tuple[Segment, ...]:
    """What `heat_table` has, as Textual paints it, by the same indices."""
    return tuple(segments_of(heat_table(look, width, bright, cursor), base))
