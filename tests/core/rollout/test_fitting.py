"""A rollout file against what is installed: names, versions, settings by their models, requirements."""

# ruff: noqa: E501  (messages stand whole, as they are told)

from __future__ import annotations

from collections.abc import Mapping

import pytest

from fenbu.engine.catalog.loading import Broken, LoadedModule
from fenbu.engine.rollout.file import parse
from fenbu.engine.rollout.fitting import misfits
from fenbu.engine.rollout.installed import Installed, installed
from fenbu.engine.rollout.templates import TEMPLATES, text_of
from fenbu.manifest import Manifest
from tests.core.rollout.plans import PLAN, changed

C = changed


def _misfits(text: str, there: Installed | None = None) -> list[str]:
    file = parse(text)
    faults = sorted({*file.faults, *misfits(file, there or installed())})
    return [f"{one.line}: {one.problem} → {one.way_out}".removesuffix(" → ") for one in faults]


MISFITS: dict[str, tuple[str, str]] = {
    "a kernel that this is not": (
        C(">=1,<2", ">=2"),
        "5: this fenbu has API version 1.0, which >=2 leaves out → install a fenbu of that range, or widen it",
    ),
    "a range that nothing installed satisfies": (
        C(">=0.1,<1", ">=7"),
        "8: erp 0.1.0 is installed, and the plan wants >=7 → install a version of that range, or widen it",
    ),
    "a module that is not installed": (
        PLAN.replace("[modules.payments]", "[modules.paymnts]").replace('["payments"]', '["paymnts"]'),
        "14: no module paymnts is installed → did you mean payments?",
    ),
    "a setting that the module does not have": (
        C("payment_days = 30", "payment_day = 30"),
        "12: erp has no setting payment_day → did you mean payment_days?",
    ),
    "a setting of the wrong type": (
        C("payment_days = 30", 'payment_days = "soon"'),
        "12: payment_days: must be a whole number (got 'soon') → payment_days: Days from an invoice to the day it is due",
    ),
    "a setting out of its range in a stage": (
        C("payment_days = 14", "payment_days = -1"),
        "36: payment_days: must be 0 or more (got -1) → payment_days: Days from an invoice to the day it is due",
    ),
    "settings that do not fit each other": (
        C('orders = "on_account"', 'gateway = "card"'),
        "15: payments: there is no gateway card (there are: manual)",
    ),
    "a metric that the module does not declare": (
        C('"erp.overdue"', '"erp.overdues"'),
        "39: erp declares no metric erp.overdues → did you mean erp.overdue?",
    ),
    "a check that the module does not declare": (
        C('"erp.ledger_balanced"', '"erp.ledger_balance"'),
        "26: erp declares no check erp.ledger_balance → did you mean erp.ledger_balanced?",
    ),
    "a check that the kernel does not declare": (
        C('"erp.ledger_balanced"', '"fenbu.audits"'),
        "26: fenbu declares no check fenbu.audits → did you mean fenbu.audit?",
    ),
    "a subscription that the module does not have": (
        C('"erp.payroll"', '"erp.payrolls"'),
        "22: erp declares no subscription erp.payrolls → did you mean erp.payroll?",
    ),
    "a module that needs one of a later stage": (
        PLAN.replace("[modules.payments]", "[modules.scm]\n[modules.payments]")
        .replace('["erp"]', '["scm"]')
        .replace('["payments"]', '["payments", "erp"]')
        .replace('history = { "erp.payroll" = "from_now" }\n', "")
        .replace('check = "erp.ledger_balanced"', "date = 2027-01-01")
        .replace('metric = "erp.overdue"', 'metric = "scm.pieces"'),
        "22: scm needs capability:sales.orders, which no enabled module provides; erp would; scm needs capability:items, "
        "which no enabled module provides; erp would → the later stage capital would meet it: bring its modules forward, "
        "or put scm after it",
    ),
    "a module that needs one that is not planned": (
        PLAN.replace("erp", "scm")
        .replace("payment_days", "lead_days")
        .replace("scm.payroll", "scm.items")
        .replace("scm.ledger_balanced", "scm.stock_matches_moves")
        .replace("scm.overdue", "scm.pieces"),
        "21: scm needs capability:sales.orders, which no enabled module provides; erp would; scm needs capability:items, "
        "which no enabled module provides; erp would → add what would provide it to [modules] and to the modules of this "
        "stage or an earlier one",
    ),
}


@pytest.mark.parametrize(("text", "expected"), MISFITS.values(), ids=MISFITS)
def test_what_does_not_fit_is_told_by_line_with_the_way_out(text: str, expected: str) -> None:
    assert _misfits(text) == [expected]


def test_a_secret_in_clear_is_told_once_and_not_shown() -> None:
    told = _misfits(C('orders = "on_account"', 'secrets = { manual = "hunter2" }'))

    assert len(told) == 1
    assert told[0].startswith("15: manual holds a secret in clear")
    assert "hunter2" not in told[0]


def _there(**requires: Mapping[str, tuple[str, ...]]) -> Installed:
    """Return small modules that only need and provide."""
    return Installed(
        {
            name: LoadedModule(name, "1.0", f"fenbu-{name}", Manifest(name=name, title=name, **given))  # type: ignore[arg-type]
            for name, given in requires.items()
        },
        {"torn": Broken("torn", "fenbu-torn", "1.0", "SyntaxError: never closed", "reinstall fenbu-torn")},
    )


_SMALL = """\
name = "small"
version = 1
sponsor = "A"
owner = "B"
kernel = ">=1,<2"
modules = {{ {tables} }}
stages = [{{ name = "one", title = "One", goal = "All is on.", modules = {modules} }}]
"""


def test_modules_that_need_each_other_in_a_circle_are_named() -> None:
    there = _there(egg={"requires": ("hen>=1",)}, hen={"requires": ("egg>=1",)})

    told = _misfits(_SMALL.format(tables="egg = {}, hen = {}", modules='["egg", "hen"]'), there)

    assert told == [
        "7: egg, hen need each other, so none of them can be the first → one of the packages must drop its requirement"
    ]


def test_a_requirement_that_no_package_meets_is_named() -> None:
    there = _there(egg={"requires": ("capability:warmth",)})

    assert _misfits(_SMALL.format(tables="egg = {}", modules='["egg"]'), there) == [
        "7: egg needs capability:warmth, which no installed module provides → install a package that provides it, or "
        "take egg out of the plan"
    ]


def test_a_module_that_cannot_be_loaded_is_told_with_its_error() -> None:
    assert _misfits(_SMALL.format(tables="torn = {}", modules='["torn"]'), _there()) == [
        "6: the module torn cannot be loaded: SyntaxError: never closed → reinstall fenbu-torn"
    ]


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_template_fits_the_modules_of_this_repository(name: str) -> None:
    file = parse(text_of(name))

    assert file.faults == []
    assert misfits(file, installed()) == []
    assert len(file.checked().stages) == 3
    assert all(stage.before and stage.after for stage in file.checked().stages), (
        "the first stage has gates too"
    )
    assert text_of(name).count("#") > 10
