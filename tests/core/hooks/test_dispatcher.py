"""Hooks: who is asked, in which order, and what a failure does, by kind, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from types import SimpleNamespace
from typing import Any

import pytest
from attrs import define, field
from sqlalchemy import Connection, text

from fenbu.engine.hooks import Dispatcher, Plugin, dispatcher, implemented
from fenbu.engine.store.database import Database
from fenbu.engine.store.errors import ForeignTable
from fenbu.engine.store.guard import owner
from fenbu.engine.store.savepoint import savepoint
from fenbu.errors import HookFailed, HookInvalid, ModuleUnavailable, Refused, Vetoed
from fenbu.hooks import Refusal, hookimpl, hookspec


@hookspec(kind="gather")
def guests(work: Any, table: int) -> str:
    raise NotImplementedError


@hookspec(kind="all")
def needs(work: Any, table: int) -> str:
    raise NotImplementedError


@hookspec(kind="first")
def price(work: Any, table: int) -> int | None: ...


@hookspec(kind="veto")
def closing(work: Any, table: int) -> Refusal | None: ...


SPECS = {hook.name: hook for hook in (guests, needs, price, closing)}


@define
class Work:
    """The least work that can ask: a connection and a module."""

    connection: Connection
    module: str = "asker"
    read_only: bool = False
    problems: list[tuple[str, ...]] = field(factory=list)

    def bound(self, module: str, *, read_only: bool) -> Work:
        return Work(self.connection, module, read_only, self.problems)

    def owned(self) -> AbstractContextManager[None]:
        if self.module == "asker":
            return nullcontext()
        return owner(self.connection, self.module, read_only=self.read_only)

    def savepoint(self) -> AbstractContextManager[None]:
        return savepoint(self.connection)

    def note_problem(self, *problem: str) -> None:
        self.problems.append(problem)


@pytest.fixture
def work(database_url: str) -> Iterator[Work]:
    database = Database.create(database_url)
    with database.write() as connection:
        connection.execute(text("CREATE TABLE asker_note (line TEXT)"))
        connection.execute(text("CREATE TABLE bad_note (line TEXT)"))
        yield Work(connection)
    database.dispose()


def module(name: str, **implementations: Any) -> Plugin:
    return Plugin(name, SimpleNamespace(**{key: hookimpl(value) for key, value in implementations.items()}))


def asking(*plugins: Plugin) -> Dispatcher:
    return dispatcher(SPECS, plugins)


def raising(work: Any, table: int) -> Any:
    raise RuntimeError("the kettle is empty")


def breaking_sql(work: Any, table: int) -> Any:
    work.connection.execute(text("SELECT * FROM no_such_table"))


def test_all_modules_answer_in_the_order_in_which_they_were_enabled(work: Work) -> None:
    asked = asking(module("b", needs=lambda work, table: "b"), module("a", needs=lambda work, table: "a"))
    assert asked.ask(work, needs, {"table": 1}) == ["b", "a"]


def test_before_and_after_change_the_order(work: Work) -> None:
    early = SimpleNamespace(needs=hookimpl(before=("b",))(lambda work, table: "a"))
    asked = asking(module("b", needs=lambda work, table: "b"), Plugin("a", early))
    assert asked.ask(work, needs, {"table": 1}) == ["a", "b"]
    assert asked.order("needs") == ("a", "b")


def test_a_circle_of_before_and_after_is_reported() -> None:
    one = SimpleNamespace(needs=hookimpl(before=("b",))(lambda work, table: "a"))
    two = SimpleNamespace(needs=hookimpl(before=("a",))(lambda work, table: "b"))
    with pytest.raises(HookInvalid, match="form a circle between a, b"):
        asking(Plugin("a", one), Plugin("b", two))


@pytest.mark.parametrize("failure", [raising, breaking_sql])
def test_a_gathered_answer_that_raises_is_left_out_and_the_rest_goes_on(work: Work, failure: Any) -> None:
    asked = asking(module("bad", guests=failure), module("good", guests=lambda work, table: "Ada"))
    work.connection.execute(text("INSERT INTO asker_note VALUES ('before')"))
    assert asked.ask(work, guests, {"table": 1}) == ["Ada"]
    assert [problem[:3] for problem in work.problems] == [("bad", "hook", "guests")]
    assert work.connection.execute(text("SELECT count(*) FROM asker_note")).scalar() == 1


@pytest.mark.parametrize(("hook", "name"), [(needs, "needs"), (price, "price"), (closing, "closing")])
def test_an_answer_that_is_needed_and_raises_refuses_the_operation(work: Work, hook: Any, name: str) -> None:
    asked = asking(module("bad", **{name: raising}))
    with pytest.raises(HookFailed) as refused:
        asked.ask(work, hook, {"table": 1})
    assert str(refused.value) == f"bad could not answer {name}: RuntimeError: the kettle is empty"
    assert [problem[:3] for problem in work.problems] == [("bad", "hook", name)]


def test_a_rules_own_refusal_passes_as_it_is(work: Work) -> None:
    def refuses(work: Any, table: int) -> Any:
        raise Refused("no table is free")

    with pytest.raises(Refused, match="no table is free"):
        asking(module("seats", needs=refuses)).ask(work, needs, {"table": 1})


def test_the_first_answer_wins_and_nobody_is_asked_after_it(work: Work) -> None:
    asked = asking(
        module("a", price=lambda work, table: None),
        module("b", price=lambda work, table: 0),
        module("c", price=raising),
    )
    assert asked.ask(work, price, {"table": 1}) == 0


def test_all_refusals_of_a_veto_are_shown_together(work: Work) -> None:
    asked = asking(
        module("kitchen", closing=lambda work, table: Refusal("a dish is in the oven")),
        module("till", closing=lambda work, table: Refusal("table 1 has not paid")),
        module("music", closing=lambda work, table: None),
    )
    with pytest.raises(Vetoed) as refused:
        asked.ask(work, closing, {"table": 1})
    assert refused.value.reasons == {"kitchen": "a dish is in the oven", "till": "table 1 has not paid"}


def test_a_veto_that_answers_neither_refusal_nor_none_is_a_failure(work: Work) -> None:
    with pytest.raises(HookFailed, match="not a Refusal or None"):
        asking(module("bad", closing=lambda work, table: True)).ask(work, closing, {"table": 1})


@pytest.mark.parametrize("hook", [needs, price, closing])
def test_no_operation_slips_past_a_module_that_must_answer_and_cannot_be_loaded(
    work: Work, hook: Any
) -> None:
    asked = asking(Plugin("stock", None, unavailable=(hook.name,)))
    with pytest.raises(ModuleUnavailable, match="stock is enabled but cannot be loaded"):
        asked.ask(work, hook, {"table": 1})


def test_a_gathering_goes_on_without_a_module_that_cannot_be_loaded(work: Work) -> None:
    asked = asking(
        Plugin("stock", None, unavailable=("guests",)), module("b", guests=lambda work, table: "Ada")
    )
    assert asked.ask(work, guests, {"table": 1}) == ["Ada"]


def test_a_generator_is_read_inside_the_call_where_its_failure_is_caught(work: Work) -> None:
    def lazily(work: Any, table: int) -> Iterator[str]:
        yield "first"
        raise RuntimeError("the second never comes")

    with pytest.raises(HookFailed, match="the second never comes"):
        asking(module("lazy", needs=lazily)).ask(work, needs, {"table": 1})


def test_an_implementation_may_take_fewer_arguments(work: Work) -> None:
    assert asking(module("a", needs=lambda table: "x" * table)).ask(work, needs, {"table": 4}) == ["xxxx"]


def test_an_answer_that_is_not_what_the_specification_says_refuses_the_operation(work: Work) -> None:
    with pytest.raises(
        HookFailed, match=r"bad could not answer needs: TypeError: it answered 7 \(int\), not str"
    ):
        asking(module("bad", needs=lambda table: 7)).ask(work, needs, {"table": 1})


def test_an_implementation_may_look_but_not_write(work: Work) -> None:
    def writes(work: Any, table: int) -> str:
        work.connection.execute(text("INSERT INTO bad_note VALUES ('x')"))
        return "done"

    with pytest.raises(HookFailed) as refused:
        asking(module("bad", needs=writes)).ask(work, needs, {"table": 1})
    assert isinstance(refused.value.__cause__, ForeignTable)


def test_a_mistyped_hook_is_refused_with_the_nearest_name() -> None:
    mistyped = SimpleNamespace(need=hookimpl(lambda work, table: "x"))
    with pytest.raises(HookInvalid, match="no contract declares it; did you mean needs"):
        implemented("a", mistyped, SPECS)


def test_an_argument_that_is_never_given_is_refused() -> None:
    wrong = SimpleNamespace(needs=hookimpl(lambda work, chairs: "x"))
    with pytest.raises(HookInvalid, match="chairs"):
        implemented("a", wrong, SPECS)
