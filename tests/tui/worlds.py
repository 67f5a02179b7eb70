"""A world for tests of screens: says what it is told, changes when it is told, is gone when it is told."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from attrs import evolve
from pydantic import BaseModel, Field
from textual.app import App
from textual.pilot import Pilot
from textual.worker import Worker

from fenbu_tui.app import FenbuApp
from fenbu_tui.places import Place
from fenbu_tui.screens.live import LiveScreen
from fenbu_tui.signs import Tone
from fenbu_tui.world.audit import AuditLine, AuditPage
from fenbu_tui.world.base import Act, Choice, Consequence, Head, Question, Standing, Trouble, Unreachable
from fenbu_tui.world.commands import Proposal
from fenbu_tui.world.modules import ModuleDetail, ModuleLine, Picture, Reading
from fenbu_tui.world.overview import Figure, GateLine, LaneLine, Overview, ProblemLine, StageLine
from fenbu_tui.world.records import Verb, Wanted
from fenbu_tui.world.settings import ModuleSettings
from tests.tui.still import StillFlows, StillRollout

AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
GONE = Unreachable("the database sqlite:///tea.db cannot be reached: no such folder", "check that it runs")

ERP = ModuleLine(
    name="erp",
    title="Enterprise resource planning",
    version="1.0",
    standing=Standing("enabled", Tone.GOOD, "it works"),
    todo="nothing to do",
    facts=(("package", "fenbu-erp 1.0"), ("provides", "sales.orders, ledger")),
    verbs=frozenset({"disable", "set"}),
)
LOYALTY = ModuleLine(
    name="loyalty",
    title="Loyalty",
    version="0.3 → 0.4",
    standing=Standing("upgrade pending", Tone.BUSY, "its code is not the one that was enabled"),
    todo="bring its data up to date: fenbu upgrade loyalty",
    verbs=frozenset({"upgrade", "disable"}),
    reading=(Reading("loyalty.points has read 1,200 of 4,800 events, 300 a second, about 12 s left", 0.25),),
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
    verbs=frozenset({"enable"}),
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


GOOD, QUIET = Standing("applied", Tone.GOOD), Standing("waiting", Tone.QUIET)
OVERVIEW = Overview(
    head=HEAD,
    modules=(
        ("3 enabled", Standing("enabled", Tone.GOOD)),
        ("1 quarantined", Standing("quarantined", Tone.BAD)),
    ),
    figures=(
        Figure("Revenue, 30 days", "1,284.00 GBP", (1.0, 2.0, 4.0), "erp.revenue"),
        Figure("dead deliveries", "2"),
    ),
    stages=(StageLine(1, "information flow", GOOD), StageLine(2, "资金流", QUIET, next=True)),
    gates=(GateLine("payments.failed <= 1 for 7 days", "0.4 %", Standing("passes", Tone.GOOD)),),
    lanes=(
        LaneLine("information", (0, 4, 8), "91/min", "", Standing("flows", Tone.GOOD)),
        LaneLine("capital", (1, 1, 1), "83/min", "", Standing("flows", Tone.GOOD)),
        LaneLine("goods", (0, 0, 0), "0/min", "41 s", Standing("late", Tone.WARN)),
    ),
    problems=(
        ProblemLine("deliveries", "2 deliveries are dead", "fenbu flows dead", Standing("failed", Tone.BAD)),
        ProblemLine(
            "kettle", "quarantined: no water", "mend or reinstall dummy-kettle", Standing("failed", Tone.BAD)
        ),
    ),
    next="deliveries: fenbu flows dead",
)
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


class TeaSettings(BaseModel):
    """Settings of a module of these tests."""

    strength: int = Field(default=3, ge=1, le=9, description="how strong, 1 to 9")
    milk: bool = False


def acts(command: str, said: str, done: list[str]) -> Act:
    """Return an act that takes itself down and says a sentence."""

    def run() -> str:
        done.append(command)
        return said

    return Act(command=command, run=run)


def question(verb: str, names: Sequence[str], done: list[str]) -> Question:
    """Return what is asked before something is done to modules."""
    name = ", ".join(names)
    ways = ("drain", "park") if verb == "disable" else (verb,)
    return Question(
        title=f"{verb.title()} {name}",
        consequences=(Consequence("orders wait for it", "3"), Consequence("every row is kept")),
        choices=tuple(
            Choice(
                label=way.title(),
                act=acts(f"fenbu {verb} {name} {way}", f"{way}: {name}", done),
                told=f"to {way}",
            )
            for way in ways
        ),
        typed=name if verb == "purge" else "",
    )


class FakeWorld(StillFlows, StillRollout):
    """Fulfils `fenbu_tui.world.World` from memory."""

    def __init__(self, *lines: ModuleLine) -> None:
        self.lines = lines
        self.gone: Unreachable | None = None
        self.closed = False
        self.asked = 0
        self.started = ""
        self.trail: tuple[AuditLine, ...] = ()
        self.told: dict[str, Any] = {}
        """What the overview says otherwise than usual."""
        self.done: list[str] = []
        """Commands of the acts that were done."""
        self._changed = threading.Event()

    def head(self) -> Head:
        self._look()
        return HEAD

    def modules(self) -> Picture:
        self._look()
        return picture(*self.lines)

    def module(self, name: str) -> ModuleDetail:
        self._look()
        [line] = [line for line in self.lines if line.name == name]
        return ModuleDetail(line=line, chapters=((("tables"), ((f"{name}_leaf", "3 rows"),)),))

    def switch(self, verb: str, names: Sequence[str]) -> Question:
        self._look()
        return question(verb, names, self.done)

    def settings(self, module: str) -> ModuleSettings:
        self._look()
        return ModuleSettings(
            module=module, title=module, model=TeaSettings, given={"strength": 3, "milk": False}
        )

    def set(self, module: str, changed: Mapping[str, Any]) -> Act:
        return self._acts(f"fenbu settings set {module} {dict(changed)}", f"set: {', '.join(changed)}")

    def glance(self) -> None:
        self._look()

    def overview(self) -> Overview:
        self._look()
        return evolve(OVERVIEW, **self.told)

    def audit(self, narrowed: Mapping[str, str], after: str = "", limit: int = 200) -> AuditPage:
        self._look()
        found = [
            one for one in self.trail if all(value in getattr(one, name) for name, value in narrowed.items())
        ]
        begin = int(after or 0)
        return AuditPage(
            tuple(found[begin : begin + limit]), str(begin + limit) if len(found) > begin + limit else ""
        )

    def chain(self) -> Standing:
        self._look()
        return Standing("whole", Tone.GOOD, "sealed up to row 7, 2 since then")

    def offers(self) -> Sequence[Verb]:
        self._look()
        return [
            Verb("tea.cup.brew", "Brew a cup", "Makes tea"),
            Verb("tea.cup.spill", "Spill it", dangerous=True),
        ]

    def wanted(self, action: str, view: str = "", key: str = "") -> Wanted:
        return Wanted(action=Verb(action, "Brew a cup"), model=TeaSettings, given={}, fixed=())

    def performing(self, action: str, values: Mapping[str, Any], view: str = "", key: str = "") -> Act:
        return self._acts(f"fenbu do {action} {dict(values)}", "done")

    def _acts(self, command: str, said: str) -> Act:
        return acts(command, said, self.done)

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


def play(
    world: Any, steps: Steps, size: tuple[int, int] = (100, 30), place: str = "modules", subject: str = ""
) -> None:
    """Run the app on a world from this screen, and these steps when it has read."""
    run_app(FenbuApp(world, Place(place, subject)), steps, size)


def app_on(world: Any, place: Place | None = None, **more: Any) -> FenbuApp:
    """Return the app on a world that answers only what these screens ask."""
    return FenbuApp(world, place, **more)


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
    while (reading := _readers(app)) or _unanswered(app):
        if reading:
            await app.workers.wait_for_complete(reading)  # all workers, were the list empty
        await pilot.pause()


def _readers(app: App[Any]) -> list[Worker[Any]]:
    return [worker for worker in app.workers if worker.group in ("read", "act")]


def _unanswered(app: App[Any]) -> bool:
    """Say whether an answer has come that is not on the screen yet."""
    return any(isinstance(screen, LiveScreen) and screen.reading for screen in app.screen_stack)


async def until(pilot: Pilot[Any], holds: Callable[[], bool], patience: float = 60) -> None:
    """Wait until something another thread brings about holds; fail after some seconds."""
    async with asyncio.timeout(patience):
        while not holds():
            await pilot.pause(0.01)
