"""Names for completion, kept in a small file, so that pressing TAB neither opens the store nor imports a module.

Written whenever a command has opened the enterprise and its modules have changed since; a missing or stale file
only means fewer proposals.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from fenbu.cli.files import whole

if TYPE_CHECKING:
    from fenbu.engine.kernel import Kernel

Completer = Any


def remember(address: str, kernel: Kernel) -> None:
    """Keep the names of what is enabled in an enterprise for later completion."""
    assembly = kernel.assembly
    file = _file(address)
    with contextlib.suppress(OSError, ValueError):
        if (
            file.is_file()
            and json.loads(file.read_text(encoding="utf-8")).get("generation") == assembly.generation
        ):
            return
    names = {
        "action": {name: ready.action.title for name, ready in assembly.actions.items()},
        "view": {name: view.title for name, view in assembly.views.items()},
        "metric": {name: metric.title for name, metric in assembly.metrics.items()},
        "check": {name: check.title for name, check in assembly.checks.items()},
        "module": {name: module.manifest.title for name, module in assembly.modules.items()},
        "document": {kind: "" for module in assembly.modules.values() for kind in module.manifest.explain},
        "profile": {
            p.name: p.title for module in assembly.modules.values() for p in module.manifest.profiles
        },
        "exporter": {
            one.noun: one.title for module in assembly.modules.values() for one in module.manifest.exporters
        },
        "subscription": {
            one.name: one.title
            for module in assembly.modules.values()
            for one in module.manifest.subscriptions
        },
    }
    _write(file, {"generation": assembly.generation, "names": names, "options": {}})


def remember_options(address: str, action: str, options: Mapping[str, str]) -> None:
    """Keep the options of an action, once somebody has looked at it."""
    file = _file(address)
    with contextlib.suppress(OSError, ValueError, KeyError):
        told = json.loads(file.read_text(encoding="utf-8"))
        if told["options"].get(action) != options:
            told["options"][action] = dict(options)
            _write(file, told)


def known_options(context: click.Context, action: str) -> Mapping[str, str]:
    """Return the options of an action with their help, as far as they were remembered."""
    options: Mapping[str, str] = _told(context).get("options", {}).get(action, {})
    return options


def completer(kind: str) -> Completer:
    """Return a function that completes the names of a kind, for ``shell_complete``."""

    def complete(
        context: click.Context, _parameter: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        return list(_proposed(_known(context).get(kind, {}), incomplete))

    return complete


def _proposed(names: Mapping[str, str], incomplete: str) -> Iterable[CompletionItem]:
    return (CompletionItem(name, help=title) for name, title in names.items() if name.startswith(incomplete))


def _known(context: click.Context) -> Mapping[str, Mapping[str, str]]:
    names: Mapping[str, Mapping[str, str]] = _told(context).get("names", {})
    return names


def _write(file: Path, told: Mapping[str, Any]) -> None:
    with contextlib.suppress(OSError):  # completion is a comfort, never a reason to fail
        file.parent.mkdir(parents=True, exist_ok=True)
        with whole(file) as out:
            out.write(json.dumps(told, ensure_ascii=False))


def _told(context: click.Context) -> Mapping[str, Any]:
    try:
        from fenbu.cli.location import locate

        session = context.find_root().obj
        told = json.loads(_file(locate(getattr(session, "database", None))).read_text(encoding="utf-8"))
    except Exception:  # whatever is wrong shows when a command is run, not while TAB is pressed
        return {}
    found: Mapping[str, Any] = told
    return found


def _file(address: str) -> Path:
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    place = address if "://" in address else str(Path(address).absolute())
    return folder / "fenbu" / f"{hashlib.sha256(place.encode()).hexdigest()[:16]}.json"
