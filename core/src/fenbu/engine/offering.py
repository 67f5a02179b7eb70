"""Offering: what can be done from a view, with what filled in, and what would take it back.

All of it follows from declarations: views name actions, actions their subject and verb, lifecycles where verbs lead.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fenbu.actions import Action
from fenbu.engine.assembly import Assembly, ReadyAction
from fenbu.engine.catalog.reference import resolve
from fenbu.lifecycle import Lifecycle
from fenbu.values import MASK
from fenbu.views import Kind, View

_SEEN = "revision"
"""Field and column of a record's version: what is changed is what was seen."""


def begun(assembly: Assembly, view: View) -> list[Action]:
    """Return what is done from a view without one of its rows: its module's actions on it that no row offers.

    What belongs to no view at all may be begun from each of its module's.
    """
    module = assembly.module_of(view.name)
    of_rows = {name for one in assembly.views.values() for name in one.actions}
    mine = [one.action for one in assembly.actions.values() if one.module == module]
    return [
        action
        for action in mine
        if (action.view == view.name and action.name not in view.actions)
        or (action.view is None and action.name not in of_rows)
    ]


def filled(ready: ReadyAction, view: View, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an action's input says of a row: on which record it acts, and where that is named elsewhere.

    An action that asks for the revision one has seen changes the record, so what it may change stands there as it is.
    """
    action, fields = ready.action, ready.input_model.model_fields
    known = {name: row[name] for name in fields if row.get(name) not in (None, MASK)}
    if action.view != view.name or _SEEN not in known:
        known = {
            name: value
            for name, value in known.items()
            if _named(view, name, required=fields[name].is_required())
        }
    if action.subject in fields and action.subject not in known:
        known[action.subject] = row[view.record]
    return known


def undoing(assembly: Assembly, view: View, action: Action, row: Mapping[str, Any]) -> Action | None:
    """Return the action that leads a document back to the state it has now; None when none does by itself.

    Args:
        assembly: With the actions.
        view: That shows the document.
        action: That is to be taken back; its verb leads elsewhere.
        row: The document before it.
    """
    reference = action.lifecycle or view.lifecycle
    state = row.get(view.state) if view.state else None
    if reference is None or state is None or action.verb is None or action.dangerous:
        return None
    lifecycle: Lifecycle[Any] = resolve(reference)
    if action.verb not in lifecycle.actions(str(state)):
        return None
    target = lifecycle.next(str(state), action.verb)
    for name in view.actions:
        ready = assembly.actions.get(name)
        if ready is not None and _leads(ready, lifecycle, str(target), str(state)):
            return ready.action
    return None


def _leads(ready: ReadyAction, lifecycle: Lifecycle[Any], source: str, target: str) -> bool:
    """Say whether an action leads from one state to another and needs to be told nothing but on what."""
    verb, subject = ready.action.verb, ready.action.subject
    if verb is None or source == target or ready.action.dangerous or verb not in lifecycle.actions(source):
        return False
    needed = {name for name, info in ready.input_model.model_fields.items() if info.is_required()}
    return str(lifecycle.next(source, verb)) == target and needed <= {subject}


def _named(view: View, name: str, *, required: bool) -> bool:
    """Say whether a column names a record: of this view, or of another where that must be said.

    What only tells when or how much names none.
    """
    column = next((one for one in view.columns if one.name == name), None)
    if column is None or column.kind not in (Kind.TEXT, Kind.NUMBER):
        return False
    key = {one.removeprefix("-") for one in view.key} | {view.record}
    return name in key or (required and column.ref is not None)
