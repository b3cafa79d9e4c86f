"""A table to work at: a picture, a line to type into, settings beside it. What the sandbox and the training share.

It owns the line: what is asked, what is done with what is typed, and who has the keys when it closes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.screen import Screen

from tutor.sandbox.files import why
from tutor.sandbox.settings import Setting
from tutor.ui.figures.figure import Figure
from tutor.ui.screens.overlays import ChoiceScreen, LinesScreen
from tutor.ui.widgets.bench.prompt import Prompt
from tutor.ui.widgets.bench.settings import SettingsPanel
from tutor.ui.widgets.keyline import Hint, KeyLine, TitleLine
from tutor.ui.widgets.line import Line, OpenedLine


class TableScreen(Screen[None]):
    """Subclasses say what the settings are, and what the keys do now."""

    DEFAULT_CSS = """
    TableScreen #table { height: 1fr; }
    TableScreen #bench { height: 1fr; width: 1fr; padding: 1 1 0 1; }
    """

    AUTO_FOCUS = ""
    SETTINGS = ""
    """What the settings are of."""

    def __init__(self) -> None:
        super().__init__()
        self._then: Callable[[str], None] | None = None
        """What is done with what is typed; ValueError or OSError: in one line, why it cannot be taken."""
        self._line = 0
        """Lines that were opened: which one is the last."""

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

    def _give_keys(self) -> None:
        """To whatever had them before the line did."""
        raise NotImplementedError

    # The line

    def _ask(
        self, what: str, value: str, then: Callable[[str], None], *, all_of_it: bool = False, file: bool = False
    ) -> None:
        """Ask for something: see `Prompt.ask`."""
        self._then = then
        self._line += 1
        self.query_one(Prompt).ask(what, value, all_of_it=all_of_it, file=file)
        self._show_hints()

    @on(Prompt.Given)
    def given(self, message: Prompt.Given) -> None:
        """Take what was typed; where it cannot be, the line stays."""
        message.stop()
        if self._then is not None:
            try:
                self._then(message.text)
            except (ValueError, OSError) as error:
                self._say(why(error))

    @on(OpenedLine.Kept)
    def kept(self, message: OpenedLine.Kept) -> None:
        """Nothing is to change."""
        message.stop()
        self._close()

    def _close(self) -> None:
        """The line, if it is open."""
        prompt = self.query_one(Prompt)
        if prompt.open:
            prompt.close()
            self._then = None
            self._give_keys()
        self._show_hints()

    def _choose(self, title: str, rows: Sequence[str], chosen: Callable[[int], None]) -> None:
        """Have one of some things chosen, by its place."""

        def done(key: str | None) -> None:
            if key is not None:
                chosen(int(key))

        self.app.push_screen(ChoiceScreen(title, {str(at): row for at, row in enumerate(rows)}), done)

    # What is said

    def _show_hints(self) -> None:
        self.query_one(KeyLine).show(self._hints())

    def _say(self, word: str) -> None:
        """A word at the foot; what is too long for that, where all of it can be read, and copied."""
        line = self.query_one(KeyLine)
        if line.holds(word):
            line.say(word)
        else:
            self.app.push_screen(LinesScreen("", word))

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

    @on(SettingsPanel.Moved)
    def moved(self, message: SettingsPanel.Moved) -> None:
        """What enter does may be another thing now."""
        message.stop()
        self._show_hints()

    def on_figure_changed(self, message: Figure.Changed) -> None:
        """What its keys do may be another thing now."""
        message.stop()
        self._show_hints()
