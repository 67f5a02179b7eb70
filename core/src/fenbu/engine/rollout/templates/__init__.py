"""Rollout files to begin with, each valid as it stands and explained in it."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from types import MappingProxyType

from fenbu.i18n import N_

TEMPLATES: Mapping[str, str] = MappingProxyType(
    {
        "sme-three-stages": N_("information flow, then capital flow, then goods flow and collaboration"),
        "crm-first": N_("customers and their history first, then orders and books, then payments and stock"),
        "hrm-first": N_("people and payroll first, then the books, then money paid out by itself"),
    }
)
"""Name to what it is, in one line."""


def text_of(name: str) -> str:
    """Return the text of a template; KeyError when there is none of this name."""
    if name not in TEMPLATES:
        raise KeyError(name)
    return files(__name__).joinpath(f"{name}.toml").read_text(encoding="utf-8")
