"""How complete the data of each module is: what a later stage would miss is counted and named."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from fenbu.completeness import Counted
from fenbu.engine.kernel import Kernel
from fenbu.testing.enterprises import Drain, Enterprises

pytestmark = pytest.mark.databases("sqlite")
"""On PostgreSQL each question is asked by the conformance suite of its module."""


def asked(kernel: Kernel, name: str) -> Counted | None:
    with kernel.read(name.partition(".")[0]) as work:
        return kernel.assembly.completeness[name].count(work)


def do(kernel: Kernel, action: str, **values: Any) -> None:
    kernel.perform(action, values)


@pytest.mark.parametrize(
    ("of", "complete", "percent"),
    [(3, 3, "100"), (3, 0, "0"), (3, 2, "66.6"), (10_000, 9_999, "99.9"), (8, 1, "12.5")],
)
def test_a_share_is_never_rounded_up_to_all(of: int, complete: int, percent: str) -> None:
    assert Counted(of, complete).percent == Decimal(percent)


def test_of_nothing_there_is_no_share() -> None:
    assert Counted(0, 0).percent is None


def test_items_without_price_and_accounts_without_address_are_named(enterprise: Enterprises) -> None:
    shop = enterprise("erp")
    assert asked(shop, "erp.items_priced") == Counted(0, 0)
    assert asked(shop, "erp.accounts_addressed") == Counted(0, 0)  # that of buyers without name needs none
    do(shop, "erp.item.register", items=[{"item": f"TEA-{n}"} for n in range(8)])
    do(shop, "erp.item.retire", item="TEA-7")
    do(shop, "erp.price.set", item="TEA-0", unit_price="3.20")
    do(shop, "erp.price.set", item="TEA-1", unit_price="3.20", since="2030-01-01")
    do(shop, "erp.price.set", item="TEA-2", unit_price="3.20", currency="EUR")
    whole = {"account": "A", "name": "Lin", "address": "1 Quay", "tax_id": "GB1"}
    nobody = {"account": "B", "name": "Wu", "currency": "EUR", "kind": "person"}
    do(shop, "erp.account.register", accounts=[whole, nobody])

    lacking = ("TEA-1", "TEA-2", "TEA-3", "TEA-4", "TEA-5")
    assert asked(shop, "erp.items_priced") == Counted(7, 1, lacking)
    assert asked(shop, "erp.items_taxed") == Counted(7, 7)
    assert asked(shop, "erp.accounts_addressed") == Counted(2, 1, ("B",))
    assert asked(shop, "erp.companies_identified") == Counted(1, 1)
    assert asked(shop, "erp.currencies_rated") == Counted(1, 0, ("B",))


def test_customers_are_reachable_by_mail_or_phone_and_linked_where_there_are_books(
    enterprise: Enterprises, drain: Drain
) -> None:
    bureau = enterprise("crm")
    numbers = [bureau.perform("crm.customer.register", {"name": name}).answer["customer"] for name in "LWZ"]
    do(bureau, "crm.contact.add", customer=numbers[0], name="Lin", email="lin@example.org")
    do(bureau, "crm.contact.add", customer=numbers[1], name="Wu")
    do(bureau, "crm.address.add", customer=numbers[2], kind="main", city="Leith")

    assert asked(bureau, "crm.customers_named") == Counted(3, 3)
    assert asked(bureau, "crm.customers_reachable") == Counted(3, 1, tuple(numbers[1:]))
    assert asked(bureau, "crm.customers_addressed") == Counted(3, 1, tuple(numbers[:2]))
    assert asked(bureau, "crm.customers_linked") is None

    do(bureau, "fenbu.module.enable", modules=["erp"])
    drain(bureau)
    assert asked(bureau, "crm.customers_linked") == Counted(3, 0, tuple(numbers))


def test_goods_without_stock_or_cost_are_named(enterprise: Enterprises, drain: Drain) -> None:
    depot = enterprise("erp", "scm")
    do(depot, "erp.item.register", items=[{"item": "CUP"}, {"item": "POT"}])
    drain(depot)
    do(depot, "scm.receipt.post", lines=[{"item": "CUP", "quantity": 5, "unit_cost": "1.20"}])

    assert asked(depot, "scm.items_stocked") == Counted(2, 1, ("POT",))
    assert asked(depot, "scm.items_valued") == Counted(2, 1, ("POT",))
    assert asked(depot, "scm.warehouses_furnished") == Counted(1, 1)


def test_employees_without_bank_account_and_departments_without_cost_centre_are_named(
    enterprise: Enterprises,
) -> None:
    firm = enterprise("hrm")
    do(firm, "hrm.department.register", departments=[{"department": "KITCHEN", "title": "Kitchen"}])
    do(firm, "hrm.position.register", positions=[{"position": "COOK", "title": "Cook"}])
    hired = {"department": "KITCHEN", "position": "COOK", "day": "2026-01-01"}
    do(firm, "hrm.employee.hire", employee="E1", name="Lin", pay="3000", bank_account="GB33", **hired)
    do(firm, "hrm.employee.hire", employee="E2", name="Wu", pay="0", **hired)
    later = hired | {"day": "2027-01-01"}
    do(firm, "hrm.employee.hire", employee="E3", name="Zhao", pay="3000", **later)

    assert asked(firm, "hrm.employees_placed") == Counted(2, 2)
    assert asked(firm, "hrm.employees_paid") == Counted(2, 1, ("E2",))
    assert asked(firm, "hrm.employees_payable") == Counted(2, 1, ("E2",))
    assert asked(firm, "hrm.departments_costed") == Counted(1, 0, ("KITCHEN",))


def test_a_gateway_without_its_secret_is_named(enterprise: Enterprises) -> None:
    gateways = [{"name": "manual", "kind": "manual"}, {"name": "card", "kind": "sandbox"}]
    bare = enterprise("payments", settings={"payments": {"gateways": gateways}})
    keyed = enterprise(
        "payments", settings={"payments": {"gateways": gateways, "secrets": {"card": "env:CARD"}}}
    )

    assert asked(bare, "payments.gateways_keyed") == Counted(2, 1, ("card",))
    assert asked(keyed, "payments.gateways_keyed") == Counted(2, 2)
    assert asked(bare, "payments.notices_placed") == Counted(0, 0)
