"""The engine's pictures for `trace` and `gradient`: runs and norms to rows of spans."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tutor.draw.cells import PLAIN, Look, Row, Span, Style, pad, width
from tutor.draw.chart import Line, log_chart
from tutor.draw.figures.gradient import scientific
from tutor.draw.heatmap import heat_row, legend
from tutor.engine.model import Run
from tutor.engine.text import clean
from tutor.i18n import _
from tutor.plain.stream import spelled
from tutor.sandbox.exporting import gates_of

CHART_HEIGHT = 18


def trace_rows(run: Run, width_: int, look: Look) -> list[Row]:
    """A row for each token: its hidden state as a heatmap, how far it moved, and the mean of each gate."""
    spec = run.spec
    what = [spec.cell.upper(), _("{n} units").format(n=spec.hidden_size), _("seed {n}").format(n=spec.seed)]
    if spec.num_layers > 1:
        what.append(_("layer {n} of {n}").format(n=spec.num_layers))
    if spec.bidirectional:
        what.append(_("forward, then backward"))
    gates = {name: values.mean(axis=1) for name, values in gates_of(run).items()}
    label = min(max(width(token) for token in run.tokens), max(width_ // 4, 8))
    number = len(str(len(run.tokens)))
    heads = ["‖Δh‖", *gates]
    units = run.hidden.shape[1]

    def left_by(heads: Sequence[str]) -> int:
        return width_ - number - label - 6 - sum(2 + max(width(head), 5) for head in heads)

    # The states come first: gates that leave too little room for them are left out.
    while len(heads) > 1 and left_by(heads) < min(units, 2 * spec.hidden_size, 32):
        heads.pop()
    rooms = [max(width(head), 5) for head in heads]
    room = left_by(heads)
    cell_width = 2 if 2 * units <= room else 1
    shown = max(min(units, room // cell_width), 1)

    def line(left: str, token: str, middle: Row, values: Sequence[str], style: Style) -> Row:
        right = "".join("  " + pad(value, room, "right") for value, room in zip(values, rooms, strict=True))
        head = f"  {pad(left, number, 'right')}  {pad(token, label, ascii=look.ascii)}  "
        return (Span(head, style), *middle, Span(right, style))

    names = f"h1 {'..' if look.ascii else '…'} h{shown}" if shown > 1 else "h1"
    rows: list[Row] = [(Span(" · ".join(what), look.muted),), ()]
    heading = (Span(pad(names, shown * cell_width, ascii=look.ascii), look.muted),)
    rows.append(line("", "", heading, heads, look.muted))
    for t, token in enumerate(run.tokens):
        values = [f"{run.change[t]:.2f}", *(f"{gates[name][t]:.2f}" for name in heads[1:])]
        heat = heat_row(run.hidden[t, :shown].tolist(), look, width=cell_width, bright=True)
        rows.append(line(str(t + 1), clean(token), heat, values, PLAIN))
    rows += [(), legend(look, width_)]
    if shown < units:
        more = _("{shown} of {units} units; --csv and --json have all").format(shown=shown, units=units)
        rows.append((Span(more, look.muted),))
    if len(heads) > 1:
        rows.append((Span(_("of a gate: its mean over the units"), look.muted),))
    if len(heads) <= len(gates):
        left_out = ", ".join(list(gates)[len(heads) - 1 :])
        said = _("no room here for {gates}; --csv and --json have all").format(gates=left_out)
        rows.append((Span(said, look.muted),))
    return rows


def gradient_rows(name: str, log10_norms: Sequence[float], width_: int, look: Look) -> list[Row]:
    """The log chart of ‖∂h_T/∂h_t‖, `log10_norms[k]` at k steps back. Two numbers stand under it."""
    points = [(float(k), value) for k, value in enumerate(log10_norms)]
    chart = log_chart(
        [Line(spelled(name, look), points)],
        width_,
        CHART_HEIGHT,
        look,
        x_label=_("steps back"),
        y_label=spelled("‖∂h_T/∂h_t‖", look),
    )
    steps = len(log10_norms) - 1
    said = _("{steps} steps back the norm is {last}; one step back it was {first}")
    line = said.format(steps=steps, last=power(log10_norms[-1]), first=power(log10_norms[1]))
    return [*chart, (Span(line, look.muted),)]


def power(log10: float) -> str:
    """A number from its logarithm, which a float64 may not hold: `3.2e-412`."""
    if math.isnan(log10):
        return "NaN"
    if math.isinf(log10):
        return "0" if log10 < 0 else "∞"
    if -3 <= log10 < 4:
        return f"{10**log10:.3g}"
    return scientific(log10)
