"""``fenbu do``: every action is a command, made from its input model."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from pydantic import BaseModel, SecretStr

from fenbu.cli.options import typed
from tests.core.cli.running import Fenbu

SELL = ("do", "kiosk.sale.sell", "--number", "K-9")


def _sold(fenbu: Fenbu, number: str = "K-9") -> list[str]:
    rows = fenbu("show", "kiosk.sales", "--where", f"number={number}", "--json").data["rows"]
    return [row["total"] for row in rows]


def test_the_help_of_an_action_tells_each_field_with_type_limits_and_default(fenbu: Fenbu) -> None:
    text = " ".join(fenbu("do", "kiosk.sale.sell", "--help").out.split())

    assert "--number TEXT Number of the sale. At most 20 characters. Required." in text
    assert (
        "--line, --lines item=…,quantity=… What is sold. Also: price, remark. Required. May be repeated."
        in text
    )
    assert "--currency [GBP|EUR|JPY] Default: GBP." in text
    assert "--day YYYY-MM-DD Business day; today unless given." in text
    assert "--gift / --no-gift" in text
    assert "--tag, --tags TEXT Words to find it by. May be repeated." in text


def test_a_field_whose_name_is_taken_gets_another_option(fenbu: Fenbu) -> None:
    ran = fenbu(*SELL, "--line", "item=tea,quantity=1", "--field-key", "brass", "--json")

    assert ran.data["answer"]["drawer"] == "brass"


def test_lines_are_given_one_by_one_and_amounts_stay_exact(fenbu: Fenbu) -> None:
    lines = (
        "--line",
        "item=tea,quantity=3,price=0.1",
        "--line",
        'item=cup,quantity=1,price=0.2,"remark=a, b"',
    )
    ran = fenbu(*SELL, *lines, "--tag", "red", "--tag", "hot")

    assert ran.code == 0
    assert _sold(fenbu) == ["0.50"]
    assert "red\n" in ran.out


def test_lines_may_be_json_and_so_may_the_whole_input(fenbu: Fenbu, tmp_path: Path) -> None:
    line = {"item": "tea", "quantity": 2, "price": 0.1}
    whole = {"number": "K-11", "lines": [line]}
    file = tmp_path / "sale.json"
    file.write_text(json.dumps(whole))

    assert fenbu(*SELL, "--lines", json.dumps([line, line])).code == 0
    assert _sold(fenbu) == ["0.40"]
    assert fenbu("do", "kiosk.sale.sell", f"@{file}").code == 0
    assert fenbu("do", "kiosk.sale.sell", "--input", str(file), "--number", "K-12").code == 0
    assert fenbu("do", "kiosk.sale.sell", "-", stdin=json.dumps(whole | {"number": "K-13"})).code == 0
    assert fenbu("do", "kiosk.sale.sell", json.dumps(whole | {"number": "K-14"})).code == 0
    assert [_sold(fenbu, f"K-{number}") for number in (11, 12, 13, 14)] == [["0.20"]] * 4


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"number": "K-9", "lines": [{"item": "tea", "quantity": NaN}]}', "NaN is no number"),
        ('{"number": "K-9", "number": "K-8"}', "the key 'number' is there twice"),
        ('{"number": "K-9",\n "lines": }', "stdin:2:11: expecting value"),
        ('{"lines": ' + "[" * 60 + "]" * 60 + "}", "it is nested deeper than 32 levels"),
        ("[" * 100_000, "it is nested deeper than 32 levels"),
        ('{"number": ' + "9" * 1_000 + "}", "a number with more than 64 digits"),
        ('["K-9"]', "an object is wanted"),
        ("\xff", "expecting value"),
    ],
)
def test_json_that_hides_something_is_refused_with_65(fenbu: Fenbu, text: str, told: str) -> None:
    ran = fenbu("do", "kiosk.sale.sell", "-", stdin=text)

    assert ran.code == 65
    assert told in ran.err
    assert ran.out == ""
    assert _sold(fenbu) == []


def test_a_wrong_field_is_named_with_what_was_wanted_and_got(fenbu: Fenbu) -> None:
    ran = fenbu(*SELL, "--line", "item=tea,quantity=-1", "--day", "someday", "--json")

    assert (ran.code, ran.out) == (64, "")
    error = json.loads(ran.err)["error"]
    assert error["code"] == "input-invalid"
    assert {one["field"]: one["got"] for one in error["fields"]} == {
        "lines.0.quantity": "'-1'",
        "day": "'someday'",
    }
    assert error["hint"] == "fenbu do kiosk.sale.sell --help lists the fields"


def test_a_line_that_is_neither_pairs_nor_json_is_refused(fenbu: Fenbu) -> None:
    ran = fenbu(*SELL, "--line", "tea")

    assert ran.code == 64
    assert "--line wants name=value,name=value or JSON, not 'tea'" in ran.err


def test_the_same_key_performs_once(fenbu: Fenbu) -> None:
    once = (*SELL, "--line", "item=tea,quantity=1", "--key", "slip-7", "--json")

    first, second = fenbu(*once).data, fenbu(*once).data

    assert (first["repeated"], second["repeated"]) == (False, True)
    assert first["answer"] == second["answer"]
    other = fenbu(*once[:3], "K-10", *once[4:])
    assert other.code == 1
    assert json.loads(other.err)["error"]["code"] == "key-reused"


def test_a_dry_run_says_what_would_be_answered_and_changes_nothing(fenbu: Fenbu) -> None:
    before = fenbu("audit", "list", "--json").data

    ran = fenbu(*SELL, "--line", "item=tea,quantity=1", "--dry-run")

    assert ran.code == 0
    assert "K-9" in ran.out
    assert "nothing was changed: this was a dry run" in ran.err
    assert _sold(fenbu) == []
    assert fenbu("audit", "list", "--json").data == before
    assert fenbu("do", "kiosk.sale.pay", "--number", "K-404", "--dry-run").code == 1


def test_a_dangerous_action_is_not_done_when_nobody_can_be_asked(fenbu: Fenbu) -> None:
    cancel = ("do", "kiosk.sale.cancel", "--number", "K-2")

    refused = fenbu(*cancel)
    assert refused.code == 64
    assert "money goes back" in refused.err
    assert "5.00" in refused.err
    assert "-y says yes beforehand" in refused.err
    assert fenbu("show", "kiosk.sales", "K-2", "--json").data["record"]["state"] == "open"

    assert fenbu(*cancel, "-y").code == 0
    assert fenbu("show", "kiosk.sales", "K-2", "--json").data["record"]["state"] == "cancelled"


def test_a_rule_that_says_no_ends_with_1_and_says_what_is_possible(fenbu: Fenbu) -> None:
    fenbu("do", "kiosk.sale.pay", "--number", "K-1")

    ran = fenbu("do", "kiosk.sale.pay", "--number", "K-1")

    assert ran.code == 1
    assert ran.err.splitlines()[0] == "✖ cannot pay K-1: it is paid"
    assert "Traceback" not in ran.err


def test_waiting_delivers_what_follows_and_tells_of_the_dead(fenbu: Fenbu) -> None:
    line = ("--line", "item=tea,quantity=1")

    assert fenbu(*SELL, *line, "--wait").code == 0
    delivered = fenbu("show", "fenbu.delivered", "--where", "key=K-9", "--json").data["rows"]
    assert [row["delivery"].split("/")[0] for row in delivered] == ["kiosk.bells"]

    ran = fenbu("do", "kiosk.sale.sell", "--number", "K-10", *line, "--note", "cursed", "--wait")
    assert ran.code == 1
    assert "the bell is broken for K-10" in ran.err
    assert "fenbu flows retry or skip" in ran.err


def test_an_unknown_action_names_the_nearest(fenbu: Fenbu) -> None:
    ran = fenbu("do", "kiosk.sale.sel", "--number", "K-9")

    assert ran.code == 64
    assert "did you mean kiosk.sale.sell?" in ran.err


def test_without_a_name_the_actions_are_listed(fenbu: Fenbu) -> None:
    listed = {one["action"]: one for one in fenbu("do", "--json").data["actions"]}

    assert listed["kiosk.sale.cancel"] == {
        "action": "kiosk.sale.cancel",
        "title": "Cancel a sale",
        "dangerous": True,
    }
    assert re.search(r"^kiosk\.sale\.cancel +Cancel a sale ⚠$", fenbu("do").out, re.MULTILINE)


def test_what_a_form_has_filled_in_can_be_typed_as_a_command() -> None:
    class Leaf(BaseModel):
        tea: str
        grams: str = ""

    class Blend(BaseModel):
        name: str
        leaves: tuple[Leaf, ...] = ()
        roasted: bool = False
        secret: SecretStr | None = None

    words = typed(
        Blend,
        {
            "name": "Morning tea",
            "leaves": [{"tea": "ASM", "grams": "2"}, {"tea": "A, B"}],
            "roasted": "true",
            "secret": "jasmine",
        },
    )

    assert words == [
        "--name",
        "'Morning tea'",
        "--leave",
        "tea=ASM,grams=2",
        "--leave",
        """'{"tea": "A, B"}'""",
        "--roasted",
        "--secret",
        "***",
    ]
