"""The sandbox's experiment as a value: an untrained network over a text. `trace` and the sandbox share it."""

from __future__ import annotations

from dataclasses import dataclass

from tutor.engine.cells import CELLS
from tutor.engine.model import Model, ModelSpec, Run
from tutor.engine.text import tokenize

MAX_HIDDEN = 512
MAX_LAYERS = 8


@dataclass(frozen=True)
class Experiment:
    """What to run, and on what.

    Raises:
        ValueError: in one line, which argument is out of bounds, what it is, and what it may be.
    """

    text: str = "never too late to"
    cell: str = "rnn"
    hidden: int = 16
    layers: int = 1
    bidirectional: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be run."""
        if self.cell not in CELLS:
            raise ValueError(f"cell: got {self.cell!r}, expected one of {', '.join(CELLS)}")
        for name, value, low, high in (
            ("hidden", self.hidden, 1, MAX_HIDDEN),
            ("layers", self.layers, 1, MAX_LAYERS),
            ("seed", self.seed, 0, None),
        ):
            wanted = f"a whole number from {low} to {high}" if high is not None else f"a whole number ≥ {low}"
            whole = isinstance(value, int) and not isinstance(value, bool)
            if not whole or value < low or (high is not None and value > high):
                raise ValueError(f"{name}: got {value!r}, expected {wanted}")
        if not self.tokens:
            raise ValueError("text: got no token, expected at least one word")

    @property
    def tokens(self) -> tuple[str, ...]:
        """The text's tokens."""
        return tokenize(self.text)

    @property
    def spec(self) -> ModelSpec:
        """The network."""
        return ModelSpec(
            cell=self.cell,
            hidden_size=self.hidden,
            num_layers=self.layers,
            bidirectional=self.bidirectional,
            seed=self.seed,
        )

    def run(self) -> Run:
        """Every state of an untrained network over the text."""
        return Model(self.spec, None).run(self.tokens)
