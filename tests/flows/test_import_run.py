"""Importing a file: each document once, whole or not at all, whatever the file holds and whenever it ends."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from fenbu.engine.importing import profiles
from fenbu.engine.importing.errors import ProfileNotEnabled
from fenbu.engine.importing.run import BATCH
from fenbu.engine.kernel import Kernel
from fenbu.engine.store import tables
from fenbu.errors import BadFile, NotPermitted, Permanent, Unknown
from fenbu.testing.databases import DatabaseCopy
from fenbu.work import Actor
from tests.flows import retail
from tests.flows.retail import line, rows, run, total, write

SALE = line() + line(item="POST", quantity="1", price="18.00", title="POSTAGE")


@pytest.fixture
def url(database_copy: DatabaseCopy) -> str:
    return database_copy("retail", retail.build)


@pytest.fixture
def shop(url: str) -> Iterator[Kernel]:
    with Kernel.open(url, actor=Actor(retail.OWNER)) as kernel:
        yield kernel


def counts(kernel: Kernel) -> dict[str, int]:
    """Count the rows of everything that business leaves behind."""
    kept = (tables.event, tables.audit, tables.import_reference, tables.number_series)
    with kernel.read() as work:
        found = {
            table.name: work.execute(select(func.count()).select_from(table)).scalar_one() for table in kept
        }
    views = ("erp.orders", "erp.invoices", "erp.credit-notes", "erp.journal", "erp.items", "erp.accounts")
    return found | {view: len(rows(kernel, view)) for view in views}


def rejected(path: Path) -> list[dict[str, Any]]:
    with path.with_name(f"{path.name}.rejects.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


# --- what documents become --------------------------------------------------------------------------------


def test_a_sale_becomes_an_order_that_is_fulfilled_and_invoiced_on_its_day(
    shop: Kernel, tmp_path: Path
) -> None:
    report = run(shop, write(tmp_path, SALE))
    assert report.imported["sale"].as_json() == {"documents": 1, "lines": 2, "amount": "33.30"}
    [order], invoices = rows(shop, "erp.orders"), rows(shop, "erp.invoices")
    assert (order["account"], order["reference"], order["total"]) == ("17850", "536365", Decimal("33.30"))
    assert total(invoices, "total") == Decimal("33.30")
    assert {str(row["day"]) for row in (order, *invoices)} == {"2010-12-01"}


def test_a_buyer_without_a_number_is_the_walk_in_account(shop: Kernel, tmp_path: Path) -> None:
    run(shop, write(tmp_path, line(customer="")))
    assert [row["account"] for row in rows(shop, "erp.orders")] == ["WALK-IN"]


def test_the_first_description_of_an_item_stays(shop: Kernel, tmp_path: Path) -> None:
    run(shop, write(tmp_path, line(title="LANTERN"), line("536366", title="lantern, damaged?")))
    assert [row["title"] for row in rows(shop, "erp.items")] == ["LANTERN"]


def test_prices_with_three_decimals_are_kept_and_rounded_by_line(shop: Kernel, tmp_path: Path) -> None:
    run(shop, write(tmp_path, line(price="0.001", quantity="500"), line(price="11.125", quantity="1")))
    assert total(rows(shop, "erp.invoices"), "total") == Decimal("11.63")


def test_goods_that_cost_nothing_are_sold_all_the_same(shop: Kernel, tmp_path: Path) -> None:
    run(shop, write(tmp_path, line(), line(item="22423", price="0.0")))
    assert total(rows(shop, "erp.invoices"), "total") == Decimal("15.30")


def test_a_return_becomes_a_credit_note_without_an_order(shop: Kernel, tmp_path: Path) -> None:
    report = run(shop, write(tmp_path, line("C536379", "D", "-1", "27.50", title="Discount")))
    assert report.imported["return"].amount == Decimal("-27.50")
    [note] = rows(shop, "erp.credit-notes")
    assert (note["account"], note["total"]) == ("17850", Decimal("27.50"))


def test_an_adjustment_of_stock_is_left_to_the_supply_chain_and_reported(
    shop: Kernel, tmp_path: Path
) -> None:
    report = run(shop, write(tmp_path, line("536414", "22139", "-56", "0", "", title="?")))
    [(kind, reason)] = report.left
    assert (kind, reason) == ("stock_adjustment", "left to SCM")
    assert not rows(shop, "erp.orders")


def test_a_bad_debt_is_posted(shop: Kernel, tmp_path: Path) -> None:
    run(shop, write(tmp_path, line("A563186", "B", "1", "-11062.06", "", title="Adjust bad debt")))
    [entry] = rows(shop, "erp.journal")
    assert entry["text"] == "A563186 Adjust bad debt"


def test_orders_of_two_tills_in_one_file_stay_apart(shop: Kernel, tmp_path: Path) -> None:
    """The real file has one such order: a return stands between its lines."""
    mixed = (line("542806"), line("C542805", quantity="-1"), line("542806", item="22692"))
    report = run(shop, write(tmp_path, *mixed))
    assert report.imported["sale"].as_json()["lines"] == 2
    assert len(rows(shop, "erp.orders")) == 1


# --- once -------------------------------------------------------------------------------------------------


def test_a_second_import_changes_nothing(shop: Kernel, tmp_path: Path) -> None:
    path = write(tmp_path, SALE, line("C536379", quantity="-1"), line("536414", quantity="-5", price="0"))
    run(shop, path)
    before = counts(shop)
    report = run(shop, path)
    assert counts(shop) == before
    assert not report.imported
    assert {kind: tally.documents for kind, tally in report.already.items()} == {"sale": 1, "return": 1}


def test_what_is_new_in_a_longer_file_is_added(shop: Kernel, tmp_path: Path) -> None:
    run(shop, write(tmp_path, SALE))
    report = run(shop, write(tmp_path, SALE, line("536366")))
    assert (report.imported["sale"].documents, report.already["sale"].documents) == (1, 1)


def test_a_known_reference_with_other_content_is_rejected(shop: Kernel, tmp_path: Path) -> None:
    run(shop, write(tmp_path, SALE))
    path = write(tmp_path, line(quantity="7"))
    assert run(shop, path).rejected.documents == 1
    [row] = rejected(path)
    assert "536365 was read before from orders.csv:2-3 with other content" in row["reason"]


def test_a_reference_that_comes_back_much_later_in_a_file_is_rejected(shop: Kernel, tmp_path: Path) -> None:
    others = [line(str(number)) for number in range(600000, 600000 + 2 * BATCH + 50)]
    path = write(tmp_path, SALE, *others, line(quantity="9"))
    report = run(shop, path, deliver=False, most_waiting=100_000)
    assert report.imported["sale"].documents == 1 + len(others)
    assert [row["Quantity"] for row in rejected(path)] == ["9"]


def test_two_runs_at_once_import_each_document_once(url: str, tmp_path: Path) -> None:
    from threading import Thread

    path = write(tmp_path, *(line(str(number)) for number in range(536365, 536405)))
    reports = []

    def one() -> None:
        with Kernel.open(url, actor=Actor(retail.OWNER)) as kernel:
            reports.append(run(kernel, path, deliver=False))

    threads = [Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    done = sum(report.imported["sale"].documents for report in reports if report.imported)
    assert done == 40
    with Kernel.open(url, actor=Actor(retail.OWNER)) as kernel:
        assert len(rows(kernel, "erp.orders")) == 40


# --- whole or not at all ----------------------------------------------------------------------------------


def test_a_document_with_one_bad_row_is_rejected_whole(shop: Kernel, tmp_path: Path) -> None:
    path = write(tmp_path, line(), line(item="71053", quantity="six"), line("536366"))
    report = run(shop, path)
    assert (report.imported["sale"].documents, report.rejected.documents) == (1, 1)
    assert [row["reference"] for row in rows(shop, "erp.orders")] == ["536366"]
    first, second = rejected(path)
    assert (first["line"], first["reason"]) == ("2", "the whole document is rejected, see line 3")
    assert (second["line"], second["Quantity"]) == ("3", "six")
    assert "a number like 1234.50 is wanted, got 'six'" in second["reason"]


def test_a_mended_rejects_file_completes_the_import(shop: Kernel, tmp_path: Path) -> None:
    path = write(tmp_path, line(), line(item="71053", quantity="six"))
    run(shop, path)
    rejects = path.with_name("orders.csv.rejects.csv")
    rejects.write_text(rejects.read_text("utf-8").replace(",six,", ",6,"), encoding="utf-8")
    assert run(shop, rejects).imported["sale"].as_json()["lines"] == 2


def test_what_the_rules_refuse_is_rejected_with_their_reason(shop: Kernel, tmp_path: Path) -> None:
    shop.perform("erp.account.register", {"accounts": [{"account": "17850", "name": "Somebody"}]})
    shop.perform("erp.account.block", {"account": "17850"})
    path = write(tmp_path, line(), line("536366", customer="13047.0"))
    before = counts(shop)["erp.items"]
    report = run(shop, path)
    assert report.imported["sale"].documents == 1
    [row] = rejected(path)
    assert "17850" in row["reason"]
    # The item of the refused order was rolled back with it and registered by the next one.
    assert counts(shop)["erp.items"] == before + 1


def test_a_quantity_below_zero_within_a_sale_is_rejected(shop: Kernel, tmp_path: Path) -> None:
    path = write(tmp_path, line(), line(item="71053", quantity="-1"))
    assert run(shop, path).rejected.documents == 1
    assert "quantities above zero" in rejected(path)[1]["reason"]


def test_an_unforeseen_failure_of_one_document_costs_that_document_only(
    shop: Kernel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fenbu_online_retail import importer

    honest = importer._sale

    def clumsy(document: Any) -> Any:
        if document.reference == "536366":
            raise ZeroDivisionError("a defect")
        return honest(document)

    monkeypatch.setattr(importer, "_sale", clumsy)
    path = write(tmp_path, line(), line("536366"), line("536367"))
    assert run(shop, path).imported["sale"].documents == 2
    assert "ZeroDivisionError: a defect" in rejected(path)[0]["reason"]


def test_a_damaged_archive_imports_what_was_whole_and_says_where_it_ends(
    shop: Kernel, tmp_path: Path
) -> None:
    import gzip

    path = write(tmp_path, *(line(str(number)) for number in range(536000, 536600)))
    damaged = tmp_path / "orders.csv.gz"
    damaged.write_bytes(gzip.compress(path.read_bytes(), compresslevel=0)[:-9000])
    with pytest.raises(BadFile, match="cannot be read any further"):
        run(shop, damaged, deliver=False, most_waiting=100_000)
    imported = len(rows(shop, "erp.orders"))
    assert 0 < imported < 600


# --- dry run ----------------------------------------------------------------------------------------------


def test_a_dry_run_checks_everything_and_writes_nothing(shop: Kernel, tmp_path: Path) -> None:
    before = counts(shop)
    path = write(tmp_path, SALE, line("536366", quantity="six"), line("C536379", quantity="-1"))
    report = run(shop, path, dry_run=True)
    assert {kind: tally.documents for kind, tally in report.imported.items()} == {"sale": 1, "return": 1}
    assert report.rejected.documents == 1
    assert counts(shop) == before
    with shop.read() as work:
        assert work.execute(select(func.count()).select_from(tables.import_run)).scalar_one() == 0
    assert run(shop, path).imported["sale"].amount == report.imported["sale"].amount


# --- the edges --------------------------------------------------------------------------------------------


def test_without_a_worker_an_import_stops_politely_and_continues_later(shop: Kernel, tmp_path: Path) -> None:
    path = write(tmp_path, *(line(str(number)) for number in range(536365, 536365 + BATCH + 20)))
    report = run(shop, path, deliver=False, most_waiting=50)
    assert "no worker is running" in report.stopped
    assert report.imported["sale"].documents == BATCH
    shop.worker().drain()
    rest = run(shop, path)
    assert not rest.stopped
    assert rest.imported["sale"].documents + rest.already["sale"].documents == BATCH + 20


@pytest.mark.databases("sqlite")
def test_an_import_leaves_room_on_the_disk(
    shop: Kernel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = shutil.disk_usage(tmp_path)
    monkeypatch.setattr("shutil.disk_usage", lambda _folder: real._replace(free=3 << 20))
    path = write(tmp_path, *(line(str(number)) for number in range(536365, 536365 + BATCH + 20)))
    report = run(shop, path)
    assert report.stopped.startswith("only 3 MB are left on the disk")
    assert report.imported["sale"].documents == BATCH


def test_deliveries_that_die_are_counted(
    shop: Kernel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fenbu_erp import invoices

    def refuse(*_told: object) -> None:
        raise Permanent("no invoices today")

    monkeypatch.setattr(invoices, "issue", refuse)
    assert run(shop, write(tmp_path, line(), line("536366"))).dead == 2


def test_an_operator_without_permission_imports_nothing(url: str, tmp_path: Path) -> None:
    path = write(tmp_path, SALE)
    with Kernel.open(url, actor=Actor("nobody")) as kernel, pytest.raises(NotPermitted):
        run(kernel, path)
    with Kernel.open(url, actor=Actor(retail.OWNER)) as kernel:
        assert not rows(kernel, "erp.orders")


def test_an_unknown_profile_names_the_nearest(shop: Kernel) -> None:
    with pytest.raises(Unknown) as refused:
        profiles.find(shop, "online-retail")
    assert refused.value.nearest == "online_retail"


def test_a_profile_of_a_module_that_is_off_says_how_to_switch_it_on(shop: Kernel) -> None:
    shop.perform("fenbu.module.disable", {"module": "online_retail", "how": "waive"})
    with pytest.raises(ProfileNotEnabled) as refused:
        profiles.find(shop, "online_retail")
    assert refused.value.hint == "fenbu enable online_retail"


def test_a_profile_may_be_a_file(shop: Kernel, tmp_path: Path) -> None:
    profile = tmp_path / "till.toml"
    profile.write_text(
        'name = "till"\ntitle = "Our till"\nimporter = "online_retail.invoices"\ndelimiter = ";"\n'
        '[columns]\ninvoice = "Nr"\nitem = "Code"\nquantity = "Pieces"\nsold = "When"\nprice = "Price"\n',
        encoding="utf-8",
    )
    path = tmp_path / "till.csv"
    path.write_text("Nr;Code;Pieces;When;Price\n1;85123A;2;2026-03-31;2.50\n", encoding="utf-8")
    from fenbu.engine.importing.run import Options, import_file

    report = import_file(shop, profiles.find(shop, str(profile)), path, Options(deliver=True))
    assert report.imported["sale"].amount == Decimal("5.00")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("name = ", r"till.toml:1:\d+"),
        ('name = "till"\n', "lacks columns, importer, title"),
        ('colour = "red"\n', "a profile has no colour"),
        ('name = 1\ntitle = ""\nimporter = ""\ncolumns = {}\n', "name is written as text"),
    ],
)
def test_a_profile_that_is_none_is_refused_with_its_place(
    shop: Kernel, tmp_path: Path, text: str, problem: str
) -> None:
    path = tmp_path / "till.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadFile, match=problem):
        profiles.find(shop, str(path))
