"""The conformance suite finds each planted fault and says what to do; sound modules pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from fenbu.testing.conformance import Conformance, Fault, Subject
from fenbu.testing.conformance.rules import (
    importing,
    keeping,
    reading,
    references,
    settings,
    subscriptions,
    tables,
    texts,
)
from fenbu.testing.conformance.subject import NotInstalled
from fenbu.testing.dummies import DummyModule, DummyModules, many, migration
from fenbu.testing.enterprises import Enterprises


class TestAnOrdinaryMadeUpModule(Conformance):
    module = "dummy001"

    @pytest.fixture(autouse=True)
    def _installed(self, dummy_modules: DummyModules) -> None:
        dummy_modules.install(*many(1))


class TestTheExampleOfAnOutsider(Conformance):
    module = "online_retail"
    needs = ("erp",)


Rule = Callable[[Subject], Iterator[Fault]]
ACTION = (
    "(Action(name='tea.brew', title='', input='fenbu_tea.flows:Brew', run='fenbu_tea.flows:brew'{more}),)"
)
BREW = "from pydantic import BaseModel\n\nclass Brew(BaseModel):\n    pot: str\n\n"
HEAVY = """
import fenbu_tea.tables
from fenbu import Manifest
MANIFEST = Manifest(name="tea", title="Tea")
"""
MINE = """
from attrs import frozen

@frozen
class Mine:
    order: str
    sugar: int

def on(work, event: Mine): ...
"""
TABLES = """
from typing import Any, ClassVar
from sqlalchemy import DateTime, ForeignKey, Numeric
from sqlmodel import Field
from fenbu import columns
from fenbu.tables import tables
BASE: Any = tables("tea")

class Leaf(BASE, table=True):
    __tablename__: ClassVar[Any] = "tea_leaf"
    id: int | None = columns.serial(key=True, default=None)
"""


def subscribed(topic: str, handler: str = "on", **route: str) -> dict[str, str]:
    told = f"Subscription('tea.orders', on={{{topic!r}: 'fenbu_tea.flows:{handler}'}}, route={route})"
    return {"subscriptions": f"({told},)"}


def exported(*writers: str) -> dict[str, str]:
    formats = {f"kind{number}": writer for number, writer in enumerate(writers)}
    made = f"__import__('fenbu').Exporter(name='tea.leaves', title=N_('Leaves'), formats={formats})"
    return {"exporters": f"({made},)"}


FAULTS: list[tuple[str, Rule, DummyModule, str, str]] = [
    (
        "a manifest that imports its tables",
        importing.manifest_is_light,
        DummyModule(
            name="tea",
            tables=("leaf",),
            files={"manifest.py": HEAVY},
        ),
        "imports sqlalchemy",
        "package.module:name",
    ),
    (
        "a socket opened at import",
        importing.import_opens_no_socket,
        DummyModule(name="tea", files={"net.py": "import socket\nsocket.socket().bind(('127.0.0.1', 0))\n"}),
        "opens a socket",
        "send function of a Call",
    ),
    (
        "a file that raises at import",
        importing.import_opens_no_socket,
        DummyModule(name="tea", files={"rules.py": "raise RuntimeError('cold')\n"}),
        "RuntimeError: cold",
        "mend it",
    ),
    (
        "a reference that leads nowhere",
        references.references_resolve,
        DummyModule(name="tea", flows="def seed(work): ...", manifest={"seed": "'fenbu_tea.flows:sead'"}),
        "has no sead",
        "mend the name",
    ),
    (
        "a seed with the wrong arguments",
        references.parts_are_what_they_should_be,
        DummyModule(name="tea", flows="def seed(): ...", manifest={"seed": "'fenbu_tea.flows:seed'"}),
        "called with (work)",
        "let it take (work)",
    ),
    (
        "a hook with a mistyped name",
        references.parts_are_what_they_should_be,
        DummyModule(name="tea", plugin="@hookimpl\ndef erp_order_requirement(work, order): ..."),
        "did you mean erp_order_requirements?",
        "name the function as its specification",
    ),
    (
        "an action without input",
        references.actions_fit,
        DummyModule(
            name="tea", flows=BREW + "def brew(work): ...", manifest={"actions": ACTION.format(more="")}
        ),
        "called with (work, values)",
        "let it take (work, values)",
    ),
    (
        "an action whose function wants another model",
        references.actions_fit,
        DummyModule(
            name="tea",
            flows=BREW + "class Pour(BaseModel): ...\n\ndef brew(work, values: Pour): ...",
            manifest={"actions": ACTION.format(more="")},
        ),
        "wants Pour",
        "name the same model",
    ),
    (
        "an action whose subject is no field",
        references.actions_fit,
        DummyModule(
            name="tea",
            flows=BREW + "def brew(work, values): ...",
            manifest={"actions": ACTION.format(more=", subject='cup'")},
        ),
        "no field of its input (pot)",
        "name one of them",
    ),
    (
        "an exporter whose writer takes the work alone",
        references.exporters_fit,
        DummyModule(name="tea", flows="def leaves(work): ...", manifest=exported("fenbu_tea.flows:leaves")),
        "called with (work, span)",
        "let it take (work, span)",
    ),
    (
        "an exporter without a format",
        references.exporters_fit,
        DummyModule(name="tea", manifest=exported()),
        "has no format",
        "name at least one",
    ),
    (
        "a topic that nobody declares",
        subscriptions.topics_are_known,
        DummyModule(name="tea", flows="def on(work, event): ...", manifest=subscribed("erp.order-place/1")),
        "no known contract",
        "did you mean erp.order-placed/1?",
    ),
    (
        "a handler whose event is not annotated",
        subscriptions.handlers_fit,
        DummyModule(name="tea", flows="def on(work, event): ...", manifest=subscribed("erp.order-placed/1")),
        "must be (work, event: EventClass)",
        "def handler(work: Work, event",
    ),
    (
        "a handler of another event",
        subscriptions.handlers_fit,
        DummyModule(
            name="tea",
            flows="from fenbu.contracts.erp import OrderClosed\n\ndef on(work, event: OrderClosed): ...",
            manifest=subscribed("erp.order-placed/1"),
        ),
        "reads erp.order-closed/1",
        "annotate it with that event",
    ),
    (
        "a reader of its own that wants what the event does not carry",
        subscriptions.handlers_fit,
        DummyModule(
            name="tea",
            flows=MINE,
            manifest=subscribed("erp.order-placed/1"),
        ),
        "wants sugar",
        "read those",
    ),
    (
        "a route on an event without one",
        subscriptions.routes_fit,
        DummyModule(
            name="tea",
            flows="def on(work, event): ...",
            manifest=subscribed("erp.order-placed/1", **{"erp.order-placed/1": "tea"}),
        ),
        "declares no route field",
        "leave the route out",
    ),
    (
        "a setting without default",
        settings.settings_have_defaults,
        DummyModule(name="tea", settings="cups: int"),
        "has no default",
        "give it one",
    ),
    (
        "a secret in clear",
        settings.settings_have_defaults,
        DummyModule(name="tea", settings="api_key: str = ''"),
        "sounds like a secret",
        "fenbu.Secret",
    ),
    (
        "a title without its mark",
        texts.texts_are_marked,
        DummyModule(name="tea", flows="from fenbu import Column\n\nPOT = Column('pot', 'Pot')"),
        "flows.py:5",
        'N_("…")',
    ),
    (
        "a table called after nobody",
        tables.tables_are_sound,
        DummyModule(
            name="tea", tables=("leaf",), files={"tables.py": TABLES.replace('"tea_leaf"', '"leaf"')}
        ),
        "is not called after its module",
        "call it tea_leaf",
    ),
    (
        "a table that is not strict",
        tables.tables_are_sound,
        DummyModule(
            name="tea",
            tables=("leaf",),
            files={"tables.py": TABLES + "    __table_args__: ClassVar[Any] = {}\n"},
        ),
        "is not STRICT",
        "fenbu.tables.STRICT",
    ),
    (
        "money kept as a float",
        tables.tables_are_sound,
        DummyModule(
            name="tea",
            tables=("leaf",),
            files={"tables.py": TABLES + "    price: float = Field(sa_type=Numeric)\n"},
        ),
        "Numeric",
        "fenbu.columns.money",
    ),
    (
        "a time without zone",
        tables.tables_are_sound,
        DummyModule(
            name="tea",
            tables=("leaf",),
            files={"tables.py": TABLES + "    at: Any = Field(sa_type=DateTime)\n"},
        ),
        "DateTime",
        "fenbu.columns.moment",
    ),
    (
        "rows that go with others",
        tables.tables_are_sound,
        DummyModule(
            name="tea",
            tables=("leaf",),
            files={
                "tables.py": TABLES + "    of: int = Field(foreign_key='tea_leaf.id', ondelete='CASCADE')\n"
            },
        ),
        "ON DELETE CASCADE",
        "delete by hand",
    ),
    (
        "a foreign key into another module",
        tables.tables_are_sound,
        DummyModule(
            name="tea",
            tables=("leaf",),
            files={"tables.py": TABLES + "    of: str = columns.text(references='erp_order.number')\n"},
        ),
        "points at erp_order of another module",
        "ask its owner by hook",
    ),
]


@pytest.mark.parametrize(
    ("rule", "module", "what", "todo"), [pytest.param(*row[1:], id=row[0]) for row in FAULTS]
)
def test_a_planted_fault_is_found_and_told_with_the_way_out(
    dummy_modules: DummyModules, rule: Rule, module: DummyModule, what: str, todo: str
) -> None:
    dummy_modules.install(module)
    faults = list(rule(Subject("tea")))
    assert any(what in f"{fault.where} {fault.what}" and todo in fault.todo for fault in faults), faults


def test_the_planted_modules_have_no_other_fault(dummy_modules: DummyModules) -> None:
    """What makes the faults above visible is the fault and not the module around it."""
    dummy_modules.install(DummyModule(name="tea", tables=("leaf",), files={"tables.py": TABLES}))
    subject = Subject("tea")
    for rule in (
        references.references_resolve,
        tables.tables_are_sound,
        importing.manifest_is_light,
        texts.texts_are_marked,
    ):
        assert list(rule(subject)) == []


CUP = '    op.create_table("tea_cup", sa.Column("id", sa.Integer, primary_key=True), sqlite_strict=True)\n'


@pytest.mark.parametrize(
    ("script", "what", "todo"),
    [
        (migration("0001", None, "    raise RuntimeError('no kettle')\n"), "no kettle", "mend the script"),
        (migration("0001", None, CUP), "add table tea_leaf", "write it into a new revision"),
        (migration("0001", None, CUP), "downgrade leaves tea_cup", "drop what the step has made"),
        (
            migration("0001", None, CUP, "    raise RuntimeError('gone')\n"),
            "cannot be undone",
            "irreversible",
        ),
    ],
)
def test_a_history_that_does_not_lead_to_the_tables_or_back_is_told(
    dummy_modules: DummyModules, enterprise: Enterprises, script: str, what: str, todo: str
) -> None:
    files = {"migrations/0001_tables.py": script}
    dummy_modules.install(DummyModule(name="tea", tables=("leaf",), files=files))
    with enterprise().database.migrate() as connection:
        faults = list(tables.history_is_sound(Subject("tea"), connection))
    assert any(what in fault.what and todo in fault.todo for fault in faults), faults


LEAVES = """
from typing import Any, ClassVar

from fenbu import columns
from fenbu.tables import STRICT, one_of, tables

BASE: Any = tables("tea")


class Leaf(BASE, table=True):
    __tablename__: ClassVar[Any] = "tea_leaf"
    __table_args__: ClassVar[Any] = (one_of("colour", "green", "black"), STRICT)
    colour: str = columns.text(key=True)
"""


@pytest.mark.parametrize(
    ("check", "told"),
    [
        ("", "only the tables have the CHECK ck_tea_leaf_colour"),
        ("colour IN ('black', 'green')", ""),
        ("colour IN ('black', 'red')", "'red'"),
    ],
)
def test_words_that_only_the_tables_or_only_the_history_know_are_found(
    dummy_modules: DummyModules, enterprise: Enterprises, database_kind: str, check: str, told: str
) -> None:
    made = f', sa.CheckConstraint("{check}", name="ck_tea_leaf_colour")' if check else ""
    column = 'sa.Column("colour", sa.Text, primary_key=True)'
    script = migration(
        "0001",
        None,
        f'    op.create_table("tea_leaf", {column}{made}, sqlite_strict=True)\n',
        '    op.drop_table("tea_leaf")\n',
    )
    files = {"tables.py": LEAVES, "migrations/0001_tables.py": script}
    dummy_modules.install(DummyModule(name="tea", tables=("leaf",), files=files))
    with enterprise().database.migrate() as connection:
        faults = list(tables.history_is_sound(Subject("tea"), connection))
    if database_kind == "postgresql" and told == "'red'":
        told = ""  # it writes conditions its own way: only their names are compared
    assert [told in fault.what for fault in faults] == ([True] if told else []), faults


def test_a_step_that_says_why_it_cannot_be_undone_is_accepted(
    dummy_modules: DummyModules, enterprise: Enterprises
) -> None:
    script = (
        'import sqlalchemy as sa\nfrom alembic import op\nrevision = "0001"\ndown_revision = None\n'
        'irreversible = "cups are not unmade"\n\ndef upgrade():\n'
        '    op.create_table("tea_leaf", sa.Column("id", sa.Integer, primary_key=True), sqlite_strict=True)\n'
    )
    files = {"tables.py": TABLES, "migrations/0001_tables.py": script}
    dummy_modules.install(DummyModule(name="tea", tables=("leaf",), files=files))
    with enterprise().database.migrate() as connection:
        faults = list(tables.history_is_sound(Subject("tea"), connection))
    assert [fault for fault in faults if "undone" in fault.what] == []


@pytest.mark.databases("sqlite")
def test_rows_that_go_with_the_module_are_found(dummy_modules: DummyModules, enterprise: Enterprises) -> None:
    dummy_modules.install(DummyModule(name="tea", tables=("leaf",)))
    kernel = enterprise("tea")
    with kernel.database.write() as connection:
        connection.exec_driver_sql("INSERT INTO tea_leaf (label) VALUES ('oolong'), ('sencha')")
    subject = Subject("tea")
    assert list(keeping.rows_are_kept(subject, kernel)) == []
    with kernel.database.migrate() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER tea_thief AFTER UPDATE OF state ON fenbu_module WHEN NEW.state = 'disabled' "
            "BEGIN DELETE FROM tea_leaf WHERE label = 'sencha'; END"
        )
    told = [str(fault) for fault in keeping.rows_are_kept(subject, kernel)]
    assert any("tea_leaf: disabling it changed rows: 1 gone or changed, 0 new" in text for text in told), told


VIEWS = """
from decimal import Decimal
from sqlalchemy import text
from sqlmodel import select
from fenbu import Check, Column, Completeness, Counted, Finding, Metric, View
from fenbu_tea.tables import Leaf

VIEWS = (
    View(name="tea.leaves", title="", query=lambda work: select(Leaf.id, Leaf.label),
         columns=(Column("id", ""), Column("colour", "")), key=("label",), record="id"),
)
METRICS = (Metric(name="tea.cups", title="", unit="count", definition="", value=lambda work: 0.5),)


def boil(work):
    raise RuntimeError("dry")


CHECKS = (Check(name="tea.warm", title="", run=boil, repair=""),)
COMPLETENESS = (
    Completeness(name="tea.labelled", title="", definition="", count=boil, drill="tea.leaves", repair=""),
    Completeness(name="tea.dried", title="", definition="Dry.", count=lambda work: Counted(2, 3), drill="tea.leaf",
                 repair="dry it"),
    Completeness(name="leaves.named", title="", definition="Named.", count=lambda work: Counted(3, 2),
                 drill="tea.leaves", repair="name it"),
    Completeness(name="tea.steeped", title="", definition="Steeped.", count=lambda work: None, drill="tea.leaves",
                 repair="wait"),
)
"""


def test_views_metrics_and_checks_that_do_not_answer_are_told(
    dummy_modules: DummyModules, enterprise: Enterprises
) -> None:
    named = {
        part: f"'fenbu_tea.views:{part.upper()}'" for part in ("views", "metrics", "checks", "completeness")
    }
    dummy_modules.install(
        DummyModule(name="tea", tables=("leaf",), files={"views.py": VIEWS}, manifest=named)
    )
    kernel = enterprise("tea")
    with kernel.database.write() as connection:
        connection.exec_driver_sql(
            "INSERT INTO tea_leaf (id, label) VALUES (1, 'oolong'), (2, 'oolong'), (3, 'sencha')"
        )
    subject = Subject("tea")
    told = [
        str(fault)
        for rule in (reading.views_fit, reading.views_can_be_paged)
        for fault in rule(subject, kernel)
    ]
    told += [
        str(fault)
        for rule in (reading.metrics_answer, reading.checks_answer, reading.completeness_is_counted)
        for fault in rule(subject, kernel)
    ]
    joined = "\n".join(told)
    for words in (
        "its column 'colour' is not in the query (id, label)",
        "page by page it gives 2 of 3 rows",
        "tea.cups: has no definition",
        "tea.cups: answers 0.5",
        "tea.warm: raises: RuntimeError: dry",
        "tea.warm: does not say what to do when it fails",
        "tea.labelled: has no definition or no repair",
        "tea.labelled: raises: RuntimeError: dry",
        "tea.dried: drills into tea.leaf, which is no view",
        "tea.dried: answers Counted(of=2, complete=3, lacking=())",
        "leaves.named: is not called after the module",
        "leaves.named: answers Counted(of=3, complete=2, lacking=())",
    ):
        assert words in joined
    assert "tea.steeped" not in joined


EXPORTS = """
def at_once(work, span):
    return ["oolong", "sencha"]


def ended(work, span):
    yield "oolong\\n"


def raising(work, span):
    if span.since:
        raise RuntimeError("dry")
    yield "oolong"


def line_by_line(work, span):
    yield "oolong"
"""


def test_exports_that_are_not_written_line_by_line_are_told(
    dummy_modules: DummyModules, enterprise: Enterprises
) -> None:
    names = ("at_once", "ended", "raising", "line_by_line")
    writers = exported(*(f"fenbu_tea.flows:{name}" for name in names))
    dummy_modules.install(DummyModule(name="tea", flows=EXPORTS, manifest=writers))
    told = [str(fault) for fault in reading.exports_write(Subject("tea"), enterprise("tea"))]
    assert len(told) == 3
    wrong = ("a list of everything", r"gives 'oolong\n'", "raises: RuntimeError: dry")
    for line, words in zip(told, wrong, strict=True):
        assert words in line
        assert "yield lines" in line


def test_a_module_that_is_not_installed_is_told_with_how_to_install_it() -> None:
    with pytest.raises(NotInstalled, match=r"no module 'teapot'.*pip install -e .*entry point"):
        Subject("teapot")
