"""No network inside a transaction, in this thread; elsewhere and afterwards it is nobody's business."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from fenbu.engine.guard.network import no_network
from fenbu.errors import NetworkInTransaction


@pytest.fixture
def server() -> Iterator[tuple[str, int]]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()


def test_a_socket_opened_inside_a_transaction_is_refused(server: tuple[str, int]) -> None:
    with no_network("payments"), socket.socket() as gateway:
        with pytest.raises(NetworkInTransaction, match="payments tried to reach") as refused:
            gateway.connect(server)
        assert "record a call" in refused.value.hint


def test_a_name_is_not_looked_up_inside_a_transaction() -> None:
    with no_network("payments"), pytest.raises(NetworkInTransaction, match=r"gateway\.invalid"):
        socket.create_connection(("gateway.invalid", 443))


def test_afterwards_and_in_other_threads_sockets_open(server: tuple[str, int]) -> None:
    reached = []

    def elsewhere() -> None:
        with socket.create_connection(server):
            reached.append("elsewhere")

    with no_network("payments"):
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
    with socket.create_connection(server):
        reached.append("afterwards")
    assert reached == ["elsewhere", "afterwards"]
