"""A small disk of its own for a database, so that it can be filled and emptied; needs the right to mount one."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from attrs import frozen
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from fenbu.testing.databases import Build, Databases, Kind

ROOM = {"sqlite": 16, "postgresql": 64}
"""Megabytes: a database with its side files fits in, and some more."""
LEFT = 60_000
"""Bytes that are free on a disk that is nearly full."""


@frozen
class Disk:
    """A file system in memory."""

    folder: Path

    def fill(self, left: int = LEFT) -> None:
        """Leave so many bytes free."""
        with (self.folder / "filler").open("wb") as file:
            room = os.statvfs(self.folder)
            os.posix_fallocate(file.fileno(), 0, max(4096, room.f_bavail * room.f_frsize - left))

    def free(self) -> None:
        """Make room again."""
        (self.folder / "filler").unlink()


@contextmanager
def disk(megabytes: int) -> Iterator[Disk]:
    """Mount one; the test is skipped where this process may not."""
    folder = Path(tempfile.mkdtemp(prefix="fenbu-disk-"))
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0777", "fenbu", str(folder)]
    try:
        if (
            shutil.which("mount") is None
            or subprocess.run(mount, capture_output=True, check=False).returncode
        ):
            pytest.skip("this process may not mount a file system")
        try:
            yield Disk(folder)
        finally:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)
    finally:
        folder.rmdir()


@contextmanager
def on_a_small_disk(databases: Databases, kind: Kind, name: str, build: Build) -> Iterator[tuple[str, Disk]]:
    """Give the URL of a copy of a database that lies on a small disk, and the disk."""
    server = databases.server(kind)
    template = server.copy(name, build)
    try:
        with disk(ROOM[kind]) as small:
            if kind == "sqlite":
                file = small.folder / "fenbu.db"
                shutil.copyfile(template.removeprefix("sqlite:///"), file)
                yield f"sqlite:///{file}", small
            else:
                with _tablespace(template, small) as url:
                    yield url, small
    finally:
        server.drop(template)


@contextmanager
def _tablespace(template: str, small: Disk) -> Iterator[str]:
    """Copy a database of a server on this machine into a tablespace on the disk."""
    url = make_url(template)
    admin = create_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT")
    name = f"small_{small.folder.name[-8:].lower()}"
    with admin.connect() as connection:
        owner = Path(connection.execute(text("SHOW data_directory")).scalar_one()).stat()
        place = small.folder / "tablespace"
        place.mkdir(mode=0o700)
        os.chown(place, owner.st_uid, owner.st_gid)
        connection.exec_driver_sql(f"CREATE TABLESPACE {name} LOCATION '{place}'")
        try:
            connection.exec_driver_sql(
                f'CREATE DATABASE {name} TEMPLATE "{url.database}" TABLESPACE {name} STRATEGY FILE_COPY'
            )
            yield url.set(database=name).render_as_string(hide_password=False)
        finally:
            connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            connection.exec_driver_sql(f"DROP TABLESPACE {name}")
    admin.dispose()


@contextmanager
def somebody() -> Iterator[None]:
    """Be no administrator while the body runs: root may write what nobody else may."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        if before == 0:
            os.seteuid(0)
