"""Files that a command writes: whole, or as they were before."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from fenbu.i18n import _


@contextmanager
def whole(path: Path) -> Iterator[TextIO]:
    """Open a text file that takes the place of the old one when the body has ended, and goes when it raises.

    What is no regular file (``/dev/stdout``, a pipe) is written as it is.

    Args:
        path: Of the file; a link is followed.
    """
    target = path.resolve()
    if target.exists() and not target.is_file():
        with target.open("w", encoding="utf-8", newline="\n") as file:
            yield file
        return
    fresh = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with fresh.open("w", encoding="utf-8", newline="\n") as file:
            yield file
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)


def fresh(path: Path, text: str) -> None:
    """Write a text into a new file.

    Raises:
        AlreadyExists: There is a file already; it stays as it is.
        BadFile: It cannot be written.
    """
    from fenbu.errors import AlreadyExists, BadFile

    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        raise AlreadyExists(_("file"), str(path)) from None
    except OSError as error:
        raise BadFile(str(path), error.strerror or str(error)) from None
