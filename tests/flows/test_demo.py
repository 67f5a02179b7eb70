"""The demo: a shop out of a seed that grows module by module, whose books are right, told within eighty columns."""

from __future__ import annotations

import io
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen

from fenbu.cli.demo import going_on, shop
from fenbu.cli.demo.stages import STAGES, runnable
from fenbu.cli.layout import width_of
from fenbu.cli.running import run
from fenbu.engine.explaining import explain
from fenbu.engine.kernel import Kernel
from fenbu.engine.reading import page
from fenbu.testing.dummies import DummyModule, DummyModules

TODAY = date(2026, 11, 22)
ORDERS = 60
"""Enough for everything to happen, and few, because a demo is dear."""


def demo(*options: str, code: int = 0, orders: int = ORDERS) -> str:
    with redirect_stdout(io.StringIO()) as out:
        assert run(["demo", "--orders", str(orders), *options]) == code
    return out.getvalue()


@frozen
class Lived:
    """A demo that was run once for all tests: what it told, and the enterprise that it left."""

    told: str
    kernel: Kernel
    folder: Path

    @property
    def events(self) -> Counter[str]:
        with self.kernel.database.read() as connection:
            rows = connection.exec_driver_sql("SELECT topic, count(*) FROM fenbu_event GROUP BY topic")
            return Counter({row[0]: int(row[1]) for row in rows})

    def rows(self, view: str) -> Sequence[Mapping[str, Any]]:
        with self.kernel.read(view.partition(".")[0]) as work:
            return page(work, self.kernel.assembly.view(view), limit=1000).rows

    @property
    def requirements(self) -> dict[str, set[str]]:
        """Return which requirements the orders had, by the order's number."""
        found: dict[str, set[str]] = {row["order"]: set() for row in self.rows("erp.orders")}
        for row in self.rows("erp.requirements"):
            found[row["order"]].add(row["requirement"])
        return found


def told_of(lived: Lived, kind: str) -> str:
    """Return the number with which a demo says to go on: ``fenbu explain customer …``."""
    return lived.told.partition("Go on")[2].partition(f"fenbu explain {kind} ")[2].split()[0]


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    folder = tmp_path_factory.mktemp("demo")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", "80")
        patch.chdir(folder)
        told = demo("--folder", "shop")
    with Kernel.open(str(folder / "shop" / "fenbu.db")) as kernel:
        yield Lived(told, kernel, folder / "shop")


def test_the_demo_ends_with_balanced_books_and_a_healthy_enterprise(lived: Lived) -> None:
    health = lived.told.partition("Health ")[2].partition("Go on")[0]
    assert "✖" not in lived.told
    for check in ("fenbu.books", "erp.ledger_balanced", "payments.state_is_fold", "scm.stock_matches_moves"):
        assert f"✔ {check}" in health
    sums = [sum(row[side] or 0 for row in lived.rows("erp.trial-balance")) for side in ("debit", "credit")]
    assert sums[0] == sums[1] > 0
    assert lived.events["erp.order-placed"] == ORDERS
    assert lived.kernel.assembly.enterprise.name == shop.NAME


def test_orders_flow_further_with_each_module_that_is_enabled(lived: Lived) -> None:
    seen = list(dict.fromkeys(frozenset(one) for _order, one in sorted(lived.requirements.items())))
    assert seen[0] == frozenset()
    assert frozenset({"payment"}) in seen
    assert frozenset({"stock", "payment"}) in seen
    assert seen.index(frozenset({"payment"})) < seen.index(frozenset({"stock", "payment"}))


@pytest.mark.parametrize(
    "topic",
    [
        "erp.order-cancelled",
        "erp.credit-note-issued",
        "payments.payment-captured",
        "payments.payment-failed",
        "payments.payment-refunded",
        "scm.goods-dispatched",
        "scm.backorder-raised",
        "scm.backorder-filled",
        "scm.goods-returned",
        "crm.lead-converted",
        "crm.lead-lost",
        "crm.opportunity-won",
        "crm.case-overdue",
        "hrm.leave-approved",
        "hrm.payroll-paid",
        "erp.payroll-posted",
    ],
)
def test_what_happens_in_shops_happens_in_the_demo(lived: Lived, topic: str) -> None:
    assert lived.events[topic] > 0


def test_every_account_is_a_customer_with_a_story_of_all_modules(lived: Lived) -> None:
    accounts = {row["account"] for row in lived.rows("erp.accounts")}
    assert accounts <= {row["account"] for row in lived.rows("crm.customers")}
    with lived.kernel.read() as work:
        topics = {
            chapter.module for chapter in explain(work, "customer", told_of(lived, "customer")).chapters
        }
    assert {"crm", "erp"} < topics


def test_one_question_waits_too_long_for_its_answer_at_the_end(lived: Lived) -> None:
    assert len([row for row in lived.rows("crm.cases") if row["overdue"]]) == 1
    assert "fenbu show crm.cases --where overdue=yes" in lived.told.partition("Go on")[2]


def test_the_payroll_is_approved_by_another_person_posted_and_paid_out(lived: Lived) -> None:
    [run] = lived.rows("hrm.payrolls")
    assert (run["state"], run["payment"]) == ("approved", "paid")
    with lived.kernel.read() as work:
        acts = {
            one.name: one.who for one in explain(work, "payroll", run["run"]).chapters if one.kind == "act"
        }
    assert acts["hrm.payroll.approve"] != acts["hrm.payroll.review"]
    [owed] = [row for row in lived.rows("erp.trial-balance") if row["title"] == "Net pay"]
    assert owed["debit"] == owed["credit"] > 0


def test_somebody_at_work_has_a_story_too(lived: Lived) -> None:
    with lived.kernel.read() as work:
        told = [chapter.name for chapter in explain(work, "employee", told_of(lived, "employee")).chapters]
    assert {"hrm.employee-hired", "hrm.leave-requested", "hrm.leave-approved"} <= set(told)


def test_a_declined_card_is_tried_again_and_no_money_lacks_its_document(lived: Lived) -> None:
    declined = {row["order"] for row in lived.rows("payments.payments") if row["state"] == "failed"}
    paid = {row["order"] for row in lived.rows("payments.payments") if row["state"] == "captured"}
    assert declined & paid
    assert lived.rows("payments.money-without-document") == []
    assert [row for row in lived.rows("erp.requirements") if row["state"] == "failed"] == []


def test_something_is_short_at_the_end_so_that_one_can_try_a_receipt(lived: Lived) -> None:
    assert lived.rows("scm.backorders") != []
    assert "fenbu do scm.receipt.post" in lived.told.partition("Go on")[2]


def test_the_story_of_an_order_begins_with_who_placed_it(lived: Lived) -> None:
    with lived.kernel.read() as work:
        placed, happened, *_more = explain(work, "order", "SO-00000001").chapters
    assert (placed.kind, placed.text) == ("act", "erp.order.place")
    assert (happened.kind, happened.name) == ("event", "erp.order-placed")


def test_each_stage_says_which_flows_run_and_which_are_new(lived: Lived) -> None:
    stages = lived.told.split("\nStage ")[1:]
    assert [stage.partition("\n")[0].partition("fenbu enable ")[2] for stage in stages] == [
        "erp crm",
        "payments",
        "scm hrm",
    ]
    for stage, flow in zip(stages, ("erp → crm", "payments → erp", "hrm → payments"), strict=True):
        assert [line for line in stage.splitlines() if line.startswith("  + ") and flow in line]
    assert "also what happened before" not in stages[0]
    assert "also what happened before" in stages[2]


def test_the_story_fits_eighty_columns_and_names_the_commands_to_go_on_with(lived: Lived) -> None:
    wide = [line for line in lived.told.splitlines() if width_of(line) > 80]
    assert [line for line in wide if line.strip() != f"cd {lived.folder}"] == []
    for command in ("cd ", "fenbu tui", "fenbu show erp.orders", "fenbu explain order SO-000000"):
        assert command in lived.told.partition("Go on")[2]


def test_the_same_seed_makes_the_same_shop_and_its_folder_goes_when_it_is_not_wanted(
    lived: Lived, tmp_path: Path
) -> None:
    again = json.loads(demo("--json", "--folder", str(tmp_path / "shop"), "--remove"))
    assert again["healthy"], again["failed_checks"]
    assert again["events"] == dict(lived.events)
    assert [stage["modules"] for stage in again["stages"]] == [["erp", "crm"], ["payments"], ["scm", "hrm"]]
    debit = sum(row["debit"] or 0 for row in lived.rows("erp.trial-balance"))
    assert again["trial_balance"]["debit"] == again["trial_balance"]["credit"] == f"{debit:f}"
    assert not (tmp_path / "shop").exists()


def test_modules_that_are_not_there_are_left_out_and_named(
    dummy_modules: DummyModules, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("crm", "scm"):
        dummy_modules.install(DummyModule(name=name))  # two claim the name, so neither can be had
    told = demo("--folder", str(tmp_path / "shop"), orders=6)
    assert re.findall(r"fenbu enable (.+)", told) == ["erp", "payments", "hrm"]
    assert "✖" not in told
    assert "fenbu explain employee" in told
    assert "customer CA-" not in told
    assert "not installed: crm, scm (pip install fenbu-crm fenbu-scm)" in capsys.readouterr().err


def test_without_erp_there_is_nothing_to_show(
    dummy_modules: DummyModules, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dummy_modules.install(DummyModule(name="erp"))
    demo("--folder", str(tmp_path / "shop"), code=1)
    assert "the demo needs the module erp" in capsys.readouterr().err
    assert not (tmp_path / "shop").exists()


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("precious", encoding="utf-8")
    demo("--folder", str(tmp_path), code=65)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


# --- the stages -------------------------------------------------------------------------------------------


def test_stages_run_with_those_of_their_modules_that_are_installed() -> None:
    here, missing = runnable(STAGES, {"erp", "scm", "other"})
    assert [stage.modules for stage in here] == [["erp"], ["scm"]]
    assert missing == ["crm", "payments", "hrm"]


def test_a_hint_stands_beside_its_command_or_below_it_and_no_command_is_broken() -> None:
    """One folder's path after another, up to one that is wider than the screen."""
    for long in range(1, 100):
        command, hint = f"cd /{'f' * long}", "it lies here, in one file"
        lines = ["".join(line) for line in going_on.laid(command, hint)]
        assert lines[0].startswith(f"  {command}")
        assert lines[-1].endswith(hint)
        assert [line for line in lines if width_of(line) > 80 and line != f"  {command}"] == []


def test_seasons_share_the_days_without_gap() -> None:
    made = shop.make(1, 10, TODAY)
    for many in (1, 2, 3, 4):
        seasons = made.seasons(many)
        assert sum(season.days for season in seasons) == shop.DAYS
        assert (seasons[0].first, seasons[-1].last) == (made.first_day, made.last_day)
        assert sorted(s.number for one in seasons for s in made.stories_of(one)) == list(range(1, 11))


# --- the plan ---------------------------------------------------------------------------------------------


def test_nothing_of_the_plan_happens_before_its_order_or_after_yesterday() -> None:
    made = shop.make(1, 500, TODAY)
    for story in made.stories:
        moments = [story.first, story.rest, story.cancelled, story.returned, *(p.at for p in story.payments)]
        for moment in filter(None, moments):
            assert story.placed < moment
            assert moment.date() <= made.last_day


def test_the_same_seed_plans_the_same_and_another_seed_another() -> None:
    assert shop.make(3, 40, TODAY) == shop.make(3, 40, TODAY) != shop.make(4, 40, TODAY)


def test_the_plan_has_all_that_happens_in_shops() -> None:
    stories = shop.make(1, 320, TODAY).stories
    assert any(story.cancelled for story in stories)
    assert any(story.returned for story in stories)
    assert any(story.rest for story in stories)
    assert any(payment.percent < 100 for story in stories for payment in story.payments)
    assert any(not payment.names_order for story in stories for payment in story.payments)
    assert {story.channel for story in stories} == {"web", "phone", "counter"}


@pytest.mark.parametrize("seed", range(5))
def test_every_price_is_whole_pence_and_every_quantity_a_piece(seed: int) -> None:
    made = shop.make(seed, 100, TODAY)
    assert all(item.price == round(item.price, 2) > 0 for item in made.items)
    assert all(quantity >= 1 for story in made.stories for _item, quantity in story.lines)
