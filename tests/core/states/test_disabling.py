"""Disabling keeps every row; what waits is shown, then finished, kept for later or given up."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from fenbu.engine.catalog.errors import CannotDrain, StateRefused, StillNeeded
from fenbu.engine.catalog.states import ModuleState
from fenbu.engine.kernel import Kernel
from fenbu.errors import ModuleUnavailable, Unknown
from fenbu.testing.dummies import DummyModule, DummyModules
from fenbu.work import Actor
from tests.core.states.tea_house import CELLAR, KITCHEN, TILL

S = ModuleState
ADA = Actor("ada")


@pytest.fixture(autouse=True)
def installed(dummy_modules: DummyModules) -> DummyModules:
    dummy_modules.install(TILL, KITCHEN, CELLAR)
    return dummy_modules


def enable(kernel: Kernel, *names: str) -> dict[str, object]:
    return dict(kernel.perform("fenbu.module.enable", {"modules": names}).answer)


def disable(kernel: Kernel, how: str, *names: str) -> dict[str, object]:
    return dict(kernel.perform("fenbu.module.disable", {"modules": names, "how": how}).answer)


def ring(kernel: Kernel, *orders: str) -> object:
    """Ring up orders; returns what the last one must wait for."""
    answer = None
    for order in orders:
        answer = kernel.perform("till.order.ring", {"order": order}).answer["waits"]
    return answer


def work_off(kernel: Kernel) -> None:
    assert kernel.drain().finished


def heard(kernel: Kernel, module: str) -> list[str]:
    return [str(label) for (label,) in rows(kernel, f"SELECT label FROM {module}_heard ORDER BY label")]


def rows(kernel: Kernel, statement: str) -> list[tuple[object, ...]]:
    with kernel.database.read() as connection:
        return [tuple(row) for row in connection.execute(text(statement))]


def to_read(kernel: Kernel, module: str) -> list[str]:
    """Return what the preview of enabling says it would catch up with, a number for each subscription."""
    shown = kernel.preview("fenbu.module.enable", {"modules": [module]})
    return [line.number for line in shown if f"events that {module}." in line.text]


def write(kernel: Kernel, statement: str) -> None:
    with kernel.database.write() as connection:
        connection.execute(text(statement))


def state(kernel: Kernel, name: str) -> ModuleState:
    return kernel.modules().by_name[name].state


def test_a_module_at_rest_is_disabled_at_once_and_its_rows_stay(kernel: Kernel) -> None:
    enable(kernel, "till", "kitchen")
    ring(kernel, "SO-1")
    work_off(kernel)
    assert disable(kernel, "drain", "kitchen")["disabled"] == ["kitchen"]
    assert state(kernel, "kitchen") is S.DISABLED
    assert heard(kernel, "kitchen") == ["SO-1"]
    assert ring(kernel, "SO-2") == []
    assert rows(kernel, "SELECT topic, key FROM fenbu_event WHERE topic = 'module.disabled'") == [
        ("module.disabled", "kitchen")
    ]


def test_after_draining_nothing_is_gathered_and_enabling_again_starts_from_then(kernel: Kernel) -> None:
    enable(kernel, "till", "kitchen")
    ring(kernel, "SO-1")
    work_off(kernel)
    disable(kernel, "drain", "kitchen")
    ring(kernel, "SO-2")
    enable(kernel, "kitchen")
    ring(kernel, "SO-3")
    work_off(kernel)
    assert heard(kernel, "kitchen") == ["SO-1", "SO-3"]


def test_a_parked_module_finds_everything_when_it_comes_back(kernel: Kernel) -> None:
    enable(kernel, "till", "kitchen")
    ring(kernel, "SO-1")
    disable(kernel, "park", "kitchen")
    ring(kernel, "SO-2")
    work_off(kernel)
    assert heard(kernel, "kitchen") == []
    enable(kernel, "kitchen")
    work_off(kernel)
    assert heard(kernel, "kitchen") == ["SO-1", "SO-2"]


def test_what_is_waived_is_counted_and_never_delivered(kernel: Kernel) -> None:
    enable(kernel, "till", "kitchen")
    ring(kernel, "SO-1", "SO-2")
    done = kernel.perform(
        "fenbu.module.disable", {"modules": ["kitchen"], "how": "waive", "reason": "burnt"}
    ).answer
    assert done["waived"] == 2
    assert rows(kernel, "SELECT DISTINCT reason FROM fenbu_skipped") == [("burnt",)]
    ring(kernel, "SO-3")
    enable(kernel, "kitchen")
    ring(kernel, "SO-4")
    work_off(kernel)
    assert heard(kernel, "kitchen") == ["SO-4"]


def test_a_module_with_work_in_hand_drains_and_is_disabled_when_it_has_finished(kernel: Kernel) -> None:
    enable(kernel, "till", "kitchen")
    ring(kernel, "SO-1")
    assert disable(kernel, "drain", "kitchen")["draining"] == ["kitchen"]
    assert state(kernel, "kitchen") is S.DRAINING
    assert not kernel.settle()
    work_off(kernel)
    assert state(kernel, "kitchen") is S.DISABLED
    assert heard(kernel, "kitchen") == ["SO-1"]


def test_unfinished_business_that_only_a_hook_knows_of_is_drained_too(kernel: Kernel) -> None:
    enable(kernel, "till", "kitchen")
    write(kernel, "INSERT INTO kitchen_open (label) VALUES ('brown pot')")
    assert disable(kernel, "drain", "kitchen")["draining"] == ["kitchen"]
    assert not kernel.settle()
    write(kernel, "DELETE FROM kitchen_open")
    assert kernel.settle()
    assert state(kernel, "kitchen") is S.DISABLED


def test_a_draining_module_is_not_asked_for_anything_new_and_still_about_what_it_holds(
    kernel: Kernel,
) -> None:
    enable(kernel, "till", "kitchen")
    write(kernel, "INSERT INTO kitchen_open (label) VALUES ('brown pot')")
    assert ring(kernel, "SO-1") == ["kitchen"]
    disable(kernel, "drain", "kitchen")
    assert ring(kernel, "SO-2") == []
    shown = kernel.preview("fenbu.module.disable", {"modules": ["kitchen"]})
    assert ("pots on the stove", "1") in {(line.text, line.number) for line in shown}
    enable(kernel, "kitchen")
    assert ring(kernel, "SO-3") == ["kitchen"]


def test_a_draining_module_whose_package_is_gone_holds_up_nothing_new(
    kernel: Kernel, house_url: str, installed: DummyModules
) -> None:
    enable(kernel, "till", "kitchen")
    ring(kernel, "SO-1")
    disable(kernel, "drain", "kitchen")
    installed.uninstall("kitchen")
    installed.forget("kitchen")
    with Kernel.open(house_url, actor=ADA) as later:
        assert state(later, "kitchen") is S.MISSING
        assert ring(later, "SO-2") == []


def test_a_draining_module_can_be_kept_after_all_or_given_up(kernel: Kernel) -> None:
    enable(kernel, "till", "kitchen")
    ring(kernel, "SO-1")
    disable(kernel, "drain", "kitchen")
    assert enable(kernel, "kitchen")["enabled"] == ["kitchen"]
    assert state(kernel, "kitchen") is S.ENABLED
    disable(kernel, "drain", "kitchen")
    assert disable(kernel, "waive", "kitchen")["waived"] == 1
    assert state(kernel, "kitchen") is S.DISABLED


def test_what_waits_is_shown_in_numbers_before_it_is_done(kernel: Kernel) -> None:
    enable(kernel, "till", "kitchen", "cellar")
    work_off(kernel)
    ring(kernel, "SO-1", "SO-2")
    write(kernel, "INSERT INTO kitchen_open (label) VALUES ('brown pot')")
    shown = kernel.preview("fenbu.module.disable", {"modules": ["kitchen"]})
    assert {(line.text, line.number) for line in shown} == {
        ("pots on the stove", "1"),
        ("waiting deliveries of kitchen.orders", "2"),
    }
    needed = kernel.preview("fenbu.module.disable", {"modules": ["till"]})
    assert "needed: kitchen needs capability:sales.orders of till" in [line.text for line in needed]


def test_a_module_that_comes_back_is_told_of_the_history_that_it_has_not_read_and_of_no_more(
    kernel: Kernel,
) -> None:
    enable(kernel, "till", "cellar")
    ring(kernel, "SO-1", "SO-2")
    work_off(kernel)
    disable(kernel, "drain", "cellar")
    ring(kernel, "SO-3")
    assert to_read(kernel, "cellar") == ["1"], "two it has read"
    enable(kernel, "cellar")
    work_off(kernel)
    disable(kernel, "park", "cellar")
    ring(kernel, "SO-4")
    assert to_read(kernel, "cellar") == [], "what is parked waits as deliveries already"


def test_a_module_that_others_need_goes_only_with_them(kernel: Kernel) -> None:
    enable(kernel, "till", "kitchen")
    with pytest.raises(StillNeeded, match=r"kitchen needs capability:sales\.orders of till") as caught:
        disable(kernel, "drain", "till")
    assert caught.value.hint == "disable kitchen too, in the same command"
    assert disable(kernel, "drain", "till", "kitchen")["disabled"] == ["kitchen", "till"]


def test_disabling_twice_changes_nothing_and_what_never_was_on_is_refused(
    kernel: Kernel, installed: DummyModules
) -> None:
    enable(kernel, "till")
    disable(kernel, "drain", "till")
    assert disable(kernel, "drain", "till") == {
        "disabled": [],
        "draining": [],
        "already": ["till"],
        "waived": 0,
    }
    with pytest.raises(StateRefused, match="kitchen is discovered, so it cannot be disabled"):
        disable(kernel, "drain", "kitchen")
    with pytest.raises(Unknown):
        disable(kernel, "drain", "kitchn")


def test_a_late_module_reads_what_it_missed_before_its_hooks_are_asked(kernel: Kernel) -> None:
    enable(kernel, "till")
    ring(kernel, "SO-1", "SO-2")
    assert enable(kernel, "cellar")["catching_up"] == ["cellar"]
    assert state(kernel, "cellar") is S.CATCHING_UP
    assert ring(kernel, "SO-3") == []
    assert not kernel.settle()
    work_off(kernel)
    assert state(kernel, "cellar") is S.ENABLED
    assert heard(kernel, "cellar") == ["SO-1", "SO-2", "SO-3"]
    assert ring(kernel, "SO-4") == ["cellar"]


def test_a_module_that_has_missed_nothing_of_its_own_works_at_once(kernel: Kernel) -> None:
    enable(kernel, "till")
    assert enable(kernel, "cellar")["catching_up"] == []
    assert state(kernel, "cellar") is S.ENABLED
    assert ring(kernel, "SO-1") == ["cellar"]


def test_draining_while_catching_up_asks_no_hooks_and_can_be_taken_back(kernel: Kernel) -> None:
    enable(kernel, "till")
    ring(kernel, "SO-1")
    enable(kernel, "cellar")
    assert disable(kernel, "drain", "cellar")["draining"] == ["cellar"]
    assert ring(kernel, "SO-2") == []
    enable(kernel, "cellar")
    assert state(kernel, "cellar") is S.CATCHING_UP
    work_off(kernel)
    assert state(kernel, "cellar") is S.ENABLED
    assert heard(kernel, "cellar") == ["SO-1", "SO-2"]


def test_an_operator_may_leave_history_out(kernel: Kernel) -> None:
    enable(kernel, "till")
    ring(kernel, "SO-1")
    kernel.perform("fenbu.module.enable", {"modules": ["cellar"], "history": "from_now"})
    assert state(kernel, "cellar") is S.ENABLED
    ring(kernel, "SO-2")
    work_off(kernel)
    assert heard(kernel, "cellar") == ["SO-2"]


def test_a_module_that_catches_up_finds_its_position_again_after_a_pause(kernel: Kernel) -> None:
    enable(kernel, "till")
    ring(kernel, "SO-1")
    enable(kernel, "cellar")
    work_off(kernel)
    disable(kernel, "drain", "cellar")
    ring(kernel, "SO-2", "SO-3")
    assert rows(kernel, "SELECT count(*) FROM fenbu_delivery") == [(0,)]
    enable(kernel, "cellar")
    work_off(kernel)
    assert heard(kernel, "cellar") == ["SO-1", "SO-2", "SO-3"]


def test_a_module_removed_from_disk_refuses_what_needs_it_until_it_is_disabled_from_its_snapshot(
    kernel: Kernel, house_url: str, installed: DummyModules
) -> None:
    enable(kernel, "till", "kitchen")
    assert ring(kernel, "SO-1") == ["kitchen"]
    installed.uninstall("kitchen")
    installed.forget("kitchen")
    with Kernel.open(house_url, actor=ADA) as later:
        assert state(later, "kitchen") is S.MISSING
        with pytest.raises(ModuleUnavailable, match="kitchen"):
            ring(later, "SO-2")
        with pytest.raises(CannotDrain) as caught:
            disable(later, "drain", "kitchen")
        assert "--how park" in caught.value.hint
        assert disable(later, "park", "kitchen")["disabled"] == ["kitchen"]
        assert ring(later, "SO-2") == []
        installed.install(KITCHEN)
        enable(later, "kitchen")
        work_off(later)
        assert heard(later, "kitchen") == ["SO-1", "SO-2"]


def test_a_module_whose_plugin_raises_is_quarantined_refuses_what_needs_it_and_is_mended_in_place(
    kernel: Kernel, house_url: str, installed: DummyModules
) -> None:
    enable(kernel, "till", "kitchen")
    installed.write("kitchen", "plugin.py", "raise RuntimeError('no gas')\n")
    installed.forget("kitchen")
    with Kernel.open(house_url, actor=ADA) as later:
        found = later.modules().by_name["kitchen"]
        assert found.state is S.QUARANTINED
        assert "no gas" in found.reason
        assert "fenbu disable kitchen" in found.advice
        with pytest.raises(ModuleUnavailable):
            ring(later, "SO-1")
        installed.install(KITCHEN)
        enable(later, "kitchen")
        assert state(later, "kitchen") is S.ENABLED
        assert ring(later, "SO-1") == ["kitchen"]
        assert later.modules().by_name["kitchen"].problems == 0


def test_safe_mode_disables_what_is_broken_without_loading_any_code(
    kernel: Kernel, house_url: str, installed: DummyModules
) -> None:
    enable(kernel, "till", "kitchen")
    installed.write("kitchen", "manifest.py", "import sys\nsys.exit(1)\n")
    installed.forget("kitchen")
    installed.forget("till")
    with Kernel.open(house_url, actor=ADA, safe=True) as safe:
        assert disable(safe, "park", "kitchen")["disabled"] == ["kitchen"]
        assert installed.imported("till") == []
    with Kernel.open(house_url, actor=ADA) as later:
        assert ring(later, "SO-1") == []


def test_enabling_disabling_and_enabling_again_keeps_every_row(kernel: Kernel) -> None:
    enable(kernel, "till", "kitchen")
    for number, how in enumerate(("drain", "park", "waive", "park", "drain")):
        ring(kernel, f"SO-{number}")
        work_off(kernel)
        disable(kernel, how, "kitchen")
        enable(kernel, "kitchen")
    assert heard(kernel, "kitchen") == [f"SO-{number}" for number in range(5)]


def test_a_module_of_nothing_but_a_name_comes_and_goes(kernel: Kernel, installed: DummyModules) -> None:
    installed.install(DummyModule(name="doily"))
    enable(kernel, "doily")
    assert disable(kernel, "drain", "doily")["disabled"] == ["doily"]
