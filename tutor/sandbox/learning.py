"""A network that learns from a person's file: a lab of one model, which the figures of the lessons show as it is.

A text that goes on is cut into stretches of one length, and what is learned reaches back to the start of a stretch and
no farther (truncated backpropagation through time). A token is guessed once: a stretch begins with the last token of
the one before. What is held out, and the baselines, are as in the lessons.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec
import numpy as np

from tutor.course import jobs, scores
from tutor.course.entries import LANGUAGE, ModelEntry, Task
from tutor.course.jobs import Material, Tokens
from tutor.course.lab import Lab
from tutor.course.scores import KINDS, Kind, Score, Where
from tutor.engine.cells import CELLS
from tutor.engine.checks import above, one_of, whole
from tutor.engine.losses import perplexity
from tutor.engine.text import END, START, UNITS, UNKNOWN, Vocabulary, join, tokenize
from tutor.i18n import _, ngettext
from tutor.sandbox.corpora import Corpus, quoted

NAME = "own"
"""The model of a person's file."""
STRETCH: dict[str, int] = {"words": 32, "characters": 64}
"""Guesses in a stretch of a text; fewer in a text that is too short for `_LEAST` of them."""
MOST_KNOWN = 2_000
"""Different tokens that are known; those that are rarer are the unknown one."""
MOST_READ = 200
"""Words of one text, or sentence, that are read; those after are left out."""

_LEAST = 20
"""Stretches that a text is cut into, at the least."""
_FIRST = 64
"""Examples that the loss before any update is measured on: a person waits for it."""
_HELD_OUT: dict[str, tuple[float, int]] = {"language": (0.1, 96), "naming": (0.2, 256), "forecast": (0.2, 512)}
"""The share that is held out, and the most examples of it: each checkpoint measures all of them."""
_FEWEST = 200
"""Weight updates, however few examples there are."""
_MOST_ONCE = 0.2
"""The share of a text that is words seen once up to which these are unknown, so that the unknown is learned, too."""
_SHOWN: dict[str, int] = {"words": 12, "characters": 40}
"""Tokens of the text that the figures run it on at first."""
_HOLDS_OUT = 17
"""Of the seed that draws what is held out: nothing else draws by it."""
_SPECIAL = frozenset((UNKNOWN, END, START))


class Defaults(NamedTuple):
    """What learns something in a minute or two on one core, and ends before it knows what it has learned by heart."""

    passes: int
    """How often each example is learned from, on average."""
    most: int
    """Weight updates, at the most."""
    learning_rate: float
    batch: int = 16

    def steps(self, examples: int, batch: int) -> int:
        """Weight updates for so many examples."""
        return max(_FEWEST, min(self.most, self.passes * examples // batch))


DEFAULTS: dict[Task, Defaults] = {
    "next-word": Defaults(16, 3_000, 0.003),
    "next-character": Defaults(20, 4_000, 0.005),
    "tag": Defaults(30, 2_000, 0.005),
    "classify": Defaults(30, 2_000, 0.005),
    "forecast": Defaults(10, 3_000, 0.005),
}


@dataclass(frozen=True)
class Choices:
    """What a person chooses; the rest is as the file suggests.

    What is out of bounds is refused by `entry`, in one line.
    """

    task: Task | Literal[""] = ""
    """As the corpus guesses when empty."""
    unit: Literal["words", "characters", ""] = ""
    """What a token of a text is: next word, or next character."""
    column: str = ""
    """Of a table; when empty the first that does not only count."""
    cell: Literal["rnn", "gru", "lstm"] = "gru"
    hidden: int = 64
    embedding: int = 32
    layers: int = 1
    bidirectional: bool = False
    steps: int | None = None
    """As `DEFAULTS` says when None; so are the next two."""
    learning_rate: float | None = None
    batch: int | None = None
    window: int = 7
    """Numbers that a forecast is made from."""
    horizon: int = 1
    seed: int = 0


class Stream(ModelEntry, frozen=True, kw_only=True, tag="stream"):
    """A network that says the next word of a text that goes on, as characters do: nothing ends where a stretch does.

    A training is kept under all that its entry says. The tag is part of it: who says an end is another network.
    """

    @property
    def ends(self) -> bool:
        """Whether a sequence has an end: a stretch has none."""
        return False


class Standing(NamedTuple):
    """How well the network does, beside what guesses come to on the same examples."""

    score: Score
    """Of the network as it is now."""
    perplexity: float | None
    """2^bits: as many equally likely tokens would be as hard to guess; ∞ where no float holds it. None of what is not
    scored in bits."""
    baselines: tuple[tuple[Kind, Score], ...]


def entry(corpus: Corpus, choices: Choices = Choices()) -> ModelEntry:
    """The model of a corpus.

    Raises:
        ValueError: in one line, a choice that is out of bounds, or that the file has nothing for.
    """
    _check(choices)
    task = _task(corpus, choices)
    if choices.bidirectional and task in LANGUAGE:
        raise ValueError(f'bidirectional: got True for the task "{task}", which would read what it is to guess')
    column = choices.column or (corpus.first_column if task == "forecast" else "")
    if task == "forecast" and column not in corpus.columns:
        raise ValueError(f"column: got {quoted(column)}, expected one of {', '.join(map(quoted, corpus.columns))}")
    if column and task != "forecast":
        raise ValueError(f'column: got {quoted(column)} for the task "{task}", expected none')
    usual, count = DEFAULTS[task], _count(corpus, task, column)
    batch = usual.batch if choices.batch is None else choices.batch
    share, most = _HELD_OUT["language" if task in LANGUAGE else "forecast" if task == "forecast" else "naming"]
    said: dict[str, Any] = {
        "task": task,
        # Another name of the same file is no reason to train again.
        "corpus": NAME,
        "cell": choices.cell,
        "hidden": choices.hidden,
        "embedding": choices.embedding,
        "layers": choices.layers,
        "bidirectional": choices.bidirectional,
        "steps": usual.steps(count, batch) if choices.steps is None else choices.steps,
        "learning_rate": usual.learning_rate if choices.learning_rate is None else choices.learning_rate,
        "batch": batch,
        "seed": choices.seed,
        "held_out": min(share, most / count),
        "text": _beginning(corpus, task),
    }
    if task == "forecast":
        said |= {"column": column, "window": choices.window, "horizon": choices.horizon}
    goes_on = task == "next-word" and not corpus.parted
    found = Stream(**said) if goes_on else ModelEntry(**said)
    for key, what, mend in found.faults():
        raise ValueError(f"{key}: {what.replace('`', '')}; {mend.replace('`', '')}")
    return found


def material(corpus: Corpus, entry: ModelEntry, seed: int) -> Material:
    """What a model learns from.

    Args:
        corpus: the file.
        entry: the model, as `entry` makes it.
        seed: draws what is held out.

    Raises:
        ValueError: in one line: it cannot be parted into what is learned from and what is held out, or there is too
            little of it.
    """
    if entry.task == "forecast":
        found = jobs.of_series(entry, corpus.table[entry.column], corpus.name)
        return replace(found, first=_FIRST)
    labels: Iterable[str] = ()
    read: tuple[Tokens, ...]
    items: tuple[Any, ...]
    if entry.task == "tag":
        read = tuple(tuple(word for word, _tag in row[:MOST_READ]) for row in corpus.tagged)
        tags = tuple(tuple(tag for _word, tag in row[:MOST_READ]) for row in corpus.tagged)
        items, labels = tuple(zip(read, tags, strict=True)), chain.from_iterable(tags)
    elif entry.task == "classify":
        read = tuple(tokenize(text)[:MOST_READ] for text, _label in corpus.labelled)
        labels = tuple(label for _text, label in corpus.labelled)
        items = tuple(zip(read, labels, strict=True))
    else:
        items = read = _sequences(corpus, entry)
    if len(set(read)) < 2:
        raise ValueError(f"{corpus.name}: got the same again and again, expected two different lines, or stretches")
    apart = _apart(read, entry.held_out, seed)
    words = _known([tokens for tokens in read if tokens not in apart])
    return Material(
        tuple(item for tokens, item in zip(read, items, strict=True) if tokens not in apart),
        tuple(item for tokens, item in zip(read, items, strict=True) if tokens in apart),
        # The vocabulary is these tokens: what is rare among what is learned from is unknown there, too.
        (words,),
        labels=tuple(dict.fromkeys(labels)),
        source=msgspec.json.encode((items, words)),
        first=_FIRST,
    )


def lab(corpus: Corpus, choices: Choices = Choices(), *, cache: Path | None = None) -> Lab:
    """A lab of one model, `NAME`, that learns from a person's file.

    Args:
        corpus: the file, as `corpora.look` gives it.
        choices: the person's.
        cache: where the trained network is kept: for the same content and the same choices it is there at once.

    Raises:
        ValueError: as `entry` and `material`.
    """

    def read(asked: ModelEntry, _folder: Path, seed: int) -> Material:
        return material(corpus, asked, seed)

    made = Lab({NAME: entry(corpus, choices)}, folder=Path(), cache=cache, read=read)
    # What cannot be learned from is refused here, and not in the middle of a screen.
    made.examples(NAME)
    return made


def notes(corpus: Corpus, lab: Lab) -> tuple[str, ...]:
    """What was left out of a file, or is doubtful, and what of it the network does not know."""
    entry = lab.entry(NAME)
    said = corpus.notes_for(entry.task)
    if entry.task == "forecast":
        return said
    rows: Sequence[Any] = corpus.tagged if entry.task == "tag" else ()
    long = sum(len(row) > MOST_READ for row in rows)
    if entry.task == "classify":
        long = sum(len(tokenize(text)) > MOST_READ for text, _label in corpus.labelled)
    if long:
        cut = ngettext(
            "Of {n} line that is longer, the first {most} words are read.",
            "Of {n} lines that are longer, the first {most} words are read.",
            long,
        )
        said = (*said, cut.format(n=long, most=MOST_READ))
    return (*said, *_unknown(lab, entry))


def standing(lab: Lab, where: Where = "held_out") -> Standing:
    """How well the network does its task now, beside every guess that there is at it.

    Raises:
        NotTrained: it was not begun.
    """
    task = lab.entry(NAME).task
    score = scores.score(lab, NAME, where)
    beside = tuple((kind, scores.baseline(lab, NAME, kind, where)) for kind, tasks in KINDS.items() if task in tasks)
    return Standing(score, perplexity(score.value * math.log(2.0)) if score.metric == "bits" else None, beside)


# What a person chose


def _check(choices: Choices) -> None:
    """Refuse what is of another kind; what is out of bounds, the entry knows."""
    one_of("cell", choices.cell, tuple(CELLS))
    one_of("unit", choices.unit, ("", *UNITS))
    for name in ("hidden", "embedding", "layers", "steps", "batch", "window", "horizon"):
        if getattr(choices, name) is not None:
            whole(name, getattr(choices, name))
    whole("seed", choices.seed, 0)
    if choices.learning_rate is not None:
        above("learning_rate", choices.learning_rate)


def _task(corpus: Corpus, choices: Choices) -> Task:
    task = choices.task
    if choices.unit:
        said: Task = "next-word" if choices.unit == "words" else "next-character"
        if task in LANGUAGE and task != said:
            raise ValueError(f'unit: got "{choices.unit}" for the task "{task}", expected none, or the other')
        if task not in ("", *LANGUAGE):
            raise ValueError(f'unit: got "{choices.unit}" for the task "{task}", expected none')
        task = said
    elif not task:
        task = "forecast" if choices.column and "forecast" in corpus.tasks else corpus.task
    if task not in corpus.tasks:
        known = ", ".join(corpus.tasks)
        raise ValueError(f"task: got {quoted(task)}, expected one that {corpus.name} has something for: {known}")
    return task


def _count(corpus: Corpus, task: Task, column: str) -> int:
    """Examples that there are, learned from or held out."""
    if task == "forecast":
        return len(corpus.table[column])
    if task in ("tag", "classify"):
        return len(corpus.tagged if task == "tag" else corpus.labelled)
    if task == "next-word" and corpus.parted:
        return len(corpus.lines)
    tokens, unit = (corpus.tokens, "words") if task == "next-word" else (corpus.characters, "characters")
    return -(-tokens // _stretch(tokens, unit))


def _beginning(corpus: Corpus, task: Task) -> str:
    if task == "forecast":
        return ""
    if task == "tag":
        return join([word for word, _tag in corpus.tagged[0]][: _SHOWN["words"]])
    if task == "next-word" and not corpus.parted:
        return join(corpus.words[: _SHOWN["words"]])
    texts = (corpus.labelled[0][0],) if task == "classify" else corpus.lines
    unit = "characters" if task == "next-character" else "words"
    # In a line of what nobody sees there is no token.
    begun = (tokenize(text[:1_000], unit) for text in texts)
    return join(next(filter(None, begun), ())[: _SHOWN[unit]], unit)


# What is learned from


def _stretch(tokens: int, unit: str) -> int:
    """Guesses in a stretch of a text."""
    return max(1, min(STRETCH[unit], tokens // _LEAST))


def _sequences(corpus: Corpus, entry: ModelEntry) -> tuple[Tokens, ...]:
    """Lines, or stretches, of more than one token each, where there is something to guess."""
    if entry.ends:
        return tuple(tokens for tokens in map(tokenize, corpus.lines) if tokens)
    tokens = corpus.words if entry.unit == "words" else tokenize(corpus.text, entry.unit)
    length = _stretch(len(tokens), entry.unit)
    # The last token of all is guessed, and nothing after it.
    return tuple(tokens[start : start + length + 1] for start in range(0, len(tokens) - 1, length))


def _apart(read: Sequence[Tokens], share: float, seed: int) -> frozenset[Tokens]:
    """What is held out: what is there more than once is so with all of it, as long as it is no more than the share."""
    counts = Counter(read)
    kinds = list(counts)
    room = max(1, round(share * len(read)))
    found = set()
    for place in np.random.default_rng([seed, _HOLDS_OUT]).permutation(len(kinds)).tolist():
        if counts[kinds[place]] <= room:
            found.add(kinds[place])
            room -= counts[kinds[place]]
    # Where a few things come again and again, it is the rarest of them.
    return frozenset(found or [min(kinds, key=counts.__getitem__)])


def _known(sequences: Sequence[Tokens]) -> Tokens:
    """The tokens that are known, in the order in which they first come."""
    counts = Counter(chain.from_iterable(sequences))
    for name in _SPECIAL & counts.keys():
        del counts[name]
    once = sum(count == 1 for count in counts.values())
    least = 2 if once <= _MOST_ONCE * counts.total() else 1
    kept = {token for token, count in counts.most_common(MOST_KNOWN) if count >= least}
    return tuple(token for token in counts if token in kept)


def _unknown(lab: Lab, entry: ModelEntry) -> tuple[str, ...]:
    """How much of what is learned from is unknown."""
    vocabulary = Vocabulary(chain.from_iterable(lab.corpus(NAME)))
    items = lab.examples(NAME)[0]
    sequences = (item[0] for item in items) if entry.task in ("tag", "classify") else items
    counts = Counter(chain.from_iterable(sequences))
    rare = [token for token in counts if token not in vocabulary]
    if not rare:
        return ()
    share = sum(counts[token] for token in rare) / counts.total()
    said = ngettext(
        "{n} of {all} different tokens is rare and read as the unknown one: {share} of what is learned from.",
        "{n} of {all} different tokens are rare and read as the unknown one: {share} of what is learned from.",
        len(rare),
    )
    return (said.format(n=len(rare), all=len(counts), share=_percent(share)),)


def _percent(share: float) -> str:
    """A share of something, above 0, in percent; what is nearly nothing, or nearly all, is neither."""
    if share < 0.0001:
        return _("under 0.01%")
    if 0.995 <= share < 1.0:
        return _("over 99%")
    return f"{100 * share:.2g}%" if share < 0.1 else f"{100 * share:.0f}%"
