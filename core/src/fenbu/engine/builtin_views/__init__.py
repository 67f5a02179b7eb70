"""The kernel's own views, by the same declarations as a module's: what is on, what flows, what was done."""

from __future__ import annotations

from fenbu.engine.builtin_views import acts, deliveries, flows, modules, people

VIEWS = (
    modules.MODULES,
    modules.PROBLEMS,
    modules.SETTINGS,
    flows.SUBSCRIPTIONS,
    deliveries.DELIVERIES,
    deliveries.DEAD,
    deliveries.DELIVERED,
    deliveries.SKIPPED,
    flows.EVENTS,
    flows.CALLS,
    flows.WORKERS,
    acts.IMPORTS,
    acts.AUDIT,
    people.OPERATORS,
    people.GRANTS,
    people.ROLE_LIST,
)
"""All views of the kernel."""
