"""The overview: one look says what is on, what flows, what needs a hand, what comes next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import Connection, insert
from textual.pilot import Pilot
from textual.widgets import Input, Static

from fenbu.engine.kernel import Kernel
from fenbu.engine.store.tables import event
from fenbu.testing.databases import DatabaseCopy
from fenbu.testing.dummies import DummyModule, DummyModules
from fenbu_tui.app import FenbuApp
from fenbu_tui.gateway.engine import EngineWorld
from fenbu_tui.gateway.lanes import MINUTE, SAMPLE, sampled
from fenbu_tui.gateway.wording import age
from fenbu_tui.screens.command import CommandScreen
from fenbu_tui.signs import SIGNS, Tone
from fenbu_tui.widgets.bars import spark
from fenbu_tui.widgets.row_table import RowTable
from fenbu_tui.world.overview import Overview
from tests.tui.test_gateway import init
from tests.tui.worlds import ERP, FakeWorld, play, until

BEGAN = 1_800_000_000 * 1_000_000 // MINUTE * MINUTE


def text(app: FenbuApp, widget: str) -> str:
    return str(app.screen.query_one(widget, Static).render())


def test_the_stages_stand_as_a_track_with_what_the_next_one_asks() -> None:
    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        lines = text(app, "StagesPanel").splitlines()
        assert lines[0] == "  1 information flow  ● applied"
        assert lines[1] == "▸ 2 资金流            ○ waiting"
        assert lines[2].strip() == "● passes  payments.failed <= 1 for 7 days  0.4 %"

    play(FakeWorld(ERP), steps, size=(140, 40), place="overview")


def test_the_lanes_show_rate_and_lag_in_sign_word_and_bars() -> None:
    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        information, _capital, goods = text(app, "LanesPanel").splitlines()
        assert "▁▅█" in information
        assert "91/min" in information
        assert goods.endswith("▲ late 41 s")

    play(FakeWorld(ERP), steps, size=(80, 24), place="overview")


def test_figures_have_their_course_and_modules_are_counted_by_state() -> None:
    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        told = text(app, "FiguresPanel")
        assert "● 3 enabled  ✖ 1 quarantined" in told
        assert "Revenue, 30 days 1,284.00 GBP ▃▅█" in told

    play(FakeWorld(ERP), steps, size=(140, 40), place="overview")


def test_enter_on_a_problem_puts_its_repair_on_the_line() -> None:
    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, CommandScreen))
        assert app.screen.query_one(Input).value == "flows dead"
        await pilot.press("escape", "y")
        assert app.clipboard == "fenbu flows dead"

    play(FakeWorld(ERP), steps, place="overview")


def test_what_is_well_says_so_and_offers_no_repair() -> None:
    world = FakeWorld(ERP)
    world.told = {"problems": (), "stages": (), "gates": (), "next": "nothing needs a hand"}

    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        assert app.screen.query_one("#well").display
        assert not app.screen.query_one(RowTable).display
        assert "fenbu plan FILE" in text(app, "StagesPanel")
        assert text(app, "#next") == "next → nothing needs a hand"
        assert "problem.repair" not in {one.binding.id for one in app.screen.active_bindings.values()}

    play(world, steps, place="overview")


@pytest.mark.parametrize("size", [(40, 20), (80, 24), (140, 40)])
def test_the_next_step_is_in_sight_at_every_size(size: tuple[int, int]) -> None:
    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        step = app.screen.query_one("#next")
        assert step.region.height > 0
        assert app.screen.region.contains_region(step.region)
        assert app.screen.query_one("#problems").region.height >= 4

    play(FakeWorld(ERP), steps, size=size, place="overview")


@pytest.mark.parametrize(
    ("values", "bars"), [((), ""), ((0, 0), "▁▁"), ((0, 1, 2), "▁▅█"), ((-2, 0, 2), "▁▅█"), ((5, 5), "██")]
)
def test_a_sparkline_has_a_bar_a_number(values: tuple[float, ...], bars: str) -> None:
    assert spark(values) == bars


def test_spans_are_told_in_their_largest_unit() -> None:
    assert [age(one) for one in (0.25, 41, 450, 7_300, 200_000)] == ["0.2 s", "41 s", "7 min", "2 h", "2 d"]


# --- the engine -------------------------------------------------------------------------------------------


def looked(url: str) -> Overview:
    world = EngineWorld(url)
    try:
        return world.overview()
    finally:
        world.close()


def test_an_enterprise_without_modules_is_told_to_switch_the_first_on(
    database_copy: DatabaseCopy, dummy_modules: DummyModules
) -> None:
    dummy_modules.install(DummyModule(name="tea"))
    found = looked(database_copy("initialised", init))
    assert "switch the first module on" in found.next
    assert (found.problems, found.stages) == ((), ())
    assert [one.title for one in found.lanes] == ["information", "capital", "goods"]
    assert {one.standing.tone for one in found.lanes} == {Tone.QUIET}


def test_a_broken_module_is_a_problem_with_its_repair_and_the_next_step(
    database_copy: DatabaseCopy, dummy_modules: DummyModules
) -> None:
    dummy_modules.install(
        DummyModule(name="tea"),
        DummyModule(name="kettle", files={"manifest.py": 'raise RuntimeError("no water")\n'}),
    )
    url = database_copy("initialised", init)
    with Kernel.open(url) as kernel:
        kernel.perform("fenbu.module.enable", {"modules": ["tea"]})
    found = looked(url)
    [kettle] = [one for one in found.problems if one.about == "kettle"]
    assert "no water" in kettle.detail
    assert found.next.startswith("kettle: mend or reinstall the package dummy-kettle")


def test_a_glance_tells_what_flows_before_any_module_is_loaded(
    database_copy: DatabaseCopy, dummy_modules: DummyModules
) -> None:
    dummy_modules.install(DummyModule(name="tea"))
    url = database_copy("initialised", init)
    with Kernel.open(url) as kernel:
        kernel.perform("fenbu.module.enable", {"modules": ["tea"]})
    world = EngineWorld(url)
    try:
        glance = world.glance()
        assert glance is not None
        assert {lane.title: lane.standing.word for lane in glance.lanes} == {
            "information": "flows",  # that a module was enabled is an event
            "capital": "quiet",
            "goods": "quiet",
        }
        assert [lane.title for lane in glance.lanes] == [lane.title for lane in world.overview().lanes]
        assert glance.modules == world.overview().modules
        assert world.glance() is None
    finally:
        world.close()


def test_a_figure_that_raises_is_marked_and_its_module_needs_a_hand(
    database_copy: DatabaseCopy, dummy_modules: DummyModules
) -> None:
    views = (
        "from fenbu import Metric\n\n\ndef cold(work):\n    raise RuntimeError('no steam')\n\n\n"
        "METRICS = (Metric(name='tea.steam', title='Steam', unit='count', definition='Hot', value=cold),)\n"
    )
    manifest = {"metrics": "'fenbu_tea.views:METRICS'"}
    dummy_modules.install(DummyModule(name="tea", manifest=manifest, files={"views.py": views}))
    url = database_copy("initialised", init)
    with Kernel.open(url) as kernel:
        kernel.perform("fenbu.module.enable", {"modules": ["tea"]})
    found = looked(url)
    assert (found.figures[0].title, found.figures[0].value) == ("Steam", SIGNS[Tone.BAD])
    [told] = [one for one in found.problems if one.about == "tea.steam"]
    assert told.detail == "RuntimeError: no steam"
    assert "tell whoever makes the module tea" in told.repair


@pytest.mark.parametrize(("minutes", "pace"), [(10, 100), (40, 2_000), (5, 20_000)])
def test_the_lanes_tell_how_much_has_moved_however_much_that_is(
    database_copy: DatabaseCopy, minutes: int, pace: int
) -> None:
    """Invariant: the sample is exact where little has moved, and near enough to be drawn where much has."""
    kinds = ("erp.order-placed", "crm.timeline-told", "scm.goods-dispatched", "payments.payment-captured")
    url = database_copy("initialised", init)
    with Kernel.open(url) as kernel, kernel.database.write() as connection:
        published(connection, kinds, minutes, pace)
        found = sampled(connection, since=BEGAN)

    moved: Counter[str] = Counter()
    for topic, minute, events in found:
        if minute * MINUTE >= BEGAN:
            moved[topic] += events
    for kind in kinds:
        assert moved[kind] == pytest.approx(
            minutes * pace / len(kinds), rel=0 if minutes * pace < SAMPLE else 0.2
        )


def published(connection: Connection, kinds: Sequence[str], minutes: int, pace: int) -> None:
    """Let so many events a minute have been published since, the kinds in turn."""
    connection.execute(
        insert(event),
        [
            {
                "id": f"{number:032}", "topic": kinds[number % len(kinds)], "version": 1, "key": "k", "partition": 0,
                "about": "{}", "payload": "{}", "at": BEGAN + number * MINUTE // pace, "actor": "a", "module": "erp",
            }
            for number in range(minutes * pace)
        ],
    )  # fmt: skip


def test_what_was_just_published_moves_in_its_lane_and_waits_for_a_worker(
    database_copy: DatabaseCopy, dummy_modules: DummyModules
) -> None:
    url = database_copy("initialised", init)
    with Kernel.open(url) as kernel:
        kernel.perform("fenbu.module.enable", {"modules": ["erp", "crm"]})
        kernel.perform("erp.account.register", {"accounts": [{"account": "ACME", "name": "Acme"}]})
    found = looked(url)
    assert found.lanes[0].course[-1] + found.lanes[0].course[-2] >= 1
    assert found.lanes[0].standing.tone is Tone.GOOD
    [worker] = [one for one in found.problems if one.about == "worker"]
    assert worker.repair == "fenbu worker"
    assert {one.metric.partition(".")[0] for one in found.figures if one.metric} == {"erp", "crm"}
