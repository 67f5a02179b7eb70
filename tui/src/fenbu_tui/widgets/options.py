"""A short list of lines in which one moves as everywhere else."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType
from textual.widgets import OptionList

from fenbu_tui.keys import OPTIONS, bindings


class Options(OptionList):
    """Posts `OptionSelected` for the line on which enter is pressed."""

    DEFAULT_CSS = """
    Options { border: none; padding: 0; background: transparent; scrollbar-size-vertical: 1; }
    Options:focus { border: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = bindings(OPTIONS)
