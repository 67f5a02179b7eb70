"""The pages `docs/modules/<name>.md`: a head written by hand, then what the module's own declarations say.

What stands above the line `BELOW` is kept; what stands under it is written anew by `make docs`: settings, lifecycles,
flows in and out, hooks, actions, views, metrics, checks, completeness and exports. Who publishes an event, and who asks
a hook, is read from the source, because nobody declares it.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from fenbu.actions import Action
from fenbu.engine.catalog.loading import LoadedModule
from fenbu.engine.catalog.reference import resolve
from fenbu.events import event_type, events_of
from tools.reference import DOCS, answers, contracts, hooks_of, lifecycles_of, modules, readers

FOLDER = "modules"
BELOW = "<!-- From here on written by `make docs` from the code; do not edit by hand. -->"
_FEW = 5
"""An arrow names its events up to so many, and counts them beyond."""


def pages() -> dict[str, str]:
    """Return what the page of each module that has a head should say, by its place in `docs/`."""
    return {f"{FOLDER}/{one.name}.md": _page(one) for one in described()}


def described() -> list[LoadedModule]:
    """Return the modules that have a page: those that bring tables of their own."""
    return [one for one in modules() if one.manifest.tables]


def _page(module: LoadedModule) -> str:
    path = DOCS / FOLDER / f"{module.name}.md"
    if not path.is_file() or BELOW not in (head := path.read_text(encoding="utf-8")):
        raise FileNotFoundError(
            f"docs/{FOLDER}/{path.name} needs a head written by hand and the line {BELOW}"
        )
    parts = (
        _settings,
        _lifecycles,
        _flows,
        _hooks,
        _actions,
        _views,
        _metrics,
        _checks,
        _completeness,
        _exports,
    )
    return "\n".join([head.partition(BELOW)[0].rstrip(), "", BELOW, *_lines(module, parts)]) + "\n"


def _lines(module: LoadedModule, parts: Sequence[Any]) -> Iterator[str]:
    for part in parts:
        if found := list(part(module)):
            yield ""
            yield from found


# --- settings and documents -----------------------------------------------------------------------------


def _settings(module: LoadedModule) -> Iterator[str]:
    fields = resolve(module.manifest.settings, module=module.name).model_fields
    if not fields:
        return
    yield "## Settings"
    yield ""
    yield f"`fenbu settings set {module.name}.NAME VALUE`; each change is audited."
    yield ""
    yield from _table("setting", "unless set", "what it decides")
    for name, field in fields.items():
        yield _row(f"`{module.name}.{name}`", _default(field.default), field.description or "")


def _default(value: Any) -> str:
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, tuple):
        value = ", ".join(str(getattr(one, "name", one)) for one in value)
    return f"`{value}`" if str(value) and value != {} else "–"


def _lifecycles(module: LoadedModule) -> Iterator[str]:
    found = lifecycles_of(module)
    if not found:
        return
    yield "## Lifecycles"
    yield ""
    yield "How to read them: [lifecycles](../lifecycles.md)."
    for lifecycle in found:
        yield ""
        yield f"### {lifecycle.name}"
        yield ""
        yield " ".join(inspect.cleandoc(lifecycle.states.__doc__ or "").split())
        yield ""
        yield "```mermaid"
        yield lifecycle.diagram()
        yield "```"
        yield ""
        yield from _table("state", "verbs")
        for state in lifecycle.states:
            verbs = ", ".join(f"`{verb}`" for verb in dict.fromkeys(lifecycle.actions(state)))
            yield _row(str(state), verbs or "final")


# --- flows ----------------------------------------------------------------------------------------------


def _flows(module: LoadedModule) -> Iterator[str]:
    yield "## Flows in and out"
    yield ""
    yield "```mermaid"
    yield "flowchart LR"
    yield from _arrows(module)
    yield "```"
    yield ""
    yield "What it hears, by subscription; the events of one subscription keep one order per key."
    for subscription in module.manifest.subscriptions:
        late = (
            "enabled late, it reads what it missed" if subscription.history == "catch_up" else "from now on"
        )
        yield ""
        yield f"**`{subscription.name}`**: {subscription.title} ({late})."
        yield ""
        yield from _table("event", "told by")
        for topic in subscription.on:
            yield _row(_event(topic), ", ".join(publishers().get(topic, ())) or "–")
    if told := _told_by(module.name):
        yield ""
        yield "What it tells:"
        yield ""
        yield from _table("event", "lane", "heard by")
        for topic, lane in told.items():
            yield _row(_event(topic), lane, ", ".join(readers().get(topic, [])) or "–")


def _arrows(module: LoadedModule) -> Iterator[str]:
    """Yield one arrow a neighbour and direction: what comes by which subscription, what goes to whom."""
    yield f'    {module.name}(["{module.name}"])'
    for subscription in module.manifest.subscriptions:
        by: dict[str, list[str]] = {}
        for topic in subscription.on:
            for source in publishers().get(topic, ()):
                by.setdefault(source, []).append(topic)
        for source, topics in by.items():
            yield f'    {source} -->|"{_label(topics)}"| {module.name}'
    to: dict[str, list[str]] = {}
    for topic in _told_by(module.name):
        for reader in dict.fromkeys(name.strip("`").partition(".")[0] for name in readers().get(topic, [])):
            if reader != module.name:
                to.setdefault(reader, []).append(topic)
    for reader, topics in to.items():
        yield f'    {module.name} -->|"{_label(topics)}"| {reader}'


def _label(topics: Sequence[str]) -> str:
    if len(topics) > _FEW:
        return f"{len(topics)} events"
    return "<br/>".join(topic.partition("/")[0].partition(".")[2] for topic in topics)


def _told_by(name: str) -> dict[str, str]:
    """Return the events that a module publishes, with their lanes, in the order of the contracts."""
    return {
        event_type(body).name: str(event_type(body).lane)
        for contract in contracts()
        for body in events_of(contract)
        if name in publishers().get(event_type(body).name, ())
    }


@cache
def publishers() -> Mapping[str, tuple[str, ...]]:
    """Return event to the modules whose source makes it; the kernel is ``fenbu``."""
    topics = {
        body.__name__: event_type(body).name for contract in contracts() for body in events_of(contract)
    }
    found: dict[str, list[str]] = {}
    for name, called in _calls().items():
        for class_name, topic in topics.items():
            if class_name in called:
                found.setdefault(topic, []).append(name)
    return {topic: tuple(names) for topic, names in found.items()}


@cache
def _calls() -> Mapping[str, frozenset[str]]:
    """Return module to all names that its source calls, and of the kernel's engine."""
    folders = {one.name: _folder(one.manifest.tables or one.manifest.actions[0].run) for one in described()}
    return {
        name: frozenset(_called(folder))
        for name, folder in {"fenbu": _folder("fenbu.engine"), **folders}.items()
    }


def _folder(reference: str) -> Path:
    name = reference.partition(":")[0]
    package = name if name == "fenbu.engine" else name.partition(".")[0]
    spec = find_spec(package)
    assert spec is not None and spec.origin is not None, package
    return Path(spec.origin).parent


def _called(folder: Path) -> Iterator[str]:
    for file in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                if isinstance(node.func, ast.Name):
                    yield node.func.id
                elif isinstance(node.func, ast.Attribute):
                    yield node.func.attr
                    if node.func.attr == "ask" and node.args and isinstance(node.args[0], ast.Name):
                        yield f"ask {node.args[0].id}"


# --- hooks ----------------------------------------------------------------------------------------------


def _hooks(module: LoadedModule) -> Iterator[str]:
    names = [hook.name for contract in contracts() for hook in hooks_of(contract)]
    asked = [name for name in names if f"ask {name}" in _calls()[module.name]]
    answered = [name for name in names if module.name in answers().get(name, [])]
    if not asked and not answered:
        return
    yield "## Questions"
    yield ""
    for says, found in (("It asks", asked), ("It answers", answered)):
        if found:
            yield f"- {says}: " + ", ".join(f"[{name}](../hooks.md#{name})" for name in found)


# --- what people use ------------------------------------------------------------------------------------


def _actions(module: LoadedModule) -> Iterator[str]:
    yield "## Actions"
    yield ""
    yield "`fenbu do NAME --help` says what each takes; each needs the permission of its name."
    yield ""
    yield from _table("`fenbu do …`", "what it does")
    for action in module.manifest.actions:
        yield _row(f"`{action.name}`", _action(action))


def _action(action: Action) -> str:
    told = f"{action.title}. {action.help}".strip()
    return f"{told} Asks before it acts." if action.dangerous else told


def _views(module: LoadedModule) -> Iterator[str]:
    views = _declared(module, module.manifest.views)
    if views:
        yield "## Views"
        yield ""
        yield from _table("`fenbu show …`", "what it lists")
        for view in views:
            yield _row(f"`{view.name}`", f"{view.title}. {view.help}".strip())


def _metrics(module: LoadedModule) -> Iterator[str]:
    metrics = _declared(module, module.manifest.metrics)
    if metrics:
        yield "## Metrics"
        yield ""
        yield from _table("`fenbu metrics …`", "definition")
        for metric in metrics:
            yield _row(f"`{metric.name}`", metric.definition)


def _checks(module: LoadedModule) -> Iterator[str]:
    checks = _declared(module, module.manifest.checks)
    if checks:
        yield "## Checks"
        yield ""
        yield from _table("`fenbu doctor …`", "what holds", "where it does not")
        for check in checks:
            yield _row(f"`{check.name}`", check.title, check.repair)


def _completeness(module: LoadedModule) -> Iterator[str]:
    declared = _declared(module, module.manifest.completeness)
    if declared:
        yield "## Completeness of its data"
        yield ""
        yield from _table("`fenbu rollout readiness`", "what is counted", "where some lack it")
        for one in declared:
            yield _row(f"`{one.name}`", one.definition, one.repair)


def _exports(module: LoadedModule) -> Iterator[str]:
    if module.manifest.exporters:
        yield "## Exports"
        yield ""
        yield "[Exporting](../exporting.md) says what they hold."
        yield ""
        yield from _table("`fenbu export …`", "`--format`", "what it writes")
        for exporter in module.manifest.exporters:
            formats = ", ".join(f"`{name}`" for name in sorted(exporter.formats))
            yield _row(f"`{exporter.noun}`", formats, f"{exporter.title}. {exporter.help}".strip())


def _declared(module: LoadedModule, text: str | None) -> Sequence[Any]:
    return resolve(text, module=module.name) if text else ()


# --- Markdown -------------------------------------------------------------------------------------------


def _event(topic: str) -> str:
    anchor = re.sub(r"[^\w-]", "", topic)
    return f"[{topic}](../events.md#{anchor})"


def _table(*heads: str) -> Iterator[str]:
    yield _row(*heads)
    yield _row(*("---" for _head in heads))


def _row(*cells: str) -> str:
    told = (" ".join(cell.split()).replace("|", "\\|") for cell in cells)
    return f"| {' | '.join(told)} |"
