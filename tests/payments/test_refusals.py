"""What payments refuse, and the sentence that the operator reads; nothing is changed by any of it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from fenbu.errors import Refused
from tests.payments.till import Till
from tests.refusing import done_or_said_otherwise, written

REFUSED: list[tuple[str, dict[str, Any], str, str]] = [
    # action, input, the sentence, what to do
    ("payment.request", {"account": "C1"}, "amount: must be given", ""),
    ("payment.request", {"amount": 5}, "account: must be given", ""),
    ("payment.request", {"account": "", "amount": 5}, "account: must not be empty", ""),
    ("payment.request", {"account": "C1", "amount": 0}, "amount: must be more than zero", ""),
    ("payment.request", {"account": "C1", "amount": "-5"}, "amount: must be more than zero", ""),
    ("payment.request", {"account": "C1", "amount": 0.5}, "a number is wanted, written as text", ""),
    ("payment.request", {"account": "C1", "amount": "1.00001"}, "has more than 4 decimals", ""),
    (
        "payment.request",
        {"account": "C1", "amount": "1.005"},
        "1.005 GBP cannot be paid: GBP has 2 decimals",
        "round it: 1.0",
    ),
    ("payment.request", {"account": "C1", "amount": "1e30"}, "is larger than can be kept", ""),
    ("payment.request", {"account": "C1", "amount": "NaN"}, "a finite number is wanted", ""),
    ("payment.request", {"account": "C1", "amount": 5, "currency": "quid"}, "a currency is three capital letters", ""),
    ("payment.request", {"account": "C1", "amount": 5, "card": "4111"}, "card: there is no such field", ""),
    (
        "payment.request",
        {"account": "C1", "amount": 5, "gateway": "paypal"},
        r"there is no gateway paypal \(there are: manual, card\)",
        "fenbu settings set payments.gateways",
    ),
    ("payment.request", {"account": "C1", "amount": 5, "day": "soon"}, "day: must be a day, written as 2026-01-31", ""),
    (
        "payment.request",
        {"account": "C1", "amount": 5, "day": "9999-12-31"},
        "day: must be a day between 1900-01-01 and 2999-12-31",
        "",
    ),
    ("payment.confirm", {"payment": "PAY-9"}, "there is no payment PAY-9", "fenbu show payments.payments"),
    (
        "payment.confirm",
        {"payment": "PAY-00000001"},
        "PAY-00000001 goes through the gateway card, which tells its outcome",
        "dead",
    ),
    ("payment.confirm", {"payment": "PAY-00000003"}, "cannot confirm PAY-00000003: it is captured", ""),
    (
        "payment.confirm",
        {"payment": "PAY-00000004", "amount": 51},
        "only 50 of PAY-00000004 is left to confirm, not 51",
        "erp",
    ),
    (
        "payment.confirm",
        {"payment": "PAY-00000004", "currency": "EUR"},
        "PAY-00000004 is in GBP, not in EUR",
        "other currency",
    ),
    ("payment.confirm", {"payment": "PAY-00000004", "amount": 0}, "must be more than zero", ""),
    ("payment.fail", {"payment": "PAY-00000003", "reason": "x"}, "cannot fail PAY-00000003: it is captured", ""),
    ("payment.fail", {"payment": "PAY-00000001", "reason": "x"}, "PAY-00000001 goes through the gateway card", ""),
    ("payment.fail", {"payment": "PAY-00000004"}, "reason: must be given", ""),
    ("payment.retry", {"payment": "PAY-00000001"}, "PAY-00000001 is authorised and nothing of it was refused", "facts"),
    ("payment.retry", {"payment": "PAY-00000005"}, "SO-00000002 is being paid by PAY-00000006 already", "PAY-00000006"),
    ("payment.refund", {"payment": "PAY-00000001", "reason": "x"}, "nothing was captured of PAY-00000001", ""),
    (
        "payment.refund",
        {"payment": "PAY-00000003", "amount": 31, "reason": "x"},
        "only 30 of PAY-00000003 is left to refund, not 31",
        "name less",
    ),
    ("payment.refund", {"payment": "PAY-00000003", "amount": 5}, "reason: must be given", ""),
    ("payment.void", {"payment": "PAY-00000001", "reason": "x"}, "PAY-00000001 pays SO-00000001", "erp.order.cancel"),
    ("payment.void", {"payment": "PAY-00000003", "reason": "x"}, "cannot void PAY-00000003: it is captured", ""),
    ("refund.confirm", {"refund": "PAY-00000003-R9"}, "there is no refund PAY-00000003-R9 under way", "facts"),
    ("refund.confirm", {"refund": "nothing"}, "there is no payment nothing", ""),
    ("payout.confirm", {"payout": "PO-00000009"}, "there is no payout PO-00000009", "fenbu show payments.payouts"),
    ("payout.confirm", {"payout": "PO-00000001"}, "cannot confirm PO-00000001: it is paid", "paid is final"),
    ("payout.retry", {"payout": "PO-00000001"}, "cannot retry PO-00000001: it is paid", ""),
    ("notice.receive", {"gateway": "card", "body": "{}"}, "signature: must be given", ""),
    (
        "notice.receive",
        {"gateway": "card", "body": "{}", "signature": "?"},
        "a notice of card is not accepted: its signature is wrong",
        "secret",
    ),
    ("notice.receive", {"gateway": "x", "body": "{}", "signature": "?"}, "there is no gateway x", ""),
    ("notice.dismiss", {"notice": "card:evt", "reason": "x"}, "there is no notice card:evt", "payments.inbox"),
    ("notice.dismiss", {"notice": "card:evt_1", "reason": "x"}, "cannot dismiss card:evt_1: it is applied", "final"),
]  # fmt: skip

SETTINGS: list[tuple[str, Any, str]] = [
    ("gateway", "paypal", "there is no gateway paypal"),
    (
        "gateways",
        [{"name": "x", "kind": "stripe"}],
        r"no gateway of kind stripe is installed .*manual, sandbox",
    ),
    (
        "gateways",
        [{"name": "X y", "kind": "manual"}],
        r"gateways.0.name is wrong: is not written as it should be",
    ),
    ("gateways", [{"name": "a", "kind": "manual"}] * 2, "gateways have names of their own; twice: a"),
    ("gateways", [{"name": "other", "kind": "manual"}], "there is no gateway card"),
    (
        "gateways",
        [{"name": "card", "kind": "sandbox", "timeout": 0}],
        r"0.timeout is wrong: must be more than 0",
    ),
    ("secrets", {"card": "hunter2"}, "a secret is given by reference"),
    ("secrets", {"other": "env:X"}, "there is no gateway other"),
    ("orders", "sometimes", "'prepaid' or 'on_account'"),
    ("notice_minutes", 0, "must be 1 or more"),
]


@pytest.fixture
def busy(till: Till) -> Till:
    """PAY-1 held for SO-1; deposits of C2: PAY-2 by card, PAY-3 and 4 by hand, 20 of 3 promised back; SO-2 declined."""
    till.asked()
    till.pay("payment.request", account="C2", amount=50)
    for amount in (50, 50):
        till.pay("payment.request", account="C2", amount=amount, gateway="manual")
    till.pay("payment.confirm", payment="PAY-00000003")
    till.pay("payment.refund", payment="PAY-00000003", amount=20, reason="too much")
    till.bank.fail("decline", kind="authorise")
    till.asked()
    till.pay("payment.retry", payment="PAY-00000005")
    till.do("credit-note.issue", account="C2", lines=[{"item": "TEA", "quantity": 2}], payout=True)
    till.deliver()
    till.take_notices()
    return till


def test_what_makes_no_sense_is_refused_with_a_sentence_and_a_way_out(busy: Till) -> None:
    """One test for the whole table: each refusal must leave everything as it was."""
    from fenbu_payments.tables import PAYMENT

    def state() -> object:
        return written(busy.kernel, PAYMENT.metadata, "fenbu_call", "fenbu_setting")

    before = state()
    assert done_or_said_otherwise(busy.pay, REFUSED) == []
    assert state() == before
    assert busy.unhealthy() == {}


def test_settings_that_make_no_sense_are_refused(till: Till) -> None:
    wrong = []
    for name, value, sentence in SETTINGS:
        with pytest.raises(Refused) as refused:
            till.kernel.perform("fenbu.setting.set", {"module": "payments", "name": name, "value": value})
        if not re.search(sentence, str(refused.value), re.IGNORECASE) or "hunter2" in str(refused.value):
            wrong.append(f"{name} = {value}: {refused.value}")
    assert wrong == []


def test_the_database_itself_refuses_what_no_rule_would_write(till: Till) -> None:
    till.sold_prepaid()
    wrong = []
    for statement, sentence in (
        ("UPDATE payments_fact SET amount = amount + 1", "rows of payments_fact cannot be changed"),
        ("DELETE FROM payments_fact", "rows of payments_fact cannot be deleted"),
        ("DELETE FROM payments_payment", "rows of payments_payment cannot be deleted"),
        ("UPDATE payments_payment SET requested = requested + 1", "cannot be changed"),
        ("UPDATE payments_payment SET captured = authorised + 1", "ck_payments_payment_captured"),
        ("UPDATE payments_payment SET refunding = captured + 1", "ck_payments_payment_refunded"),
        ("UPDATE payments_payment SET state = 'odd'", "ck_payments_payment_state"),
        ("UPDATE payments_payment SET returns = -1", "ck_payments_payment_positive"),
        (
            "INSERT INTO payments_fact SELECT subject, 99, kind, step, operation, amount, fee, day, at, expires, "
            "reference, reason, source FROM payments_fact WHERE step = 'done' AND kind = 'capture'",
            "unique|uq_payments_fact_operation",
        ),
    ):
        with pytest.raises(Exception, match=r".") as refused:
            till.tamper(statement)
        if not re.search(sentence, str(refused.value), re.IGNORECASE):
            wrong.append(f"{statement}: {refused.value}")
    assert wrong == []


def test_the_checks_notice_what_somebody_wrote_past_the_module(till: Till) -> None:
    till.sold_prepaid()
    till.asked()
    till.tamper("UPDATE payments_payment SET capturing = 10000 WHERE number = 'PAY-00000002'")
    assert "PAY-00000002" in till.unhealthy()["payments.state_is_fold"]
    till.tamper("UPDATE payments_payment SET capturing = 0, due = 10000 WHERE number = 'PAY-00000002'")
    assert "PAY-00000002" in till.unhealthy()["payments.money_and_documents_agree"]
    till.tamper(
        "UPDATE payments_payment SET due = 0 WHERE number = 'PAY-00000002'",
        "INSERT INTO payments_fact VALUES ('PAY-00000002', 9, 'capture', 'done', 'PAY-00000002-C9', 990000, 0, "
        "'2026-01-05', 0, NULL, '', '', '')",
    )
    assert "PAY-00000002" in till.unhealthy()["payments.captured_within_authorised"]
    till.tamper(
        "INSERT INTO payments_fact VALUES ('PAY-00000001', 9, 'refund', 'begun', 'PAY-00000001-R9', 10000, 0, "
        "'2026-01-05', 0, NULL, '', '', '')",
        "UPDATE payments_payment SET refunding = 10000 WHERE number = 'PAY-00000001'",
    )
    assert "PAY-00000001-R9" in till.unhealthy()["payments.operations_have_calls"]
