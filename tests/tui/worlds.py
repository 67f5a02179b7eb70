"""A world for tests of screens: says what it is told, changes when it is told, is gone when it is told."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from textual.app import App
from textual.pilot import Pilot

from fenbu_tui.app import FenbuApp
from fenbu_tui.places import Place
from fenbu_tui.signs import Tone
from fenbu_tui.world.base import Act, Head, Standing, Trouble, Unreachable
from fenbu_tui.world.commands import Proposal
from fenbu_tui.world.deliveries import Before, DeliveryDetail, DeliveryLine, DeliveryPage
from fenbu_tui.world.flows import FlowDetail, FlowMap
from fenbu_tui.world.metrics import MetricLine, MetricValue
from fenbu_tui.world.modules import ModuleLine, Picture

AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
GONE = Unreachable("the database sqlite:///tea.db cannot be reached: no such folder", "check that it runs")

ERP = ModuleLine(
    name="erp",
    title="Enterprise resource planning",
    version="1.0",
    standing=Standing("enabled", Tone.GOOD, "it works"),
    todo="nothing to do",
    facts=(("package", "fenbu-erp 1.0"), ("provides", "sales.orders, ledger")),
)
LOYALTY = ModuleLine(
    name="loyalty",
    title="Loyalty",
    version="0.3 → 0.4",
    standing=Standing("upgrade pending", Tone.BUSY, "its code is not the one that was enabled"),
    todo="bring its data up to date: fenbu upgrade loyalty",
)
KETTLE = ModuleLine(
    name="kettle",
    title="Kettle",
    version="2.0",
    standing=Standing("quarantined", Tone.BAD, "its code or a migration raised; everything else works"),
    todo="mend or reinstall dummy-kettle, then: fenbu enable kettle",
    troubles=(
        Trouble(
            subject="import",
            detail="RuntimeError: no water (fenbu_kettle/manifest.py, line 3)",
            hint="",
            times=2,
        ),
        Trouble(subject="erp_line_price", detail="no water", hint="mend the module kettle, or disable it"),
    ),
)
TEA = ModuleLine(
    name="tea",
    title="茶叶分级与拼配",
    version="0.9",
    standing=Standing("discovered", Tone.QUIET, "installed, never enabled"),
    todo="enable it: fenbu enable tea",
)

HEAD = Head(
    enterprise="Harbour Tea",
    place="sqlite:///tea.db",
    actor="ada",
    at=AT,
    worker="no worker runs, 3 deliveries wait",
)


def picture(*lines: ModuleLine) -> Picture:
    """Return a picture of Harbour Tea with these modules."""
    return Picture(head=HEAD, modules=lines)


COMMANDS = (Proposal("enable", "Switch modules on"), Proposal("explain", "The story of an order"))


class FakeRunning:
    """A command that says what it was told, and fails when it was told to."""

    def __init__(self, line: str, width: int) -> None:
        self.line, self.width = line, width

    def lines(self) -> Iterator[str]:
        yield f"{self.line} within {self.width}"
        yield "that is all"

    def code(self) -> int:
        return 1 if "fail" in self.line else 0

    def stop(self) -> None:
        """It has ended already."""


class StillFlows:
    """Nothing flows: answers the screens of flows, deliveries and metrics."""

    def flows(self) -> FlowMap:
        return FlowMap(())

    def flow(self, name: str) -> FlowDetail:
        raise LookupError(name)

    def pause(self, name: str) -> Act:
        raise LookupError(name)

    def resume(self, name: str) -> Act:
        raise LookupError(name)

    def deliveries(
        self,
        wanted: str,
        before: Before | None = None,
        *,
        limit: int = 200,
        outside: bool = False,
    ) -> DeliveryPage:
        return DeliveryPage((), None)

    def delivery(self, line: DeliveryLine) -> DeliveryDetail:
        raise LookupError(line.name)

    def delivery_of(self, event: int) -> DeliveryLine:
        raise LookupError(event)

    def retry(self, line: DeliveryLine, *, like: bool = False) -> Act:
        raise LookupError(line.name)

    def metrics(self) -> tuple[MetricLine, ...]:
        return ()

    def measure(self, name: str) -> MetricValue:
        raise LookupError(name)


class FakeWorld(StillFlows):
    """Fulfils `fenbu_tui.world.World` from memory."""

    def __init__(self, *lines: ModuleLine) -> None:
        self.lines = lines
        self.gone: Unreachable | None = None
        self.closed = False
        self.asked = 0
        self.started = ""
        self._changed = threading.Event()

    def head(self) -> Head:
        self._look()
        return HEAD

    def modules(self) -> Picture:
        self._look()
        return picture(*self.lines)

    def _look(self) -> None:
        self.asked += 1
        if self.gone:
            raise self.gone

    def proposals(self, line: str) -> Sequence[Proposal]:
        return [one for one in COMMANDS if one.word.startswith(line.rsplit(" ", maxsplit=1)[-1])]

    def looks_only(self, line: str) -> bool:
        return not line.startswith("enable")

    def start(self, line: str, width: int) -> FakeRunning:
        self.started = line
        return FakeRunning(line, width)

    def wait(self, timeout: float) -> bool:
        if not self._changed.wait(min(timeout, 0.02)):
            return False  # cleared now, a change of this very moment would be lost
        self._changed.clear()
        return True

    def close(self) -> None:
        self.closed = True

    def change(self, *lines: ModuleLine) -> None:
        """Let another process have changed what there is."""
        self.lines = lines
        self._changed.set()

    def vanish(self) -> None:
        """Let the database be gone; whoever looks next finds out."""
        self.gone = GONE
        self._changed.set()


Steps = Callable[[FenbuApp, Pilot[Any]], Awaitable[None]]


def play(world: Any, steps: Steps, size: tuple[int, int] = (100, 30), place: str = "modules") -> None:
    """Run the app on a world from this screen, and these steps when it has read."""
    run_app(FenbuApp(world, Place(place)), steps, size)


def run_app(app: FenbuApp, steps: Steps, size: tuple[int, int] = (100, 30)) -> None:
    """Run an app, and these steps when its first screen has read."""

    async def run() -> None:
        async with app.run_test(size=size) as pilot:
            await read(app, pilot)
            await steps(app, pilot)

    asyncio.run(run())


async def read(app: App[Any], pilot: Pilot[Any]) -> None:
    """Wait until what was being read is on the screen."""
    await pilot.pause()
    while reading := [worker for worker in app.workers if worker.group == "read"]:
        await app.workers.wait_for_complete(reading)  # all workers, were the list empty
        await pilot.pause()


async def until(pilot: Pilot[Any], holds: Callable[[], bool], patience: float = 60) -> None:
    """Wait until something another thread brings about holds; fail after some seconds."""
    async with asyncio.timeout(patience):
        while not holds():
            await pilot.pause(0.01)
