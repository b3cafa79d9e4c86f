"""What an order, a range and a place each need to be asked for, as far as is known before anything runs.

Each function takes the keys of a `predict` or `question` block (`asking`), and gives its problems to the reader.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tutor.course import pointing
from tutor.course.fences import Block, Reader
from tutor.course.lesson import Figure
from tutor.course.probes import Ranking
from tutor.course.source import nearest

if TYPE_CHECKING:
    from tutor.course.asking import AskedTable

MOST = 9
"""Options that can be put in order: a digit says where each goes."""


def ordered(reader: Reader, block: Block, table: AskedTable) -> None:
    """An order is of options that are written out, and their keys are those that the answer ranks."""
    line = block.at("order")
    if table.options == ():
        reader.add(line, "there are no options to put in order", 'write options = [{ key = "…", … }, …]')
        return
    if table.options == "tokens":
        what = "tokens say nothing when they are put in order"
        reader.add(block.at("options"), what, "write the options out, each with what it says")
        return
    if len(table.options) > MOST:
        what = f"{len(table.options)} options to put in order"
        reader.add(block.at("options"), what, f"keep to {MOST}: a digit says where each goes")
    if not isinstance(table.answer, Ranking):
        kind = str(table.answer.__struct_config__.tag)
        what = f"the probe `{kind}` gives no order"
        reader.add(block.at("answer"), what, 'write answer = { probe = "ranking", among = { … } }')
        return
    keys = [option.key for option in table.options]
    for i, key in enumerate(keys):
        here = block.at("options", i, "key")
        if any(char.isspace() for char in key):
            reader.add(here, f"a space in the key `{key}` of what is put in order", "take it away")
        elif key and key not in table.answer.among:
            reader.add(here, f"the answer does not rank `{key}`", nearest(key, table.answer.among))
    for key in table.answer.among:
        if key not in keys:
            mend = "give it an option, or take it out of `among`"
            reader.add(block.at("answer"), f"the answer ranks `{key}`, which is no option", mend)


def ranged(reader: Reader, block: Block, table: AskedTable) -> None:
    """A range needs a track that is wider than it may be."""
    line = block.at("widest")
    for key in ("tolerance", "factor", "start"):
        if getattr(table, key) is not None:
            mend = f"drop `{key}`, or `widest` to ask for a number"
            reader.add(block.at(key), f"`{key}` is for a number, and `widest` asks for a range", mend)
    assert table.widest is not None
    if table.low is None or table.high is None:
        reader.add(block.first, "a range without a track", "write low and high beside widest")
        return
    if not track(reader, block, table):
        return
    if table.scale == "linear":
        least, most, what = 0.0, table.high - table.low, "high − low"
    else:
        least, most, what = 1.0, table.high / table.low, "high / low, the ratio of the ends"
    if not table.widest > least:
        why = "no range is so narrow" if table.scale == "linear" else "on a log scale it is the ratio of the ends"
        reader.add(line, f"widest is {table.widest:g}: {why}", f"write a number above {least:g}")
    elif table.widest >= most:
        why = "the whole track would be right"
        reader.add(line, f"widest is {table.widest:g}: {why}", f"write one below {most:g}, which is {what}")


def track(reader: Reader, block: Block, table: AskedTable) -> bool:
    """Whether `low` and `high` make a track for the scale; the answer has to be a number to lie on it."""
    assert table.low is not None
    assert table.high is not None
    if type(table.answer).words:
        kind = str(table.answer.__struct_config__.tag)
        reader.add(block.at("answer"), f"the probe `{kind}` answers with a word", "write the options")
    elif not table.low < table.high:
        reader.add(block.at("low"), f"low ({table.low:g}) is not below high ({table.high:g})", "swap or widen them")
    elif table.scale == "log" and table.low <= 0:
        reader.add(block.at("low"), f"a log scale cannot begin at {table.low:g}", "write a low above 0")
    else:
        return True
    return False


def pointed(reader: Reader, block: Block, table: AskedTable) -> None:
    """A place is pointed at in the figure that stands before the question in its step."""
    assert table.point is not None
    for key in ("options", "model", "text", "order", "low", "high", "start", "tolerance", "factor", "widest", "unit"):
        if getattr(table, key) not in (None, (), "", False):
            what = f"`{key}` beside `point`: what is pointed at is its own answer"
            reader.add(block.at(key), what, f"drop `{key}`, or `point`")
    if table.scale != "linear":
        reader.add(block.at("scale"), "`scale` beside `point`: nothing is on a track", "drop `scale`, or `point`")
    figures = [value for kind, value in reader.step if kind == "figure"]
    if not figures:
        mend = "put the figure block before it in this step; a predict block of an earlier step lets it show"
        reader.add(block.at("point"), "no figure to point at stands before this in its step", mend)
        return
    figure = figures[0]
    if not isinstance(figure, Figure):
        # It has a problem of its own.
        return
    if (found := pointing.unfit(table.point, figure, reader.models)) is not None:
        reader.add(block.at("point"), *found)
    elif (found := pointing.strange(table.answer, table.point, figure, reader.models)) is not None:
        reader.add(block.at("answer"), *found)
