"""Every figure, one beside its name: what there is, on real traces. For who draws them, and for the docs' pictures."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import Screen
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from tutor.course.figures import Options
from tutor.course.lab import Lab
from tutor.i18n import _
from tutor.ui.figures.figure import Figure
from tutor.ui.figures.player import PLAYER_BINDINGS, Player
from tutor.ui.figures.registry import figure_widget
from tutor.ui.figures.state import StateFigure
from tutor.ui.figures.writable import writable_in
from tutor.ui.widgets.keyline import Hint, KeyLine, TitleLine


class GalleryScreen(Screen[None]):
    """A list of figures, and the chosen one.

    Args:
        figures: what each shows, by the name in the list.
        lab: the models that they need; what is not trained yet is trained when it is first looked at.
        clock: seconds that pass.
    """

    DEFAULT_CSS = """
    GalleryScreen #names { width: 20; height: 1fr; border: none; padding: 1 0; background: $background; }
    GalleryScreen #frame { width: 1fr; height: 1fr; padding: 1 2 0 2; border-left: vkey $foreground 15%; }
    GalleryScreen.-alone #names { display: none; }
    GalleryScreen.-alone #frame { border-left: none; padding: 0; }
    """

    BINDINGS = [
        Binding("w", "why", "why this number"),
        Binding("e", "write", "write in the figure"),
        Binding("escape", "names", "the list"),
        *PLAYER_BINDINGS,
    ]

    def __init__(
        self, figures: Mapping[str, Options], lab: Lab, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__()
        self.figures = dict(figures)
        self.lab = lab
        self.clock = clock
        self.shown = ""

    def compose(self) -> ComposeResult:
        """The names, and the figure."""
        yield TitleLine()
        with Horizontal():
            yield OptionList(*(Option(Content(name), id=name) for name in self.figures), id="names")
            yield Vertical(id="frame")
        yield KeyLine()

    def on_mount(self) -> None:
        """The first one."""
        self.query_one(TitleLine).show(_("rnn-tutor"), _("figures"))
        self.query_one("#names").focus()

    async def on_option_list_option_highlighted(self, message: OptionList.OptionHighlighted) -> None:
        """Look at this one."""
        if message.option_id is not None:
            await self.show_figure(message.option_id)

    def on_option_list_option_selected(self) -> None:
        """Into it."""
        for figure in self.query(Figure):
            figure.take_keys()

    async def show_figure(self, name: str) -> None:
        """Compute a figure's values here and now, and show them."""
        if name == self.shown:
            return
        options = self.figures[name]
        for model in options.models():
            self.lab.ensure(model)
        values = options.run(self.lab)
        frame = self.query_one("#frame")
        await frame.remove_children()
        self.shown = name
        await frame.mount(figure_widget(name, options, values, self.clock))
        self._show_hints()

    def _show_hints(self) -> None:
        hints = [Hint("↑ ↓", "", _("another figure")), Hint("enter", "", _("into it"))]
        for figure in self.query(Figure):
            hints += figure.hints
        hints += [
            Hint("x", "app.save_figure", _("save")),
            Hint("esc", "names", _("the list")),
            Hint("ctrl+q", "app.quit", _("leave")),
        ]
        self.query_one(KeyLine).show(hints)

    def action_names(self) -> None:
        """Back to the list."""
        self.query_one("#names").focus()

    def action_why(self) -> None:
        """Open the value under the cursor."""
        for state in self.query(StateFigure):
            state.opened = not state.opened

    def action_write(self) -> None:
        """Something of one's own into the figure."""
        figure = writable_in(self)
        if figure is not None:
            figure.action_write()

    def action_player(self, verb: str) -> None:
        """A player's key."""
        for player in self.query(Player):
            self._say(player.act(verb))
            return
        self._say(_("Nothing plays here."))

    def on_figure_told(self, message: Figure.Told) -> None:
        """A figure has a word to say."""
        message.stop()
        self._say(message.word)

    def on_key(self) -> None:
        """A word of why lasts until the next key."""
        self._say("")

    def _say(self, word: str) -> None:
        self.query_one(KeyLine).say(word)

    @property
    def help_keys(self) -> list[tuple[str, str]]:
        """What the help says."""
        return [
            ("↑ ↓", _("another figure")),
            ("enter", _("into the figure")),
            *(keys for figure in self.query(Figure) for keys in figure.help_keys),
            ("x", _("save the figure: SVG, CSV, JSON")),
            ("esc", _("back to the list")),
            ("ctrl+q", _("leave")),
        ]
