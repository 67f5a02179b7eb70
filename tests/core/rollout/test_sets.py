"""Settings that are sets: their members have no order, and a plan of them is one and the same in every process."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from attrs import evolve

from fenbu.engine.kernel import Kernel
from fenbu.engine.rollout.plan import make
from fenbu.testing.dummies import DummyModules
from tests.core.rollout.tea import KITCHEN, plan_file

pytestmark = pytest.mark.databases("sqlite")

SPICES = ["anise", "cardamom", "cinnamon", "clove", "fennel", "ginger", "mace", "nutmeg", "pepper", "saffron"]
FILE = plan_file(
    ("pots = 4", f"spices = {json.dumps(SPICES[::-1])}\nblends = {{ chai = {json.dumps(SPICES)} }}")
)


@pytest.fixture
def spiced(tea_site: DummyModules, ann: Kernel) -> Kernel:
    fields = "spices: frozenset[str] = frozenset()\nblends: dict[str, set[str]] = {}"
    tea_site.install(evolve(KITCHEN, settings=fields))
    return ann


def test_a_plan_tells_a_set_in_one_order_whatever_the_process(spiced: Kernel, tea_site: DummyModules) -> None:
    told = """
import sys
sys.path.insert(0, sys.argv[1])
from fenbu.engine.kernel import Kernel
from fenbu.engine.rollout.file import parse
from fenbu.engine.rollout.plan import make
from fenbu.work import Actor
with Kernel.open(sys.argv[2], actor=Actor("ann")) as kernel:
    plan = make(kernel, parse(sys.argv[3], "tea.toml"), through="back")
print(plan.digest, [step.step.settings for step in plan.stages[1].steps])
"""
    arguments = [str(tea_site.folder), spiced.database.url, FILE.text]
    said = {
        subprocess.run(
            [sys.executable, "-c", told, *arguments],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }

    assert len(said) == 1
    assert str(SPICES) in said.pop()


def test_the_same_set_in_another_order_is_no_change(spiced: Kernel) -> None:
    spiced.perform("fenbu.module.enable", {"modules": ["till", "kitchen"]})
    for order in (SPICES, SPICES[::-1]):
        spiced.perform("fenbu.setting.set", {"module": "kitchen", "name": "spices", "value": order})
        spiced.perform("fenbu.setting.set", {"module": "kitchen", "name": "blends", "value": {"chai": order}})
        plan = make(spiced, FILE, through="back")
        assert not [step for step in plan.stages[1].steps if step.step.module == "kitchen"]
