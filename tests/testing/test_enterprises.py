"""What authors are given: an enterprise with modules enabled, a clock that moves, deliveries on demand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from fenbu.engine.kernel import Kernel
from fenbu.testing.clock import START, Clock
from fenbu.testing.dummies import DummyModule, DummyModules
from fenbu.testing.enterprises import OWNER, Drain, Enterprises, NotDelivered
from tests.erp.shop import Shop

TEA = DummyModule(
    name="tea",
    tables=("leaf",),
    settings="cups: int = 6",
    flows=(
        "from sqlalchemy import text\n\n"
        "from fenbu import Permanent\n"
        "from fenbu.contracts.module import ModuleEnabled\n\n"
        "def welcome(work, event: ModuleEnabled) -> None:\n"
        "    if event.module == 'kettle':\n"
        "        raise Permanent('kettles are not welcome')\n"
        "    work.execute(text('INSERT INTO tea_leaf (label) VALUES (:name)'), {'name': event.module})\n"
    ),
    manifest={
        "subscriptions": "(Subscription('tea.welcome', on={'module.enabled/1': 'fenbu_tea.flows:welcome'}),)"
    },
)


@pytest.fixture(autouse=True)
def _installed(dummy_modules: DummyModules) -> None:
    dummy_modules.install(TEA, DummyModule(name="sugar"), DummyModule(name="kettle"))


def test_an_enterprise_has_its_modules_enabled_and_its_settings_set(enterprise: Enterprises) -> None:
    kernel = enterprise("tea", "sugar", settings={"tea": {"cups": 12}}, name="Tea room", currency="EUR")
    assert list(kernel.assembly.modules) == ["sugar", "tea"] or list(kernel.assembly.modules) == [
        "tea",
        "sugar",
    ]
    assert kernel.actor == OWNER
    with kernel.read("tea") as work:
        assert (work.enterprise.name, work.enterprise.currency) == ("Tea room", "EUR")
        assert work.settings(type(kernel.assembly.settings["tea"])).model_dump() == {"cups": 12}


def test_two_enterprises_of_one_test_share_nothing(enterprise: Enterprises) -> None:
    one, other = enterprise("tea"), enterprise("tea")
    one.perform("fenbu.setting.set", {"module": "tea", "name": "cups", "value": 1})
    assert other.assembly.settings["tea"].model_dump() == {"cups": 6}


def test_works_begin_on_the_clocks_day_and_follow_it(enterprise: Enterprises, clock: Clock) -> None:
    kernel = enterprise()
    with kernel.read() as work:
        assert work.today == START.date()
    clock.move(days=40)
    with kernel.read() as work:
        assert work.today == START.date() + timedelta(days=40)


def test_a_clock_that_is_stopped_shows_one_moment_until_it_is_moved() -> None:
    clock = Clock()
    stopped = clock.stop()
    assert clock.now == clock.now == stopped
    assert clock.move(minutes=5) == stopped + timedelta(minutes=5) == clock.now
    noon = datetime(2026, 7, 1, 12, tzinfo=UTC)
    assert clock.set(noon) == noon


def test_draining_delivers_what_waits(enterprise: Enterprises, drain: Drain) -> None:
    kernel = enterprise("tea")
    drain(kernel)
    kernel.perform("fenbu.module.enable", {"modules": ["sugar"]})
    assert drain(kernel) == 1
    with kernel.database.read() as connection:
        labels = connection.exec_driver_sql("SELECT label FROM tea_leaf").scalars().all()
    assert "sugar" in labels


def test_a_dead_delivery_fails_the_test_with_the_handlers_words_unless_it_is_meant(
    enterprise: Enterprises, drain: Drain
) -> None:
    kernel = enterprise("tea")
    kernel.perform("fenbu.module.enable", {"modules": ["kettle"]})
    with pytest.raises(
        NotDelivered, match=r"tea\.welcome on module\.enabled of kettle.*kettles are not welcome"
    ):
        drain(kernel)
    drain(kernel, dead=True)


def opened(kernel: Kernel) -> None:
    account = {"account": "C1", "name": "Ann Lee", "kind": "person"}
    kernel.perform("erp.account.register", {"accounts": [account]})


def test_what_many_tests_begin_with_is_there_and_each_has_its_own(enterprise: Enterprises) -> None:
    def accounts(kernel: Kernel) -> list[str]:
        return [row["account"] for row in Shop(kernel).rows("accounts")]

    changed, other = (enterprise("erp", furnished=opened) for _once in range(2))
    changed.perform("erp.account.register", {"accounts": [{"account": "C2", "name": "Bo", "kind": "person"}]})
    assert (accounts(changed), accounts(other)) == (["C1", "C2", "WALK-IN"], ["C1", "WALK-IN"])


def test_furnishing_that_has_no_name_of_its_own_is_refused(enterprise: Enterprises) -> None:
    with pytest.raises(ValueError, match="a function of a module is wanted"):
        enterprise("erp", furnished=lambda _kernel: None)
