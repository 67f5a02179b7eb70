"""A rollout is killed at every step, changed by hand, taken back and applied again: in the end it stands, and nothing
is lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from fenbu.engine.catalog.errors import StillNeeded
from fenbu.engine.doctor import examine
from fenbu.engine.guard import audit
from fenbu.engine.kernel import Kernel
from fenbu.engine.rollout.apply import apply
from fenbu.engine.rollout.plan import make
from fenbu.engine.rollout.rolling_back import roll_back
from fenbu.engine.stages import lock, records
from fenbu.errors import FenbuError
from fenbu.metrics import Health
from fenbu.testing.databases import DatabaseCopy
from fenbu.testing.dummies import DummyModule, DummyModules
from fenbu.work import Actor
from tests.core.rollout import tea
from tests.core.rollout.tea import plan_file
from tests.faults.killing import Kill, killed
from tests.faults.rollouts import (
    EXPECTED,
    applying,
    broken_promises,
    business,
    heard_twice,
    taking_back,
)

PARK = ('rollback = { in_flight = "refuse" }', 'rollback = { in_flight = "park" }')
NO_HISTORY = ('history = { "kitchen.orders" = "catch_up" }\n', "")
FILES = (
    plan_file(PARK),
    plan_file(PARK, ("pots = 4", "pots = 5"), ("rounding = 10\n", "")),
    plan_file(
        PARK,
        ('modules = ["kitchen", "cellar"]', 'modules = ["kitchen"]'),
        ('modules = ["scales"]', 'modules = ["scales", "cellar"]'),
        ("[modules.cellar]\n", '[modules.cellar]\non_disable = "park"\n'),
    ),
    plan_file(
        PARK,
        NO_HISTORY,
        ('modules = ["kitchen", "cellar"]', 'modules = ["cellar"]'),
        ('modules = ["scales"]', 'modules = ["scales", "kitchen"]'),
    ),
)
STAGES = ("sale", "back", "weighed")
BY_HAND: tuple[tuple[str, dict[str, Any]], ...] = (
    ("fenbu.setting.set", {"module": "till", "name": "greeting", "value": "by hand"}),
    ("fenbu.setting.set", {"module": "kitchen", "name": "pots", "value": 9}),
    ("fenbu.module.disable", {"modules": ["scales"], "how": "park"}),
    ("fenbu.module.disable", {"modules": ["cellar"], "how": "park"}),
    ("fenbu.module.disable", {"modules": ["kitchen"], "how": "waive", "reason": "a rainy day"}),
    ("fenbu.module.enable", {"modules": ["till"]}),
    ("fenbu.module.enable", {"modules": ["scales"]}),
    ("fenbu.module.enable", {"modules": ["kitchen"]}),
)
COMMIT = st.sampled_from([3, 4, 2, 5, 1, 6, 2, 3])
POINTS = st.lists(st.builds(Kill, commit=COMMIT, after=st.booleans()), min_size=3, max_size=5)
"""An apply of a stage has about that many commits: lock, begin or go on, step by step, lock."""
OPERATOR = st.sampled_from(["ann", "art"])


class Rollouts(RuleBasedStateMachine):
    """One tea house after another, rolled out by hands that die."""

    found: ClassVar[Callable[[], str]]
    site: ClassVar[str]
    kills: ClassVar[int] = 0
    enough: ClassVar[int] = 10_000
    """After so many nobody dies any more, to spare time."""

    @initialize()
    def open_house(self) -> None:
        self.url = type(self).found()
        self.kernel = Kernel.open(self.url, actor=Actor("ada"))
        self.file, self.orders, self.seen = FILES[0], 0, Counter[str]()

    def teardown(self) -> None:
        if hasattr(self, "kernel"):
            try:
                self._bring_to_its_end()
            finally:
                self.kernel.close()

    @rule(file=st.sampled_from(FILES))
    def change_the_file(self, file: Any) -> None:
        self.file = file

    @rule(what=st.sampled_from(BY_HAND))
    def change_by_hand(self, what: tuple[str, dict[str, Any]]) -> None:
        try:
            self.kernel.perform(*what)
        except FenbuError:
            return  # not there, or needed by others
        with self.kernel.database.read() as connection:
            self.untouched = records.open_run(connection) is None

    @rule(count=st.integers(1, 3))
    def ring(self, count: int) -> None:
        for _number in range(count):
            try:
                self.kernel.perform("till.order.ring", {"order": f"T-{self.orders + 1}"})
            except FenbuError:
                return  # the till is not on
            self.orders += 1

    @rule()
    def deliver(self) -> None:
        self.kernel.drain()
        self.kernel.settle()

    @rule(points=POINTS, through=st.sampled_from(["weighed", "back", None]), operator=OPERATOR)
    def apply_and_die(self, points: list[Kill], through: str | None, operator: str) -> None:
        """One after the other goes on where the one before has died."""
        told = (self.url, self.site, self.file.text, through, operator)
        for point in points:
            self._die(applying, told, point)

    @rule(points=POINTS, stage=st.sampled_from(STAGES), operator=OPERATOR)
    def roll_back_and_die(self, points: list[Kill], stage: str, operator: str) -> None:
        for point in points:
            self._die(taking_back, (self.url, self.site, stage, operator), point)

    def _die(self, lived: Callable[..., str], told: tuple[Any, ...], point: Kill) -> None:
        if self.kills >= self.enough:
            return
        type(self).kills += killed(lived, *told, kill=point)
        self.nothing_is_lost_or_done_twice()
        self.the_journal_says_what_is()

    @rule(through=st.sampled_from([None, "weighed"]))
    def apply_what_is_left(self, through: str | None) -> None:
        try:
            apply(self.kernel, self.file, through=through)
        except EXPECTED:
            return
        with self.kernel.database.read() as connection:
            assert lock.held(connection) is None

    @invariant()
    def nothing_is_lost_or_done_twice(self) -> None:
        if not hasattr(self, "kernel"):
            return
        now = business(self.kernel)
        assert not self.seen - now, "rows of business are gone"
        self.seen = now
        assert heard_twice(self.kernel) == []

    @invariant()
    def the_journal_says_what_is(self) -> None:
        if hasattr(self, "kernel"):
            told = broken_promises(self.kernel)
            if not getattr(
                self, "untouched", True
            ):  # modules were switched by hand while a stage is half-applied
                told = [one for one in told if not one.startswith("step ")]
            assert told == []

    def _bring_to_its_end(self) -> None:
        """Let a person finish what was begun, and look at all of it."""
        with self.kernel.database.read() as connection:
            run = records.open_run(connection)
        if run is not None and run.verb == records.ROLLBACK:
            self._take_back(run.stage)
        for _stage in STAGES:
            self.deliver()
            apply(self.kernel, self.file, wait=True)
        plan = make(self.kernel, self.file)
        assert plan.nothing_to_do, "an unchanged file that was applied whole has nothing to do"
        assert not plan.drift
        with self.kernel.database.read() as connection:
            assert lock.held(connection) is None
        self.nothing_is_lost_or_done_twice()
        self.kernel.seal_audit()
        with self.kernel.database.read() as connection:
            assert audit.verify(connection).broken_at is None
        ill = [one for one in examine(self.kernel) if one.finding.health is Health.FAILED]
        assert [f"{one.check.name}: {one.finding.detail}" for one in ill] == []

    def _take_back(self, stage: str) -> None:
        """Take a stage back; what was switched on by hand and needs it goes off by hand."""
        try:
            roll_back(self.kernel, stage)
        except StillNeeded as refused:
            self.kernel.perform("fenbu.module.disable", {"modules": list(refused.needed), "how": "park"})
            roll_back(self.kernel, stage)


Live = Callable[..., int]


@pytest.fixture
def live(tea_site: DummyModules, database_copy: DatabaseCopy) -> Live:
    """Let tea houses be rolled out; returns how many processes were killed in it."""
    tea_site.install(DummyModule(name="scales", tables=("gauge",)))  # without the numbers that break

    def open_tea_house(url: str) -> None:
        with Kernel.init(url, name="Harbour Tea", currency="EUR", time_zone="UTC", os_user="ada") as kernel:
            tea.people(kernel)

    def lived(enough: int = 10_000, **options: Any) -> int:
        class Here(Rollouts):
            """The tea houses of this test."""

        Here.found = staticmethod(lambda: database_copy("tea house to be killed", open_tea_house))
        Here.site, Here.enough = str(tea_site.folder), enough
        profile: dict[str, Any] = {"deadline": None, "phases": [Phase.generate], "database": None}
        run_state_machine_as_test(
            Here, settings=settings(**(profile | options), suppress_health_check=list(HealthCheck))
        )
        return Here.kills

    return lived


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_rollout_that_is_killed_at_any_step_comes_to_its_end(live: Live) -> None:
    assert live(enough=15, max_examples=5, stateful_step_count=12, derandomize=True) == 15


@pytest.mark.proof
@pytest.mark.timeout(7200)
def test_two_hundred_and_fifty_kills_on_each_database_lose_nothing(live: Live) -> None:
    """Other houses every time."""
    kills = 0
    while kills < 250:
        kills += live(max_examples=15, stateful_step_count=25)
