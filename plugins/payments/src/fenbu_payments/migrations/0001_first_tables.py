"""The first tables of payments."""

import sqlalchemy as sa
from alembic import op

from fenbu import migration
from fenbu.tables import Id as big

revision = "0001"
down_revision = None

flag = sa.SmallInteger().with_variant(sa.Integer(), "sqlite")
strict = {"sqlite_strict": True}
keyed = {"sqlite_strict": True, "sqlite_with_rowid": False}

LIVE = sa.text("order_number <> '' AND let_go = 0 AND state IN ('requested', 'authorised')")
OPERATION = sa.text("operation <> ''")
OPEN = sa.text("state IN ('received', 'waiting')")


def upgrade() -> None:
    payments()
    facts()
    payouts()
    notices()
    rules()


def payments() -> None:
    amounts = (
        "requested",
        "forgone",
        "authorised",
        "capturing",
        "captured",
        "capture_refused",
        "voiding",
        "voided",
        "refunding",
        "refunded",
        "refund_refused",
        "due",
        "returns",
        "fee",
    )
    op.create_table(
        "payments_payment",
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("order_number", sa.Text, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("gateway", sa.Text, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("day", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        *(sa.Column(name, big, nullable=False) for name in amounts),
        sa.Column("let_go", flag, nullable=False),
        sa.Column("renew_refused", flag, nullable=False),
        sa.Column("expires", big, nullable=True),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("requested_at", big, nullable=False),
        sa.Column("changed_at", big, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_payments_payment"),
        sa.CheckConstraint(
            "state IN ('requested', 'authorised', 'captured', 'refunded', 'voided', 'failed')",
            name="ck_payments_payment_state",
        ),
        sa.CheckConstraint(
            "requested > 0 AND forgone >= 0 AND forgone < requested", name="ck_payments_payment_requested"
        ),
        sa.CheckConstraint(
            "captured + capturing + voided + voiding <= authorised", name="ck_payments_payment_captured"
        ),
        sa.CheckConstraint("refunded + refunding <= captured", name="ck_payments_payment_refunded"),
        sa.CheckConstraint("authorised - voided <= requested", name="ck_payments_payment_authorised"),
        sa.CheckConstraint(
            "authorised >= 0 AND captured >= 0 AND capturing >= 0 AND voided >= 0 AND voiding >= 0 "
            "AND refunded >= 0 AND refunding >= 0 AND returns >= 0",
            name="ck_payments_payment_positive",
        ),
        **strict,
    )
    op.create_index("ix_payments_payment_order", "payments_payment", ["order_number", "number"])
    op.create_index("ix_payments_payment_day", "payments_payment", ["day", "number"])
    op.create_index(
        "uq_payments_payment_live",
        "payments_payment",
        ["order_number"],
        unique=True,
        sqlite_where=LIVE,
        postgresql_where=LIVE,
    )


def facts() -> None:
    op.create_table(
        "payments_fact",
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("step", sa.Text, nullable=False),
        sa.Column("operation", sa.Text, nullable=False),
        sa.Column("amount", big, nullable=False),
        sa.Column("fee", big, nullable=False),
        sa.Column("day", sa.Text, nullable=False),
        sa.Column("at", big, nullable=False),
        sa.Column("expires", big, nullable=True),
        sa.Column("reference", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("subject", "position", name="pk_payments_fact"),
        sa.CheckConstraint("step IN ('begun', 'done', 'failed', 'noted')", name="ck_payments_fact_step"),
        sa.CheckConstraint("(step = 'noted') = (operation = '')", name="ck_payments_fact_operation"),
        sa.CheckConstraint("(amount >= 0 OR kind = 'due') AND fee >= 0", name="ck_payments_fact_amount"),
        **keyed,
    )
    op.create_index(
        "uq_payments_fact_operation",
        "payments_fact",
        ["operation", "step"],
        unique=True,
        sqlite_where=OPERATION,
        postgresql_where=OPERATION,
    )
    op.create_index("ix_payments_fact_at", "payments_fact", ["at"])


def payouts() -> None:
    op.create_table(
        "payments_payout",
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("order_number", sa.Text, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("gateway", sa.Text, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("amount", big, nullable=False),
        sa.Column("day", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("reference", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("requested_at", big, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_payments_payout"),
        sa.CheckConstraint("state IN ('requested', 'paid', 'failed')", name="ck_payments_payout_state"),
        sa.CheckConstraint("amount > 0", name="ck_payments_payout_amount"),
        **strict,
    )
    op.create_index("uq_payments_payout_document", "payments_payout", ["document"], unique=True)
    op.create_index("ix_payments_payout_day", "payments_payout", ["day", "number"])


def notices() -> None:
    op.create_table(
        "payments_notice",
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("gateway", sa.Text, nullable=False),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("done", flag, nullable=False),
        sa.Column("payment", sa.Text, nullable=False),
        sa.Column("operation", sa.Text, nullable=False),
        sa.Column("amount", big, nullable=False),
        sa.Column("fee", big, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("expires_in", sa.Integer, nullable=True),
        sa.Column("reference", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("problem", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("received_at", big, nullable=False),
        sa.Column("changed_at", big, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_payments_notice"),
        sa.CheckConstraint(
            "state IN ('received', 'waiting', 'applied', 'dismissed')", name="ck_payments_notice_state"
        ),
        **strict,
    )
    op.create_index("uq_payments_notice_event", "payments_notice", ["gateway", "event"], unique=True)
    op.create_index(
        "ix_payments_notice_open", "payments_notice", ["payment"], sqlite_where=OPEN, postgresql_where=OPEN
    )
    op.create_index("ix_payments_notice_at", "payments_notice", ["received_at", "number"])


def rules() -> None:
    """What must hold whoever writes."""
    migration.append_only("payments_fact")
    migration.refuse_delete("payments_payment")
    migration.refuse_delete("payments_payout")
    migration.refuse_delete("payments_notice")
    for table, columns in (
        ("payments_payment", ("number", "order_number", "account", "currency", "requested")),
        ("payments_payout", ("number", "document", "account", "currency", "amount")),
        ("payments_notice", ("gateway", "event", "payment", "operation", "amount", "done")),
    ):
        migration.refuse_update(table, *columns)
    migration.refuse(
        "payments_payout",
        "paid",
        before="UPDATE OF state",
        when="OLD.state = 'paid' AND NEW.state <> 'paid'",
        message="a payout that is paid stays paid",
    )


def downgrade() -> None:
    for table in ("payments_notice", "payments_payout", "payments_fact", "payments_payment"):
        migration.drop_table(table)
