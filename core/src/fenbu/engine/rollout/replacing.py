"""Taking the place of a file: whole or not at all, and only of the one that was read."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from attrs import frozen

from fenbu.errors import BadFile, FenbuError
from fenbu.i18n import _


@frozen(eq=False)
class FileChanged(FenbuError):
    """A file was changed by somebody else since it was read; it stays as it is."""

    path: str

    def __str__(self) -> str:
        return _("{path} was changed by somebody else meanwhile, and stays as it is").format(path=self.path)

    @property
    def hint(self) -> str:
        return _("run it again")

    @property
    def where(self) -> str:
        return self.path


def replace(path: Path, before: str, after: str) -> None:
    """Write a text in a file's place, on the disk before it is seen; a link is followed, who may read it stays.

    Args:
        path: Of the file.
        before: The text that was read from it.
        after: The new text.

    Raises:
        FileChanged: It holds another text by now.
        BadFile: It cannot be written.
    """
    target = path.resolve()
    fresh = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with fresh.open("wb") as file:
            file.write(after.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
        shutil.copymode(target, fresh)
        if target.read_bytes() != before.encode("utf-8"):
            raise FileChanged(str(path))
        fresh.replace(target)
        _keep_name(target.parent)
    except OSError as error:
        raise BadFile(str(path), error.strerror or str(error)) from None
    finally:
        fresh.unlink(missing_ok=True)


def _keep_name(folder: Path) -> None:
    """Make the new name survive a loss of power, where a folder can be opened."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
