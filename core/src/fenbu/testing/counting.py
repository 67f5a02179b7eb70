"""Counting what work costs in statements and commits: the same numbers on a busy machine as on an idle one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from math import inf


@contextmanager
def untimed() -> Iterator[None]:
    """Let neither the clock nor chance decide how work is divided into batches and turns, while the body runs.

    A batch ends after a while, and so do calls that are sent together; a worker then turns to another place, which
    it chooses by chance, and once a minute it seals the audit trail; a handler that is late is interrupted. Each
    costs statements or commits that a busier machine has more of. What is counted inside is exact, and a test may
    say which number it is.
    """
    import pytest

    from fenbu.engine import serving
    from fenbu.engine.flows import batch, caller, deadline, worker
    from fenbu.engine.flows.batch import Place

    def in_order(places: list[Place]) -> None:
        places.sort(key=lambda place: (place.subscription, place.partition))

    with pytest.MonkeyPatch.context() as patch:
        for dialect in batch.SECONDS:
            patch.setitem(batch.SECONDS, dialect, inf)
        patch.setattr(caller, "MOMENT", 3600.0)
        patch.setattr(worker, "SLICE", inf)
        patch.setattr(worker, "mix", in_order)
        patch.setattr(serving, "SEAL", inf)
        patch.setattr(deadline, "SECONDS", 3600.0)
        yield
