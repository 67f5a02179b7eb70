"""What is wrong with a rollout file: every fault with its line, all of them at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from attrs import frozen

from fenbu.engine.rollout.positions import Path, Positions
from fenbu.errors import BadFile, FieldProblem
from fenbu.i18n import _, ngettext


@frozen
class Finding:
    """Something wrong at a path of the document, before anybody has looked up its line."""

    path: Path
    problem: str
    """What is wrong, with what was got and what was wanted."""
    way_out: str = ""


@frozen(order=True)
class Fault:
    """Something wrong at a line of the file."""

    line: int
    column: int
    path: str
    """``stages[1].before[0].samples``; empty for the whole file."""
    problem: str
    way_out: str = ""


@frozen(eq=False)
class RolloutInvalid(BadFile):
    """A rollout file has faults; each is in ``faults``, in the order of its lines."""

    faults: Sequence[Fault] = ()

    def __str__(self) -> str:
        told = f"{self.where}: {self.problem}"
        if (more := len(self.faults) - 1) < 1:
            return told
        return told + ngettext(" (and {count} fault more)", " (and {count} faults more)", more).format(
            count=more
        )

    @property
    def problems(self) -> list[FieldProblem]:
        """The faults as fields, for JSON."""
        return [FieldProblem(one.path, f"{one.line}: {one.problem}") for one in self.faults]


def located(findings: Iterable[Finding], positions: Positions) -> list[Fault]:
    """Return findings with their lines, in that order, each once."""
    faults = set()
    for one in findings:
        line, column = positions.line_and_column(one.path)
        faults.add(Fault(line, column, dotted(one.path), one.problem, one.way_out))
    return sorted(faults)


def refuse(path: str, faults: Sequence[Fault]) -> None:
    """Raise what is wrong with a file, when anything is.

    Raises:
        RolloutInvalid: With all faults.
    """
    if faults:
        first = faults[0]
        raise RolloutInvalid(path, first.problem, first.line, first.column, first.way_out, tuple(faults))


def dotted(path: Path) -> str:
    """Write a path as people read it: ``stages[1].before[0]``."""
    told = ""
    for part in path:
        told += f"[{part}]" if isinstance(part, int) else f".{part}" if told else part
    return told


def nearest(name: str, known: Iterable[str]) -> str:
    """Say which known name was probably meant, or which there are."""
    listed = sorted(set(known))
    begin_alike = [one for one in listed if name and one.startswith(name)]
    if near := get_close_matches(name, listed, 1, 0.6) or begin_alike:
        return _("did you mean {nearest}?").format(nearest=near[0])
    if not listed:
        return ""
    shown = ", ".join(listed[:12]) + (" …" if len(listed) > 12 else "")
    return _("there are: {names}").format(names=shown)
