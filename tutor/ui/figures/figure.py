"""What every figure shares: its values, what its keys do, and work that must not hold up a frame.

A figure is laid out of parts that draw (a `Drawn`, or a `FigurePart` where it has a word to say), and of fields. It
owns what a person can change in it, and nothing else: its values are frozen, and other values come whole.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from textual import work
from textual.containers import Vertical
from textual.message import Message
from textual.screen import Screen

from tutor.course.figures.facts import Fact
from tutor.course.figures.table import Table
from tutor.engine.text import clean
from tutor.i18n import _
from tutor.ui.widgets.drawn import Drawn
from tutor.ui.widgets.keyline import Hint


class Figure(Vertical):
    """A figure on a screen.

    Subclasses give `hints` and `help_keys` where they have keys of their own. Screens use up, for what is theirs,
    enter, escape, backspace, space, `.`, `,`, home, end, `+`, `-`, `?`, `x`, and the letters e m n r s t u w.
    """

    DEFAULT_CSS = """
    Figure { height: 1fr; }
    """

    SHOW: ClassVar[str] = ""
    """Its name in a lesson, and in the files that are saved of it."""
    KEYS: ClassVar[str] = "*"
    """A selector of the part that the keys are for: the first of these that takes any."""

    TELLING: ClassVar[tuple[str, ...]] = ()
    """Reactive attributes of its own that its facts come from."""

    class Told(Message):
        """Something worth a word in the key line."""

        def __init__(self, word: str) -> None:
            super().__init__()
            self.word = word

    class Changed(Message):
        """What it tells of itself is something else now."""

        def __init__(self, figure: Figure) -> None:
            super().__init__()
            self.figure = figure

        def can_replace(self, message: Message) -> bool:
            """What it tells is asked of the figure itself, so the newest says all."""
            return isinstance(message, Figure.Changed) and message.figure is self.figure

    class _Computed(Message):
        """A thread is through with what `later` gave it."""

        def __init__(self, figure: Figure, show: Callable[[Any], None], result: Any) -> None:
            super().__init__()
            self.figure = figure
            self.show = show
            self.result = result

    def __init__(self, values: Any, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.values = values
        """What it shows: one of `course.figures.Values`."""
        self._known: Mapping[str, Fact] = {}
        """What was told last."""
        self._computing = False
        self._waiting: tuple[Callable[[], Any], Callable[[Any], None]] | None = None

    @property
    def hints(self) -> tuple[Hint, ...]:
        """What the key line says of it."""
        return ()

    @property
    def help_keys(self) -> tuple[tuple[str, str], ...]:
        """What the help says of keys that are its own."""
        return ()

    def tables(self) -> tuple[Table, ...]:
        """The numbers in it, as they stand now."""
        found: tuple[Table, ...] = self.values.tables()
        return found

    @property
    def facts(self) -> Mapping[str, Fact]:
        """What was done in it, by the names in its options' `facts`; whoever changes one calls `changed`."""
        return {}

    def on_mount(self) -> None:
        """From here on, what changes is told."""
        self._known = dict(self.facts)
        for name in self.TELLING:
            self.watch(self, name, self.changed, init=False)

    def changed(self) -> None:
        """Say so where a fact is another one than before; calling it too often does no harm."""
        if not self.is_mounted:
            return
        facts = dict(self.facts)
        if facts != self._known:
            self._known = facts
            self.post_message(self.Changed(self))

    def renew(self, options: Any, values: Any) -> bool:
        """Show other values in its place, and keep what a person has set in it; whether it can.

        Where it cannot, another figure takes its place: what it shows has another form.
        """
        return False

    def take_keys(self) -> bool:
        """Give the keys to the part that they are for; whether there is one."""
        for widget in (*self.query(self.KEYS), *self.query("*")):
            if widget.focusable and widget.display:
                widget.focus()
                return True
        return False

    def tell(self, word: str) -> None:
        """Say a word in the key line: what a key did, or why it did nothing."""
        self.post_message(self.Told(word))

    # Work

    def later(self, compute: Callable[[], Any], show: Callable[[Any], None]) -> None:
        """Compute in a thread, then show the result here. Of requests that wait, only the newest is computed.

        Args:
            compute: takes no part in the screen.
            show: given what `compute` returned, in the screen's own thread. What `compute` refuses with a ValueError,
                or fails with, is said in the key line, and the figure stays as it was.
        """
        if self._computing:
            self._waiting = compute, show
        else:
            self._computing = True
            self._work(compute, show)

    @work(thread=True, group="figure", description="figure")
    def _work(self, compute: Callable[[], Any], show: Callable[[Any], None]) -> None:
        """In the thread: only values in, only messages out."""
        try:
            self.post_message(self._Computed(self, show, compute()))
        except ValueError as error:
            self.post_message(self._Computed(self, self.tell, clean(str(error))))
        except Exception as error:
            # Whatever a network or a text did must not take the screen with it.
            said = _("This could not be computed: {e}").format(e=clean(str(error)) or type(error).__name__)
            self.post_message(self._Computed(self, self.tell, said))

    def on_figure__computed(self, message: _Computed) -> None:
        """Show it, and begin with what was asked for meanwhile."""
        if message.figure is not self:
            return
        message.stop()
        self._computing = False
        message.show(message.result)
        if self._waiting is not None:
            waiting, self._waiting = self._waiting, None
            self.later(*waiting)


class FigurePart(Drawn):
    """A part of a figure that draws, and has a word to say of what its keys do."""

    def tell(self, word: str) -> None:
        """As `Figure.tell`."""
        self.post_message(Figure.Told(word))

    def changed(self) -> None:
        """As `Figure.changed`, of the figure that it is a part of."""
        for node in self.ancestors:
            if isinstance(node, Figure):
                node.changed()


class LiveFigure(Figure):
    """A figure that is seen while its values come."""

    def __init__(self, values: Any, *, running: bool = False, id: str | None = None) -> None:
        super().__init__(values, id=id)
        self.running = running
        """Whether more is to come."""

    def show(self, values: Any, *, running: bool) -> None:
        """More values, or all of them."""
        raise NotImplementedError


def figure_in(screen: Screen[Any]) -> Figure | None:
    """The figure of a screen: the one that has the keys, or the first."""
    here = screen.focused
    around = [] if here is None else [node for node in here.ancestors_with_self if isinstance(node, Figure)]
    return next(iter([*around, *screen.query(Figure)]), None)
