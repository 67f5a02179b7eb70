"""Resolving ``"package.module:name"``, and importing a stranger's code without being hurt by it.

What failed half-way is taken out of ``sys.modules`` again, so that a mended module can be loaded in the
same process.
"""

from __future__ import annotations

import importlib
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from types import ModuleType
from typing import Any

from fenbu.engine.catalog.errors import ReferenceBroken

_resolved: dict[str, Any] = {}
_importing = threading.RLock()


def resolve(text: str, *, module: str = "") -> Any:
    """Return the object that a manifest names; imported at first use, then remembered.

    Args:
        text: ``"package.module:name"``.
        module: Whose manifest it stands in, for the error.

    Raises:
        ReferenceBroken: It leads nowhere, or its module raised while it was imported.
    """
    try:
        return _resolved[text]
    except KeyError:
        pass
    place, _colon, name = text.partition(":")
    home = import_module(place, module=module, text=text)
    try:
        found = getattr(home, name)
    except AttributeError:
        near = get_close_matches(name, [known for known in vars(home) if not known.startswith("_")], n=1)
        nearest = f"{place}:{near[0]}" if near else ""
        raise ReferenceBroken(module, text, f"{place} has no {name}", nearest) from None
    _resolved[text] = found
    return found


def import_module(place: str, *, module: str = "", text: str = "") -> ModuleType:
    """Import a Python module of a fenbu module; nothing half-imported stays behind.

    Raises:
        ReferenceBroken: It is not there or raised; the text names error, file and line.
    """
    with _importing, undone_on_failure(place, module):
        try:
            return importlib.import_module(place)
        except (Exception, SystemExit) as error:
            raise ReferenceBroken(module, text or place, told(error, package_of(place))) from error


@contextmanager
def undone_on_failure(place: str, module: str) -> Iterator[None]:
    """Take what the body imported of a package out of ``sys.modules`` again when it raises."""
    package = package_of(place)
    before = set(sys.modules)
    try:
        yield
    except BaseException:
        _remove([name for name in set(sys.modules) - before if _within(name, package)], module)
        raise


def forget(package: str, module: str = "") -> None:
    """Unload a package, so that its mended or newer code is read; for modules that could not be loaded.

    Never for a module in use: its classes would exist twice.
    """
    with _importing:
        _remove([name for name in sys.modules if _within(name, package)], module)
        for text in [text for text in _resolved if _within(text.partition(":")[0], package)]:
            del _resolved[text]
        importlib.invalidate_caches()


def package_of(place: str) -> str:
    """Return the top package of ``package.module`` or ``package.module:name``."""
    return place.partition(":")[0].partition(".")[0]


def told(error: BaseException, package: str) -> str:
    """Say what a stranger's code raised, with the last line of its own package that was running."""
    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    if isinstance(error, SyntaxError) and error.filename:
        return f"{type(error).__name__}: {error.msg} ({_short(error.filename, package)}:{error.lineno})"
    frames = [f for f in traceback.extract_tb(error.__traceback__) if package in Path(f.filename).parts]
    return f"{text} ({_short(frames[-1].filename, package)}:{frames[-1].lineno})" if frames else text


def _short(filename: str, package: str) -> str:
    parts = Path(filename).parts
    return str(Path(*parts[parts.index(package) :])) if package in parts else filename


def _within(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def _remove(names: list[str], module: str) -> None:
    for name in names:
        sys.modules.pop(name, None)
    # Not imported here: it costs a second, and where nobody has imported it no table was declared.
    if language := sys.modules.get("fenbu.tables"):
        language.forget_tables(module)
