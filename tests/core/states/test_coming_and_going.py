"""Any sequence of enabling, disabling, ordering and delivering loses nothing and doubles nothing."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import text

from fenbu.engine.kernel import Kernel
from fenbu.testing.dummies import DummyModules
from fenbu.work import Actor
from tests.core.states.tea_house import CELLAR, KITCHEN, TILL

HOW = st.sampled_from(["drain", "park", "waive"])


class Expected:
    """What a module should have heard: the promise of FLOWS' "life of a subscription", in sets."""

    def __init__(self, catches_up: bool) -> None:
        self.catches_up = catches_up
        self.state = "off"
        self.gathers = False
        self.waiting: set[str] = set()  # deliveries that exist
        self.unread: set[str] = set()  # missed, to be read from the log
        self.heard: set[str] = set()

    def rung(self, order: str) -> None:
        if self.state != "off" or self.gathers:
            (self.unread if self.unread and self.state != "off" else self.waiting).add(order)
        elif self.catches_up:
            self.unread.add(order)

    def enable(self) -> None:
        self.state, self.gathers = "on", True

    def disable(self, how: str) -> None:
        if self.state == "off":
            return
        if how == "drain" and (self.waiting or self.unread):
            self.state = "draining"
            return
        if how == "waive":
            self.waiting.clear()  # what was never read is not given up: it is read when the module comes back
        self.state, self.gathers = "off", how == "park"

    def delivered(self) -> None:
        if self.state == "off":
            return
        self.heard |= self.waiting | self.unread
        self.waiting, self.unread = set(), set()
        if self.state == "draining":
            self.state, self.gathers = "off", False


class TeaHouse(RuleBasedStateMachine):
    """A till that always works, a kitchen that starts from now, a cellar that catches up."""

    @initialize()
    def open(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.modules = DummyModules(Path(self.folder.name) / "site")
        self.modules.install(TILL, KITCHEN, CELLAR)
        url = f"sqlite:///{self.folder.name}/house.db"
        self.kernel = Kernel.init(url, name="Tea", currency="EUR", time_zone="UTC", os_user="ada")
        self.kernel.perform("fenbu.module.enable", {"modules": "till"}, actor=Actor("ada"))
        self.expected = {"kitchen": Expected(False), "cellar": Expected(True)}
        self.tables: set[str] = set()
        self.rung = 0

    @rule(name=st.sampled_from(["kitchen", "cellar"]))
    def enable(self, name: str) -> None:
        self.kernel.perform("fenbu.module.enable", {"modules": [name]})
        self.expected[name].enable()
        self.tables.add(name)

    @rule(name=st.sampled_from(["kitchen", "cellar"]), how=HOW)
    def disable(self, name: str, how: str) -> None:
        if name in self.tables:
            self.kernel.perform("fenbu.module.disable", {"modules": [name], "how": how})
            self.expected[name].disable(how)

    @rule()
    def ring(self) -> None:
        self.rung += 1
        order = f"SO-{self.rung}"
        waits = self.kernel.perform("till.order.ring", {"order": order}).answer["waits"]
        for name, expected in self.expected.items():
            asked = expected.state != "off" and not expected.unread
            assert (name in waits) == asked, (name, waits, vars(expected))
            expected.rung(order)

    @rule()
    def deliver(self) -> None:
        assert self.kernel.drain().finished
        for expected in self.expected.values():
            expected.delivered()

    @rule()
    def open_again(self) -> None:
        url = self.kernel.database.url
        self.kernel.close()
        self.kernel = Kernel.open(url, actor=Actor("ada"))

    @precondition(lambda self: hasattr(self, "expected"))
    @invariant()
    def each_has_heard_what_it_should_once(self) -> None:
        with self.kernel.database.read() as connection:
            for name in self.tables:
                found = list(connection.execute(text(f"SELECT label FROM {name}_heard")).scalars())
                assert sorted(found) == sorted(self.expected[name].heard), name

    def teardown(self) -> None:
        if hasattr(self, "kernel"):
            self.kernel.close()
            self.modules.close()
            self.folder.cleanup()


TestTeaHouse = TeaHouse.TestCase
TestTeaHouse.settings = settings(max_examples=15, stateful_step_count=15, deadline=None, derandomize=True)
