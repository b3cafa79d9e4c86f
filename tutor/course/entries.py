"""A `[models.NAME]` table: one network, what it is trained for, and what of it cannot be.

A key that the task or the cell would pass over in silence is a fault: what an author writes is what is done.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from tutor.engine.recurrent import held
from tutor.engine.text import tokenize

Task = Literal["untrained", "next-word", "next-character", "tag", "classify", "recall", "forecast", "caption"]
LANGUAGE: tuple[Task, ...] = ("next-word", "next-character")
"""Tasks that say the next token of a text."""
NAMING: tuple[Task, ...] = ("tag", "classify", "recall")
"""Tasks that name something: a word, a text, what came first."""
FARTHEST = 200
"""The longest distance that is recalled over."""
DRAWN = {"recall": "sequences", "caption": "scenes"}
"""Tasks that have no corpus, with what they draw."""
Fault = tuple[str, str, str]
"""A key, what is wrong with it, how to mend it."""


class ModelEntry(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A `[models.NAME]` table: one network and what it is trained on."""

    cell: Literal["rnn", "gru", "lstm"] = "rnn"
    hidden: int = 16
    embedding: int = 8
    layers: int = 1
    bidirectional: bool = False
    nonlinearity: Literal["tanh", "relu", "identity"] = "tanh"
    """Of the RNN."""
    init: Literal["uniform", "orthogonal", "zeros"] = "uniform"
    radius: float = 1.0
    """ρ of the orthogonal start."""
    forget_bias: float | None = None
    """What the LSTM's forget gate starts at."""
    learned_h_0: bool = False
    """Whether the initial state is learned with the weights; zeros otherwise."""
    task: Task = "untrained"
    """What it learns. An untrained model has hashed word vectors and no head."""
    corpus: str = ""
    """A file under the lessons' folder, `#` for a comment line: one sequence a line, of `word/TAG` to tag, with a tab
    and a label to classify; to forecast, a comma-separated table. Who captions draws scenes, who recalls draws
    sequences, and both have none."""
    shuffle: bool = False
    """Whether each sequence that it says the next token of has its tokens in an order that the seed draws."""
    added: str = ""
    """A line that it learns with its corpus, and that the learner may put one of their own in place of."""
    times: int = 1
    """How often it is among what is learned."""
    held_out: float = 0.0
    """The share of the different examples that it is measured on and never trained on; of a series, its end."""
    column: str = ""
    """What is forecast: a name in the first row of the table."""
    window: int = 7
    """Values that a forecast is made from."""
    horizon: int = 1
    """Steps from the last value of a window to the one that is forecast."""
    distance: int = 10
    """Of recall: the distractors between the symbol that is shown and the cue that asks for it."""
    shortest: int | None = None
    """Where each sequence draws its own distance, the least; all have the same when not given."""
    symbols: int = 8
    """How many different ones there are to recall."""
    steps: int = 300
    """Weight updates."""
    batch: int = 16
    learning_rate: float = 0.01
    clip: float = 1.0
    """The global norm at which gradients are clipped."""
    seed: int = 0
    pin: dict[str, float] = {}
    """Gates of an untrained network that stand at a value from 0 to 1, whatever comes in, by their letters."""
    text: str = ""
    """What the figures, and the sandbox, run it on unless they say otherwise."""

    @property
    def unit(self) -> Literal["words", "characters"]:
        """What a token is."""
        return "characters" if self.task == "next-character" else "words"

    @property
    def ends(self) -> bool:
        """Whether a sequence has an end, said after its last token: a sentence or caption has, an alphabet goes on."""
        return self.task in ("next-word", "caption")

    @property
    def forecast(self) -> str:
        """What is forecast, in words: the head of a table has underscores for spaces."""
        return self.column.replace("_", " ")

    @property
    def trained(self) -> bool:
        """Whether it has a head, and has to be trained before it is shown."""
        return self.task != "untrained"

    def continues(self, text: str) -> tuple[str, ...]:
        """The tokens of the added line after those of `text`; none where it begins otherwise, or says no more."""
        first, line = tokenize(text, self.unit), tokenize(self.added, self.unit)
        same = [token.casefold() for token in line[: len(first)]] == [token.casefold() for token in first]
        return line[len(first) :] if same else ()

    def faults(self) -> list[Fault]:
        """What is out of bounds, missing, or passed over: (key, what is wrong, how to mend it)."""
        return [*self._outside(), *self._about_the_task(), *self._pinned(), *self._passed_over()]

    def _outside(self) -> list[Fault]:
        found = []
        for key, low, high in _BOUNDS:
            value = getattr(self, key)
            if value is not None and not low <= value <= high:
                found.append((key, f"`{key}` is {value:g}", f"write a number from {low:g} to {high:g}"))
        if not 0.0 <= self.held_out < 0.9:
            found.append(("held_out", f"`held_out` is {self.held_out:g}", "write a number from 0 to below 0.9"))
        if self.shortest is not None and not 0 <= self.shortest <= self.distance:
            what = f"`shortest` is {self.shortest}, and `distance` is {self.distance}"
            found.append(("shortest", what, "write a whole number from 0 to `distance`"))
        return found

    def _about_the_task(self) -> list[Fault]:
        found = []
        if self.task in DRAWN:
            if self.corpus:
                what = f'the task "{self.task}" draws {DRAWN[self.task]} of its own'
                found.append(("corpus", what, "drop `corpus`"))
        elif self.trained and not self.corpus:
            suffix = "csv" if self.task == "forecast" else "txt"
            what = f'the task "{self.task}" has nothing to learn from'
            found.append(("task", what, f'write corpus = "data/….{suffix}"'))
        if self.task == "forecast" and not self.column:
            what = 'the task "forecast" has no column to forecast'
            found.append(("task", what, 'write column = "…", a name in the first row of its corpus'))
        if self.bidirectional and self.task in (*LANGUAGE, "caption"):
            what = "a bidirectional network has read the next token before it is to guess it"
            found.append(("bidirectional", what, 'drop `bidirectional`, or write task = "untrained"'))
        return found

    def _pinned(self) -> list[Fault]:
        gates = held(self.cell)
        found = []
        if self.pin and self.trained:
            what = f'`pin` holds a gate still, and the task "{self.task}" would train it'
            found.append(("pin", what, 'drop `pin`, or write task = "untrained"'))
        for letter, value in self.pin.items():
            if letter not in gates:
                mend = f"write one of {', '.join(gates)}" if gates else 'drop `pin`, or write cell = "gru" or "lstm"'
                found.append(("pin", f"the {self.cell} has no gate `{letter}` to pin", mend))
            elif not 0.0 <= value <= 1.0:
                found.append(("pin", f"`pin` holds the gate `{letter}` at {value:g}", "write a number from 0 to 1"))
        if "f" in self.pin and self.forget_bias is not None:
            what = "`forget_bias` is where the gate `f` starts, and `pin` holds it"
            found.append(("forget_bias", what, "drop one of the two"))
        return found

    def _passed_over(self) -> list[Fault]:
        """Keys that would change nothing."""
        found = []
        if self.held_out and not self.trained:
            what = "`held_out` of an untrained model, which learns from nothing"
            found.append(("held_out", what, "drop `held_out`, or give it a `task`"))
        for key in ("column", "window", "horizon"):
            if self.task != "forecast" and self._given(key):
                what = f'`{key}` says nothing to the task "{self.task}", which reads no table'
                found.append((key, what, f'drop `{key}`, or write task = "forecast"'))
        for key in ("distance", "shortest", "symbols"):
            if self.task != "recall" and self._given(key):
                what = f'`{key}` says nothing to the task "{self.task}", which recalls no symbol'
                found.append((key, what, f'drop `{key}`, or write task = "recall"'))
        if self.learned_h_0 and self.task not in (*LANGUAGE, *NAMING):
            why = {"untrained": "learns nothing", "caption": "has its image for an h_0", "forecast": "begins at zeros"}
            what = f'`learned_h_0` says nothing to the task "{self.task}", which {why[self.task]}'
            found.append(("learned_h_0", what, "drop `learned_h_0`"))
        if self.shuffle and self.task not in LANGUAGE:
            what = f'`shuffle` says nothing to the task "{self.task}", which says no next token'
            found.append(("shuffle", what, 'drop `shuffle`, or write task = "next-word"'))
        if self.added and self.task not in LANGUAGE:
            what = f'`added` says nothing to the task "{self.task}", which says no next token'
            found.append(("added", what, 'drop `added`, or write task = "next-word"'))
        elif self.added and (self.held_out or self.shuffle):
            other = "held_out" if self.held_out else "shuffle"
            found.append((other, f"`{other}` beside `added`, which is learned as it is written", f"drop `{other}`"))
        if self.times != 1 and not self.added:
            found.append(("times", "`times` without a line to add", 'write added = "…", or drop `times`'))
        for key, owner in (("nonlinearity", "rnn"), ("forget_bias", "lstm")):
            if self.cell != owner and self._given(key):
                what = f'`{key}` is the {owner}\'s, and `cell` is "{self.cell}"'
                found.append((key, what, f'drop `{key}`, or write cell = "{owner}"'))
        if self.init != "orthogonal" and self._given("radius"):
            what = f'`radius` is the orthogonal start\'s, and this one is "{self.init}"'
            found.append(("radius", what, 'drop `radius`, or write init = "orthogonal"'))
        return found

    def _given(self, key: str) -> bool:
        return bool(getattr(self, key) != getattr(_DEFAULTS, key))


_DEFAULTS = ModelEntry()

_BOUNDS = (
    ("hidden", 1, 512),
    ("embedding", 1, 512),
    ("layers", 1, 8),
    ("radius", 0.0, 100.0),
    ("forget_bias", -100.0, 100.0),
    ("window", 1, 1000),
    ("horizon", 1, 1000),
    ("distance", 0, FARTHEST),
    ("symbols", 2, 26),
    ("times", 1, 100),
    ("steps", 1, 100_000),
    ("batch", 1, 4096),
    ("learning_rate", 1e-9, 10.0),
    ("clip", 1e-9, 1e9),
    ("seed", 0, 2**31),
)
