"""A disabled module's data leave for an archive, whole and checked, and come back as they were."""

from __future__ import annotations

import gzip
import json
import stat
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import inspect, text
from sqlalchemy.exc import IntegrityError

from fenbu.engine.catalog.errors import ArchiveUnfit, StateRefused
from fenbu.engine.doctor import examine
from fenbu.engine.kernel import Kernel
from fenbu.engine.store import archive
from fenbu.engine.store.errors import ArchiveDamaged
from fenbu.errors import AlreadyExists, BadFile
from fenbu.testing.databases import DatabaseCopy
from fenbu.testing.dummies import DummyModule, DummyModules, migration
from tests.core.states.conftest import NewKernel
from tests.core.states.tea_house import CELLAR, KITCHEN, TILL

_TABLES = """
    op.create_table(
        "urn_tea",
        sa.Column("id", Id, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("grams", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("blend_of", Id, sa.ForeignKey("urn_tea.id")),
        sa.CheckConstraint("grams > 0", name="ck_urn_tea_grams"),
        sqlite_strict=True,
    )
    op.create_table(
        "urn_pot",
        sa.Column("tea", Id, sa.ForeignKey("urn_tea.id"), primary_key=True),
        sa.Column("note", sa.Text),
        sqlite_strict=True,
    )
    op.execute("INSERT INTO urn_tea (id, name, grams) VALUES (1, 'from the migration', 5)")
    from fenbu import migration
    migration.append_only("urn_tea")
"""
URN = DummyModule(
    name="urn",
    settings="cups: int = 6",
    manifest={"migrations": "'fenbu_urn.migrations'"},
    files={
        "migrations/__init__.py": "",
        "migrations/0001_tables.py": migration("0001", None, _TABLES),
    },
)
MUG = '    op.create_table("urn_mug", sa.Column("id", Id, primary_key=True), sqlite_strict=True)\n'
NEWER = DummyModule(
    name="urn",
    version="2.0",
    settings="cups: int = 6",
    manifest=URN.manifest,
    files={**URN.files, "migrations/0002_mugs.py": migration("0002", "0001", MUG)},
)
ROWS = [
    (2, "big", 2**62 + 1, 3),  # it points at a row that comes later
    (3, "茶 'quoted' % :colon", 7, None),
]


@pytest.fixture
def urn(kernel: Kernel, dummy_modules: DummyModules) -> Kernel:
    """An urn with exact numbers, text of all kinds, rules and a setting; disabled."""
    dummy_modules.install(URN)
    kernel.perform("fenbu.module.enable", {"modules": ["urn"]})
    kernel.perform("fenbu.setting.set", {"module": "urn", "name": "cups", "value": 12})
    with kernel.database.write() as connection:
        for row in sorted(ROWS, key=lambda row: row[3] is not None):
            values = dict(zip(("id", "name", "grams", "of"), row, strict=True))
            insert = text("INSERT INTO urn_tea (id, name, grams, blend_of) VALUES (:id, :name, :grams, :of)")
            connection.execute(insert, values)
        connection.execute(text("INSERT INTO urn_pot (tea, note) VALUES (2, NULL)"))
        if connection.dialect.name == "postgresql":  # nine were given, and six of them are gone
            connection.execute(text("SELECT setval(pg_get_serial_sequence('urn_tea', 'id'), 9)"))
    kernel.perform("fenbu.module.disable", {"modules": ["urn"]})
    return kernel


def purge(kernel: Kernel, file: Path, module: str = "urn") -> dict[str, Any]:
    return dict(kernel.perform("fenbu.module.purge", {"module": module, "archive": file}).answer)


def unarchive(kernel: Kernel, file: Path) -> dict[str, Any]:
    return dict(kernel.perform("fenbu.module.unarchive", {"archive": file}).answer)


def tables(kernel: Kernel, module: str = "urn") -> list[str]:
    with kernel.database.read() as connection:
        return sorted(name for name in inspect(connection).get_table_names() if module in name)


def teas(kernel: Kernel) -> list[tuple[Any, ...]]:
    with kernel.database.read() as connection:
        return [tuple(row) for row in connection.execute(text("SELECT * FROM urn_tea ORDER BY id"))]


def state(kernel: Kernel, module: str = "urn") -> str:
    return str(kernel.modules(fresh=True).by_name[module].state)


def ill(kernel: Kernel) -> dict[str, str]:
    return {one.check.name: one.finding.detail for one in examine(kernel) if one.finding.health != "ok"}


# --- away and back --------------------------------------------------------------------------------------


def test_what_was_purged_comes_back_to_the_last_digit_with_its_rules_and_settings(
    urn: Kernel, tmp_path: Path
) -> None:
    before = teas(urn)
    assert len(before) == 3
    purged = purge(urn, tmp_path / "urn.gz")
    assert (tables(urn), ill(urn)) == ([], {})
    assert (purged["tables"], purged["rows"]) == (2, 5)
    assert unarchive(urn, tmp_path / "urn.gz")["rows"] == 5
    assert (teas(urn), state(urn), ill(urn)) == (before, "disabled", {})
    urn.perform("fenbu.module.enable", {"modules": ["urn"]})
    assert urn.assembly.settings["urn"].model_dump()["cups"] == 12
    for change in ("UPDATE urn_tea SET grams = 1", "INSERT INTO urn_tea (name, grams) VALUES ('none', 0)"):
        with pytest.raises(IntegrityError), urn.database.write() as connection:
            connection.execute(text(change))
    with urn.database.write() as connection:
        connection.execute(text("INSERT INTO urn_tea (name, grams) VALUES ('next', 1)"))
    assert teas(urn)[-1][0] == (11 if urn.database.dialect == "postgresql" else 4)  # 10 was refused


def test_the_archive_is_its_owners_alone_and_can_be_read_without_fenbu(urn: Kernel, tmp_path: Path) -> None:
    file = tmp_path / "urn.gz"
    answer = purge(urn, file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    first, *rows, last = map(json.loads, gzip.decompress(file.read_bytes()).splitlines())
    assert first["format"] == "fenbu.archive/1"
    assert (first["module"], first["version"], first["revision"]) == ("urn", "1.0", "0001")
    assert first["snapshot"]["migrations"] == ["0001_tables"]
    assert [2, "big", 2**62 + 1, 3] in rows
    assert last["sha256"] == answer["checksum"] == archive.read(file).checksum


def test_a_module_is_purged_without_its_package(
    urn: Kernel, dummy_modules: DummyModules, tmp_path: Path
) -> None:
    dummy_modules.uninstall("urn")
    told = {str(one.text): one.number for one in urn.preview("fenbu.module.purge", _wanted(tmp_path))}
    assert told["rows of urn_tea go"] == "3"
    purge(urn, tmp_path / "urn.gz")
    assert (state(urn), tables(urn)) == ("purged", [])
    with pytest.raises(ArchiveUnfit, match="its package is not installed"):
        unarchive(urn, tmp_path / "urn.gz")
    dummy_modules.install(URN)
    unarchive(urn, tmp_path / "urn.gz")
    assert (state(urn), len(teas(urn))) == ("disabled", 3)


def test_what_was_parked_waits_again_and_what_came_meanwhile_with_it(
    kernel: Kernel, dummy_modules: DummyModules, tmp_path: Path
) -> None:
    dummy_modules.install(TILL, KITCHEN, CELLAR)
    kernel.perform("fenbu.module.enable", {"modules": ["till", "kitchen", "cellar"]})
    kernel.drain()
    kernel.perform("till.order.ring", {"order": "SO-1"})
    for module, how in (("kitchen", "park"), ("cellar", "waive")):
        kernel.perform("fenbu.module.disable", {"modules": [module], "how": how})
    kernel.perform("till.order.ring", {"order": "SO-2"})
    for module in ("kitchen", "cellar"):
        purge(kernel, tmp_path / module, module)
    kernel.perform("till.order.ring", {"order": "SO-3"})
    assert kernel.drain().finished
    assert ill(kernel) == {}
    assert unarchive(kernel, tmp_path / "kitchen")["gathered"] == 1
    assert unarchive(kernel, tmp_path / "cellar")["gathered"] == 0
    assert ill(kernel) == {}
    kernel.perform("fenbu.module.enable", {"modules": ["kitchen", "cellar"]})
    kernel.drain()
    with kernel.database.read() as connection:
        heard = {
            module: sorted(connection.execute(text(f"SELECT label FROM {module}_heard")).scalars())
            for module in ("kitchen", "cellar")
        }
    assert heard == {"kitchen": ["SO-1", "SO-2", "SO-3"], "cellar": ["SO-2", "SO-3"]}
    assert ill(kernel) == {}


def test_a_newer_version_takes_the_archive_and_goes_on_from_there(
    urn: Kernel, dummy_modules: DummyModules, tmp_path: Path
) -> None:
    purge(urn, tmp_path / "urn.gz")
    dummy_modules.install(NEWER)
    dummy_modules.forget("urn")
    unarchive(urn, tmp_path / "urn.gz")
    assert tables(urn) == ["fenbu_version_urn", "urn_pot", "urn_tea"]
    urn.perform("fenbu.module.enable", {"modules": ["urn"]})
    assert "urn_mug" in tables(urn)
    assert len(teas(urn)) == 3


# --- refused --------------------------------------------------------------------------------------------


def test_a_module_that_is_on_must_be_disabled_first(urn: Kernel, tmp_path: Path) -> None:
    urn.perform("fenbu.module.enable", {"modules": ["urn"]})
    with pytest.raises(StateRefused, match="urn is enabled, so it cannot be purged") as refused:
        purge(urn, tmp_path / "urn.gz")
    assert refused.value.hint == "disable it first: fenbu disable urn"
    assert list(tmp_path.glob("*.gz*")) == []


def test_nothing_is_written_over_and_a_dry_run_leaves_nothing(urn: Kernel, tmp_path: Path) -> None:
    folder = tmp_path / "archives"
    folder.mkdir()
    wanted = {"module": "urn", "archive": folder / "urn.gz"}
    assert urn.dry_run("fenbu.module.purge", wanted).answer["rows"] == 5
    assert (list(folder.iterdir()), len(teas(urn))) == ([], 3)
    (folder / "urn.gz").write_text("mine")
    with pytest.raises(AlreadyExists):
        purge(urn, folder / "urn.gz")
    with pytest.raises(BadFile):
        purge(urn, folder / "nowhere" / "urn.gz")
    assert [file.read_text() for file in folder.iterdir()] == ["mine"]
    assert len(teas(urn)) == 3


@pytest.mark.databases("sqlite")
def test_a_damaged_archive_brings_nothing_back(urn: Kernel, tmp_path: Path) -> None:
    whole = tmp_path / "urn.gz"
    purge(urn, whole)
    content = whole.read_bytes()
    lines = gzip.decompress(content).splitlines(keepends=True)
    damages = {
        "cut": content[: len(content) // 2],
        "flipped": content[:-30] + bytes([content[-30] ^ 1]) + content[-29:],
        "edited": gzip.compress(b"".join(lines).replace(b'"big"', b'"bug"')),
        "shortened": gzip.compress(b"".join(lines[:-1])),
        "without a row": gzip.compress(b"".join(lines[:2] + lines[3:])),
    }
    for name, damaged in damages.items():
        file = tmp_path / name
        file.write_bytes(damaged)
        with pytest.raises(ArchiveDamaged):
            unarchive(urn, file)
        assert tables(urn) == [], name
    (tmp_path / "letter").write_text("Dear Ada")
    with pytest.raises(BadFile, match="it is no archive"):
        unarchive(urn, tmp_path / "letter")
    with pytest.raises(BadFile, match="No such file"):
        unarchive(urn, tmp_path / "nothing")
    unarchive(urn, whole)


@pytest.mark.databases("sqlite")
def test_an_archive_fits_its_enterprise_and_what_is_installed(
    urn: Kernel, new_kernel: NewKernel, dummy_modules: DummyModules, tmp_path: Path
) -> None:
    dummy_modules.install(NEWER)
    dummy_modules.forget("urn")
    newer = new_kernel()
    newer.perform("fenbu.module.enable", {"modules": ["urn"]})
    newer.perform("fenbu.module.disable", {"modules": ["urn"]})
    file = tmp_path / "urn.gz"
    purge(newer, file)
    dummy_modules.install(URN)
    dummy_modules.forget("urn")
    with pytest.raises(ArchiveUnfit, match=r"is of version 2\.0, and 1\.0 is installed") as refused:
        unarchive(new_kernel(), file)
    assert refused.value.hint == "install dummy-urn 2.0 or newer"
    place = str(tmp_path / "other.db")
    with (
        Kernel.init(place, name="Bay Tea", currency="EUR", time_zone="UTC", os_user="ada") as other,
        pytest.raises(ArchiveUnfit, match=r"it is of Harbour Tea \(EUR\), and this is Bay Tea \(EUR\)"),
    ):
        unarchive(other, file)


@pytest.mark.databases("sqlite")
def test_an_older_copy_of_the_database_does_not_take_the_archive(
    urn: Kernel, new_kernel: NewKernel, database_copy: DatabaseCopy, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.db"
    urn.database.copy(copy, "before")
    urn.perform("fenbu.module.enable", {"modules": ["urn"]})
    urn.perform("fenbu.module.disable", {"modules": ["urn"]})
    purge(urn, tmp_path / "later.gz")
    with Kernel.open(str(copy), actor=urn.actor) as older:
        purge(older, tmp_path / "older.gz")
        with pytest.raises(ArchiveUnfit, match="it is an older copy"):
            unarchive(older, tmp_path / "later.gz")
        unarchive(older, tmp_path / "older.gz")


def test_purging_is_told_beforehand_and_written_down(
    kernel: Kernel, dummy_modules: DummyModules, tmp_path: Path
) -> None:
    dummy_modules.install(TILL, KITCHEN)
    kernel.perform("fenbu.module.enable", {"modules": ["till", "kitchen"]})
    kernel.perform("till.order.ring", {"order": "SO-1"})
    for module in ("kitchen", "till"):
        kernel.perform("fenbu.module.disable", {"modules": [module], "how": "park"})
    told = {one.text: one.number for one in kernel.preview("fenbu.module.purge", _wanted(tmp_path, "till"))}
    assert told["events that till has published stay"] == "1"
    assert any("kitchen needs capability:sales.orders" in line for line in told)
    told = {
        one.text: one.number for one in kernel.preview("fenbu.module.purge", _wanted(tmp_path, "kitchen"))
    }
    assert told["rows of kitchen_heard go"] == "0"
    assert told["rows of fenbu_delivery go"] == "1"
    purge(kernel, tmp_path / "kitchen.gz", "kitchen")
    unarchive(kernel, tmp_path / "kitchen.gz")
    with kernel.database.read() as connection:
        asked = (
            "SELECT action, subject, actor FROM fenbu_audit WHERE action LIKE 'fenbu.module.%' ORDER BY id"
        )
        written = [tuple(row) for row in connection.execute(text(asked))][-2:]
    assert written == [
        ("fenbu.module.purge", "kitchen", "ada"),
        ("fenbu.module.unarchive", "kitchen", "ada"),
    ]


def _wanted(folder: Path, module: str = "urn") -> dict[str, Any]:
    return {"module": module, "archive": folder / "unused"}
