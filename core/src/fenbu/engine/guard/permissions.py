"""Permissions and roles: what a name covers, and which roles every enterprise has.

A permission is a name of at least two parts (``erp.order.place``). In what is granted a ``*`` stands for one part,
at the end for all that follow: ``erp.*``, ``payments.payment.*``, ``*.show``. A role has a name of one part, so the
two cannot be mistaken for each other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from attrs import frozen

from fenbu.i18n import N_

ANY = "*"
"""All parts that follow; alone: everything, which only the role of owner grants."""
SELF = "fenbu.self"
"""What every operator may do, about themselves alone: change their secret, end their sessions."""
OWNER = "owner"
BACKUP = "fenbu.backup"
BEYOND = frozenset(
    {
        BACKUP,
        "fenbu.operator.secret",
        "fenbu.operator.logout",
        "fenbu.rollout.adopt",
        "fenbu.rollout.apply",
        "fenbu.rollout.import-state",
        "fenbu.rollout.rehearse",
        "fenbu.rollout.rollback",
    }
)
"""Permissions that no action has as its own: a copy of everything; another's secret, another's sessions; how all is
set, with the references of secrets; what is a sequence of transactions."""
PERMISSION = re.compile(r"^(\*|[a-z][a-z0-9_-]*)(\.(\*|[a-z][a-z0-9_-]*))+$")
ROLE = re.compile(r"^[a-z][a-z0-9_-]*$")


@frozen
class Role:
    """A named set of permissions."""

    title: str
    permissions: tuple[str, ...]


LAYERS: Mapping[str, Role] = {
    "decision": Role(
        N_("Decides on stages: sees everything but what tells of a person, approves and overrides"),
        ("*.show", "fenbu.audit", "fenbu.rollout.approve", "fenbu.rollout.override"),
    ),
    "core": Role(
        N_("Carries the rollout out: modules, settings, flows, backups, stages"),
        (
            "*.show",
            "fenbu.audit",
            "fenbu.backup",
            "fenbu.flow.*",
            "fenbu.metric.*",
            "fenbu.module.*",
            "fenbu.problem.*",
            "fenbu.rollout.*",
            "fenbu.setting.*",
        ),
    ),
    "functional": Role(
        N_("Works in a department: approves for it; its modules' permissions are granted beside"),
        ("fenbu.show", "fenbu.rollout.approve"),
    ),
}
"""The three layers of a rollout."""

ROLES: Mapping[str, Role] = {
    OWNER: Role(N_("May do everything, and alone may grant it"), (ANY,)),
    **LAYERS,
    "viewer": Role(N_("Sees everything but what tells of a person"), ("*.show",)),
}
"""The roles that every enterprise has; it makes others of its own."""


def show(module: str) -> str:
    """Return the permission to look at what a module declares."""
    return f"{module}.show"


def personal(module: str) -> str:
    """Return the permission to see what a module's views tell of people."""
    return f"{module}.personal"


def export(module: str) -> str:
    """Return the permission to write a module's books for other programs."""
    return f"{module}.export"


def covers(held: str, wanted: str) -> bool:
    """Say whether what is held grants what is wanted; both may have ``*`` for parts."""
    if ANY in (held, wanted):
        return held == ANY
    have, want = held.split("."), wanted.split(".")
    if have[-1] == ANY:
        have.pop()
        return len(want) > len(have) and _alike(have, want)
    return len(have) == len(want) and _alike(have, want)


def allowed(held: Iterable[str], wanted: str) -> bool:
    """Say whether one of several grants covers what is wanted."""
    return any(covers(one, wanted) for one in held)


def missing(held: Iterable[str], wanted: Iterable[str]) -> list[str]:
    """Return what is wanted and not covered by what is held, in its order."""
    mine = tuple(held)
    return [one for one in wanted if not allowed(mine, one)]


def _alike(have: list[str], want: list[str]) -> bool:
    return all(mine in (ANY, theirs) for mine, theirs in zip(have, want, strict=False))
