"""Settings: typed, with defaults, secrets by reference."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from fenbu.errors import Permanent
from fenbu.settings import reveal


def test_secrets_are_read_where_they_lie(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "key").write_text("of a file\n")
    monkeypatch.setenv("CARD", "of the environment")
    assert [reveal(""), reveal("env:CARD"), reveal(f"file:{tmp_path}/key")] == [
        "",
        "of the environment",
        "of a file",
    ]
    for reference in ("env:NO_SUCH_NAME", "file:/no/such/file", "keyring:card/shop"):
        with pytest.raises(Permanent, match=re.escape(reference)):
            reveal(reference)


def test_a_secret_that_the_system_keeps_is_read_through_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = ModuleType("keyring")
    kept.__dict__["get_password"] = lambda service, name: {("fenbu", "card/eu"): "s3cret"}.get(
        (service, name)
    )
    monkeypatch.setitem(sys.modules, "keyring", kept)

    assert reveal("keyring:fenbu/card/eu") == "s3cret"
    with pytest.raises(Permanent, match="there is no secret at keyring:fenbu/other"):
        reveal("keyring:fenbu/other")
