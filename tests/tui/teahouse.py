"""Harbour Tea with its people and a rollout file in a folder, for the tests of the rollout's screen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fenbu.engine.kernel import Kernel
from fenbu.testing.clock import Clock
from fenbu.testing.databases import DatabaseCopy
from fenbu.work import Actor
from fenbu_tui.gateway.engine import EngineWorld
from tests.core.rollout import tea

Worlds = Callable[[str], EngineWorld]
"""Opens the tea house for an operator."""


def found(url: str) -> None:
    """Found the tea house with its people; no module is on."""
    with Kernel.init(url, name="Harbour Tea", currency="EUR", time_zone="UTC", os_user="ada") as kernel:
        tea.people(kernel)


@contextmanager
def worlds(url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Worlds]:
    """Open worlds for operators; all are closed at the end."""
    opened: list[EngineWorld] = []

    def open_for(operator: str) -> EngineWorld:
        with monkeypatch.context() as patched:
            patched.setattr("fenbu.engine.guard.operators.os_user", lambda: operator)
            world = EngineWorld(url)
            world.modules()  # opens it as who asks
        opened.append(world)
        return world

    yield open_for
    for world in opened:
        world.close()


def write(*changes: tuple[str, str]) -> Path:
    """Write the tea house's file into the folder of now, with some texts in it replaced."""
    path = Path("rollout.toml")
    path.write_text(tea.plan_file(*changes).text, encoding="utf-8")
    return path


@contextmanager
def kernel_of(url: str, operator: str, clock: Clock | None = None) -> Iterator[Kernel]:
    """Open the tea house's engine for an operator, as another process would."""
    with Kernel.open(url, actor=Actor(operator), clock=clock) as kernel:
        yield kernel


def house(database_copy: DatabaseCopy) -> str:
    """Return a fresh tea house's database."""
    return database_copy("tea house of the terminal UI", found)
