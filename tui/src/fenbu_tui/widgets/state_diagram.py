"""A lifecycle drawn as a tree of its states, each opened once; where a record stands is marked."""

from __future__ import annotations

from collections.abc import Iterator

from textual.content import Content

from fenbu.i18n import _
from fenbu_tui.world.records import Diagram

HERE, ELSEWHERE, END = "●", "○", "■"


def drawn(diagram: Diagram) -> Content:
    """Return the states from the first one on, with the verbs that lead from each to the next."""
    opened: set[str] = set()
    lines = [_state(diagram, diagram.initial), *_below(diagram, diagram.initial, "", opened)]
    return Content("\n").join(lines)


def _below(diagram: Diagram, state: str, indent: str, opened: set[str]) -> Iterator[Content]:
    if state in opened:
        return
    opened.add(state)
    steps = [step for step in diagram.steps if step.source == state]
    for step in steps:
        last = step is steps[-1]
        again = step.target in opened or any(
            other.target == step.target for other in steps[: steps.index(step)]
        )
        branch = f"{indent}{'└' if last else '├'}─ "
        possible = "bold $text-accent" if state == diagram.state else "dim"
        back = " ↺" if again and step.target not in diagram.terminal else ""
        yield Content.assemble(
            Content.styled(branch, "dim"),
            Content.styled(f"{step.verb} → ", possible),
            _state(diagram, step.target),
            back,
        )
        yield from _below(diagram, step.target, f"{indent}{' ' if last else '│'}     ", opened)


def _state(diagram: Diagram, state: str) -> Content:
    end = f" {END}" if state in diagram.terminal else ""
    if state == diagram.state:
        here = _("here")
        return Content.styled(f"{HERE} {_(state)}{end}  ← {here}", "bold reverse")
    return Content(f"{ELSEWHERE} {_(state)}{end}")
