"""Modules made up for tests: whole distributions, written to a folder of the search path.

A `DummyModule` says what is special about it; everything else is filled in as an author would write it.
What is installed by `DummyModules` is found by entry point like anything that pip has installed, so that
nothing about it is pretended::

    def test_tea_needs_water(dummy_modules: DummyModules) -> None:
        dummy_modules.install(DummyModule(name="tea", requires=("water>=1",)))
"""

from __future__ import annotations

import importlib
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from attrs import field, frozen

from fenbu.manifest import ENTRY_POINTS

DISTRIBUTION = "dummy-"
"""What the names of made-up distributions begin with."""


@frozen(kw_only=True)
class DummyModule:
    """What a made-up module is; ``name`` alone is enough."""

    name: str
    version: str = "1.0"
    requires: tuple[str, ...] = ()
    provides: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    """Nouns; each becomes a table ``<name>_<noun>`` with ``id`` and ``label``, and a migration that makes it."""
    plugin: str = ""
    """Source of ``plugin.py`` after its imports: hook implementations."""
    flows: str = ""
    """Source of ``flows.py`` after its imports: handlers, seeds, verbs."""
    settings: str = ""
    """Fields of the settings model, a line each: ``cups: int = 6``."""
    manifest: Mapping[str, str] = field(factory=dict)
    """Further arguments of the manifest, as source: ``{"seed": "'fenbu_tea.flows:seed'"}``."""
    files: Mapping[str, str] = field(factory=dict)
    """Path within the package to source; replaces what would be generated."""

    @property
    def package(self) -> str:
        """Name of the Python package."""
        return f"fenbu_{self.name}"

    @property
    def distribution(self) -> str:
        """Name of the distribution."""
        return f"{DISTRIBUTION}{self.name.replace('_', '-')}"


class DummyModules:
    """A folder on the search path in which made-up modules are installed, mended and removed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        sys.path.insert(0, str(folder))
        self._packages: set[str] = set()

    def install(self, *modules: DummyModule) -> None:
        """Write distributions, replacing older versions of them, as ``pip install`` does."""
        for module in modules:
            self.uninstall(module.name)
            self._packages.add(module.package)
            _write(self.folder / module.package, sources(module))
            _write(self.folder / f"dummy_{module.name}-{module.version}.dist-info", _metadata(module))
        importlib.invalidate_caches()

    def uninstall(self, name: str) -> None:
        """Take a distribution away; what a process has imported of it stays imported."""
        for path in (self.folder / f"fenbu_{name}", *self.folder.glob(f"dummy_{name}-*.dist-info")):
            shutil.rmtree(path, ignore_errors=True)

    def write(self, name: str, path: str, source: str) -> None:
        """Replace one file of an installed module's package."""
        _write(self.folder / f"fenbu_{name}", {path: source})
        importlib.invalidate_caches()

    def imported(self, name: str) -> list[str]:
        """Return what this process has imported of a module's package."""
        return sorted(known for known in sys.modules if _belongs(known, f"fenbu_{name}"))

    def forget(self, name: str) -> None:
        """Unload a module's code, as a new process would begin."""
        from fenbu.engine.catalog.reference import forget

        forget(f"fenbu_{name}", name)

    def close(self) -> None:
        """Take the folder off the search path and unload everything imported from it.

        A real package of the same name, which others in this process use, stays.
        """
        for package in self._packages:
            if self._is_from_here(package):
                self.forget(package.removeprefix("fenbu_"))
        sys.path.remove(str(self.folder))
        importlib.invalidate_caches()

    def _is_from_here(self, package: str) -> bool:
        home = getattr(sys.modules.get(package), "__file__", None)
        return home is None or Path(home).is_relative_to(self.folder)


@contextmanager
def dummies(folder: Path) -> Iterator[DummyModules]:
    """Open a folder for made-up modules around the body."""
    opened = DummyModules(folder)
    try:
        yield opened
    finally:
        opened.close()


def many(count: int, *, tables: int = 5) -> list[DummyModule]:
    """Return this many ordinary modules, each with tables, a subscription and a hook, for measuring."""
    nouns = tuple(f"thing{number}" for number in range(1, tables + 1))
    return [
        DummyModule(name=f"dummy{number:03}", tables=nouns, provides=(f"dummy.capability{number:03}",))
        for number in range(1, count + 1)
    ]


def sources(module: DummyModule) -> dict[str, str]:
    """Return the files of a module's package: path to source."""
    files = {"__init__.py": f'"""The module {module.name}."""\n', "manifest.py": _manifest(module)}
    if module.tables:
        files["tables.py"] = _tables(module)
        files["migrations/__init__.py"] = ""
        files["migrations/0001_tables.py"] = _migration(module)
    if module.plugin:
        files["plugin.py"] = (
            f"from __future__ import annotations\n\nfrom fenbu import hookimpl\n\n{module.plugin}\n"
        )
    if module.flows:
        files["flows.py"] = f"from __future__ import annotations\n\n{module.flows}\n"
    if module.settings:
        body = "\n".join(f"    {line}" for line in module.settings.splitlines())
        files["settings.py"] = (
            f"from fenbu import Secret, Settings\n\n\nclass OwnSettings(Settings):\n{body}\n"
        )
    return files | dict(module.files)


def _manifest(module: DummyModule) -> str:
    parts = {
        "name": repr(module.name),
        "title": f"N_({module.name.capitalize()!r})",
        "requires": repr(module.requires),
        "provides": repr(module.provides),
    }
    if module.tables:
        parts["tables"] = repr(f"{module.package}.tables:BASE")
        parts["migrations"] = repr(f"{module.package}.migrations")
    if module.plugin:
        parts["hooks"] = repr(f"{module.package}.plugin")
    if module.settings:
        parts["settings"] = repr(f"{module.package}.settings:OwnSettings")
    parts |= module.manifest
    told = "".join(f"    {name}={value},\n" for name, value in parts.items())
    imports = "from fenbu import Action, Call, Manifest, Subscription\nfrom fenbu.i18n import N_\n"
    return f"{imports}\nMANIFEST = Manifest(\n{told})\n"


def _tables(module: DummyModule) -> str:
    head = (
        "from typing import Any, ClassVar\n\nfrom fenbu import columns\nfrom fenbu.tables import tables\n\n"
    )
    rows = "".join(
        f"\n\nclass {noun.capitalize()}(BASE, table=True):\n"
        f'    __tablename__: ClassVar[Any] = "{module.name}_{noun}"\n'
        "    id: int | None = columns.serial(key=True, default=None)\n"
        "    label: str = columns.text()\n"
        for noun in module.tables
    )
    return f'{head}BASE: Any = tables("{module.name}"){rows}'


def _migration(module: DummyModule) -> str:
    made = "".join(f"    op.create_table({_columns(module.name, noun)})\n" for noun in module.tables)
    gone = "".join(f'    op.drop_table("{module.name}_{noun}")\n' for noun in module.tables)
    return migration("0001", None, made, gone)


def migration(revision: str, after: str | None, upgrade: str, downgrade: str = "    pass\n") -> str:
    """Return the source of a migration; bodies are lines indented by four spaces."""
    return (
        '"""A step."""\n\nimport sqlalchemy as sa\nfrom alembic import op\n\nfrom fenbu.tables import Id\n\n'
        f"revision = {revision!r}\ndown_revision = {after!r}\n\n\n"
        f"def upgrade():\n{upgrade}\n\ndef downgrade():\n{downgrade}"
    )


def _columns(name: str, noun: str) -> str:
    return (
        f'"{name}_{noun}", sa.Column("id", Id, primary_key=True), '
        'sa.Column("label", sa.Text, nullable=False), sqlite_strict=True'
    )


def _metadata(module: DummyModule) -> dict[str, str]:
    return {
        "METADATA": f"Metadata-Version: 2.1\nName: {module.distribution}\nVersion: {module.version}\n",
        "entry_points.txt": f"[{ENTRY_POINTS}]\n{module.name} = {module.package}.manifest:MANIFEST\n",
        "INSTALLER": "dummies\n",
    }


def _write(folder: Path, files: Mapping[str, str]) -> None:
    for path, source in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        # A mended file may have the length and the second of the broken one; its compiled form must not answer.
        for stale in target.parent.glob(f"__pycache__/{target.stem}.*.pyc"):
            stale.unlink()
        target.write_text(source, encoding="utf-8")


def _belongs(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


BROKEN: Sequence[tuple[str, str]] = (
    ("raises", 'raise RuntimeError("no kettle")\n'),
    ("leaves", "import sys\n\nsys.exit(3)\n"),
    ("misses", "import kettle_that_nobody_installed\n"),
    ("mistypes", "MANIFEST = Manifest(\n"),
    ("shrugs", "MANIFEST = {'name': 'shrugs'}\n"),
    ("lies", 'from fenbu import Manifest\n\nMANIFEST = Manifest(name="other", title="Other")\n'),
    ("forgets", "MANIFESTO = 1\n"),
    ("contradicts", 'from fenbu import Manifest\n\nMANIFEST = Manifest(name="Contradicts", title="")\n'),
)
"""Names of modules whose manifest cannot be loaded, with its source: one a way to fail."""


def broken() -> list[DummyModule]:
    """Return one module for each way in which a manifest can fail to load."""
    return [DummyModule(name=name, files={"manifest.py": source}) for name, source in BROKEN]
