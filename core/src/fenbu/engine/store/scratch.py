"""Scratch copies: a whole database beside the original, marked, for trying something out, and gone afterwards.

On SQLite a file in a folder of its own beside the original. On PostgreSQL a database of its own on the same server,
filled by the server's own tools (`pg_dump`, `pg_restore`), which see one moment and lock nobody out.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from attrs import field, frozen
from sqlalchemy.engine import URL

from fenbu.engine.store.errors import CopyRefused
from fenbu.i18n import _

NAME = "rehearsal"
_LONGEST = 63
"""Characters of a name on PostgreSQL."""


@frozen
class Scratch:
    """A copy that is open to nobody yet."""

    url: str = field(repr=False)
    """With the password, if there is one."""
    place: str
    """As people may see it."""
    remove: Callable[[], None]
    """Take it away for good."""


def beside(path: Path, shown: str, copy: Callable[[Path], None]) -> Scratch:
    """Copy a SQLite file into a new folder beside it.

    Args:
        path: Of the original.
        shown: Its URL as people may see it.
        copy: Writes a marked copy to a path.

    Raises:
        CopyRefused: There is no room on the disk, or the folder takes no files.
    """
    needed = path.stat().st_size
    if shutil.disk_usage(path.parent).free < needed + needed // 10:
        told = _("it has {size:,} bytes, and the disk has no room for a second one").format(size=needed)
        raise CopyRefused(shown, told, _("make room on the disk of {folder}").format(folder=path.parent))
    try:
        folder = Path(tempfile.mkdtemp(prefix=f"{path.name}.{NAME}-", dir=path.parent))
    except OSError as error:
        told = error.strerror or str(error)
        raise CopyRefused(
            shown, told, _("let files be made in {folder}").format(folder=path.parent)
        ) from None
    scratch = Scratch(str(folder / path.name), str(folder / path.name), lambda: shutil.rmtree(folder))
    try:
        copy(folder / path.name)
    except BaseException:
        scratch.remove()
        raise
    return scratch


def on_server(address: URL, shown: str, connect: Callable[[str], Any], mark: str) -> Scratch:
    """Copy a PostgreSQL database into a new one of the same server.

    Args:
        address: Of the original.
        shown: It as people may see it.
        connect: Opens a driver's connection in autocommit to a database of the server, by name.
        mark: What the copy is of and for.

    Raises:
        CopyRefused: The user may make no databases, or the tools are not here, too old, or failed.
    """
    import psycopg
    from psycopg import sql

    tools = [_tool(shown, name) for name in ("pg_dump", "pg_restore")]
    own = address.database or ""
    suffix = f"_{NAME}_{secrets.token_hex(4)}"
    name = own[: _LONGEST - len(suffix)] + suffix
    create = sql.SQL("CREATE DATABASE {} ENCODING 'UTF8' TEMPLATE template0").format(sql.Identifier(name))
    with connect("postgres") as connection:
        try:
            connection.execute(create)
        except psycopg.Error as error:
            told = _("no database for the copy can be made: {reason}").format(
                reason=str(error).strip().partition("\n")[0]
            )
            raise CopyRefused(shown, told, _("let the user make databases: ALTER ROLE … CREATEDB")) from None

    def remove() -> None:
        with connect("postgres") as connection:
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )

    try:
        _pour(shown, tools, address, name)
        with connect(name) as connection:
            connection.execute("UPDATE fenbu_enterprise SET copy_of = %s", (mark,))
    except BaseException:
        remove()
        raise
    copied = address.set(database=name)
    return Scratch(
        copied.render_as_string(hide_password=False),
        copied.set(drivername="postgresql").render_as_string(hide_password=True),
        remove,
    )


def _tool(shown: str, name: str) -> str:
    if found := shutil.which(name):
        return found
    told = _("the server's own tool {name} is not on the path").format(name=name)
    raise CopyRefused(shown, told, _("install the client programs of PostgreSQL, in the server's version"))


def _pour(shown: str, tools: list[str], address: URL, target: str) -> None:
    """Let the server's tools write one database into another; rights and owners stay behind."""
    dump, restore = tools
    environment = dict(os.environ)
    if address.password:
        environment["PGPASSWORD"] = str(address.password)
    common = ["--no-owner", "--no-privileges", "--no-password"]
    with tempfile.TemporaryFile() as said:
        read = subprocess.Popen(
            [dump, *common, "--format=custom", "--compress=0", f"--dbname={_named(address)}"],
            stdout=subprocess.PIPE,
            stderr=said,
            env=environment,
        )
        try:
            written = subprocess.run(
                [restore, *common, "--exit-on-error", f"--dbname={_named(address.set(database=target))}"],
                stdin=read.stdout,
                stdout=subprocess.DEVNULL,
                stderr=said,
                env=environment,
                check=False,
            )
        finally:
            if read.stdout is not None:
                read.stdout.close()
            ended = read.wait()
        said.seek(0)
        lines = said.read().decode("utf-8", "replace").strip().splitlines()
    if ended or written.returncode:
        told = lines[0] if lines else _("they ended with {code}").format(code=ended or written.returncode)
        way_out = _("pg_dump and pg_restore must be at least of the server's version")
        raise CopyRefused(shown, told, way_out)


def _named(address: URL) -> str:
    """Return how PostgreSQL's tools are told of a database; the password is not among what everybody sees."""
    return address.set(drivername="postgresql", password=None).render_as_string(hide_password=False)
