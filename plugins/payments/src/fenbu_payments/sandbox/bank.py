"""The sandbox's own record in an SQLite file: what it was asked, what it did, what it holds for whom.

It never looks into fenbu's database, so that a test can compare the two. Failures are declared, once
(``fail("timeout", kind="capture")``) or as shares (``share("decline", 0.1)``): what fails follows from the seed,
what the operation is for (``about``) and which of its kind it is for that, and so is the same in every run in which
the same orders are paid.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Any

from fenbu.values import round_amount
from fenbu_payments.errors import SandboxDiffers

HOLDS = 7 * 86_400
"""Seconds for which an authorisation holds, unless the bank is told otherwise."""
REMEMBERS = 86_400
"""Seconds for which an idempotency key is remembered."""
LATE = 3600
"""Seconds by which a late notice is late, and after which a pending operation is settled, unless told otherwise."""
FAILURES = ("decline", "partial", "timeout", "pending", "outage", "duplicate", "late", "silent")
"""``decline``: refused. ``partial``: half of what is to be held is. ``timeout``: done, and the answer is lost.
``pending``: taken; what became of it is said an hour later. ``outage``: nobody is there.
``duplicate``, ``late``, ``silent``: its notice comes twice, an hour later, never."""

_SCHEMA = """
CREATE TABLE operation (
    id INTEGER PRIMARY KEY, key TEXT NOT NULL, reference TEXT NOT NULL, payment TEXT NOT NULL, about TEXT NOT NULL,
    kind TEXT NOT NULL, amount TEXT NOT NULL, currency TEXT NOT NULL, done INTEGER NOT NULL, reason TEXT NOT NULL,
    at REAL NOT NULL, known REAL NOT NULL
) STRICT;
CREATE INDEX operation_key ON operation (key);
CREATE INDEX operation_reference ON operation (reference);
CREATE INDEX operation_payment ON operation (payment);
CREATE TABLE hold (payment TEXT PRIMARY KEY, expires REAL NOT NULL) STRICT;
CREATE TABLE failure (
    id INTEGER PRIMARY KEY, what TEXT NOT NULL, kind TEXT NOT NULL, payment TEXT NOT NULL, times INTEGER NOT NULL
) STRICT;
CREATE TABLE notice (
    id INTEGER PRIMARY KEY, event TEXT NOT NULL, body TEXT NOT NULL, due REAL NOT NULL, taken INTEGER NOT NULL
) STRICT;
CREATE TABLE asked (
    reference TEXT PRIMARY KEY, about TEXT NOT NULL, kind TEXT NOT NULL, nth INTEGER NOT NULL, tries INTEGER NOT NULL
) STRICT;
CREATE INDEX asked_about ON asked (about, kind);
CREATE TABLE setting (name TEXT PRIMARY KEY, value REAL NOT NULL) STRICT;
"""

_VERSION = 2
"""Of the schema, kept in the file; moved whenever the schema changes."""

_NEEDS_ROOM = {"capture": "authorise", "void": "authorise", "refund": "capture"}


class Outage(Exception):
    """Nobody is there; nothing was done."""


class AnswerLost(TimeoutError):
    """It was done, and the answer did not arrive."""


class Bank:
    """The sandbox on its file; one object a thread."""

    def __init__(self, file: str | Path) -> None:
        """Open the file, or make it.

        Raises:
            SandboxDiffers: Another version of the sandbox has made it.
        """
        self._db = sqlite3.connect(file, timeout=30, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.execute(
            "PRAGMA synchronous = NORMAL"
        )  # survives the death of its process, not of the machine
        if self._version() != _VERSION:
            self._db.execute("PRAGMA journal_mode = WAL")
            with self._transaction():
                self._make(str(file))
        self._read_settings()

    def _version(self) -> int:
        return int(self._db.execute("PRAGMA user_version").fetchone()[0])

    def _make(self, file: str) -> None:
        """Make the tables of a new file; another process may have done so meanwhile."""
        if (found := self._version()) == _VERSION:
            return
        if self._db.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
            raise SandboxDiffers(file, found, _VERSION)
        for statement in _SCHEMA.split(";"):
            self._db.execute(statement)
        self._db.execute(f"PRAGMA user_version = {_VERSION}")

    def __enter__(self) -> Bank:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    # --- what a merchant asks -------------------------------------------------------------------------

    def perform(self, wanted: dict[str, Any], key: str) -> dict[str, Any]:
        """Do what is asked, once for a key that is remembered, and return what the merchant is told.

        Args:
            wanted: ``kind``, ``reference``, ``payment``, ``about`` (what it is for; the payment unless given),
                ``amount`` (text), ``currency``.
            key: Idempotency key.

        Raises:
            Outage: Nothing was done.
            AnswerLost: It was done.
        """
        wanted = {"about": wanted["payment"], **wanted}
        with self._transaction():
            self._read_settings()
            tries = self._try(wanted)
            if self._fails("outage", wanted, tries):
                raise Outage("503 the sandbox is out of order")
            lost = self._fails("timeout", wanted, tries)
            row = self._known(key) or self._do(wanted, key)
            told = self._told(row)
        if lost:
            raise AnswerLost("the answer of the sandbox was lost")
        return told

    def find(self, reference: str) -> dict[str, Any] | None:
        """Return what is known of an operation by the merchant's reference: done rather than refused.

        Raises:
            Outage: One was declared for asking: ``fail("outage", kind="ask")``.
        """
        self._read_settings()
        row = self._db.execute(
            "SELECT * FROM operation WHERE reference = ? ORDER BY done DESC, id LIMIT 1", (reference,)
        ).fetchone()
        if row is not None and self._declared("outage", "ask", row["payment"]):
            raise Outage("503 the sandbox is out of order")
        return None if row is None else self._told(row)

    def _known(self, key: str) -> sqlite3.Row | None:
        since = self.now - self._setting("remembers", REMEMBERS)
        found: sqlite3.Row | None = self._db.execute(
            "SELECT * FROM operation WHERE key = ? AND at > ? LIMIT 1", (key, since)
        ).fetchone()
        return found

    def _do(self, wanted: dict[str, Any], key: str) -> sqlite3.Row:
        kind, payment, amount = wanted["kind"], wanted["payment"], Decimal(wanted["amount"])
        if kind == "authorise" and self._fails("partial", wanted, 0):
            amount = round_amount(amount / 2, wanted["currency"])
        reason = self._refusal(kind, payment, amount)
        if not reason and self._fails("decline", wanted, 0):
            reason = "declined by the payer's bank"
        row: sqlite3.Row = self._db.execute(
            "INSERT INTO operation (key, reference, payment, about, kind, amount, currency, done, reason, at, known) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING *",
            (
                key,
                wanted["reference"],
                payment,
                wanted["about"],
                kind,
                str(amount),
                wanted["currency"],
                int(not reason),
                reason,
                self.now,
                self.now + (self._setting("late", LATE) if self._fails("pending", wanted, 0) else 0),
            ),
        ).fetchone()
        if not reason and kind in ("authorise", "renew"):
            self._db.execute(
                "INSERT INTO hold VALUES (?, ?) ON CONFLICT (payment) DO UPDATE SET expires = excluded.expires",
                (payment, self.now + self._setting("holds", HOLDS)),
            )
        self._announce(row, wanted)
        return row

    def _refusal(self, kind: str, payment: str, amount: Decimal) -> str:
        """Say why the bank's own rules forbid it; empty when they do not."""
        if kind == "capture" and self._expires_in(payment) <= 0:
            return "the authorisation has expired"
        if kind not in _NEEDS_ROOM:
            return ""
        moved = self.moved(payment)
        room = moved[_NEEDS_ROOM[kind]] - moved[kind] - (moved["void"] if kind == "capture" else 0)
        room -= moved["capture"] if kind == "void" else 0
        return f"only {room} is left to {kind}" if amount > room else ""

    def _told(self, row: sqlite3.Row) -> dict[str, Any]:
        if row["known"] > self.now:
            return self._head(row) | {"done": False, "pending": True}
        return self._settled(row)

    def _head(self, row: sqlite3.Row) -> dict[str, Any]:
        names = ("kind", "reference", "payment", "amount", "currency")
        return {name: row[name] for name in names} | {"number": f"sb_{row['id']}"}

    def _settled(self, row: sqlite3.Row) -> dict[str, Any]:
        """Return what became of an operation, known to the merchant or not."""
        holds = row["done"] and row["kind"] in ("authorise", "renew")
        return self._head(row) | {
            "done": bool(row["done"]),
            "fee": self._fee(row),
            "expires_in": int(self._expires_in(row["payment"])) if holds else None,
            "reason": row["reason"],
        }

    def _fee(self, row: sqlite3.Row) -> str:
        share = Decimal(str(self._setting("fee", 0)))
        if row["kind"] != "capture" or not share:
            return "0"
        return str((Decimal(row["amount"]) * share).quantize(Decimal("0.01")))

    def _expires_in(self, payment: str) -> float:
        row = self._db.execute("SELECT expires FROM hold WHERE payment = ?", (payment,)).fetchone()
        return 0.0 if row is None else float(row["expires"]) - self.now

    # --- notices --------------------------------------------------------------------------------------

    def _announce(self, row: sqlite3.Row, wanted: dict[str, Any]) -> None:
        if self._fails("silent", wanted, 0):
            return
        event = f"evt_{row['id']}"
        body = json.dumps(self._settled(row) | {"event": event})
        due = row["known"] + (self._setting("late", LATE) if self._fails("late", wanted, 0) else 0)
        for _copy in range(2 if self._fails("duplicate", wanted, 0) else 1):
            self._db.execute("INSERT INTO notice VALUES (NULL, ?, ?, ?, 0)", (event, body, due))

    def take_notices(self, shuffle: Random | None = None) -> list[str]:
        """Return the bodies of the notices that are due and were not taken yet, in order or shuffled."""
        due = self.due_notices()
        self.acknowledge(due)
        bodies = list(due.values())
        if shuffle is not None:
            shuffle.shuffle(bodies)
        return bodies

    def due_notices(self) -> dict[int, str]:
        """Return the notices that are due and were not taken yet, by number; they are told until acknowledged."""
        rows = self._db.execute(
            "SELECT id, body FROM notice WHERE taken = 0 AND due <= ? ORDER BY id", (self.now,)
        )
        return {row["id"]: row["body"] for row in rows}

    def untold(self) -> int:
        """Return how many notices are still to be told, due or not."""
        return int(self._db.execute("SELECT count(*) FROM notice WHERE taken = 0").fetchone()[0])

    def acknowledge(self, numbers: Iterable[int]) -> None:
        """Tell these notices no more."""
        with self._transaction():
            self._db.executemany("UPDATE notice SET taken = 1 WHERE id = ?", [(one,) for one in numbers])

    # --- failures, clock, settings --------------------------------------------------------------------

    def fail(self, what: str, *, kind: str = "", payment: str = "", times: int = 1) -> None:
        """Let the next operations fail: of a kind, of a payment, or whatever comes."""
        if what not in FAILURES:
            raise ValueError(f"one of {', '.join(FAILURES)} is wanted, got {what!r}")
        self._db.execute("INSERT INTO failure VALUES (NULL, ?, ?, ?, ?)", (what, kind, payment, times))

    def share(self, what: str, share: float, *, kind: str = "", seed: int = 1) -> None:
        """Let this share of all operations of a kind, or of all, fail: of their attempts, if lost on the way."""
        if what not in FAILURES:
            raise ValueError(f"one of {', '.join(FAILURES)} is wanted, got {what!r}")
        self.set(f"share.{what}.{kind}", share)
        self.set("seed", seed)

    def mend(self) -> None:
        """Let nothing fail any more that was declared to."""
        self._db.execute("UPDATE failure SET times = 0")
        self._db.execute("DELETE FROM setting WHERE name LIKE 'share.%'")
        self._read_settings()

    def set(self, name: str, value: float) -> None:
        """Set ``holds``, ``remembers``, ``late`` (seconds) or ``fee`` (share of a capture)."""
        self._db.execute(
            "INSERT INTO setting VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            (name, value),
        )
        self._read_settings()

    @property
    def now(self) -> float:
        """Seconds since 1970 by the bank's clock, which can be set."""
        return time.time() + self._setting("clock", 0)

    def set_clock(self, seconds: float) -> None:
        """Let the bank's clock show this moment, seconds since 1970; it goes on from there."""
        self.set("clock", seconds - time.time())

    def _read_settings(self) -> None:
        """Read what others may have set meanwhile, and whether any failure is declared."""
        self._settings = {
            row["name"]: float(row["value"]) for row in self._db.execute("SELECT * FROM setting")
        }
        self._failing = (
            self._db.execute("SELECT 1 FROM failure WHERE times > 0 LIMIT 1").fetchone() is not None
        )

    def _setting(self, name: str, otherwise: float) -> float:
        return self._settings.get(name, otherwise)

    def _fails(self, what: str, wanted: dict[str, Any], tries: int) -> bool:
        if self._declared(what, wanted["kind"], wanted["payment"]):
            return True
        share = max(self._setting(f"share.{what}.{kind}", 0) for kind in ("", wanted["kind"]))
        if not share:
            return False
        nth = self._db.execute("SELECT nth FROM asked WHERE reference = ?", (wanted["reference"],)).fetchone()
        drawn_by = (self._setting("seed", 1), what, wanted["about"], wanted["kind"], nth["nth"], tries)
        return Random("/".join(map(str, drawn_by))).random() < share

    def _declared(self, what: str, kind: str, payment: str) -> bool:
        """Say whether a failure is declared for this, and use it up."""
        row = (
            self._failing
            and self._db.execute(
                "SELECT id FROM failure WHERE what = ? AND times > 0 AND kind IN ('', ?) AND payment IN ('', ?) "
                "ORDER BY id LIMIT 1",
                (what, kind, payment),
            ).fetchone()
        )
        if row:
            self._db.execute("UPDATE failure SET times = times - 1 WHERE id = ?", (row["id"],))
        return bool(row)

    def _try(self, wanted: dict[str, Any]) -> int:
        """Count an attempt; the first also gives the operation its place among those of its kind for this."""
        row = self._db.execute(
            "INSERT INTO asked SELECT :reference, :about, :kind, 1 + count(*), 1 FROM asked "
            "WHERE about = :about AND kind = :kind "
            "ON CONFLICT (reference) DO UPDATE SET tries = tries + 1 RETURNING tries",
            {name: wanted[name] for name in ("reference", "about", "kind")},
        ).fetchone()
        return int(row["tries"])

    # --- what it knows, for comparing -----------------------------------------------------------------

    def moved(self, payment: str) -> dict[str, Decimal]:
        """Return what was done for a payment, by kind of operation."""
        found = dict.fromkeys(("authorise", "capture", "void", "refund", "payout", "renew"), Decimal(0))
        rows = self._db.execute(
            "SELECT kind, amount FROM operation WHERE payment = ? AND done = 1", (payment,)
        )
        for row in rows:
            found[row["kind"]] += Decimal(row["amount"])
        return found

    def done(self, kind: str) -> Counter[str]:
        """Return how often each operation of a kind was done, by the merchant's reference."""
        rows = self._db.execute("SELECT reference FROM operation WHERE kind = ? AND done = 1", (kind,))
        return Counter(row["reference"] for row in rows)

    def ended(self) -> list[tuple[str, str, str, bool]]:
        """Return what, of which kind, for how much, and whether it was done, of every operation, sorted."""
        rows = self._db.execute("SELECT about, kind, amount, done FROM operation ORDER BY 1, 2, 3, 4")
        return [(row["about"], row["kind"], row["amount"], bool(row["done"])) for row in rows]

    def payments(self) -> list[str]:
        """Return the payments it was ever asked about."""
        return [row["payment"] for row in self._db.execute("SELECT DISTINCT payment FROM operation")]

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """Commit what the body did, also when it ends in an outage: what failed counts as failed."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except Outage:
            self._db.execute("COMMIT")
            raise
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")


_KEPT = threading.local()


def kept(file: str | Path) -> Bank:
    """Return this thread's bank on a file; it stays open until the thread ends or asks for another file.

    Opening reads schema and settings, and closing writes the log into the file: together more than an operation
    costs. A file that was deleted or replaced meanwhile is let go.
    """
    held: tuple[str | Path, tuple[int, int] | None, Bank] | None = getattr(_KEPT, "held", None)
    if held is not None:
        if held[:2] == (file, _number(file)):
            return held[2]
        del _KEPT.held
        held[2].close()
    bank = Bank(file)
    _KEPT.held = (file, _number(file), bank)
    return bank


def _number(file: str | Path) -> tuple[int, int] | None:
    """Return what tells a file from every other there is; None when there is none."""
    try:
        found = Path(file).stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino
