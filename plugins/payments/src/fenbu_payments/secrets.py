"""Secrets, resolved from their reference at the moment they are needed and kept nowhere."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from typing import Any

from fenbu.errors import Permanent
from fenbu.i18n import _


def reveal(reference: str) -> str:
    """Return the secret behind ``env:NAME``, ``file:PATH`` or ``keyring:SERVICE/NAME``; empty without reference.

    Raises:
        Permanent: It is not there; the text names the reference, never the secret.
    """
    kind, _colon, name = reference.partition(":")
    if not reference:
        return ""
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
