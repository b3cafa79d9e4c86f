"""What can be done at the cursor, as a list to choose from: to the text, and by hand to what the network computes."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from tutor.engine import CELLS
from tutor.engine.surgery import Cut
from tutor.i18n import _
from tutor.sandbox import edits
from tutor.sandbox.bench import Reading
from tutor.sandbox.experiment import LARGEST, Experiment, Nudge
from tutor.sandbox.state import View

Change = Callable[[Experiment], Experiment]


class Act(NamedTuple):
    """Something that can be done."""

    label: str
    do: Callable[[str], Change]
    """What is typed → what it makes of an experiment. ValueError: in one line, why it cannot be."""
    asks: str = ""
    """What has to be typed; nothing when it is empty."""
    begins: str = ""
    """What stands in the line at first."""


def on_text(reading: Reading, view: View, turn: int) -> tuple[Act, ...]:
    """What can be done to the text.

    Args:
        view: where the cursor is: at its word, or the first.
        turn: how often it was shuffled.
    """
    unit, tokens = reading.run.spec.unit, reading.run.tokens
    at = min(max(view.position - 1, 0), len(tokens) - 1)
    here = tokens[at]
    acts = [
        Act(_("from its end"), lambda _typed: lambda e: edits.turned(e, unit)),
        Act(_("shuffle it"), lambda _typed: lambda e: edits.shuffled(e, unit, turn)),
    ]
    if at + 1 < len(tokens):
        said = _("swap “{word}” with “{other}”").format(word=here, other=tokens[at + 1])
        acts.append(Act(said, lambda _typed: lambda e: edits.swapped(e, at, at + 1, unit)))
    if len(tokens) > 1:
        acts.append(
            Act(
                _("swap “{word}” with word …").format(word=here),
                lambda text: _swap(at, text, unit),
                _("swap “{word}” with word number").format(word=here),
            )
        )
        acts.append(
            Act(_("take “{word}” out").format(word=here), lambda _typed: lambda e: edits.replaced(e, at, "", unit))
        )
    acts.append(word(reading, view))
    return tuple(acts)


def word(reading: Reading, view: View) -> Act:
    """Another word in place of the one at the cursor."""
    unit, tokens = reading.run.spec.unit, reading.run.tokens
    at = min(max(view.position - 1, 0), len(tokens) - 1)
    return Act(
        _("write another word for “{word}”").format(word=tokens[at]),
        lambda text: lambda e: edits.replaced(e, at, text, unit),
        _("for word {n}").format(n=at + 1),
        tokens[at],
    )


def _swap(at: int, text: str, unit: str) -> Change:
    other = edits.whole(text, 1, LARGEST) - 1
    return lambda e: edits.swapped(e, at, other, unit)


def by_hand(reading: Reading, view: View) -> tuple[Act, ...]:
    """What can be set, swapped or nudged at the cursor: the step that was read last, and the unit.

    Raises:
        ValueError: nothing is read yet.
    """
    step = min(view.position, len(reading.run.tokens))
    if step == 0:
        raise ValueError(_("Nothing is read yet: . takes the first step, and h sets what it came to."))
    spec = reading.run.spec
    # Those of the backward direction come after the forward one's, here and in every figure of the state.
    at_cursor = min(view.unit, reading.run.hidden.shape[1] - 1)
    direction, unit = divmod(at_cursor, spec.hidden_size)
    first = direction * spec.hidden_size + 1
    layer = spec.num_layers - 1
    values = reading.run.trace.gates(layer=layer, direction=direction)

    def place(letter: str) -> str:
        return f"{letter}_{step}[{at_cursor + 1}]"

    def cut(letter: str, value: float = 0.0, *, whole: bool = False, swap: int | None = None) -> Change:
        at = None if whole else unit
        one = Cut(step, letter, at, value, swap, layer, direction)
        return lambda e: edits.cut(e, one)

    def swapped(text: str) -> Change:
        other = edits.whole(text, first, first + spec.hidden_size - 1) - first
        if other == unit:
            raise ValueError(_("A unit changes places with another one."))
        return cut("h", swap=other)

    def setting(letter: str, *, whole: bool = False) -> Callable[[str], Change]:
        return lambda text: cut(letter, edits.number(text), whole=whole)

    def now(letter: str) -> str:
        return f"{float(values[letter][step - 1, 0, unit]):.3g}"

    def to_set(letter: str) -> Act:
        asked = _("{place} is to be").format(place=place(letter))
        return Act(_("set {place} to …").format(place=place(letter)), setting(letter), asked, now(letter))

    acts = [
        to_set("h"),
        Act(_("{place} to zero").format(place=place("h")), lambda _typed: cut("h")),
        Act(_("the whole state to zero at step {n}").format(n=step), lambda _typed: _whole(cut, "c" in values)),
    ]
    if spec.hidden_size > 1:
        asked = _("{place} changes places with unit").format(place=place("h"))
        acts.append(Act(_("swap {place} with unit …").format(place=place("h")), swapped, asked))
    letters = [letter for letter in CELLS[spec.cell].states if letter != "h"]
    letters += [gate.name for gate in CELLS[spec.cell].gates]
    acts += map(to_set, letters)
    for gate in CELLS[spec.cell].gates:
        said = _("all of {letter} at step {n}").format(letter=gate.name, n=step)
        asked = _("{what} is to be").format(what=said)
        acts.append(Act(_("set {what} to …").format(what=said), setting(gate.name, whole=True), asked, "0"))
    acts.append(_nudge(reading, layer, direction, unit))
    if any(one.step == step for one in reading.experiment.cuts):
        acts.append(Act(_("heal step {n}").format(n=step), lambda _typed: lambda e: edits.healed(e, step)))
    if reading.experiment.changed:
        acts.append(Act(_("heal everything"), lambda _typed: lambda e: edits.healed(e)))
    return tuple(acts)


def _whole(cut: Callable[..., Change], carried: bool) -> Change:
    """h to zero, and of an LSTM c with it: the state is both."""

    def change(experiment: Experiment) -> Experiment:
        for letter in ("c", "h") if carried else ("h",):
            experiment = cut(letter, whole=True)(experiment)
        return experiment

    return change


def _nudge(reading: Reading, layer: int, direction: int, unit: int) -> Act:
    """A weight into the unit under the cursor: of which matrix, from which column, and by how much."""
    spec = reading.run.spec
    end = f"_l{layer}" + ("_reverse" if direction else "")
    blocks = CELLS[spec.cell].blocks
    rows = {
        f"{said}{letter if len(blocks) > 1 else ''}": (name, index * spec.hidden_size + unit)
        for name, said in (("weight_hh", "W_h"), ("weight_ih", "W_x"))
        for index, letter in enumerate(blocks)
    }
    weights = reading.run.backward if direction else reading.run.weights
    first = next(iter(rows))

    def do(text: str) -> Change:
        words = text.split()
        if len(words) != 3 or words[0] not in rows:
            said = _("Write a matrix, a column and a number, as {example}; there are {names}.")
            raise ValueError(said.format(example=f"{first} 1 0.5", names=", ".join(rows)))
        name, row = rows[words[0]]
        column = edits.whole(words[1], 1, weights[name].shape[1]) - 1
        one = Nudge(name + end, row, column, edits.number(words[2]))
        return lambda e: edits.nudge(e, one)

    n = direction * spec.hidden_size + unit + 1
    asked = _("into unit {n}: matrix, column, by").format(n=n)
    return Act(_("nudge a weight into unit {n} …").format(n=n), do, asked, f"{first} 1 0.5")
