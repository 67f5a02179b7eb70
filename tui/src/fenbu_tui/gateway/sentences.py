"""What a module's own code raises while something of it is shown, said in a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

from attrs import frozen

from fenbu.errors import FenbuError, in_words, makers
from fenbu.i18n import _
from fenbu_tui.world.base import Unreachable


@frozen(eq=False)
class ShowingFailed(FenbuError):
    """A module's own code raised while something of it was shown."""

    exit_code: ClassVar[int] = 1
    name: str
    problem: str

    def __str__(self) -> str:
        return _("{name} cannot be shown: {problem}").format(name=self.name, problem=self.problem)

    @property
    def hint(self) -> str:
        return makers(self.name)


@contextmanager
def own_code(name: str) -> Iterator[None]:
    """Turn whatever the body raises into a sentence, but for what is one already.

    Args:
        name: Of the view, action or kind of document whose code runs.
    """
    try:
        yield
    except (FenbuError, Unreachable):
        raise
    except Exception as error:
        raise ShowingFailed(name, in_words(error).split("\n", 1)[0]) from error
