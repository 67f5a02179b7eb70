"""Starting anew: what was last seen stands there at once, says of when it is, and gives way to what is read."""

from __future__ import annotations

import asyncio
import json
import stat
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from fenbu_tui import snapshot
from fenbu_tui.app import FenbuApp
from fenbu_tui.memory import Memory
from fenbu_tui.places import Place
from fenbu_tui.snapshot import Snapshot, flat, rebuilt
from fenbu_tui.widgets.module_table import ModuleTable
from fenbu_tui.widgets.row_table import RowTable
from fenbu_tui.widgets.top_line import TopLine
from fenbu_tui.world.base import Head
from fenbu_tui.world.modules import Picture
from fenbu_tui.world.overview import Overview
from tests.tui.worlds import ERP, KETTLE, OVERVIEW, TEA, FakeWorld, app_on, read, run_app, until


class SlowWorld(FakeWorld):
    """Answers nothing before it is told to."""

    def __init__(self, *lines: Any) -> None:
        super().__init__(*lines)
        self.opened = threading.Event()

    def _look(self) -> None:
        self.opened.wait(60)
        super()._look()


def seen(file: Path, place: Place, *lines: Any) -> None:
    """Let somebody have looked at a screen and left."""

    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: app.screen.query_one(TopLine).head is not None)

    run_app(app_on(FakeWorld(*lines), place, memory=Memory.read(file)), steps)


def first_line(app: FenbuApp) -> str:
    return str(app.screen.query_one(TopLine).render())


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "tui.json"


def start(file: Path, world: SlowWorld, steps: Any) -> None:
    """Start where one left, on a database that takes its time."""

    async def run() -> None:
        app = app_on(world, memory=Memory.read(file))
        async with app.run_test(size=(120, 30)) as pilot:
            try:
                await until(pilot, lambda: bool(app.screen.query(TopLine)))
                await steps(app, pilot)
            finally:
                world.opened.set()

    asyncio.run(run())


def test_what_was_last_seen_stands_there_while_the_database_is_opened(file: Path) -> None:
    seen(file, Place("modules"), ERP, KETTLE)
    world = SlowWorld(ERP, KETTLE, TEA)

    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        table = app.screen.query_one(ModuleTable)
        assert [line.name for line in table.lines] == [ERP.name, KETTLE.name]
        assert "opening the database …, this was seen 20" in first_line(app)
        assert "Harbour Tea" in first_line(app)

        world.opened.set()
        await read(app, pilot)
        await until(pilot, lambda: len(table.lines) == 3)
        await until(pilot, lambda: "opening" not in first_line(app))

    start(file, world, steps)


def test_the_overview_of_last_time_is_there_before_anything_is_asked(file: Path) -> None:
    seen(file, Place("overview"), ERP)

    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        assert len(app.screen.query_one(RowTable).rows) == len(OVERVIEW.problems) > 0

    start(file, SlowWorld(ERP), steps)


def test_a_screen_whose_rows_may_be_about_people_is_not_kept(file: Path) -> None:
    seen(file, Place("audit"), ERP)
    assert json.loads(snapshot.beside(file).read_text())["seen"]["screens"] == {}


def test_only_its_owner_may_read_what_was_seen(file: Path) -> None:
    seen(file, Place("modules"), ERP)
    assert stat.S_IMODE(snapshot.beside(file).stat().st_mode) == 0o600


def test_another_operator_and_another_language_see_nothing_of_it(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = snapshot.beside(file)
    snapshot.write(kept, "en", Snapshot(OVERVIEW.head))
    assert snapshot.read(kept, "en") == Snapshot(OVERVIEW.head)
    assert snapshot.read(kept, "zh_CN") is None
    monkeypatch.setenv("FENBU_TOKEN", "of somebody else")
    assert snapshot.read(kept, "en") is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"as": [1, "en", ""]}', '{"as": 7, "seen": {}}'])
def test_a_broken_snapshot_is_as_none(file: Path, text: str) -> None:
    snapshot.beside(file).write_text(text)
    assert snapshot.read(snapshot.beside(file), "en") is None


def test_rows_of_another_release_are_left_out(file: Path) -> None:
    seen(file, Place("modules"), ERP)
    kept = snapshot.beside(file)
    told = json.loads(kept.read_text())
    told["seen"]["screens"]["modules"]["rows"] = {"modules": 7}
    kept.write_text(json.dumps(told))

    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        assert not app.screen.query_one(ModuleTable).lines

    start(file, SlowWorld(ERP), steps)


def test_rows_come_back_as_they_were() -> None:
    picture = Picture(head=OVERVIEW.head, modules=(ERP, KETTLE, TEA))
    for kind, rows in ((Overview, OVERVIEW), (Picture, picture)):
        assert rebuilt(kind, json.loads(json.dumps(flat(rows)))) == rows


def test_what_is_of_another_kind_is_refused() -> None:
    told = flat(Head(enterprise="Tea", place="", actor="", at=datetime.now(UTC), worker=""))
    with pytest.raises(TypeError):
        rebuilt(Head, told | {"enterprise": 7})
