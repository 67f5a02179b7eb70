"""The kernel's own tables.

All names begin with ``fenbu_``. Instants are whole UTC microseconds, days are ISO text
(``2026-03-31``), JSON is text, amounts are scaled integers. On SQLite every table is STRICT,
so a wrong type is refused and not kept. There is no ``ON DELETE CASCADE`` anywhere, and no foreign
key on the paths that every order takes: their rows are written by one statement each in `flows`,
and `doctor` counts them.

Invariants stated here and held by the database:

- ``event``, ``event_about``, ``audit`` and ``audit_seal`` are append-only (`APPEND_ONLY`).
- ``performed.key`` answers once; ``call`` exists once for one operation on one subject and number.
- ``enterprise`` has one row.

`history` makes these tables. After a change here: ``python tools/kernel_history.py`` (until the first
release; from then on a change is a step of its own).
"""

from __future__ import annotations

from fenbu.engine.store.tables.acts import audit, audit_seal, number_series, performed
from fenbu.engine.store.tables.columns import Big, Flag, metadata
from fenbu.engine.store.tables.enterprises import enterprise, module, problem, setting
from fenbu.engine.store.tables.flows import (
    OPEN_CALLS,
    blocked_key,
    call,
    cancelled_event,
    delivered,
    delivery,
    event,
    event_about,
    gathering,
    partition,
    skipped,
    subscription,
    subscription_topic,
    worker,
)
from fenbu.engine.store.tables.imports import import_reference, import_run
from fenbu.engine.store.tables.operators import login_attempt, operator, operator_grant, role, session
from fenbu.engine.store.tables.readings import metric_reading
from fenbu.engine.store.tables.rollout import (
    rollout_approval,
    rollout_file,
    rollout_lock,
    rollout_override,
    rollout_run,
    rollout_step,
)

APPEND_ONLY = (event, event_about, audit, audit_seal)
"""Tables whose rows neither change nor go, by trigger, on both databases."""

__all__ = [
    "APPEND_ONLY",
    "OPEN_CALLS",
    "Big",
    "Flag",
    "audit",
    "audit_seal",
    "blocked_key",
    "call",
    "cancelled_event",
    "delivered",
    "delivery",
    "enterprise",
    "event",
    "event_about",
    "gathering",
    "import_reference",
    "import_run",
    "login_attempt",
    "metadata",
    "metric_reading",
    "module",
    "number_series",
    "operator",
    "operator_grant",
    "partition",
    "performed",
    "problem",
    "role",
    "rollout_approval",
    "rollout_file",
    "rollout_lock",
    "rollout_override",
    "rollout_run",
    "rollout_step",
    "session",
    "setting",
    "skipped",
    "subscription",
    "subscription_topic",
    "worker",
]
