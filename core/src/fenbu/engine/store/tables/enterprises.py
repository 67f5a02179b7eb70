"""The enterprise, who works in it, and its modules with their settings and troubles."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Integer, UniqueConstraint, text

from fenbu.engine.store.tables import columns

enterprise = columns.table(
    "enterprise",
    Column("id", Integer, primary_key=True, autoincrement=False),
    columns.text("name"),
    columns.text("currency"),
    columns.text("timezone"),
    columns.big("created_at"),
    columns.big("generation", server_default=text("1")),  # of the catalogue: moves when modules change
    columns.text("copy_of", null=True),  # a copy or a restored backup: no call leaves it until cleared
    CheckConstraint("id = 1", name="one_row"),
    CheckConstraint("length(currency) = 3", name="currency"),
)

module = columns.table(
    "module",
    columns.text("name", primary_key=True),
    columns.text("state"),  # the states are data in `engine/states`, which checks them
    columns.text("version", null=True),
    columns.small("position", null=True),  # order of enabling; null when not enabled
    columns.text("snapshot", null=True),  # JSON: tables, hooks, subscriptions, permissions at enabling
    columns.text("reason", null=True),
    columns.big("changed_at"),
)

problem = columns.table(
    "problem",
    Column("id", columns.Big, primary_key=True),
    columns.text("module"),
    columns.text("kind"),
    columns.text("subject"),
    columns.text("detail"),
    columns.text("hint"),
    columns.big("first_at"),
    columns.big("last_at"),
    columns.big("count", server_default=text("1")),
    UniqueConstraint("module", "kind", "subject"),
)

setting = columns.table(
    "setting",
    columns.text("module", primary_key=True),
    columns.text("name", primary_key=True),
    columns.text("value"),  # JSON; a secret stands here only by reference
    rowid=False,
)
