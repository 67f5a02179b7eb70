"""Lives of processes that carry a tea house's rollout out, and what must hold however they died."""

from __future__ import annotations

import sys
from collections import Counter

from sqlalchemy import text

from fenbu.engine.catalog.errors import StillNeeded
from fenbu.engine.catalog.states import ModuleState
from fenbu.engine.kernel import Kernel
from fenbu.engine.rollout.apply import apply
from fenbu.engine.rollout.errors import GateNotMet, OutOfTurn, StalePlan, Unfinished, WouldStrand
from fenbu.engine.rollout.file import parse
from fenbu.engine.rollout.rolling_back import roll_back
from fenbu.engine.stages import lock, records
from fenbu.engine.stages.errors import Locked
from fenbu.errors import NotFound, Unknown
from fenbu.work import Actor

EXPECTED = (GateNotMet, OutOfTurn, StalePlan, StillNeeded, Unfinished, WouldStrand, Locked)
"""Refusals that a person meets; anything else is a fault."""
BUSINESS = ("fenbu_event", "kitchen_heard", "kitchen_open", "cellar_heard", "cellar_open", "scales_gauge")


def applying(url: str, site: str, file: str, through: str | None, operator: str) -> str:
    """Apply a file as a process of its own; return the refusal that it met, or nothing."""
    with _opened(url, site, operator) as kernel:
        try:
            apply(kernel, parse(file, "tea.toml"), through=through)
        except EXPECTED as refused:
            return refused.code
    return ""


def taking_back(url: str, site: str, stage: str, operator: str) -> str:
    """Roll a stage back as a process of its own; return as `applying`."""
    with _opened(url, site, operator) as kernel:
        try:
            roll_back(kernel, stage)
        except (*EXPECTED, NotFound, Unknown) as refused:
            return refused.code
    return ""


def holding_on(url: str, site: str, file: str, operator: str, here: str) -> None:
    """Apply a file and stay in the middle of it until killed; write a file when it is there."""
    import time
    from pathlib import Path

    def stay(_happened: object) -> None:
        Path(here).write_text("here", encoding="utf-8")
        time.sleep(300)

    with _opened(url, site, operator) as kernel:
        apply(kernel, parse(file, "tea.toml"), tell=stay)


def _opened(url: str, site: str, operator: str) -> Kernel:
    if site not in sys.path:
        sys.path.insert(0, site)
    return Kernel.open(url, actor=Actor(operator))


def business(kernel: Kernel) -> Counter[str]:
    """Count the rows of business in every table that there is by now."""
    with kernel.database.read() as connection:
        there = [name for name in BUSINESS if connection.dialect.has_table(connection, name)]
        return Counter(
            {name: connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one() for name in there}
        )


def heard_twice(kernel: Kernel) -> list[str]:
    """Return the orders that a module has heard of more than once."""
    found = []
    with kernel.database.read() as connection:
        for name in ("kitchen_heard", "cellar_heard"):
            if connection.dialect.has_table(connection, name):
                twice = f"SELECT label FROM {name} GROUP BY label HAVING count(*) > 1"
                found += list(connection.execute(text(twice)).scalars())
    return found


def broken_promises(kernel: Kernel) -> list[str]:
    """Return in which ways the journal says otherwise than what is, right after whatever has happened."""
    wrong = []
    on = {name for name, module in kernel.modules().by_name.items() if module.row and module.row.on}
    with kernel.database.read() as connection:
        held = lock.held(connection)
        if held is not None and not held.dead:
            wrong.append(f"the lock is still {held.operator}'s")
        runs = records.runs(connection)
        if sum(run.open for run in runs) > 1:
            wrong.append("two stages are half-applied")
        for run in runs:
            done = [one.done_at is not None for one in records.steps(connection, run.id)]
            if done != sorted(done, reverse=True):
                wrong.append(f"run {run.id} has done a step before the one in front of it")
            if (run.outcome == "done") != all(done):
                wrong.append(f"run {run.id} ended {run.outcome} with steps {done}")
    return wrong + _not_as_journalled(kernel, on)


def _not_as_journalled(kernel: Kernel, on: set[str]) -> list[str]:
    """Return the modules that an open run has switched otherwise than its journal says."""
    states = {name: module.state for name, module in kernel.modules().by_name.items()}
    with kernel.database.read() as connection:
        run = records.open_run(connection)
        journal = records.steps(connection, run.id) if run is not None else []
    wrong = []
    for one in journal:
        for name in one.step.modules:
            if one.step.kind == "enable" and (name in on) != (one.done_at is not None):
                wrong.append(f"step {one.n} enables {name}, which is {states[name]}, done {one.done_at}")
            leaves = name not in on or states[name] is ModuleState.DRAINING
            if one.step.kind == "disable" and leaves != (one.done_at is not None):
                wrong.append(f"step {one.n} disables {name}, which is {states[name]}, done {one.done_at}")
    return wrong
