"""The first screen: the course, how far you are, and where `enter` leads.

It is painted from the lessons' front matter alone. Nothing here may import NumPy: the engine is loaded after the
first paint, while the learner reads.
"""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.screen import Screen
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widgets import Static

from tutor.course.outline import Outline, Problem
from tutor.draw.cells import PLAIN, Look, Row, Span, Style, crop, fit, pad, width
from tutor.i18n import _, ngettext
from tutor.progress import Progress
from tutor.ui.widgets.drawn import look_of, strip_of
from tutor.ui.widgets.keyline import Hint, KeyLine, TitleLine


class LessonList(ScrollView, can_focus=True):
    """Parts and lessons, one a row; the cursor stands on lessons only."""

    DEFAULT_CSS = """
    LessonList { height: 1fr; overflow-x: hidden; scrollbar-size-vertical: 1; }
    """

    BINDINGS = [
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
        Binding("home", "move(-999)", show=False),
        Binding("end", "move(999)", show=False),
        Binding("pageup", "move(-5)", show=False),
        Binding("pagedown", "move(5)", show=False),
    ]

    cursor = reactive(0)
    """Index of the lesson under the cursor."""

    class Moved(Message):
        """Another lesson is under the cursor."""

    class Opened(Message):
        """The lesson under the cursor is wanted."""

    def __init__(self, outlines: Sequence[Outline], completed: dict[str, frozenset[int]]) -> None:
        super().__init__()
        self.show(outlines, completed)

    def show(self, outlines: Sequence[Outline], completed: dict[str, frozenset[int]]) -> None:
        """Other lessons, or another progress."""
        self.outlines = tuple(outlines)
        self.completed = completed
        self._lines: list[tuple[str, int | None]] = []
        part = None
        for index, outline in enumerate(self.outlines):
            if outline.part != part:
                part = outline.part
                self._lines.append((part, None))
            self._lines.append((outline.title, index))
        self.virtual_size = Size(0, len(self._lines))
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """A part's name, or a lesson."""
        line = y + self.scroll_offset.y
        size = self.size.width
        look = look_of(self.app)
        row: Row = ()
        if line < len(self._lines):
            title, index = self._lines[line]
            row = (Span(title, look.muted),) if index is None else self._lesson(self.outlines[index], index, size, look)
        return strip_of(fit(row, size), size, self.rich_style)

    def _lesson(self, outline: Outline, index: int, available: int, look: Look) -> Row:
        here = index == self.cursor
        done = len(self.completed.get(outline.id, ()))
        whole = done >= outline.steps > 0
        tick = "x" if look.ascii else "✓"
        mark = (">" if look.ascii else "▸") if here else (tick if whole else " ")
        minutes = _("{n} min").format(n=outline.minutes)
        room = max(available - width(minutes) - 6, 0)
        style = Style(bold=True) if here else (look.muted if whole else PLAIN)
        title = pad(crop(outline.title, room, ascii=look.ascii), room)
        return (Span(f" {mark} ", look.accent), Span(title, style), Span(f"  {minutes} ", look.muted))

    def watch_cursor(self) -> None:
        """The cursor is in view, and others may follow it."""
        line = next((n for n, (_, index) in enumerate(self._lines) if index == self.cursor), 0)
        top = self.scroll_offset.y
        if line - 1 < top:
            self.scroll_to(y=max(line - 1, 0), animate=False, immediate=True)
        elif line >= top + self.size.height > 0:
            self.scroll_to(y=line - self.size.height + 1, animate=False, immediate=True)
        self.refresh()
        self.post_message(self.Moved())

    def action_move(self, by: int) -> None:
        """A lesson up or down."""
        if self.outlines:
            self.cursor = min(max(self.cursor + by, 0), len(self.outlines) - 1)

    def on_click(self, event: events.Click) -> None:
        """A click goes to a lesson, a second one opens it."""
        line = event.get_content_offset_capture(self).y + self.scroll_offset.y
        if 0 <= line < len(self._lines) and (index := self._lines[line][1]) is not None:
            if index == self.cursor:
                self.post_message(self.Opened())
            self.cursor = index


class HomeScreen(Screen[None]):
    """The course at a glance."""

    BINDINGS = [
        Binding("enter", "open", "open the lesson"),
        Binding("s", "sandbox", "sandbox"),
        Binding("escape", "leave", "home", show=False),
    ]

    class LessonChosen(Message):
        """Open this lesson."""

        def __init__(self, lesson: str) -> None:
            super().__init__()
            self.lesson = lesson

    class SandboxChosen(Message):
        """Open the sandbox."""

    def __init__(self, outlines: Sequence[Outline], problems: Sequence[Problem], progress: Progress) -> None:
        super().__init__()
        self.outlines = tuple(outlines)
        self.problems = tuple(problems)
        self.progress = progress

    def compose(self) -> ComposeResult:
        """The list on the left, what the lesson is about on the right."""
        yield TitleLine()
        with Horizontal(id="body"):
            yield LessonList(self.outlines, self._completed())
            with VerticalScroll(id="about", can_focus=False):
                yield Static(id="detail")
        yield KeyLine()

    def on_mount(self) -> None:
        """Stand on the next lesson that is not finished."""
        self.query_one(LessonList).focus()
        self.show_progress(move=True)

    def on_screen_resume(self) -> None:
        """Back from a lesson: it may be finished now."""
        if self.query(TitleLine):
            self.show_progress(move=False)

    def show_course(self, outlines: Sequence[Outline], problems: Sequence[Problem]) -> None:
        """The course was read whole: a lesson that is broken is named and left out."""
        self.outlines, self.problems = tuple(outlines), tuple(problems)
        self.query_one(LessonList).show(self.outlines, self._completed())
        self.query_one(LessonList).action_move(0)
        self.show_progress(move=False)

    def show_progress(self, *, move: bool) -> None:
        """What was completed, and by default the cursor where to go on."""
        completed = self._completed()
        done = [len(completed[o.id]) >= o.steps for o in self.outlines]
        lessons = self.query_one(LessonList)
        lessons.show(self.outlines, completed)
        if move and False in done:
            lessons.cursor = done.index(False)
        total = len(self.outlines)
        right = ngettext("{done} of {total} lesson", "{done} of {total} lessons", total)
        self.query_one(TitleLine).show("rnn-tutor", right=right.format(done=sum(done), total=total))
        self.query_one(KeyLine).show(
            [
                Hint("enter", "open", _("open") if not self._here_begun() else _("continue")),
                Hint("↑ ↓", "", _("choose")),
                Hint("s", "sandbox", _("sandbox")),
                Hint("?", "app.help", _("help")),
                Hint("ctrl+p", "app.command_palette", _("palette")),
                Hint("ctrl+q", "app.quit", _("leave")),
            ]
        )
        self._show_detail()

    def _completed(self) -> dict[str, frozenset[int]]:
        return {outline.id: self.progress.completed(outline.id) for outline in self.outlines}

    def _here_begun(self) -> bool:
        outline = self._here()
        return outline is not None and bool(self.progress.completed(outline.id))

    def _here(self) -> Outline | None:
        lessons = self.query_one(LessonList)
        return self.outlines[lessons.cursor] if lessons.cursor < len(self.outlines) else None

    def _show_detail(self) -> None:
        outline = self._here()
        pieces: list[str | tuple[str, str]] = []
        if outline is None:
            pieces.append(_("There is no lesson here."))
        else:
            done = len(self.progress.completed(outline.id))
            pieces += [(outline.title, "bold"), "\n\n", outline.goal, "\n\n"]
            dots = "●" * done + "○" * max(outline.steps - done, 0)
            if look_of(self.app).ascii:
                dots = "*" * done + "." * max(outline.steps - done, 0)
            where = _("{done} of {steps} steps").format(done=done, steps=outline.steps)
            pieces += [(dots, "$accent"), "  ", (where, "$foreground 60%")]
        sure, total = self.progress.calibration().get("certain", (0, 0))
        if total:
            said = _("You were certain and right {right} times, certain and wrong {wrong}.")
            pieces += ["\n\n", (said.format(right=sure, wrong=total - sure), "$foreground 60%")]
        if self.progress.problem:
            pieces += ["\n\n", (self.progress.problem, "$warning")]
        for problem in self.problems:
            pieces += ["\n\n", (_("Left out: {problem}").format(problem=problem), "$warning")]
        self.query_one("#detail", Static).update(Content.assemble(*pieces))

    def on_lesson_list_moved(self, message: LessonList.Moved) -> None:
        """The words follow the cursor."""
        message.stop()
        if self.query("#detail"):
            self._show_detail()

    def on_lesson_list_opened(self, message: LessonList.Opened) -> None:
        """A second click opens."""
        message.stop()
        self.action_open()

    def action_open(self) -> None:
        """Into the lesson under the cursor."""
        outline = self._here()
        if outline is None:
            self.query_one(KeyLine).say(_("There is no lesson to open."))
        else:
            self.post_message(self.LessonChosen(outline.id))

    def action_sandbox(self) -> None:
        """Into the sandbox."""
        self.post_message(self.SandboxChosen())

    def action_leave(self) -> None:
        """There is nowhere further back."""
        self.query_one(KeyLine).say(_("This is home. ctrl+q leaves."))

    @property
    def help_keys(self) -> list[tuple[str, str]]:
        """What the help says."""
        return [
            ("enter", _("open the lesson, or go on in it")),
            ("↑ ↓", _("choose a lesson")),
            ("s", _("the sandbox: any sentence under the microscope")),
            ("ctrl+p", _("palette: themes and more")),
            ("ctrl+q", _("leave; what you answered is kept")),
        ]

    def on_key(self) -> None:
        """A word of why lasts until the next key."""
        self.query_one(KeyLine).say("")
