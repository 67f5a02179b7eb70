"""What was done: once a key, written down and sealed; and the numbers that acts take."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Index, UniqueConstraint, text

from fenbu.engine.store.tables import columns

performed = columns.table(
    "performed",
    columns.text("key", primary_key=True),  # idempotency key
    columns.text("action"),
    columns.text("input_digest"),
    columns.text("answer"),  # JSON
    columns.big("at"),
    rowid=False,
)

audit = columns.table(
    "audit",
    Column("id", columns.Big, primary_key=True),
    columns.big("at"),
    columns.text("actor"),
    columns.text("action"),
    columns.text("module"),
    columns.text("subject", null=True),
    columns.text("input_digest"),
    columns.text("summary"),  # JSON, personal and secret fields masked
    columns.text("outcome"),
    columns.text("key", null=True),
    Index(None, "subject"),
    autoincrement=True,
)

audit_seal = columns.table(
    "audit_seal",
    Column("id", columns.Big, primary_key=True),
    columns.big("first_id"),
    columns.big("last_id"),
    columns.text("hash"),
    columns.text("previous_hash"),
    columns.big("at"),
    CheckConstraint("first_id <= last_id", name="range"),
    UniqueConstraint("first_id"),
    autoincrement=True,
)

number_series = columns.table(
    "number_series",
    columns.text("name", primary_key=True),
    columns.big("next", server_default=text("1")),
    CheckConstraint("next >= 1", name="next"),
    rowid=False,
)
