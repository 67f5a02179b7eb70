"""What a grant covers, and what each role of every enterprise may do."""

from __future__ import annotations

import pytest

from fenbu.engine.guard.permissions import LAYERS, ROLES, allowed, covers

CASES = [
    ("erp.order.place", "erp.order.place", True),
    ("erp.order.place", "erp.order.cancel", False),
    ("erp.*", "erp.order.place", True),
    ("erp.*", "erp.show", True),
    ("erp.*", "erpx.show", False),
    ("erp.order.*", "erp.order.place", True),
    ("erp.order.*", "erp.order", False),
    ("erp.order.*", "erp.invoice.issue", False),
    ("*.show", "crm.show", True),
    ("*.show", "crm.case.show", False),
    ("*.show", "crm.personal", False),
    ("*", "fenbu.operator.add", True),
    ("erp.*", "erp.order.*", True),
    ("erp.order.*", "erp.*", False),
    ("*.show", "erp.*", False),
    ("erp.*", "*.show", False),
    ("*.*", "*.show", True),
    ("*.show", "*.*", False),
    ("*.*", "*", False),
    ("erp.*", "*", False),
]


@pytest.mark.parametrize(("held", "wanted", "granted"), CASES)
def test_a_grant_covers_what_its_words_say(held: str, wanted: str, granted: bool) -> None:
    assert covers(held, wanted) is granted


PERMITTED = {
    "owner": {
        "erp.order.place",
        "hrm.personal",
        "fenbu.module.enable",
        "fenbu.operator.grant",
        "fenbu.audit",
    },
    "decision": {"erp.show", "hrm.show", "fenbu.audit", "fenbu.rollout.approve", "fenbu.rollout.override"},
    "core": {
        "erp.show",
        "fenbu.audit",
        "fenbu.backup",
        "fenbu.module.purge",
        "fenbu.setting.set",
        "fenbu.flow.skip",
        "fenbu.rollout.apply",
        "fenbu.rollout.approve",
    },
    "functional": {"fenbu.show", "fenbu.rollout.approve"},
    "viewer": {"erp.show", "hrm.show", "fenbu.show"},
}
REFUSED = {
    "decision": {
        "erp.order.place",
        "hrm.personal",
        "fenbu.module.enable",
        "fenbu.rollout.apply",
        "erp.export",
    },
    "core": {"erp.order.place", "hrm.personal", "fenbu.operator.add", "fenbu.role.define", "erp.export"},
    "functional": {"erp.show", "erp.order.place", "fenbu.module.enable", "fenbu.audit", "fenbu.backup"},
    "viewer": {
        "erp.order.place",
        "fenbu.rollout.approve",
        "fenbu.audit",
        "fenbu.setting.set",
        "crm.personal",
    },
}


@pytest.mark.parametrize("role", ROLES)
def test_each_role_may_what_it_is_for_and_nothing_beside(role: str) -> None:
    held = ROLES[role].permissions

    assert all(allowed(held, one) for one in PERMITTED[role])
    assert not any(allowed(held, one) for one in REFUSED.get(role, ()))


def test_the_three_layers_of_a_rollout_are_roles() -> None:
    assert list(LAYERS) == ["decision", "core", "functional"]
    assert LAYERS.keys() < ROLES.keys()
