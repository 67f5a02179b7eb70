"""The supply chain's first tables."""

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
    "scm_move",
    "scm_receipt",
    "scm_receipt_line",
    "scm_return",
    "scm_return_line",
    "scm_adjustment",
    "scm_adjustment_line",
)


def upgrade() -> None:
    places()
    orders()
    documents()
    rules()


def places() -> None:
    op.create_table(
        "scm_warehouse",
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("code", name="pk_scm_warehouse"),
        **strict,
    )
    op.create_table(
        "scm_location",
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("warehouse", sa.Text, nullable=True),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("rank", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("code", name="pk_scm_location"),
        sa.CheckConstraint(
            "kind IN ('stock', 'hold', 'supplier', 'customer', 'lost', 'opening')",
            name="ck_scm_location_kind",
        ),
        sa.CheckConstraint(
            "(kind IN ('stock', 'hold')) = (warehouse IS NOT NULL)", name="ck_scm_location_warehouse"
        ),
        sa.ForeignKeyConstraint(["warehouse"], ["scm_warehouse.code"], name="fk_scm_location_warehouse"),
        **strict,
    )
    op.create_table(
        "scm_item",
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("lead_days", sa.Integer, nullable=True),
        sa.Column("quantity", big, nullable=False),
        sa.Column("value", big, nullable=False),
        sa.Column("unit_cost", big, nullable=False),
        sa.PrimaryKeyConstraint("code", name="pk_scm_item"),
        sa.CheckConstraint("lead_days >= 0", name="ck_scm_item_lead_days"),
        sa.CheckConstraint("quantity >= 0", name="ck_scm_item_quantity"),
        sa.CheckConstraint("value >= 0 AND (quantity > 0 OR value = 0)", name="ck_scm_item_value"),
        **strict,
    )
    op.create_table(
        "scm_stock",
        sa.Column("item", sa.Text, nullable=False),
        sa.Column("location", sa.Text, nullable=False),
        sa.Column("on_hand", big, nullable=False),
        sa.Column("reserved", big, nullable=False),
        sa.PrimaryKeyConstraint("item", "location", name="pk_scm_stock"),
        sa.CheckConstraint("on_hand >= 0", name="ck_scm_stock_on_hand"),
        sa.CheckConstraint("reserved >= 0 AND reserved <= on_hand", name="ck_scm_stock_reserved"),
        sa.ForeignKeyConstraint(["item"], ["scm_item.code"], name="fk_scm_stock_item"),
        sa.ForeignKeyConstraint(["location"], ["scm_location.code"], name="fk_scm_stock_location"),
        **keyed,
    )
    op.create_table(
        "scm_move",
        sa.Column("id", big, nullable=False),
        sa.Column("day", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("item", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("quantity", big, nullable=False),
        sa.Column("value", big, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("order_number", sa.Text, nullable=False),
        sa.Column("moved_at", big, nullable=False),
        sa.Column("moved_by", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_scm_move"),
        sa.CheckConstraint(
            "kind IN ('receipt', 'dispatch', 'return', 'adjustment', 'transfer')", name="ck_scm_move_kind"
        ),
        sa.CheckConstraint("quantity > 0", name="ck_scm_move_quantity"),
        sa.CheckConstraint("source <> target", name="ck_scm_move_target"),
        sa.CheckConstraint("value >= 0", name="ck_scm_move_value"),
        sa.ForeignKeyConstraint(["item"], ["scm_item.code"], name="fk_scm_move_item"),
        sa.ForeignKeyConstraint(["source"], ["scm_location.code"], name="fk_scm_move_source"),
        sa.ForeignKeyConstraint(["target"], ["scm_location.code"], name="fk_scm_move_target"),
        **strict,
    )
    op.create_index("ix_scm_move_document", "scm_move", ["document"])
    op.create_index("ix_scm_move_item", "scm_move", ["item", "id"])
    op.create_index("ix_scm_move_order", "scm_move", ["order_number"])


def orders() -> None:
    op.create_table(
        "scm_order",
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("ship", sa.Text, nullable=False),
        sa.Column("day", sa.Text, nullable=False),
        sa.Column("day_at", big, nullable=False),
        sa.Column("waived", flag, nullable=False),
        sa.Column("alone", flag, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("lapses_at", big, nullable=True),
        sa.Column("shipments", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_scm_order"),
        sa.CheckConstraint("ship IN ('partial', 'complete')", name="ck_scm_order_ship"),
        sa.CheckConstraint("state IN ('open', 'lapsed', 'stopped')", name="ck_scm_order_state"),
        **strict,
    )
    op.create_index("ix_scm_order_state", "scm_order", ["state"])
    op.create_table(
        "scm_demand",
        sa.Column("order_number", sa.Text, nullable=False),
        sa.Column("line", sa.Integer, nullable=False),
        sa.Column("item", sa.Text, nullable=False),
        sa.Column("queued_at", big, nullable=False),
        sa.Column("wanted", big, nullable=False),
        sa.Column("missed", big, nullable=False),
        sa.Column("reserved", big, nullable=False),
        sa.Column("short", big, nullable=False),
        sa.Column("met", big, nullable=False),
        sa.Column("released", big, nullable=False),
        sa.Column("shipping", big, nullable=False),
        sa.Column("dispatched", big, nullable=False),
        sa.Column("returned", big, nullable=False),
        sa.Column("cost", big, nullable=False),
        sa.Column("returned_cost", big, nullable=False),
        sa.PrimaryKeyConstraint("order_number", "line", name="pk_scm_demand"),
        sa.CheckConstraint(
            "dispatched + shipping <= released AND released <= wanted", name="ck_scm_demand_released"
        ),
        sa.CheckConstraint("reserved >= 0 AND short >= 0 AND dispatched >= 0", name="ck_scm_demand_reserved"),
        sa.CheckConstraint("returned >= 0 AND returned <= dispatched", name="ck_scm_demand_returned"),
        sa.CheckConstraint("shipping >= 0 AND shipping <= reserved", name="ck_scm_demand_shipping"),
        sa.CheckConstraint("reserved + short + dispatched <= wanted", name="ck_scm_demand_wanted"),
        sa.ForeignKeyConstraint(["order_number"], ["scm_order.number"], name="fk_scm_demand_order_number"),
        **keyed,
    )
    op.create_index("ix_scm_demand_item", "scm_demand", ["item"])
    op.create_index(
        "ix_scm_demand_short",
        "scm_demand",
        ["item", "queued_at", "order_number", "line"],
        sqlite_where=sa.text("short > 0"),
        postgresql_where=sa.text("short > 0"),
    )
    op.create_table(
        "scm_reservation",
        sa.Column("order_number", sa.Text, nullable=False),
        sa.Column("line", sa.Integer, nullable=False),
        sa.Column("location", sa.Text, nullable=False),
        sa.Column("item", sa.Text, nullable=False),
        sa.Column("quantity", big, nullable=False),
        sa.Column("shipping", big, nullable=False),
        sa.PrimaryKeyConstraint("order_number", "line", "location", name="pk_scm_reservation"),
        sa.CheckConstraint("quantity > 0", name="ck_scm_reservation_quantity"),
        sa.CheckConstraint("shipping >= 0 AND shipping <= quantity", name="ck_scm_reservation_shipping"),
        sa.ForeignKeyConstraint(["location"], ["scm_location.code"], name="fk_scm_reservation_location"),
        sa.ForeignKeyConstraint(
            ["order_number"], ["scm_order.number"], name="fk_scm_reservation_order_number"
        ),
        **keyed,
    )
    op.create_index("ix_scm_reservation_item", "scm_reservation", ["item", "location"])
    op.create_table(
        "scm_shipment",
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("order_number", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("reference", sa.Text, nullable=False),
        sa.Column("opened_at", big, nullable=False),
        sa.Column("day", sa.Text, nullable=True),
        sa.Column("dispatched_at", big, nullable=True),
        sa.Column("dispatched_by", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_scm_shipment"),
        sa.CheckConstraint(
            "state IN ('open', 'packed', 'dispatched', 'cancelled')", name="ck_scm_shipment_state"
        ),
        sa.ForeignKeyConstraint(["order_number"], ["scm_order.number"], name="fk_scm_shipment_order_number"),
        **strict,
    )
    op.create_index("ix_scm_shipment_order", "scm_shipment", ["order_number"])
    op.create_index("ix_scm_shipment_state", "scm_shipment", ["state"])
    op.create_table(
        "scm_shipment_line",
        sa.Column("shipment", sa.Text, nullable=False),
        sa.Column("line", sa.Integer, nullable=False),
        sa.Column("location", sa.Text, nullable=False),
        sa.Column("item", sa.Text, nullable=False),
        sa.Column("quantity", big, nullable=False),
        sa.PrimaryKeyConstraint("shipment", "line", "location", name="pk_scm_shipment_line"),
        sa.CheckConstraint("quantity > 0", name="ck_scm_shipment_line_quantity"),
        sa.ForeignKeyConstraint(["location"], ["scm_location.code"], name="fk_scm_shipment_line_location"),
        sa.ForeignKeyConstraint(["shipment"], ["scm_shipment.number"], name="fk_scm_shipment_line_shipment"),
        **keyed,
    )


def documents() -> None:
    op.create_table(
        "scm_receipt",
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("supplier", sa.Text, nullable=False),
        sa.Column("reference", sa.Text, nullable=False),
        sa.Column("day", sa.Text, nullable=False),
        sa.Column("value", big, nullable=False),
        sa.Column("posted_at", big, nullable=False),
        sa.Column("posted_by", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_scm_receipt"),
        sa.CheckConstraint("source IN ('supplier', 'opening')", name="ck_scm_receipt_source"),
        **strict,
    )
    op.create_index("ix_scm_receipt_day", "scm_receipt", ["day", "number"])
    op.create_index(
        "uq_scm_receipt_reference",
        "scm_receipt",
        ["supplier", "reference"],
        unique=True,
        sqlite_where=sa.text("reference <> ''"),
        postgresql_where=sa.text("reference <> ''"),
    )
    op.create_table(
        "scm_receipt_line",
        sa.Column("receipt", sa.Text, nullable=False),
        sa.Column("line", sa.Integer, nullable=False),
        sa.Column("item", sa.Text, nullable=False),
        sa.Column("location", sa.Text, nullable=False),
        sa.Column("quantity", big, nullable=False),
        sa.Column("unit_cost", big, nullable=False),
        sa.Column("value", big, nullable=False),
        sa.PrimaryKeyConstraint("receipt", "line", name="pk_scm_receipt_line"),
        sa.ForeignKeyConstraint(["item"], ["scm_item.code"], name="fk_scm_receipt_line_item"),
        sa.ForeignKeyConstraint(["location"], ["scm_location.code"], name="fk_scm_receipt_line_location"),
        sa.ForeignKeyConstraint(["receipt"], ["scm_receipt.number"], name="fk_scm_receipt_line_receipt"),
        **keyed,
    )
    op.create_table(
        "scm_return",
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("order_number", sa.Text, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("day", sa.Text, nullable=False),
        sa.Column("value", big, nullable=False),
        sa.Column("posted_at", big, nullable=False),
        sa.Column("posted_by", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_scm_return"),
        **strict,
    )
    op.create_index("ix_scm_return_day", "scm_return", ["day", "number"])
    op.create_index("ix_scm_return_order", "scm_return", ["order_number"])
    op.create_table(
        "scm_return_line",
        sa.Column("goods_return", sa.Text, nullable=False),
        sa.Column("line", sa.Integer, nullable=False),
        sa.Column("order_line", sa.Integer, nullable=True),
        sa.Column("item", sa.Text, nullable=False),
        sa.Column("location", sa.Text, nullable=False),
        sa.Column("quantity", big, nullable=False),
        sa.Column("value", big, nullable=False),
        sa.PrimaryKeyConstraint("goods_return", "line", name="pk_scm_return_line"),
        sa.ForeignKeyConstraint(
            ["goods_return"], ["scm_return.number"], name="fk_scm_return_line_goods_return"
        ),
        sa.ForeignKeyConstraint(["item"], ["scm_item.code"], name="fk_scm_return_line_item"),
        sa.ForeignKeyConstraint(["location"], ["scm_location.code"], name="fk_scm_return_line_location"),
        **keyed,
    )
    op.create_table(
        "scm_adjustment",
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("day", sa.Text, nullable=False),
        sa.Column("posted_at", big, nullable=False),
        sa.Column("posted_by", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_scm_adjustment"),
        **strict,
    )
    op.create_index("ix_scm_adjustment_day", "scm_adjustment", ["day", "number"])
    op.create_table(
        "scm_adjustment_line",
        sa.Column("adjustment", sa.Text, nullable=False),
        sa.Column("line", sa.Integer, nullable=False),
        sa.Column("item", sa.Text, nullable=False),
        sa.Column("location", sa.Text, nullable=False),
        sa.Column("quantity", big, nullable=False),
        sa.Column("value", big, nullable=False),
        sa.PrimaryKeyConstraint("adjustment", "line", name="pk_scm_adjustment_line"),
        sa.CheckConstraint("quantity <> 0", name="ck_scm_adjustment_line_quantity"),
        sa.ForeignKeyConstraint(
            ["adjustment"], ["scm_adjustment.number"], name="fk_scm_adjustment_line_adjustment"
        ),
        sa.ForeignKeyConstraint(["item"], ["scm_item.code"], name="fk_scm_adjustment_line_item"),
        sa.ForeignKeyConstraint(["location"], ["scm_location.code"], name="fk_scm_adjustment_line_location"),
        **keyed,
    )


def rules() -> None:
    """What must hold whoever writes."""
    for table in WRITTEN_ONCE:
        migration.append_only(table)
    migration.refuse_delete("scm_order")
    migration.refuse_delete("scm_demand")
    migration.refuse_update("scm_shipment_line")
    migration.refuse_delete("scm_shipment")
    migration.refuse_update("scm_shipment", when="OLD.state IN ('dispatched', 'cancelled')")


def downgrade() -> None:
    for table in (
        "scm_adjustment_line",
        "scm_adjustment",
        "scm_return_line",
        "scm_return",
        "scm_receipt_line",
        "scm_receipt",
        "scm_shipment_line",
        "scm_shipment",
        "scm_reservation",
        "scm_demand",
        "scm_order",
        "scm_move",
        "scm_stock",
        "scm_item",
        "scm_location",
        "scm_warehouse",
    ):
        migration.drop_table(table)
