"""Where a player stands in a sequence, and how it gets from there to the next place. No Textual, no clock.

A `Playback` is frozen. Every key is a pure transition from one to another; the Player widget owns the one timer and
asks `due(now)` whether a step has come. Position 0 is before the first token (h_0), position `length` after the last.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

SPEEDS = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
"""Tokens a second."""


@dataclass(frozen=True)
class Playback:
    """A place in a sequence, and whether and how fast it moves."""

    length: int
    """Tokens in the sequence."""
    position: int = 0
    """Steps taken: 0 … length."""
    playing: bool = False
    speed: int = 2
    """Index into `SPEEDS`."""
    since: float = 0.0
    """When the current step was reached, in the clock's seconds."""

    def __post_init__(self) -> None:
        if not 0 <= self.position <= self.length:
            raise ValueError(f"position: got {self.position}, expected 0 … {self.length}")
        if not 0 <= self.speed < len(SPEEDS):
            raise ValueError(f"speed: got {self.speed}, expected 0 … {len(SPEEDS) - 1}")

    @property
    def at_start(self) -> bool:
        """Nothing was read yet."""
        return self.position == 0

    @property
    def at_end(self) -> bool:
        """Everything was read."""
        return self.position == self.length

    @property
    def tokens_per_second(self) -> float:
        """How fast it plays."""
        return SPEEDS[self.speed]

    def go(self, position: int) -> Playback:
        """Stand at `position`, or as near as there is; a person who steps has taken over, so it pauses."""
        return replace(self, position=min(max(position, 0), self.length), playing=False)

    def over(self, length: int) -> Playback:
        """The same place in another sequence, or its end where that is shorter."""
        position = min(self.position, length)
        return replace(self, length=length, position=position, playing=self.playing and position < length)

    def forward(self) -> Playback:
        """One token on."""
        return self.go(self.position + 1)

    def back(self) -> Playback:
        """One token back."""
        return self.go(self.position - 1)

    def start(self) -> Playback:
        """To h_0."""
        return self.go(0)

    def end(self) -> Playback:
        """To the last token."""
        return self.go(self.length)

    def toggle(self, now: float) -> Playback:
        """Play, from the start again when at the end; or pause."""
        if self.playing:
            return replace(self, playing=False)
        if self.length == 0:
            return self
        return replace(self, playing=True, position=0 if self.at_end else self.position, since=now)

    def faster(self) -> Playback:
        """The next speed up."""
        return replace(self, speed=min(self.speed + 1, len(SPEEDS) - 1))

    def slower(self) -> Playback:
        """The next speed down."""
        return replace(self, speed=max(self.speed - 1, 0))

    def due(self, now: float) -> Playback:
        """Where it stands at `now`: the same object when no step has come yet.

        After a long stall it takes one step and not a burst, so that no token passes unseen.
        """
        if not self.playing or now - self.since < 1.0 / self.tokens_per_second:
            return self
        position = self.position + 1
        return replace(self, position=position, playing=position < self.length, since=now)
