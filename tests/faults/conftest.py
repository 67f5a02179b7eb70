"""The long runs among the faults are for `make proof`; the suite has a short version of each."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Tally = Callable[[int], None]


@pytest.fixture
def tally(request: pytest.FixtureRequest) -> Tally:
    """Give `tally(deaths)`: the run says in the end how many processes were killed, by test."""

    def add(deaths: int) -> None:
        request.node.user_properties.append(("killed", deaths))

    return add
