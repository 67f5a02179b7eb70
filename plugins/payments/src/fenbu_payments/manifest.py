"""What payments are, as pure data; it names its code and imports none of it."""

from __future__ import annotations

from fenbu.actions import Action
from fenbu.calls import Call
from fenbu.i18n import N_
from fenbu.manifest import Manifest, Subscription

_PAYMENT = "fenbu_payments.lifecycles:PAYMENT"
_PAYOUT = "fenbu_payments.lifecycles:PAYOUT"
_NOTICE = "fenbu_payments.lifecycles:NOTICE"

PAYMENTS = (
    Action(
        name="payments.payment.request",
        title=N_("Ask for a deposit"),
        input="fenbu_payments.payments:RequestPayment",
        run="fenbu_payments.payments:request",
        help=N_("Money of an account without an order; orders ask for theirs by themselves."),
        view="payments.payments",
    ),
    Action(
        name="payments.payment.confirm",
        title=N_("Confirm payment"),
        input="fenbu_payments.by_hand:ConfirmPayment",
        run="fenbu_payments.by_hand:confirm",
        help=N_("A transfer or cash has come in, wholly or in part."),
        view="payments.payments",
        subject="payment",
        verb="confirm",
        lifecycle=_PAYMENT,
    ),
    Action(
        name="payments.payment.fail",
        title=N_("Give payment up"),
        input="fenbu_payments.by_hand:FailPayment",
        run="fenbu_payments.by_hand:give_up",
        help=N_("A transfer will not come; its order waits for a person."),
        view="payments.payments",
        subject="payment",
        verb="fail",
        lifecycle=_PAYMENT,
    ),
    Action(
        name="payments.payment.retry",
        title=N_("Try payment again"),
        input="fenbu_payments.retries:PaymentRef",
        run="fenbu_payments.retries:retry",
        help=N_(
            "A declined payment by another one; a refused capture, void or refund once more; what is missing of "
            "a payment; an answer that has not come."
        ),
        view="payments.payments",
        subject="payment",
        verb="retry",
        lifecycle=_PAYMENT,
    ),
    Action(
        name="payments.payment.accept",
        title=N_("Accept less"),
        input="fenbu_payments.shortfalls:AcceptPayment",
        run="fenbu_payments.shortfalls:accept",
        help=N_("The order goes on with what is held or paid of its payment; the rest is owed by invoice."),
        view="payments.payments",
        subject="payment",
        verb="accept",
        lifecycle=_PAYMENT,
    ),
    Action(
        name="payments.payment.refund",
        title=N_("Refund payment"),
        input="fenbu_payments.refunds:RefundPayment",
        run="fenbu_payments.refunds:refund",
        help=N_("Captured money goes back to who paid it, by the same gateway; wholly or in part."),
        view="payments.payments",
        subject="payment",
        verb="refund",
        lifecycle=_PAYMENT,
        dangerous=True,
        preview="fenbu_payments.refunds:preview_refund",
    ),
    Action(
        name="payments.payment.void",
        title=N_("Let deposit go"),
        input="fenbu_payments.payments:VoidPayment",
        run="fenbu_payments.payments:void",
        help=N_("Only where no order waits for it; cancelling an order lets its payment go."),
        view="payments.payments",
        subject="payment",
        verb="void",
        lifecycle=_PAYMENT,
        dangerous=True,
    ),
    Action(
        name="payments.refund.confirm",
        title=N_("Confirm refund"),
        input="fenbu_payments.by_hand:ConfirmRefund",
        run="fenbu_payments.by_hand:confirm_refund",
        help=N_("Money was sent back by hand."),
        view="payments.facts",
        subject="refund",
    ),
)

PAYOUTS = (
    Action(
        name="payments.payout.confirm",
        title=N_("Confirm payout"),
        input="fenbu_payments.payouts:ConfirmPayout",
        run="fenbu_payments.payouts:confirm",
        help=N_("Money was paid out by hand."),
        view="payments.payouts",
        subject="payout",
        verb="confirm",
        lifecycle=_PAYOUT,
    ),
    Action(
        name="payments.payout.retry",
        title=N_("Try payout again"),
        input="fenbu_payments.payouts:PayoutRef",
        run="fenbu_payments.payouts:retry",
        help=N_("A refused payout once more, by the gateway of payouts as it is set now."),
        view="payments.payouts",
        subject="payout",
        verb="retry",
        lifecycle=_PAYOUT,
    ),
)

INBOX = (
    Action(
        name="payments.notice.receive",
        title=N_("Receive notice"),
        input="fenbu_payments.notices:ReceiveNotice",
        run="fenbu_payments.notices:receive",
        help=N_("What a gateway tells by itself: verified, kept once, then taken by its payment."),
        view="payments.inbox",
    ),
    Action(
        name="payments.notice.dismiss",
        title=N_("Dismiss notice"),
        input="fenbu_payments.notices:DismissNotice",
        run="fenbu_payments.notices:dismiss",
        help=N_("It fits no payment of ours and never will."),
        view="payments.inbox",
        subject="notice",
        verb="dismiss",
        lifecycle=_NOTICE,
        dangerous=True,
    ),
)

SUBSCRIPTIONS = (
    Subscription(
        "payments.orders",
        title=N_("Hold money for orders, take it when they are fulfilled, give the rest back"),
        on={
            "erp.order-awaits/1": "fenbu_payments.flows:awaits",
            "erp.order-fulfilled/1": "fenbu_payments.flows:fulfilled",
            "erp.order-cancelled/1": "fenbu_payments.flows:cancelled",
            "erp.requirement-waived/1": "fenbu_payments.flows:waived",
            "erp.credit-note-issued/1": "fenbu_payments.flows:credited",
            "payments.authorisation-expires/1": "fenbu_payments.flows:expires",
            "payments.outcome-due/1": "fenbu_payments.flows:outcome_due",
        },
        route={"erp.order-awaits/1": "payment"},
        locks="fenbu_payments.flows:lock_orders",
    ),
    Subscription(
        "payments.notices",
        title=N_("Take what gateways tell"),
        on={"payments.notice-received/1": "fenbu_payments.flows:notice"},
        locks="fenbu_payments.flows:lock_for_notices",
    ),
    Subscription(
        "payments.payroll",
        title=N_("Pay out what a payroll comes to"),
        on={"hrm.payroll-approved/1": "fenbu_payments.flows:payroll_approved"},
    ),
)

_MOVES = tuple(
    Call(
        operation=f"payments.{kind}",
        send="fenbu_payments.calls:send",
        ask="fenbu_payments.calls:ask",
        rehearse="fenbu_payments.calls:rehearse",
        record="fenbu_payments.calls:record",
        locks="fenbu_payments.calls:lock",
    )
    for kind in ("authorise", "renew", "capture", "void", "refund", "payout")
)
_POLL = Call(
    operation="payments.poll",
    send="fenbu_payments.calls:poll",
    ask="fenbu_payments.calls:poll",
    record="fenbu_payments.calls:record",
    locks="fenbu_payments.calls:lock",
    attempts=1_000_000,  # asking moves nothing, so nobody has to decide whether to go on
)

MANIFEST = Manifest(
    name="payments",
    title=N_("Payments"),
    summary=N_("Money held, taken, given back and paid out through gateways, each exactly once."),
    requires=("fenbu>=1,<2",),
    provides=("payment.authorisation", "payment.payouts"),
    settings="fenbu_payments.settings:PaymentsSettings",
    tables="fenbu_payments.tables:Base",
    migrations="fenbu_payments.migrations",
    hooks="fenbu_payments.plugin",
    actions=(*PAYMENTS, *PAYOUTS, *INBOX),
    views="fenbu_payments.views:VIEWS",
    metrics="fenbu_payments.views:METRICS",
    checks="fenbu_payments.views:CHECKS",
    completeness="fenbu_payments.completeness:COMPLETENESS",
    lifecycles="fenbu_payments.lifecycles:LIFECYCLES",
    subscriptions=SUBSCRIPTIONS,
    calls=(*_MOVES, _POLL),
    explain={"payment": "payments.payments", "payout": "payments.payouts"},
    canonical="fenbu_payments.canonical:canonical",
)
