"""A tea house that is rolled out in three stages: the till first, then kitchen and cellar, then the scales."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from attrs import evolve

from fenbu.engine.kernel import Kernel
from fenbu.engine.rollout.file import RolloutFile, parse
from fenbu.work import Actor
from tests.core.rollout.scales import SCALES
from tests.core.states.tea_house import TILL as BARE_TILL
from tests.core.states.tea_house import hearer

TILL = evolve(BARE_TILL, settings="greeting: str = 'good day'\nrounding: int = 5")
KITCHEN = evolve(hearer("kitchen", "from_now"), settings="pots: int = 3\nkey: Secret = ''")
CELLAR = hearer("cellar", "catch_up")
MODULES = (TILL, KITCHEN, CELLAR, SCALES)

FILE = """\
name = "tea"
version = 1
sponsor = "Mei Lin"
owner = "Operations"
kernel = ">=1,<2"

[modules.till]
version = ">=1,<2"
on_disable = "park"

[modules.till.settings]
greeting = "welcome"

[modules.kitchen]
on_disable = "park"

[modules.kitchen.settings]
pots = 4

[modules.cellar]

[modules.scales]

[[stages]]
name = "sale"
title = "Sale"
goal = "Orders are rung up."
modules = ["till"]

[[stages]]
name = "back"
title = "Kitchen and cellar"
goal = "What is rung up is brewed."
modules = ["kitchen", "cellar"]
history = { "kitchen.orders" = "catch_up" }
rollback = { in_flight = "refuse" }

[stages.settings.till]
greeting = "welcome back"
rounding = 10

[[stages]]
name = "weighed"
title = "Scales"
goal = "Tea is weighed."
modules = ["scales"]
rollback = { in_flight = "park" }
"""


def plan_file(*changes: tuple[str, str], path: str = "tea.toml") -> RolloutFile:
    """Return the tea house's file with some texts in it replaced; each is there once."""
    text = FILE
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return parse(text, path)


def guarded(stage: str, text: str) -> tuple[str, str]:
    """Return the change that gives a stage gates or approvals, as keys before its modules."""
    modules = {
        "sale": 'modules = ["till"]',
        "back": 'modules = ["kitchen", "cellar"]',
        "weighed": 'modules = ["scales"]',
    }
    return modules[stage], f"{text}\n{modules[stage]}"


def people(kernel: Kernel) -> None:
    """Let Ann and Art carry the rollout out, Dee and Dan decide, Fay work in a department, Vic look on."""
    for name, *grants in (
        ("ann", "core"),
        ("art", "core"),
        ("dee", "decision"),
        ("dan", "decision"),
        ("fay", "functional"),
        ("vic", "viewer"),
    ):
        kernel.perform("fenbu.operator.add", {"operator": name, "grants": grants, "os_user": name})


Opens = Callable[[str], Kernel]
"""Opens the tea house for an operator."""


def ring(kernel: Kernel, *orders: str) -> None:
    """Ring up orders at the till."""
    for order in orders:
        kernel.perform("till.order.ring", {"order": order}, actor=Actor("ada"))


def states(kernel: Kernel) -> dict[str, str]:
    """Return the state of each module."""
    return {name: str(module.state) for name, module in kernel.modules().by_name.items()}


def kinds(steps: Iterable[Any]) -> list[str]:
    """Return planned steps in short: ``enable till``."""
    return [f"{one.step.kind} {' '.join(one.step.modules)}" for one in steps]
