"""A module may fail in any way: it is named with what to do, everything else works, nothing slips through."""

from __future__ import annotations

import pytest

from fenbu.engine.catalog.states import ModuleState
from fenbu.engine.kernel import Kernel
from fenbu.errors import FenbuError, HookFailed, ModuleUnavailable
from fenbu.testing.dummies import DummyModule, DummyModules, migration
from fenbu.work import Actor

S = ModuleState
KINDS = ("gather", "all", "first", "veto")

_CONTRACTS = "from fenbu import Work, hookspec\n" + "".join(
    f"\n\n@hookspec(kind='{kind}')\ndef stall_{kind}(work: Work, order: str):\n    raise NotImplementedError\n"
    for kind in KINDS
)
_SELL = """
from fenbu_stall import contracts
from pydantic import BaseModel


class Sale(BaseModel):
    order: str


def sell(work, values):
    for kind in ("gather", "all", "first", "veto"):
        work.ask(getattr(contracts, f"stall_{kind}"), order=values.order)
    return {"sold": values.order}
"""
STALL = DummyModule(
    name="stall",
    provides=("sales.orders",),
    flows=_SELL,
    files={"contracts.py": _CONTRACTS},
    manifest={
        "contracts": "('fenbu_stall.contracts',)",
        "actions": "(Action(name='stall.order.sell', title='', input='fenbu_stall.flows:Sale', "
        "run='fenbu_stall.flows:sell'),)",
    },
)


def answering(name: str, hook: str, body: str) -> DummyModule:
    return DummyModule(name=name, plugin=f"@hookimpl\ndef {hook}(work, order):\n    {body}")


RAISING = {kind: answering(f"raises_{kind}", f"stall_{kind}", "return 1 / 0") for kind in KINDS}
FAILING = {
    "raises_at_import": DummyModule(name="raises_at_import", files={"manifest.py": "1 / 0\n"}),
    "mistyped_hook": answering("mistyped_hook", "stall_al", "return 1"),
    "needs_what_is_not_there": DummyModule(
        name="needs_what_is_not_there", requires=("capability:moon.phase",)
    ),
    "fails_half_way": DummyModule(
        name="fails_half_way",
        tables=("pot",),
        files={
            "migrations/0001_tables.py": migration(
                "0001",
                None,
                '    op.create_table("fails_half_way_pot", sa.Column("id", sa.Integer, primary_key=True))\n    1 / 0\n',
            )
        },
    ),
}
GOOD = answering("good", "stall_all", "return 'good'")


def enable(kernel: Kernel, *names: str) -> None:
    kernel.perform("fenbu.module.enable", {"modules": names})


def sell(kernel: Kernel) -> object:
    return kernel.perform("stall.order.sell", {"order": "SO-1"}).answer["sold"]


def test_modules_that_cannot_be_enabled_are_each_named_with_what_to_do_and_the_stall_goes_on_selling(
    kernel: Kernel, dummy_modules: DummyModules
) -> None:
    dummy_modules.install(STALL, GOOD, *FAILING.values())
    enable(kernel, "stall", "good")
    for name in FAILING:
        with pytest.raises(FenbuError) as caught:
            enable(kernel, name)
        assert caught.value.hint
    assert sell(kernel) == "SO-1"
    listed = kernel.modules().by_name
    assert {name: listed[name].state for name in FAILING} == {
        "raises_at_import": S.QUARANTINED,
        "mistyped_hook": S.QUARANTINED,
        "needs_what_is_not_there": S.INCOMPATIBLE,
        "fails_half_way": S.QUARANTINED,
    }
    told = {name: listed[name].reason for name in FAILING}
    assert "ZeroDivisionError" in told["raises_at_import"]
    assert "did you mean stall_all?" in told["mistyped_hook"]
    assert "which no installed module provides" in told["needs_what_is_not_there"]
    assert "ZeroDivisionError" in told["fails_half_way"]
    for name in FAILING:
        assert listed[name].distribution in listed[name].advice
    assert {listed[name].state for name in ("stall", "good")} == {S.ENABLED}


@pytest.mark.parametrize("kind", KINDS)
def test_a_hook_that_raises_is_a_problem_of_its_module_and_only_what_is_nice_to_have_goes_on_without_it(
    kind: str, kernel: Kernel, dummy_modules: DummyModules
) -> None:
    raising = RAISING[kind]
    dummy_modules.install(STALL, GOOD, raising)
    enable(kernel, "stall", "good", raising.name)
    if kind == "gather":
        assert sell(kernel) == "SO-1"
    else:
        with pytest.raises(HookFailed, match=f"{raising.name} could not answer stall_{kind}"):
            sell(kernel)
    found = kernel.modules().by_name[raising.name]
    assert found.state is S.ENABLED  # a raising hook is a problem record, not a quarantine
    assert found.problems == 1
    assert f"stall_{kind}: ZeroDivisionError" in found.reason
    assert raising.name in found.advice
    kernel.perform("fenbu.module.disable", {"modules": raising.name, "how": "waive"})
    assert sell(kernel) == "SO-1"


@pytest.mark.parametrize("gone", ["removed", "raising"])
@pytest.mark.parametrize("kind", KINDS)
def test_no_order_slips_through_the_missing_answer_of_an_enabled_module(
    gone: str, kind: str, kernel: Kernel, house_url: str, dummy_modules: DummyModules
) -> None:
    asked = answering("asked", f"stall_{kind}", "return None")
    dummy_modules.install(STALL, asked)
    enable(kernel, "stall", "asked")
    if gone == "removed":
        dummy_modules.uninstall("asked")
    else:
        dummy_modules.write("asked", "plugin.py", "1 / 0\n")
    dummy_modules.forget("asked")
    with Kernel.open(house_url, actor=Actor("ada")) as later:
        if kind == "gather":
            assert sell(later) == "SO-1"
        else:
            with pytest.raises(
                ModuleUnavailable, match=f"asked is enabled but cannot be loaded, and stall_{kind}"
            ):
                sell(later)
        found = later.modules().by_name["asked"]
        assert found.state is (S.MISSING if gone == "removed" else S.QUARANTINED)
        assert "fenbu disable asked" in found.advice
        later.perform("fenbu.module.disable", {"modules": "asked", "how": "park"})
        assert sell(later) == "SO-1"
