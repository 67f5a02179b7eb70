"""Two apply at once from two processes: one works, the other is told who does; a dead holder holds nothing."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from fenbu.engine.kernel import Kernel
from fenbu.engine.rollout.agreeing import unlock
from fenbu.engine.rollout.apply import apply
from fenbu.engine.rollout.carrying_out import Happened
from fenbu.engine.rollout.rolling_back import roll_back
from fenbu.engine.rollout.status import status
from fenbu.engine.stages import lock
from fenbu.engine.stages.errors import Locked
from fenbu.testing.clock import Clock
from fenbu.testing.dummies import DummyModules
from tests.core.rollout.tea import Opens, plan_file, states
from tests.core.rollout.test_apply import is_free
from tests.faults.killing import ended, living
from tests.faults.rollouts import applying, holding_on

PATIENCE = 60.0


def _wait_for(file: Path) -> None:
    until = time.monotonic() + PATIENCE
    while not file.exists():
        assert time.monotonic() < until, "the other process has not begun"
        time.sleep(0.02)


def test_of_two_who_apply_one_is_told_who_holds_the_lock(
    opens: Opens, tea_url: str, tea_site: DummyModules, tmp_path: Path
) -> None:
    art, site, here = opens("art"), str(tea_site.folder), tmp_path / "here"
    with living(holding_on, tea_url, site, plan_file().text, "ann", str(here)):
        _wait_for(here)

        with pytest.raises(
            Locked, match=r"ann holds the lock of the rollout for .* \(apply, process \d+"
        ) as locked:
            apply(art, plan_file())
        assert locked.value.exit_code == 4
        with pytest.raises(Locked):
            roll_back(art, "sale")
        with pytest.raises(Locked):
            unlock(art)
        assert ended(applying, tea_url, site, plan_file().text, None, "art").answer == "locked"
        found = status(art, plan_file())
        assert found.held is not None
        assert (found.held.operator, found.held.dead) == ("ann", False)
        assert found.next == "wait: ann is at it (apply)"

    found = status(art, plan_file())
    assert found.held is not None
    assert found.held.dead, "its process has died"
    told: list[Happened] = []
    assert apply(art, plan_file(), tell=told.append).stages == ("sale",)
    assert (told[0].event, told[0].note) == ("lock-taken-over", "ann")
    assert told[1].event == "gone-on"
    assert states(art)["till"] == "enabled"
    assert is_free(art)


def test_the_lock_of_a_dead_process_is_freed_without_force(
    ann: Kernel, tea_url: str, tea_site: DummyModules, tmp_path: Path
) -> None:
    here = tmp_path / "here"
    with living(holding_on, tea_url, str(tea_site.folder), plan_file().text, "art", str(here)):
        _wait_for(here)
    assert unlock(ann).answer["dead"] is True
    assert is_free(ann)


def test_another_machine_is_not_judged_and_its_silence_is_told(ann: Kernel, clock: Clock) -> None:
    with ann.database.write() as connection:
        lock.take(connection, lock.new_token(), "art", "apply", clock())
        connection.exec_driver_sql("UPDATE fenbu_rollout_lock SET host = 'elsewhere', pid = 1")
    clock.move(hours=1)
    with pytest.raises(Locked, match="on elsewhere") as locked:
        apply(ann, plan_file())
    assert "unlock --force" in locked.value.hint


def test_a_lock_that_could_not_be_given_back_does_not_keep_its_own_process_out(ann: Kernel) -> None:
    with ann.database.write() as connection:
        lock.take(connection, token := lock.new_token(), "ann", "apply", ann.database.clock(connection))
    lock.forget(token)  # as when the database was out of reach at the end

    assert apply(ann, plan_file()).stages == ("sale",)
