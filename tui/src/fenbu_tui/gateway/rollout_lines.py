"""Plans and reports as lines: the trees that the command line draws, one branch a line."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence

from fenbu.cli.branches import Branch
from fenbu.cli.branches import lines as drawn
from fenbu.cli.plan_tree import drifted, half_done, stages
from fenbu.engine.rollout.plan import Plan
from fenbu.errors import FenbuError
from fenbu.i18n import _
from fenbu_tui.signs import Tone
from fenbu_tui.world.base import Consequence, Line

_TONES = {"green": Tone.GOOD, "yellow": Tone.WARN, "red": Tone.BAD, "dim": Tone.QUIET, "cyan": Tone.QUIET}


def tree(branches: Sequence[Branch]) -> list[Line]:
    """Return a tree, one branch a line."""
    return [
        Line(text, prefix, _TONES.get(style), style == "bold")
        for prefix, text, style in drawn(branches, None)
    ]


def plan_lines(made: Plan, *, all_stages: bool = True) -> list[Line]:
    """Return a plan as ``fenbu plan`` shows it, what was changed by hand in front; or what would be carried out."""
    told = []
    if half := half_done(made):
        told.append(Line(half, "", Tone.WARN))
    if found := drifted(made):
        told += [Line(_("by hand"), strong=True, tone=Tone.WARN), *tree(found)]
    told += tree(stages(made.stages if all_stages else made.chosen))
    return [*told, Line(_("digest {digest}").format(digest=made.digest), "", Tone.QUIET)]


def stage_spans(told: Sequence[Line], count: int) -> list[tuple[int, int]]:
    """Return where in a plan's lines each of its stages stands: they are the last branches that hang on nothing."""
    begins = [number for number, line in enumerate(told) if line.indent in ("├ ", "└ ")][-count:]
    return list(zip(begins, [*begins[1:], len(told) - 1], strict=True))


def consequences(told: Iterable[Line]) -> Iterator[Consequence]:
    """Yield lines as what an act brings."""
    for line in told:
        yield Consequence(line.text, indent=line.indent, tone=line.tone)


def refusal(error: FenbuError) -> list[Line]:
    """Return why something cannot be done, with the way out."""
    told = [Line(_("it cannot be done: {why}").format(why=error), "", Tone.BAD)]
    return [*told, Line(f"→ {error.hint}")] if error.hint else told


def diff_line(line: str) -> Line:
    """Return a line of a unified diff."""
    tones = {"+": Tone.GOOD, "-": Tone.BAD, "@": Tone.QUIET}
    head = line.startswith(("+++", "---"))
    return Line(line, "", Tone.QUIET if head else tones.get(line[:1]))


def command(words: Sequence[str]) -> str:
    """Return what follows ``fenbu`` as it is typed in a shell."""
    return shlex.join(["fenbu", *words])
