"""Which enterprise: ``--database``, else FENBU_DATABASE, else the fenbu.toml of this folder or one above.

Completion passes through here, hence the late imports.
"""

from __future__ import annotations

import os
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from fenbu.i18n import _

FILE = "fenbu.toml"
_KNOWN = ("database",)


def locate(given: str | None, folder: Path | None = None) -> str:
    """Return the address of the enterprise's database.

    Args:
        given: What ``--database`` says.
        folder: Where to begin looking for fenbu.toml; the working folder unless given.

    Raises:
        NoEnterprise: Nothing names one.
        BadFile: The fenbu.toml found is none.
    """
    if address := given or os.environ.get("FENBU_DATABASE"):
        return address
    if (file := find(folder or Path.cwd())) is not None:
        return read(file)
    from fenbu.cli.errors import NoEnterprise

    raise NoEnterprise


def find(folder: Path) -> Path | None:
    """Return the nearest fenbu.toml upwards, or None."""
    for place in (folder, *folder.parents):
        if (file := place / FILE).is_file():
            return file
    return None


def read(file: Path) -> str:
    """Return the database that a fenbu.toml names; a path in it counts from its own folder.

    Raises:
        BadFile: It is no TOML, or does not say ``database = "…"``.
    """
    from fenbu.errors import BadFile

    told = _parsed(file)
    if stray := sorted(set(told) - set(_KNOWN)):
        near = get_close_matches(stray[0], _KNOWN, 1)
        way_out = _("did you mean {name}?").format(name=near[0]) if near else ""
        raise BadFile(str(file), _("nothing is known of {name}").format(name=stray[0]), way_out=way_out)
    address = told.get("database")
    if not isinstance(address, str) or not address:
        raise BadFile(str(file), _("it does not say which database"), way_out='database = "fenbu.db"')
    return address if "://" in address else str(file.parent / Path(address).expanduser())


def write(folder: Path, address: str) -> Path:
    """Write a folder's fenbu.toml; return its path."""
    file = folder / FILE
    text = "# Which enterprise this folder and those below it work with; a path counts from here.\n"
    quoted = address.replace("\\", "\\\\").replace('"', '\\"')
    file.write_text(f'{text}database = "{quoted}"\n', encoding="utf-8")
    return file


def _parsed(file: Path) -> dict[str, Any]:
    import tomli

    from fenbu.errors import BadFile

    try:
        return tomli.loads(file.read_text(encoding="utf-8"))
    except tomli.TOMLDecodeError as error:
        raise BadFile(str(file), error.msg, error.lineno, error.colno) from None
    except UnicodeDecodeError as error:
        raise BadFile(str(file), _("it is not UTF-8: {error}").format(error=error)) from None
    except OSError as error:
        raise BadFile(str(file), error.strerror or str(error)) from None
