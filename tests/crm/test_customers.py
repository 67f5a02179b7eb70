"""Customers and whose account is whose, in both orders of enabling."""

from __future__ import annotations

import pytest

from fenbu.contracts.crm import crm_customers
from fenbu.errors import Refused
from tests.crm.bureau import ACME, BO, Bureau, columns, furnished


def known(bureau: Bureau) -> list[tuple[str, ...]]:
    return columns(bureau.look("customers"), "customer", "kind", "state", "account")


def test_a_customer_has_a_number_of_crms_own_as_long_as_nobody_keeps_accounts(bureau: Bureau) -> None:
    assert (bureau.customer("Acme Ltd"), bureau.customer("Bo", kind="person")) == (ACME, BO)
    assert known(bureau) == [(ACME, "company", "active", ""), (BO, "person", "active", "")]
    assert bureau.ill() == {}


def test_every_account_brings_its_customer_along_and_walk_in_buyers_are_one(shop: Bureau) -> None:
    assert known(shop) == [
        ("CA-A1", "person", "active", "A1"),
        ("CA-A2", "company", "active", "A2"),
        ("CA-WALK-IN", "walk_in", "active", "WALK-IN"),
    ]
    assert shop.ill() == {}


def test_an_account_that_is_opened_under_a_customers_number_is_theirs(bureau: Bureau) -> None:
    bureau.customer()
    bureau.enable("erp")
    bureau.account(ACME)
    bureau.deliver()
    assert (ACME, "company", "active", ACME) in known(bureau)
    assert sorted(bureau.story(ACME)) == [
        ("crm.customer-linked", ""),
        ("crm.customer-registered", ""),
        ("erp.account-opened", ""),
    ]
    assert bureau.ill() == {}


def test_who_was_a_customer_first_is_linked_to_the_account_and_has_its_history(bureau: Bureau) -> None:
    bureau.customer()
    bureau.enable("erp")
    furnished(bureau)
    order = bureau.bought("A1")
    done = bureau.crm("customer.link", customer=ACME, account="A1")
    assert done == {"customer": ACME, "account": "A1", "merged": "CA-A1"}
    assert (ACME, "company", "active", "A1") in known(bureau)
    assert ("CA-A1", "person", "merged", "") in known(bureau)
    assert ("erp.order-placed", order) in bureau.story(ACME)
    assert bureau.story("CA-A1") == []
    later = bureau.bought("A1")
    assert ("erp.order-placed", later) in bureau.story(ACME)
    assert [row["customer"] for row in bureau.look("segments")] == [ACME]
    assert bureau.ill() == {}


def test_an_account_may_be_linked_before_its_opening_was_heard_of(bureau: Bureau) -> None:
    bureau.customer()
    bureau.enable("erp")
    bureau.account("A9")
    bureau.kernel.perform("crm.customer.link", {"customer": ACME, "account": "A9"})
    bureau.deliver()
    assert known(bureau) == [
        (ACME, "company", "active", "A9"),
        ("CA-WALK-IN", "walk_in", "active", "WALK-IN"),
    ]
    assert bureau.ill() == {}


@pytest.mark.parametrize("begin", ["as declared", "from_now"])
def test_crm_knows_the_accounts_that_were_there_before_it(plain: Bureau, begin: str) -> None:
    """Enabled without history it asks for them; with it, it reads of them."""
    plain.enable("crm", **({"history": "from_now"} if begin == "from_now" else {}))
    assert [row[0] for row in known(plain)] == ["CA-A1", "CA-A2", "CA-WALK-IN"]
    assert plain.ill() == {}


def test_accounts_are_the_same_customers_whichever_module_came_first(
    shop: Bureau, bureau: Bureau, plain: Bureau
) -> None:
    bureau.enable("erp")
    furnished(bureau)
    plain.enable("crm")
    assert shop.facts() == bureau.facts() == plain.facts()


def test_two_records_of_one_customer_become_one_with_everything_of_both(shop: Bureau) -> None:
    shop.customer("Acme Ltd"), shop.customer("ACME Limited")
    for customer, name in ((ACME, "Ann"), (BO, "Bo"), (BO, "Cy")):
        shop.crm("contact.add", customer=customer, name=name)
    shop.crm("address.add", customer=BO, city="Bath")
    shop.crm("credit.set", customer=ACME, amount=50)
    shop.crm("credit.set", customer=BO, amount=70)
    shop.crm("credit.set", customer=BO, amount=80, currency="EUR")
    shop.crm("consent.give", customer=ACME, purpose="phone", source="call")
    shop.crm("consent.give", customer=BO, purpose="phone", source="form")
    shop.crm("consent.withdraw", customer=BO, purpose="phone", source="letter")
    case = shop.crm("case.open", customer=BO, title="x", text="x")["case"]
    shop.crm("customer.link", customer=BO, account="A2")
    order = shop.bought("A2")
    preview = shop.kernel.preview("crm.customer.merge", {"customer": ACME, "duplicate": BO})
    assert [(one.text, one.number) for one in preview][:6] == [
        ("contacts", "2"),
        ("addresses", "1"),
        ("consents", "1"),
        ("credit limits", "2"),
        ("cases", "1"),
        ("account that changes hands", "A2"),
    ]
    shop.crm("customer.merge", customer=ACME, duplicate=BO)
    assert columns(shop.look("contacts", customer=ACME), "contact", "name") == [
        (1, "Ann"),
        (2, "Bo"),
        (3, "Cy"),
    ]
    assert len(shop.look("addresses", customer=ACME)) == 1
    assert columns(shop.look("credit-limits", customer=ACME), "currency", "amount") == [
        ("EUR", 80),
        ("GBP", 50),
    ]
    assert columns(shop.look("consents"), "customer", "state", "source") == [
        (ACME, "withdrawn", f"letter (as {BO})")
    ]
    assert shop.record("cases", case)["customer"] == ACME
    assert ("erp.order-placed", order) in shop.story(ACME)
    assert shop.record("customers", ACME)["account"] == "A2"
    assert shop.ill() == {}


def test_a_number_that_was_merged_leads_on_however_often(shop: Bureau) -> None:
    first, second, third = (shop.customer(f"Acme {number}") for number in range(3))
    shop.crm("customer.merge", customer=second, duplicate=first)
    shop.crm("customer.merge", customer=third, duplicate=second)
    with pytest.raises(Refused, match=f"{first} was the same customer as {third}"):
        shop.crm("case.open", customer=first, title="x", text="x")
    assert shop.ill() == {}


def test_other_modules_can_ask_for_all_customers_page_by_page(shop: Bureau) -> None:
    shop.customer()
    found, after = [], ""
    with shop.kernel.read("erp") as work:
        while page := work.ask(crm_customers, after=after, limit=2):
            found += [(one.customer, one.account, one.kind) for one in page]
            after = page[-1].customer
    assert found == [
        (ACME, "", "company"),
        ("CA-A1", "A1", "person"),
        ("CA-A2", "A2", "company"),
        ("CA-WALK-IN", "WALK-IN", "walk_in"),
    ]


def test_what_tells_of_a_person_stands_in_no_event(shop: Bureau) -> None:
    """Planted in every field that says it is personal, and looked for in the whole log."""
    secret = "Zaphod"
    shop.customer(secret)
    shop.crm("contact.add", customer=ACME, name=secret, email=f"{secret}@example.org", phone="+44 1234")
    shop.crm("address.add", customer=ACME, street=secret, city=secret, postcode=secret)
    case = shop.crm("case.open", customer=ACME, title=secret, text=secret)["case"]
    shop.crm("case.answer", case=case, text=secret)
    lead = shop.crm("lead.enter", name=secret, contact=secret, source="fair")["lead"]
    shop.crm("lead.convert", lead=lead, title="Tea", amount=1, close_on="2026-12-31")
    from sqlalchemy import text

    with shop.kernel.database.read() as connection:
        payloads = connection.execute(text("SELECT payload FROM fenbu_event")).scalars().all()
    assert len(payloads) > 10
    assert not [payload for payload in payloads if secret in payload]
