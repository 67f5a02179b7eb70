"""Settings of a module, as a pydantic model; secrets only by reference."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict

from fenbu.errors import Permanent
from fenbu.i18n import _

_REFERENCE = re.compile(r"^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+|keyring:[^/]+/.+)$")

_SECRETIVE = re.compile(r"(password|passphrase|secret|token|api_?key|private_?key)", re.IGNORECASE)


class Settings(BaseModel):
    """Base of a module's settings: typed, with defaults, unknown names refused.

    Every field has a default, so that a module can be enabled before anybody has set anything.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


class NoSettings(Settings):
    """For modules without settings."""


def is_reference(value: str) -> bool:
    """Say whether a text refers to a secret, and so may be shown and kept."""
    return _REFERENCE.match(value) is not None


def sounds_secret(name: str) -> bool:
    """Say whether a name is one of those that secrets are given; a setting named so is declared a `Secret`."""
    return _SECRETIVE.search(name) is not None


def _must_refer(value: str) -> str:
    if value and not is_reference(value):
        raise ValueError(
            _("a secret is given by reference: env:NAME, file:PATH or keyring:SERVICE/NAME, never in clear")
        )
    return value


Secret = Annotated[str, AfterValidator(_must_refer), "secret"]
"""A reference to a secret (``env:``, ``file:``, ``keyring:``), resolved only when a call is made."""


_withheld: ContextVar[bool] = ContextVar("fenbu_secrets_withheld", default=False)


@contextmanager
def secrets_withheld() -> Iterator[None]:
    """Let `reveal` refuse while the body runs: what is done on a copy needs no secret and gets none."""
    before = _withheld.set(True)
    try:
        yield
    finally:
        _withheld.reset(before)


def reveal(reference: str) -> str:
    """Return the secret behind a reference, to be used at once and kept nowhere; empty without reference.

    For the code that makes a call to the outside (``Call.send``): not for rows, events, logs or answers.

    Raises:
        Permanent: It is not there, or it is withheld on a copy; the text names the reference, never the secret.
    """
    kind, _colon, name = reference.partition(":")
    if not reference:
        return ""
    if _withheld.get():
        raise Permanent(_("{reference} is not resolved on a copy").format(reference=reference))
    try:
        if kind == "env":
            return os.environ[name]
        if kind == "file":
            return Path(name).read_text(encoding="utf-8").strip()
        return _from_keyring(*name.split("/", 1))
    except (KeyError, OSError):
        raise Permanent(_("there is no secret at {reference}").format(reference=reference)) from None


def _from_keyring(service: str, name: str) -> str:
    try:
        keyring: Any = import_module("keyring")
    except ImportError:
        raise Permanent(
            _("the package keyring is not installed, so keyring:{service}/{name} cannot be read").format(
                service=service, name=name
            )
        ) from None
    found: str | None = keyring.get_password(service, name)
    if found is None:
        raise KeyError(name)
    return found
