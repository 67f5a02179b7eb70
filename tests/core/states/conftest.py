"""A tea house with nothing enabled yet, and the modules made up for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from fenbu.engine.kernel import Kernel
from fenbu.testing.databases import DatabaseCopy

NewKernel = Callable[[], Kernel]


def _found(url: str) -> None:
    Kernel.init(url, name="Harbour Tea", currency="EUR", time_zone="UTC", os_user="ada").close()


@pytest.fixture
def house_url(database_copy: DatabaseCopy) -> str:
    return database_copy("tea house", _found)


@pytest.fixture
def new_kernel(house_url: str) -> Iterator[NewKernel]:
    """Open the tea house again, as another process would."""
    opened: list[Kernel] = []

    def open_one() -> Kernel:
        from fenbu.work import Actor

        opened.append(Kernel.open(house_url, actor=Actor("ada")))
        return opened[-1]

    yield open_one
    for kernel in opened:
        kernel.close()


@pytest.fixture
def kernel(new_kernel: NewKernel) -> Kernel:
    return new_kernel()
