"""What ERP is, as pure data; it names its code and imports none of it."""

from __future__ import annotations

from fenbu.actions import Action
from fenbu.exporting import Exporter
from fenbu.i18n import N_
from fenbu.manifest import Manifest, Subscription

_ORDER = "fenbu_erp.lifecycles:ORDER"
_ITEM = "fenbu_erp.lifecycles:ITEM"
_ACCOUNT = "fenbu_erp.lifecycles:ACCOUNT"
_PERIOD = "fenbu_erp.lifecycles:PERIOD"

GOODS = (
    Action(
        name="erp.item.register",
        title=N_("Register items"),
        input="fenbu_erp.items:RegisterItems",
        run="fenbu_erp.items:register",
        help=N_("Enter goods and services; codes that are known are left as they are."),
        view="erp.items",
    ),
    Action(
        name="erp.item.change",
        title=N_("Change item"),
        input="fenbu_erp.items:ChangeItem",
        run="fenbu_erp.items:change",
        view="erp.items",
        subject="item",
    ),
    Action(
        name="erp.item.retire",
        title=N_("Retire item"),
        input="fenbu_erp.items:ItemRef",
        run="fenbu_erp.items:retire",
        view="erp.items",
        subject="item",
        verb="retire",
        lifecycle=_ITEM,
    ),
    Action(
        name="erp.item.reinstate",
        title=N_("Reinstate item"),
        input="fenbu_erp.items:ItemRef",
        run="fenbu_erp.items:reinstate",
        view="erp.items",
        subject="item",
        verb="reinstate",
        lifecycle=_ITEM,
    ),
    Action(
        name="erp.price.set",
        title=N_("Set price"),
        input="fenbu_erp.prices:SetPrice",
        run="fenbu_erp.prices:set_price",
        help=N_("The price of the list from a day on, without tax."),
        view="erp.prices",
        subject="item",
    ),
    Action(
        name="erp.tax.set",
        title=N_("Set tax rate"),
        input="fenbu_erp.taxes:SetTax",
        run="fenbu_erp.taxes:set_tax",
        subject="category",
        view="erp.taxes",
    ),
    Action(
        name="erp.rate.set",
        title=N_("Set exchange rate"),
        input="fenbu_erp.rates:SetExchangeRate",
        run="fenbu_erp.rates:set_exchange_rate",
        subject="currency",
    ),
)

PARTIES = (
    Action(
        name="erp.account.register",
        title=N_("Register accounts"),
        input="fenbu_erp.accounts:RegisterAccounts",
        run="fenbu_erp.accounts:register",
        help=N_("Open accounts of parties able to owe; numbers that are known are left as they are."),
        view="erp.accounts",
    ),
    Action(
        name="erp.account.change",
        title=N_("Change account"),
        input="fenbu_erp.accounts:ChangeAccount",
        run="fenbu_erp.accounts:change",
        view="erp.accounts",
        subject="account",
    ),
    Action(
        name="erp.account.block",
        title=N_("Block account"),
        input="fenbu_erp.accounts:AccountRef",
        run="fenbu_erp.accounts:block",
        view="erp.accounts",
        subject="account",
        verb="block",
        lifecycle=_ACCOUNT,
    ),
    Action(
        name="erp.account.unblock",
        title=N_("Unblock account"),
        input="fenbu_erp.accounts:AccountRef",
        run="fenbu_erp.accounts:unblock",
        view="erp.accounts",
        subject="account",
        verb="unblock",
        lifecycle=_ACCOUNT,
    ),
)

ORDERS = (
    Action(
        name="erp.order.place",
        title=N_("Place order"),
        input="fenbu_erp.orders:PlaceOrder",
        run="fenbu_erp.orders:place",
        help=N_(
            "Prices and taxes it, asks the modules what it must wait for, releases what waits for nothing."
        ),
        view="erp.orders",
    ),
    Action(
        name="erp.order.fulfil",
        title=N_("Fulfil order"),
        input="fenbu_erp.fulfilment:FulfilOrder",
        run="fenbu_erp.fulfilment:fulfil",
        help=N_("Record by hand that goods were handed over; the invoice follows."),
        view="erp.orders",
        subject="order",
        verb="fulfil",
        lifecycle=_ORDER,
    ),
    Action(
        name="erp.order.cancel",
        title=N_("Cancel order"),
        input="fenbu_erp.cancellations:CancelOrder",
        run="fenbu_erp.cancellations:cancel",
        help=N_("Cancel what is not fulfilled; what is fulfilled stays sold."),
        view="erp.orders",
        subject="order",
        verb="cancel",
        lifecycle=_ORDER,
        dangerous=True,
        preview="fenbu_erp.cancellations:preview_cancel",
    ),
    Action(
        name="erp.order.close",
        title=N_("Close order"),
        input="fenbu_erp.cancellations:CloseOrder",
        run="fenbu_erp.cancellations:close",
        view="erp.orders",
        subject="order",
        verb="close",
        lifecycle=_ORDER,
    ),
    Action(
        name="erp.order.waive-requirement",
        title=N_("Waive requirement"),
        input="fenbu_erp.requirements:WaiveRequirement",
        run="fenbu_erp.requirements:waive",
        help=N_("Let an order go on without a requirement that failed or whose module is gone."),
        view="erp.orders",
        subject="order",
        verb="waive-requirement",
        lifecycle=_ORDER,
        dangerous=True,
    ),
    Action(
        name="erp.order.reassess",
        title=N_("Assess order anew"),
        input="fenbu_erp.requirements:ReassessOrder",
        run="fenbu_erp.requirements:reassess",
        help=N_("Ask the modules enabled now about the unfulfilled rest of an order."),
        view="erp.orders",
        subject="order",
        verb="reassess",
        lifecycle=_ORDER,
    ),
    Action(
        name="erp.credit-note.issue",
        title=N_("Issue credit note"),
        input="fenbu_erp.credit_notes:IssueCreditNote",
        run="fenbu_erp.credit_notes:issue",
        help=N_("Credit lines of an order, or items without an original order."),
        view="erp.credit-notes",
        subject="order",
    ),
)

BOOKS = (
    Action(
        name="erp.receipt.record",
        title=N_("Record receipt"),
        input="fenbu_erp.receipts:RecordReceipt",
        run="fenbu_erp.receipts:record",
        help=N_("Money of an account has come in; it settles what the account owes."),
        view="erp.receipts",
        subject="account",
    ),
    Action(
        name="erp.receipt.match",
        title=N_("Match receipt"),
        input="fenbu_erp.matching:MatchReceipt",
        run="fenbu_erp.matching:match",
        help=N_("Settle open invoices with money or credit that is open, by name or oldest first."),
        view="erp.receipts",
        subject="receipt",
    ),
    Action(
        name="erp.journal.post",
        title=N_("Post journal entry"),
        input="fenbu_erp.journal:PostEntry",
        run="fenbu_erp.journal:post",
        view="erp.journal",
        dangerous=True,
    ),
    Action(
        name="erp.journal.reverse",
        title=N_("Reverse journal entry"),
        input="fenbu_erp.journal:ReverseEntry",
        run="fenbu_erp.journal:reverse",
        view="erp.journal",
        subject="entry",
        dangerous=True,
    ),
    Action(
        name="erp.opening.post",
        title=N_("Post opening balances"),
        input="fenbu_erp.journal:PostOpening",
        run="fenbu_erp.journal:open_books",
        view="erp.journal",
        dangerous=True,
    ),
    Action(
        name="erp.period.close",
        title=N_("Close period"),
        input="fenbu_erp.periods:ClosePeriod",
        run="fenbu_erp.periods:close",
        help=N_("A closed month accepts no more postings and never opens again."),
        view="erp.periods",
        subject="period",
        verb="close",
        lifecycle=_PERIOD,
        dangerous=True,
    ),
    Action(
        name="erp.chart.add",
        title=N_("Add ledger account"),
        input="fenbu_erp.chart:ChartAccount",
        run="fenbu_erp.chart:add",
        view="erp.chart",
        subject="code",
    ),
    Action(
        name="erp.chart.replace",
        title=N_("Replace chart of accounts"),
        input="fenbu_erp.chart:ReplaceChart",
        run="fenbu_erp.chart:replace",
        view="erp.chart",
        dangerous=True,
    ),
)

SUBSCRIPTIONS = (
    Subscription(
        "erp.invoicing",
        title=N_("Invoice what was fulfilled"),
        on={"erp.order-fulfilled/1": "fenbu_erp.flows:invoice"},
        locks="fenbu_erp.flows:lock_for_invoicing",
    ),
    Subscription(
        "erp.requirements",
        title=N_("Let orders go on when their requirements are met"),
        on={
            "erp.requirement-met/1": "fenbu_erp.flows:requirement_met",
            "erp.requirement-failed/1": "fenbu_erp.flows:requirement_failed",
        },
    ),
    Subscription(
        "erp.goods",
        title=N_("Fulfil orders by what left the warehouse, and post what goods cost"),
        on={
            "scm.goods-dispatched/1": "fenbu_erp.flows:dispatched",
            "scm.goods-returned/1": "fenbu_erp.flows:returned",
            "scm.stock-adjusted/1": "fenbu_erp.flows:adjusted",
            "scm.goods-received/1": "fenbu_erp.flows:received",
        },
    ),
    Subscription(
        "erp.money",
        title=N_("Post payments and settle invoices with them"),
        on={
            "payments.payment-captured/1": "fenbu_erp.flows:captured",
            "payments.payment-refunded/1": "fenbu_erp.flows:refunded",
            "payments.payout-paid/1": "fenbu_erp.flows:paid_out",
        },
        route={"payments.payout-paid/1": "credit"},
    ),
    Subscription(
        "erp.payroll",
        title=N_("Post what people at work cost, and what they were paid"),
        on={
            "hrm.payroll-approved/1": "fenbu_erp.flows:payroll_approved",
            "hrm.payroll-paid/1": "fenbu_erp.flows:payroll_paid",
        },
        history="catch_up",
    ),
)

EXPORTERS = (
    Exporter(
        name="erp.ledger",
        title=N_("Ledger"),
        help=N_("Chart of accounts, every journal entry, and the balances to compare with."),
        formats={"beancount": "fenbu_erp.beancount:write"},
    ),
)

MANIFEST = Manifest(
    name="erp",
    title=N_("Orders, invoices and the ledger"),
    summary=N_("Items and accounts, sales orders, invoices without gaps, double-entry books that balance."),
    requires=("fenbu>=1,<2",),
    provides=("sales.orders", "ledger", "items", "accounts"),
    settings="fenbu_erp.settings:ErpSettings",
    tables="fenbu_erp.tables:Base",
    migrations="fenbu_erp.migrations",
    seed="fenbu_erp.seed:seed",
    hooks="fenbu_erp.plugin",
    actions=(*GOODS, *PARTIES, *ORDERS, *BOOKS),
    views="fenbu_erp.views:VIEWS",
    metrics="fenbu_erp.views:METRICS",
    checks="fenbu_erp.views:CHECKS",
    completeness="fenbu_erp.completeness:COMPLETENESS",
    lifecycles="fenbu_erp.lifecycles:LIFECYCLES",
    subscriptions=SUBSCRIPTIONS,
    exporters=EXPORTERS,
    explain={
        "order": "erp.orders",
        "invoice": "erp.invoices",
        "account": "erp.accounts",
        "item": "erp.items",
        "receipt": "erp.receipts",
        "period": "erp.periods",
    },
    canonical="fenbu_erp.canonical:canonical",
)
