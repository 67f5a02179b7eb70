"""Sessions that this user of the machine has open, kept in a file that nobody else may read.

One file an enterprise below XDG_STATE_HOME: which operators are logged in there, with their tokens, and who acts.
FENBU_OPERATOR chooses among them; FENBU_TOKEN stands for a file where there is none, in scripts.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

OPERATOR = "FENBU_OPERATOR"
TOKEN = "FENBU_TOKEN"


def token_for(address: str) -> str:
    """Return the token with which this user works in an enterprise; empty without a session.

    Raises:
        NotLoggedIn: FENBU_OPERATOR names somebody who has no session here.
    """
    if token := os.environ.get(TOKEN):
        return token
    kept = _read(address)
    name = os.environ.get(OPERATOR) or kept.get("acts", "")
    token = kept.get("tokens", {}).get(name, "")
    if name and not token:
        from fenbu.cli.errors import NotLoggedIn

        raise NotLoggedIn(name)
    return str(token)


def keep(address: str, operator: str, token: str) -> Path:
    """Keep a session; its operator acts from now on. Return the file."""
    kept = _read(address)
    tokens = {**kept.get("tokens", {}), operator: token}
    return _write(address, {"acts": operator, "tokens": tokens})


def forget(address: str) -> str:
    """Forget the session of whoever acts; return who that was, empty when nobody is logged in."""
    kept = _read(address)
    tokens = dict(kept.get("tokens", {}))
    name = os.environ.get(OPERATOR) or kept.get("acts", "")
    if tokens.pop(name, None) is None:
        return ""
    acts = "" if kept.get("acts") == name else kept.get("acts", "")
    if tokens:
        _write(address, {"acts": acts, "tokens": tokens})
    else:
        _file(address).unlink(missing_ok=True)
    return str(name)


def _read(address: str) -> Mapping[str, Any]:
    with contextlib.suppress(OSError, ValueError):
        kept = json.loads(_file(address).read_text(encoding="utf-8"))
        if isinstance(kept, dict):
            return kept
    return {}


def _write(address: str, kept: Mapping[str, Any]) -> Path:
    """Write the file anew: nobody else can open it, not even while it is written."""
    file = _file(address)
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        json.dump(kept, out, ensure_ascii=False, indent=1)
    fresh.replace(file)
    return file


def _file(address: str) -> Path:
    folder = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    place = _without_password(address) if "://" in address else str(Path(address).absolute())
    return folder / "fenbu" / "sessions" / f"{hashlib.sha256(place.encode()).hexdigest()[:16]}.json"


def _without_password(address: str) -> str:
    """Return an address without its password, which may change and belongs in no file."""
    kind, _sign, rest = address.partition("://")
    who, at, where = rest.rpartition("@")
    return f"{kind}://{who.partition(':')[0]}{at}{where}"
