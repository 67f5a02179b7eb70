"""Secrets in a rollout file: by reference or not at all; judged by the names of keys, before any module is asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fenbu.engine.rollout.faults import Finding
from fenbu.engine.rollout.positions import Path
from fenbu.i18n import _
from fenbu.settings import is_reference, sounds_secret


def named_secret(path: Path) -> bool:
    """Say whether a key of a path is named as secrets are."""
    return any(isinstance(part, str) and sounds_secret(part) for part in path)


def in_clear(value: Any, path: Path) -> Iterator[Finding]:
    """Yield the texts below a path that are named as secrets are, and are no references."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from in_clear(inner, (*path, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from in_clear(inner, (*path, number))
    elif isinstance(value, str) and named_secret(path) and value and not is_reference(value):
        yield Finding(
            path,
            _("{name} holds a secret in clear").format(
                name=next(p for p in reversed(path) if isinstance(p, str))
            ),
            _(
                "write where it is kept: env:NAME, file:PATH or keyring:SERVICE/NAME; and change it, for it was here"
            ),
        )
