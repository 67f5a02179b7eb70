"""The first tables of customer relations."""

import sqlalchemy as sa
from alembic import op

from fenbu import migration
from fenbu.tables import Id as big

revision = "0001"
down_revision = None

flag = sa.SmallInteger().with_variant(sa.Integer(), "sqlite")
strict = {"sqlite_strict": True}
keyed = {"sqlite_strict": True, "sqlite_with_rowid": False}


def upgrade() -> None:
    customers()
    told()
    prospects()
    cases()
    rules()


def customers() -> None:
    op.create_table(
        "crm_customer",
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("account", sa.Text, nullable=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("merged_into", sa.Text, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("registered_at", big, nullable=False),
        sa.Column("registered_by", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_crm_customer"),
        sa.UniqueConstraint("account", name="uq_crm_customer_account"),
        sa.CheckConstraint("state = 'active' OR account IS NULL", name="ck_crm_customer_account"),
        sa.CheckConstraint("kind IN ('company', 'person', 'walk_in')", name="ck_crm_customer_kind"),
        sa.CheckConstraint("(state = 'merged') = (merged_into <> '')", name="ck_crm_customer_merged"),
        sa.CheckConstraint("origin IN ('own', 'account')", name="ck_crm_customer_origin"),
        sa.CheckConstraint("state IN ('active', 'merged')", name="ck_crm_customer_state"),
        **strict,
    )
    op.create_index("ix_crm_customer_state", "crm_customer", ["state", "kind"])
    op.create_table(
        "crm_party",
        sa.Column("party", sa.Text, nullable=False),
        sa.Column("customer", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("party", name="pk_crm_party"),
        sa.ForeignKeyConstraint(["customer"], ["crm_customer.number"], name="fk_crm_party_customer"),
        **keyed,
    )
    op.create_index("ix_crm_party_customer", "crm_party", ["customer"])
    op.create_table(
        "crm_contact",
        sa.Column("customer", sa.Text, nullable=False),
        sa.Column("contact", sa.Integer, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("phone", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("customer", "contact", name="pk_crm_contact"),
        sa.ForeignKeyConstraint(["customer"], ["crm_customer.number"], name="fk_crm_contact_customer"),
        **keyed,
    )
    op.create_table(
        "crm_address",
        sa.Column("customer", sa.Text, nullable=False),
        sa.Column("address", sa.Integer, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("street", sa.Text, nullable=False),
        sa.Column("postcode", sa.Text, nullable=False),
        sa.Column("city", sa.Text, nullable=False),
        sa.Column("country", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("customer", "address", name="pk_crm_address"),
        sa.CheckConstraint("kind IN ('main', 'delivery', 'invoice', 'other')", name="ck_crm_address_kind"),
        sa.ForeignKeyConstraint(["customer"], ["crm_customer.number"], name="fk_crm_address_customer"),
        **keyed,
    )
    op.create_table(
        "crm_consent",
        sa.Column("customer", sa.Text, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("said_at", big, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("customer", "purpose", name="pk_crm_consent"),
        sa.CheckConstraint("state IN ('given', 'withdrawn')", name="ck_crm_consent_state"),
        sa.ForeignKeyConstraint(["customer"], ["crm_customer.number"], name="fk_crm_consent_customer"),
        **keyed,
    )
    op.create_table(
        "crm_consent_entry",
        sa.Column("id", big, nullable=False),
        sa.Column("customer", sa.Text, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("said_at", big, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("noted_at", big, nullable=False),
        sa.Column("noted_by", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_crm_consent_entry"),
        sa.CheckConstraint("state IN ('given', 'withdrawn')", name="ck_crm_consent_entry_state"),
        sa.ForeignKeyConstraint(["customer"], ["crm_customer.number"], name="fk_crm_consent_entry_customer"),
        **strict,
    )
    op.create_index("ix_crm_consent_entry_customer", "crm_consent_entry", ["customer", "purpose", "id"])
    op.create_table(
        "crm_credit_limit",
        sa.Column("customer", sa.Text, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("amount", big, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("set_at", big, nullable=False),
        sa.Column("set_by", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("customer", "currency", name="pk_crm_credit_limit"),
        sa.CheckConstraint("amount >= 0", name="ck_crm_credit_limit_amount"),
        sa.ForeignKeyConstraint(["customer"], ["crm_customer.number"], name="fk_crm_credit_limit_customer"),
        **keyed,
    )


def told() -> None:
    op.create_table(
        "crm_order",
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("party", sa.Text, nullable=False),
        sa.Column("day", sa.Text, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("total", big, nullable=False),
        sa.Column("cancelled", flag, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_crm_order"),
        **strict,
    )
    op.create_index("ix_crm_order_party", "crm_order", ["party", "day"])
    op.create_table(
        "crm_timeline",
        sa.Column("event", big, nullable=False),
        sa.Column("party", sa.Text, nullable=False),
        sa.Column("happened_at", big, nullable=False),
        sa.Column("day", sa.Text, nullable=True),
        sa.Column("topic", sa.Text, nullable=False),
        sa.Column("lane", sa.Text, nullable=False),
        sa.Column("order_number", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("amount", big, nullable=True),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("fact", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("event", name="pk_crm_timeline"),
        sa.CheckConstraint("lane IN ('information', 'capital', 'goods')", name="ck_crm_timeline_lane"),
        **strict,
    )
    op.create_index("ix_crm_timeline_order", "crm_timeline", ["order_number", "event"])
    op.create_index("ix_crm_timeline_party", "crm_timeline", ["party", "event"])


def prospects() -> None:
    op.create_table(
        "crm_lead",
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("contact", sa.Text, nullable=False),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("phone", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("interest", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("customer", sa.Text, nullable=True),
        sa.Column("opportunity", sa.Text, nullable=False),
        sa.Column("entered_at", big, nullable=False),
        sa.Column("ended_at", big, nullable=True),
        sa.PrimaryKeyConstraint("number", name="pk_crm_lead"),
        sa.CheckConstraint("(state = 'converted') = (customer IS NOT NULL)", name="ck_crm_lead_customer"),
        sa.CheckConstraint("kind IN ('company', 'person')", name="ck_crm_lead_kind"),
        sa.CheckConstraint("(state = 'lost') = (reason <> '')", name="ck_crm_lead_reason"),
        sa.CheckConstraint("state IN ('new', 'contacted', 'converted', 'lost')", name="ck_crm_lead_state"),
        sa.ForeignKeyConstraint(["customer"], ["crm_customer.number"], name="fk_crm_lead_customer"),
        **strict,
    )
    op.create_index("ix_crm_lead_state", "crm_lead", ["state"])
    op.create_table(
        "crm_opportunity",
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("customer", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("amount", big, nullable=False),
        sa.Column("close_on", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("lead", sa.Text, nullable=False),
        sa.Column("order_number", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("opened_at", big, nullable=False),
        sa.Column("ended_at", big, nullable=True),
        sa.PrimaryKeyConstraint("number", name="pk_crm_opportunity"),
        sa.CheckConstraint("amount >= 0", name="ck_crm_opportunity_amount"),
        sa.CheckConstraint(
            "(state IN ('won', 'lost')) = (ended_at IS NOT NULL)", name="ck_crm_opportunity_ended"
        ),
        sa.CheckConstraint("(state = 'lost') = (reason <> '')", name="ck_crm_opportunity_reason"),
        sa.CheckConstraint(
            "state IN ('qualifying', 'proposed', 'negotiating', 'won', 'lost')",
            name="ck_crm_opportunity_state",
        ),
        sa.ForeignKeyConstraint(["customer"], ["crm_customer.number"], name="fk_crm_opportunity_customer"),
        **strict,
    )
    op.create_index("ix_crm_opportunity_customer", "crm_opportunity", ["customer"])
    op.create_index("ix_crm_opportunity_state", "crm_opportunity", ["state", "close_on"])


def cases() -> None:
    op.create_table(
        "crm_case",
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("customer", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("order_number", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("due_at", big, nullable=True),
        sa.Column("overdue", flag, nullable=False),
        sa.Column("promised_at", big, nullable=False),
        sa.Column("answered_at", big, nullable=True),
        sa.Column("opened_at", big, nullable=False),
        sa.Column("entries", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_crm_case"),
        sa.CheckConstraint("(state IN ('open', 'reopened')) = (due_at IS NOT NULL)", name="ck_crm_case_due"),
        sa.CheckConstraint("overdue = 0 OR due_at IS NOT NULL", name="ck_crm_case_overdue"),
        sa.CheckConstraint(
            "state IN ('open', 'answered', 'waiting', 'resolved', 'reopened', 'closed')",
            name="ck_crm_case_state",
        ),
        sa.ForeignKeyConstraint(["customer"], ["crm_customer.number"], name="fk_crm_case_customer"),
        **strict,
    )
    op.create_index("ix_crm_case_customer", "crm_case", ["customer"])
    op.create_index(
        "ix_crm_case_due",
        "crm_case",
        ["due_at"],
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_table(
        "crm_case_entry",
        sa.Column("case_number", sa.Text, nullable=False),
        sa.Column("entry", sa.Integer, nullable=False),
        sa.Column("verb", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("said_at", big, nullable=False),
        sa.Column("noted_by", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("case_number", "entry", name="pk_crm_case_entry"),
        sa.ForeignKeyConstraint(["case_number"], ["crm_case.number"], name="fk_crm_case_entry_case_number"),
        **keyed,
    )


def rules() -> None:
    """What must hold whoever writes."""
    migration.append_only("crm_consent_entry")
    migration.refuse_delete("crm_customer")
    migration.refuse_delete("crm_party")
    migration.refuse_update("crm_customer", "state", "merged_into", "account", when="OLD.state = 'merged'")
    migration.refuse_update("crm_lead", "state", "reason", when="OLD.state = 'lost'")
    migration.refuse_update(
        "crm_opportunity", "state", "amount", "currency", when="OLD.state IN ('won', 'lost')"
    )
    migration.refuse_update("crm_case", "state", when="OLD.state = 'closed' AND NEW.state <> 'closed'")


def downgrade() -> None:
    for table in (
        "crm_case_entry",
        "crm_case",
        "crm_opportunity",
        "crm_lead",
        "crm_timeline",
        "crm_order",
        "crm_credit_limit",
        "crm_consent_entry",
        "crm_consent",
        "crm_address",
        "crm_contact",
        "crm_party",
        "crm_customer",
    ):
        migration.drop_table(table)
