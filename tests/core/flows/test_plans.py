"""However much waits, a worker finds its next work by key: no statement of its loop reads over everything."""

from typing import Any

import pytest

from fenbu.engine.flows import batch, blocked, caller, delivery, history, log, look, timers
from fenbu.engine.flows.sql import statement
from tests.core.flows.shop import Shop

STATEMENTS = {
    f"{module.__name__.rpartition('.')[2]}.{name}": getattr(module, name)
    for module, names in (
        (batch, ("_FETCH", "_DELETE")),
        (look, ("_LOOK", "_ANY_LEFT", "_LEFT_OF_KEY")),
        (delivery, ("_LOCK", "_SUSPECT")),
        (blocked, ("_HOLD", "_FOLLOWERS", "_LET_GO", "_BEFORE")),
        (log, ("_FAN_OUT", "_CANCEL", "_SKIP_SCHEDULED")),
        (timers, ("NEXT", "_RING", "_RINGING")),
        (history, ("_WAITING", "_LAST", "_EXPAND", "_PACE")),
        (caller, ("_TAKE", "IS_DUE", "_LEFT_OPERATIONS")),
    )
    for name in names
}
LARGE = {
    "d",
    "e",
    "fenbu_delivery",
    "fenbu_event",
    "fenbu_call",
    "fenbu_blocked_key",
    "fenbu_cancelled_event",
}


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("template", STATEMENTS.values(), ids=STATEMENTS.keys())
def test_the_next_work_is_found_by_key(shop: Shop, template: str) -> None:
    explained = statement(f"EXPLAIN QUERY PLAN {template}", "sqlite")
    values: dict[str, Any] = dict.fromkeys(explained.compile().params, 1) | {"seqs": "[1]"}
    with shop.database.write() as connection:
        plan = [
            str(row[3])
            for row in connection.execute(
                explained, {name: values[name] for name in explained.compile().params}
            )
        ]
    read_over = [step for step in plan if step.startswith("SCAN") and step.split()[1] in LARGE]
    by_subscription_alone = [step for step in plan if "(subscription=?)" in step and " d " in step]
    assert read_over + by_subscription_alone == []
