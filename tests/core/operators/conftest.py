"""An enterprise with people in it: hashing is cheap here, because a test logs in often."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from argon2 import PasswordHasher
from pydantic import SecretStr

from fenbu.engine.guard import secrets
from fenbu.engine.kernel import Kernel
from fenbu.testing.clock import Clock
from fenbu.testing.databases import DatabaseCopy
from fenbu.work import Actor

SECRET = SecretStr("a horse by the harbour")
ANN = Actor("ann")
Enter = Callable[..., Kernel]


@pytest.fixture(autouse=True)
def cheap() -> Iterator[None]:
    """Hash in a millisecond; the cost is the only thing that differs."""
    costly = secrets.hasher
    secrets._nobodys.cache_clear()
    secrets.hasher = lambda: PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)  # type: ignore[assignment]
    yield
    secrets.hasher = costly
    secrets._nobodys.cache_clear()


def people(kernel: Kernel) -> None:
    """Enter Ann, who carries the rollout out, and Bo, who only looks."""
    for name, grants in (("ann", ["core"]), ("bo", ["viewer"])):
        kernel.perform("fenbu.operator.add", {"operator": name, "grants": grants, "secret": SECRET})


def found(url: str) -> None:
    """Make an enterprise of Ada's, without modules, in which Ann and Bo work."""
    told = {"name": "Harbour Tea", "currency": "GBP", "time_zone": "Europe/London"}
    with Kernel.init(url, **told, os_user="ada", clock=Clock()) as kernel:
        people(kernel)


@pytest.fixture
def office_url(database_copy: DatabaseCopy) -> str:
    return database_copy("office", found)


@pytest.fixture
def office(office_url: str, clock: Clock) -> Iterator[Kernel]:
    with Kernel.open(office_url, actor=Actor("ada"), clock=clock) as kernel:
        yield kernel


@pytest.fixture
def enter(office_url: str, clock: Clock) -> Iterator[Enter]:
    """Open the office anew, by a token or for an actor; closed at the end."""
    opened: list[Kernel] = []

    def come(token: str = "", actor: Actor | None = None) -> Kernel:
        opened.append(Kernel.open(office_url, token=token, actor=actor, clock=clock))
        return opened[-1]

    yield come
    for kernel in opened:
        kernel.close()
