"""The gateway: the one file that knows the engine, and turns what it says into rows for screens."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from fenbu.engine.catalog.discovery import discover
from fenbu.engine.catalog.modules import Module
from fenbu.engine.catalog.states import TABLE, ModuleState
from fenbu.engine.flows.standing import standing, waits
from fenbu.engine.kernel import Kernel
from fenbu.engine.problems import Problem, open_problems
from fenbu.engine.store.errors import StoreError
from fenbu.engine.store.infrastructure import explained
from fenbu.i18n import _
from fenbu_tui.signs import Tone
from fenbu_tui.world import ModuleLine, Picture, Standing, Trouble, Unreachable

S = ModuleState
TONES: Mapping[ModuleState, Tone] = {
    S.ENABLED: Tone.GOOD,
    S.CATCHING_UP: Tone.BUSY,
    S.DRAINING: Tone.BUSY,
    S.UPGRADE_PENDING: Tone.BUSY,
    S.DISCOVERED: Tone.QUIET,
    S.DISABLED: Tone.QUIET,
    S.PURGED: Tone.QUIET,
    S.INCOMPATIBLE: Tone.BAD,
    S.QUARANTINED: Tone.BAD,
    S.MISSING: Tone.BAD,
}
AT_LEAST = 10.0
"""Seconds after which it is worth looking in any case: a notification may be lost, and clocks move on."""


class EngineWorld:
    """Fulfils `fenbu_tui.world.World` with a kernel, opened when something is first asked.

    Safe to use from several threads, except `wait`, which one thread calls.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._kernel: Kernel | None = None
        self._opening = threading.Lock()
        self._looked = time.monotonic()
        self._path = discover()

    def modules(self) -> Picture:
        with self._reaching():
            kernel = self._open()
            with kernel.read() as work:
                known = kernel.catalog.read(work.connection, look_at_all=True)
                problems = open_problems(work.connection)
                found = standing(work.connection, work.now)
                return Picture(
                    enterprise=work.enterprise.name,
                    place=kernel.database.url,
                    actor=work.actor.name,
                    at=work.now.astimezone(work.enterprise.zone),
                    worker=waits(found) if found.waiting else "",
                    modules=tuple(module_line(module, problems) for module in known.by_name.values()),
                )

    def wait(self, timeout: float) -> bool:
        if self._kernel is None:
            time.sleep(timeout)
            return False
        with self._reaching():
            woken = self._kernel.database.wait(timeout)
        path, before = discover(), self._path
        self._path = path
        due = time.monotonic() - self._looked > AT_LEAST
        if woken or due or path is not before:
            self._looked = time.monotonic()
            return True
        return False

    def close(self) -> None:
        with self._opening:
            if self._kernel is not None:
                self._kernel.close()
                self._kernel = None

    def _open(self) -> Kernel:
        with self._opening:
            if self._kernel is None:
                self._kernel = Kernel.open(self._url, token=os.environ.get("FENBU_TOKEN", ""))
            return self._kernel

    @contextmanager
    def _reaching(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            clear = error if isinstance(error, StoreError) else explained(error, self._url)
            if clear is None:
                raise
            raise Unreachable(str(clear), clear.hint) from error


def module_line(module: Module, problems: Iterable[Problem]) -> ModuleLine:
    """Return a module of the catalogue as the screens show it."""
    troubles = [
        Trouble(subject=one.subject, detail=one.detail, hint=one.hint, times=one.count)
        for one in problems
        if one.module == module.name
    ]
    if module.reason and module.reason not in {trouble.detail for trouble in troubles}:
        troubles.insert(0, Trouble(subject="", detail=module.reason, hint=""))
    return ModuleLine(
        name=module.name,
        title=_(module.title),
        version=_version(module),
        standing=Standing(_(module.state.value), TONES[module.state], _(TABLE[module.state].means)),
        todo=module.advice,
        troubles=tuple(troubles),
        facts=tuple(_facts(module)),
    )


def _version(module: Module) -> str:
    before = module.row.version if module.row else ""
    if before and module.version and before != module.version:
        return f"{before} → {module.version}"
    return module.version or before


def _facts(module: Module) -> Iterator[tuple[str, str]]:
    if module.distribution:
        yield _("package"), f"{module.distribution} {module.version}".strip()
    if offer := module.offer:
        if offer.provides:
            yield _("provides"), ", ".join(offer.provides)
        if offer.requires:
            yield _("requires"), ", ".join(offer.requires)
    if module.row and module.row.snapshot and module.row.snapshot.tables:
        yield _("tables"), ", ".join(module.row.snapshot.tables)
