"""What payments show: views, metrics and checks, declared as data for every face."""

from __future__ import annotations

from sqlalchemy import select

from fenbu import looks
from fenbu.i18n import N_
from fenbu.views import Column, Kind, Related, View
from fenbu_payments import references
from fenbu_payments.checks import CHECKS
from fenbu_payments.metrics import METRICS
from fenbu_payments.open_views import OPEN_VIEWS
from fenbu_payments.tables import FACT, NOTICE, PAYMENT, PAYOUT

_P, _F, _O, _N = PAYMENT.c, FACT.c, PAYOUT.c, NOTICE.c

PAYMENTS = View(
    name="payments.payments",
    title=N_("Payments"),
    help=N_("Money asked for: what of it is held, taken, given back."),
    query=looks.always(
        select(
            _P.number.label("payment"),
            _P.state,
            _P.order_number.label("order"),
            _P.account,
            _P.gateway,
            _P.day,
            _P.requested,
            _P.forgone,
            _P.authorised,
            _P.capturing,
            _P.captured,
            _P.voiding,
            _P.voided,
            _P.refunding,
            _P.refunded,
            _P.due,
            _P.returns,
            _P.fee,
            _P.currency,
            _P.expires,
            _P.reason,
            _P.requested_at,
        )
    ),
    columns=(
        Column("payment", N_("Payment")),
        looks.state("state", N_("State")),
        references.order(),
        references.account(),
        looks.day("day", N_("Day")),
        looks.money("requested", N_("Asked for")),
        looks.money("authorised", N_("Authorised")),
        looks.money("captured", N_("Captured")),
        looks.money("refunded", N_("Refunded")),
        Column("currency", N_("Currency")),
        Column("gateway", N_("Gateway")),
        looks.money("forgone", N_("Gone without")),
        looks.money("capturing", N_("Being captured")),
        looks.money("voiding", N_("Being let go")),
        looks.money("voided", N_("Let go")),
        looks.money("refunding", N_("Being refunded")),
        looks.money("due", N_("Fulfilled")),
        looks.money("returns", N_("To give back")),
        looks.money("fee", N_("Fee")),
        looks.time("expires", N_("Held until")),
        Column("reason", N_("Reason")),
        looks.time("requested_at", N_("Asked at")),
    ),
    key=("-day", "-payment"),
    record="payment",
    filters=("state", "order", "account", "gateway", "day", "refunding"),
    state="state",
    lifecycle="fenbu_payments.lifecycles:PAYMENT",
    actions=(
        "payments.payment.confirm",
        "payments.payment.fail",
        "payments.payment.accept",
        "payments.payment.retry",
        "payments.payment.refund",
        "payments.payment.void",
    ),
    related=(
        Related("payments.facts", "subject", "payment", N_("Facts")),
        Related("payments.inbox", "payment", "payment", N_("Notices")),
    ),
)

FACTS = View(
    name="payments.facts",
    title=N_("Facts"),
    help=N_(
        "What has happened to payments and payouts, in the order in which it became known; never changed."
    ),
    query=looks.always(
        select(
            _F.subject,
            _F.position,
            _F.kind,
            _F.step,
            _F.operation,
            _F.amount,
            _F.fee,
            _F.day,
            _F.at,
            _F.expires,
            _F.reference,
            _F.reason,
            _F.source,
            _P.currency,
        ).join_from(FACT, PAYMENT, _P.number == _F.subject, isouter=True)
    ),
    columns=(
        references.payment("subject"),
        Column("position", N_("Position"), Kind.NUMBER),
        looks.state("kind", N_("What")),
        looks.state("step", N_("Step")),
        Column("operation", N_("Operation")),
        looks.money("amount", N_("Amount")),
        looks.money("fee", N_("Fee")),
        Column("currency", N_("Currency")),
        looks.day("day", N_("Day")),
        Column("reference", N_("Reference")),
        Column("reason", N_("Reason")),
        Column("source", N_("Says")),
        looks.time("expires", N_("Held until")),
        looks.time("at", N_("Known at")),
    ),
    key=("-subject", "position"),
    record="subject",
    filters=("subject", "kind", "step", "operation", "day"),
    actions=("payments.refund.confirm",),
)

PAYOUTS = View(
    name="payments.payouts",
    title=N_("Payouts"),
    help=N_("Money that leaves us and is not the refund of one payment."),
    query=looks.always(
        select(
            _O.number.label("payout"),
            _O.state,
            _O.document,
            _O.order_number.label("order"),
            _O.account,
            _O.day,
            _O.amount,
            _O.currency,
            _O.gateway,
            _O.reference,
            _O.reason,
            _O.requested_at,
        )
    ),
    columns=(
        Column("payout", N_("Payout")),
        looks.state("state", N_("State")),
        Column("document", N_("Pays")),
        references.order(),
        references.account(),
        looks.day("day", N_("Day")),
        looks.money("amount", N_("Amount")),
        Column("currency", N_("Currency")),
        Column("gateway", N_("Gateway")),
        Column("reference", N_("Reference")),
        Column("reason", N_("Reason")),
        looks.time("requested_at", N_("Asked at")),
    ),
    key=("-day", "-payout"),
    record="payout",
    filters=("state", "document", "order", "account", "gateway", "day"),
    state="state",
    lifecycle="fenbu_payments.lifecycles:PAYOUT",
    actions=("payments.payout.confirm", "payments.payout.retry"),
    related=(Related("payments.facts", "subject", "payout", N_("Facts")),),
)

INBOX = View(
    name="payments.inbox",
    title=N_("Inbox"),
    help=N_("What gateways have told by themselves, and what became of it."),
    query=looks.always(
        select(
            _N.number.label("notice"),
            _N.state,
            _N.payment,
            _N.operation,
            _N.kind,
            _N.done,
            _N.amount,
            _N.currency,
            _N.gateway,
            _N.problem,
            _N.reason,
            _N.attempts,
            _N.received_at,
        )
    ),
    columns=(
        Column("notice", N_("Notice")),
        looks.state("state", N_("State")),
        references.payment(),
        Column("operation", N_("Operation")),
        looks.state("kind", N_("What")),
        Column("done", N_("Done"), Kind.YES_NO),
        looks.money("amount", N_("Amount")),
        Column("currency", N_("Currency")),
        Column("problem", N_("Problem")),
        Column("gateway", N_("Gateway")),
        Column("reason", N_("Reason")),
        Column("attempts", N_("Attempts"), Kind.NUMBER),
        looks.time("received_at", N_("Received")),
    ),
    key=("-received_at", "-notice"),
    record="notice",
    filters=("state", "payment", "operation", "gateway", "kind"),
    state="state",
    lifecycle="fenbu_payments.lifecycles:NOTICE",
    actions=("payments.notice.dismiss",),
)

VIEWS = (PAYMENTS, FACTS, PAYOUTS, INBOX, *OPEN_VIEWS)

__all__ = ["CHECKS", "METRICS", "VIEWS"]
