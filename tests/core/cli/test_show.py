"""``fenbu show``: lists and records as people, scripts and spreadsheets want them."""

from __future__ import annotations

import csv
import io

from tests.core.cli.running import Fenbu


def test_a_list_is_a_table_with_money_in_its_currency_and_numbers_to_the_right(fenbu: Fenbu) -> None:
    ran = fenbu("show", "kiosk.sales", "--columns", "number,total,day,gift")

    assert ran.code == 0
    assert ran.out.splitlines() == [
        "Number     Total  Day         Gift",
        "K-1     2.50 GBP  2026-03-01  no",
        "K-2     5.00 GBP  2026-03-02  no",
        "K-3      2.5 JPY  2026-03-02  yes",
    ]


def test_the_currency_stands_with_the_amount_and_not_in_a_column_of_its_own(fenbu: Fenbu) -> None:
    heading = fenbu("show", "kiosk.sales").out.splitlines()[0].split()

    assert heading == ["Number", "Customer", "State", "Day", "Total", "Note", "At", "Gift"]


def test_what_tells_of_a_person_is_masked_in_lists_and_shown_when_asked_for(fenbu: Fenbu) -> None:
    assert "Ada" not in fenbu("show", "kiosk.sales").out
    assert "Ada" not in fenbu("show", "kiosk.sales", "--json").out
    assert "Ada" not in fenbu("show", "kiosk.sales", "--csv").out
    assert "Ada" in fenbu("show", "kiosk.sales", "--columns", "number,customer").out
    assert "Ada" in fenbu("show", "kiosk.sales", "K-1").out


def test_json_has_a_schema_exact_amounts_and_the_next_page(fenbu: Fenbu) -> None:
    ran = fenbu("show", "kiosk.sales", "--limit", "2", "--json")

    assert ran.data["schema"] == "fenbu.show/1"
    assert ran.data["view"] == "kiosk.sales"
    assert ran.data["currency"] == "GBP"
    assert [(row["number"], row["total"], row["currency"]) for row in ran.data["rows"]] == [
        ("K-1", "2.50", "GBP"),
        ("K-2", "5.00", "GBP"),
    ]
    assert ran.data["next"] == "K-2"
    rest = fenbu("show", "kiosk.sales", "--after", ran.data["next"], "--json").data
    assert [row["number"] for row in rest["rows"]] == ["K-3"]
    assert rest["next"] is None


def test_that_more_follows_is_said_and_how_to_get_it(fenbu: Fenbu) -> None:
    ran = fenbu("show", "kiosk.sales", "--limit", "2")

    assert "2 rows shown, more follow: --after K-2" in ran.err
    assert "more follow" not in fenbu("show", "kiosk.sales").err


def test_csv_holds_all_columns_and_all_rows_when_asked(fenbu: Fenbu) -> None:
    ran = fenbu("show", "kiosk.sales", "--csv", "--all", "--columns", "number,customer,total,currency")

    assert list(csv.reader(io.StringIO(ran.out))) == [
        ["number", "customer", "total", "currency"],
        ["K-1", "Ada", "2.50", "GBP"],
        ["K-2", "Bob", "5.00", "GBP"],
        ["K-3", "陈伟", "2.5", "JPY"],
    ]


def test_a_text_that_a_spreadsheet_would_run_is_made_harmless(fenbu: Fenbu) -> None:
    fenbu("do", "kiosk.sale.sell", "--number", "K-4", "--line", "item=tea,quantity=1", "--note", "=cmd()")

    ran = fenbu("show", "kiosk.sales", "--csv", "--where", "number=K-4", "--columns", "note")

    assert ran.out.splitlines() == ["note", "'=cmd()"]


def test_a_control_character_in_data_cannot_reach_the_terminal(fenbu: Fenbu) -> None:
    sale = ("do", "kiosk.sale.sell", "--number", "K-4", "--line", "item=tea,quantity=1")
    fenbu(*sale, "--note", "\x1b]52;c;ZXZpbA==\x07\u202ebob")

    ran = fenbu("show", "kiosk.sales", "--columns", "number,note")

    assert "\x1b" not in ran.out
    assert "\u202e" not in ran.out
    assert "\\x1b]52;c;ZXZpbA==\\x07\\x202ebob" in ran.out


def test_a_record_tells_all_and_what_can_be_done_now(fenbu: Fenbu) -> None:
    ran = fenbu("show", "kiosk.sales", "K-1")

    assert ran.out.splitlines()[:4] == ["Sales K-1", "Number    K-1", "Customer  Ada", "State     open"]
    assert "possible: fenbu do kiosk.sale.pay --number K-1" in ran.err
    fenbu("do", "kiosk.sale.pay", "--number", "K-1")
    assert "possible" not in fenbu("show", "kiosk.sales", "K-1").err


def test_a_record_as_json_carries_its_actions(fenbu: Fenbu) -> None:
    record = fenbu("show", "kiosk.sales", "K-2", "--json").data

    assert record["schema"] == "fenbu.record/1"
    assert record["record"]["customer"] == "Bob"
    assert record["actions"] == ["kiosk.sale.pay", "kiosk.sale.cancel"]


def test_what_belongs_to_a_record_stands_below_it(fenbu: Fenbu) -> None:
    ran = fenbu("show", "fenbu.modules", "kiosk")

    assert "Subscriptions" in ran.out
    assert "kiosk.bells" in ran.out


def test_an_unknown_view_record_or_column_names_the_nearest(fenbu: Fenbu) -> None:
    view = fenbu("show", "kiosk.sale")
    assert (view.code, view.out) == (64, "")
    assert "did you mean kiosk.sales?" in view.err

    record = fenbu("show", "kiosk.sales", "K-")
    assert record.code == 1
    assert "did you mean K-1 / K-2 / K-3?" in record.err

    column = fenbu("show", "kiosk.sales", "--columns", "number,totl")
    assert column.code == 64
    assert "did you mean total?" in column.err
    stranger = fenbu("show", "kiosk.sales", "--columns", "weather")
    assert "fenbu show kiosk.sales --help lists its columns" in stranger.err


def test_a_column_may_be_named_by_the_title_that_stands_over_it(fenbu: Fenbu) -> None:
    by_title = fenbu("show", "kiosk.sales", "--columns", "Number,gift").out

    assert by_title == fenbu("show", "kiosk.sales", "--columns", "number,gift").out


def test_without_a_name_the_views_are_listed(fenbu: Fenbu) -> None:
    listed = {one["view"]: one for one in fenbu("show", "--json").data["views"]}

    assert listed["kiosk.sales"]["title"] == "Sales"
    assert "fenbu.events" in listed
    assert "kiosk.sales" in fenbu("show").out


def test_the_help_of_a_view_lists_columns_filters_and_sorts(fenbu: Fenbu) -> None:
    ran = fenbu("show", "kiosk.sales", "--help")

    assert ran.code == 0
    assert "Columns of kiosk.sales" in ran.out
    assert "state, day, customer, gift, currency, number, total, note" in ran.out
    assert "total, note, number" in ran.out


def test_a_list_narrowed_to_nothing_says_so_and_writes_nothing(fenbu: Fenbu) -> None:
    ran = fenbu("show", "kiosk.sales", "--where", "state=paid")

    assert (ran.code, ran.out) == (0, "")
    assert "nothing there" in ran.err
