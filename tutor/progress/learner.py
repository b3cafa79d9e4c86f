"""`Progress`: what a learner did, and what is known of it.

What is on screen is never lost to the disk. What cannot be saved now (read-only, full, locked, a newer
version's store) waits in memory, in order, and goes with the first save that works; `problem` tells.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from tutor.i18n import _
from tutor.progress.changes import CONFIDENCES, KINDS, Attempt, Change, Completed, Graded, Seen, Stood
from tutor.progress.placing import linked
from tutor.progress.store import FORMAT, Finding, Store, StoreError, shown


class Progress:
    """A learner's answers and where they stand, in the store of a folder.

    No method raises for what is wrong with the disk, except `export` and `reset`, which a learner asks for by
    name: look at `problem`.
    """

    def __init__(self, data_dir: Path, clock: Callable[[], float] = time.time, *, patience: float = 3.0) -> None:
        """Nothing is opened or made yet.

        Args:
            data_dir: the folder, which need not exist.
            clock: seconds since 1970.
            patience: seconds to wait for another process that writes.
        """
        self.folder = data_dir
        self._clock = clock
        self._store = Store(data_dir, patience)
        self._seen = Seen()
        """What the store holds, and over it what waits to be saved."""
        self._unsaved: list[Change] = []

    # What a learner did

    def open_store(self) -> None:
        """Make the store, if there is none: the first lesson is being opened."""
        self._save()

    def answer(self, attempt: Attempt) -> int:
        """Keep an answer, at once.

        Returns:
            the attempt's id, for `grade`.

        Raises:
            ValueError: a kind or a confidence that there is not.
        """
        if attempt.kind not in KINDS:
            raise ValueError(f"kind is {attempt.kind!r}, expected one of {', '.join(KINDS)}")
        if attempt.confidence is not None and attempt.confidence not in CONFIDENCES:
            raise ValueError(f"confidence is {attempt.confidence!r}, expected None or one of {', '.join(CONFIDENCES)}")
        number = int.from_bytes(os.urandom(8), "big") >> 2
        seconds = attempt.seconds
        kept = replace(
            attempt,
            lesson=_storable(attempt.lesson),
            key=_storable(attempt.key),
            response=_storable(attempt.response),
            # int(), bool(), float(): a NumPy scalar is none of the types that SQLite takes.
            instance=int(attempt.instance),
            correct=None if attempt.correct is None else bool(attempt.correct),
            seconds=float(seconds) if seconds is not None and math.isfinite(seconds) else None,
            at=float(self._clock() if attempt.at is None else attempt.at),
            id=number,
        )
        self._change(kept)
        return number

    def grade(self, attempt: int, correct: bool) -> None:
        """Keep the verdict on an answer that was kept before it could be graded."""
        self._change(Graded(attempt, bool(correct)))

    def complete(self, lesson: str, step: int) -> None:
        """A step is done."""
        self._change(Completed(_storable(lesson), int(step), float(self._clock())))

    def stand(self, lesson: str, step: int) -> None:
        """A step is the one to come back to."""
        self._change(Stood(_storable(lesson), int(step), float(self._clock())))

    # What is known

    @property
    def problem(self) -> str | None:
        """What is wrong with saving, in one sentence for the learner; None when nothing is."""
        self._known()
        return self._store.problem

    def completed(self, lesson: str) -> frozenset[int]:
        """The steps of a lesson that are done."""
        return frozenset(step for name, step in self._known().completed if name == lesson)

    def at(self, lesson: str) -> int:
        """The step to come back to; 0 when the lesson was never open."""
        return self._known().standing.get(lesson, (0, 0.0))[0]

    def attempts(self, lesson: str | None = None) -> tuple[Attempt, ...]:
        """Every answer, oldest first; of one lesson when it is named."""
        known = self._known().attempts.values()
        return tuple(attempt for attempt in known if lesson is None or attempt.lesson == lesson)

    def answered(self, lesson: str) -> dict[str, Attempt]:
        """The last answer to each block of a lesson."""
        return {attempt.key: attempt for attempt in self.attempts(lesson)}

    def calibration(self) -> dict[str, tuple[int, int]]:
        """For each confidence, how many graded answers were right, and how many there are."""
        counts = dict.fromkeys(CONFIDENCES, (0, 0))
        for attempt in self.attempts():
            if attempt.confidence is not None and attempt.correct is not None:
                right, total = counts[attempt.confidence]
                counts[attempt.confidence] = (right + attempt.correct, total + 1)
        return counts

    def due(self) -> tuple[Attempt, ...]:
        """The last graded answer to each block that was wrong and has not been right since."""
        last: dict[tuple[str, str], Attempt] = {}
        for attempt in self.attempts():
            if attempt.kind != "recite" and attempt.correct is not None:
                last[attempt.lesson, attempt.key] = attempt
        return tuple(attempt for attempt in last.values() if not attempt.correct)

    def as_dict(self) -> dict[str, Any]:
        """All of it, as JSON has it; nothing is left out."""
        known = self._known()
        return {
            "format": FORMAT,
            "attempts": [asdict(attempt) for attempt in known.attempts.values()],
            "completed": [Completed(*where, at)._asdict() for where, at in sorted(known.completed.items())],
            "standing": [Stood(name, *what)._asdict() for name, what in sorted(known.standing.items())],
        }

    # What a learner asks for by name

    def export(self, path: Path) -> None:
        """Write all of it to a JSON file, which is whole or not there at all. Nothing is written over.

        Raises:
            StoreError: there is a store that cannot be read, something of that name is there, or it cannot be written.
        """
        import json

        known = self.as_dict()
        store = self._store
        if not store.exists and (store.newer or store.damage or store.failure):
            raise StoreError(store.failure or store.problem)
        if path.absolute() == store.path.absolute():
            raise StoreError(_("{path} is the store itself; name another file.").format(path=shown(path)))
        try:
            # Before anything is made beside it: what is there may be no file, and its folder no place for files.
            if os.path.lexists(path):
                raise FileExistsError(path)
            part = path.with_name(f"{os.urandom(8).hex()}.part")
            try:
                with part.open("x", encoding="utf-8") as file:
                    json.dump(known, file, ensure_ascii=False, indent=1, allow_nan=False)
                    file.write("\n")
                linked(part, path)
            finally:
                part.unlink(missing_ok=True)
        except FileExistsError as error:
            said = _("{path} is there already, and stays as it is; name another file.")
            raise StoreError(said.format(path=shown(path))) from error
        except OSError as error:
            why = error.strerror or str(error)
            raise StoreError(_("Cannot write {path}: {why}.").format(path=shown(path), why=why)) from error

    def reset(self) -> Path | None:
        """Forget everything; what was in the store lies in a file beside it.

        Returns:
            that file, or None when there was nothing.

        Raises:
            StoreError: the store is a newer version's, or cannot be copied; nothing was forgotten then.
        """
        kept = self._store.reset()
        self._seen, self._unsaved = Seen(), []
        return kept

    def doctor(self) -> list[Finding]:
        """Whether answers can be saved, and whether the store is whole. Nothing is made or changed."""
        return self._store.findings()

    def close(self) -> None:
        """Try once more to save what waits, and let go of the file; whatever comes next opens it again."""
        if self._unsaved:
            self._save()
        self._store.close()

    def _known(self) -> Seen:
        fresh = self._store.read()
        if fresh is not None:
            for change in self._unsaved:
                fresh.apply(change)
            self._seen = fresh
        return self._seen

    def _change(self, change: Change) -> None:
        self._known().apply(change)
        self._unsaved.append(change)
        self._save()

    def _save(self) -> None:
        if self._store.save(self._unsaved, self._seen):
            self._unsaved.clear()


def _storable(text: str) -> str:
    """Text that UTF-8 can hold: a lone surrogate becomes a question mark."""
    return text.encode("utf-8", "replace").decode("utf-8")
