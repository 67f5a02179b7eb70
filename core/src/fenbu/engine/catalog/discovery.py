"""Finding modules by the names of their entry points, importing nothing.

`importlib.metadata.entry_points` would parse every distribution's metadata; here only the small file
``entry_points.txt`` of each is read, and name and version only of those that have modules. The result is
kept for the process and read anew when a folder of the search path has changed, so that newly installed
code is seen without a restart.
"""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Iterator, Mapping
from importlib.metadata import Distribution, distributions
from pathlib import Path

from attrs import field, frozen

from fenbu.manifest import ENTRY_POINTS

_Fingerprint = tuple[tuple[str, int], ...]


@frozen
class Found:
    """An entry point of a module: its name and what has it, nothing imported."""

    name: str
    value: str
    """``"fenbu_erp.manifest:MANIFEST"``."""
    distribution: str
    version: str
    """Of the distribution, as PEP 440 writes it."""


@frozen
class Discovery:
    """What the search path holds at one moment."""

    modules: Mapping[str, Found] = field(factory=dict)
    """Name to the one distribution that has it, sorted by name."""
    clashes: Mapping[str, tuple[Found, ...]] = field(factory=dict)
    """Names that several distributions claim; none of them is loaded."""

    @property
    def names(self) -> list[str]:
        """Every name found, claimed once or more often, sorted."""
        return sorted({*self.modules, *self.clashes})


_known: dict[_Fingerprint, Discovery] = {}
_lock = threading.Lock()


def discover(*, fresh: bool = False) -> Discovery:
    """Return the modules on the search path.

    Args:
        fresh: Read everything anew, also when no folder of the path has changed.
    """
    now = _fingerprint()
    with _lock:
        if not fresh and now in _known:
            return _known[now]
        importlib.invalidate_caches()  # new distributions must be importable, not only visible
        found = _sorted(_scan())
        _known.clear()
        _known[now] = found
        return found


def _fingerprint() -> _Fingerprint:
    """Return the folders of the search path with their times of change: a few stat calls."""
    return tuple((entry, _changed(entry)) for entry in sys.path)


def _changed(entry: str) -> int:
    try:
        return Path(entry or ".").stat().st_mtime_ns
    except OSError:
        return 0


def _scan() -> Iterator[Found]:
    """Yield the modules of each distribution; of one installed twice, only the first on the path."""
    seen: set[str] = set()
    for distribution in distributions():
        text = distribution.read_text("entry_points.txt")
        if not text or ENTRY_POINTS not in text:
            continue
        name, version = _name_and_version(distribution)
        if _normalized(name) in seen:
            continue
        seen.add(_normalized(name))
        for entry, value in _entries(text):
            yield Found(entry, value, name, version)


def _entries(text: str) -> Iterator[tuple[str, str]]:
    """Yield name and value of the lines in our group; the file is an INI file with ``=`` as delimiter."""
    inside = False
    for line in map(str.strip, text.splitlines()):
        if line.startswith("["):
            inside = line == f"[{ENTRY_POINTS}]"
        elif inside and "=" in line and not line.startswith(("#", ";")):
            name, _equals, value = line.partition("=")
            yield (
                name.strip(),
                value.partition("[")[0].strip(),
            )  # extras in brackets are no part of the object


def _name_and_version(distribution: Distribution) -> tuple[str, str]:
    """Read two headers and stop: parsing the whole metadata as e-mail takes ten times as long."""
    found = {"Name": "", "Version": ""}
    text = distribution.read_text("METADATA") or distribution.read_text("PKG-INFO") or ""
    for line in text.splitlines():
        key, _colon, value = line.partition(":")
        if key in found:
            found[key] = value.strip()
        if not line or all(found.values()):
            break
    return found["Name"] or "?", found["Version"] or "0"


def _normalized(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")


def _sorted(all_found: Iterator[Found]) -> Discovery:
    by_name: dict[str, list[Found]] = {}
    for found in all_found:
        by_name.setdefault(found.name, []).append(found)
    names = sorted(by_name)
    return Discovery(
        {name: by_name[name][0] for name in names if len(by_name[name]) == 1},
        {name: tuple(by_name[name]) for name in names if len(by_name[name]) > 1},
    )
