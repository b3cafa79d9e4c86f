"""What a player shows beside its heatmap: the unrolled network, the next words, and a value opened into its terms."""

from __future__ import annotations

from collections.abc import Sequence

from textual.reactive import reactive

from tutor.draw.bars import bars
from tutor.draw.cells import PLAIN, Look, Row, Span, Style, crop, fit, pad, width
from tutor.draw.figures.unrolled import unrolled
from tutor.engine.model import Run
from tutor.i18n import _
from tutor.ui.figures.player import Stepped


class Diagram(Stepped):
    """The chain of copies of one cell, the current one brightest."""

    DEFAULT_CSS = """
    Diagram { height: auto; margin-bottom: 1; }
    """

    compact = reactive(False, repaint=False)

    def __init__(self, run: Run) -> None:
        super().__init__()
        self.run = run

    def draw(self, width: int, height: int, look: Look) -> Sequence[Row]:
        """The chain."""
        return unrolled(self.run.tokens, self.position, width, look, compact=self.compact)

    def watch_compact(self) -> None:
        """Rows fewer or more."""
        self.redraw(layout=True)


class Next(Stepped):
    """The likeliest next tokens after the current step, from its own h_t."""

    DEFAULT_CSS = """
    Next { height: auto; margin-top: 1; }
    """

    def __init__(self, run: Run, count: int) -> None:
        super().__init__()
        self.run = run
        self.count = count

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
        head = _("next after “{token}”").format(token=said) if not look.ascii else f'next after "{said}"'
        items = self.run.next(self.position - 1, self.count)
        drawn = bars(items, width, look, limit=1.0, label_width=10, bright=items[0][0] if items else None)
        return [(Span(crop(head, width, ascii=look.ascii), look.muted),), *drawn]


class Why(Stepped):
    """The value under the cursor, opened into the terms that it is made of."""

    DEFAULT_CSS = """
    Why { height: 3; margin-top: 1; }
    """

    def __init__(self, run: Run) -> None:
        super().__init__()
        self.run = run

    def draw(self, width: int, height: int, look: Look) -> Sequence[Row]:
        """The equation, its terms named beneath, then where to look next."""
        if self.position == 0:
            words = _("h₀ is set to zeros: nothing came before.")
            return [(Span(crop(words, width, ascii=look.ascii), look.muted),)]
        t = self.position - 1
        if self.unit >= self.run.model.spec.hidden_size:
            words = _("This unit reads from the other end.")
            return [(Span(crop(words, width, ascii=look.ascii), look.muted),)]
        return why_rows(self.run, t, self.unit, width, look)


def why_rows(run: Run, t: int, unit: int, available: int, look: Look) -> list[Row]:
    """`h_3[2] = tanh( 0.62 + 0.31 + 0.02 ) = 0.74`, with the name of each term under it."""
    terms = dict(run.terms(t, unit))
    name = f"h_{t + 1}[{unit + 1}]"
    value = float(run.hidden[t, unit])
    cell = run.model.spec.cell
    if cell == "rnn":
        pieces = [(f"{amount:+.2f}", term) for term, amount in terms.items()]
        opening, closing = run.model.spec.nonlinearity.replace("identity", "") + "(", ")"
    elif cell == "gru":
        z, n, before = terms["z"], terms["n"], terms["h₋"]
        pieces = [
            (f"{1 - z:.2f}·", "1−z"),
            (f"{n:+.2f}", "n"),
            (f" + {z:.2f}·", "z"),
            (f"{before:+.2f}", "h₋"),
        ]
        opening, closing = "", ""
    else:
        o, c = terms["o"], terms["c"]
        pieces = [(f"{o:.2f}·", "o"), (f"tanh({c:+.2f})", "c = f·c₋ + i·g")]
        opening, closing = "", ""
    top = [Span(f"{name} = ", Style(bold=True)), Span(opening + (" " if opening else ""), look.muted)]
    under = " " * (len(name) + 3 + len(opening) + (1 if opening else 0))
    for amount, term in pieces:
        room = max(width(amount), width(term)) + 2
        top.append(Span(pad(amount, room), PLAIN))
        under += pad(term, room)
    top += [Span(closing + " = ", look.muted), Span(f"{value:+.2f}", look.accent)]
    rows: list[Row] = [
        fit(tuple(top), available),
        (Span(crop(under, available, ascii=look.ascii), look.muted),),
    ]
    if cell == "lstm":
        made = f"c = {terms['f']:.2f}·{terms['c₋']:+.2f} + {terms['i']:.2f}·{terms['g']:+.2f} = {terms['c']:+.2f}"
        rows.append((Span(crop(" " * (len(name) + 3) + made, available, ascii=look.ascii), look.muted),))
    return rows
