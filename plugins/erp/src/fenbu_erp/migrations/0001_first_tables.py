"""ERP's first tables."""

import sqlalchemy as sa
from alembic import op

from fenbu import migration
from fenbu.tables import Id as big

revision = "0001"
down_revision = None

flag = sa.SmallInteger().with_variant(sa.Integer(), "sqlite")
strict = {"sqlite_strict": True}
keyed = {"sqlite_strict": True, "sqlite_with_rowid": False}

WRITTEN_ONCE = (
    "erp_fulfilment",
    "erp_fulfilment_line",
    "erp_invoice",
    "erp_invoice_line",
    "erp_credit_note",
    "erp_credit_note_line",
    "erp_receipt",
    "erp_match",
    "erp_balance",
    "erp_entry",
    "erp_posting",
)

FULFILMENT_AXIS = """(
CASE
    WHEN fulfilled = 0 AND cancelled < ordered THEN 'open'
    WHEN (fulfilled + cancelled) < ordered THEN 'part'
    ELSE 'done'
END)"""
INVOICING_AXIS = """(
CASE
    WHEN invoiced = 0 AND cancelled < ordered THEN 'open'
    WHEN (invoiced + cancelled) < ordered THEN 'part'
    ELSE 'done'
END)"""
PAYMENT_AXIS = """(
CASE
    WHEN invoiced = 0 AND cancelled < ordered THEN 'none'
    WHEN settled >= billed THEN 'done'
    WHEN settled > 0 THEN 'part'
    ELSE 'open'
END)"""


def upgrade() -> None:
    parties_and_goods()
    orders()
    documents()
    ledger()
    open_items()
    rules()


def parties_and_goods() -> None:
    op.create_table(
        "erp_account",
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("tax_id", sa.Text, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("opened_at", big, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_erp_account"),
        sa.CheckConstraint("kind IN ('company', 'person', 'walk_in')", name="ck_erp_account_kind"),
        sa.CheckConstraint("state IN ('open', 'blocked')", name="ck_erp_account_state"),
        **strict,
    )
    op.create_table(
        "erp_tax_category",
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("code", name="pk_erp_tax_category"),
        **strict,
    )
    op.create_table(
        "erp_tax_rate",
        sa.Column("category", sa.Text, nullable=False),
        sa.Column("since", sa.Text, nullable=False),
        sa.Column("rate", big, nullable=False),
        sa.PrimaryKeyConstraint("category", "since", name="pk_erp_tax_rate"),
        sa.CheckConstraint("rate >= 0", name="ck_erp_tax_rate_rate"),
        sa.ForeignKeyConstraint(["category"], ["erp_tax_category.code"], name="fk_erp_tax_rate_category"),
        **keyed,
    )
    op.create_table(
        "erp_exchange_rate",
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("since", sa.Text, nullable=False),
        sa.Column("rate", big, nullable=False),
        sa.PrimaryKeyConstraint("currency", "since", name="pk_erp_exchange_rate"),
        sa.CheckConstraint("rate > 0", name="ck_erp_exchange_rate_rate"),
        **keyed,
    )
    op.create_table(
        "erp_item",
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("tax_category", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("registered_at", big, nullable=False),
        sa.PrimaryKeyConstraint("code", name="pk_erp_item"),
        sa.CheckConstraint("kind IN ('goods', 'service')", name="ck_erp_item_kind"),
        sa.CheckConstraint("state IN ('active', 'retired')", name="ck_erp_item_state"),
        sa.ForeignKeyConstraint(["tax_category"], ["erp_tax_category.code"], name="fk_erp_item_tax_category"),
        **strict,
    )
    op.create_table(
        "erp_price",
        sa.Column("item", sa.Text, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("since", sa.Text, nullable=False),
        sa.Column("unit_price", big, nullable=False),
        sa.PrimaryKeyConstraint("item", "currency", "since", name="pk_erp_price"),
        sa.ForeignKeyConstraint(["item"], ["erp_item.code"], name="fk_erp_price_item"),
        **keyed,
    )


def orders() -> None:
    op.create_table(
        "erp_order",
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("reference", sa.Text, nullable=False),
        sa.Column("day", sa.Text, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("rate", big, nullable=False),
        sa.Column("ship", sa.Text, nullable=False),
        sa.Column("fulfiller", sa.Text, nullable=False),
        sa.Column("net", big, nullable=False),
        sa.Column("tax", big, nullable=False),
        sa.Column("total", big, nullable=False),
        sa.Column("total_own", big, nullable=False),
        sa.Column("ordered", big, nullable=False),
        sa.Column("released", big, nullable=False),
        sa.Column("fulfilled", big, nullable=False),
        sa.Column("invoiced", big, nullable=False),
        sa.Column("cancelled", big, nullable=False),
        sa.Column("credited", big, nullable=False),
        sa.Column("billed", big, nullable=False),
        sa.Column("settled", big, nullable=False),
        sa.Column("fulfilments", sa.Integer, nullable=False),
        sa.Column("placed_at", big, nullable=False),
        sa.Column("placed_by", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_erp_order"),
        sa.CheckConstraint("rate > 0", name="ck_erp_order_rate"),
        sa.CheckConstraint("ship IN ('partial', 'complete')", name="ck_erp_order_ship"),
        sa.CheckConstraint("state IN ('placed', 'closed', 'cancelled')", name="ck_erp_order_state"),
        sa.ForeignKeyConstraint(["account"], ["erp_account.number"], name="fk_erp_order_account"),
        **strict,
    )
    op.create_index("ix_erp_order_account", "erp_order", ["account", "day"])
    op.create_index("ix_erp_order_day", "erp_order", ["day", "number"])
    op.create_index(
        "ix_erp_order_fulfilment",
        "erp_order",
        [sa.text(FULFILMENT_AXIS)],
    )
    op.create_index(
        "ix_erp_order_invoicing",
        "erp_order",
        [sa.text(INVOICING_AXIS)],
    )
    op.create_index(
        "ix_erp_order_payment",
        "erp_order",
        [sa.text(PAYMENT_AXIS)],
    )
    op.create_index("ix_erp_order_state", "erp_order", ["state"])
    op.create_index(
        "uq_erp_order_reference",
        "erp_order",
        ["channel", "reference"],
        unique=True,
        sqlite_where=sa.text("reference <> ''"),
        postgresql_where=sa.text("reference <> ''"),
    )
    op.create_table(
        "erp_order_line",
        sa.Column("order_number", sa.Text, nullable=False),
        sa.Column("line", sa.Integer, nullable=False),
        sa.Column("item", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("quantity", big, nullable=False),
        sa.Column("unit_price", big, nullable=False),
        sa.Column("amount", big, nullable=False),
        sa.Column("tax_category", sa.Text, nullable=False),
        sa.Column("tax_rate", big, nullable=False),
        sa.Column("tax", big, nullable=False),
        sa.Column("released", big, nullable=False),
        sa.Column("fulfilled", big, nullable=False),
        sa.Column("invoiced", big, nullable=False),
        sa.Column("cancelled", big, nullable=False),
        sa.Column("credited", big, nullable=False),
        sa.PrimaryKeyConstraint("order_number", "line", name="pk_erp_order_line"),
        sa.CheckConstraint("0 <= cancelled AND cancelled <= quantity", name="ck_erp_order_line_cancelled"),
        sa.CheckConstraint(
            "fulfilled <= released AND released <= quantity - cancelled", name="ck_erp_order_line_fulfilled"
        ),
        sa.CheckConstraint(
            "0 <= credited AND credited <= invoiced AND invoiced <= fulfilled",
            name="ck_erp_order_line_invoiced",
        ),
        sa.CheckConstraint("quantity > 0", name="ck_erp_order_line_quantity"),
        sa.ForeignKeyConstraint(["item"], ["erp_item.code"], name="fk_erp_order_line_item"),
        sa.ForeignKeyConstraint(
            ["order_number"], ["erp_order.number"], name="fk_erp_order_line_order_number"
        ),
        **keyed,
    )
    op.create_index("ix_erp_order_line_item", "erp_order_line", ["item"])
    op.create_table(
        "erp_requirement",
        sa.Column("order_number", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("after", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("changed_at", big, nullable=False),
        sa.PrimaryKeyConstraint("order_number", "name", name="pk_erp_requirement"),
        sa.CheckConstraint(
            "state IN ('waiting', 'announced', 'partly_met', 'met', 'failed', 'waived', 'dropped')",
            name="ck_erp_requirement_state",
        ),
        sa.ForeignKeyConstraint(
            ["order_number"], ["erp_order.number"], name="fk_erp_requirement_order_number"
        ),
        **keyed,
    )
    op.create_index("ix_erp_requirement_owner", "erp_requirement", ["owner", "state"])
    op.create_table(
        "erp_requirement_line",
        sa.Column("order_number", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("line", sa.Integer, nullable=False),
        sa.Column("met", big, nullable=False),
        sa.PrimaryKeyConstraint("order_number", "name", "line", name="pk_erp_requirement_line"),
        sa.CheckConstraint("met > 0", name="ck_erp_requirement_line_met"),
        **keyed,
    )
    op.create_table(
        "erp_fulfilment",
        sa.Column("order_number", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("day", sa.Text, nullable=False),
        sa.Column("fulfiller", sa.Text, nullable=False),
        sa.Column("reference", sa.Text, nullable=False),
        sa.Column("amount", big, nullable=False),
        sa.Column("fulfilled_at", big, nullable=False),
        sa.PrimaryKeyConstraint("order_number", "number", name="pk_erp_fulfilment"),
        sa.ForeignKeyConstraint(
            ["order_number"], ["erp_order.number"], name="fk_erp_fulfilment_order_number"
        ),
        **keyed,
    )
    op.create_table(
        "erp_fulfilment_line",
        sa.Column("order_number", sa.Text, nullable=False),
        sa.Column("fulfilment", sa.Integer, nullable=False),
        sa.Column("line", sa.Integer, nullable=False),
        sa.Column("quantity", big, nullable=False),
        sa.Column("amount", big, nullable=False),
        sa.Column("tax", big, nullable=False),
        sa.PrimaryKeyConstraint("order_number", "fulfilment", "line", name="pk_erp_fulfilment_line"),
        sa.CheckConstraint("quantity > 0", name="ck_erp_fulfilment_line_quantity"),
        **keyed,
    )


def documents() -> None:
    op.create_table(
        "erp_invoice",
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("order_number", sa.Text, nullable=False),
        sa.Column("fulfilment", sa.Integer, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("day", sa.Text, nullable=False),
        sa.Column("due", sa.Text, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("rate", big, nullable=False),
        sa.Column("net", big, nullable=False),
        sa.Column("tax", big, nullable=False),
        sa.Column("total", big, nullable=False),
        sa.Column("total_own", big, nullable=False),
        sa.Column("entry", sa.Text, nullable=False),
        sa.Column("issued_at", big, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_erp_invoice"),
        sa.CheckConstraint("total = net + tax", name="ck_erp_invoice_total"),
        sa.ForeignKeyConstraint(["account"], ["erp_account.number"], name="fk_erp_invoice_account"),
        sa.ForeignKeyConstraint(["order_number"], ["erp_order.number"], name="fk_erp_invoice_order_number"),
        **strict,
    )
    op.create_index("ix_erp_invoice_account", "erp_invoice", ["account", "day"])
    op.create_index("ix_erp_invoice_day", "erp_invoice", ["day", "number"])
    op.create_index("uq_erp_invoice_fulfilment", "erp_invoice", ["order_number", "fulfilment"], unique=True)
    op.create_table(
        "erp_invoice_line",
        sa.Column("invoice", sa.Text, nullable=False),
        sa.Column("line", sa.Integer, nullable=False),
        sa.Column("order_line", sa.Integer, nullable=False),
        sa.Column("item", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("quantity", big, nullable=False),
        sa.Column("unit_price", big, nullable=False),
        sa.Column("amount", big, nullable=False),
        sa.Column("tax_category", sa.Text, nullable=False),
        sa.Column("tax_rate", big, nullable=False),
        sa.Column("tax", big, nullable=False),
        sa.PrimaryKeyConstraint("invoice", "line", name="pk_erp_invoice_line"),
        sa.ForeignKeyConstraint(["invoice"], ["erp_invoice.number"], name="fk_erp_invoice_line_invoice"),
        **keyed,
    )
    op.create_table(
        "erp_credit_note",
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("order_number", sa.Text, nullable=False),
        sa.Column("reference", sa.Text, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("day", sa.Text, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("rate", big, nullable=False),
        sa.Column("net", big, nullable=False),
        sa.Column("tax", big, nullable=False),
        sa.Column("total", big, nullable=False),
        sa.Column("total_own", big, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("payout", flag, nullable=False),
        sa.Column("entry", sa.Text, nullable=False),
        sa.Column("issued_at", big, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_erp_credit_note"),
        sa.CheckConstraint("total = net + tax", name="ck_erp_credit_note_total"),
        sa.ForeignKeyConstraint(["account"], ["erp_account.number"], name="fk_erp_credit_note_account"),
        **strict,
    )
    op.create_index("ix_erp_credit_note_account", "erp_credit_note", ["account", "day"])
    op.create_index("ix_erp_credit_note_day", "erp_credit_note", ["day", "number"])
    op.create_index("ix_erp_credit_note_order", "erp_credit_note", ["order_number"])
    op.create_table(
        "erp_credit_note_line",
        sa.Column("credit_note", sa.Text, nullable=False),
        sa.Column("line", sa.Integer, nullable=False),
        sa.Column("order_line", sa.Integer, nullable=True),
        sa.Column("item", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("quantity", big, nullable=False),
        sa.Column("unit_price", big, nullable=False),
        sa.Column("amount", big, nullable=False),
        sa.Column("tax_category", sa.Text, nullable=False),
        sa.Column("tax_rate", big, nullable=False),
        sa.Column("tax", big, nullable=False),
        sa.PrimaryKeyConstraint("credit_note", "line", name="pk_erp_credit_note_line"),
        sa.ForeignKeyConstraint(
            ["credit_note"], ["erp_credit_note.number"], name="fk_erp_credit_note_line_credit_note"
        ),
        **keyed,
    )
    op.create_table(
        "erp_receipt",
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("order_number", sa.Text, nullable=False),
        sa.Column("day", sa.Text, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("rate", big, nullable=False),
        sa.Column("amount", big, nullable=False),
        sa.Column("amount_own", big, nullable=False),
        sa.Column("method", sa.Text, nullable=False),
        sa.Column("reference", sa.Text, nullable=False),
        sa.Column("entry", sa.Text, nullable=False),
        sa.Column("recorded_at", big, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_erp_receipt"),
        sa.CheckConstraint("amount > 0", name="ck_erp_receipt_amount"),
        sa.ForeignKeyConstraint(["account"], ["erp_account.number"], name="fk_erp_receipt_account"),
        **strict,
    )
    op.create_index("ix_erp_receipt_account", "erp_receipt", ["account", "day"])
    op.create_index("ix_erp_receipt_day", "erp_receipt", ["day", "number"])


def ledger() -> None:
    op.create_table(
        "erp_chart",
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=True),
        sa.PrimaryKeyConstraint("code", name="pk_erp_chart"),
        sa.CheckConstraint(
            "kind IN ('asset', 'liability', 'equity', 'revenue', 'expense')", name="ck_erp_chart_kind"
        ),
        sa.UniqueConstraint("role", name="uq_erp_chart_role"),
        **strict,
    )
    op.create_table(
        "erp_period",
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("first", sa.Text, nullable=False),
        sa.Column("last", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("closed_at", big, nullable=True),
        sa.Column("closed_by", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("code", name="pk_erp_period"),
        sa.CheckConstraint("state IN ('open', 'closed')", name="ck_erp_period_state"),
        **strict,
    )
    op.create_table(
        "erp_balance",
        sa.Column("period", sa.Text, nullable=False),
        sa.Column("chart", sa.Text, nullable=False),
        sa.Column("debit", big, nullable=False),
        sa.Column("credit", big, nullable=False),
        sa.Column("balance", big, nullable=False),
        sa.PrimaryKeyConstraint("period", "chart", name="pk_erp_balance"),
        sa.ForeignKeyConstraint(["chart"], ["erp_chart.code"], name="fk_erp_balance_chart"),
        sa.ForeignKeyConstraint(["period"], ["erp_period.code"], name="fk_erp_balance_period"),
        **keyed,
    )
    op.create_table(
        "erp_entry",
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("day", sa.Text, nullable=False),
        sa.Column("business_day", sa.Text, nullable=False),
        sa.Column("period", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("reverses", sa.Text, nullable=True),
        sa.Column("posted_at", big, nullable=False),
        sa.Column("posted_by", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_erp_entry"),
        sa.CheckConstraint("day >= business_day", name="ck_erp_entry_day"),
        sa.ForeignKeyConstraint(["period"], ["erp_period.code"], name="fk_erp_entry_period"),
        sa.ForeignKeyConstraint(["reverses"], ["erp_entry.number"], name="fk_erp_entry_reverses"),
        sa.UniqueConstraint("reverses", name="uq_erp_entry_reverses"),
        **strict,
    )
    op.create_index("ix_erp_entry_day", "erp_entry", ["day", "number"])
    op.create_index("ix_erp_entry_document", "erp_entry", ["document"])
    op.create_table(
        "erp_posting",
        sa.Column("entry", sa.Text, nullable=False),
        sa.Column("line", sa.Integer, nullable=False),
        sa.Column("day", sa.Text, nullable=False),
        sa.Column("chart", sa.Text, nullable=False),
        sa.Column("party", sa.Text, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("amount", big, nullable=False),
        sa.Column("amount_own", big, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("entry", "line", name="pk_erp_posting"),
        sa.ForeignKeyConstraint(["chart"], ["erp_chart.code"], name="fk_erp_posting_chart"),
        sa.ForeignKeyConstraint(
            ["entry"],
            ["erp_entry.number"],
            name="fk_erp_posting_entry",
            deferrable=True,
            initially="DEFERRED",
        ),
        **keyed,
    )
    op.create_index("ix_erp_posting_chart", "erp_posting", ["chart", "day", "entry", "line"])
    op.create_index("ix_erp_posting_party", "erp_posting", ["party", "day"])


def open_items() -> None:
    op.create_table(
        "erp_open_item",
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("order_number", sa.Text, nullable=False),
        sa.Column("control", sa.Text, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("amount", big, nullable=False),
        sa.Column("amount_own", big, nullable=False),
        sa.Column("matched", big, nullable=False),
        sa.Column("matched_own", big, nullable=False),
        sa.Column("day", sa.Text, nullable=False),
        sa.Column("due", sa.Text, nullable=False),
        sa.Column("entry", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("document", name="pk_erp_open_item"),
        sa.CheckConstraint(
            "(amount > 0 AND matched >= 0 AND matched <= amount) "
            "OR (amount < 0 AND matched <= 0 AND matched >= amount)",
            name="ck_erp_open_item_matched",
        ),
        sa.ForeignKeyConstraint(["account"], ["erp_account.number"], name="fk_erp_open_item_account"),
        **strict,
    )
    op.create_index(
        "ix_erp_open_item_deposits",
        "erp_open_item",
        ["account", "currency", "order_number"],
        sqlite_where=sa.text("control = 'deposits' AND amount <> matched"),
        postgresql_where=sa.text("control = 'deposits' AND amount <> matched"),
    )
    op.create_index("ix_erp_open_item_entry", "erp_open_item", ["entry"])
    op.create_index(
        "ix_erp_open_item_open",
        "erp_open_item",
        ["account", "currency", "day"],
        sqlite_where=sa.text("amount <> matched"),
        postgresql_where=sa.text("amount <> matched"),
    )
    op.create_index("ix_erp_open_item_order", "erp_open_item", ["order_number"])
    op.create_table(
        "erp_match",
        sa.Column("id", big, nullable=False),
        sa.Column("debit", sa.Text, nullable=False),
        sa.Column("credit", sa.Text, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("amount", big, nullable=False),
        sa.Column("debit_own", big, nullable=False),
        sa.Column("credit_own", big, nullable=False),
        sa.Column("day", sa.Text, nullable=False),
        sa.Column("matched_at", big, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_erp_match"),
        sa.CheckConstraint("amount > 0", name="ck_erp_match_amount"),
        sa.ForeignKeyConstraint(["credit"], ["erp_open_item.document"], name="fk_erp_match_credit"),
        sa.ForeignKeyConstraint(["debit"], ["erp_open_item.document"], name="fk_erp_match_debit"),
        **strict,
    )
    op.create_index("ix_erp_match_credit", "erp_match", ["credit"])
    op.create_index("ix_erp_match_debit", "erp_match", ["debit"])


def rules() -> None:
    """What must hold whoever writes."""
    for table in WRITTEN_ONCE:
        migration.append_only(table)
    # The head is written after its postings and seals them: the database itself adds them up.
    migration.refuse(
        "erp_entry",
        "balance",
        after="INSERT",
        when="COALESCE((SELECT SUM(amount_own) FROM erp_posting WHERE entry = NEW.number), 1) <> 0",
        message="debit and credit of the entry differ",
    )
    migration.refuse(
        "erp_entry",
        "open_period",
        before="INSERT",
        when="EXISTS (SELECT 1 FROM erp_period WHERE code = NEW.period AND state = 'closed')",
        message="the period is closed",
    )
    migration.refuse(
        "erp_posting",
        "sealed",
        before="INSERT",
        when="EXISTS (SELECT 1 FROM erp_entry WHERE number = NEW.entry)",
        message="the entry is complete; correct it by reversing it",
    )
    migration.refuse_update("erp_period", when="OLD.state = 'closed'")
    migration.refuse_delete("erp_period")


def downgrade() -> None:
    for table in (
        "erp_match",
        "erp_open_item",
        "erp_posting",
        "erp_entry",
        "erp_balance",
        "erp_period",
        "erp_chart",
        "erp_receipt",
        "erp_credit_note_line",
        "erp_credit_note",
        "erp_invoice_line",
        "erp_invoice",
        "erp_fulfilment_line",
        "erp_fulfilment",
        "erp_requirement_line",
        "erp_requirement",
        "erp_order_line",
        "erp_order",
        "erp_price",
        "erp_item",
        "erp_exchange_rate",
        "erp_tax_rate",
        "erp_tax_category",
        "erp_account",
    ):
        migration.drop_table(table)
