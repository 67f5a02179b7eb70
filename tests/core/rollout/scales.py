"""A module for the tests of gates and readings: its numbers are what was last put on the scales, or they break."""

from __future__ import annotations

from fenbu.engine.kernel import Kernel
from fenbu.testing.dummies import DummyModule

NUMBERS = '''
from datetime import timedelta
from decimal import Decimal

from sqlalchemy import text

from fenbu import Completeness, Counted
from fenbu.metrics import Check, Finding, Health, Metric

_LAST = text("SELECT label FROM scales_gauge ORDER BY id DESC LIMIT 1")


def weight(work):
    """Return what lies on the scales, exactly."""
    label = work.execute(_LAST).scalar()
    return None if label in (None, "nothing") else Decimal(label)


def pieces(work):
    """Return how often something was put on the scales."""
    return work.execute(text("SELECT count(*) FROM scales_gauge")).scalar()


def broken(work):
    """Ask the database what it does not know, which on PostgreSQL spoils a transaction."""
    return work.execute(text("SELECT no_such_column FROM scales_gauge")).scalar()


def inexact(work):
    return 0.1


def level(work):
    """Say whether the scales stand level, as they were told."""
    said = work.execute(_LAST).scalar()
    if said is None:
        return Finding(Health.UNKNOWN, "nobody has looked")
    health, counted, skipped = said.split()
    return Finding(Health(health), f"{health} it is", int(counted), int(skipped))


METRICS = tuple(
    Metric(name=f"scales.{run.__name__}", title=run.__name__, unit=unit, definition="As put.", value=run)
    for run, unit in ((weight, "quantity"), (pieces, "count"), (broken, "count"), (inexact, "percent"))
)


def weighed(work):
    """Count what was put on the scales."""
    rows = work.execute(text("SELECT label FROM scales_gauge ORDER BY id")).scalars().all()
    return Counted(len(rows), len(rows) - rows.count("nothing"), ["nothing"] * rows.count("nothing"))


COMPLETENESS = tuple(
    Completeness(name=f"scales.{run.__name__}", title=run.__name__, definition="As put.", count=run,
                 drill="scales.gauges", repair="put | something on")
    for run in (weighed, broken, lambda work: None)
)
CHECKS = tuple(
    Check(name=f"scales.{run.__name__}", title=run.__name__, run=run, repair="put a wedge under it")
    for run in (level, broken)
)
'''

SCALES = DummyModule(
    name="scales",
    tables=("gauge",),
    manifest={
        "metrics": "'fenbu_scales.numbers:METRICS'",
        "checks": "'fenbu_scales.numbers:CHECKS'",
        "completeness": "'fenbu_scales.numbers:COMPLETENESS'",
    },
    files={"numbers.py": NUMBERS},
)


def put(kernel: Kernel, label: str) -> None:
    """Let the scales show this from now on."""
    with kernel.database.write() as connection:
        connection.exec_driver_sql(f"INSERT INTO scales_gauge (label) VALUES ('{label}')")
