"""What was read from the files of others."""

from __future__ import annotations

from sqlalchemy import Column, text

from fenbu.engine.store.tables import columns

import_reference = columns.table(
    "import_reference",  # the source's own reference: what was read once is not read again
    columns.text("profile", primary_key=True),
    columns.text("reference", primary_key=True),
    columns.text("digest"),
    columns.big("at"),
    columns.text("outcome"),
    columns.text("detail", null=True),
    rowid=False,
)

import_run = columns.table(
    "import_run",
    Column("id", columns.Big, primary_key=True),
    columns.text("profile"),
    columns.text("file"),
    columns.text("digest"),
    columns.big("started_at"),
    columns.big("finished_at", null=True),
    columns.big("rows", server_default=text("0")),
    columns.big("documents", server_default=text("0")),
    columns.big("rejected", server_default=text("0")),
    autoincrement=True,
)
