"""Where a test run puts what it throws away: in memory, where there is room for it.

Nothing is proved by waiting for a disk: a process that is killed loses nothing that it has written to either, and
the death of a machine cannot be tested by a process on it.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

MEMORY = Path("/dev/shm")
ROOM = 4 * 2**30
"""Bytes that must be free: two servers of PostgreSQL with their templates use a quarter of it."""
_LOCK = "in-use"


def memory() -> Path | None:
    """Return the folder in memory; None where the system has none or too little room in it."""
    try:
        room = os.statvfs(MEMORY)
    except OSError:
        return None  # macOS and Windows have no such place
    return MEMORY if room.f_bavail * room.f_frsize >= ROOM and os.access(MEMORY, os.W_OK) else None


@contextmanager
def folder(prefix: str) -> Iterator[Path]:
    """Give a new folder in memory, gone at the end; what killed runs have left there goes first.

    Without room in memory it is one of the system's folder for temporary files.
    """
    above = memory()
    if above is not None:
        _sweep(above, prefix)
    made = Path(tempfile.mkdtemp(prefix=prefix, dir=above))
    try:
        if above is None:
            yield made
        else:
            with _locked(made):
                yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _sweep(above: Path, prefix: str) -> None:
    for left in above.glob(f"{prefix}*"):
        with suppress(OSError), _locked(left):
            shutil.rmtree(left, ignore_errors=True)


@contextmanager
def _locked(place: Path) -> Iterator[None]:
    """Hold the folder's lock, which ends with the process that holds it.

    Raises:
        OSError: Another process holds it, or the folder is another user's.
    """
    import fcntl  # there is no folder in memory where this is missing

    with (place / _LOCK).open("w", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
