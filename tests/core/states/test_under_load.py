"""Modules come and go while people work: every work sees all of a module or nothing of it, kill or no kill."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from fenbu.engine.catalog.states import ModuleState
from fenbu.engine.kernel import Kernel
from fenbu.testing.dummies import DummyModule, DummyModules, migration
from fenbu.work import Actor
from tests.core.states.tea_house import KITCHEN, TILL

ADA = Actor("ada")

ENABLE = """
import sys
sys.path.insert(0, sys.argv[2])
from fenbu.engine.kernel import Kernel
from fenbu.work import Actor
with Kernel.open(sys.argv[1], actor=Actor("ada")) as kernel:
    kernel.perform("fenbu.module.enable", {"modules": "tea"})
"""
DIE = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"


def _until(done: threading.Event, more: int) -> Iterator[int]:
    """Count from 1 until something is done and then so many times more, however slow the machine."""
    number = 0
    while not done.is_set() or number <= more:
        number += 1
        yield number
    yield from range(number + 1, number + 1 + more)


def heard(kernel: Kernel) -> set[str]:
    with kernel.database.read() as connection:
        return set(connection.execute(text("SELECT label FROM kitchen_heard")).scalars())


@pytest.mark.parametrize("own_process", [False, True], ids=["one kernel", "a kernel each"])
def test_a_module_enabled_while_four_threads_work_misses_no_question_and_no_event(
    own_process: bool, kernel: Kernel, house_url: str, dummy_modules: DummyModules
) -> None:
    dummy_modules.install(TILL, KITCHEN)
    kernel.perform("fenbu.module.enable", {"modules": "till"})
    asked: set[str] = set()
    rung: list[str] = []
    failed: list[BaseException] = []
    half, enabled = threading.Event(), threading.Event()

    def work(till: int) -> None:
        own = Kernel.open(house_url, actor=ADA) if own_process else kernel
        try:
            for number in _until(enabled, 15):
                order = f"SO-{till}-{number}"
                if own.perform("till.order.ring", {"order": order}).answer["waits"] == ["kitchen"]:
                    asked.add(order)
                rung.append(order)
                if number == 15:
                    half.set()
        except BaseException as error:
            failed.append(error)
        finally:
            if own_process:
                own.close()

    threads = [threading.Thread(target=work, args=(till,)) for till in range(4)]
    for thread in threads:
        thread.start()
    half.wait(30)
    try:
        kernel.perform("fenbu.module.enable", {"modules": "kitchen"})
    finally:
        enabled.set()
    for thread in threads:
        thread.join()
    assert failed == []
    assert 0 < len(asked) < len(rung)  # some before, some after
    assert kernel.drain().finished
    assert heard(kernel) == asked


def test_a_module_disabled_under_load_hears_of_every_order_that_waited_for_it(
    kernel: Kernel, dummy_modules: DummyModules
) -> None:
    dummy_modules.install(TILL, KITCHEN)
    kernel.perform("fenbu.module.enable", {"modules": ["till", "kitchen"]})
    asked: set[str] = set()
    rung: list[str] = []
    half, disabled = threading.Event(), threading.Event()

    def work(till: int) -> None:
        for number in _until(disabled, 10):
            order = f"SO-{till}-{number}"
            if kernel.perform("till.order.ring", {"order": order}).answer["waits"]:
                asked.add(order)
            rung.append(order)
            if number == 10:
                half.set()

    threads = [threading.Thread(target=work, args=(till,)) for till in range(3)]
    for thread in threads:
        thread.start()
    half.wait(30)
    try:
        kernel.perform("fenbu.module.disable", {"modules": "kitchen", "how": "drain"})
    finally:
        disabled.set()
    for thread in threads:
        thread.join()
    assert kernel.drain().finished
    assert kernel.modules().by_name["kitchen"].state is ModuleState.DISABLED
    assert 0 < len(asked) < len(rung)  # while it drained, orders no longer waited for it
    assert asked <= heard(kernel)


@pytest.mark.parametrize("place", ["migration", "seed"])
def test_a_process_killed_while_it_enables_a_module_leaves_nothing_behind(
    place: str, kernel: Kernel, house_url: str, dummy_modules: DummyModules
) -> None:
    made = '    op.create_table("tea_pot", sa.Column("id", sa.Integer, primary_key=True))\n'
    deadly = DummyModule(
        name="tea",
        tables=("pot",),
        flows=f"def seed(work):\n    {DIE if place == 'seed' else 'pass'}",
        manifest={"seed": "'fenbu_tea.flows:seed'"},
        files={"migrations/0001_tables.py": migration("0001", None, f"{made}    {DIE}\n")}
        if place == "migration"
        else {},
    )
    dummy_modules.install(deadly)
    script = [sys.executable, "-c", ENABLE, house_url, str(dummy_modules.folder)]
    died = subprocess.run(script, check=False, env={**os.environ, "PYTHONPATH": str(Path.cwd())})
    assert died.returncode == -signal.SIGKILL
    with kernel.database.read() as connection:
        assert not [name for name in inspect(connection).get_table_names() if "tea" in name]
        assert connection.execute(text("SELECT * FROM fenbu_module")).all() == []
        assert connection.execute(text("SELECT count(*) FROM fenbu_event")).scalar_one() == 0
    dummy_modules.install(DummyModule(name="tea", tables=("pot",)))
    assert kernel.perform("fenbu.module.enable", {"modules": "tea"}).answer["enabled"] == ["tea"]
