"""A short rollout file without faults, and how tests change it."""

from __future__ import annotations

from fenbu.engine.rollout.file import RolloutFile, parse

PLAN = """\
name = "shop"
version = 1
sponsor = "Mei Lin"
owner = "Operations"
kernel = ">=1,<2"

[modules.erp]
version = ">=0.1,<1"
on_disable = "drain"

[modules.erp.settings]
payment_days = 30

[modules.payments]
settings = { orders = "on_account" }

[[stages]]
name = "information"
title = "Information flow"
goal = "Orders stand in one place."
modules = ["erp"]
history = { "erp.payroll" = "from_now" }
approvals = { decision = 1 }

[[stages.after]]
check = "erp.ledger_balanced"

[[stages]]
name = "capital"
title = "Capital flow"
goal = "Money moves by itself."
modules = ["payments"]
rollback = { in_flight = "park" }

[stages.settings.erp]
payment_days = 14

[[stages.before]]
metric = "erp.overdue"
must_be = "<= 1000.50"
window = "2 weeks"
samples = 20

[[stages.before]]
date = 2027-01-04
"""


def changed(old: str, new: str) -> str:
    """Return the plan with one thing in it changed; the thing is there once."""
    assert PLAN.count(old) == 1, old
    return PLAN.replace(old, new)


def told(file: RolloutFile) -> list[str]:
    """Return the faults of a file as a person reads them: line, problem, way out."""
    return [f"{one.line}: {one.problem} → {one.way_out}".removesuffix(" → ") for one in file.faults]


def faults_of(text: str) -> list[str]:
    """Return the faults of a text."""
    return told(parse(text))
