"""Who might buy, until they have decided; and how far who buys may go into debt."""

from __future__ import annotations

from decimal import Decimal

import pytest

from fenbu.errors import Refused
from tests.crm.bureau import ACME, Bureau, columns


def opened(bureau: Bureau, amount: object = 100, **more: object) -> str:
    done = bureau.crm(
        "opportunity.open",
        **{"customer": ACME, "title": "Tea", "amount": amount, "close_on": "2026-03-01", **more},
    )
    return str(done["opportunity"])


def test_a_lead_becomes_a_customer_with_somebody_to_talk_to_and_an_opportunity(bureau: Bureau) -> None:
    lead = bureau.crm("lead.enter", name="Bo Ltd", contact="Bo", email="bo@example.org", source="fair")[
        "lead"
    ]
    bureau.crm("lead.contact", lead=lead)
    done = bureau.crm("lead.convert", lead=lead, title="Tea for a year", amount="1200", close_on="2026-03-01")
    assert done == {"lead": lead, "state": "converted", "customer": ACME, "opportunity": "OPP-00000001"}
    assert columns(bureau.look("contacts"), "customer", "name", "email") == [(ACME, "Bo", "bo@example.org")]
    assert bureau.record("opportunities", "OPP-00000001")["lead"] == lead
    assert [topic for topic, _subject in bureau.story(ACME)] == [
        "crm.customer-registered",
        "crm.opportunity-opened",
        "crm.lead-converted",
    ]
    assert bureau.number("leads_open") == 0


def test_a_lead_may_turn_out_to_be_a_customer_already(bureau: Bureau) -> None:
    bureau.customer()
    lead = bureau.crm("lead.enter", name="Acme", source="web")["lead"]
    bureau.crm("lead.convert", lead=lead, customer=ACME, title="Tea", amount=1, close_on="2026-03-01")
    assert len(bureau.look("customers")) == 1


def test_a_lead_that_comes_to_nothing_says_why(bureau: Bureau) -> None:
    lead = bureau.crm("lead.enter", name="Bo Ltd", source="fair")["lead"]
    assert bureau.number("leads_open") == 1
    bureau.crm("lead.lose", lead=lead, reason="drinks coffee")
    row = bureau.record("leads", lead)
    assert (row["state"], row["reason"], row["customer"]) == ("lost", "drinks coffee", "")
    assert bureau.number("leads_open") == 0


def test_an_opportunity_moves_through_its_stages_and_back(bureau: Bureau) -> None:
    bureau.customer()
    number = opened(bureau)
    stages = [
        bureau.crm(f"opportunity.{verb}", opportunity=number)["state"]
        for verb in ("advance", "advance", "return")
    ]
    assert stages == ["proposed", "negotiating", "proposed"]
    bureau.crm("opportunity.change", opportunity=number, amount=150, close_on="2026-04-01")
    bureau.crm("opportunity.win", opportunity=number, order="SO-00000007")
    row = bureau.record("opportunities", number)
    assert (row["state"], row["amount"], row["order"]) == ("won", 150, "SO-00000007")


def test_the_pipeline_adds_up_what_is_open_by_stage_and_currency(bureau: Bureau) -> None:
    bureau.customer()
    numbers = [
        opened(bureau, 100),
        opened(bureau, 50),
        opened(bureau, 70, currency="EUR"),
        opened(bureau, 30),
    ]
    bureau.crm("opportunity.advance", opportunity=numbers[1])
    bureau.crm("opportunity.lose", opportunity=numbers[3], reason="price")
    assert columns(bureau.look("pipeline"), "stage", "currency", "opportunities", "amount") == [
        ("qualifying", "EUR", 1, 70),
        ("qualifying", "GBP", 1, 100),
        ("proposed", "GBP", 1, 50),
    ]
    assert bureau.number("open_amount") == 150


def test_the_win_rate_counts_what_was_decided_in_ninety_days(bureau: Bureau) -> None:
    bureau.customer()
    assert bureau.number("win_rate") is None
    old = opened(bureau, close_on="2026-12-01")
    bureau.crm("opportunity.lose", opportunity=old, reason="price")
    bureau.later(days=91)
    numbers = [opened(bureau, close_on="2026-12-01") for _number in range(3)]
    for number in numbers[:2]:
        bureau.crm("opportunity.win", opportunity=number)
    bureau.crm("opportunity.lose", opportunity=numbers[2], reason="price")
    assert bureau.number("win_rate") == Decimal("66.7")


def test_an_order_beyond_the_limit_is_refused_open_orders_and_invoices_counted(shop: Bureau) -> None:
    shop.crm("credit.set", customer="CA-A1", amount=9)
    shop.bought("A1", 1)
    shop.order(("TEA", 1), account="A1")
    with pytest.raises(Refused, match="9"):
        shop.order(("TEA", 2), account="A1")
    shop.order(("TEA", 1), account="A1")
    with pytest.raises(Refused):
        shop.order(("TEA", 1), account="A1")
    shop.order(("TEA", 100), account="A2")
    shop.do("receipt.record", account="A1", amount=3)
    shop.deliver()
    shop.order(("TEA", 1), account="A1")


def test_a_limit_is_kept_by_currency_and_dropped_again(shop: Bureau) -> None:
    shop.crm("credit.set", customer="CA-A1", amount=0, reason="prepaid only")
    with pytest.raises(Refused):
        shop.order(("TEA", 1), account="A1")
    shop.crm("credit.set", customer="CA-A1", amount=5, currency="EUR")
    with pytest.raises(Refused):
        shop.order(("TEA", 1), account="A1")
    shop.crm("credit.drop", customer="CA-A1")
    shop.order(("TEA", 1), account="A1")
    assert columns(shop.look("credit-limits"), "account", "currency", "amount") == [("A1", "EUR", 5)]


def test_whose_account_it_becomes_has_the_limit_too(shop: Bureau) -> None:
    shop.customer()
    shop.crm("credit.set", customer=ACME, amount=3)
    shop.crm("customer.link", customer=ACME, account="A1")
    shop.order(("TEA", 1), account="A1")
    with pytest.raises(Refused):
        shop.order(("TEA", 1), account="A1")


def test_without_crm_no_limit_is_kept(shop: Bureau) -> None:
    shop.crm("credit.set", customer="CA-A1", amount=0)
    shop.disable()
    shop.order(("TEA", 100), account="A1")
    shop.enable("crm")
    with pytest.raises(Refused):
        shop.order(("TEA", 1), account="A1")


def test_credit_limits_of_the_enterprise_stand_with_their_capability(shop: Bureau) -> None:
    with shop.kernel.read("erp") as work:
        assert work.enabled("customers")
        assert work.enabled("credit.limits")
