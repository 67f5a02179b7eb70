"""Digests: what must be the same for a plan, or a yes, still to hold."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import attrs

from fenbu.engine.catalog.errors import ReferenceBroken
from fenbu.engine.catalog.loading import LoadedModule
from fenbu.engine.catalog.modules import Module
from fenbu.engine.catalog.snapshot import declared
from fenbu.engine.rollout.file import RolloutFile


def digest_of(value: Any) -> str:
    """Return the SHA-256 of a value in one way of writing it: keys sorted, exact numbers and days as text."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_plain)
    return text_digest(text)


def text_digest(text: str) -> str:
    """Return the SHA-256 of a text in hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def stage_digest(file: RolloutFile, number: int) -> str:
    """Return the digest of what a file says of a stage, by its index: the stage and the tables of its modules.

    Comments, blanks and other stages do not change it; an approval is for exactly this.
    """
    rollout = file.checked()
    document: Mapping[str, Any] = file.document
    modules = {name: document["modules"][name] for name in rollout.stages[number].modules}
    return digest_of({"rollout": rollout.name, "stage": document["stages"][number], "modules": modules})


def package_digest(module: Module) -> str:
    """Return the digest of what is installed of a module: package, version and all that its manifest declares."""
    return digest_of([module.distribution, module.version, _declared(module.loaded)])


def _declared(loaded: LoadedModule | None) -> Any:
    if loaded is None:
        return None
    try:
        return [loaded.version, attrs.asdict(declared(loaded)), loaded.manifest.settings]
    except ReferenceBroken as error:
        return str(error)


def _plain(value: object) -> Any:
    return sorted(value) if isinstance(value, set | frozenset) else str(value)
