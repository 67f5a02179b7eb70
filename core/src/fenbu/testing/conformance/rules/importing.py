"""What importing a module costs and touches, seen in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from typing import Any

from attrs import frozen

from fenbu.testing.conformance.faults import Fault
from fenbu.testing.conformance.subject import Subject

HEAVY = ("sqlalchemy", "sqlmodel", "alembic", "pydantic", "textual", "click", "rich", "psycopg")
"""What a manifest must not import: two hundred of them are read to list the modules."""

_PROBE = """
import importlib, json, sys, time
touched = []
def watch(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.bind", "socket.sendto"):
        touched.append(f"{event} {arguments[1:] if event != 'socket.getaddrinfo' else arguments[:2]}")
import fenbu.manifest
before = set(sys.modules)
sys.addaudithook(watch)
began = time.perf_counter()
names, failed = NAMES, {}
for name in names:
    try:
        importlib.import_module(name)
    except BaseException as error:
        failed[name] = f"{type(error).__name__}: {error}"
print(json.dumps({"ms": (time.perf_counter() - began) * 1000, "modules": sorted(set(sys.modules) - before),
                  "touched": touched, "failed": failed}))
"""


@frozen
class Imported:
    """What importing came to."""

    ms: float
    modules: tuple[str, ...]
    """Names that came into ``sys.modules``, beside what ``fenbu.manifest`` needs."""
    touched: tuple[str, ...]
    """Sockets that were opened."""
    failed: dict[str, str]


def manifest_is_light(subject: Subject) -> Iterator[Fault]:
    """Yield what the manifest imports though it must not, and sockets that it opens."""
    done = import_manifest(subject)
    for heavy in HEAVY:
        if heavy in done.modules:
            ours = [name for name in done.modules if name.partition(".")[0] == subject.package]
            yield Fault(
                subject.found.value,
                f"importing the manifest imports {heavy} (with {', '.join(ours)})",
                'name code as "package.module:name" in the manifest and import only fenbu there, so that listing '
                "modules stays quick",
            )


def import_manifest(subject: Subject) -> Imported:
    """Import the manifest alone in a fresh process."""
    return _import(subject, (subject.found.value.partition(":")[0],))


def import_opens_no_socket(subject: Subject) -> Iterator[Fault]:
    """Yield sockets that importing any of the package's files opens, and files that cannot be imported."""
    done = _import(subject, tuple(_names(subject)))
    for name, error in done.failed.items():
        yield Fault(name, f"cannot be imported: {error}", "mend it; work to do belongs into a function")
    for touched in done.touched:
        yield Fault(
            subject.package,
            f"importing it opens a socket ({touched})",
            "reach outside only in the send function of a Call, which runs with no transaction open",
        )


def _names(subject: Subject) -> Iterator[str]:
    for file in subject.sources():
        parts = file.relative_to(subject.folder).with_suffix("").parts
        if "__main__" not in parts:
            yield ".".join([subject.package, *(part for part in parts if part != "__init__")])


def _import(subject: Subject, names: tuple[str, ...]) -> Imported:
    # By sources and not by name alone: modules made up for tests share a name.
    return _import_once(
        names, str(subject.folder), max(f.stat().st_mtime_ns for f in subject.folder.rglob("*.py"))
    )


@cache
def _import_once(names: tuple[str, ...], folder: str, changed: int) -> Imported:  # noqa: ARG001
    program = _PROBE.replace("NAMES", repr(names))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment, check=False
    )
    if ran.returncode:
        failed = {names[0]: (ran.stderr.strip().splitlines() or ["?"])[-1]}
        return Imported(0.0, (), (), failed)
    seen: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return Imported(seen["ms"], tuple(seen["modules"]), tuple(seen["touched"]), seen["failed"])
