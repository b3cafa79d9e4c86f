"""What a lesson asks of its learner on this visit, and what progress keeps of the answers."""

from __future__ import annotations

from collections.abc import Sequence

from tutor.course.games.game import Game
from tutor.course.games.history import rounds_of
from tutor.course.lesson import Asked, Asking, Doing, Lesson, Prediction, QuestionBlock
from tutor.progress import Attempt, Progress
from tutor.ui.widgets.activity import Done


class Answers:
    """Owns which instance of each question this visit draws.

    Args:
        lesson: whose steps they are.
        progress: where answers are kept.
    """

    def __init__(self, lesson: Lesson, progress: Progress) -> None:
        self.lesson = lesson
        self.progress = progress
        self._drawn: dict[int, tuple[int, Asked]] = {}
        """Of a step: the number of its instance, and the instance."""
        self._did: dict[str, tuple[tuple[str, object], ...]] = {}
        """Of a block: what was kept of it last on this visit."""

    def asked(self, index: int) -> Asked | None:
        """What a step asks: a prediction, or the instance of a question that this visit draws."""
        block = self.lesson.steps[index].asked
        if isinstance(block, Prediction):
            return block
        if isinstance(block, QuestionBlock):
            if index not in self._drawn:
                instance = len(self._kept(block.key))
                self._drawn[index] = instance, block.instance(instance)
            return self._drawn[index][1]
        return None

    def before(self, block: Asking | None) -> tuple[Attempt, ...]:
        """What progress holds of what a step waits for, oldest first; of a game, wherever it was played."""
        if isinstance(block, Game):
            return rounds_of(block, self.lesson.id, self.progress.attempts())
        return () if block is None else self._kept(block.key)

    def _kept(self, key: str) -> tuple[Attempt, ...]:
        """What progress holds of a block, oldest first."""
        return tuple(one for one in self.progress.attempts(self.lesson.id) if one.key == key)

    def answer(self, index: int, asked: Asked, response: str | float, confidence: str | None, seconds: float) -> int:
        """Keep an answer, before it is known whether it is right; returns the id for `grade`.

        Args:
            index: the step's.
            asked: what it asks.
            response: the answer.
            confidence: how sure, for a prediction.
            seconds: how long it took.
        """
        return self.progress.answer(
            Attempt(
                lesson=self.lesson.id,
                key=asked.key,
                kind="predict" if isinstance(asked, Prediction) else "question",
                instance=self._drawn[index][0] if index in self._drawn else 0,
                response=str(response),
                correct=None,
                confidence=confidence,
                seconds=seconds,
            )
        )

    def grade(self, attempt: int, correct: bool) -> None:
        """Keep whether an answer was right."""
        self.progress.grade(attempt, correct)

    def did(self, block: Doing, done: Sequence[Done]) -> None:
        """Keep what came of what was done on one visit: it all has the same instance.

        Where its step was stopped before it was shown, it is given again: what is the same is kept once.
        """
        given = tuple((one.label, one.response) for one in done)
        if self._did.get(block.key) == given:
            return
        self._did[block.key] = given
        visit = len(self._kept(block.key))
        for one in done:
            if one.kind is None:
                continue
            self.progress.answer(
                Attempt(
                    lesson=self.lesson.id,
                    key=block.key,
                    kind=one.kind,
                    instance=visit,
                    response=one.label if one.response is None else str(one.response),
                    correct=one.correct,
                    confidence=None,
                    seconds=one.seconds,
                )
            )
