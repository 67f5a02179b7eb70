"""The outside fails in every way: what moved moved once, and what is known is what the bank's own record says."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import text

from fenbu.testing.clock import Clock
from fenbu.testing.enterprises import Enterprises, furnish
from fenbu_payments.sandbox.bank import Bank
from tests.payments.conftest import trading
from tests.payments.till import Till, card


@pytest.fixture
def served(
    enterprise: Enterprises, clock: Clock, bank: Bank, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Till]:
    """The tea shop with the bank in a process of its own, at the other end of HTTP, and a secret between them."""
    monkeypatch.setenv("CARD_SECRET", "s3cr3t-of-the-card")
    file = tmp_path / "sandbox.db"
    command = [sys.executable, "-m", "fenbu_payments.sandbox", str(file), "--secret", "env:CARD_SECRET"]
    with subprocess.Popen([*command, "--patience", "1"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        settings = card(file, url=url, timeout=0.3)
        settings["payments"]["secrets"] = {"card": "env:CARD_SECRET"}
        kernel = enterprise("erp", "payments", furnished=trading)
        furnish(kernel, (), settings)
        yield Till(kernel, clock, bank)
        process.kill()


def tries(till: Till, operation: str) -> int:
    with till.kernel.database.read() as connection:
        asked = text("SELECT attempts FROM fenbu_call WHERE subject = :subject")
        return int(connection.execute(asked, {"subject": operation}).scalar_one())


def test_the_bank_in_a_process_of_its_own_charges_an_order_over_http(served: Till) -> None:
    order = served.sold_prepaid()
    assert served.charged() == [("PAY-00000001-C1", 1)]
    assert served.one("orders", order)["state"] == "closed"
    assert served.unhealthy() == {}


def test_a_time_out_after_the_money_moved_charges_once(served: Till) -> None:
    served.bank.fail("timeout", kind="authorise")
    served.bank.fail("timeout", kind="capture", times=2)
    served.sold_prepaid()
    assert served.charged() == [("PAY-00000001-C1", 1)]
    assert (tries(served, "PAY-00000001-A1"), tries(served, "PAY-00000001-C1")) == (2, 3)
    assert (served.states(), served.unhealthy()) == (["captured"], {})


def test_a_gateway_that_does_not_know_us_waits_for_a_person(
    served: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CARD_SECRET", "another")
    served.asked()
    with served.kernel.database.read() as connection:
        state, error = connection.execute(text("SELECT state, error FROM fenbu_call")).one()
    assert (state, "its secret differs" in error) == ("dead", True)
    assert "another" not in error


def test_an_outage_is_waited_out(till: Till) -> None:
    till.bank.fail("outage", times=5)
    till.sold_prepaid()
    assert (till.charged(), till.states()) == ([("PAY-00000001-C1", 1)], ["captured"])


def test_a_gateway_that_has_forgotten_the_key_is_asked_before_anything_is_sent_again(till: Till) -> None:
    """Without the question it would charge twice; the bank itself would not mind."""
    order = till.asked(4)
    till.bank.set("remembers", 0)
    till.bank.fail("timeout", kind="capture")
    till.do("order.fulfil", order=order)
    worker = till.kernel.worker()
    while not till.charged():
        worker.turn()
        worker._caller.once()  # type: ignore[union-attr]
    till.later(minutes=20)
    till.deliver()
    worker.close()
    assert till.charged() == [("PAY-00000001-C1", 1)]
    assert (till.states(), till.unhealthy()) == (["captured"], {})


def test_without_the_question_a_forgotten_key_charges_twice(bank: Bank) -> None:
    """What the test above protects from; the bank's record can tell."""
    wanted = {"kind": "capture", "reference": "X-1", "payment": "X", "amount": "5", "currency": "GBP"}
    bank.perform(wanted | {"kind": "authorise", "reference": "X-0", "amount": "10"}, "k0")
    bank.set("remembers", 0)
    for _time in range(2):
        bank.perform(wanted, "k1")
    assert bank.done("capture") == {"X-1": 2}


def test_the_bank_keeps_to_its_own_rules(bank: Bank) -> None:
    def ask(kind: str, amount: str, reference: str) -> str:
        wanted = {"kind": kind, "reference": reference, "payment": "X", "amount": amount, "currency": "GBP"}
        return str(bank.perform(wanted, reference)["reason"])

    assert ask("capture", "1", "C0") == "the authorisation has expired"
    assert ask("authorise", "10", "A1") == ""
    assert ask("capture", "11", "C1") == "only 10 is left to capture"
    assert ask("capture", "6", "C2") == ""
    assert ask("void", "5", "V1") == "only 4 is left to void"
    assert ask("refund", "7", "R1") == "only 6 is left to refund"
    assert ask("refund", "6", "R2") == ""
    assert ask("refund", "6", "R2") == ""
    assert bank.moved("X")["refund"] == Decimal(6)
    with pytest.raises(ValueError, match="one of decline, partial, timeout"):
        bank.fail("bad luck")


def test_a_call_that_is_skipped_fails_and_late_money_is_let_go_again(till: Till) -> None:
    till.bank.fail("outage", times=8)
    order = till.asked()
    with till.kernel.database.read() as connection:
        call = connection.execute(text("SELECT id FROM fenbu_call")).scalar_one()
    till.kernel.perform("fenbu.flow.skip", {"call": call, "reason": "the gateway says no by telephone"})
    till.deliver()
    assert (till.states(), till.waits_for(order)) == (["failed"], "failed")
    till.pay("payment.retry", payment="PAY-00000001")
    till.fulfil(order)
    told = {"event": "evt_late", "kind": "authorise", "done": True, "reference": "PAY-00000001-A1"}
    told |= {"payment": "PAY-00000001", "amount": "12", "currency": "GBP", "expires_in": 600}
    till.bank.perform(told, "late")
    till.receive(told)
    till.deliver()
    assert till.states() == ["voided", "captured"]
    assert till.charged() == [("PAY-00000002-C1", 1)]
    assert till.unhealthy() == {}
