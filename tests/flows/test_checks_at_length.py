"""What the doctor and the readiness report ask is answered behind a long history too."""

from __future__ import annotations

import re

import pytest

from benchmarks import floor
from fenbu.engine import doctor
from fenbu.engine.kernel import Kernel
from fenbu.metrics import Health
from fenbu.testing.enterprises import Enterprises

_NOT_IN = re.compile(r"NOT IN\s*\(\s*SELECT\b", re.IGNORECASE)


def answer_all(kernel: Kernel) -> int:
    """Run every check and every question of completeness; return how many there were."""
    found = [one.finding.health for one in doctor.examine(kernel)]
    assert Health.UNKNOWN not in found
    for name, question in kernel.assembly.completeness.items():
        with kernel.read(name.partition(".")[0]) as work:
            question.count(work)
    return len(found) + len(kernel.assembly.completeness)


@pytest.mark.databases("postgresql")
def test_nothing_is_looked_for_in_a_list_that_grows_with_the_shop(enterprise: Enterprises) -> None:
    """PostgreSQL keeps such a list only while it is short; over 800,000 events it read it again for each of them."""
    with floor.recorded() as told:
        assert answer_all(enterprise("erp", "crm", "scm", "hrm", "payments")) > 40
    assert len(told.statements) > 40
    assert [one for one in told.statements if _NOT_IN.search(one)] == []
