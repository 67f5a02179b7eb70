"""What the kernel itself declares: its actions, views and checks, in the same words as a module's."""

from __future__ import annotations

from functools import cache

from fenbu.engine.assembling import Builtins
from fenbu.engine.builtin_flows import ACTIONS as FLOW_ACTIONS
from fenbu.engine.builtin_metrics import ACTIONS as METRIC_ACTIONS
from fenbu.engine.builtin_operators import ACTIONS as OPERATOR_ACTIONS
from fenbu.engine.builtin_views import VIEWS
from fenbu.engine.health import CHECKS
from fenbu.engine.stages.actions import ACTIONS as STAGE_ACTIONS
from fenbu.engine.states.actions import ACTIONS as MODULE_ACTIONS
from fenbu.engine.states.archives import ACTIONS as ARCHIVE_ACTIONS
from fenbu.engine.states.copies import ACTIONS as COPY_ACTIONS


@cache
def builtins() -> Builtins:
    """Return the kernel's declarations."""
    actions = (
        *MODULE_ACTIONS,
        *ARCHIVE_ACTIONS,
        *COPY_ACTIONS,
        *FLOW_ACTIONS,
        *METRIC_ACTIONS,
        *OPERATOR_ACTIONS,
        *STAGE_ACTIONS,
    )
    return Builtins(actions, VIEWS, CHECKS)
