"""What a learner answers with: a choice, a number, how sure they are. Each holds its own answer and nothing else.

Who asks, when to commit and what is right is the lesson screen's; these say `Changed` when the answer did.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Static

from tutor.course.grading import parse_number
from tutor.course.lesson import Asked, Option, Prediction
from tutor.draw.cells import Look, Row, Span, Style
from tutor.draw.slider import slider, value_at
from tutor.i18n import _
from tutor.ui.widgets.drawn import Drawn, look_of
from tutor.ui.widgets.words import sentence

CONFIDENCES = ("guess", "fairly", "certain")
"""How sure a prediction can be, least first."""


class Choice(Horizontal):
    """One option in a list of them: its sign, and beside it the words, wrapped under one another."""

    DEFAULT_CSS = """
    Choice { height: auto; width: 1fr; }
    Choice > .sign { width: 2; height: auto; }
    Choice > .words { width: 1fr; height: auto; }
    Choice.-chosen { color: $accent; text-style: bold; }
    Choice.-right { color: $success; text-style: bold; }
    Choice.-wrong { color: $error; }
    """

    def __init__(self, option: Option) -> None:
        super().__init__()
        self.option = option

    def compose(self) -> ComposeResult:
        """The sign and the words as they are."""
        yield Static(Content("  "), classes="sign")
        yield Static(Content(self.option.text), classes="words")

    def show_sign(self, sign: str) -> None:
        """Mark it."""
        self.query_one(".sign", Static).update(Content(sign))


class Choices(Vertical, can_focus=True):
    """Options, one a line; ↑ and ↓ choose."""

    DEFAULT_CSS = """
    Choices { height: auto; }
    """

    BINDINGS = [
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
    ]

    chosen = reactive(0)
    """Index of the option under the cursor."""

    def __init__(self, options: Sequence[Option]) -> None:
        super().__init__()
        self.options = tuple(options)
        self.locked = False

    def compose(self) -> ComposeResult:
        """A line each."""
        for option in self.options:
            yield Choice(option)

    def on_mount(self) -> None:
        """Show the cursor."""
        self.watch_chosen()

    def watch_chosen(self) -> None:
        """The cursor stands at the chosen option, and it is in view."""
        for index, choice in enumerate(self.query(Choice)):
            here = index == self.chosen
            choice.set_class(here, "-chosen")
            choice.show_sign("▸ " if here else "  ")
            if here and self.has_focus:
                choice.scroll_visible(animate=False)

    def action_move(self, by: int) -> None:
        """The option before or after."""
        if not self.locked:
            self.chosen = (self.chosen + by) % len(self.options)

    def on_click(self, event: events.Click) -> None:
        """A click chooses; it does not commit."""
        if self.locked or event.widget is None:
            return
        for index, choice in enumerate(self.query(Choice)):
            if choice in event.widget.ancestors_with_self:
                self.chosen = index
                self.focus()

    @property
    def response(self) -> str:
        """The key of the option chosen."""
        return self.options[self.chosen].key

    def reveal(self, truth: str, correct: bool) -> None:
        """Mark what was right, and what was chosen instead."""
        self.locked = True
        self.can_focus = False
        for index, choice in enumerate(self.query(Choice)):
            right = choice.option.text == truth
            mine = index == self.chosen
            choice.remove_class("-chosen")
            choice.set_class(right, "-right")
            choice.set_class(mine and not right, "-wrong")
            choice.show_sign("✓ " if right else "✗ " if mine else "  ")


class NumberField(Drawn, can_focus=True):
    """A number on a track: ← and → move, or type it."""

    BINDINGS = [
        Binding("left", "nudge(-1)", show=False),
        Binding("right", "nudge(1)", show=False),
        Binding("pageup,shift+right", "nudge(5)", show=False),
        Binding("pagedown,shift+left", "nudge(-5)", show=False),
    ]

    STEPS = 50
    """Presses from one end of the track to the other."""

    value = reactive(0.0)
    """The number as it stands."""
    typed = reactive("")
    """What is being typed, until it is a number."""

    class Moved(Message):
        """The number changed."""

        def __init__(self, field: NumberField, value: float) -> None:
            super().__init__()
            self.field = field
            self.value = value

    def __init__(
        self,
        low: float,
        high: float,
        *,
        start: float | None = None,
        scale: str = "linear",
        steps: int | None = None,
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self.low, self.high, self.scale = low, high, scale
        self.steps = steps or self.STEPS
        self.locked = False
        middle = math.sqrt(low * high) if scale == "log" else (low + high) / 2
        self.set_reactive(NumberField.value, middle if start is None else start)

    def draw(self, width: int, height: int, look: Look) -> Sequence[Row]:
        """The track; under it what is typed, when something is."""
        row = slider(
            self.value,
            self.low,
            self.high,
            width,
            look,
            scale="log" if self.scale == "log" else "linear",
            focused=self.has_focus and not self.locked,
            format=_short,
        )
        if self.typed:
            cursor = "_" if look.ascii else "▏"
            return [row, (Span("  " + self.typed + cursor, look.accent),)]
        return [row]

    def _fraction(self) -> float:
        if self.scale == "log":
            return math.log(self.value / self.low) / math.log(self.high / self.low)
        return (self.value - self.low) / (self.high - self.low)

    def action_nudge(self, by: int) -> None:
        """Move by `by` steps of the track."""
        if self.locked:
            return
        self.typed = ""
        fraction = min(max(round(self._fraction() * self.steps + by) / self.steps, 0.0), 1.0)
        if self.scale == "log":
            self.value = self.low * (self.high / self.low) ** fraction
        else:
            self.value = self.low + (self.high - self.low) * fraction

    def on_key(self, event: events.Key) -> None:
        """Digits and what belongs to a number are typed; backspace takes one back."""
        if self.locked:
            return
        if event.character and event.character in "0123456789.,-+eE^%*" and len(self.typed) < 16:
            # A first letter e is no number: let it be whatever it is elsewhere.
            if not self.typed and event.character in "eE^%*":
                return
            self.typed += event.character
        elif event.key == "backspace" and self.typed:
            self.typed = self.typed[:-1]
        else:
            return
        event.stop()
        event.prevent_default()

    def on_click(self, event: events.Click) -> None:
        """A click sets the number to where the track was hit, as near as a step."""
        if self.locked:
            return
        self.focus()
        scale: Literal["linear", "log"] = "log" if self.scale == "log" else "linear"
        look = look_of(self.app)
        hit = value_at(event.x, self.low, self.high, self.size.width, look, scale=scale, format=_short)
        if hit is not None:
            self.typed = ""
            self.value = hit
            self.action_nudge(0)

    def watch_value(self) -> None:
        """Draw it, and say so."""
        self.redraw()
        self.post_message(self.Moved(self, self.value))

    def watch_typed(self) -> None:
        """A line more or less."""
        self.redraw(layout=True)

    @property
    def response(self) -> float:
        """The number given.

        Raises:
            ValueError: what was typed is no number, said in a line.
        """
        return parse_number(self.typed) if self.typed else self.value

    def settle(self) -> None:
        """It is committed."""
        if self.typed:
            self.value = self.response
            self.typed = ""
        self.locked = True
        self.can_focus = False
        self.redraw()


def _short(value: float) -> str:
    """A number in the fewest letters that say it."""
    if value == 0 or 1e-3 <= abs(value) < 1e4:
        return f"{value:.2f}".rstrip("0").rstrip(".") if abs(value) < 100 else f"{value:.0f}"
    return f"{value:.0e}".replace("e-0", "e-").replace("e+0", "e+")


class Confidence(Drawn, can_focus=True):
    """How sure: guess, fairly, certain; ← and → choose."""

    DEFAULT_CSS = """
    Confidence { margin-top: 1; }
    """

    BINDINGS = [
        Binding("left", "move(-1)", show=False),
        Binding("right", "move(1)", show=False),
    ]

    level = reactive(1)
    """Index into `CONFIDENCES`."""

    def __init__(self) -> None:
        super().__init__()
        self.locked = False

    def _words(self) -> tuple[str, ...]:
        return (_("a guess"), _("fairly sure"), _("certain"))

    def draw(self, width: int, height: int, look: Look) -> Sequence[Row]:
        """One row of three words."""
        spans = [Span(_("How sure?") + "  ", look.muted)]
        for index, word in enumerate(self._words()):
            here = index == self.level
            sign = (">" if look.ascii else "▸") if here else " "
            style = look.accent._replace(underline=self.has_focus) if here else look.muted
            spans += [Span(sign, look.accent if here else look.muted), Span(word, style), Span("  ", Style())]
        return [tuple(spans)]

    def action_move(self, by: int) -> None:
        """More or less sure."""
        if not self.locked:
            self.level = min(max(self.level + by, 0), len(CONFIDENCES) - 1)

    def on_click(self, event: events.Click) -> None:
        """A click on a word chooses it."""
        if self.locked:
            return
        column = len(_("How sure?")) + 2
        for index, word in enumerate(self._words()):
            if column <= event.x < column + len(word) + 3:
                self.level = index
            column += len(word) + 3
        self.focus()

    def watch_level(self) -> None:
        """Draw it."""
        self.redraw()

    def settle(self) -> None:
        """It is committed."""
        self.locked = True
        self.can_focus = False
        self.add_class("-settled")

    @property
    def response(self) -> str:
        """The level's name."""
        return CONFIDENCES[self.level]


class Ask(Vertical):
    """A prediction or a question: what is asked, how it is answered, and when it was, what was right."""

    DEFAULT_CSS = """
    Ask { height: auto; margin-bottom: 1; }
    Ask > .ask { height: auto; text-style: bold; margin-bottom: 1; }
    Ask > .verdict { height: auto; margin: 1 0 0 0; }
    """

    def __init__(self, asked: Asked, values: Mapping[str, object]) -> None:
        super().__init__()
        self.asked = asked
        self.values = values
        self.answered = False

    def compose(self) -> ComposeResult:
        """The words, then the means."""
        yield Static(sentence(self.asked.ask, self.values), classes="ask")
        yield self._means()
        if isinstance(self.asked, Prediction):
            yield Confidence()

    def fill(self, values: Mapping[str, object]) -> None:
        """The values in the question are known now."""
        self.query(".ask").only_one(Static).update(sentence(self.asked.ask, values))

    def _means(self) -> Widget:
        if self.asked.options:
            return Choices(self.asked.options)
        return NumberField(
            self.asked.low if self.asked.low is not None else 0.0,
            self.asked.high if self.asked.high is not None else 1.0,
            start=self.asked.start,
            scale=self.asked.scale,
        )

    def on_mount(self) -> None:
        """The answer has the keys."""
        self.means.focus()

    @property
    def means(self) -> Choices | NumberField:
        """What it is answered with."""
        return self.query_one(Choices) if self.asked.options else self.query_one(NumberField)

    @property
    def response(self) -> str | float:
        """The answer as it stands (ValueError when it is no number)."""
        return self.means.response

    @property
    def confidence(self) -> str | None:
        """How sure, for a prediction."""
        return self.query_one(Confidence).response if isinstance(self.asked, Prediction) else None

    def restore(self, response: str | float | None, confidence: str | None) -> None:
        """Stand as it stood when it was answered."""
        if isinstance(self.means, NumberField):
            self.means.value = float(response or 0.0)
        else:
            keys = [option.key for option in self.means.options]
            self.means.chosen = keys.index(str(response)) if str(response) in keys else 0
        for widget in self.query(Confidence):
            widget.level = CONFIDENCES.index(confidence) if confidence in CONFIDENCES else 1

    def commit(self) -> None:
        """No answer changes any more."""
        self.answered = True
        if isinstance(self.means, NumberField):
            self.means.settle()
        else:
            self.means.locked = True
        for confidence in self.query(Confidence):
            confidence.settle()

    async def reveal(self, truth: str, correct: bool, says: str) -> None:
        """Show what is true, and what to make of it."""
        if isinstance(self.means, Choices):
            self.means.reveal(truth, correct)
            head = _("Yes.") if correct else _("Not here.")
        else:
            mine = _short(self.means.value)
            head = _("It is {truth}; you said {mine}.").format(truth=truth, mine=mine)
        style = "bold $success" if correct else "bold $warning"
        verdict = Static(Content.assemble((head, style), " ", sentence(says, None)), classes="verdict")
        await self.mount(verdict)
