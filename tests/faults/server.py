"""A PostgreSQL server of a test's own, that dies and is started again, stands by and is promoted."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil  # type: ignore[import-untyped]
from sqlalchemy import create_engine

from fenbu.testing.postgres import postgres_server


class Server:
    """One server, known by its files.

    Args:
        url: Of the running server.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        engine = create_engine(url)
        with engine.connect() as connection:
            self._data = Path(connection.exec_driver_sql("SHOW data_directory").scalar_one())
            self._sockets = connection.exec_driver_sql("SHOW unix_socket_directories").scalar_one()
        engine.dispose()
        self._programs = Path(self._main().exe()).parent
        self._user = self._data.owner() if os.geteuid() == 0 else None

    def die(self, number: int = signal.SIGKILL) -> None:
        """Let all its processes die at once; SIGQUIT lets the server tell those who are connected."""
        main = self._main()
        everybody = [main, *main.children(recursive=True)]
        if number == signal.SIGQUIT:
            main.send_signal(number)
        else:
            for one in everybody:
                with suppress(psutil.NoSuchProcess):
                    one.send_signal(number)
        psutil.wait_procs(everybody, timeout=20)

    def _main(self) -> psutil.Process:
        return psutil.Process(int((self._data / "postmaster.pid").read_text().split()[0]))

    def start(self) -> None:
        """Start it again; it recovers what it had acknowledged."""
        self._control("-o", f'-h "" -k {self._sockets}', "-l", str(self._data / "again.log"), "start")

    def stop(self) -> None:
        self._control("-m", "immediate", "stop")

    def stand_by(self) -> None:
        """Start it again as a copy that only follows: it takes no writes."""
        (self._data / "standby.signal").touch()
        self.start()

    def promote(self) -> None:
        """Let it take writes from now on."""
        self._control("promote")

    def _control(self, *words: str) -> None:
        command = [str(self._programs / "pg_ctl"), "-w", "-D", str(self._data), *words]
        subprocess.run(
            command, user=self._user, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )


@contextmanager
def mortal_server() -> Iterator[Server]:
    """Start a server of one's own."""
    with postgres_server() as url:
        server = Server(url)
        try:
            yield server
        finally:
            server.stop()
            time.sleep(0.2)
