"""Settings of a module, as a pydantic model; secrets only by reference."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

from fenbu.i18n import _

_REFERENCE = re.compile(r"^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+|keyring:[^/]+/.+)$")


class Settings(BaseModel):
    """Base of a module's settings: typed, with defaults, unknown names refused.

    Every field has a default, so that a module can be enabled before anybody has set anything.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


class NoSettings(Settings):
    """For modules without settings."""


def _is_reference(value: str) -> str:
    if value and not _REFERENCE.match(value):
        raise ValueError(
            _("a secret is given by reference: env:NAME, file:PATH or keyring:SERVICE/NAME, never in clear")
        )
    return value


Secret = Annotated[str, AfterValidator(_is_reference), "secret"]
"""A reference to a secret (``env:``, ``file:``, ``keyring:``), resolved only when a call is made."""
