"""What decides the network on the bench, one setting a row: ↑ ↓ choose one, ← → change it, enter types it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual import events
from textual.binding import Binding
from textual.message import Message
from textual.reactive import reactive

from tutor.draw.cells import PLAIN, Look, Row, Span, Style, fit, pad
from tutor.draw.cells import width as width_of
from tutor.i18n import _
from tutor.sandbox.settings import Setting
from tutor.ui.widgets.drawn import Drawn
from tutor.ui.widgets.keyline import Hint


class SettingsPanel(Drawn, can_focus=True):
    """The settings."""

    DEFAULT_CSS = """
    SettingsPanel { width: 32; height: 1fr; padding: 0 1; border-left: vkey $foreground 15%; display: none; }
    SettingsPanel.-open { display: block; }
    """

    BINDINGS = [
        Binding("up", "choose(-1)", show=False),
        Binding("down", "choose(1)", show=False),
        Binding("left", "turn(-1)", show=False),
        Binding("right", "turn(1)", show=False),
        Binding("enter", "type", show=False),
        Binding("escape", "shut", show=False),
    ]

    chosen = reactive(0, repaint=False)
    """The row under the cursor."""

    class Turned(Message):
        """A setting is to be another."""

        def __init__(self, name: str, by: int) -> None:
            super().__init__()
            self.name = name
            self.by = by

    class Typed(Message):
        """A setting is to be typed."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    class Moved(Message):
        """The cursor is on another setting."""

    class Shut(Message):
        """It is done with."""

    class Told(Message):
        """Something worth a word in the key line."""

        def __init__(self, word: str) -> None:
            super().__init__()
            self.word = word

    def __init__(self, settings: Callable[[], Sequence[Setting]], title: str) -> None:
        super().__init__()
        self._settings = settings
        self.settings_title = title

    @property
    def settings(self) -> Sequence[Setting]:
        """As they stand."""
        return self._settings()

    @property
    def setting(self) -> Setting:
        """The one under the cursor."""
        every = self.settings
        return every[min(self.chosen, len(every) - 1)]

    def draw(self, width: int, height: int, look: Look) -> Sequence[Row]:
        """A row each; what says nothing now is dim."""
        every = self.settings
        room = max(map(width_of, (one.label for one in every))) + 2
        before, after = ("<", ">") if look.ascii else ("‹", "›")
        rows: list[Row] = [(Span(self.settings_title, Style(bold=True)),), ()]
        for at, one in enumerate(every):
            here = at == self.chosen and self.has_focus
            sign = (">" if look.ascii else "▸") if here else " "
            style = look.muted if one.why else look.accent._replace(bold=here) if here else PLAIN
            value = f"{before} {one.value} {after}" if here and not one.why else one.value
            rows.append(
                fit(
                    (
                        Span(sign + " ", look.accent),
                        Span(pad(one.label, room), look.muted if one.why or not here else Style(bold=True)),
                        Span(value, style),
                    ),
                    width,
                )
            )
        first = 0
        if height and len(rows) > height:
            # The one under the cursor is in sight.
            first = min(max(self.chosen + 2 - height // 2, 0), len(rows) - height)
        return rows[first:]

    def action_choose(self, by: int) -> None:
        """Another setting."""
        to = min(max(self.chosen + by, 0), len(self.settings) - 1)
        if to == self.chosen:
            self.post_message(self.Told(_("This is the first setting.") if by < 0 else _("This is the last setting.")))
        self.chosen = to

    def action_turn(self, by: int) -> None:
        """Another value."""
        if self.setting.why:
            self.post_message(self.Told(self.setting.why))
        else:
            self.post_message(self.Turned(self.setting.name, by))

    def action_type(self) -> None:
        """A value of one's own."""
        if self.setting.why:
            self.post_message(self.Told(self.setting.why))
        elif self.setting.typed:
            self.post_message(self.Typed(self.setting.name))
        else:
            self.post_message(self.Turned(self.setting.name, 1))

    def action_shut(self) -> None:
        """Done."""
        self.post_message(self.Shut())

    def on_click(self, event: events.Click) -> None:
        """The row that was hit; hit again, its next value."""
        at = event.get_content_offset_capture(self).y - 2
        if 0 <= at < len(self.settings):
            if at == self.chosen:
                self.action_turn(1)
            self.chosen = at

    @property
    def typing(self) -> tuple[Hint, ...]:
        """What enter does with the one under the cursor."""
        return (Hint("enter", "", _("type it")),) if self.setting.typed and not self.setting.why else ()

    def watch_chosen(self) -> None:
        """Another row."""
        self.redraw()
        self.post_message(self.Moved())
