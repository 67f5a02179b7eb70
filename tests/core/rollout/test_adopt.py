"""Adopting what was changed by hand: into the file, and nothing else of it."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import tomli
from hypothesis import given, settings
from hypothesis import strategies as st

from fenbu.cli.running import run
from fenbu.engine.kernel import Kernel
from fenbu.engine.rollout import adopting
from fenbu.engine.rollout.adopting import Adopted
from fenbu.engine.rollout.drift import ADOPT, adopt
from fenbu.engine.rollout.file import parse
from fenbu.engine.rollout.installed import installed
from fenbu.engine.rollout.lists import add_item, take_item
from fenbu.engine.rollout.live import look
from fenbu.engine.rollout.replacing import FileChanged, replace
from fenbu.engine.rollout.writing import CannotWrite
from fenbu.testing.dummies import DummyModule, DummyModules
from fenbu.testing.enterprises import Enterprises

PLAN = """\
# Our plan.
name = "shop"
version = 1
sponsor = "Mei Lin"
owner = "Operations"
kernel = ">=1,<2"

[modules.erp]    # the books
[modules.erp.settings]
payment_days = 30      # agreed with the bank

[modules.crm]
[modules.payments]
settings = { orders = "on_account" }  # for now
[modules.scm]
[modules.hrm]

[[stages]]
name = "information"
title = "Information flow"
goal = "Orders stand in one place."
modules = [
    "erp",  # first of all
    "crm",
]

[[stages]]
name = "capital"
title = "Capital flow"
goal = "Money moves by itself."
modules = ["payments"]

[stages.settings.erp]
payment_days = 14  # because money moves

[[stages]]
name = "goods"
title = "Goods flow"
goal = "Stock is promised once."
modules = ["scm", "hrm"]  # both
"""


def by_hand(kernel: Kernel, name: str, value: Any) -> None:
    module, _dot, setting = name.partition(".")
    kernel.perform("fenbu.setting.set", {"module": module, "name": setting, "value": value})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (path := tmp_path / "rollout.toml").write_text(PLAN, encoding="utf-8")
    return path


@pytest.fixture
def shop(enterprise: Enterprises) -> Kernel:
    """A shop whose first stage has been applied."""
    return enterprise("erp", "crm", settings={"erp": {"payment_days": 30}})


def _left(done: Adopted) -> dict[str, str]:
    return {one.what: one.why for one in done.left}


def test_nothing_changed_by_hand_leaves_the_file_alone(shop: Kernel, file: Path) -> None:
    done = adopt(shop, file)

    assert (done.written, done.left, done.diff) == ((), (), "")
    assert file.read_text(encoding="utf-8") == PLAN


def test_a_setting_changed_by_hand_goes_where_the_file_has_it(shop: Kernel, file: Path) -> None:
    by_hand(shop, "erp.payment_days", 45)

    done = adopt(shop, file)

    assert [(one.what, one.line, one.before, one.after) for one in done.written] == [
        ("erp.payment_days", 10, 30, 45)
    ]
    assert file.read_text(encoding="utf-8") == PLAN.replace("payment_days = 30 ", "payment_days = 45 ")
    assert adopt(shop, file).diff == "", "twice is once"


def test_what_a_stage_has_set_is_changed_at_the_stage(enterprise: Enterprises, file: Path) -> None:
    kernel = enterprise(
        "erp",
        "crm",
        "payments",
        settings={"erp": {"payment_days": 21}, "payments": {"orders": "on_account"}},
    )

    adopt(kernel, file)

    assert file.read_text(encoding="utf-8") == PLAN.replace("payment_days = 14 ", "payment_days = 21 ")


def test_a_setting_that_the_file_did_not_have_is_added(shop: Kernel, file: Path) -> None:
    by_hand(shop, "erp.ship", "complete")
    by_hand(shop, "crm.answer_hours", 48)

    adopt(shop, file)

    text = file.read_text(encoding="utf-8")
    read = tomli.loads(text)["modules"]
    assert read["erp"]["settings"] == {"payment_days": 30, "ship": "complete"}
    assert read["crm"]["settings"] == {"answer_hours": 48}
    lines = iter(text.splitlines())
    assert all(line in lines for line in PLAN.splitlines()), "every line is there, in its order"


def test_a_module_of_a_later_stage_joins_the_one_that_was_reached(shop: Kernel, file: Path) -> None:
    shop.perform("fenbu.module.enable", {"modules": ["hrm"]})
    by_hand(shop, "hrm.weekly_hours", "37.5")

    done = adopt(shop, file)

    wanted = PLAN.replace('    "crm",\n', '    "crm",\n    "hrm",\n').replace('["scm", "hrm"]', '["scm"]')
    wanted = wanted.replace(
        "[modules.hrm]\n", "[modules.hrm]\n\n[modules.hrm.settings]\nweekly_hours = 37.5\n"
    )
    assert file.read_text(encoding="utf-8") == wanted
    assert [(one.what, one.before, one.after) for one in done.written] == [
        ("hrm", "goods", "information"),
        ("hrm.weekly_hours", "40", "37.5"),
    ]
    assert adopt(shop, file).diff == ""


def test_a_module_that_the_file_does_not_know_is_brought_in_with_its_settings(
    shop: Kernel, file: Path, dummy_modules: DummyModules
) -> None:
    dummy_modules.install(
        DummyModule(name="tea", version="2.3", settings='cups: int = 6\nkind: str = "green"')
    )
    shop.perform("fenbu.module.enable", {"modules": ["tea"]})
    by_hand(shop, "tea.cups", 8)

    adopt(shop, file)

    read = tomli.loads(file.read_text(encoding="utf-8"))
    assert read["modules"]["tea"] == {"version": ">=2.3,<3", "settings": {"cups": 8}}
    assert read["stages"][0]["modules"] == ["erp", "crm", "tea"]


def test_what_cannot_be_adopted_is_told_with_the_reason(shop: Kernel, file: Path) -> None:
    alone = PLAN.replace('["scm", "hrm"]', '["hrm"]').replace('["payments"]', '["payments", "scm"]')
    shop.perform("fenbu.module.enable", {"modules": ["hrm"]})
    shop.perform("fenbu.module.disable", {"modules": ["crm"], "how": "waive", "reason": "a trial"})

    done = adopting.adopt(parse(alone), look(shop, ADOPT), installed(), applied=[0])

    assert (done.written, done.diff) == ((), "")
    assert _left(done) == {
        "hrm": "the stage goods, which is to switch it on, has no other module",
        "crm": "it was switched off by hand, and the plan has it on",
    }


def test_a_change_that_would_make_the_file_wrong_is_not_adopted(shop: Kernel, file: Path) -> None:
    shop.perform("fenbu.module.enable", {"modules": ["hrm"]})
    text = PLAN.replace('["scm", "hrm"]  # both', '["scm", "hrm"]\nhistory = { "hrm.payouts" = "from_now" }')
    file.write_text(text, encoding="utf-8")

    done = adopt(shop, file)

    assert _left(done) == {"hrm": "hrm.payouts begins with hrm, which the stage goods does not switch on"}
    assert file.read_text(encoding="utf-8") == text


def test_settings_that_only_fit_together_are_written_together(enterprise: Enterprises, file: Path) -> None:
    one = [{"name": "manual", "kind": "manual"}]
    two = [*one, {"name": "card", "kind": "sandbox"}]
    card = {"gateways": two, "secrets": {"card": "env:CARD_KEY"}, "gateway": "card", "orders": "on_account"}
    kernel = enterprise("erp", "crm", "payments", settings={"erp": {"payment_days": 14}, "payments": card})

    done = adopt(kernel, file)

    assert {one.what for one in done.written} == {
        "payments.gateways",
        "payments.secrets",
        "payments.gateway",
    }
    assert [(one.before, one.after) for one in done.written if one.what == "payments.secrets"] == [
        ("***", "***")
    ]
    for name, value in (("gateway", "manual"), ("secrets", {}), ("gateways", one)):
        by_hand(kernel, f"payments.{name}", value)
    assert adopt(kernel, file).left == ()
    assert adopt(kernel, file).diff == ""


def test_a_dry_run_shows_the_difference_and_writes_nothing(
    shop: Kernel, file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("fenbu.engine.guard.operators.os_user", lambda: "ada")
    monkeypatch.chdir(file.parent)
    by_hand(shop, "erp.payment_days", 45)
    command = ["--database", shop.database.url, "adopt"]

    assert run([*command, "--dry-run"]) == 2
    told = capsys.readouterr().out
    assert told.splitlines()[:2] == ["--- rollout.toml", "+++ rollout.toml"]
    assert "-payment_days = 30      # agreed with the bank\n+payment_days = 45      # agreed" in told
    assert file.read_text(encoding="utf-8") == PLAN

    assert run(["--json", *command]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["schema"] == "fenbu.rollout-adopt/1"
    assert answer["written"] == [{"what": "erp.payment_days", "line": 10, "before": 30, "after": 45}]
    assert run([*command, "--dry-run"]) == 0
    assert "nothing to adopt: rollout.toml says what is" in capsys.readouterr().err


def test_a_file_that_somebody_changes_meanwhile_stays_as_they_left_it(file: Path) -> None:
    file.write_text("theirs", encoding="utf-8")

    with pytest.raises(FileChanged, match="changed by somebody else"):
        replace(file, PLAN, "ours")
    assert file.read_text(encoding="utf-8") == "theirs"
    assert [one.name for one in file.parent.iterdir()] == ["rollout.toml"], "nothing lies about"


def test_a_file_is_replaced_whole_where_its_link_points_and_stays_as_readable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (target := tmp_path / "kept" / "plan.toml").parent.mkdir()
    target.write_text(PLAN, encoding="utf-8")
    target.chmod(0o640)
    (link := tmp_path / "rollout.toml").symlink_to(target)

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        with pytest.raises(Exception, match="No space left"):
            replace(link, PLAN, "new")
    assert target.read_text(encoding="utf-8") == PLAN
    replace(link, PLAN, "new")
    assert (link.is_symlink(), target.read_text(encoding="utf-8")) == (True, "new")
    assert target.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize(
    ("before", "added", "taken"),
    [
        ('a = ["x"]\n', 'a = ["x", "y"]\n', "a = []\n"),
        ('a = ["x", "z"] # two\n', 'a = ["x", "z", "y"] # two\n', 'a = ["z"] # two\n'),
        ('a = [ "x", "z", ]\n', 'a = [ "x", "z", "y", ]\n', 'a = [ "z", ]\n'),
        (
            'a = [\n  "x", # first\n  "z"  # last\n]\n',
            'a = [\n  "x", # first\n  "z",  # last\n  "y",\n]\n',
            'a = [\n  # first\n  "z"  # last\n]\n',
        ),
        ('a = [\n  "x",\n  "z",\n]\n', 'a = [\n  "x",\n  "z",\n  "y",\n]\n', 'a = [\n  "z",\n]\n'),
        ('a = [\r\n  "x",\r\n  "z"]\r\n', 'a = [\r\n  "x",\r\n  "z", "y"]\r\n', 'a = [\r\n  "z"]\r\n'),
    ],
)
def test_a_list_takes_one_more_and_gives_one_away(before: str, added: str, taken: str) -> None:
    assert add_item(before, ("a",), "y") == added
    assert take_item(before, ("a",), 0) == taken


_item = st.sampled_from(['"x"', "'y'", '"#,]"', "1"])
_space = st.sampled_from(["", " ", "\n", "\n  ", " # note, ]\n  "])


@settings(max_examples=40, deadline=None)
@given(
    items=st.lists(st.tuples(_space, _item, _space), min_size=1, max_size=4),
    end=st.booleans(),
    data=st.data(),
)
def test_lists_of_every_shape_are_changed_and_keep_their_comments(
    items: list[tuple[str, str, str]], end: bool, data: st.DataObject
) -> None:
    inner = ",".join(before + item + after for before, item, after in items)
    text = f"k = 1\na = [{inner}{',' if end else ''}]\nz = 2 # end\n"
    values = tomli.loads(text)["a"]
    index = data.draw(st.integers(0, len(values) - 1))

    added, taken = add_item(text, ("a",), "new"), take_item(text, ("a",), index)

    assert tomli.loads(added, parse_float=Decimal)["a"] == [*values, "new"]
    assert tomli.loads(taken)["a"] == values[:index] + values[index + 1 :]
    assert added.count("# note, ]") == text.count("# note, ]") == taken.count("# note, ]")


def test_an_empty_list_is_not_added_to() -> None:
    with pytest.raises(CannotWrite):
        add_item("a = []\n", ("a",), "y")
