"""One writer at a time on SQLite, fairly, across threads and processes.

SQLite lets waiting writers poll with growing pauses, so under load one of them waits for seconds while
others pass (worst 2-4 s, with the gate 0.1-0.4 s). The gate also keeps several processes clear of SQLite's
WAL-reset bug (before 3.44.6, 3.50.7 and 3.51.3). The lock is `flock` on a file beside the database:
the operating system frees it when the process dies, however it dies.

Who waits polls, so a worker that writes one batch after another would pass it again and again: whoever waits holds
a shared lock on a second side file, and who has just been through lets others go first while it is held.

Lock order: the gate comes before `BEGIN IMMEDIATE` and goes after commit or rollback.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
import weakref
from pathlib import Path
from types import TracebackType
from typing import Protocol

from fenbu.engine.store.errors import DatabaseBusy
from fenbu.i18n import _

_gates: weakref.WeakSet[Gate] = weakref.WeakSet()

_LONGEST_PAUSE = 0.002
"""Seconds between two looks of one who waits."""
_LET_PASS = 0.003
"""Seconds for which one who has just been through stands back: longer than the pause of who waits."""


class WriterGate(Protocol):
    """What `Database.write` holds while it writes."""

    def __enter__(self) -> object: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def close(self) -> None: ...


class OpenGate:
    """No gate: the database itself orders its writers."""

    def __enter__(self) -> OpenGate:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None

    def close(self) -> None:
        """Nothing to give back."""


class Gate:
    """Exclusive right to write, held by one thread of one process.

    Args:
        path: The side file; created when missing, never deleted (deleting it would let two in).
        timeout: Seconds to wait before `DatabaseBusy`.
    """

    def __init__(self, path: Path, timeout: float = 30.0) -> None:
        self._path = path
        self._timeout = timeout
        self._thread = threading.Lock()
        self._owner: int | None = None
        self._file: int | None = None
        self._waiting: int | None = None
        self._left_at = 0.0
        _gates.add(self)

    def __enter__(self) -> Gate:
        """Wait for the gate; raises `DatabaseBusy` after the timeout, `RuntimeError` when held already."""
        if self._owner == threading.get_ident():
            raise RuntimeError("this thread is already writing: one write transaction inside another")
        deadline = time.monotonic() + self._timeout
        if not self._thread.acquire(timeout=self._timeout):
            raise self._busy(_("another thread of this process is writing"))
        try:
            self._lock_file(deadline)
        except BaseException:
            self._thread.release()
            raise
        self._owner = threading.get_ident()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._owner = None
        try:
            if self._file is not None:
                fcntl.flock(self._file, fcntl.LOCK_UN)
            self._left_at = time.monotonic()
        finally:
            self._thread.release()

    def close(self) -> None:
        """Give the side file back; the gate opens it again when it is needed."""
        with self._thread:
            self._forget()

    def _lock_file(self, deadline: float) -> None:
        if self._file is None or self._waiting is None:
            self._file, self._waiting = _open(self._path), _open(self._path.with_suffix(".queue"))
        if time.monotonic() - self._left_at < _LET_PASS and self._others_wait():
            time.sleep(_LET_PASS)
        if _lock(self._file, fcntl.LOCK_EX):
            return
        _lock(self._waiting, fcntl.LOCK_SH)  # fails only while somebody looks who waits, and costs one turn
        try:
            pause = 0.0001
            while not _lock(self._file, fcntl.LOCK_EX):
                if time.monotonic() > deadline:
                    raise self._busy(_("another process is writing"))
                time.sleep(pause)
                pause = min(pause * 1.5, _LONGEST_PAUSE)
        finally:
            fcntl.flock(self._waiting, fcntl.LOCK_UN)

    def _others_wait(self) -> bool:
        """Say whether another process is waiting for the gate."""
        assert self._waiting is not None
        if not _lock(self._waiting, fcntl.LOCK_EX):
            return True
        fcntl.flock(self._waiting, fcntl.LOCK_UN)
        return False

    def _busy(self, reason: str) -> DatabaseBusy:
        return DatabaseBusy(
            str(self._path.with_suffix("")),
            _("{reason} for more than {seconds} seconds").format(reason=reason, seconds=round(self._timeout)),
        )

    def _forget(self) -> None:
        for file in (self._file, self._waiting):
            if file is not None:
                os.close(file)
        self._file = self._waiting = None

    def _after_fork(self) -> None:
        """A child shares its parent's lock: it must take a new file and a fresh thread lock."""
        self._thread = threading.Lock()
        self._owner = None
        self._forget()


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o660)


def _lock(file: int, kind: int) -> bool:
    """Lock a file if that is possible at once; return whether it was."""
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _after_fork() -> None:
    for gate in list(_gates):
        gate._after_fork()


os.register_at_fork(after_in_child=_after_fork)
