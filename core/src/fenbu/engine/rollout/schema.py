"""The JSON Schema of rollout files, for editors that complete and check TOML."""

from __future__ import annotations

from typing import Any

from fenbu.engine.rollout.model import Rollout


def schema() -> dict[str, Any]:
    """Return the schema (JSON Schema 2020-12), made from the models that read the file."""
    told = Rollout.model_json_schema(mode="validation")
    title = "Rollout file of fenbu"
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **told, "title": title}
