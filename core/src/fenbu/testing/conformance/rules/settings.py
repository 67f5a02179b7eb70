"""Settings: every one has a default, and secrets are kept by reference only."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import ValidationError

from fenbu.engine.settings import secret_names
from fenbu.settings import sounds_secret
from fenbu.testing.conformance.faults import Fault
from fenbu.testing.conformance.subject import Subject


def settings_have_defaults(subject: Subject) -> Iterator[Fault]:
    """Yield settings without a valid default, and texts that sound like secrets kept in clear."""
    model = subject.resolve(subject.manifest.settings)
    for name, field in model.model_fields.items():
        if field.is_required():
            yield Fault(
                f"setting {name}",
                "has no default",
                "give it one: a module is enabled before anybody has set anything",
            )
        if sounds_secret(name) and field.annotation is str and name not in secret_names(model):
            yield Fault(
                f"setting {name}", "sounds like a secret and is plain text", "annotate it with fenbu.Secret"
            )
    if not any(field.is_required() for field in model.model_fields.values()):
        try:
            model()
        except ValidationError as error:
            yield Fault(
                "settings",
                f"the defaults are refused: {error.errors()[0]['msg']}",
                "let them fit their types",
            )
