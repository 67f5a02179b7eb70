"""The log of what has happened, what is still to do about it, and who does it."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, UniqueConstraint, text

from fenbu.engine.store.tables import columns

event = columns.table(
    "event",
    Column("seq", columns.Big, primary_key=True),
    columns.text("id", unique=True),
    columns.text("topic"),
    columns.small("version"),
    columns.text("key"),
    columns.small("partition"),  # hash(key) mod P
    columns.text("route", null=True),
    columns.text("about"),  # JSON {"order": "SO-000123", ...}; `event_about` finds by it
    columns.text("payload"),  # JSON
    columns.big("at"),
    columns.big("not_before", null=True),  # a timer
    columns.text("day", null=True),  # business date
    columns.big("cause", null=True),  # seq of the event whose handler published this one
    columns.small("depth", server_default=text("0")),
    columns.text("actor"),
    columns.text("module"),  # the publisher
    Index(None, "key"),
    columns.partial("ix_fenbu_event_cause", "cause", where="cause IS NOT NULL"),  # what came of an event
    autoincrement=True,
)

event_about = columns.table(
    "event_about",
    columns.text("kind", primary_key=True),
    columns.text("value", primary_key=True),
    columns.big("seq", primary_key=True),
    rowid=False,
)

subscription = columns.table(
    "subscription",
    Column("id", Integer, primary_key=True),
    columns.text("name", unique=True),
    columns.text("module"),
    columns.text("state", server_default="active"),
    columns.text("reason", null=True),
    columns.flag(
        "gathers", server_default=text("1")
    ),  # new events make deliveries; no when only position is kept
    columns.text("history"),
    columns.big("history_position", server_default=text("0")),  # last seq expanded into deliveries
    columns.big("history_end", server_default=text("0")),  # last seq to expand; live ones come after it
    columns.big("changed_at"),
    columns.one_of("state", "active", "paused", "tripped", "dropped"),
    columns.one_of("history", "catch_up", "from_now"),
)

subscription_topic = columns.table(
    "subscription_topic",
    columns.text("topic", primary_key=True),
    Column("subscription", ForeignKey("fenbu_subscription.id"), primary_key=True),
    columns.small("version"),  # the newest that the handler knows; a higher one is held
    columns.text("route", null=True),  # null takes all
    rowid=False,
)

gathering = columns.table(
    "gathering",  # since when, and until when, a subscription is told of a topic: what the books count by
    columns.text("topic", primary_key=True),
    Column("subscription", ForeignKey("fenbu_subscription.id"), primary_key=True),
    columns.big("after", primary_key=True),  # events with a higher seq
    columns.big("until", null=True),  # up to and with this seq; null goes on
    columns.text("route", null=True),
    rowid=False,
)

partition = columns.table(
    "partition",  # the row that a PostgreSQL worker locks, and the books of what has left `delivery`
    Column("subscription", ForeignKey("fenbu_subscription.id"), primary_key=True),
    columns.small("partition", primary_key=True),
    columns.big("done", server_default=text("0")),
    columns.big("replayed", server_default=text("0")),  # delivered again on purpose, over what was published
    rowid=False,
)

delivery = columns.table(
    "delivery",  # deleted when done: holds only what is still to do
    columns.small("subscription", primary_key=True),
    columns.small("partition", primary_key=True),
    columns.text("state", primary_key=True, server_default="waiting"),
    columns.big("seq", primary_key=True),
    columns.text("key"),
    columns.small("attempts", server_default=text("0")),
    columns.big("not_before", server_default=text("0")),
    columns.text("error", null=True),
    # `scheduled` is a timer not yet due: kept apart, so that fetching `waiting` never reads over it.
    columns.one_of("state", "waiting", "scheduled", "held", "dead"),
    # Followers of one blocked key, in order; timers by when they fall due.
    columns.partial("ix_fenbu_delivery_held", "subscription", "key", "seq", where="state = 'held'"),
    columns.partial("ix_fenbu_delivery_due", "not_before", where="state = 'scheduled'"),
    rowid=False,
)

delivered = columns.table(
    "delivered",  # written with the acknowledgement; kept a while for the screens
    columns.big("seq", primary_key=True),  # first, so that a busy log appends and pruning cuts one end
    columns.small("subscription", primary_key=True),
    columns.big("at"),
    columns.small("ms"),
    columns.small("attempts"),
    rowid=False,
)

skipped = columns.table(
    "skipped",  # deliveries that ended by decision: skipped, waived, a cancelled timer
    columns.big("seq", primary_key=True),
    columns.small("subscription", primary_key=True),
    columns.big("at", primary_key=True),  # a replayed delivery may be skipped again
    columns.text("reason"),
    rowid=False,
)

blocked_key = columns.table(
    "blocked_key",  # one row a key that is failing or dead; the key's other events are held
    columns.small("subscription", primary_key=True),
    columns.text("key", primary_key=True),
    columns.big("seq"),  # the event that fails; while releasing, the last one that may go
    columns.flag("releasing", server_default=text("0")),  # followers are let go, a number at a time
    rowid=False,
)

cancelled_event = columns.table(
    "cancelled_event",
    Column("seq", columns.Big, primary_key=True, autoincrement=False),  # a timer that must not ring
    columns.big("at"),
)

OPEN_CALLS = ("new", "sending", "unknown")
"""States of calls that are not over and wait for no person."""

call = columns.table(
    "call",
    columns.text("id", primary_key=True),  # idempotency key; never changes
    columns.text("module"),
    columns.text("operation"),
    columns.text("subject"),
    columns.small("n"),
    columns.text("key"),  # of the outcome's events: the order's
    columns.big("amount", null=True),  # scaled as MoneyType
    columns.text("currency", null=True),
    columns.text("payload"),  # JSON
    columns.text("state", server_default="new"),
    columns.big("first_sent", null=True),
    columns.big("lease_until", null=True),
    columns.small("attempts", server_default=text("0")),
    columns.big("not_before", server_default=text("0")),
    columns.text("error", null=True),
    columns.text("result", null=True),  # JSON
    columns.big("at"),
    columns.big("cause", null=True),  # seq of the event whose handler wants it
    UniqueConstraint("operation", "subject", "n"),
    columns.one_of("state", "new", "sending", "done", "failed", "unknown", "dead"),
    columns.partial("ix_fenbu_call_due", "not_before", where="state IN ('new', 'sending', 'unknown')"),
    columns.partial("ix_fenbu_call_cause", "cause", where="cause IS NOT NULL"),
    Index("ix_fenbu_call_at", "at", "id"),  # newest first, page by page
)

worker = columns.table(
    "worker",
    columns.text("id", primary_key=True),
    columns.text("host"),
    columns.small("pid"),
    columns.big("started_at"),
    columns.big("beat_at"),
    columns.text("doing"),
)
