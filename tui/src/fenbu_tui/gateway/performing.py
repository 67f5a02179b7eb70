"""Acts: performing an action, with its command line, what came of it in a sentence, and what takes it back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fenbu.actions import Action
from fenbu.cli.options import typed
from fenbu.engine.assembly import ReadyAction
from fenbu.i18n import _
from fenbu_tui.world.base import Act

Perform = Callable[[str, Mapping[str, Any]], Mapping[str, Any]]
"""Performs an action by its name and answers what it answered."""


def performing(
    perform: Perform,
    ready: ReadyAction,
    values: Mapping[str, Any],
    *,
    undo: tuple[Action, Mapping[str, Any]] | None = None,
) -> Act:
    """Return the act of performing an action.

    Args:
        perform: Called in a worker.
        ready: The action.
        values: Its input, as the form has it.
        undo: The action that takes it back, with its input.
    """
    action = ready.action
    back = None
    if undo is not None:
        verb, given = undo
        back = Act(
            command=" ".join(
                ["fenbu do", verb.name, *(f"--{name} {value}" for name, value in given.items())]
            ),
            run=lambda: _told(_(verb.title), perform(verb.name, given)),
        )
    return Act(
        command=" ".join(["fenbu do", action.name, *typed(ready.input_model, values)]),
        run=lambda: _told(_(action.title), perform(action.name, values)),
        undo=back,
    )


def _told(title: str, answer: Mapping[str, Any]) -> str:
    """Say what was done, with what it answered where that is short."""
    told = [
        f"{name} {value}" for name, value in answer.items() if isinstance(value, str | int) and value != ""
    ]
    return f"{title}: {', '.join(told[:4])}" if told else _("{title}: done").format(title=title)
