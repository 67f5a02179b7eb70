"""What an administrator does from the keyboard alone, start to end, on a real enterprise."""

from __future__ import annotations

from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, OptionList, Static

from fenbu.engine.kernel import Kernel
from fenbu.testing.enterprises import Enterprises
from fenbu_tui.app import FenbuApp
from fenbu_tui.gateway.engine import EngineWorld
from fenbu_tui.screens.confirm import ConfirmScreen
from fenbu_tui.screens.modules import ModulesScreen
from fenbu_tui.screens.overview import OverviewScreen
from fenbu_tui.screens.progress import ProgressScreen
from fenbu_tui.screens.records import RecordsScreen
from fenbu_tui.screens.rollout import RolloutScreen
from fenbu_tui.screens.settings import SettingsScreen
from fenbu_tui.screens.story import StoryScreen
from fenbu_tui.widgets.line_pane import LinePane
from fenbu_tui.widgets.module_card import ModuleCard
from fenbu_tui.widgets.module_table import ModuleTable
from fenbu_tui.widgets.stage_table import StageTable
from tests.core.rollout import tea
from tests.scm.conftest import stocked
from tests.scm.depot import Depot
from tests.tui.teahouse import Worlds, write
from tests.tui.worlds import play, read, until

pytestmark = pytest.mark.databases("sqlite")


# --- the rollout ------------------------------------------------------------------------------------------


async def to_rollout(app: FenbuApp, pilot: Pilot[Any]) -> None:
    await pilot.press("7")
    await until(pilot, lambda: isinstance(app.screen, RolloutScreen))
    await until(pilot, lambda: bool(app.screen.query_one(StageTable).rows))


async def answer(app: FenbuApp, pilot: Pilot[Any], *keys: str) -> str:
    """Wait for the question, answer it, and return what it told."""
    await until(
        pilot, lambda: isinstance(app.screen, ConfirmScreen) and bool(app.screen.query("#cancel:focus"))
    )
    await until(pilot, lambda: bool(app.screen.query_one(LinePane).text))
    told = app.screen.query_one(LinePane).text
    await pilot.press(*keys)
    return told


def stage(app: FenbuApp, name: str) -> str:
    """Return a stage as its row tells it."""
    rows = app.screen.query_one(StageTable).rows
    return " ".join(cell.text for row in rows if row.key == name for cell in row.cells)


def plan(app: FenbuApp) -> str:
    return app.screen.query_one("#plan", LinePane).text


def test_a_stage_is_approved_by_one_and_applied_by_another(opens: Worlds) -> None:
    write(tea.guarded("sale", "approvals = { decision = 1 }"))

    async def dee_approves(app: FenbuApp, pilot: Pilot[Any]) -> None:
        await to_rollout(app, pilot)
        assert "▲ 0 of 1" in stage(app, "sale")
        await pilot.press("A")
        told = await answer(app, pilot, "right", "enter")
        assert "Orders are rung up." in told
        await until(pilot, lambda: "● 1 of 1" in stage(app, "sale"))
        assert "approval by decision: 1 of 1 (dee)" in plan(app)

    async def ann_applies(app: FenbuApp, pilot: Pilot[Any]) -> None:
        await to_rollout(app, pilot)
        shown = plan(app).splitlines()
        await pilot.press("a")
        told = await answer(app, pilot, "right", "enter")
        assert "+ enable till" in told
        assert told.splitlines()[0].removeprefix("└ ") == shown[0].removeprefix("├ ")
        await until(pilot, lambda: isinstance(app.screen, ProgressScreen))
        await until(pilot, lambda: "● sale: 1 step done" in app.screen.query_one(LinePane).text)
        assert "sale: 1 of 1, enable till ✔" in app.screen.query_one(LinePane).text
        await pilot.press("escape")
        await until(
            pilot, lambda: isinstance(app.screen, RolloutScreen) and "● applied" in stage(app, "sale")
        )
        assert "▸" in app.screen.query_one(StageTable).rows[1].cells[0].indent

    play(opens("dee"), dee_approves, size=(140, 40), place="overview")
    play(opens("ann"), ann_applies, size=(80, 24), place="overview")


def test_a_setting_changed_among_the_modules_is_drift_in_the_plan_and_adopted(opens: Worlds) -> None:
    path = write()
    applied = opens("ann").applying("").choices[0].act.run()
    assert applied == "sale: 1 step done"

    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        await to_rollout(app, pilot)
        assert "by hand" not in plan(app)
        await pilot.press("2")
        await until(pilot, lambda: isinstance(app.screen, ModulesScreen))
        await until(pilot, lambda: bool(app.screen.query_one(ModuleTable).rows))
        await pilot.press("slash", *"till", "enter")
        await until(pilot, lambda: app.screen.query_one(ModuleTable).key == "till")
        await pilot.press("c")
        await until(pilot, lambda: isinstance(app.screen, SettingsScreen) and isinstance(app.focused, Input))
        await pilot.press("end", "ctrl+u", *"hello", "ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, ModulesScreen))
        await to_rollout(app, pilot)
        await until(pilot, lambda: 'till.greeting is "hello", and the plan says "welcome"' in plan(app))
        assert "▲ to be set right" in stage(app, "sale")
        await pilot.press("d")
        assert '+greeting = "hello"' in await answer(app, pilot, "right", "enter")
        await until(pilot, lambda: "by hand" not in plan(app))
        assert "~" in {sign for sign, _tone in app.screen.query_one("#file", LinePane).signs.values()}

    play(opens("ada"), steps, size=(140, 40), place="overview")
    assert 'greeting = "hello"' in path.read_text(encoding="utf-8")


# --- modules and documents --------------------------------------------------------------------------------


@pytest.fixture
def depot(enterprise: Enterprises, monkeypatch: pytest.MonkeyPatch) -> Depot:
    """A shop that has sold two teas and a pot, invoiced at once."""
    shop = Depot(enterprise("erp", "scm", settings={"scm": {"dispatch": "auto"}}, furnished=stocked))
    monkeypatch.setattr("fenbu.engine.guard.operators.os_user", lambda: shop.kernel.actor.name)
    shop.placed(("TEA", 2), ("POT", 1), account="C1")
    return shop


def catching_up(kernel: Kernel) -> bool:
    kernel.refresh()
    return bool(kernel.assembly.known.catching_up)


def test_crm_is_enabled_after_a_preview_and_is_seen_to_catch_up(depot: Depot) -> None:
    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        def state() -> str:
            rows = app.screen.query_one(ModuleTable).rows
            return next((row.cells[3].text for row in rows if row.key == "crm"), "")

        await pilot.press("2")
        await until(pilot, lambda: isinstance(app.screen, ModulesScreen) and bool(state()))
        await pilot.press("slash", *"crm", "enter")
        await until(pilot, lambda: app.screen.query_one(ModuleTable).key == "crm")
        await pilot.press("e")
        told = await answer(app, pilot, "right", "enter")
        assert "events that crm.timeline would catch up with" in told
        await until(pilot, lambda: state() == "◐ catching up")
        card = app.screen.query_one(ModuleCard)
        await until(pilot, lambda: "crm.timeline has read" in str(card.query_one(Static).render()))
        assert catching_up(depot.kernel)
        depot.deliver()
        await until(pilot, lambda: state() == "● enabled")

    play(EngineWorld(depot.kernel.database.url), steps, size=(140, 40), place="overview")


async def choose(app: FenbuApp, pilot: Pilot[Any], words: str) -> None:
    """Go down a list of lines to the one with these words, and press enter on it."""

    def places() -> list[int]:
        offered = [one for one in app.screen.query(OptionList) if one.has_focus]
        return [
            place
            for one in offered
            for place, option in enumerate(one.options)
            if words in str(option.prompt)
        ]

    await until(pilot, lambda: bool(places()))
    await pilot.press("g", *("j" for _step in range(places()[0])), "enter")
    await read(app, pilot)


def test_one_order_is_followed_from_the_offer_to_the_ledger(
    enterprise: Enterprises, monkeypatch: pytest.MonkeyPatch
) -> None:
    depot = Depot(enterprise("erp", "scm", "crm", settings={"scm": {"dispatch": "auto"}}, furnished=stocked))
    monkeypatch.setattr("fenbu.engine.guard.operators.os_user", lambda: depot.kernel.actor.name)
    offer = {"customer": "CA-C1", "title": "Tea for the office", "amount": "20", "close_on": "2027-01-31"}
    opened = depot.kernel.perform("crm.opportunity.open", offer).answer["opportunity"]
    order = depot.placed(("TEA", 2), ("POT", 1), account="C1")
    depot.kernel.perform("crm.opportunity.win", {"opportunity": opened, "order": order})
    depot.deliver()

    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        def subject() -> str:
            return app.screen.subject if isinstance(app.screen, StoryScreen | RecordsScreen) else ""

        def drawn() -> str:
            return "\n".join(strip.text for strip in app.screen._compositor.render_strips())

        await until(pilot, lambda: isinstance(app.screen, OverviewScreen))
        await pilot.press("colon", *"records", "enter")
        await until(pilot, lambda: bool(app.screen.query("ViewTable")))
        await read(app, pilot)
        await pilot.press("slash", *"opportunit", "enter", "enter")
        await until(pilot, lambda: "Tea for the office" in drawn())
        await pilot.press("t")
        await until(pilot, lambda: subject() == f"opportunity {opened}")
        await read(app, pilot)
        await pilot.press("enter")
        await choose(app, pilot, f"story of order {order}")
        await until(pilot, lambda: subject() == f"order {order}" and "released to scm" in drawn())
        await pilot.press("enter")
        await choose(app, pilot, "story of invoice INV-00000001")
        await until(pilot, lambda: subject() == "invoice INV-00000001")
        await read(app, pilot)
        await pilot.press("enter")
        await choose(app, pilot, "record in Invoices")
        await until(pilot, lambda: "erp.invoices" in subject())
        await read(app, pilot)
        await pilot.press("enter")
        await choose(app, pilot, "Postings")
        await until(pilot, lambda: "erp.postings" in subject())
        await until(pilot, lambda: "21.59" in drawn())

    play(EngineWorld(depot.kernel.database.url), steps, size=(140, 40), place="overview")
