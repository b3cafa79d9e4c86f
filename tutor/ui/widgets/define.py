"""A definition in the learner's own words: written freely, then laid beside the terms that belong to it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from textual.app import ComposeResult
from textual.binding import Binding
from textual.content import Content
from textual.widgets import Static, TextArea
from textual.widgets.text_area import Edit, EditResult

from tutor.course.lesson import Define
from tutor.course.terms import MOST_TYPED, cleaned, found, safe
from tutor.draw.cells import pad, width
from tutor.i18n import _
from tutor.ui.widgets.activity import Activity, Done
from tutor.ui.widgets.words import sentence


class DefinitionField(TextArea):
    """Where it is written; enter is the screen's, as everywhere."""

    DEFAULT_CSS = """
    DefinitionField { height: auto; min-height: 4; max-height: 8; }
    DefinitionField { border: solid $foreground 30%; background: $background; }
    DefinitionField:focus { border: solid $accent; }
    DefinitionField .text-area--cursor-line { background: $background; }
    /* A cursor that is seen without colours, too. */
    DefinitionField:dark .text-area--cursor, DefinitionField:light .text-area--cursor {
        color: $foreground; background: $background; text-style: reverse;
    }
    """

    BINDINGS = [
        Binding("enter", "screen.go_on", priority=True, show=False),
        Binding("shift+enter,ctrl+j", "newline", show=False),
    ]

    def action_newline(self) -> None:
        """Another line."""
        self.insert("\n")

    def edit(self, edit: Edit) -> EditResult:
        """Whatever is typed or pasted, without what a terminal would obey."""
        edit.text = safe(edit.text)
        return super().edit(edit)


class DefineActivity(Activity):
    """What is asked, a field for it, and in the end which terms were found."""

    takes_letters = True
    takes_text = True

    def __init__(self, block: Define, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self.block = block
        self.ask = block.ask
        self.clock = clock
        self._began = 0.0
        self._warned = False

    def compose(self) -> ComposeResult:
        """The words, then the field."""
        yield Static(sentence(self.ask, self.values), classes="ask")
        yield DefinitionField(placeholder=Content(_("in your own words; ctrl+j for another line")), classes="field")

    def on_mount(self) -> None:
        """The keys go to the field."""
        self._began = self.clock()
        self.query_one(DefinitionField).focus()

    def on_text_area_changed(self, message: TextArea.Changed) -> None:
        """Something is written."""
        message.stop()
        self._warned = False

    @property
    def enter_does(self) -> str:
        """What enter does while it goes on."""
        return _("answer")

    def enter(self) -> None:
        """Look at what was written. With nothing written it is skipped, but not by one key alone."""
        typed = cleaned(self.query_one(DefinitionField).text)
        if not typed:
            if self._warned:
                self.post_message(self.Finished(()))
                return
            self._warned = True
            self.post_message(self.Told(_("Nothing is written yet: enter once more skips it.")))
        elif len(typed) > MOST_TYPED:
            said = _("That is {n} letters: a definition is shorter than {most}.")
            self.post_message(self.Told(said.format(n=len(typed), most=MOST_TYPED)))
        else:
            there = found(typed, self.block.terms)
            said = _("{n} of {total} found").format(n=sum(there), total=len(there))
            seconds = self.clock() - self._began
            done = Done(_("your words"), said, all(there), seconds, kind="question", response=typed)
            self.post_message(self.Finished((done,)))

    def verdict(self, done: Sequence[Done]) -> Content:
        """Each term, found or not, and the model answer; after a skip the model answer alone."""
        parts: list[Content | str | tuple[str, str]] = []
        for one in done:
            typed = str(one.response)
            parts += [(_("You wrote:"), "bold"), " ", typed, "\n\n"]
            room = max(width(_("found")), width(_("not found"))) + 2
            for term, there in zip(self.block.terms, found(typed, self.block.terms), strict=True):
                name = term.any[0]
                if there:
                    parts += [(pad(_("found"), room), "bold $success"), f"{name}\n"]
                else:
                    says = sentence(term.says, self.values)
                    parts += [(pad(_("not found"), room), "bold $warning"), f"{name}: ", says, "\n"]
            parts.append("\n")
        return Content.assemble(
            *parts, (_("One way to say it:"), "bold"), " ", sentence(self.block.answer, self.values)
        )
