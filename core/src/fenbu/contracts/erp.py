"""Enterprise resource planning: items, accounts, sales orders, invoices, the ledger.

ERP owns items and accounts (a party able to owe). An order waits for *requirements*, added by the
modules that will meet them and frozen when it is placed; it is then released, fulfilled, invoiced.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from attrs import field, frozen

from fenbu.events import Lane, event
from fenbu.hooks import Refusal, hookspec
from fenbu.i18n import N_
from fenbu.work import Work

# --- values -------------------------------------------------------------------------------------------


@frozen(kw_only=True)
class OrderLine:
    """One line of an order as other modules need to know it."""

    line: int
    """Position in the order, from 1; the same item may stand on several lines."""
    item: str
    kind: str
    """``goods`` (can be stocked) or ``service``."""
    quantity: Decimal
    unit_price: Decimal
    amount: Decimal
    """Quantity × unit price, rounded; without tax."""


@frozen(kw_only=True)
class LineQuantity:
    """A quantity of one order line."""

    line: int
    item: str
    quantity: Decimal


@frozen(kw_only=True)
class OpenLine:
    """What is left of one order line, as ERP knows it now."""

    order: str
    fulfiller: str
    """Module that fulfils the order's goods; ``erp`` when it is done by hand."""
    line: int
    item: str
    rest: Decimal
    """Ordered, neither fulfilled nor cancelled."""
    released: Decimal
    """The part of the rest that may be fulfilled."""


@frozen(kw_only=True)
class DraftOrder:
    """An order about to be placed, as hooks see it."""

    number: str
    account: str
    channel: str
    day: date
    currency: str
    total: Decimal
    """With tax."""
    ship: str
    """``partial`` or ``complete``."""
    lines: tuple[OrderLine, ...]


@frozen
class Requirement:
    """Something an order waits for before it is released."""

    name: str
    """``stock``, ``payment``, ``age_check``; one name belongs to one module."""
    owner: str
    """The module that will meet it: the answering module's own name."""
    after: tuple[str, ...] = ()
    """Requirements that must be met before this one is announced."""


@frozen(kw_only=True)
class ItemFacts:
    """An item as ERP publishes it."""

    item: str
    title: str
    kind: str
    unit: str
    tax_category: str


@frozen(kw_only=True)
class AccountFacts:
    """An account (a party able to owe) without anything personal."""

    account: str
    currency: str
    kind: str
    """``company``, ``person`` or ``walk_in``."""


@frozen
class Awaited:
    """What an order waits for from one module."""

    order: str
    module: str
    """Who is to do it."""
    requirement: str
    """Name of the requirement to be met; empty for the fulfilment of what is released."""


# --- hooks --------------------------------------------------------------------------------------------


@hookspec(kind="all", begins=True)
def erp_order_requirements(work: Work, order: DraftOrder) -> Sequence[Requirement]:
    """Say what this order must wait for before it may be released.

    Called: once, while the order is placed, inside its transaction; the joined set is frozen with it.
    Answers: all are needed and joined; a requirement is owned by the module that names it.
    Args:
        work: The caller's unit of work; read only.
        order: The order with its lines priced and taxed; not yet stored.
    Returns:
        The module's requirements; empty when the order is none of its business.
    Failure: an exception refuses the order with `HookFailed`, which names the module.
    Since: api 1.
    """
    raise NotImplementedError


@hookspec(kind="first", begins=True)
def erp_order_fulfiller(work: Work, order: DraftOrder) -> str | None:
    """Say which module will fulfil the goods of this order.

    Called: once, while the order is placed, inside its transaction; the answer is frozen with it.
    Answers: the first that is not None; without one ERP fulfils by hand.
    Args:
        work: The caller's unit of work; read only.
        order: The order with its lines.
    Returns:
        The answering module's own name, or None when it does not fulfil this order.
    Failure: an exception refuses the order with `HookFailed`.
    Since: api 1.
    """
    raise NotImplementedError


@hookspec(kind="first")
def erp_line_price(work: Work, item: str, quantity: Decimal, account: str, day: date) -> Decimal | None:
    """Say the unit price of an item for this account, where it differs from the price list.

    Called: while an order is priced, inside its transaction; once a line without a given price.
    Answers: the first that is not None; without one ERP's price list decides.
    Args:
        work: Read only.
        item: Item code.
        quantity: In the item's unit; positive, four decimals.
        account: Account number of the buyer.
        day: Business date of the order.
    Returns:
        Unit price in the order's currency with at most six decimals, without tax, or None.
    Failure: an exception refuses the order with `HookFailed`.
    Since: api 1.
    """
    raise NotImplementedError


@hookspec(kind="veto", writes=True)
def erp_order_cancellation(work: Work, order: str, lines: Sequence[LineQuantity]) -> Refusal | None:
    """Say why the unfulfilled rest of an order must not be cancelled, and lock what decides it.

    Called: while an order is cancelled, inside its transaction, before anything is undone.
    Answers: any `Refusal` stops the cancelling; all are shown.
    Args:
        work: May write: a module locks its shipment here, so that it cannot leave meanwhile.
        order: Number of the order.
        lines: What would be cancelled, by line.
    Returns:
        A refusal with its reason, or None.
    Failure: an exception refuses the cancelling with `HookFailed`.
    Since: api 1.
    """
    raise NotImplementedError


@hookspec(kind="all")
def erp_order_unheard(work: Work, awaited: Sequence[Awaited]) -> Sequence[Awaited]:
    """Say what orders wait for from this module in vain, because what told it so was given up.

    Called: when an operator waives a requirement or assesses an order anew, inside its transaction; and by a check of
    health.
    Answers: all are needed and joined; what no module names is being worked on.
    Args:
        work: The caller's unit of work; read only.
        awaited: What is waited for, by order; also of other modules.
    Returns:
        Those of this module's on which nothing waits for it, and of which it has nothing in hand.
    Failure: an exception refuses the operation with `HookFailed`.
    Since: api 1.
    """
    raise NotImplementedError


@hookspec(kind="first")
def erp_open_lines(work: Work, orders: Sequence[str]) -> Sequence[OpenLine] | None:
    """Say what is left to fulfil of these orders.

    Called: by a module that is about to fulfil what it was told of earlier, or that compares its records.
    Answers: ERP's; None when the answering module keeps no orders.
    Args:
        work: Read only.
        orders: Numbers of orders; those that are not known are passed over.
    Returns:
        One `OpenLine` for each line that is neither fulfilled nor cancelled, by order and line.
    Failure: an exception refuses the caller's operation.
    Since: api 1.
    """
    raise NotImplementedError


@hookspec(kind="first")
def erp_items(work: Work, after: str, limit: int) -> Sequence[ItemFacts] | None:
    """Give a page of all items, for a module that comes late.

    Called: by a module while it catches up or links its own records, as often as there are pages.
    Answers: ERP's; None when the answering module keeps no items.
    Args:
        work: Read only.
        after: Code after which the page begins; empty for the first.
        limit: At most this many.
    Returns:
        Items in the order of their codes; fewer than ``limit`` on the last page.
    Failure: an exception refuses the caller's operation.
    Since: api 1.
    """
    raise NotImplementedError


@hookspec(kind="first")
def erp_item_facts(work: Work, codes: Sequence[str]) -> Sequence[ItemFacts] | None:
    """Say what is known of these items.

    Called: by a module that meets an item before `ItemPublished` has reached it.
    Answers: ERP's; None when the answering module keeps no items.
    Args:
        work: Read only.
        codes: Item codes; those that are not known are passed over.
    Returns:
        Items in the order of their codes.
    Failure: an exception refuses the caller's operation.
    Since: api 1.
    """
    raise NotImplementedError


@hookspec(kind="first")
def erp_accounts(work: Work, after: str, limit: int) -> Sequence[AccountFacts] | None:
    """Give a page of all accounts, for a module that comes late.

    Called: as `erp_items`.
    Answers: ERP's; None when the answering module keeps no accounts.
    Args:
        work: Read only.
        after: Account number after which the page begins; empty for the first.
        limit: At most this many.
    Returns:
        Accounts in the order of their numbers; fewer than ``limit`` on the last page.
    Failure: an exception refuses the caller's operation.
    Since: api 1.
    """
    raise NotImplementedError


# --- events: items and accounts -----------------------------------------------------------------------


@event(
    "erp.item-published/1",
    lane=Lane.INFORMATION,
    key="item",
    about={"item": "item"},
    says=N_("item {item} was published"),
)
@frozen(kw_only=True)
class ItemPublished:
    """An item was created or changed."""

    item: str
    title: str
    kind: str
    unit: str


@event(
    "erp.account-opened/1",
    lane=Lane.INFORMATION,
    key="account",
    about={"account": "account"},
    says=N_("account {account} was opened"),
)
@frozen(kw_only=True)
class AccountOpened:
    """A party able to owe was entered."""

    account: str
    currency: str
    kind: str


# --- events: the order --------------------------------------------------------------------------------

_ORDER = {"order": "order", "account": "account"}


@event(
    "erp.order-placed/1",
    lane=Lane.INFORMATION,
    key="order",
    about=_ORDER,
    day="day",
    says=N_("placed by {account} for {total} {currency}: {lines}"),
)
@frozen(kw_only=True)
class OrderPlaced:
    """An order was placed; its requirements and its fulfiller are frozen."""

    order: str
    account: str
    channel: str
    day: date
    currency: str
    total: Decimal
    ship: str
    fulfiller: str
    """Module that fulfils the goods; ``erp`` when it is done by hand."""
    requirements: tuple[str, ...]
    lines: tuple[OrderLine, ...]


@event(
    "erp.order-awaits/1",
    lane=Lane.INFORMATION,
    key="order",
    about=_ORDER,
    route="requirement",
    day="day",
    says=N_("waits for {requirement}"),
)
@frozen(kw_only=True)
class OrderAwaits:
    """What comes before a requirement is met; its owner may act now."""

    order: str
    account: str
    requirement: str
    owner: str
    """Module that owns the requirement."""
    day: date
    currency: str
    total: Decimal
    ship: str
    lines: tuple[OrderLine, ...]
    others: tuple[str, ...] = ()
    """What else the order waits for; who holds something for it may have to wait for these."""


@event(
    "erp.requirement-met/1",
    lane=Lane.INFORMATION,
    key="order",
    about={"order": "order"},
    says=N_("{requirement} is met"),
)
@frozen(kw_only=True)
class RequirementMet:
    """Published by the owner of a requirement: it is met, wholly or for the named quantities.

    ``stock`` names the quantities that may be released now; later fills publish it again.
    Without lines it is met for the whole order.
    """

    order: str
    requirement: str
    lines: tuple[LineQuantity, ...] = ()


@event(
    "erp.requirement-failed/1",
    lane=Lane.INFORMATION,
    key="order",
    about={"order": "order"},
    says=N_("{requirement} failed: {reason}"),
)
@frozen(kw_only=True)
class RequirementFailed:
    """Published by the owner of a requirement: it cannot be met; a person or a retry decides."""

    order: str
    requirement: str
    reason: str


@event(
    "erp.requirement-waived/1",
    lane=Lane.INFORMATION,
    key="order",
    about={"order": "order"},
    says=N_("{requirement} was waived: {reason}"),
)
@frozen(kw_only=True)
class RequirementWaived:
    """An operator decided that the order goes on without this requirement."""

    order: str
    requirement: str
    owner: str
    reason: str


@event(
    "erp.order-reassessed/1",
    lane=Lane.INFORMATION,
    key="order",
    about=_ORDER,
    says=N_("assessed anew: {fulfiller} fulfils"),
)
@frozen(kw_only=True)
class OrderReassessed:
    """The modules enabled now were asked about the unfulfilled rest; their answers are frozen."""

    order: str
    account: str
    fulfiller: str
    requirements: tuple[str, ...]


@event(
    "erp.order-released/1",
    lane=Lane.INFORMATION,
    key="order",
    about=_ORDER,
    route="fulfiller",
    day="day",
    says=N_("released to {fulfiller}"),
)
@frozen(kw_only=True)
class OrderReleased:
    """These quantities may be fulfilled now; a partial order is released more than once."""

    order: str
    account: str
    fulfiller: str
    day: date
    lines: tuple[LineQuantity, ...]


@event(
    "erp.order-fulfilled/1",
    lane=Lane.GOODS,
    key="order",
    about=_ORDER,
    day="day",
    says=N_("fulfilled for {amount} {currency}: {lines}"),
)
@frozen(kw_only=True)
class OrderFulfilled:
    """These quantities were handed over (goods dispatched, services rendered); invoice and capture follow.

    Published by ERP for whatever way the order is fulfilled.
    """

    order: str
    account: str
    day: date
    currency: str
    amount: Decimal
    """With tax: what the named quantities are worth."""
    fulfilment: int
    """Number of this fulfilment within the order, from 1."""
    lines: tuple[LineQuantity, ...]


@event(
    "erp.order-cancelled/1",
    lane=Lane.INFORMATION,
    key="order",
    about=_ORDER,
    day="day",
    says=N_("cancelled: {reason}"),
)
@frozen(kw_only=True)
class OrderCancelled:
    """What was not fulfilled will not be; whoever holds stock or money for it lets go."""

    order: str
    account: str
    day: date
    reason: str
    whole: bool
    """True when nothing had been fulfilled."""
    lines: tuple[LineQuantity, ...]
    """The quantities that are cancelled."""


@event(
    "erp.order-closed/1",
    lane=Lane.INFORMATION,
    key="order",
    about=_ORDER,
    says=N_("closed"),
)
@frozen(kw_only=True)
class OrderClosed:
    """Goods, invoices and payments of the order are all settled."""

    order: str
    account: str


# --- events: invoices and money -----------------------------------------------------------------------


@event(
    "erp.invoice-issued/1",
    lane=Lane.CAPITAL,
    key="order",
    about={"order": "order", "account": "account", "invoice": "invoice"},
    day="day",
    says=N_("invoice {invoice} for {total} {currency}"),
)
@frozen(kw_only=True)
class InvoiceIssued:
    """An invoice was issued and posted."""

    invoice: str
    order: str
    account: str
    day: date
    due: date
    currency: str
    total: Decimal
    """With tax."""


@event(
    "erp.credit-note-issued/1",
    lane=Lane.CAPITAL,
    key="document",
    about={"order": "order", "account": "account", "invoice": "credit_note"},
    day="day",
    says=N_("credit note {credit_note} for {total} {currency}"),
)
@frozen(kw_only=True)
class CreditNoteIssued:
    """A credit note was issued and posted; without an original order ``order`` is empty."""

    document: str
    """Key of its order: the original order's number, or the credit note's own when there is none."""
    credit_note: str
    order: str = ""
    account: str
    day: date
    currency: str
    total: Decimal
    """With tax, positive."""
    payout: bool = False
    """True when the money is to be paid back instead of kept as credit."""
    left: Decimal | None = None
    """What of it nothing that is owed on its order has used up; None where nobody has looked."""
    lines: tuple[LineQuantity, ...] = field(default=())


@event(
    "erp.receipt-recorded/1",
    lane=Lane.CAPITAL,
    key="account",
    about={"account": "account", "receipt": "receipt"},
    day="day",
    says=N_("receipt {receipt} of {amount} {currency}"),
)
@frozen(kw_only=True)
class ReceiptRecorded:
    """Money of an account was received by hand (transfer, cash) and posted."""

    receipt: str
    account: str
    day: date
    currency: str
    amount: Decimal


@event(
    "erp.invoice-settled/1",
    lane=Lane.CAPITAL,
    key="order",
    about={"order": "order", "account": "account", "invoice": "invoice"},
    says=N_("invoice {invoice} is settled"),
)
@frozen(kw_only=True)
class InvoiceSettled:
    """Nothing is open on the invoice any more."""

    invoice: str
    order: str
    account: str
    currency: str
    total: Decimal


@event(
    "erp.period-closed/1",
    lane=Lane.CAPITAL,
    key="period",
    about={"period": "period"},
    says=N_("period {period} was closed"),
)
@frozen(kw_only=True)
class PeriodClosed:
    """A fiscal period accepts no more postings."""

    period: str
    first: date
    last: date


@event(
    "erp.payroll-posted/1",
    lane=Lane.CAPITAL,
    key="run",
    about={"payroll": "run"},
    day="day",
    says=N_("payroll {run} was posted as {entry}"),
)
@frozen(kw_only=True)
class PayrollPosted:
    """A payroll run stands in the books."""

    run: str
    entry: str
    day: date
    """The day on which it stands there: the run's own, or the first open one after it."""
