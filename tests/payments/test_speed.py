"""What being paid costs an order, in statements and commits that no noise can touch."""

from __future__ import annotations

import pytest

from tests.payments.till import Till


@pytest.mark.usefixtures("untimed")
def test_the_statements_of_being_paid_by_card(till: Till) -> None:
    """Beyond what the order itself costs: asked for, held, taken, each call in its three steps."""
    till.sold_prepaid()
    till.kernel.perform("fenbu.setting.set", {"module": "payments", "name": "on_account", "value": ["shop"]})
    counted = []
    for channel in ("shop", "direct"):
        before = till.kernel.database.statistics.copy()
        till.sold_prepaid(4, channel=channel)
        spent = till.kernel.database.statistics.since(before)
        counted.append((spent.statements, spent.commits))
    more = tuple(counted[1][n] - counted[0][n] for n in (0, 1))
    assert more == {"sqlite": (98, 7), "postgresql": (92, 15)}[till.kernel.database.dialect], counted
