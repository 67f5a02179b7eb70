"""Money without document and document without money: empty, or each row explained."""

from __future__ import annotations

from sqlalchemy import case, literal, select, union_all

from fenbu import looks
from fenbu.i18n import N_
from fenbu.tables import MoneyType
from fenbu.views import Column, View
from fenbu_payments import references
from fenbu_payments.lifecycles import PaymentState, PayoutState
from fenbu_payments.tables import PAYMENT, PAYOUT

_P, _O = PAYMENT.c, PAYOUT.c
_NOTHING = literal(0, MoneyType())

_KEPT = _P.captured - _P.refunded
_OWED = case((_P.order_number == "", _NOTHING), else_=_P.due - _P.returns)
_TOO_MUCH = _KEPT - _OWED

MONEY = select(
    _P.number.label("payment"),
    _P.order_number.label("order"),
    _P.account,
    _P.day,
    _TOO_MUCH.label("amount"),
    _P.currency,
    case(
        (_P.refund_refused > _NOTHING, N_("refund_refused")),
        (_P.refunding > _NOTHING, N_("going_back")),
        (_P.order_number == "", N_("deposit")),
        (_P.let_go == False, N_("prepaid")),  # noqa: E712  (a column)
        else_=N_("unexplained"),
    ).label("why"),
).where(_TOO_MUCH > _NOTHING)
"""What was captured, not given back, and belongs to nothing fulfilled."""

_MISSING = _P.due - _P.returns - _KEPT
_OF_PAYMENTS = select(
    _P.number.label("number"),
    _P.order_number.label("document"),
    _P.account,
    _P.day,
    _MISSING.label("amount"),
    _P.currency,
    case(
        (_P.capture_refused > _NOTHING, N_("refused")),
        (_P.renew_refused == True, N_("expired")),  # noqa: E712
        (_P.state == PaymentState.FAILED, N_("declined")),
        (_P.capturing > _NOTHING, N_("on_the_way")),
        (_P.authorised == _NOTHING, N_("asked_for")),
        (_P.authorised < _P.requested - _P.forgone, N_("paid_in_part")),
        (_P.forgone > _NOTHING, N_("by_invoice")),
        (_P.expires.is_not(None), N_("being_renewed")),
        else_=N_("unexplained"),
    ).label("why"),
).where(_MISSING > _NOTHING, _P.order_number != "")
_OF_PAYOUTS = select(
    _O.number,
    _O.document,
    _O.account,
    _O.day,
    _O.amount,
    _O.currency,
    case((_O.state == PayoutState.FAILED, N_("refused")), else_=N_("on_the_way")),
).where(_O.state != PayoutState.PAID)
DOCUMENTS = union_all(_OF_PAYMENTS, _OF_PAYOUTS).subquery("documents")
"""What was fulfilled or credited, and whose money has not moved."""

WHY = N_(
    "What was fulfilled or credited and its money has not moved, and why. asked_for, on_the_way, paid_in_part, "
    "by_invoice, being_renewed: in order; refused, expired, declined: an operator decides; unexplained: look into "
    "payments.facts."
)

MONEY_WITHOUT_DOCUMENT = View(
    name="payments.money-without-document",
    title=N_("Money without document"),
    help=N_(
        "Captured money that belongs to nothing fulfilled, and why. deposit, prepaid, going_back: in order; "
        "refund_refused: an operator decides; unexplained: look into payments.facts."
    ),
    query=looks.always(MONEY),
    columns=(
        references.payment(),
        looks.state("why", N_("Why")),
        references.order(),
        references.account(),
        looks.day("day", N_("Day")),
        looks.money("amount", N_("Amount")),
        Column("currency", N_("Currency")),
    ),
    key=("payment",),
    record="payment",
    filters=("why", "order", "account"),
    actions=("payments.payment.refund", "payments.payment.retry"),
)

DOCUMENT_WITHOUT_MONEY = View(
    name="payments.document-without-money",
    title=N_("Document without money"),
    help=WHY,
    query=looks.always(
        select(
            DOCUMENTS.c.number,
            DOCUMENTS.c.document,
            DOCUMENTS.c.account,
            DOCUMENTS.c.day,
            DOCUMENTS.c.amount,
            DOCUMENTS.c.currency,
            DOCUMENTS.c.why,
        )
    ),
    columns=(
        Column("number", N_("Payment or payout")),
        looks.state("why", N_("Why")),
        Column("document", N_("Document")),
        references.account(),
        looks.day("day", N_("Day")),
        looks.money("amount", N_("Amount")),
        Column("currency", N_("Currency")),
    ),
    key=("number",),
    record="number",
    filters=("why", "document", "account"),
)

OPEN_VIEWS = (MONEY_WITHOUT_DOCUMENT, DOCUMENT_WITHOUT_MONEY)
