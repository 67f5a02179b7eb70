"""Settings: typed, with defaults, secrets by reference."""

from __future__ import annotations

import re
from pathlib import Path

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
