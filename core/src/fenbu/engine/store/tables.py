"""The kernel's own tables.

All names begin with ``fenbu_``. Instants are whole UTC microseconds, days are ISO text
(``2026-03-31``), JSON is text, amounts are scaled integers. On SQLite every table is STRICT,
so a wrong type is refused and not kept. There is no ``ON DELETE CASCADE`` anywhere, and no foreign
key on the paths that every order takes: their rows are written by one statement each in `flows`,
and `doctor` counts them.

Invariants stated here and held by the database:

- ``event``, ``event_about``, ``audit`` and ``audit_seal`` are append-only (`APPEND_ONLY`).
- ``performed.key`` answers once; ``call`` exists once for one operation on one subject and number.
- ``enterprise`` has one row.

`history` makes these tables. After a change here: ``python tools/kernel_history.py`` (until the first
release; from then on a change is a step of its own).
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlalchemy.engine import Dialect

metadata = MetaData(
    naming_convention={  # as `fenbu.tables`, which is not imported here because SQLModel costs half a second
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Big = BigInteger().with_variant(Integer(), "sqlite")
"""64 bits: SQLite's INTEGER holds them, and STRICT tables know no BIGINT."""


class Flag(TypeDecorator[bool]):
    """Yes or no as 1 or 0, so that the same SQL text (``WHERE owner = 1``) runs on both databases."""

    impl = SmallInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """SQLite's STRICT tables know INTEGER only."""
        return Integer() if dialect.name == "sqlite" else SmallInteger()

    def process_bind_param(self, value: bool | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        """Write 0 or 1."""
        return None if value is None else int(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> bool | None:  # noqa: ARG002
        """Read a bool."""
        return None if value is None else bool(value)


def _table(name: str, *parts: Any, rowid: bool = True, autoincrement: bool = False) -> Table:
    """Declare one kernel table: prefix, STRICT, and WITHOUT ROWID where the key is the row."""
    options: dict[str, Any] = {"sqlite_strict": True}
    if not rowid:
        options["sqlite_with_rowid"] = False
    if autoincrement:  # a number is never given twice, even after the newest row is gone
        options["sqlite_autoincrement"] = True
    return Table(f"fenbu_{name}", metadata, *parts, **options)


def _text(name: str, null: bool = False, **options: Any) -> Column[str]:
    return Column(name, Text, nullable=null, **options)


def _big(name: str, null: bool = False, **options: Any) -> Column[int]:
    return Column(name, Big, nullable=null, **options)


def _small(name: str, null: bool = False, **options: Any) -> Column[int]:
    return Column(name, Integer, nullable=null, **options)


def _flag(name: str, **options: Any) -> Column[bool]:
    return Column(name, Flag, nullable=False, **options)


def _one_of(column: str, *values: str) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


# The enterprise and who works in it

enterprise = _table(
    "enterprise",
    Column("id", Integer, primary_key=True, autoincrement=False),
    _text("name"),
    _text("currency"),
    _text("timezone"),
    _big("created_at"),
    _big("generation", server_default=text("1")),  # of the catalogue: moves when modules change
    _text("copy_of", null=True),  # a copy or a restored backup: no call leaves it until cleared
    CheckConstraint("id = 1", name="one_row"),
    CheckConstraint("length(currency) = 3", name="currency"),
)

operator = _table(
    "operator",
    _text("name", primary_key=True),
    _text("os_user", null=True, unique=True),
    _flag("owner", server_default=text("0")),
    _big("created_at"),
    _big("disabled_at", null=True),
)

# Modules, what is wrong with them, and their settings

module = _table(
    "module",
    _text("name", primary_key=True),
    _text("state"),  # the states are data in `engine/states`, which checks them
    _text("version", null=True),
    _small("position", null=True),  # order of enabling; null when not enabled
    _text("snapshot", null=True),  # JSON: tables, hooks, subscriptions, permissions at enabling
    _text("reason", null=True),
    _big("changed_at"),
)

problem = _table(
    "problem",
    Column("id", Big, primary_key=True),
    _text("module"),
    _text("kind"),
    _text("subject"),
    _text("detail"),
    _text("hint"),
    _big("first_at"),
    _big("last_at"),
    _big("count", server_default=text("1")),
    UniqueConstraint("module", "kind", "subject"),
)

setting = _table(
    "setting",
    _text("module", primary_key=True),
    _text("name", primary_key=True),
    _text("value"),  # JSON; a secret stands here only by reference
    rowid=False,
)

# What was done

performed = _table(
    "performed",
    _text("key", primary_key=True),  # idempotency key
    _text("action"),
    _text("input_digest"),
    _text("answer"),  # JSON
    _big("at"),
    rowid=False,
)

audit = _table(
    "audit",
    Column("id", Big, primary_key=True),
    _big("at"),
    _text("actor"),
    _text("action"),
    _text("module"),
    _text("subject", null=True),
    _text("input_digest"),
    _text("summary"),  # JSON, personal and secret fields masked
    _text("outcome"),
    _text("key", null=True),
    Index(None, "subject"),
    autoincrement=True,
)

audit_seal = _table(
    "audit_seal",
    Column("id", Big, primary_key=True),
    _big("first_id"),
    _big("last_id"),
    _text("hash"),
    _text("previous_hash"),
    _big("at"),
    CheckConstraint("first_id <= last_id", name="range"),
    UniqueConstraint("first_id"),
    autoincrement=True,
)

number_series = _table(
    "number_series",
    _text("name", primary_key=True),
    _big("next", server_default=text("1")),
    CheckConstraint("next >= 1", name="next"),
    rowid=False,
)

# Flows: the log, and what is still to do

event = _table(
    "event",
    Column("seq", Big, primary_key=True),
    _text("id", unique=True),
    _text("topic"),
    _small("version"),
    _text("key"),
    _small("partition"),  # hash(key) mod P
    _text("route", null=True),
    _text("about"),  # JSON {"order": "SO-000123", ...}; `event_about` finds by it
    _text("payload"),  # JSON
    _big("at"),
    _big("not_before", null=True),  # a timer
    _text("day", null=True),  # business date
    _big("cause", null=True),  # seq of the event whose handler published this one
    _small("depth", server_default=text("0")),
    _text("actor"),
    _text("module"),  # the publisher
    Index(None, "key"),
    autoincrement=True,
)

event_about = _table(
    "event_about",
    _text("kind", primary_key=True),
    _text("value", primary_key=True),
    _big("seq", primary_key=True),
    rowid=False,
)

subscription = _table(
    "subscription",
    Column("id", Integer, primary_key=True),
    _text("name", unique=True),
    _text("module"),
    _text("state", server_default="active"),
    _text("reason", null=True),
    _flag("gathers", server_default=text("1")),  # new events make deliveries; no when only position is kept
    _text("history"),
    _big("history_position", server_default=text("0")),  # last seq expanded into deliveries
    _big("history_end", server_default=text("0")),  # last seq to expand; live ones come after it
    _big("changed_at"),
    _one_of("state", "active", "paused", "tripped", "dropped"),
    _one_of("history", "catch_up", "from_now"),
)

subscription_topic = _table(
    "subscription_topic",
    _text("topic", primary_key=True),
    Column("subscription", ForeignKey("fenbu_subscription.id"), primary_key=True),
    _small("version"),  # the newest that the handler knows; a higher one is held
    _text("route", null=True),  # null takes all
    rowid=False,
)

gathering = _table(
    "gathering",  # since when, and until when, a subscription is told of a topic: what the books count by
    _text("topic", primary_key=True),
    Column("subscription", ForeignKey("fenbu_subscription.id"), primary_key=True),
    _big("after", primary_key=True),  # events with a higher seq
    _big("until", null=True),  # up to and with this seq; null goes on
    _text("route", null=True),
    rowid=False,
)

partition = _table(
    "partition",  # the row that a PostgreSQL worker locks, and the books of what has left `delivery`
    Column("subscription", ForeignKey("fenbu_subscription.id"), primary_key=True),
    _small("partition", primary_key=True),
    _big("done", server_default=text("0")),
    _big("replayed", server_default=text("0")),  # delivered again on purpose, over what was published
    rowid=False,
)

delivery = _table(
    "delivery",  # deleted when done: holds only what is still to do
    _small("subscription", primary_key=True),
    _small("partition", primary_key=True),
    _text("state", primary_key=True, server_default="waiting"),
    _big("seq", primary_key=True),
    _text("key"),
    _small("attempts", server_default=text("0")),
    _big("not_before", server_default=text("0")),
    _text("error", null=True),
    # `scheduled` is a timer not yet due: kept apart, so that fetching `waiting` never reads over it.
    _one_of("state", "waiting", "scheduled", "held", "dead"),
    rowid=False,
)
Index(
    "ix_fenbu_delivery_held",  # followers of one blocked key, in order
    delivery.c.subscription,
    delivery.c.key,
    delivery.c.seq,
    sqlite_where=text("state = 'held'"),
    postgresql_where=text("state = 'held'"),
)
Index(
    "ix_fenbu_delivery_due",  # timers by when they fall due
    delivery.c.not_before,
    sqlite_where=text("state = 'scheduled'"),
    postgresql_where=text("state = 'scheduled'"),
)

delivered = _table(
    "delivered",  # written with the acknowledgement; kept a while for the screens
    _big("seq", primary_key=True),  # first, so that a busy log appends and pruning cuts one end
    _small("subscription", primary_key=True),
    _big("at"),
    _small("ms"),
    _small("attempts"),
    rowid=False,
)

skipped = _table(
    "skipped",  # deliveries that ended by decision: skipped, waived, a cancelled timer
    _big("seq", primary_key=True),
    _small("subscription", primary_key=True),
    _big("at", primary_key=True),  # a replayed delivery may be skipped again
    _text("reason"),
    rowid=False,
)

blocked_key = _table(
    "blocked_key",  # one row a key that is failing or dead; the key's other events are held
    _small("subscription", primary_key=True),
    _text("key", primary_key=True),
    _big("seq"),  # the event that fails; while releasing, the last one that may go
    _flag("releasing", server_default=text("0")),  # followers are let go, a number at a time
    rowid=False,
)

cancelled_event = _table(
    "cancelled_event",
    Column("seq", Big, primary_key=True, autoincrement=False),  # a timer that must not ring
    _big("at"),
)

# Calls to the outside, and the workers

call = _table(
    "call",
    _text("id", primary_key=True),  # idempotency key; never changes
    _text("module"),
    _text("operation"),
    _text("subject"),
    _small("n"),
    _text("key"),  # of the outcome's events: the order's
    _big("amount", null=True),  # scaled as MoneyType
    _text("currency", null=True),
    _text("payload"),  # JSON
    _text("state", server_default="new"),
    _big("first_sent", null=True),
    _big("lease_until", null=True),
    _small("attempts", server_default=text("0")),
    _big("not_before", server_default=text("0")),
    _text("error", null=True),
    _text("result", null=True),  # JSON
    _big("at"),
    UniqueConstraint("operation", "subject", "n"),
    _one_of("state", "new", "sending", "done", "failed", "unknown", "dead"),
)
Index(
    "ix_fenbu_call_due",
    call.c.not_before,
    sqlite_where=text("state IN ('new', 'sending', 'unknown')"),
    postgresql_where=text("state IN ('new', 'sending', 'unknown')"),
)

worker = _table(
    "worker",
    _text("id", primary_key=True),
    _text("host"),
    _small("pid"),
    _big("started_at"),
    _big("beat_at"),
    _text("doing"),
)

# Imports

import_reference = _table(
    "import_reference",  # the source's own reference: what was read once is not read again
    _text("profile", primary_key=True),
    _text("reference", primary_key=True),
    _text("digest"),
    _big("at"),
    _text("outcome"),
    _text("detail", null=True),
    rowid=False,
)

import_run = _table(
    "import_run",
    Column("id", Big, primary_key=True),
    _text("profile"),
    _text("file"),
    _text("digest"),
    _big("started_at"),
    _big("finished_at", null=True),
    _big("rows", server_default=text("0")),
    _big("documents", server_default=text("0")),
    _big("rejected", server_default=text("0")),
    autoincrement=True,
)

APPEND_ONLY = (event, event_about, audit, audit_seal)
"""Tables whose rows neither change nor go, by trigger, on both databases."""
