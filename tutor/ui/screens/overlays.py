"""What may stand in front of any screen: the help, what to save, and the word that the window is too small."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest

from textual import events
from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.geometry import Size
from textual.screen import ModalScreen, Screen, ScreenResultType
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tutor.draw.cells import PLAIN, Look, Row, Span, fit, pad
from tutor.draw.cells import width as width_of
from tutor.draw.wording import wrapped
from tutor.i18n import _
from tutor.ui.widgets.drawn import Drawn

LEAST = (60, 20)
"""Columns and rows below which no screen is true any more."""


def too_small(size: Size) -> bool:
    """Whether a window has no room for the screens."""
    return size.width < LEAST[0] or size.height < LEAST[1]


class TooSmallScreen(Screen[None]):
    """One line, in front of a screen that waits unchanged behind it."""

    DEFAULT_CSS = """
    TooSmallScreen { align: center middle; }
    TooSmallScreen > Static { width: auto; height: auto; text-align: center; }
    """

    def compose(self) -> ComposeResult:
        """The line."""
        yield Static(self._line())

    def on_resize(self, event: events.Resize) -> None:
        """How large it is now."""
        self.query_one(Static).update(self._line())

    def on_screen_resume(self) -> None:
        """Something stood before it while the window grew."""
        if not too_small(self.app.size):
            self.app.pop_screen()

    def _line(self) -> Content:
        width, height = self.app.size
        words = _("rnn-tutor needs {least}; this window is {now}.")
        return Content(words.format(least="×".join(map(str, LEAST)), now=f"{width}×{height}"))


class KeysTable(Drawn):
    """Keys, and beside each what it does."""

    MOST = 10
    """Cells of a key: two names of keys stand under each other."""

    def __init__(self, keys: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self.keys = tuple(keys)

    def draw(self, width: int, height: int, look: Look) -> Sequence[Row]:
        """The lines of what a key does stand under each other."""
        named = [wrapped(key, self.MOST) for key, _does in self.keys]
        room = max((width_of(line) for lines in named for line in lines), default=0) + 3
        rows: list[Row] = []
        for lines, (_key, does) in zip(named, self.keys, strict=True):
            for key, said in zip_longest(lines, wrapped(does, max(width - room, 1)), fillvalue=""):
                rows.append(fit((Span(pad(key, room), look.accent), Span(said, PLAIN)), width))
        return rows


class Overlay(ModalScreen[ScreenResultType]):
    """What stands in front of a screen, and closes once."""

    def dismiss(self, result: ScreenResultType | None = None) -> AwaitComplete:
        """Close. Keys that came together with the one that closed it would close the screens behind it, too."""
        if self.app.screen is not self:
            return AwaitComplete()
        return super().dismiss(result)


class HelpScreen(Overlay[None]):
    """The keys that do something here, and what they do."""

    DEFAULT_CSS = """
    HelpScreen { align: center middle; background: $background 70%; }
    HelpScreen > VerticalScroll {
        width: 72; max-width: 94%; height: auto; max-height: 90%; padding: 1 3; background: $surface;
    }
    HelpScreen .title { text-style: bold; margin-bottom: 1; }
    HelpScreen .foot { color: $foreground 60%; margin-top: 1; }
    """

    BINDINGS = [Binding("escape,question_mark,enter,space", "dismiss", "close", show=False)]

    def __init__(self, title: str, keys: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self.help_title = title
        self.keys = tuple(keys)

    def compose(self) -> ComposeResult:
        """The title, the keys, and how it closes."""
        with VerticalScroll():
            yield Static(Content(self.help_title), classes="title")
            yield KeysTable(self.keys)
            yield Static(Content(_("esc closes this.")), classes="foot")


class LinesScreen(Overlay[None]):
    """Lines to read, and to copy: c copies them."""

    DEFAULT_CSS = """
    LinesScreen { align: center middle; background: $background 70%; }
    LinesScreen > VerticalScroll {
        width: 78; max-width: 94%; height: auto; max-height: 90%; padding: 1 3; background: $surface;
    }
    """

    BINDINGS = [
        Binding("escape,enter", "dismiss", "close", show=False),
        Binding("c", "copy", "copy", show=False),
    ]

    def __init__(self, title: str, lines: str) -> None:
        super().__init__()
        self.lines_title = title
        self.lines = lines
        self._copied = False

    def compose(self) -> ComposeResult:
        """The title, the lines, and what the keys do."""
        with VerticalScroll():
            yield Static(self._content())

    def _content(self) -> Content:
        keys = _("copied; esc closes this.") if self._copied else _("c copies them, esc closes this.")
        head = Content.assemble((self.lines_title, "bold"), "\n\n") if self.lines_title else Content("")
        between = "\n" if self.lines.endswith("\n") else "\n\n"
        return Content.assemble(head, self.lines, between, (keys, "$foreground 60%"))

    def action_copy(self) -> None:
        """To the clipboard."""
        self.app.copy_to_clipboard(self.lines)
        self._copied = True
        self.query_one(Static).update(self._content())


class ChoiceScreen(Overlay[str | None]):
    """A few things to choose from; esc chooses none."""

    DEFAULT_CSS = """
    ChoiceScreen { align: center middle; background: $background 70%; }
    ChoiceScreen > Vertical { width: 46; max-width: 90%; height: auto; padding: 1 3; background: $surface; }
    ChoiceScreen .title { text-style: bold; height: auto; margin-bottom: 1; }
    ChoiceScreen OptionList, ChoiceScreen OptionList:focus {
        height: auto; max-height: 16; border: none; padding: 0; background: $surface; background-tint: $foreground 0%;
    }
    """

    BINDINGS = [Binding("escape", "dismiss(None)", "close", show=False)]

    def __init__(self, title: str, choices: Mapping[str, str]) -> None:
        """
        Args:
            title: what is chosen.
            choices: a key for each, and how it is called.
        """
        super().__init__()
        self.choice_title = title
        self.choices = dict(choices)

    def compose(self) -> ComposeResult:
        """The title above the choices."""
        with Vertical():
            yield Static(Content(self.choice_title), classes="title")
            yield OptionList(*(Option(Content(said), id=key) for key, said in self.choices.items()))

    def on_option_list_option_selected(self, message: OptionList.OptionSelected) -> None:
        """This one."""
        self.dismiss(message.option_id)
