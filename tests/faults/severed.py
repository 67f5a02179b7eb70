"""A way to a PostgreSQL server that can be cut, as a network is: between a question and its answer."""

from __future__ import annotations

import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sqlalchemy.engine import make_url

COMMIT = b"Q\0\0\0\x0bCOMMIT\0"
"""How PostgreSQL's protocol asks for a commit."""


class Line:
    """Passes bytes between clients and a server, until it is told to lose an answer.

    Args:
        url: Of the server's database.
    """

    def __init__(self, url: str) -> None:
        self._there = make_url(url)
        self._door = socket.create_server(("127.0.0.1", 0))
        self.lose_commits = 0
        """So many commits are still to be lost: each reaches the server, and its answer reaches nobody."""
        threading.Thread(target=self._receive, daemon=True).start()

    @property
    def url(self) -> str:
        """The same database, at the end of this line."""
        port = self._door.getsockname()[1]
        here = self._there.set(host="127.0.0.1", port=port, query={})
        return here.render_as_string(hide_password=False)

    def close(self) -> None:
        self._door.close()

    def _receive(self) -> None:
        with suppress(OSError):
            while True:
                client, _address = self._door.accept()
                threading.Thread(target=self._pass, args=(client, self._connect()), daemon=True).start()

    def _connect(self) -> socket.socket:
        folder = self._there.query.get("host") or self._there.host
        port = self._there.port or 5432
        if isinstance(folder, str) and folder.startswith("/"):
            server = socket.socket(socket.AF_UNIX)
            server.connect(f"{folder}/.s.PGSQL.{port}")
            return server
        return socket.create_connection((str(folder), port))

    def _pass(self, client: socket.socket, server: socket.socket) -> None:
        lost = False
        with client, server, suppress(OSError):
            while True:
                for end in select.select([client, server], [], [])[0]:
                    told = end.recv(65536)
                    if not told:
                        return
                    if end is client:
                        if self.lose_commits and COMMIT in told:
                            self.lose_commits, lost = self.lose_commits - 1, True
                        server.sendall(told)
                    elif lost:
                        return  # the server has done it
                    else:
                        client.sendall(told)


@contextmanager
def line_to(url: str) -> Iterator[Line]:
    """Open a line to a database."""
    line = Line(url)
    try:
        yield line
    finally:
        line.close()
