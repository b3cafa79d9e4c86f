"""The tags figure: each word and what the network calls it, step by step; another held-out sentence at a key."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.widget import Widget

from tutor.course.figures.facts import Fact
from tutor.course.figures.table import Table
from tutor.course.figures.tags import TagsValues
from tutor.draw.cells import Look, Row
from tutor.draw.figures.tags import Tagged, lay_out, tags
from tutor.engine.text import join
from tutor.i18n import _, ngettext
from tutor.ui.figures.player import PLAYER_HINTS, Player, Stepped, Wanted
from tutor.ui.figures.writable import Writable
from tutor.ui.playback import Playback
from tutor.ui.widgets.keyline import Hint


class TaggedText(Stepped, can_focus=True):
    """The rows; a click on a word goes to its step."""

    DEFAULT_CSS = """
    TaggedText { height: 1fr; }
    """

    def __init__(self, values: TagsValues) -> None:
        super().__init__()
        self.values: TagsValues = values

    def show(self, values: TagsValues) -> None:
        """Another text."""
        self.values = values
        self.redraw()

    def draw(self, width: int, height: int, look: Look) -> Sequence[Row]:
        """The picture."""
        values = self.values
        return tags(
            Tagged(
                values.run.tokens,
                values.run.model.labels,
                values.probabilities,
                values.run.known,
                values.truth,
                whole=values.whole,
                before=values.before,
            ),
            self.position,
            width,
            height,
            look,
            summary=self._summary(),
            note=self._note(),
            focused=self.has_focus,
        )

    def _note(self) -> tuple[str, ...]:
        """How it is read, the longest way to say it first."""
        values = self.values
        if values.whole:
            return (_("one answer for the whole, read from both ends"), _("read from both ends"))
        if values.run.spec.bidirectional:
            return (_("read from both ends: each word with what follows it"), _("read from both ends"))
        if values.answers:
            return (_("what it would answer if the text ended here"), _("its answer so far"))
        return (_("what it thought at each word: no later word changes it"), _("what it thought at each word"))

    def _summary(self) -> tuple[str, ...]:
        values, position = self.values, self.position
        total = values.sum(position)
        parts = []
        if total.counted:
            right = _("right {n} of {total}").format(n=total.right, total=total.counted)
            done = position == len(values.run.tokens)
            parts.append(right if done else _("{right} so far").format(right=right))
        if not math.isnan(total.confidence):
            said = _("confidence {p:.2f}") if values.answers else _("mean confidence {p:.2f}")
            parts.append(said.format(p=total.confidence))
        if values.before and position == len(values.run.tokens):
            flips = ngettext("{n} tag flipped (≠)", "{n} tags flipped (≠)", len(values.flipped))
            parts.insert(0, flips.format(n=len(values.flipped)))
        head = ", ".join(parts)
        more = []
        if values.words_before:
            said = _("{n} words, {before} before: no tags are compared")
            more.append(said.format(n=len(values.run.tokens), before=values.words_before))
        if total.unknown:
            unknown = ngettext("{n} word unknown (?)", "{n} words unknown (?)", total.unknown)
            more.append(unknown.format(n=total.unknown))
        if values.sentence is not None:
            more.append(
                _("held-out sentence {n} of {total}").format(n=values.sentence + 1, total=len(values.sentences))
            )
        every = tuple(s for s in (head, *more) if s)
        # From everything to the head alone, which is what the step is about.
        return tuple("; ".join(every[:n]) for n in range(len(every), 0, -1)) or ("",)

    def on_click(self, event: events.Click) -> None:
        """To the step of the word in this row."""
        values, size = self.values, self.size
        words, labels = len(values.run.tokens), len(values.run.model.labels)
        plan = lay_out(words, labels, self.position, size.width, size.height, whole=values.whole)
        index = plan.word(event.y)
        if index is not None and index < words:
            self.post_message(Wanted("go", index + 1))


class TagsFigure(Player, Writable):
    """A text and what is said of its words."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,left", "step('back')", show=False),
        Binding("down,right", "step('forward')", show=False),
        Binding("c", "sentence", show=False),
    ]

    SHOW = "tags"
    TIGHT = 14
    WRITES = _("edit the text")

    def __init__(
        self, values: TagsValues, *, clock: Callable[[], float] = time.monotonic, id: str | None = None
    ) -> None:
        length = len(values.run.tokens)
        # Everything at first sight, what a learner steps back from, unless one word is what is asked about.
        super().__init__(values, length, position=values.step or length, clock=clock, id=id)
        self.values: TagsValues

    def parts(self) -> Iterable[Widget]:
        """The rows alone."""
        yield TaggedText(self.values).data_bind(Player.position)

    def action_sentence(self) -> None:
        """Another sentence whose answers are known."""
        values = self.values
        if not values.sentences:
            self.tell(_("No sentence was held out of this model's corpus: there is this text alone."))
            return
        if len(values.sentences) == 1 and values.sentence == 0:
            self.tell(_("One sentence was held out, and this is it."))
            return
        following = 0 if values.sentence is None else (values.sentence + 1) % len(values.sentences)

        def show(found: TagsValues) -> None:
            # Where another text or network came meanwhile, it is that one's turn.
            if values is self.values:
                self._show(found)

        self.later(lambda: values.read(following), show)

    @property
    def written(self) -> str:
        """The text, to be edited."""
        return join(self.values.run.tokens, self.values.run.spec.unit)

    def show_written(self, text: str) -> None:
        """What it calls the words of a text that was written."""
        self._show(self.values.write(text))

    def _show(self, values: TagsValues) -> None:
        self.values = values
        length = len(values.run.tokens)
        self.query_one(TaggedText).show(values)
        self.playback = Playback(length, position=length, speed=self.playback.speed)
        self.changed()

    @property
    def facts(self) -> Mapping[str, Fact]:
        """What was done in it."""
        sentence = self.values.sentence
        return {**super().facts, "sentence": -1 if sentence is None else sentence}

    def tables(self) -> tuple[Table, ...]:
        """The words that are read by now; before the first, all."""
        return self.values.tables_of(self.position) if self.position else self.values.tables()

    @property
    def hints(self) -> tuple[Hint, ...]:
        """What the key line says of it."""
        return (*PLAYER_HINTS, self.write_hint, Hint("c", "sentence", _("another sentence"), self))

    @property
    def help_keys(self) -> tuple[tuple[str, str], ...]:
        """What the help says of keys that are its own."""
        return (
            ("↑ ↓", _("a word back, a word on")),
            ("e", _("edit the text, or write another; enter reads it, esc keeps the old one")),
            ("c", _("another sentence that was held out, its answers known")),
        )
