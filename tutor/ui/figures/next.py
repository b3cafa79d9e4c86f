"""What comes next: the part that a player shows beside its heatmap, and the figure with its sampler.

What was drawn belongs to one distribution: another step, temperature or cut begins anew. Only the numbers of the draws
go on, so that a key pressed twice never draws the same by itself. Each key counts its own: what one did is no draw of
another's.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

import numpy as np
from msgspec.structs import replace
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from tutor.course.figures.facts import Fact
from tutor.course.figures.next import DRAWS, HOTTEST, MOST_WRITTEN, NextValues, Reading, Sampling, written
from tutor.course.figures.table import Table
from tutor.draw.bars import bars
from tutor.draw.cells import Look, Row, Span, crop
from tutor.draw.figures.next import Bar, Came, Openness, Sampled, foot_at, next_tokens
from tutor.draw.wording import phrase, quoted, shown_token
from tutor.engine.checks import Array
from tutor.engine.generation import Said
from tutor.engine.model import Run
from tutor.engine.text import join
from tutor.i18n import _
from tutor.ui.figures.player import PLAYER_HINTS, Player, Stepped, Wanted
from tutor.ui.widgets.keyline import Hint
from tutor.ui.widgets.means.number import NumberField

MOST_K = 50
"""The widest cut that the track of top-k offers, unless a lesson asks for a wider one."""

LEAST_P = 0.05
"""The narrowest cut of top-p, in the same way: from nothing, nothing can be drawn."""


class Next(Stepped):
    """The likeliest next tokens after the current step, from its own h_t."""

    DEFAULT_CSS = """
    Next { height: auto; margin-top: 1; }
    """

    def __init__(self, run: Run, count: int) -> None:
        super().__init__()
        self.run = run
        self.count = count

    def take(self, values: Any) -> None:
        """Another run."""
        self.run = values.run
        self.redraw()

    def show_count(self, count: int) -> None:
        """As many words as there is room for."""
        if count != self.count:
            self.count = count
            self.redraw(layout=True)

    def draw(self, width: int, height: int, look: Look) -> Sequence[Row]:
        """A heading and the bars; before the first token there is nothing to say yet."""
        if self.position == 0:
            head = _("next token: step once, and the network guesses")
            return [(Span(crop(head, width, ascii=look.ascii), look.muted),), *([()] * self.count)]
        said = self.run.tokens[self.position - 1]
        head = _("next after {token}").format(token=quoted(said, look))
        found = self.run.next(self.position - 1, self.count)
        items = [(shown_token(token, ascii=look.ascii), p) for token, p in found]
        drawn = bars(items, width, look, limit=1.0, label_width=10, bright=items[0][0] if items else None)
        return [(Span(crop(head, width, ascii=look.ascii), look.muted),), *drawn]


class Sampler(Stepped, can_focus=True):
    """The bars, what is drawn from them, and how the sentence goes on."""

    DEFAULT_CSS = """
    Sampler { height: 1fr; }
    """

    class Asked(Message):
        """A row was clicked: what it does is the figure's."""

        def __init__(self, kind: str) -> None:
            super().__init__()
            self.kind = kind

    def __init__(self, values: NextValues) -> None:
        super().__init__()
        self.values: NextValues = values
        self.sampling = values.sampling
        """How tokens are drawn now."""
        self.turn = 0
        """How often one token was drawn, ..."""
        self.counts = 0
        """... many were drawn at once, ..."""
        self.sentences = 0
        """... and the sentence was gone on with."""
        self.picked: int | None = None
        """Index of what was drawn last, alone."""
        self.tallies: Array | None = None
        """(V,): how often each token was drawn."""
        self.said: tuple[Said, ...] | None = None
        """How the sentence goes on."""
        self._read: tuple[int, Sampling, Reading | str] | None = None

    def reading(self) -> Reading | str | None:
        """What is held likely here; None before the first token, or in a line why it is nothing."""
        if self.position == 0:
            return None
        if self._read is None or self._read[:2] != (self.position, self.sampling):
            try:
                found: Reading | str = self.values.reading(self.position, self.sampling)
            except ValueError as error:
                found = str(error)
            self._read = (self.position, self.sampling, found)
        return self._read[2]

    def take(self, values: NextValues) -> None:
        """Another run; how tokens are drawn stays."""
        self.values, self._read = values, None
        self.forget()

    def forget(self) -> None:
        """What was drawn was drawn from something else."""
        self.picked = self.tallies = self.said = None
        self.redraw()

    def watch_position(self) -> None:
        """Another step."""
        self.forget()

    def _items(self, reading: Reading) -> list[Bar]:
        found = reading.guesses(self.values.count)
        if self.picked is not None and self.picked not in [guess.index for guess in found]:
            found = (*found, reading.guess(self.picked))
        return [
            Bar(
                guess.token,
                guess.plain,
                guess.drawn,
                guess.rank,
                guess.came,
                guess.index == self.picked,
                None if self.tallies is None else int(self.tallies[guess.index]),
            )
            for guess in found
        ]

    def _sampled(self, reading: Reading) -> Sampled:
        picked = self.picked
        return Sampled(
            how=_how(self.sampling, len(reading.tokens)),
            plain=self.sampling.plain,
            word=None if picked is None else reading.tokens[picked],
            p=float("nan") if picked is None else float(reading.drawn[picked]),
            turn=self.turn,
            seed=self.values.seed,
            draws=0 if self.tallies is None else int(self.tallies.sum()),
            written=self._written(),
        )

    def _written(self) -> tuple[str, str, str] | None:
        if self.said is None:
            return None
        unit = self.values.run.spec.unit
        before = self.values.run.tokens[max(self.position - 64, 0) : self.position]
        # An end that is not reached is none: the most that is written is not all there is.
        end = "…" if len(self.said) >= MOST_WRITTEN else "<end>"
        return join(before, unit), join([s.token for s in self.said], unit), end

    def draw(self, width: int, height: int, look: Look) -> Sequence[Row]:
        """The picture; before the first token there is nothing to say yet."""
        reading = self.reading()
        if not isinstance(reading, Reading):
            word = reading or _("Nothing is read yet: step once, and the network guesses.")
            return [phrase((word,), width, look, look.muted._replace(underline=self.has_focus))]
        came = None
        if reading.came is not None:
            guess = reading.guess(reading.came)
            label = self.values.run.tokens[self.position]
            came = Came(label, reading.surprise or 0.0, guess.rank, len(reading.tokens), known=reading.came != 0)
        return next_tokens(
            self._items(reading),
            width,
            height,
            look,
            after=self.values.run.tokens[self.position - 1],
            openness=Openness(*reading.entropies, reading.most),
            came=came,
            sampled=self._sampled(reading),
            focused=self.has_focus,
        )

    def on_click(self, event: events.Click) -> None:
        """A bar draws one token, the line of what was drawn draws many, what is written is written anew."""
        reading = self.reading()
        if not isinstance(reading, Reading):
            self.post_message(Wanted("forward"))
            return
        kind = foot_at(event.y, self._items(reading), self.size.height, self._sampled(reading))
        self.post_message(self.Asked(kind))

    def tables(self) -> tuple[Table, ...]:
        """What is on the screen now."""
        reading = self.reading()
        if not isinstance(reading, Reading):
            return ()
        bits = Table(
            (_("bits"), ""),
            (
                (_("entropy of the model"), reading.entropies[0]),
                (_("entropy drawn from"), reading.entropies[1]),
                (_("log2 of the vocabulary"), reading.most),
                (_("surprise at what came"), "" if reading.surprise is None else reading.surprise),
            ),
            _("entropy"),
        )
        found = [reading.table(self.values.count, self.tallies), bits]
        if self.said is not None:
            found.append(written(self.said))
        return tuple(found)


def _how(sampling: Sampling, tokens: int) -> str:
    """Temperature and cuts in words."""
    t = sampling.temperature
    if t == 0:
        return _("temperature 0: argmax, the likeliest every time")
    said = []
    if t >= HOTTEST:
        said.append(_("temperature {t:g} (∞ would be 1/{n} each)").format(t=t, n=tokens))
    elif t != 1:
        said.append(_("temperature {t:.3g}").format(t=t))
    if sampling.top_k:
        said.append(_("top-k {k}").format(k=sampling.top_k))
    if sampling.top_p < 1:
        said.append(_("top-p {p:.2g}").format(p=sampling.top_p))
    return ", ".join(said)


class Dial(Vertical):
    """A number with its name above it."""

    DEFAULT_CSS = """
    Dial { height: auto; width: 1fr; padding-right: 2; }
    Dial > Static { height: 1; color: $text-muted; }
    """

    def __init__(self, name: str, field: NumberField) -> None:
        super().__init__()
        self.said = name
        self.field = field

    def compose(self) -> ComposeResult:
        """The name, the number."""
        yield Static(Content(self.said))
        yield self.field


class NextFigure(Player):
    """The next token step by step, under temperature and cuts, with a sampler."""

    DEFAULT_CSS = """
    NextFigure > Horizontal { height: auto; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "step('back')", show=False),
        Binding("right", "step('forward')", show=False),
        Binding("g", "sample", show=False),
        Binding("G", "tally", show=False),
        Binding("c", "write", show=False),
    ]

    SHOW = "next"
    TIGHT = 16

    def __init__(
        self, values: NextValues, *, clock: Callable[[], float] = time.monotonic, id: str | None = None
    ) -> None:
        super().__init__(values, len(values.run.tokens), position=values.step, clock=clock, id=id)
        self.values: NextValues
        self._beyond = False
        """Whether the number that is typed is beyond its range."""
        self.draws = 0
        """Tokens that were drawn since it was opened, one by one or many at once."""

    def parts(self) -> Iterable[Widget]:
        """The bars, and under them what is turned."""
        yield Sampler(self.values).data_bind(Player.position)
        vocabulary = self.values.run.model.vocabulary
        assert vocabulary is not None
        start = self.values.sampling
        least = min(LEAST_P, start.top_p)
        most = max(min(len(vocabulary), MOST_K), start.top_k)
        yield Horizontal(
            Dial(_("temperature"), NumberField(0, HOTTEST, start=start.temperature, steps=40, id="temperature")),
            Dial(_("top-k, 0 all"), NumberField(0, most, start=start.top_k, steps=most, id="top_k")),
            Dial(_("top-p, 1 all"), NumberField(least, 1, start=start.top_p, steps=19, id="top_p")),
        )

    def on_mount(self) -> None:
        """What is typed counts as it is typed."""
        for field in self.query(NumberField):
            self.watch(field, "typed", partial(self._typed, field), init=False)

    def renew(self, options: Any, values: NextValues) -> bool:
        """Another run; of another vocabulary it has other dials."""
        mine, other = self.values.run.model.vocabulary, values.run.model.vocabulary
        same = mine is not None and other is not None and len(mine) == len(other)
        return same and super().renew(options, values)

    @property
    def sampler(self) -> Sampler:
        """The part that draws."""
        return self.query_one(Sampler)

    def _typed(self, field: NumberField) -> None:
        """A number that is typed, as far as it is one that can be; of one beyond its range, the range is said."""
        try:
            number = field.response
        except ValueError:
            return
        field.value = min(max(number, field.low), field.high)
        if number != field.value:
            name = {"temperature": _("temperature"), "top_k": "top-k", "top_p": "top-p"}[field.id or ""]
            said = _("{name} goes from {low:g} to {high:g}.")
            self.tell(said.format(name=name, low=field.low, high=field.high))
        elif self._beyond:
            # Typed on, it is a number that can be.
            self.tell("")
        self._beyond = number != field.value

    def on_number_field_moved(self, message: NumberField.Moved) -> None:
        """Draw from something else."""
        message.stop()
        value = message.value
        sampler = self.sampler
        if message.field.id == "temperature":
            # A tenth a press: what floats make of 0.1 + 0.2 is nobody's temperature.
            sampler.sampling = replace(sampler.sampling, temperature=round(value, 3))
        elif message.field.id == "top_k":
            sampler.sampling = replace(sampler.sampling, top_k=round(value))
        else:
            sampler.sampling = replace(sampler.sampling, top_p=round(value, 3))
        sampler.forget()
        self.changed()

    # Drawing

    def _reading(self) -> Reading | None:
        """What there is to draw from, or a word of why there is nothing."""
        reading = self.sampler.reading()
        if isinstance(reading, Reading):
            return reading
        self.tell(reading or _("Nothing is read yet: . takes the first step."))
        return None

    def action_sample(self) -> None:
        """Draw one token."""
        if (reading := self._reading()) is None:
            return
        sampler = self.sampler
        sampler.turn += 1
        sampler.picked = int(reading.draw(1, self.values.seed, sampler.turn)[0])
        sampler.redraw()
        self.draws += 1
        self.changed()

    def action_tally(self) -> None:
        """Draw many, and count them; again adds as many."""
        if (reading := self._reading()) is None:
            return
        self.sampler.counts += 1
        seed, turn = self.values.seed, self.sampler.counts

        def count() -> tuple[Reading, Array]:
            counts = np.bincount(reading.draw(DRAWS, seed, turn), minlength=len(reading.tokens))
            return reading, counts.astype(np.float64)

        self.later(count, self._counted)

    def _counted(self, found: tuple[Reading, Array]) -> None:
        reading, counts = found
        sampler = self.sampler
        if sampler.reading() is not reading:
            return
        sampler.tallies = counts if sampler.tallies is None else sampler.tallies + counts
        sampler.picked = None
        sampler.redraw()
        self.draws += DRAWS
        self.changed()

    def action_write(self) -> None:
        """Go on with the sentence from here."""
        if (reading := self._reading()) is None:
            return
        sampler = self.sampler
        sampler.sentences += 1
        # The first time by its own seed, then by those after it: the same line twice would teach nothing.
        seed, run, position, sampling = (
            self.values.seed + sampler.sentences - 1,
            self.values.run,
            self.position,
            sampler.sampling,
        )
        self.later(lambda: (reading, seed, sampling.write(run, position, seed)), self._wrote)

    def _wrote(self, found: tuple[Reading, int, tuple[Said, ...]]) -> None:
        reading, seed, said = found
        sampler = self.sampler
        if sampler.reading() is not reading:
            return
        sampler.said = said
        sampler.redraw()
        if sampler.sampling.temperature == 0:
            self.tell(_("Written with temperature 0: it is the same every time."))
        else:
            self.tell(_("Written with seed {seed}.").format(seed=seed))

    def on_sampler_asked(self, message: Sampler.Asked) -> None:
        """A click does what a key does."""
        message.stop()
        if message.kind == "bars":
            self.action_sample()
        elif message.kind == "drawn":
            self.action_tally()
        elif message.kind == "written":
            self.action_write()

    @property
    def facts(self) -> Mapping[str, Fact]:
        """What was done in it."""
        sampling = self.sampler.sampling
        return {
            **super().facts,
            # As its fields round them.
            "temperature": round(sampling.temperature, 3),
            "top_k": sampling.top_k,
            "top_p": round(sampling.top_p, 3),
            "draws": self.draws,
        }

    def tables(self) -> tuple[Table, ...]:
        """What is on the screen now; then every step."""
        here = self.sampler.tables() if self.query(Sampler) else ()
        return (*here, self.values.course()) if here else self.values.tables()

    @property
    def hints(self) -> tuple[Hint, ...]:
        """What the key line says of it."""
        return (
            *PLAYER_HINTS,
            Hint("g", "sample", _("draw"), self),
            Hint("G", "tally", _("draw {n}").format(n=DRAWS), self),
            Hint("c", "write", _("write on"), self),
            Hint("tab", "", _("temperature, cuts")),
        )

    @property
    def help_keys(self) -> tuple[tuple[str, str], ...]:
        """What the help says of keys that are its own."""
        return (
            ("g", _("draw one token")),
            ("G", _("draw {n}, and count them; again adds as many").format(n=DRAWS)),
            ("c", _("write on from here, token by token")),
            ("← →", _("a token back, a token on; on temperature, top-k or top-p: less, more")),
        )
