"""Enterprises for tests: a database of its own, modules enabled, a clock that moves, deliveries on demand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from fenbu.testing.clock import Clock
from fenbu.work import Actor

if TYPE_CHECKING:
    from fenbu.engine.kernel import Kernel
    from fenbu.testing.databases import DatabaseCopy

OWNER = Actor("ada")
"""Who acts in every test's enterprise, and owns it."""


class Enterprises(Protocol):
    """What the fixture `enterprise` gives: `enterprise("erp")` to a kernel with these modules enabled.

    `settings` are module to name to value. `furnished` is a function of a test module that performs what many tests
    begin with; it is called once a run, on a kernel whose clock stands where each test's clock begins.
    """

    def __call__(
        self,
        *modules: str,
        settings: Mapping[str, Mapping[str, Any]] | None = None,
        furnished: Callable[[Kernel], object] | None = None,
        name: str = "Harbour Tea",
        currency: str = "GBP",
        time_zone: str = "Europe/London",
    ) -> Kernel: ...


class Drain(Protocol):
    """What the fixture `drain` gives."""

    def __call__(
        self, kernel: Kernel, key: str | None = None, *, dead: bool = False, timeout: float = 30.0
    ) -> int: ...


class NotDelivered(AssertionError):
    """Deliveries are left that will not be done without a person, or time ran out."""


@contextmanager
def enterprises(database_copy: DatabaseCopy, clock: Clock) -> Iterator[Enterprises]:
    """Give a maker of enterprises around the body; what it made is closed at the end.

    What is the same for many tests, the database with its modules enabled, set and furnished, is made once a run and
    copied. With modules that a test has made up it is the bare enterprise.
    """
    opened: list[Kernel] = []

    def make(
        *modules: str,
        settings: Mapping[str, Mapping[str, Any]] | None = None,
        furnished: Callable[[Kernel], object] | None = None,
        name: str = "Harbour Tea",
        currency: str = "GBP",
        time_zone: str = "Europe/London",
    ) -> Kernel:
        from fenbu.engine.kernel import Kernel

        def found(url: str) -> None:
            told = {"name": name, "currency": currency, "time_zone": time_zone}
            Kernel.init(url, **told, os_user=OWNER.name, clock=Clock()).close()

        def build(url: str) -> None:
            found(url)
            with Kernel.open(url, actor=OWNER, clock=Clock()) as kernel:
                fill(kernel)

        def fill(kernel: Kernel) -> None:
            furnish(kernel, modules, settings or {})
            if furnished is not None:
                furnished(kernel)

        label = f"enterprise {name} {currency} {time_zone}"
        if any(map(made_up, modules)):
            opened.append(Kernel.open(database_copy(label, found), actor=OWNER, clock=clock))
            fill(opened[-1])
        else:
            wanted = " ".join([label, *map(fingerprint, modules), repr(settings), _named(furnished)])
            opened.append(Kernel.open(database_copy(wanted, build), actor=OWNER, clock=clock))
        return opened[-1]

    yield make
    for kernel in opened:
        kernel.close()


def furnish(kernel: Kernel, modules: Sequence[str], settings: Mapping[str, Mapping[str, Any]]) -> None:
    """Enable modules and set what is to be set."""
    if modules:
        kernel.perform("fenbu.module.enable", {"modules": list(modules)})
    for module, values in settings.items():
        for name, value in values.items():
            kernel.perform("fenbu.setting.set", {"module": module, "name": name, "value": value})


def _named(furnished: Callable[[Kernel], object] | None) -> str:
    if furnished is None:
        return ""
    name = f"{furnished.__module__}.{furnished.__qualname__}"
    if "<" in name:
        raise ValueError(
            f"furnished={name}: a function of a module is wanted; others of this name may do otherwise"
        )
    return name


def drain(kernel: Kernel, key: str | None = None, *, dead: bool = False, timeout: float = 30.0) -> int:
    """Deliver everything that waits, of a key or all, and return how many deliveries that were.

    Args:
        kernel: Of the enterprise.
        key: Only what has this key (an order's number).
        dead: Dead deliveries are expected; without it they fail the test.
        timeout: Seconds.

    Raises:
        NotDelivered: Names every delivery that is dead, with the handler's error, or says what still waits.
    """
    worker = kernel.worker()
    try:
        drained = worker.drain(key, timeout=timeout)
    finally:
        worker.close()
    if not drained.finished:
        raise NotDelivered(
            f"After {timeout:.0f} s deliveries still wait. A handler that fails is tried again after a pause that "
            "grows; the problems are in kernel.modules() and fenbu.engine.problems."
        )
    if not dead:
        _refuse_dead(kernel, key)
    return drained.done


def _refuse_dead(kernel: Kernel, key: str | None) -> None:
    from fenbu.engine.flows import admin

    with kernel.read() as work:
        stuck = admin.dead(work.connection, key=key)
    if stuck:
        told = "\n".join(f"  {one.subscription} on {one.topic} of {one.key}: {one.error}" for one in stuck)
        raise NotDelivered(f"These deliveries are dead (drain(…, dead=True) where that is meant):\n{told}")


def made_up(module: str) -> bool:
    """Say whether a test has written this module; such a one has one name and many versions."""
    from fenbu.engine.catalog.discovery import discover
    from fenbu.testing.dummies import DISTRIBUTION

    found = discover().modules.get(module)
    return found is not None and found.distribution.startswith(DISTRIBUTION)


def fingerprint(module: str) -> str:
    """Say which code a template was made with: an author mends a module while the tests run."""
    from fenbu.engine.catalog.discovery import discover
    from fenbu.engine.catalog.reference import package_of

    found = discover().modules.get(module)
    if found is None:
        return module
    spec = find_spec(package_of(found.value))
    places = [Path(place) for place in (spec.submodule_search_locations or ())] if spec else []
    changed = max((file.stat().st_mtime_ns for place in places for file in place.rglob("*.py")), default=0)
    return f"{module} {found.version} {places} {changed}"
