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
    assert more == {"sqlite": (79, 7), "postgresql": (65, 7)}[till.kernel.database.dialect], counted


def test_asking_who_calls_costs_the_same_however_much_money_moves(till: Till) -> None:
    """Payments that nobody lets go of; all are named, in statements that do not grow with their number."""
    counted = []
    for _ in range(2):
        for _ in range(3):
            till.asked()
        till.tamper(
            "UPDATE payments_payment SET voiding = 10000",
            "INSERT INTO payments_fact SELECT number, 9, 'void', 'begun', number || '-V9', 10000, 0, "
            "'2026-01-05', 0, NULL, '', '', '' FROM payments_payment WHERE number NOT IN "
            "(SELECT subject FROM payments_fact WHERE position = 9)",
        )
        before = till.kernel.database.statistics.copy()
        with till.kernel.read("payments") as work:
            found = till.kernel.assembly.checks["payments.operations_have_calls"].run(work)
        counted.append((found.counted, till.kernel.database.statistics.since(before).statements))
        assert "PAY-00000003-V9" in found.detail
    assert [many for many, _statements in counted] == [3, 6]
    assert counted[0][1] == counted[1][1]
