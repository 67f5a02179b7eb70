"""Write the reference pages of `docs/` from the code: `python tools/reference.py` (`make docs`).

`hooks.md` and `events.md` come from `fenbu.contracts`, `lifecycles.md` and all but the heads of `modules/*.md`
(`tools.module_pages`) from the modules of this repository.
A test holds pages and code together; nothing here needs a database.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import sys
import textwrap
from collections.abc import Iterator, Sequence
from functools import cache
from types import ModuleType
from typing import Any

import attrs

from fenbu.contracts import CONTRACTS
from fenbu.engine.catalog.discovery import discover
from fenbu.engine.catalog.loading import LoadedModule, load
from fenbu.engine.catalog.reference import resolve
from fenbu.engine.hooks import implemented, specifications
from fenbu.events import event_type, events_of, is_event
from fenbu.hooks import Hook
from fenbu.lifecycle import Lifecycle
from tools.constraints import ROOT, members, read

DOCS = ROOT / "docs"
PARTS = ("Called", "Answers", "Args", "Returns", "Failure", "Since")
"""Sections that the docstring of every hook specification has, in this order."""

KINDS = {
    "gather": "all answers, in order; a module that raises is set aside, recorded as a problem and left out",
    "all": "every answer is needed; an exception refuses the operation",
    "first": "the first answer that is not None; an exception refuses the operation",
    "veto": "any refusal stops the operation; an exception refuses it too",
}


def pages() -> dict[str, str]:
    """Return what each generated page should say."""
    from tools import module_pages

    return {
        "hooks.md": hooks_page(),
        "events.md": events_page(),
        "lifecycles.md": lifecycles_page(),
        **module_pages.pages(),
    }


# --- hooks ----------------------------------------------------------------------------------------------


def hooks_page() -> str:
    """Return the page of all hook specifications."""
    lines = [
        *_head("Hooks", "Questions that modules ask each other inside a transaction."),
        "Ask with `work.ask(hook, …)`; answer with a function of the same name, marked `@hookimpl`, in the module",
        "that the manifest names as `hooks`. An implementation gets a read-only work bound to its own module unless",
        "the specification says that it may write. `before=` and `after=` put implementations in order.",
        "",
        "| kind | how answers join |",
        "| --- | --- |",
        *(f"| `{kind}` | {told} |" for kind, told in KINDS.items()),
        "",
        "| hook | kind | answered here by |",
        "| --- | --- | --- |",
    ]
    found = [(contract, hook) for contract in contracts() for hook in hooks_of(contract)]
    answered = answers()
    for _contract, hook in found:
        by = ", ".join(answered.get(hook.name, [])) or "–"
        lines.append(f"| [{hook.name}](#{hook.name}) | {hook.kind} | {by} |")
    for contract in contracts():
        if hooks := hooks_of(contract):
            lines += ["", f"## {_title(contract)}", "", _code(contract.__name__)]
            for hook in hooks:
                lines += ["", *_hook(hook)]
    return "\n".join(lines) + "\n"


def parts(hook: Hook[..., Any]) -> dict[str, str]:
    """Return a specification's docstring by section; the first line under the empty name."""
    found, name = {"": ""}, ""
    for line in inspect.cleandoc(hook.__doc__ or "").splitlines():
        match = re.match(rf"({'|'.join(PARTS)}):(.*)", line)
        if match:
            name = match[1]
            found[name] = match[2].strip()
        else:
            found[name] += f"\n{line}"
    return {section: textwrap.dedent(text).strip() for section, text in found.items()}


def _hook(hook: Hook[..., Any]) -> Iterator[str]:
    told = parts(hook)
    yield f"### {hook.name}"
    yield ""
    yield told[""]
    yield ""
    yield "```text"
    yield _signature(hook)
    yield "```"
    yield ""
    writes = "; implementations may write" if hook.writes else ""
    begins = "; a module that drains is not asked" if hook.begins else ""
    yield f"- **Kind**: `{hook.kind}`{writes}{begins}."
    for name in PARTS:
        text = told.get(name, "")
        if name == "Args":
            yield "- **Arguments**:"
            yield from _arguments(text)
        elif text:
            yield f"- **{name}**: {_line(text)}"


def _arguments(text: str) -> Iterator[str]:
    for argument in re.split(r"\n(?=\w+:)", text):
        name, _colon, told = argument.partition(":")
        yield f"  - `{name.strip()}`: {_line(told)}"


def _signature(hook: Hook[..., Any]) -> str:
    signature = inspect.signature(hook.function)
    told = f"{hook.name}{signature}".replace("'", "")
    if len(told) <= 100:
        return told
    arguments = "".join(f"    {parameter},\n" for parameter in map(str, signature.parameters.values()))
    return f"{hook.name}(\n{arguments}) -> {signature.return_annotation}".replace("'", "")


# --- events ---------------------------------------------------------------------------------------------


def events_page() -> str:
    """Return the page of all events."""
    lines = [
        *_head("Events", "Facts that have happened, published in the transaction that made them true."),
        "The key gives the order: events with one key reach a subscription in the order of their transactions, and",
        "every event about an order has the order's number as key. `about` names the documents whose story tells",
        "the event. Amounts and quantities are exact and travel as text.",
        "",
        "| event | lane | key | read here by |",
        "| --- | --- | --- | --- |",
    ]
    read_by = readers()
    for contract in contracts():
        for body in events_of(contract):
            declared = event_type(body)
            anchor = re.sub(r"[^\w-]", "", declared.name)
            by = ", ".join(read_by.get(declared.name, [])) or "–"
            lines.append(f"| [{declared.name}](#{anchor}) | {declared.lane} | `{declared.key}` | {by} |")
    for contract in contracts():
        if events := events_of(contract):
            lines += ["", f"## {_title(contract)}", "", _code(contract.__name__)]
            for body in events:
                lines += ["", *_event(body)]
            if values := values_of(contract):
                lines += ["", "### Values"]
                for value in values:
                    lines += ["", f"**{value.__name__}**: {_first_line(value.__doc__)}", "", *_fields(value)]
    return "\n".join(lines) + "\n"


def _event(body: type[Any]) -> Iterator[str]:
    declared = event_type(body)
    yield f"### {declared.name}"
    yield ""
    yield inspect.cleandoc(body.__doc__ or "")
    yield ""
    about = ", ".join(f"{kind} `{field}`" for kind, field in declared.about.items())
    facts = [f"`{body.__name__}`", f"lane {declared.lane}", f"key `{declared.key}`"]
    facts += [f"about {about}"] if about else []
    facts += [f"route `{declared.route}`"] if declared.route else []
    facts += [f"business date `{declared.day}`"] if declared.day else []
    yield " · ".join(facts)
    yield ""
    yield f"In a story: “{declared.says}”."
    yield ""
    yield from _fields(body)


def _fields(body: type[Any]) -> Iterator[str]:
    yield "| field | type | default | what it is |"
    yield "| --- | --- | --- | --- |"
    notes = _field_notes(body)
    for field in attrs.fields(body):
        default = "" if field.default is attrs.NOTHING else f"`{field.default!r}`"
        # As written: attrs replaces a field's type by the class itself once somebody has resolved it.
        kind = str(body.__annotations__[field.name]).replace("|", "\\|")
        yield f"| `{field.name}` | `{kind}` | {default} | {notes.get(field.name, '')} |".replace("``", "`")


# --- lifecycles -----------------------------------------------------------------------------------------


def lifecycles_page() -> str:
    """Return the map of all transition tables; the diagrams stand with the modules."""
    lines = [
        *_head(
            "Lifecycles",
            "The state machines of documents: a verb leads from one state to another.",
        ),
        "The guard that refuses a verb, the actions that a face offers and the diagrams come from the same tables.",
        "Creating a table checks it: nothing ambiguous, every state reached, an end reached from every state that is",
        "not final. States are participles, verbs are verbs; a verb that the state does not allow is refused, and the",
        "refusal names the verbs that it allows.",
        "",
        "| lifecycle | states | what it says |",
        "| --- | --- | --- |",
    ]
    for module in modules():
        for lifecycle in lifecycles_of(module):
            anchor = lifecycle.name.replace(".", "")
            states = ", ".join(str(state) for state in lifecycle.states)
            told = " ".join(inspect.cleandoc(lifecycle.states.__doc__ or "").split())
            lines.append(f"| [{lifecycle.name}](modules/{module.name}.md#{anchor}) | {states} | {told} |")
    return "\n".join(lines) + "\n"


def lifecycles_of(module: LoadedModule) -> Sequence[Lifecycle[Any]]:
    """Return the transition tables of a module, as it declares them."""
    text = module.manifest.lifecycles
    return resolve(text, module=module.name) if text else ()


# --- what there is --------------------------------------------------------------------------------------


@cache
def contracts() -> list[ModuleType]:
    """Return the kernel's contract modules, in the order of the documentation."""
    return [importlib.import_module(name) for name in CONTRACTS]


def hooks_of(contract: ModuleType) -> list[Hook[..., Any]]:
    """Return the hooks that a contract declares, as they stand in it."""
    return list(specifications([contract]).values())


def values_of(contract: ModuleType) -> list[type[Any]]:
    """Return the values that a contract's hooks and events carry, as they stand in it."""
    return [
        value
        for value in vars(contract).values()
        if isinstance(value, type)
        and attrs.has(value)
        and value.__module__ == contract.__name__
        and not is_event(value)
    ]


@cache
def modules() -> list[LoadedModule]:
    """Return the modules of this repository, by name; not those that happen to be installed beside them."""
    ours = {read(folder / "pyproject.toml")["project"]["name"] for folder in members()}
    loaded = [load(found) for found in discover().modules.values() if found.distribution in ours]
    return sorted((one for one in loaded if isinstance(one, LoadedModule)), key=lambda one: one.name)


def answers() -> dict[str, list[str]]:
    """Return hook to the modules of this repository that implement it."""
    specs = specifications(contracts())
    found: dict[str, list[str]] = {}
    for module in modules():
        if module.manifest.hooks:
            plugin = importlib.import_module(module.manifest.hooks)
            for name in implemented(module.name, plugin, specs):
                found.setdefault(name, []).append(module.name)
    return found


def readers() -> dict[str, list[str]]:
    """Return event to the subscriptions of this repository's modules that take it."""
    found: dict[str, list[str]] = {}
    for module in modules():
        for subscription in module.manifest.subscriptions:
            for topic in subscription.on:
                found.setdefault(topic, []).append(f"`{subscription.name}`")
    return found


def _field_notes(body: type[Any]) -> dict[str, str]:
    """Return the sentences that stand below the fields of a class in its source."""
    [tree] = ast.parse(textwrap.dedent(inspect.getsource(body))).body
    assert isinstance(tree, ast.ClassDef)
    notes = {}
    for field, note in zip(tree.body, tree.body[1:], strict=False):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(note, ast.Expr)
            and isinstance(field.target, ast.Name)
        ):
            notes[field.target.id] = " ".join(inspect.cleandoc(ast.literal_eval(note.value)).split())
    return notes


def _head(title: str, first: str) -> list[str]:
    return [
        f"# {title}",
        "",
        "<!-- Written by `make docs` from the code; do not edit by hand. -->",
        "",
        first,
        "",
    ]


def _title(contract: ModuleType) -> str:
    return _first_line(contract.__doc__).rstrip(".")


def _line(text: str) -> str:
    return " ".join(text.split()).replace("``", "`")


def _first_line(text: str | None) -> str:
    return inspect.cleandoc(text or "").splitlines()[0]


def _code(name: str) -> str:
    return f"`from {name} import …`"


def main() -> int:
    """Write the pages that have changed; name them."""
    for name, text in pages().items():
        path = DOCS / name
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(f"docs/{name}")
    return 0


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    raise SystemExit(main())
