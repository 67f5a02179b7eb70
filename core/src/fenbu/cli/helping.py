"""How help is written where characters are two columns wide: click counts letters, a terminal counts columns."""

from __future__ import annotations

from collections.abc import Iterable

import click

from fenbu.cli.layout import width_of, wrap
from fenbu.i18n import _


class Formatter(click.HelpFormatter):
    """Writes help as click does, and texts with wide characters by their columns."""

    def write_text(self, text: str) -> None:
        """Write a paragraph, its lines broken anew."""
        if not _is_wide(text):
            super().write_text(text)
            return
        indent = " " * self.current_indent
        for line in wrap(_flowing(text), self.width - self.current_indent):
            self.write(f"{indent}{line}\n")

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Write terms with what they mean, the meanings aligned."""
        listed = list(rows)
        if not any(_is_wide(text) for row in listed for text in row):
            super().write_dl(listed, col_max, col_spacing)
            return
        start = min(max(width_of(term) for term, _meaning in listed), col_max) + col_spacing
        indent = " " * self.current_indent
        for term, meaning in listed:
            lines = wrap(_flowing(meaning), max(self.width - start - 2, 10))
            if width_of(term) > start - col_spacing:
                lines.insert(0, "")
            for lead, line in zip([term, *[""] * len(lines)], lines, strict=False):
                self.write(f"{indent}{lead}{' ' * (start - width_of(lead))}{line}".rstrip() + "\n")


def sentences(*texts: str) -> str:
    """Return texts as sentences one after the other; what is empty is left out."""
    told = [_("{sentence}.").format(sentence=f"{text[:1].upper()}{text[1:]}") for text in texts if text]
    return "".join(one if _is_wide(one[-1:]) else f"{one} " for one in told).rstrip()


def _is_wide(text: str) -> bool:
    return width_of(text) != len(text)


def _flowing(text: str) -> str:
    """Return a paragraph in one line; Chinese has no blank where a line ended."""
    joined = ""
    for line in map(str.strip, text.splitlines()):
        touching = not joined or _is_wide(joined[-1]) or _is_wide(line[:1])
        joined += line if touching else f" {line}"
    return joined
