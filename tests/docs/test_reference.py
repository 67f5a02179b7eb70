"""The reference pages say what the code says, and the code says all that they need."""

from __future__ import annotations

import inspect
from typing import Any

import attrs
import pytest

from fenbu.events import event_type, events_of
from fenbu.hooks import Hook
from tools import module_pages, reference

HOOKS = [hook for contract in reference.contracts() for hook in reference.hooks_of(contract)]
EVENTS = [body for contract in reference.contracts() for body in events_of(contract)]
PAGES = reference.pages()


@pytest.mark.parametrize("name", PAGES)
def test_a_generated_page_is_what_the_code_says_now(name: str) -> None:
    path = reference.DOCS / name
    assert path.is_file(), f"make docs writes {name}"
    assert path.read_text(encoding="utf-8") == PAGES[name], f"{name} is out of date: make docs"


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook.name)
def test_a_hook_specification_has_every_part_and_each_of_its_arguments(hook: Hook[..., Any]) -> None:
    told = reference.parts(hook)
    assert list(told) == ["", *reference.PARTS]
    assert all(told.values())
    for argument in inspect.signature(hook.function).parameters:
        assert f"{argument}:" in told["Args"], f"{hook.name} does not tell of {argument}"


@pytest.mark.parametrize("body", EVENTS, ids=lambda body: event_type(body).name)
def test_an_event_says_what_it_is_and_how_it_reads_in_a_story(body: type[Any]) -> None:
    declared = event_type(body)
    assert inspect.getdoc(body)
    assert declared.says
    told = {field.name: "x" for field in attrs.fields(body)}
    assert declared.says.format(**told), "its sentence names only its own fields"


@pytest.mark.parametrize("body", EVENTS, ids=lambda body: event_type(body).name)
def test_an_event_about_an_order_has_the_order_as_key(body: type[Any]) -> None:
    """Or, where there may be no order, a field of its own that is the order's number when there is one."""
    declared = event_type(body)
    if "order" in declared.about and not declared.topic.startswith("crm."):
        assert declared.key in ("order", "document", "key")


def test_every_event_and_hook_stands_on_its_page() -> None:
    events, hooks = PAGES["events.md"], PAGES["hooks.md"]
    assert all(f"### {event_type(body).name}\n" in events for body in EVENTS)
    assert all(f"### {hook.name}\n" in hooks for hook in HOOKS)


def test_every_event_is_told_by_somebody_and_stands_on_the_page_of_who_tells_it() -> None:
    for name in (event_type(body).name for body in EVENTS):
        tellers = module_pages.publishers().get(name, ())
        assert tellers, f"nothing makes {name}"
        for teller in set(tellers) - {"fenbu"}:
            told = PAGES[f"modules/{teller}.md"].partition("What it tells:")[2]
            assert f"[{name}]" in told


def test_every_module_with_documents_has_a_page_with_all_their_states() -> None:
    assert [one.name for one in module_pages.described()] == ["crm", "erp", "hrm", "payments", "scm"]
    for module in module_pages.described():
        page = PAGES[f"modules/{module.name}.md"]
        for lifecycle in reference.lifecycles_of(module):
            assert lifecycle.diagram() in page
            assert lifecycle.name in PAGES["lifecycles.md"]
