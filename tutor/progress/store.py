"""The file: one SQLite store that is never trusted and never thrown away.

Invariants, and what broke without them:

- Nothing is on disk before the first save. Reading works without a store.
- Every save is committed at once, in a rollback journal: a crash loses what was not answered, and no more.
- A damaged store keeps its bytes: it is set aside under another name before a new one is begun. A store that
  a newer version made is not even opened: SQLite alone might play a journal back into it.
- The store is made whole under another name and then linked into place, and set aside under a lock on the
  folder. Otherwise one process takes the empty file that another is just making for a damaged one, and
  answers go into a file that nobody reads again.
- Before every use it is asked whether the file is still the one that was opened: it may have been set aside,
  or deleted, and a write into a file without a name is lost.
"""

from __future__ import annotations

import contextlib
import os
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tutor.i18n import _, ngettext
from tutor.progress.changes import CONFIDENCES, KINDS, Attempt, Change, Completed, Graded, Seen, Stood
from tutor.progress.placing import linked

if TYPE_CHECKING:
    import sqlite3

FORMAT = 1
"""The store's format number, its `PRAGMA user_version`."""

STORE = "progress.db"
"""The store's name in the data folder."""

_SCHEMA = f"""
CREATE TABLE attempts (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    lesson TEXT NOT NULL,
    key TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN {KINDS}),
    instance INTEGER NOT NULL,
    response TEXT NOT NULL,
    correct INTEGER CHECK (correct IN (0, 1)),
    confidence TEXT CHECK (confidence IN {CONFIDENCES}),
    seconds REAL,
    at REAL NOT NULL,
    id INTEGER NOT NULL UNIQUE
);
CREATE TABLE completed (
    lesson TEXT NOT NULL, step INTEGER NOT NULL, at REAL NOT NULL, PRIMARY KEY (lesson, step)
);
CREATE TABLE standing (lesson TEXT PRIMARY KEY NOT NULL, step INTEGER NOT NULL, at REAL NOT NULL);
PRAGMA user_version = {FORMAT};
"""

_COLUMNS = "lesson, key, kind, instance, response, correct, confidence, seconds, at, id"
"""Of an attempt, in the order of its fields."""

_READ = {
    "attempts": f"SELECT {_COLUMNS} FROM attempts ORDER BY number",
    "completed": "SELECT lesson, step, at FROM completed",
    "standing": "SELECT lesson, step, at FROM standing",
}
"""How each table is read, and so the columns that a store of this format has."""

# SQLite's primary result codes, by the names that its documentation has for them.
_BUSY, _LOCKED, _READONLY, _CORRUPT, _FULL, _CANTOPEN, _NOTADB = 5, 6, 8, 11, 13, 14, 26


class StoreError(Exception):
    """What was asked of the store by name cannot be done; the message is one sentence for the learner."""


class Finding(NamedTuple):
    """One thing that was looked at, and whether it is well."""

    ok: bool
    what: str


class Store:
    """The store in a folder. Its methods never raise for what is wrong with the disk, but `reset`."""

    def __init__(self, folder: Path, patience: float) -> None:
        """Nothing is opened or made yet.

        Args:
            folder: where it is; need not exist.
            patience: seconds to wait for another process that writes.
        """
        self.folder = folder
        self.path = folder / STORE
        self.damage: str | None = None
        """Why the file in the store's place is no store; None when it is one, or when there is none."""
        self.newer = 0
        """The format number of a store from a newer version; 0 when it is not."""
        self.begun_anew: str | None = None
        """Said once a damaged store was set aside."""
        self.failure: str | None = None
        """Why it cannot be read or written now; None when it can."""
        self._begin_anew = False
        """Whether a store was set aside and nothing has been saved since."""
        self._patience = patience
        self._connection: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None
        self._looked = False
        self._version: int | None = None
        """SQLite's `data_version` when it was last read: it changes when another process writes."""

    @property
    def exists(self) -> bool:
        """Whether a store of this format is open."""
        return self._connection is not None

    @property
    def problem(self) -> str | None:
        """What is wrong, in one sentence for the learner."""
        path = shown(self.path)
        if self.newer:
            said = _(
                "{path} was made by a newer rnn-tutor (format {number}): it is left as it is,"
                " and your answers are kept only until you leave."
            )
            return said.format(path=path, number=self.newer)
        if self.failure:
            return (
                self.failure + " " + _("Your answers are kept until you leave, and saved as soon as that is possible.")
            )
        if self.damage:
            said = _(
                "{path} is damaged ({why}): its bytes are kept, and your next answer begins a new store beside it."
            )
            return said.format(path=path, why=self.damage)
        return self.begun_anew

    def read(self) -> Seen | None:
        """All that the store holds, or None when that is no news: it was read before, or cannot be read now.

        A store that is not there holds nothing.
        """
        import sqlite3

        try:
            if not self._looked or self._identity != _identity(self.path):
                self._open()
                if self._identity is None:
                    return Seen()
            connection = self._connection
            if connection is None:
                return None
            version = connection.execute("PRAGMA data_version").fetchone()[0]
            if version == self._version:
                return None
            # Thousands of answers take milliseconds.
            seen = _all_of(connection)
            self._version = version
            return seen
        except sqlite3.Error as error:
            # What was read before still stands; a write finds out more.
            self.failure = self._words(error)
            return None

    def save(self, changes: Sequence[Change], known: Seen) -> bool:
        """Write the changes in one transaction, into a store that is made, or begun anew, as need be.

        Args:
            changes: what is not on the disk yet.
            known: all that the learner has on screen. It goes into a store that is begun anew: the old one
                may have gone bad while it was in use.

        Returns:
            whether they are on the disk; `problem` says why not.
        """
        import sqlite3

        for again in (False, True):
            try:
                connection = self._writable()
                if connection is None:
                    return False
                with _transaction(connection):
                    for change in known.changes() if self._begin_anew else changes:
                        _write(connection, change)
                self.failure = None
                self._begin_anew = False
                return True
            except sqlite3.Error as error:
                if _code(error) in (_CORRUPT, _NOTADB) and not again:
                    # It went bad while it was open: look at it again, set it aside, begin anew.
                    self.close()
                    continue
                self.failure = self._words(error)
            except OSError as error:
                self.failure = self._words(error)
            return False
        return False

    def reset(self) -> Path | None:
        """Empty the store; what was in it lies in a file beside it.

        Returns:
            that file, or None when there was nothing.

        Raises:
            StoreError: it is a newer version's, or it cannot be copied: nothing was forgotten.
        """
        import sqlite3

        kept: Path | None = None
        try:
            with _locked(self.folder):
                self._open()
                if self.newer or self.failure:
                    raise StoreError(self.failure or self.problem)
                if self.damage:
                    kept = self._set_aside()
                elif self._connection is not None:
                    kept = self._free("backup")
                    self._empty(self._connection, kept)
        except (sqlite3.Error, OSError) as error:
            raise StoreError(self._words(error)) from error
        self.begun_anew, self._begin_anew = None, False
        return kept

    def close(self) -> None:
        """Let go of the file; whatever comes next opens it again."""
        if self._connection is not None:
            self._connection.close()
        self._connection = self._identity = self._version = None
        self._looked = False

    def findings(self) -> list[Finding]:
        """Whether it can be written and is whole, and what lies beside it. Nothing is made or changed."""
        findings = [self._folder_finding()]
        seen = self.read()
        if self.newer or self.damage or self.failure:
            findings.append(Finding(False, self.failure or self.problem or ""))
        elif self._connection is None:
            findings.append(Finding(True, _("no store yet: it is made when you open a lesson")))
        else:
            if seen is None:
                seen = _all_of(self._connection)
            n = len(seen.attempts)
            whole = ngettext("the store is whole: {n} answer", "the store is whole: {n} answers", n)
            findings.append(Finding(True, whole.format(n=n)))
            if not os.access(self.path, os.W_OK):
                findings.append(Finding(False, _("{path} is read-only").format(path=shown(self.path))))
        with contextlib.suppress(OSError):
            for name in sorted(os.listdir(self.folder)):
                if name.startswith("progress.damaged-") and name.endswith(".db"):
                    said = _("{path} is a damaged store, set aside; move it away when you need it no more")
                    findings.append(Finding(False, said.format(path=shown(self.folder / name))))
        return findings

    def _folder_finding(self) -> Finding:
        import tempfile

        path = shown(self.folder)
        if os.path.isdir(self.folder):
            try:
                with tempfile.TemporaryFile(dir=self.folder):
                    return Finding(True, _("{path} can be written").format(path=path))
            except OSError as error:
                why = error.strerror or str(error)
                return Finding(False, _("cannot write to {path}: {why}").format(path=path, why=why))
        above = self.folder.absolute()
        while not os.path.lexists(above) and above != above.parent:
            above = above.parent
        if os.path.isdir(above) and os.access(above, os.W_OK | os.X_OK):
            return Finding(True, _("{path} is not there yet and can be made").format(path=path))
        return Finding(False, _("{path} cannot be made").format(path=path))

    # Opening, making, setting aside

    def _open(self) -> None:
        """Open what is there and say what it is: nothing, a store, a damaged one, a newer one."""
        import sqlite3

        self.close()
        self._looked = True
        self.damage, self.newer, self.failure = None, 0, None
        self._identity = _identity(self.path)
        if self._identity is None:
            return
        connection = None
        try:
            # Looked at before SQLite is let near: it deletes a journal that it cannot read.
            is_sqlite, version = _header(self.path)
            if version > FORMAT:
                self.newer = version
                return
            if not is_sqlite:
                self.damage = _("it is not a database")
                return
            connection = self._connect()
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version > FORMAT:
                self.newer = version
                return
            self.damage = _damage(connection, version)
            if not self.damage:
                self._connection, connection = connection, None
        except sqlite3.Error as error:
            if _code(error) == _NOTADB:
                self.damage = _("it is not a database")
            elif _code(error) == _CORRUPT:
                self.damage = _("it is malformed")
            else:
                self.failure = self._words(error)
        except OSError as error:
            self.failure = self._words(error)
        finally:
            if connection is not None:
                connection.close()

    def _connect(self) -> sqlite3.Connection:
        import sqlite3

        # mode=rw: a file that is not there is not made.
        uri = self.path.absolute().as_uri() + "?mode=rw"
        # The thread that collects a forgotten store is not always the one that opened it.
        connection = sqlite3.connect(
            uri, uri=True, timeout=self._patience, isolation_level=None, check_same_thread=False
        )
        connection.text_factory = lambda data: data.decode("utf-8", "replace")
        # Who forgets to close does not leave the file open.
        weakref.finalize(self, connection.close)
        return connection

    def _writable(self) -> sqlite3.Connection | None:
        """The store, made or begun anew as need be; None when there is nothing that may be written."""
        if self._connection is None or self._identity != _identity(self.path):
            self.folder.mkdir(parents=True, exist_ok=True)
            with _locked(self.folder):
                # Looked at under the lock: another process may have been faster.
                self._open()
                if self.damage:
                    why, aside = self.damage, self._set_aside()
                    said = _("Your store was damaged ({why}): it is kept as {path}, and a new one was begun.")
                    self.begun_anew = said.format(why=why, path=shown(aside))
                if self._identity is None:
                    self._make()
                    self._open()
        return self._connection

    def _make(self) -> None:
        """Make the store whole under another name, then put it in its place unless somebody was faster."""
        import sqlite3
        import tempfile

        handle, made = tempfile.mkstemp(prefix=STORE + ".", dir=self.folder)
        os.close(handle)
        try:
            with contextlib.closing(sqlite3.connect(made)) as connection:
                connection.executescript(_SCHEMA)
            try:
                linked(Path(made), self.path)
            except FileExistsError:
                return
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(made)

    def _set_aside(self) -> Path:
        """Give a damaged store another name, byte for byte, its journals with it."""
        aside = self._free("damaged")
        self.close()
        for suffix in ("-journal", "-wal", "-shm", ""):
            # Journals first: one that stayed behind would be played back into the new store.
            source = self.path.with_name(self.path.name + suffix)
            if os.path.lexists(source):
                os.rename(source, aside.with_name(aside.name + suffix))
        self.damage = None
        self._begin_anew = True
        return aside

    def _empty(self, connection: sqlite3.Connection, backup: Path) -> None:
        """Copy the store, then empty it; nobody else can write meanwhile."""
        import sqlite3

        with _transaction(connection):
            try:
                # SQLite copies: were the file opened and closed here, POSIX would drop SQLite's locks on it.
                with (
                    contextlib.closing(self._connect()) as source,
                    contextlib.closing(sqlite3.connect(backup)) as target,
                ):
                    source.backup(target)
                for table in _READ:
                    connection.execute(f"DELETE FROM {table}")
            except BaseException:
                backup.unlink(missing_ok=True)
                raise

    def _free(self, what: str) -> Path:
        """`progress.<what>-N.db`, for the first N that is free."""
        number = 1
        while os.path.lexists(path := self.folder / f"progress.{what}-{number}.db"):
            number += 1
        return path

    def _words(self, error: sqlite3.Error | OSError) -> str:
        """What happened, for a learner."""
        if isinstance(error, OSError):
            why = error.strerror or str(error)
            return _("Cannot write to {path}: {why}.").format(path=shown(self.folder), why=why)
        reasons = {
            _BUSY: _("{path} is in use by another program."),
            _LOCKED: _("{path} is in use by another program."),
            _READONLY: _("{path} is read-only."),
            _FULL: _("The disk that {path} is on is full."),
            _CANTOPEN: _("{path} cannot be opened."),
        }
        return reasons.get(_code(error), _("{path} cannot be read or written.")).format(path=shown(self.path))


def shown(path: Path) -> str:
    """A path to show, without control characters."""
    return "".join(c if c.isprintable() else "\ufffd" for c in str(path))


def _all_of(connection: sqlite3.Connection) -> Seen:
    """Everything in it, as of one moment."""
    seen = Seen()
    connection.execute("BEGIN")
    try:
        for row in connection.execute(_READ["attempts"]):
            columns = list(row)
            columns[5] = None if row[5] is None else bool(row[5])
            seen.apply(Attempt(*columns))
        for row in connection.execute(_READ["completed"]):
            seen.apply(Completed(*row))
        for row in connection.execute(_READ["standing"]):
            seen.apply(Stood(*row))
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
    return seen


def _write(connection: sqlite3.Connection, change: Change) -> None:
    """Write one change."""
    match change:
        case Attempt():
            row = asdict(change)
            places = ", ".join(f":{name}" for name in row)
            connection.execute(f"INSERT OR IGNORE INTO attempts ({', '.join(row)}) VALUES ({places})", row)
        case Graded(id, correct):
            connection.execute("UPDATE attempts SET correct = ? WHERE id = ?", (correct, id))
        case Completed():
            connection.execute("INSERT OR IGNORE INTO completed (lesson, step, at) VALUES (?, ?, ?)", change)
        case Stood():
            connection.execute("INSERT OR REPLACE INTO standing (lesson, step, at) VALUES (?, ?, ?)", change)


@contextlib.contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All of what is within, or nothing; no other process writes meanwhile."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _header(path: Path) -> tuple[bool, int]:
    """Whether a file says of itself that it is an SQLite database, and its `user_version`."""
    with open(path, "rb") as file:
        header = file.read(64)
    if len(header) < 64 or not header.startswith(b"SQLite format 3\0"):
        return False, 0
    return True, int.from_bytes(header[60:64], "big", signed=True)


def _damage(connection: sqlite3.Connection, version: int) -> str | None:
    """Why this is no store of ours; None when it is one."""
    import sqlite3

    if connection.execute("PRAGMA integrity_check(1)").fetchone() != ("ok",):
        return _("it fails its integrity check")
    try:
        for query in _READ.values():
            connection.execute(query + " LIMIT 0")
    except sqlite3.OperationalError as error:
        if _code(error) != 1:
            raise
        return _("its tables are missing")
    return None if version == FORMAT else _("its format number is {n}").format(n=version)


def _code(error: Exception) -> int:
    """SQLite's primary result code; 0 for an error of the Python module itself."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def _identity(path: Path) -> tuple[int, int] | None:
    """Which file stands at a path now; None when none does."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """While this lasts no other process makes a store in the folder, or sets one aside.

    The folder itself is locked, so that no file is left behind. Where that cannot be done (Windows, some
    network file systems) it is done without: Windows does not rename a file that is open.
    """
    handle = None
    try:
        import fcntl

        handle = os.open(folder, os.O_RDONLY)
        fcntl.flock(handle, fcntl.LOCK_EX)
    except (ImportError, OSError):
        pass
    try:
        yield
    finally:
        if handle is not None:
            os.close(handle)
