"""The sandbox over HTTP on loopback: ``POST /operations``, ``GET /operations/REFERENCE``."""

from __future__ import annotations

import hmac
import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from fenbu_payments.sandbox.bank import AnswerLost, Bank, Outage

LOOPBACK = "127.0.0.1"


class Server(ThreadingHTTPServer):
    """Serves one file; a lost answer is one that comes after everybody has stopped waiting."""

    daemon_threads = True

    def __init__(self, file: Path, *, port: int = 0, key: str, patience: float = 35.0) -> None:
        self.file, self.key, self.patience = file, key, patience
        self._open = Bank(file)  # while it is, closing another on the same file is cheap
        super().__init__((LOOPBACK, port), _Handler)

    def server_close(self) -> None:
        """Close the file too."""
        super().server_close()
        self._open.close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of merchants who have gone before the answer came; what was done stands."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    @property
    def url(self) -> str:
        """Address to set as the gateway's ``url``."""
        return f"http://{LOOPBACK}:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    """Answers one request."""

    server: Server

    def do_POST(self) -> None:
        if not self._known():
            return self._answer(401, {"reason": "unknown merchant"})
        try:
            wanted = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        except ValueError:
            return self._answer(400, {"reason": "the body is not JSON"})
        with Bank(self.server.file) as bank:
            try:
                told = bank.perform(wanted, self.headers.get("Idempotency-Key", ""))
            except Outage as error:
                return self._answer(503, {"reason": str(error)})
            except AnswerLost:
                time.sleep(self.server.patience)
                return None
        return self._answer(200, told)

    def do_GET(self) -> None:
        if not self._known():
            return self._answer(401, {"reason": "unknown merchant"})
        with Bank(self.server.file) as bank:
            try:
                told = bank.find(unquote(self.path.removeprefix("/operations/")))
            except Outage as error:
                return self._answer(503, {"reason": str(error)})
        return self._answer(404, {}) if told is None else self._answer(200, told)

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002
        """Say nothing: the record is in the file."""

    def _known(self) -> bool:
        given = self.headers.get("Authorization", "")
        return hmac.compare_digest(given, f"Bearer {self.server.key}")

    def _answer(self, status: int, told: dict[str, Any]) -> None:
        body = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
