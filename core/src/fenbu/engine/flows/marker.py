"""Marker files: they name what a worker has in hand, for the case that its process dies of it.

Such an event undoes its own count of attempts, since the count dies with the transaction. So 32 bytes of a
memory-mapped file say which one it is (0.7 µs; they outlive the process, not the machine), and the next
worker that finds the file without an owner counts the attempt.
"""

from __future__ import annotations

import fcntl
import mmap
import os
from collections.abc import Iterator
from pathlib import Path

_SIZE = 32
_EMPTY = b"\0" * _SIZE


class Marker:
    """One worker's file, locked as long as the process lives."""

    def __init__(self, path: Path) -> None:
        """Take the file; BlockingIOError when a living worker has it."""
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o660)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BaseException:
            os.close(self._file)
            raise
        if os.fstat(self._file).st_size < _SIZE:
            os.ftruncate(self._file, _SIZE)
        self._map = mmap.mmap(self._file, _SIZE)

    def left(self) -> tuple[int, int] | None:
        """Return subscription and event that were in hand when the last owner died; None when nothing was."""
        told = self._map[:].rstrip(b"\0")
        if not told:
            return None
        subscription, seq = told.split(b",")
        return int(subscription), int(seq)

    def set(self, subscription: int, seq: int) -> None:
        """Name what is taken in hand."""
        self._map[:] = (b"%d,%d" % (subscription, seq)).ljust(_SIZE, b"\0")

    def clear(self) -> None:
        """Nothing is in hand."""
        self._map[:] = _EMPTY

    def close(self) -> None:
        """Give the file to others."""
        self._map.close()
        os.close(self._file)


class Markers:
    """A folder of marker files, one for each worker that lives on this machine."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder

    def take(self) -> Marker:
        """Take a file that no living worker has; what its last owner left is still in it."""
        number = 0
        while True:
            try:
                return Marker(self._folder / f"hand-{number}")
            except BlockingIOError:
                number += 1

    def ownerless(self) -> Iterator[Marker]:
        """Yield the files whose owners are dead, each taken while it is looked at."""
        for path in sorted(self._folder.glob("hand-*")):
            try:
                marker = Marker(path)
            except BlockingIOError:
                continue
            try:
                yield marker
            finally:
                marker.close()
