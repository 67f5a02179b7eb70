"""Every ``"package.module:name"`` of a manifest leads to what it should."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any, get_type_hints

from pydantic import BaseModel

from fenbu.actions import Action
from fenbu.engine.catalog.snapshot import migration_folder
from fenbu.engine.hooks import implemented
from fenbu.errors import FenbuError
from fenbu.lifecycle import Lifecycle
from fenbu.settings import Settings
from fenbu.tables import ModuleTable
from fenbu.testing.conformance.faults import Fault
from fenbu.testing.conformance.subject import Subject, told


def references_resolve(subject: Subject) -> Iterator[Fault]:
    """Yield references that lead nowhere."""
    for text in dict.fromkeys(subject.manifest.references()):
        try:
            subject.resolve(text)
        except FenbuError as error:
            yield Fault(text, told(error), "mend the name in the manifest, or the file that it names")


def parts_are_what_they_should_be(subject: Subject) -> Iterator[Fault]:
    """Yield settings, tables, seed, canonical, migrations and lists of another kind than wanted."""
    manifest = subject.manifest
    settings = subject.resolve(manifest.settings)
    if not _subclass(settings, Settings):
        yield Fault(manifest.settings, f"is {settings!r}", "let it be a subclass of fenbu.Settings")
    if manifest.tables:
        base = subject.resolve(manifest.tables)
        if not _subclass(base, ModuleTable) or base.module_name != subject.name:
            yield Fault(manifest.tables, f"is {base!r}", f'let it be fenbu.tables.tables("{subject.name}")')
    if bool(manifest.tables) != bool(manifest.migrations):
        yield Fault(
            "tables, migrations",
            f"one without the other ({manifest.tables}, {manifest.migrations})",
            "tables come with their history: name both, or none",
        )
    if manifest.migrations:
        try:
            migration_folder(manifest)
        except FenbuError as error:
            yield Fault(manifest.migrations, told(error), "name the package that holds the revision files")
    for text in filter(None, (manifest.seed, manifest.canonical)):
        yield from _takes(subject, text, "work")
    yield from _hooks(subject)


def actions_fit(subject: Subject) -> Iterator[Fault]:
    """Yield actions whose input, verb, preview, subject or lifecycle does not fit."""
    views = {view.name for view in subject.declared("views")}
    for action in subject.manifest.actions:
        model = subject.resolve(action.input)
        if not _subclass(model, BaseModel) or hasattr(model, "__table__"):
            yield Fault(
                action.input,
                f"the input of {action.name} is {model!r}",
                "let it be a pydantic model that is no table: a table model does not validate",
            )
            continue
        yield from _takes(subject, action.run, "work, values", model)
        if action.preview:
            yield from _takes(subject, action.preview, "work, values", model)
        if action.subject and action.subject not in model.model_fields:
            there = ", ".join(model.model_fields) or "no fields"
            yield Fault(
                action.name,
                f"its subject {action.subject!r} is no field of its input ({there})",
                "name one of them",
            )
        if action.view and action.view.startswith(f"{subject.name}.") and action.view not in views:
            yield Fault(
                action.name, f"its view {action.view} is not declared", "declare it in the module's views"
            )
        yield from _lifecycle(subject, action)


def calls_fit(subject: Subject) -> Iterator[Fault]:
    """Yield calls whose functions take something else than they are given."""
    for call in subject.manifest.calls:
        yield from _takes(subject, call.send, "request")
        yield from _takes(subject, call.record, "work, request, outcome")
        if call.ask:
            yield from _takes(subject, call.ask, "request")
        if call.rehearse:
            yield from _takes(subject, call.rehearse, "request")


def importers_fit(subject: Subject) -> Iterator[Fault]:
    """Yield importers and profiles that contradict each other."""
    fields = {one.name: {field.name for field in one.fields} for one in subject.manifest.importers}
    for importer in subject.manifest.importers:
        if importer.reference not in fields[importer.name]:
            yield Fault(
                importer.name, f"its reference {importer.reference} is none of its fields", "name one of them"
            )
        if not callable(subject.resolve(importer.reader)):
            yield Fault(importer.reader, "cannot be called", "name a class or function without arguments")
    for profile in subject.manifest.profiles:
        stray = set(profile.columns) - fields.get(profile.importer, set(profile.columns))
        if stray:
            named = ", ".join(sorted(stray))
            yield Fault(profile.name, f"fills {named}, which the importer does not want", "leave it out")


def exporters_fit(subject: Subject) -> Iterator[Fault]:
    """Yield exporters that nothing can be written by: without formats, or with a writer that takes something else."""
    for exporter in subject.manifest.exporters:
        if not exporter.formats:
            yield Fault(exporter.name, "has no format", "name at least one, with the function that writes it")
        for writer in exporter.formats.values():
            yield from _takes(subject, writer, "work, span")


def explained_documents_have_views(subject: Subject) -> Iterator[Fault]:
    """Yield kinds of document whose view is not declared."""
    views = {view.name for view in subject.declared("views")}
    for kind, view in subject.manifest.explain.items():
        if view not in views:
            yield Fault(
                f"explain {kind}", f"the view {view} is not declared", "declare it in the module's views"
            )


def _hooks(subject: Subject) -> Iterator[Fault]:
    if subject.manifest.hooks is None:
        return
    import importlib

    try:
        implemented(subject.name, importlib.import_module(subject.manifest.hooks), subject.hooks)
    except Exception as error:
        yield Fault(
            subject.manifest.hooks,
            told(error),
            "name the function as its specification in fenbu.contracts, with its arguments or fewer of them",
        )


def _lifecycle(subject: Subject, action: Action) -> Iterator[Fault]:
    if not action.lifecycle:
        return
    lifecycle = subject.resolve(action.lifecycle)
    if not isinstance(lifecycle, Lifecycle):
        yield Fault(action.lifecycle, f"is {lifecycle!r}", "let it be a Lifecycle")
    elif action.verb not in {row.verb for row in lifecycle.table}:
        verbs = ", ".join(dict.fromkeys(row.verb for row in lifecycle.table))
        yield Fault(
            action.name, f"{action.verb!r} is no verb of {lifecycle.name} ({verbs})", "name one of them"
        )


def _takes(subject: Subject, text: str, wanted: str, second: type[Any] | None = None) -> Iterator[Fault]:
    """Yield a fault when a function cannot be called with these positional arguments, or wants another model."""
    function: Callable[..., Any] = subject.resolve(text)
    count = len(wanted.split(", "))
    try:
        inspect.signature(function).bind(*range(count))
    except (TypeError, ValueError):
        shape = _shape(function)
        yield Fault(text, f"takes {shape}, and is called with ({wanted})", f"let it take ({wanted})")
        return
    hint = _second_hint(function) if second else None
    if isinstance(hint, type) and second and not issubclass(second, hint):
        yield Fault(
            text,
            f"wants {hint.__name__}, and the action's input is {second.__name__}",
            "name the same model in the manifest and in the function",
        )


def _shape(function: Callable[..., Any]) -> str:
    try:
        return str(inspect.signature(function))
    except (TypeError, ValueError):
        return repr(function)


def _second_hint(function: Callable[..., Any]) -> Any:
    names = list(inspect.signature(function).parameters)
    try:
        return get_type_hints(function).get(names[1])
    except (NameError, TypeError):
        return None


def _subclass(value: object, base: type) -> bool:
    return isinstance(value, type) and issubclass(value, base)
