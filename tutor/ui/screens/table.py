"""A table to work at: a picture, a line to type into, settings beside it. What the sandbox and the training share."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.screen import Screen

from tutor.sandbox.settings import Setting
from tutor.ui.figures.figure import Figure
from tutor.ui.widgets.bench.prompt import Prompt
from tutor.ui.widgets.bench.settings import SettingsPanel
from tutor.ui.widgets.keyline import Hint, KeyLine, TitleLine
from tutor.ui.widgets.line import Line


class TableScreen(Screen[None]):
    """Subclasses say what the settings are, and what the keys do now."""

    DEFAULT_CSS = """
    TableScreen #table { height: 1fr; }
    TableScreen #bench { height: 1fr; width: 1fr; padding: 1 1 0 1; }
    """

    AUTO_FOCUS = ""
    SETTINGS = ""
    """What the settings are of."""

    def compose(self) -> ComposeResult:
        """The line is there only while something is typed."""
        yield TitleLine()
        yield Prompt()
        with Horizontal(id="table"):
            yield Vertical(id="bench")
            yield SettingsPanel(self._settings, self.SETTINGS)
        yield KeyLine()

    def _settings(self) -> Sequence[Setting]:
        raise NotImplementedError

    def _hints(self) -> Sequence[Hint]:
        raise NotImplementedError

    def _show_hints(self) -> None:
        self.query_one(KeyLine).show(self._hints())

    def _say(self, word: str) -> None:
        self.query_one(KeyLine).say(word)

    def on_key(self) -> None:
        """A word of why lasts until the next key."""
        self._say("")

    def on_descendant_focus(self) -> None:
        """The keys are another's now."""
        self._show_hints()

    @on(Figure.Told)
    @on(Line.Told)
    @on(SettingsPanel.Told)
    def told(self, message: Figure.Told | Line.Told | SettingsPanel.Told) -> None:
        """Something has a word to say."""
        message.stop()
        self._say(message.word)

    def on_figure_changed(self, message: Figure.Changed) -> None:
        """What its keys do may be another thing now."""
        message.stop()
        self._show_hints()
