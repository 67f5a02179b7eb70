"""The audit trail: who did what, page by page, and whether its chain is whole."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve
from sqlalchemy import update
from textual.pilot import Pilot
from textual.widgets import Static

from fenbu.engine.kernel import Kernel
from fenbu.engine.store.tables import audit
from fenbu.testing.databases import DatabaseCopy
from fenbu.testing.dummies import DummyModule, DummyModules
from fenbu_tui.app import FenbuApp
from fenbu_tui.gateway.engine import EngineWorld
from fenbu_tui.signs import Tone
from fenbu_tui.widgets.row_table import RowTable
from fenbu_tui.world.audit import AuditLine
from fenbu_tui.world.base import Standing
from tests.tui.test_gateway import init
from tests.tui.worlds import FakeWorld, play, read, until

ACT = AuditLine(
    number="1",
    at="2026-03-02 09:30:00",
    actor="ada",
    action="erp.order.place",
    subject="SO-000001",
    standing=Standing("done", Tone.GOOD),
    facts=(("Input", '{"account": "ACME"}'),),
)
DENIED = evolve(ACT, number="2", actor="bob", standing=Standing("denied", Tone.BAD))


def world(*lines: AuditLine) -> FakeWorld:
    fake = FakeWorld()
    fake.trail = lines
    return fake


def rows(app: FenbuApp) -> list[str]:
    return [row.key for row in app.screen.query_one(RowTable).rows]


def subtitle(app: FenbuApp) -> str:
    return str(app.screen.query_one("#frame").border_subtitle)


def test_each_act_stands_with_actor_and_outcome_and_its_input_below() -> None:
    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        cells = [[cell.text for cell in row.cells] for row in app.screen.query_one(RowTable).rows]
        assert cells[1] == ["2026-03-02 09:30:00", "bob", "erp.order.place", "SO-000001", "✖ denied"]
        assert '{"account": "ACME"}' in str(app.screen.query_one("#card", Static).render())
        assert subtitle(app) == "● chain whole: sealed up to row 7, 2 since then ─ 2 acts"

    play(world(ACT, DENIED), steps, place="audit", size=(140, 40))


def test_going_to_the_end_reads_on_until_the_beginning_of_the_trail() -> None:
    trail = tuple(evolve(ACT, number=str(number)) for number in range(450))

    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        assert len(rows(app)) == 200
        assert subtitle(app).endswith("200+ acts")
        for count in (400, 450):
            await pilot.press("G")
            await until(pilot, lambda: len(rows(app)) == count)  # noqa: B023
        assert subtitle(app).endswith("450 acts")

    play(world(*trail), steps, place="audit", size=(140, 40))


def test_a_column_in_the_filter_asks_the_whole_trail_and_words_what_was_read() -> None:
    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        await pilot.press("slash", *"actor:bob")
        await read(app, pilot)
        assert rows(app) == ["2"]
        await pilot.press(*" nothing")
        assert "No act fits" in str(app.screen.query_one("#empty", Static).render())
        await pilot.press("escape")
        await read(app, pilot)
        assert rows(app) == ["1", "2"]

    play(world(ACT, DENIED), steps, place="audit")


def test_before_the_first_act_it_says_what_will_stand_here() -> None:
    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        assert "Every act of every operator" in str(app.screen.query_one("#empty", Static).render())

    play(world(), steps, place="audit")


# --- the engine -------------------------------------------------------------------------------------------


@pytest.fixture
def busy(database_copy: DatabaseCopy, dummy_modules: DummyModules) -> Any:
    """Return an enterprise in which something was done and sealed."""
    dummy_modules.install(DummyModule(name="tea"))
    url = database_copy("initialised", init)
    with Kernel.open(url) as kernel:
        kernel.perform("fenbu.module.enable", {"modules": ["tea"]})
        kernel.seal_audit()
        kernel.perform("fenbu.module.disable", {"modules": ["tea"], "how": "park"})
    found = EngineWorld(url)
    yield found
    found.close()


def test_acts_come_latest_first_page_by_page(busy: EngineWorld) -> None:
    first = busy.audit({}, limit=1)
    assert [one.action for one in first.lines] == ["fenbu.module.disable"]
    second = busy.audit({}, first.next, 1)
    assert [one.action for one in second.lines] == ["fenbu.module.enable"]
    assert [one.action for one in busy.audit({"action": "enable"}).lines] == ["fenbu.module.enable"]


def test_a_whole_chain_says_up_to_where_and_how_many_since(busy: EngineWorld) -> None:
    chain = busy.chain()
    assert (chain.tone, chain.means.rpartition(", ")[2]) == (Tone.GOOD, "1 since then")


@pytest.mark.databases("sqlite")
def test_a_changed_row_is_a_broken_chain(busy: EngineWorld) -> None:
    with busy._kernel.database.write() as connection:
        connection.exec_driver_sql("DROP TRIGGER IF EXISTS fenbu_audit_append_only_update")
        for name in connection.exec_driver_sql(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'fenbu_audit'"
        ).scalars():
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
        connection.execute(update(audit).where(audit.c.action == "fenbu.module.enable").values(actor="eve"))
    chain = busy.chain()
    assert (chain.tone, chain.word) == (Tone.BAD, "broken")
