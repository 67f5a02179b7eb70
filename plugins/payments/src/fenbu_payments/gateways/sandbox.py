"""The client of the sandbox: over HTTP when it has an address, else in this process on its file."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import datetime
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import attrs

from fenbu.calls import CallDone, CallFailed, CallUnknown, Outcome
from fenbu.errors import Permanent
from fenbu.i18n import _
from fenbu.settings import reveal
from fenbu_payments.errors import NoticeRefused, SandboxDiffers
from fenbu_payments.gateways import Asked, Told
from fenbu_payments.sandbox import UNSIGNED
from fenbu_payments.sandbox.bank import Outage, kept

if TYPE_CHECKING:
    from fenbu_payments.gateways import GatewaySettings


class SandboxGateway:
    """A gateway without money."""

    by_hand = False

    def __init__(self, settings: GatewaySettings, secret: str) -> None:
        self._settings, self._secret = settings, secret

    def send(self, asked: Asked) -> Outcome:
        """Ask for an operation; the idempotency key makes asking twice harmless while it is remembered."""
        wanted = {
            "kind": asked.kind,
            "reference": asked.reference,
            "payment": asked.payment,
            "about": asked.about,
            "amount": str(asked.amount.amount),
            "currency": asked.amount.currency,
        }
        return self._outcome("POST", "/operations", wanted, key=asked.id) or CallUnknown("404")

    def ask(self, asked: Asked) -> Outcome | None:
        """Ask by our reference what became of an operation."""
        return self._outcome("GET", f"/operations/{quote(asked.reference, safe='')}")

    def read(self, body: str, signature: str, *, now: datetime, minutes: int) -> Told:
        """Verify ``t=SECONDS,v1=HEX`` over ``SECONDS.BODY`` and read the notice."""
        name = self._settings.name
        moment, _comma, digest = signature.removeprefix("t=").partition(",v1=")
        if not hmac.compare_digest(sign(self._key(), moment, body), digest):
            raise NoticeRefused(name, _("its signature is wrong"))
        if not moment.isdigit() or abs(now.timestamp() - int(moment)) > minutes * 60:
            raise NoticeRefused(
                name, _("it was signed more than {minutes} minutes ago").format(minutes=minutes)
            )
        try:
            return Told(**json.loads(body))
        except (ValueError, TypeError) as error:
            raise NoticeRefused(name, _("it cannot be read: {error}").format(error=error)) from None

    def _key(self) -> str:
        return reveal(self._secret) or UNSIGNED

    def _outcome(
        self, method: str, path: str, body: dict[str, Any] | None = None, key: str = ""
    ) -> Outcome | None:
        try:
            status, answer = self._over_http(method, path, body, key)
        except Outage as error:
            return CallUnknown(str(error))
        except SandboxDiffers as error:
            raise Permanent(f"{error}: {error.hint}") from None
        except (OSError, HTTPException, ValueError) as error:  # nobody knows what has happened
            return CallUnknown(f"{type(error).__name__}: {error}")
        if status == 404:
            return None
        if status == 401:
            raise Permanent(
                _("the gateway {name} does not know us: its secret differs").format(name=self._settings.name)
            )
        if status != 200:
            return CallUnknown(f"{status} {answer.get('reason', '')}".strip())
        told = Told(**answer)
        result = {name: value for name, value in attrs.asdict(told).items() if value not in ("", None)}
        return CallDone(result) if told.done or told.pending else CallFailed(told.reason, result)

    def _over_http(
        self, method: str, path: str, body: dict[str, Any] | None, key: str
    ) -> tuple[int, dict[str, Any]]:
        if not self._settings.url:
            bank = kept(self._settings.file)
            found = bank.perform(body, key) if body else bank.find(path.rpartition("/")[2])
            return (200, found) if found else (404, {})
        where = urlsplit(self._settings.url)
        connection = HTTPConnection(where.hostname or "", where.port, timeout=self._settings.timeout)
        try:
            headers = {"Authorization": f"Bearer {self._key()}", "Idempotency-Key": key}
            connection.request(method, path, json.dumps(body) if body else None, headers)
            response = connection.getresponse()
            return response.status, json.loads(response.read() or b"{}")
        finally:
            connection.close()


def sign(key: str, moment: str, body: str) -> str:
    """Return the signature of a notice, hexadecimal."""
    return hmac.new(key.encode(), f"{moment}.{body}".encode(), hashlib.sha256).hexdigest()
