"""An enterprise in Shanghai with the module scales enabled and a clock that stands still, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fenbu.engine.kernel import Kernel
from fenbu.testing.clock import START, Clock
from fenbu.testing.databases import DatabaseCopy
from fenbu.testing.dummies import DummyModules, dummies
from fenbu.work import Actor
from tests.core.rollout import tea
from tests.core.rollout.scales import SCALES


@pytest.fixture
def clock() -> Clock:
    clock = Clock()
    clock.stop()
    clock.set(START)
    return clock


@pytest.fixture
def site(tmp_path: Path) -> Iterator[DummyModules]:
    with dummies(tmp_path / "site") as modules:
        modules.install(SCALES)
        yield modules


def _found(url: str) -> None:
    with Kernel.init(
        url, name="Weighing house", currency="CNY", time_zone="Asia/Shanghai", os_user="wang"
    ) as kernel:
        kernel.perform("fenbu.module.enable", {"modules": ["scales"]})


@pytest.fixture
def weighing_house(site: DummyModules, database_copy: DatabaseCopy, clock: Clock) -> Iterator[Kernel]:
    url = database_copy("weighing house", _found)
    with Kernel.open(url, actor=Actor("wang"), clock=clock) as kernel:
        yield kernel


@pytest.fixture
def tea_site(tmp_path: Path) -> Iterator[DummyModules]:
    with dummies(tmp_path / "site") as modules:
        modules.install(*tea.MODULES)
        yield modules


def _open_tea_house(url: str) -> None:
    with Kernel.init(url, name="Harbour Tea", currency="EUR", time_zone="UTC", os_user="ada") as kernel:
        tea.people(kernel)


@pytest.fixture
def tea_url(tea_site: DummyModules, database_copy: DatabaseCopy) -> str:
    return database_copy("tea house with people", _open_tea_house)


@pytest.fixture
def opens(tea_url: str, clock: Clock) -> Iterator[tea.Opens]:
    """Open the tea house for an operator; closed at the end."""
    opened: list[Kernel] = []

    def open_for(operator: str) -> Kernel:
        opened.append(Kernel.open(tea_url, actor=Actor(operator), clock=clock))
        return opened[-1]

    yield open_for
    for kernel in opened:
        kernel.close()


@pytest.fixture
def ann(opens: tea.Opens) -> Kernel:
    """The tea house, opened for Ann, who carries the rollout out."""
    return opens("ann")
