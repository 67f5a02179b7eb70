"""Masking: what tells of a person is not shown where it is not needed.

A declared event has no personal field (`fenbu.events` refuses it), so its payload is shown as it is. What no enabled
module declares may hold anything: there every field that is called as a personal one of any module is masked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fenbu.values import MASK

if TYPE_CHECKING:
    from fenbu.engine.assembly import Assembly
    from fenbu.events import EventType


def masked(assembly: Assembly, declared: EventType | None, payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return an event's payload as it may be shown to whoever repairs flows.

    Args:
        assembly: What is enabled.
        declared: What its contract says of the event; None when no enabled module knows it.
        payload: As it is kept.
    """
    if declared is not None:
        return dict(payload)
    names = {column.name for view in assembly.views.values() for column in view.columns if column.personal}
    shown: dict[str, Any] = _shown(payload, names)
    return shown


def _shown(value: Any, names: set[str]) -> Any:
    if isinstance(value, Mapping):
        return {
            name: MASK if name in names and part is not None else _shown(part, names)
            for name, part in value.items()
        }
    if isinstance(value, list):
        return [_shown(part, names) for part in value]
    return value
