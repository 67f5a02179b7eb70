"""The gift shop's files once it keeps stock and is paid by card: shelves, losses, finds, returns and payouts."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fenbu.cli.running import run as fenbu
from fenbu.engine.guard.operators import os_user
from fenbu.engine.importing import profiles
from fenbu.engine.importing.errors import CapabilityNotEnabled
from fenbu.engine.importing.report import Report
from fenbu.engine.kernel import Kernel
from fenbu.testing.clock import Clock
from fenbu.testing.databases import DatabaseCopy
from fenbu.work import Actor
from fenbu_scm.errors import CostKnown
from tests.flows import retail, three
from tests.flows.retail import line, rows, run, write


@pytest.fixture
def shop(database_copy: DatabaseCopy, tmp_path: Path) -> Iterator[Kernel]:
    """A shop with three modules and empty shelves."""
    url = database_copy("three", three.build)
    with Kernel.open(url, actor=Actor(retail.OWNER), clock=Clock()) as kernel:
        three.take_cards(kernel, tmp_path / "sandbox.db")
        yield kernel


def open_with(shop: Kernel, folder: Path, *lines: str) -> Report:
    """Import a list of stock with these lines."""
    file = folder / "stock.csv"
    file.write_text("code,quantity,unit_cost\n" + "".join(f"{one}\n" for one in lines), encoding="utf-8")
    return three.stock_up(shop, file, folder / "stock.rejects.csv")


def on_hand(shop: Kernel, item: str = "85123A") -> Decimal:
    return retail.total((row for row in rows(shop, "scm.stock") if row["item"] == item), "on_hand")


def item(shop: Kernel, code: str, view: str = "scm.items") -> dict[str, Any]:
    return next(row for row in rows(shop, view) if row["item"] == code)


def lost(number: str = "536414", pieces: str = "-4", reason: str = "wet") -> str:
    return line(number, quantity=pieces, price="0", customer="", title=reason)


# --- the opening ------------------------------------------------------------------------------------------


def test_a_list_of_stock_fills_the_shelves_on_the_day_on_which_the_books_open(
    shop: Kernel, tmp_path: Path
) -> None:
    report = open_with(shop, tmp_path, "85123A,863,1.4025", "22423,12,7.0125")
    assert report.imported["opening_stock"].as_json() == {"documents": 2, "lines": 2, "amount": "1294.51"}
    assert on_hand(shop) == 863
    assert {(row["source"], str(row["day"])) for row in rows(shop, "scm.receipts")} == {
        ("opening", "2010-12-01")
    }
    balance = {row["chart"]: row["balance"] for row in rows(shop, "erp.trial-balance")}
    assert balance["1300"] == Decimal("1294.51")


def test_an_article_without_pieces_is_reported_and_keeps_its_cost(shop: Kernel, tmp_path: Path) -> None:
    report = open_with(shop, tmp_path, "85123A,0,1.4025")
    assert report.imported["without_pieces"].documents == 1
    assert rows(shop, "scm.receipts") == []
    run(shop, write(tmp_path, lost(pieces="10", reason="found")))
    assert (on_hand(shop), item(shop, "85123A")["value"]) == (Decimal(10), Decimal("14.03"))


def test_a_list_of_stock_read_twice_fills_the_shelves_once(shop: Kernel, tmp_path: Path) -> None:
    open_with(shop, tmp_path, "85123A,863,1.4025")
    again = open_with(shop, tmp_path, "85123A,863,1.4025")
    assert again.imported == {}
    assert on_hand(shop) == 863


@pytest.mark.parametrize(
    ("stock", "reason"),
    [("POST,5,1", "a service"), ("85123A,-5,1", "zero pieces or more"), ("85123A,5,", "cost is empty")],
)
def test_a_line_that_cannot_be_stocked_is_refused_with_its_reason(
    shop: Kernel, tmp_path: Path, stock: str, reason: str
) -> None:
    [told] = open_with(shop, tmp_path, stock).reasons
    assert reason in told


def test_without_a_module_that_values_stock_the_list_is_refused_by_the_way_out(
    database_copy: DatabaseCopy,
) -> None:
    with (
        Kernel.open(database_copy("retail", retail.build), actor=Actor(retail.OWNER)) as kernel,
        pytest.raises(CapabilityNotEnabled) as refused,
    ):
        profiles.find(kernel, three.OPENING)
    assert refused.value.hint == "fenbu enable scm"


def test_an_article_of_the_list_is_called_by_the_first_sale(shop: Kernel, tmp_path: Path) -> None:
    open_with(shop, tmp_path, "85123A,863,1.4025")
    assert item(shop, "85123A", "erp.items")["title"] == "85123A"
    run(shop, write(tmp_path, lost(reason="damaged?"), line("536415"), line("536416", title="heart, wet?")))
    names = {item(shop, "85123A", view)["title"] for view in ("erp.items", "scm.items")}
    assert names == {"WHITE HANGING HEART"}


# --- finds and losses -------------------------------------------------------------------------------------


def test_finds_and_losses_move_stock_and_say_why(shop: Kernel, tmp_path: Path) -> None:
    open_with(shop, tmp_path, "85123A,10,1.00")
    report = run(shop, write(tmp_path, lost(), lost("536415", "3", "")))
    assert report.imported["stock_adjustment"].documents == 2
    assert on_hand(shop) == 9
    reasons = {row["reason"] for row in rows(shop, "scm.adjustments")}
    assert reasons == {"536414 wet", "536415 no reason given"}


def test_a_loss_above_what_is_free_waits_among_the_rejects_until_goods_have_come(
    shop: Kernel, tmp_path: Path
) -> None:
    open_with(shop, tmp_path, "85123A,3,1.00")
    file = write(tmp_path, lost())
    [reason] = run(shop, file).reasons
    assert "4 of 85123A cannot leave MAIN: 3 are there" in reason
    assert on_hand(shop) == 3
    shop.perform(
        "scm.receipt.post", {"lines": [{"item": "85123A", "quantity": 2, "unit_cost": 1}], "supplier": "Acme"}
    )
    assert run(shop, file).imported["stock_adjustment"].documents == 1
    assert on_hand(shop) == 1


def test_services_that_were_adjusted_are_nobodys_stock(shop: Kernel, tmp_path: Path) -> None:
    report = run(shop, write(tmp_path, line("536414", "POST", "1000", "0", "", title="")))
    assert [kind for kind, _reason in report.left] == ["stock_adjustment"]


def test_what_was_left_to_the_supply_chain_is_taken_when_it_has_come(
    database_copy: DatabaseCopy, tmp_path: Path
) -> None:
    with Kernel.open(database_copy("retail", retail.build), actor=Actor(retail.OWNER)) as kernel:
        file = write(tmp_path, lost(pieces="7", reason="found"))
        assert run(kernel, file).left
        kernel.perform("fenbu.module.enable", {"modules": ["scm"]})
        kernel.drain()
        kernel.perform("erp.item.register", {"items": [{"item": "85123A"}]})
        kernel.perform("scm.item.value", {"item": "85123A", "unit_cost": "1.25"})
        assert run(kernel, file).imported["stock_adjustment"].documents == 1
        assert on_hand(kernel) == 7


def test_what_one_is_worth_is_said_only_while_none_is_here(shop: Kernel, tmp_path: Path) -> None:
    open_with(shop, tmp_path, "85123A,3,1.00")
    with pytest.raises(CostKnown, match="85123A are here, worth 1"):
        shop.perform("scm.item.value", {"item": "85123A", "unit_cost": "2"})


# --- sales and returns ------------------------------------------------------------------------------------


def test_a_sale_is_dispatched_charged_and_invoiced_as_far_as_goods_are_there(
    shop: Kernel, tmp_path: Path
) -> None:
    open_with(shop, tmp_path, "85123A,4,1.00")
    run(shop, write(tmp_path, line(quantity="6", price="2.50")))
    [payment], [backorder] = rows(shop, "payments.payments"), rows(shop, "scm.backorders")
    assert (payment["authorised"], payment["captured"]) == (Decimal("15.00"), Decimal("10.00"))
    assert (backorder["item"], backorder["short"]) == ("85123A", 2)
    assert retail.total(rows(shop, "erp.invoices"), "total") == Decimal("10.00")


@pytest.mark.databases("sqlite")
def test_what_is_short_is_named_by_the_command_line(
    database_copy: DatabaseCopy,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    url = database_copy("three", three.build)
    monkeypatch.setenv("FENBU_DATABASE", url)
    with Kernel.open(url, actor=Actor(retail.OWNER), clock=Clock()) as kernel:
        three.take_cards(kernel, tmp_path / "sandbox.db")
        open_with(kernel, tmp_path, "85123A,4,1.00")
        run(kernel, write(tmp_path, line(quantity="6")))
        looker = {"operator": "looker", "os_user": os_user(), "grants": ["scm.show"]}
        kernel.perform("fenbu.operator.add", looker)
    assert fenbu(["show", "scm.backorders"]) == 0
    told = capsys.readouterr().out
    assert "SO-00000001" in told
    assert "85123A" in told


def test_a_return_brings_goods_back_and_is_paid_out(shop: Kernel, tmp_path: Path) -> None:
    open_with(shop, tmp_path, "85123A,4,1.00")
    back = line("C536379", quantity="-2"), line("C536379", "D", "-1", "5.00", title="Discount")
    run(shop, write(tmp_path, *back))
    assert on_hand(shop) == 6
    [payout], [note] = rows(shop, "payments.payouts"), rows(shop, "erp.credit-notes")
    assert (payout["document"], payout["state"]) == (note["credit_note"], "paid")
    assert payout["amount"] == note["total"] == Decimal("10.10")
    [posted] = rows(shop, "scm.returns")
    assert (posted["account"], posted["reason"]) == ("17850", "C536379")


def test_a_discount_given_back_is_paid_out_and_moves_no_stock(shop: Kernel, tmp_path: Path) -> None:
    run(shop, write(tmp_path, line("C536379", "D", "-1", "27.50", title="Discount")))
    assert rows(shop, "scm.returns") == []
    assert [row["amount"] for row in rows(shop, "payments.payouts")] == [Decimal("27.50")]


def test_a_return_of_which_nobody_knows_the_cost_is_refused_whole(shop: Kernel, tmp_path: Path) -> None:
    file = write(tmp_path, line("C536379", quantity="-2"))
    [reason] = run(shop, file).reasons
    assert "nobody knows what 85123A costs" in reason
    assert "fenbu do scm.item.value" in reason
    assert rows(shop, "erp.credit-notes") == []
