"""The connection is lost after the server has committed and before anybody heard of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fenbu.engine.flows import retry
from fenbu.engine.kernel import Kernel
from fenbu.engine.store.errors import OutcomeUnknown
from fenbu.engine.store.infrastructure import infrastructure, retryable
from fenbu.testing.databases import DatabaseCopy
from fenbu.testing.enterprises import OWNER
from tests.faults.office import Place
from tests.faults.severed import Line, line_to
from tests.faults.stories import an_office, count, ordered

pytestmark = pytest.mark.databases("postgresql")


def build(url: str) -> None:
    an_office(Place(url, None))  # type: ignore[arg-type]  # nothing lies beside it


@pytest.fixture
def line(database_copy: DatabaseCopy) -> Iterator[Line]:
    with line_to(database_copy("an office", build)) as opened:
        yield opened


@pytest.fixture
def shop(line: Line) -> Iterator[Kernel]:
    with Kernel.open(line.url, actor=OWNER) as kernel:
        yield kernel


def test_an_act_whose_answer_is_lost_is_not_done_again_and_the_operator_is_told(
    shop: Kernel, line: Line
) -> None:
    before = count(shop, "erp_order")
    line.lose_commits = 1
    with pytest.raises(OutcomeUnknown, match="the change was made or not") as told:
        shop.perform("erp.order.place", ordered(1))
    assert count(shop, "erp_order") == before + 1
    assert told.value.exit_code == 69
    assert "look whether it was made" in told.value.hint
    assert infrastructure(told.value)
    assert not retryable(told.value)


def test_an_act_with_a_key_whose_answer_is_lost_is_asked_for_again_and_done_once(
    shop: Kernel, line: Line
) -> None:
    before = count(shop, "erp_order")
    line.lose_commits = 2
    order = shop.perform("erp.order.place", ordered(1), key="K1").answer["order"]
    assert count(shop, "erp_order") == before + 1
    assert shop.perform("erp.order.place", ordered(1), key="K1").answer["order"] == order


def test_a_worker_whose_answers_are_lost_delivers_once(
    shop: Kernel, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "BASE_PAUSE", 2_000)
    orders = [shop.perform("erp.order.place", ordered(n)).answer["order"] for n in range(3)]
    for order in orders:
        shop.perform("erp.order.fulfil", {"order": order})
    line.lose_commits = 4
    assert shop.drain().finished
    assert line.lose_commits == 0
    assert count(shop, "erp_invoice") == len(orders)
    assert count(shop, "fenbu_delivered WHERE attempts > 0") == 0
