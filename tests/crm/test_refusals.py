"""What CRM refuses, and the sentence that the operator reads; nothing is changed by any of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from fenbu.errors import Refused
from tests.crm.bureau import ACME, BO, Bureau
from tests.refusing import done_or_said_otherwise, written

WALK_IN = "CA-WALK-IN"
CONSENT = {"customer": ACME, "purpose": "newsletter", "source": "form"}
SALE = {"customer": ACME, "title": "Tea", "amount": 1, "close_on": "2026-03-01"}
CASE = {"customer": ACME, "title": "Late", "text": "Where?"}
LEAD = {"lead": "L-00000001", "title": "Tea", "amount": 1, "close_on": "2026-03-01"}

REFUSED: list[tuple[str, dict[str, Any], str, str]] = [
    # action, input, the sentence, what to do
    ("customer.register", {"name": ""}, "name: must not be empty", "--help"),
    ("customer.register", {"name": "X", "kind": "walk_in"}, "kind: must be 'company' or 'person'", ""),
    ("customer.change", {"customer": "C-9", "name": "X"}, "there is no customer C-9", "crm.customers"),
    ("customer.change", {"customer": ACME, "name": "X", "revision": 7}, f"customer {ACME} .*changed", ""),
    ("customer.change", {"customer": WALK_IN, "name": "X"}, f"{WALK_IN} stands for everybody", "customer.register"),
    (
        "customer.change",
        {"customer": "C-00000003", "name": "X"},
        f"C-00000003 was the same customer as {BO}",
        f"use {BO}",
    ),
    ("customer.link", {"customer": ACME, "account": "NONE"}, "there is no account NONE", "erp.account.register"),
    ("customer.link", {"customer": BO, "account": "A1"}, f"{BO} belongs to account A2", f"crm.customers {BO}"),
    ("customer.link", {"customer": ACME, "account": "A2"}, f"{BO} belongs to account A2", ""),
    ("customer.link", {"customer": ACME, "account": "WALK-IN"}, f"{WALK_IN} stands for everybody", ""),
    ("customer.link", {"customer": WALK_IN, "account": "A1"}, f"{WALK_IN} stands for everybody", ""),
    ("customer.merge", {"customer": ACME, "duplicate": ACME}, f"{ACME} cannot be merged with itself", "duplicate"),
    ("customer.merge", {"customer": ACME, "duplicate": "C-9"}, "there is no customer C-9", ""),
    ("customer.merge", {"customer": ACME, "duplicate": WALK_IN}, f"{WALK_IN} stands for everybody", ""),
    ("customer.merge", {"customer": BO, "duplicate": "CA-A1"}, "CA-A1 belongs to account A1", ""),
    ("contact.add", {"customer": ACME, "name": "Ann", "email": "ann"}, "email: .*name@example.org", ""),
    ("contact.add", {"customer": ACME, "name": "Ann", "phone": "call me"}, r"phone: .*\+44", ""),
    ("contact.add", {"customer": WALK_IN, "name": "Ann"}, "stands for everybody", ""),
    ("contact.change", {"customer": ACME, "contact": 9, "name": "X"}, f"no contact of {ACME} 9", "crm.customers"),
    ("contact.remove", {"customer": ACME, "contact": 9}, f"no contact of {ACME} 9", ""),
    ("contact.remove", {"customer": ACME, "contact": 0}, "contact: must be 1 or more", ""),
    ("address.change", {"customer": ACME, "address": 1, "city": "X"}, f"no address of {ACME} 1", ""),
    ("address.add", {"customer": ACME, "kind": "moon"}, "kind: must be 'main'", ""),
    ("consent.give", CONSENT | {"purpose": "Big Plans"}, "purpose: a word in small letters, such as newsletter", ""),
    ("consent.give", CONSENT | {"source": ""}, "source: must not be empty", ""),
    ("consent.give", CONSENT | {"said_at": "2026-01-04T10:00:00"}, "said_at: a time with its zone", ""),
    (
        "consent.give",
        CONSENT | {"said_at": datetime(2027, 1, 1, tzinfo=UTC)},
        "2027-01-01 00:00 UTC is still to come",
        "leave said_at out",
    ),
    (
        "consent.withdraw",
        CONSENT | {"said_at": datetime(2025, 1, 1, tzinfo=UTC)},
        f"{ACME} has said something about newsletter later than that, at 2026",
        "crm.consent-entries",
    ),
    ("consent.withdraw", CONSENT | {"purpose": "phone"}, f"no consent of {ACME} to phone", ""),
    ("consent.withdraw", CONSENT | {"customer": BO}, f"cannot withdraw {BO} newsletter: it is withdrawn", "give"),
    ("credit.set", {"customer": ACME, "amount": -1}, "amount: must be zero or more", ""),
    ("credit.set", {"customer": ACME, "amount": "1e12"}, "amount: at most 100000000000 is wanted", ""),
    ("credit.set", {"customer": ACME, "amount": "0.001"}, "amount: GBP has 2 decimals", ""),
    ("credit.set", {"customer": ACME, "amount": 1, "currency": "pound"}, "three capital letters", ""),
    ("credit.set", {"customer": WALK_IN, "amount": 1}, "stands for everybody", ""),
    ("credit.drop", {"customer": ACME}, f"no credit limit in GBP of {ACME}", ""),
    ("lead.enter", {"name": "X"}, "source: must be given", ""),
    ("lead.contact", {"lead": "L-9"}, "there is no lead L-9", "crm.leads"),
    ("lead.contact", {"lead": "L-00000002"}, "cannot contact L-00000002: it is lost", "is final"),
    ("lead.lose", {"lead": "L-00000001"}, "reason: must be given", ""),
    ("lead.convert", LEAD | {"lead": "L-00000002"}, "cannot convert L-00000002: it is lost", ""),
    ("lead.convert", LEAD | {"customer": "C-9"}, "there is no customer C-9", ""),
    ("lead.convert", LEAD | {"close_on": "2025-12-31"}, "2025-12-31 is over", "win or lose"),
    ("opportunity.open", SALE | {"amount": "1.005"}, "amount: GBP has 2 decimals", ""),
    ("opportunity.open", SALE | {"close_on": "2025-01-01"}, "2025-01-01 is over; .*from 2026-01-05 on", "win or lose"),
    ("opportunity.open", SALE | {"close_on": "0001-01-01"}, "a day between 1900-01-01 and 2999-12-31", ""),
    ("opportunity.open", SALE | {"customer": WALK_IN}, "stands for everybody", ""),
    ("opportunity.open", SALE | {"amount": 1.5}, "a number is wanted, written as text", ""),
    ("opportunity.advance", {"opportunity": "OPP-9"}, "there is no opportunity OPP-9", "crm.opportunities"),
    ("opportunity.return", {"opportunity": "OPP-00000001"}, "cannot return .*it is qualifying", "advance"),
    ("opportunity.win", {"opportunity": "OPP-00000002"}, "cannot win OPP-00000002: it is lost", "is final"),
    ("opportunity.change", {"opportunity": "OPP-00000002", "amount": 1}, "cannot change .*it is lost", ""),
    ("opportunity.change", {"opportunity": "OPP-00000001", "close_on": "2025-01-01"}, "2025-01-01 is over", ""),
    ("opportunity.lose", {"opportunity": "OPP-00000001", "reason": ""}, "reason: must not be empty", ""),
    ("case.open", CASE | {"customer": "C-9"}, "there is no customer C-9", ""),
    ("case.open", CASE | {"text": ""}, "text: must not be empty", ""),
    ("case.answer", {"case": "CS-9", "text": "x"}, "there is no case CS-9", "crm.cases"),
    ("case.hear", {"case": "CS-00000001", "text": "x"}, "cannot hear .*it is open", "answer, ask, resolve"),
    ("case.reopen", {"case": "CS-00000001", "text": "x"}, "cannot reopen CS-00000001: it is open", ""),
    ("case.answer", {"case": "CS-00000002", "text": "x"}, "cannot answer CS-00000002: it is closed", "is final"),
    ("case.close", {"case": "CS-00000001"}, "cannot close CS-00000001: it is open", ""),
    ("case.assign", {"case": "CS-00000001", "owner": ""}, "owner: must not be empty", ""),
]  # fmt: skip


@pytest.fixture
def busy(shop: Bureau) -> Bureau:
    """Two customers, one of them with an account; a lead, an opportunity and a case open, and one of each ended."""
    for name in ("Acme Ltd", "Bo Ltd", "Bo Limited"):
        shop.customer(name)
    shop.crm("customer.link", customer=BO, account="A2")
    shop.crm("customer.merge", customer=BO, duplicate="C-00000003")
    shop.crm("consent.give", **CONSENT)
    shop.crm("consent.give", **(CONSENT | {"customer": BO}))
    shop.crm("consent.withdraw", **(CONSENT | {"customer": BO}))
    for _number in range(2):
        shop.crm("lead.enter", name="Cy", source="fair")
        shop.crm("opportunity.open", **SALE)
        shop.crm("case.open", **CASE)
    shop.crm("lead.lose", lead="L-00000002", reason="coffee")
    shop.crm("opportunity.lose", opportunity="OPP-00000002", reason="coffee")
    shop.crm("case.resolve", case="CS-00000002", text="Found.")
    shop.crm("case.close", case="CS-00000002")
    return shop


def test_what_makes_no_sense_is_refused_with_a_sentence_and_a_way_out(busy: Bureau) -> None:
    """One test for the whole table: each refusal must leave everything as it was."""
    from fenbu_crm.tables import CUSTOMER

    def state() -> object:
        return written(busy.kernel, CUSTOMER.metadata), busy.facts()

    before = state()
    assert done_or_said_otherwise(busy.crm, REFUSED) == []
    assert state() == before
    assert busy.ill() == {}


def test_an_account_cannot_be_linked_where_nobody_keeps_accounts(bureau: Bureau) -> None:
    bureau.customer()
    with pytest.raises(Refused, match="nobody here keeps accounts yet") as refused:
        bureau.crm("customer.link", customer=ACME, account="A1")
    assert "fenbu enable erp" in refused.value.hint


TAMPERING = (
    "DELETE FROM crm_customer WHERE number = 'C-00000001'",
    "DELETE FROM crm_party",
    "UPDATE crm_customer SET state = 'active', merged_into = '' WHERE number = 'C-00000003'",
    "UPDATE crm_customer SET account = 'A2' WHERE number = 'C-00000001'",
    "INSERT INTO crm_credit_limit VALUES ('C-00000001', 'GBP', -1, '', 0, '')",
    "UPDATE crm_lead SET state = 'new', reason = '' WHERE number = 'L-00000002'",
    "UPDATE crm_opportunity SET amount = 5 WHERE number = 'OPP-00000002'",
    "UPDATE crm_opportunity SET state = 'won' WHERE number = 'OPP-00000001'",
    "UPDATE crm_case SET state = 'open', due_at = 1 WHERE number = 'CS-00000002'",
    "UPDATE crm_case SET state = 'answered' WHERE number = 'CS-00000001'",
    "UPDATE crm_consent_entry SET source = 'x'",
)


def test_the_database_itself_holds_what_must_not_change(busy: Bureau) -> None:
    for statement in TAMPERING:
        with pytest.raises(Exception, match=r"cannot be|constraint|CHECK|violates"):
            busy.tamper(statement)
