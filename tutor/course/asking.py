"""A `predict` or `question` block becomes a value: what is asked, how it is answered, and the probe that knows."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any, Literal

from msgspec import Struct

from tutor.course import forms, shape
from tutor.course.fences import Block, Reader, shaped
from tutor.course.lesson import Option, Point, Prediction, Question, QuestionBlock
from tutor.course.probes import Probe, Ranking
from tutor.course.source import nearest
from tutor.course.words import FEEDBACK, put_in, wrong_words
from tutor.engine.text import tokenize

MAX_INSTANCES = 200


class AskedTable(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The keys of a `predict` block."""

    ask: str
    answer: Probe
    because: str = ""
    options: Literal["tokens"] | tuple[Option, ...] = ()
    model: str = ""
    text: str = ""
    low: float | None = None
    high: float | None = None
    scale: Literal["linear", "log"] = "linear"
    start: float | None = None
    tolerance: float | None = None
    factor: float | None = None
    unit: str = ""
    order: bool = False
    widest: float | None = None
    point: Point | None = None


class _QuestionTable(AskedTable, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The keys of a `question` block."""

    vary: dict[str, tuple[int | float | str, ...]] = {}
    about: str = ""


def predict(reader: Reader, block: Block, data: dict[str, Any]) -> Prediction | None:
    if "vary" in data:
        reader.add(block.at("vary"), "a prediction does not vary", "drop `vary`, or make it a question")
        return None
    table = shaped(reader, block, AskedTable, data, "a predict block")
    if table is None:
        return None
    _texts(reader, block, table, frozenset())
    return Prediction(**_asked(reader, block, table))


def question(reader: Reader, block: Block, data: dict[str, Any]) -> QuestionBlock | None:
    combinations = _combinations(reader, block, data.get("vary", {}))
    if combinations is None:
        return None
    names = frozenset(data.get("vary", {}))
    instances = []
    checked = False
    for values in combinations:
        try:
            varied = {key: value if key == "vary" else _vary(key, value, values) for key, value in data.items()}
        except ValueError:
            _braces(reader, block, data, values)
            return None
        table = shaped(reader, block, _QuestionTable, varied, "a question block")
        if table is None:
            return None
        if not checked:
            # The words as written: what `vary` puts into them is recomputed, so its numbers may stand there.
            original = shaped(reader, block, _QuestionTable, {**varied, **_texts_of(data)}, "a question block")
            if original is not None:
                _texts(reader, block, original, names)
            checked = True
        instances.append(Question(about=table.about, **_asked(reader, block, table)))
    return QuestionBlock(instances=tuple(instances), line=block.line, key=block.key)


def _texts_of(data: dict[str, Any]) -> dict[str, Any]:
    return {key: data[key] for key in ("ask", "because", "options", "unit") if key in data}


def _combinations(reader: Reader, block: Block, vary: Any) -> list[dict[str, Any]] | None:
    line = block.at("vary")
    mend = "write vary = { name = [1, 2, 3] }, at least one entry for each name"
    if not isinstance(vary, dict) or not all(isinstance(v, list) and v for v in vary.values()):
        reader.add(line, "`vary` is not a table of lists", mend)
        return None
    if any(isinstance(e, bool) or not isinstance(e, str | int | float) for v in vary.values() for e in v):
        reader.add(line, "`vary` holds an entry that is neither number nor text", mend)
        return None
    for name in vary:
        if not name.isidentifier() or name in FEEDBACK or name in reader.values:
            reader.add(line, f"`vary` cannot use the name `{name}`", "choose a word that no value has")
            return None
    count = 1
    for entries in vary.values():
        count *= len(entries)
    if count > MAX_INSTANCES:
        reader.add(line, f"`vary` makes {count} questions", f"keep to {MAX_INSTANCES}: shorten the lists")
        return None
    return [dict(zip(vary, chosen, strict=True)) for chosen in itertools.product(*vary.values())]


_SAID_LATER = ("because", "says")
"""Texts that have values put in when they are shown."""
_WORDS = ("ask", "text", "says", "because", "unit", "key", "about")


def _vary(key: str, value: Any, values: dict[str, Any]) -> Any:
    """A table's value with an instance's values in it: typed where it is nothing but `{name}`."""
    if isinstance(value, dict):
        return {k: _vary(k, v, values) for k, v in value.items()}
    if isinstance(value, list):
        return [_vary(key, v, values) for v in value]
    if not isinstance(value, str):
        return value
    whole = value[1:-1] if value.startswith("{") and value.endswith("}") else ""
    if whole in values and key not in _WORDS:
        return values[whole]
    later = key in (*_SAID_LATER, "ask")
    return put_in(value, values, final=not later) if "{" in value or "}" in value else value


def _braces(reader: Reader, block: Block, data: Any, values: dict[str, Any], path: shape.Path = ()) -> None:
    """Where a text of a question cannot have its values put in."""
    if isinstance(data, dict | list):
        for key, part in data.items() if isinstance(data, dict) else enumerate(data):
            _braces(reader, block, part, values, (*path, key))
    elif isinstance(data, str):
        try:
            put_in(data, values, final=True)
        except ValueError as error:
            mend = "write {{ and }} for braces, {name} or {name:.2f} for a value"
            reader.add(block.at(*path), f"braces that cannot be filled in ({error})", mend)


def _texts(reader: Reader, block: Block, table: AskedTable, varied: frozenset[str]) -> None:
    """The words of a prediction or a question against the rules of words."""
    own = reader.values | varied

    def look(text: str, path: tuple[str | int, ...], known: frozenset[str], numbers: bool) -> None:
        for found in wrong_words(text, known, numbers=numbers):
            reader.add(block.at(*path), *found)

    look(table.ask, ("ask",), own, False)
    look(table.because, ("because",), own | set(FEEDBACK), True)
    if table.options != "tokens":
        for i, option in enumerate(table.options):
            look(option.says, ("options", i, "says"), own | set(FEEDBACK), True)
            look(option.text, ("options", i, "text"), varied, False)


def _asked(reader: Reader, block: Block, table: AskedTable) -> dict[str, Any]:
    """The fields of an `Asked`; problems go to the reader."""
    reader.unfit_models(table.answer, block.naming("answer"))
    if not table.ask.strip():
        reader.add(block.at("ask"), "nothing is asked", 'write ask = "…"')
    options: tuple[Option, ...] = ()
    if table.point is not None:
        forms.pointed(reader, block, table)
    else:
        options = _options(reader, block, table)
        if table.order:
            forms.ordered(reader, block, table)
        elif isinstance(table.answer, Ranking):
            reader.add(block.at("answer"), "a ranking answers what is put in order", "write order = true, and options")
        elif table.options == () and table.widest is not None:
            forms.ranged(reader, block, table)
        elif table.options == ():
            _number(reader, block, table)
    return {
        "ask": table.ask,
        "answer": table.answer,
        "because": table.because,
        "options": options,
        "low": table.low,
        "high": table.high,
        "scale": table.scale,
        "start": table.start,
        "tolerance": table.tolerance or 0.0,
        "factor": table.factor or 1.0,
        "unit": table.unit,
        "order": table.order,
        "widest": table.widest,
        "point": table.point,
        "line": block.line,
        "key": block.key,
    }


def _options(reader: Reader, block: Block, table: AskedTable) -> tuple[Option, ...]:
    line = block.at("options")
    if table.options == ():
        for key in ("model", "text"):
            if getattr(table, key):
                reader.add(block.at(key), f'`{key}` is for options = "tokens"', "drop it, or add the options")
        return ()
    if any(value is not None for value in (table.low, table.high, table.start, table.tolerance, table.factor)):
        what = "both options and a number are asked for"
        reader.add(line, what, "drop the options, or low, high, start, tolerance and factor")
    if table.widest is not None:
        reader.add(block.at("widest"), "both options and a range are asked for", "drop the options, or widest")
    if table.options == "tokens":
        return tuple(_tokens(reader, block, table))
    options = table.options
    if len(options) < 2:
        reader.add(line, f"{len(options)} option", "write at least two")
    keys: set[str] = set()
    for i, option in enumerate(options):
        here = block.at("options", i, "key")
        if option.key in keys:
            reader.add(here, f"the option key `{option.key}` stands twice", "give each option its own key")
        keys.add(option.key)
        if not option.key:
            reader.add(here, "an option without a key", 'write key = "…"')
        if not option.text.strip():
            reader.add(here, f"the option `{option.key}` has no text", 'write text = "…"')
        if not option.says.strip():
            mend = 'write says = "…": what the belief behind it would imply'
            reader.add(here, f"the option `{option.key}` says nothing to those who choose it", mend)
    return options


def _tokens(reader: Reader, block: Block, table: AskedTable) -> Iterator[Option]:
    """An option for each token of a text."""
    name = table.model or next(iter(table.answer.models()), "")
    if not name:
        reader.add(block.at("options"), 'options = "tokens" of which model?', 'write model = "…"')
        return
    if name not in reader.named:
        mend = nearest(name, reader.named) if reader.named else f"define it in [models.{name}]"
        reader.add(block.at("model"), f"no model is called `{name}`", mend)
        return
    if name not in reader.models:
        return
    entry = reader.models[name]
    text = table.text or getattr(table.answer, "text", "") or entry.text
    tokens = tokenize(text, entry.unit)
    if len(tokens) < 2:
        what = f"the text of the model `{name}` has fewer than two tokens to choose from"
        reader.add(block.at("options"), what, 'write text = "…" here or in the model')
    yield from (Option(str(i), f"{i} {token}") for i, token in enumerate(tokens, 1))


def _number(reader: Reader, block: Block, table: AskedTable) -> None:
    """A number needs a track to be chosen on, and a word on how near is near enough."""
    if type(table.answer).words:
        kind = str(table.answer.__struct_config__.tag)
        reader.add(block.at("answer"), f"the probe `{kind}` answers with a word", "write the options")
        return
    if table.low is None or table.high is None or (table.tolerance is None and table.factor is None):
        mend = "write options, or low, high and one of tolerance and factor"
        reader.add(block.first, "neither options nor a whole number question", mend)
        return
    if not forms.track(reader, block, table):
        return
    if table.start is not None and not table.low <= table.start <= table.high:
        reader.add(block.at("start"), "start lies outside low … high", "move it within")
    if table.tolerance is not None and table.tolerance < 0:
        reader.add(block.at("tolerance"), "a tolerance below 0", "write 0 or more")
    if table.factor is not None and table.factor < 1:
        reader.add(block.at("factor"), "a factor below 1", "write 1 or more: 10 means within a factor of ten")
