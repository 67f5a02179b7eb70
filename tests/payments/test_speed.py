"""What being paid costs an order, in statements and commits that no noise can touch."""

from __future__ import annotations

from tests.payments.till import Till


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
    statements, commits = (counted[1][n] - counted[0][n] for n in (0, 1))
    print(f"paid by card: {statements} statements and {commits} commits more")
    assert statements <= 98, counted
    assert commits <= {"sqlite": 7, "postgresql": 16}[till.kernel.database.dialect], counted
