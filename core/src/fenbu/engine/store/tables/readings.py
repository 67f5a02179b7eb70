"""What metrics came to, over time."""

from __future__ import annotations

from sqlalchemy import Index

from fenbu.engine.store.tables import columns

metric_reading = columns.table(
    "metric_reading",
    columns.text("metric", primary_key=True),
    columns.big("at", primary_key=True),
    columns.text("value"),  # digits, as the metric gave them: no scale is known that would hold every unit
    Index(None, "at"),
    rowid=False,
)
