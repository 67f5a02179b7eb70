"""Broken rollout files: each is told with its line, what was got, what is wanted and the nearest valid key."""

# ruff: noqa: E501  (messages stand whole, as they are told)

from __future__ import annotations

from pathlib import Path

import pytest

from fenbu.engine.rollout.faults import RolloutInvalid
from fenbu.engine.rollout.file import parse, read
from fenbu.errors import BadFile
from tests.core.rollout.plans import PLAN, changed, faults_of

C = changed
_NAMES = "a name has small letters, digits, _ (of stages also -) and begins with a letter"
_EMPTY = "sponsor: Who wants it and pays for it."
_KEPT = "write where it is kept: env:NAME, file:PATH or keyring:SERVICE/NAME; and change it, for it was here"

BROKEN: dict[str, tuple[str, str]] = {
    # --- keys
    "a mistyped key at the top": (
        C("sponsor =", "sponser ="),
        "3: there is no key sponser in the file → did you mean sponsor?",
    ),
    "a key that nothing resembles": (
        C("kernel =", "colour = 1\nkernel ="),
        "5: there is no key colour in the file → there are: kernel, modules, name, owner, sponsor, stages, title, version",
    ),
    "a mistyped key of a module": (
        C("on_disable", "on_disabled"),
        "9: there is no key on_disabled in [modules.erp] → did you mean on_disable?",
    ),
    "a mistyped key of a stage": (
        C('goal = "Money', 'gaol = "Money'),
        "31: there is no key gaol in [[stages]] → did you mean goal?",
    ),
    "a mistyped layer": (
        C("decision = 1", "decison = 1"),
        "23: there is no key decison in [stages.approvals] → did you mean decision?",
    ),
    "a mistyped key of a gate": (
        C("samples", "sample"),
        "42: there is no key sample in [[stages.before]] → did you mean samples?",
    ),
    "a mistyped key of the rollback": (
        C("in_flight", "inflight"),
        "33: there is no key inflight in [stages.rollback] → did you mean in_flight?",
    ),
    "a key of another kind of gate": (
        C('check = "erp.ledger_balanced"', 'check = "erp.ledger_balanced"\nmust_be = "> 1"'),
        "27: there is no key must_be in [[stages.after]] → there are: check, dry_run, why",
    ),
    "no owner": (
        C('owner = "Operations"\n', ""),
        "1: the file lacks the key owner → owner: Who answers for its being carried out.",
    ),
    "a stage without a goal": (
        C('goal = "Money moves by itself."\n', ""),
        "28: [[stages]] lacks the key goal → goal: In words, what is true when it is reached.",
    ),
    "a metric without a condition": (
        C('must_be = "<= 1000.50"\n', ""),
        '38: [[stages.before]] lacks the key must_be → must_be: What the number must be: "<= 1.5".',
    ),
    # --- types and values
    "a version in quotes": (
        C("version = 1\n", 'version = "1"\n'),
        '2: version must be a whole number without quotes (got "1") → version: Of the plan: a whole number, raised with '
        "each change.",
    ),
    "a version with a point": (
        C("version = 1\n", "version = 1.5\n"),
        "2: version must be a whole number without quotes (got 1.5) → version: Of the plan: a whole number, raised with "
        "each change.",
    ),
    "a version of nothing": (
        C("version = 1\n", "version = 0\n"),
        "2: version must be 1 or more (got 0) → version: Of the plan: a whole number, raised with each change.",
    ),
    "a sponsor who is a number": (
        C('"Mei Lin"', "7"),
        f"3: sponsor must be text in quotes (got 7) → {_EMPTY}",
    ),
    "a sponsor who is nobody": (
        C('"Mei Lin"', '"  "'),
        f'3: sponsor must not be empty (got "  ") → {_EMPTY}',
    ),
    "a plan with a name of two words": (
        C('name = "shop"', 'name = "My Shop"'),
        f'1: {_NAMES} (got "My Shop")',
    ),
    "a kernel that is no range": (
        C('">=1,<2"', '"1 to 2"'),
        '5: kernel must be a range of versions, as ">=1,<2" (got "1 to 2") → kernel: Range of API versions of fenbu, as '
        '">=1,<2".',
    ),
    "a range of a module that is a number": (
        C('version = ">=0.1,<1"', "version = 0.1"),
        '8: version must be a range of versions as text, as ">=1,<2" (got 0.1) → version: Range of versions (PEP 440), as '
        '">=0.1,<1"; any unless given.',
    ),
    "a way of leaving that there is not": (
        C('"drain"', '"dump"'),
        "9: on_disable must be 'drain', 'park' or 'waive' (got \"dump\") → on_disable: What becomes of its work in flight "
        "when it is switched off: drain, park or waive; unless given, switching it off is refused while there is any.",
    ),
    "settings that are no table": (
        C('settings = { orders = "on_account" }', "settings = 3"),
        "15: settings must be a table (got 3) → settings: Its settings from the start; secrets by reference: env:, file:, "
        "keyring:.",
    ),
    "modules that are a list": (
        'modules = ["erp"]\n' + PLAN.partition("[modules.erp]")[0] + PLAN[PLAN.index("[[stages]]") :],
        "1: modules must be a table (got a list) → modules: Every module of the plan, by name.",
    ),
    "a module with capitals": (
        C("[modules.payments]", "[modules.Payments]").replace('["payments"]', '["Payments"]'),
        f'14: {_NAMES} (got "Payments")',
    ),
    "stages that are a table": (
        PLAN.partition("[[stages]]")[0] + '[stages]\nname = "a"\n',
        "17: stages must be a list in square brackets (got a table) → stages: The stages, in order.",
    ),
    "no stages": (
        "stages = []\n" + PLAN.partition("[[stages]]")[0],
        "1: stages must have 1 at least (got an empty list) → stages: The stages, in order.",
    ),
    "modules of a stage that are a text": (
        C('modules = ["erp"]', 'modules = "erp"'),
        '21: modules must be a list in square brackets (got "erp") → modules: Modules that it switches on.',
    ),
    "a stage without modules": (
        C('modules = ["payments"]', "modules = []"),
        "32: modules must have 1 at least (got an empty list) → modules: Modules that it switches on.",
    ),
    "an approval by nobody": (
        C("decision = 1", "decision = 0"),
        "23: decision must be 1 or more (got 0) → decision: Of those who decide and pay.",
    ),
    "an approval that is true": (
        C("decision = 1", "decision = true"),
        "23: decision must be a whole number without quotes (got true) → decision: Of those who decide and pay.",
    ),
    "history that is neither": (
        C('"from_now"', '"yesterday"'),
        "22: erp.payroll must be 'catch_up' or 'from_now' (got \"yesterday\")",
    ),
    "a rollback that forgets": (
        C('"park"', '"forget"'),
        "33: in_flight must be 'refuse', 'drain', 'park' or 'waive' (got \"forget\") → in_flight: Work in flight: refuse to "
        "roll back while there is any, drain (finish it first), park (keep it for later) or waive (give it up).",
    ),
    # --- gates
    "a gate that asks nothing": (
        C('check = "erp.ledger_balanced"', 'why = "Books"'),
        "25: a gate must have one of metric, check, approval, date; this one has why",
    ),
    "a gate with a mistyped question": (
        C('check = "erp.ledger_balanced"', 'chekc = "erp.ledger_balanced"'),
        "26: a gate must have one of metric, check, approval, date; this one has chekc → did you mean check?",
    ),
    "a gate that asks two things": (
        C("date = 2027-01-04", 'date = 2027-01-04\ncheck = "erp.order_axes"'),
        "44: a gate asks one thing, and this one asks check + date → make a gate of each",
    ),
    "a gate that is a text": (
        C('\n[[stages.after]]\ncheck = "erp.ledger_balanced"', 'after = ["erp.ledger_balanced"]'),
        '24: a gate must be a table with one of metric, check, approval, date (got "erp.ledger_balanced")',
    ),
    "a condition without a sign": (
        C('"<= 1000.50"', '"1000.50"'),
        '40: must_be must be a comparison with a number, as "<= 1.5" (<, <=, >, >=, ==, !=) (got "1000.50") → must_be: What '
        'the number must be: "<= 1.5".',
    ),
    "a condition that is a number": (
        C('"<= 1000.50"', "1000.50"),
        '40: must_be must be a comparison with a number, as "<= 1.5" (<, <=, >, >=, ==, !=) (got 1000.50) → must_be: What '
        'the number must be: "<= 1.5".',
    ),
    "a window in fortnights": (
        C('"2 weeks"', '"1 fortnight"'),
        '41: window must be a span of time, as "36 hours", "7 days" or "2 weeks" (got "1 fortnight") → window: Readings of '
        'this time back count, as "7 days"; only the latest unless given.',
    ),
    "no samples at all": (
        C("samples = 20", "samples = 0"),
        "42: samples must be 1 or more (got 0) → samples: Least number of readings; fewer are inconclusive.",
    ),
    "samples without a window": (
        C('window = "2 weeks"\n', ""),
        '41: samples are counted in a window, and this gate has none → window = "7 days"',
    ),
    "a metric without its module": (
        C('"erp.overdue"', '"overdue"'),
        '39: a name with its module is wanted, as "erp.revenue" (got "overdue")',
    ),
    "a layer that there is not": (
        C("date = 2027-01-04", 'approval = "board"'),
        "45: approval must be 'decision', 'core' or 'functional' (got \"board\") → approval: The layer whose yes is needed.",
    ),
    "a date in quotes": (
        C("date = 2027-01-04", 'date = "2027-01-04"'),
        '45: date must be a day without quotes and time, as 2027-01-31 (got "2027-01-04") → date: The first day on which it '
        "passes, as 2027-01-31 without quotes.",
    ),
    "a date with a time": (
        C("date = 2027-01-04", "date = 2027-01-04T08:00:00"),
        "45: date must be a day without quotes and time, as 2027-01-31 (got 2027-01-04T08:00:00) → date: The first day on "
        "which it passes, as 2027-01-31 without quotes.",
    ),
    "a dry run that is a text": (
        C("date = 2027-01-04", 'date = 2027-01-04\ndry_run = "yes"'),
        '46: dry_run must be true or false without quotes (got "yes") → dry_run: Measure and show it, and let it decide '
        "nothing.",
    ),
    # --- between the parts
    "two stages of one name": (
        C('name = "capital"', 'name = "information"'),
        "29: two stages are named information: the 1. and the 2. → give one of them another name",
    ),
    "a module switched on twice": (
        C('["payments"]', '["payments", "erp"]'),
        "32: erp is switched on by the stage information already → name each module once in all stages",
    ),
    "a module of a stage that is mistyped": (
        C('["payments"]', '["payments", "paymets"]'),
        "32: the module paymets has no table [modules.paymets] → did you mean payments?",
    ),
    "a module in no stage": (
        C("[modules.payments]", "[modules.crm]\n[modules.payments]"),
        "14: no stage switches crm on → add it to the modules of a stage, or take it out of the plan",
    ),
    "settings of a module that is not on": (
        C("approvals = { decision = 1 }", "settings = { payments = { gateway = 'manual' } }"),
        "23: the stage information sets what payments does, which is not on by then → ask it of a later stage, or switch "
        "payments on earlier",
    ),
    "history of a module of another stage": (
        C('"erp.payroll"', '"payments.orders"'),
        "22: payments.orders begins with payments, which the stage information does not switch on → ask it of a later "
        "stage, or switch payments on earlier",
    ),
    "a gate in front of its own module": (
        C("date = 2027-01-04", 'check = "payments.state_is_fold"'),
        "45: payments.state_is_fold is measured by payments, which no stage has switched on by then → ask it of a later "
        "stage, or switch payments on earlier",
    ),
    "a gate of a module that is mistyped": (
        C('"erp.ledger_balanced"', '"epr.ledger_balanced"'),
        "26: epr.ledger_balanced is measured by epr, which no stage has switched on by then → did you mean erp?",
    ),
    # --- secrets
    "a secret in clear": (
        C('settings = { orders = "on_account" }', 'settings = { secrets = { card = "hunter2" } }'),
        f"15: card holds a secret in clear → {_KEPT}",
    ),
    "a password in clear in a stage": (
        C("payment_days = 14", 'smtp_password = "hunter2"'),
        f"36: smtp_password holds a secret in clear → {_KEPT}",
    ),
    "a secret in clear in a list": (
        C("payment_days = 30", 'api_keys = ["env:ONE", "hunter2"]'),
        f"12: api_keys holds a secret in clear → {_KEPT}",
    ),
}

NO_TOML: dict[str, tuple[str, str]] = {
    "a bracket that never closes": (
        C('modules = ["payments"]', 'modules = ["payments"'),
        "rollout.toml:33:1",
    ),
    "a key twice": (C("version = 1\n", "version = 1\nversion = 2\n"), "rollout.toml:3:"),
    "a table twice": (C("[modules.payments]", "[modules.erp]\n[modules.payments]"), "rollout.toml:14:"),
    "a text without its end": (C('"Mei Lin"', '"Mei Lin'), "rollout.toml:3:"),
    "a date that no calendar has": (C("2027-01-04", "2027-02-30"), "rollout.toml:45:"),
}


def test_there_are_at_least_forty_broken_files() -> None:
    assert len(BROKEN) + len(NO_TOML) >= 40
    assert faults_of(PLAN) == []


@pytest.mark.parametrize(("text", "expected"), BROKEN.values(), ids=BROKEN)
def test_a_broken_file_is_told_by_line_with_the_way_out(text: str, expected: str) -> None:
    assert faults_of(text) == [expected]


@pytest.mark.parametrize(("text", "where"), NO_TOML.values(), ids=NO_TOML)
def test_what_is_no_toml_is_refused_with_line_and_column(text: str, where: str) -> None:
    with pytest.raises(RolloutInvalid) as refused:
        parse(text)

    assert str(refused.value).startswith(where)
    assert refused.value.exit_code == 65


def test_all_faults_are_told_at_once_in_the_order_of_their_lines() -> None:
    text = (
        changed("sponsor =", "sponser =").replace("samples = 20", "samples = 0").replace('"drain"', '"dump"')
    )
    file = parse(text)

    assert [fault.line for fault in file.faults] == [3, 9, 42]
    with pytest.raises(
        RolloutInvalid, match=r"rollout\.toml:3:1: there is no key sponser .* \(and 2 faults more\)"
    ):
        file.checked()


def test_a_secret_is_never_shown_by_the_fault_about_it() -> None:
    text = changed("payment_days = 30", 'password = "hunter2"').replace("sponsor =", "token =")

    assert "hunter2" not in str(faults_of(text))
    assert "Mei Lin" not in str(faults_of(text))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"\xef\xbb\xbf" + PLAN.encode(), "1:1: it begins with a byte order mark, which TOML does not allow"),
        (b'name = "x"\nowner = "\xff"\n', "2: it is not written in UTF-8"),
    ],
)
def test_a_file_of_another_encoding_is_refused(tmp_path: Path, content: bytes, expected: str) -> None:
    (file := tmp_path / "rollout.toml").write_bytes(content)

    with pytest.raises(BadFile) as refused:
        read(file)
    assert str(refused.value) == f"{file}:{expected}"


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="there is no such file"):
        read(tmp_path / "rollout.toml")
