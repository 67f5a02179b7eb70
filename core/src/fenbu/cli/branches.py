"""Trees as text: branches under branches, wrapped to the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from fenbu.cli.layout import visible, width_of, wrap

if TYPE_CHECKING:
    from fenbu.cli.output import Output

_LEAST = 20


class Branch(NamedTuple):
    """A line with what hangs below it."""

    text: str
    style: str = ""
    below: Sequence[Branch] = ()


def write(out: Output, branches: Sequence[Branch]) -> None:
    """Write branches with what hangs below them; long ones go on in further lines."""
    for prefix, text, style in lines(branches, out.width):
        out.line(f"{out.style(prefix, 'dim')}{out.style(text, style)}".rstrip())


def lines(branches: Sequence[Branch], width: int | None, indent: str = "") -> Iterator[tuple[str, str, str]]:
    """Yield the lines of a tree: what is drawn in front, the text, its style."""
    for number, branch in enumerate(branches):
        last = number == len(branches) - 1
        first, rest = ("└ ", "  ") if last else ("├ ", "│ ")
        more = f"{indent}{rest}│ " if branch.below else f"{indent}{rest}  "
        head, *tail = _wrapped(visible(branch.text), None if width is None else width - width_of(indent) - 2)
        yield f"{indent}{first}", head, branch.style
        for part in tail:
            yield more, part, branch.style
        yield from lines(branch.below, width, f"{indent}{rest}")


def _wrapped(text: str, room: int | None) -> list[str]:
    """Break a text; what goes on stands two columns further in, under its own beginning."""
    if room is None:
        return text.split("\n")
    head, *tail = wrap(text, max(room, _LEAST))
    return [head, *wrap(" ".join(tail), max(room - 2, _LEAST))] if tail else [head]
