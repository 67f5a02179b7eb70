"""Rehearsing: a rollout on a copy, while the enterprise stays as it is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from attrs import evolve
from sqlalchemy import text

from fenbu.cli.running import run
from fenbu.engine import canonical
from fenbu.engine.kernel import Kernel
from fenbu.engine.rollout import rehearsing
from fenbu.engine.rollout.apply import apply
from fenbu.engine.rollout.file import RolloutFile
from fenbu.engine.rollout.rehearsal import Rehearsal, of_rehearsal
from fenbu.engine.rollout.rehearsing import rehearse
from fenbu.errors import NotPermitted, Unknown
from fenbu.settings import reveal
from fenbu.testing.dummies import DummyModules
from fenbu.work import Actor
from tests.core.rollout import tea

SECRET = "plant-7f3a91"
TABLES = ("module", "setting", "event", "delivery", "call", "subscription", "rollout_run", "rollout_lock")


@pytest.fixture(autouse=True)
def tools(postgres_tools: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rehearsing, "PATIENCE", 0.5)
    monkeypatch.setattr(rehearsing, "TURN", 0.3)


@pytest.fixture
def file() -> RolloutFile:
    """The plan, with a secret for the kitchen and gates that do not pass."""
    return tea.plan_file(
        tea.guarded("back", "approvals = { decision = 2 }\nbefore = [{ date = 2099-01-01 }]"),
        ("pots = 4\n", 'pots = 4\nkey = "env:KITCHEN_KEY"\n'),
    )


@pytest.fixture
def shop(ann: Kernel, file: RolloutFile) -> Kernel:
    """The tea house with its first stage applied and three orders, one of them not delivered."""
    apply(ann, file, stage="sale")
    tea.ring(ann, "one", "two")
    ann.drain()
    tea.ring(ann, "three")
    return ann


def business(kernel: Kernel) -> dict[str, object]:
    """Return all there is of an enterprise but its audit trail."""
    found: dict[str, object] = {"canonical": canonical.text(_as_owner(kernel))}
    with kernel.database.read() as connection:
        for table in TABLES:
            rows = connection.execute(text(f"SELECT * FROM fenbu_{table}")).all()
            found[table] = sorted(map(repr, rows))
    return found


def _as_owner(kernel: Kernel) -> Kernel:
    return Kernel(kernel.database, actor=Actor("ada"))


def acts(kernel: Kernel) -> list[str]:
    with kernel.database.read() as connection:
        wanted = text("SELECT outcome FROM fenbu_audit WHERE action = 'fenbu.rollout.rehearse' ORDER BY id")
        return list(connection.execute(wanted).scalars())


def copies(kernel: Kernel, folder: Path) -> list[str]:
    """Return the copies that lie about."""
    if kernel.database.dialect == "sqlite":
        return [
            one.name
            for one in Path(kernel.database.url.removeprefix("sqlite:///")).parent.glob("*rehearsal*")
        ]
    with kernel.database.read() as connection:
        own = connection.execute(text("SELECT current_database()")).scalar_one()
        names = connection.execute(text("SELECT datname FROM pg_database")).scalars().all()
        return [name for name in names if name.startswith(f"{own}_rehearsal")]


def test_the_whole_rollout_is_tried_on_a_copy_and_the_enterprise_stays_as_it_is(
    shop: Kernel, file: RolloutFile, tmp_path: Path
) -> None:
    before = business(shop)

    done = rehearse(shop, file)

    assert [stage.name for stage in done.stages] == ["back", "weighed"]
    assert done.well, of_rehearsal(done)
    assert business(shop) == before
    assert tea.states(shop)["kitchen"] == "discovered"
    assert acts(shop) == ["done"], "the audit trail knows of it"
    assert copies(shop, tmp_path) == []


def test_what_was_missed_is_read_and_told_with_how_long_it_took(shop: Kernel, file: RolloutFile) -> None:
    back, weighed = rehearse(shop, file).stages

    assert [(step.does, step.modules) for step in back.steps] == [
        ("set", ("till",)),
        ("enable", ("cellar",)),
        ("enable", ("kitchen",)),
    ]
    assert all(step.seconds > 0 for step in back.steps)
    assert {one.subscription: one.events for one in back.reading.history} == {
        "cellar.orders": 3,
        "kitchen.orders": 3,
    }
    assert back.reading.deliveries >= 6
    assert back.reading.finished
    assert weighed.reading.history == ()


def test_what_would_hold_a_stage_up_is_measured_and_stops_nothing(shop: Kernel, file: RolloutFile) -> None:
    done = rehearse(shop, file)

    back = done.stages[0]
    assert [(line.key, str(line.reading.outcome)) for line in back.guards.gates] == [("before.1", "fail")]
    assert [(need.layer, need.missing) for need in back.guards.approvals] == [("decision", 2)]
    assert done.held_up == ("back",)
    with pytest.raises(Exception, match="the stage back cannot begin"):
        apply(shop, file, stage="back", rehearsing=True)  # the enterprise itself is no copy


def test_only_the_stages_up_to_one_are_rehearsed_when_that_is_wanted(shop: Kernel, file: RolloutFile) -> None:
    assert [stage.name for stage in rehearse(shop, file, through="back").stages] == ["back"]
    with pytest.raises(Unknown, match="backk"):
        rehearse(shop, file, through="backk")
    assert acts(shop) == ["done"], "what cannot be rehearsed is refused before anything is copied"


def test_no_secret_is_read_nor_found_in_the_copy_or_the_report(
    shop: Kernel, file: RolloutFile, monkeypatch: pytest.MonkeyPatch, tea_site: DummyModules
) -> None:
    monkeypatch.setenv("KITCHEN_KEY", SECRET)
    assert reveal("env:KITCHEN_KEY") == SECRET
    tea_site.write("kitchen", "flows.py", _peeking())

    done = rehearse(shop, file, keep=True)

    try:
        told = json.dumps(of_rehearsal(done), default=str)
        assert SECRET not in told
        assert "env:KITCHEN_KEY is not resolved on a copy" in told, "who asks for it is refused"
        assert not done.well
        if shop.database.dialect == "sqlite":
            files = [one for one in Path(done.kept).parent.iterdir() if one.is_file()]
            assert files
            assert not any(SECRET.encode() in one.read_bytes() for one in files)
    finally:
        _remove(shop, done)


def _peeking() -> str:
    """Return a kitchen that wants its secret when it hears of an order."""
    return (
        "from fenbu.settings import reveal\nfrom fenbu_till.contracts import OrderRung\n\n\n"
        "def rung(work, event: OrderRung) -> None:\n    reveal('env:KITCHEN_KEY')\n"
    )


def test_what_goes_wrong_on_the_copy_is_told_and_the_stages_behind_it_are_not_tried(
    shop: Kernel, file: RolloutFile, tea_site: DummyModules
) -> None:
    broken = evolve(tea.KITCHEN, manifest={**tea.KITCHEN.manifest, "seed": "'fenbu_kitchen.flows:seed'"})
    seed = "\n\ndef seed(work):\n    raise RuntimeError('no gas')\n"
    tea_site.install(evolve(broken, flows=tea.KITCHEN.flows + seed))
    tea_site.forget("kitchen")
    before = business(shop)

    done = rehearse(shop, file)

    (back,) = done.stages
    assert "no gas" in back.failed
    assert back.way_out
    assert not done.well
    assert business(shop) == before


def test_a_delivery_that_dies_on_the_copy_is_told_by_its_subscription(
    shop: Kernel, file: RolloutFile, tea_site: DummyModules
) -> None:
    spill = "\n\ndef rung(work, event: OrderRung) -> None:\n    raise Permanent('spilt')\n"
    head = "from fenbu import Permanent\nfrom fenbu_till.contracts import OrderRung\n"
    tea_site.write("kitchen", "flows.py", head + spill)

    done = rehearse(shop, file)

    told = {one.what: one.told for one in done.troubles if one.kind == "delivery"}
    assert "3 deliveries are dead" in told["kitchen.orders"]
    assert "spilt" in told["kitchen.orders"]


def test_the_copy_stays_where_it_is_when_that_is_wanted(shop: Kernel, file: RolloutFile) -> None:
    done = rehearse(shop, file, keep=True)

    try:
        with shop.database.read() as connection:
            assert connection.execute(text("SELECT copy_of FROM fenbu_enterprise")).scalar() is None
        with _kept(shop, done) as copy:
            assert tea.states(copy)["scales"] == "enabled"
            with copy.read() as work:
                mark = work.connection.execute(text("SELECT copy_of FROM fenbu_enterprise")).scalar_one()
            assert mark.startswith("Harbour Tea, rehearsal of tea on 20")
    finally:
        _remove(shop, done)


def test_who_may_not_rehearse_makes_no_copy(
    shop: Kernel, file: RolloutFile, opens: tea.Opens, tmp_path: Path
) -> None:
    with pytest.raises(NotPermitted, match=r"fenbu\.rollout\.rehearse"):
        rehearse(opens("vic"), file)
    assert acts(shop) == ["denied"]
    assert copies(shop, tmp_path) == []


def test_the_copy_goes_whatever_ends_the_rehearsal(
    shop: Kernel, file: RolloutFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_given: object, **_named: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(rehearsing, "apply", interrupted)
    with pytest.raises(KeyboardInterrupt):
        rehearse(shop, file)
    assert copies(shop, tmp_path) == []


def test_a_rehearsal_goes_on_beside_somebody_who_applies(shop: Kernel, file: RolloutFile) -> None:
    from fenbu.engine.rollout.acts import APPLY, holding

    with holding(shop, APPLY, "apply"):
        assert rehearse(shop, file).well


def test_the_command_tells_it_in_eighty_columns_and_ends_with_how_it_went(
    shop: Kernel,
    file: RolloutFile,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("fenbu.engine.guard.operators.os_user", lambda: "ada")
    monkeypatch.setenv("COLUMNS", "80")
    (path := tmp_path / "rollout.toml").write_text(file.text, encoding="utf-8")
    command = ["--database", _url(shop), "rehearse", str(path)]

    assert run([*command, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["schema"], told["well"], told["held_up"]) == ("fenbu.rehearsal/1", True, ["back"])
    assert run(command) == 0
    shown = capsys.readouterr()
    assert all(len(line) <= 80 for line in shown.out.splitlines())
    assert "● back  Kitchen and cellar" in shown.out
    assert "all went well" in shown.err


def _url(kernel: Kernel) -> str:
    return str(kernel.database._backend.writer.url.render_as_string(hide_password=False))


class _kept:
    """Opens a copy that was kept."""

    def __init__(self, kernel: Kernel, done: Rehearsal) -> None:
        url = (
            done.kept
            if kernel.database.dialect == "sqlite"
            else _url(kernel).replace(_name(kernel), _copy(done))
        )
        self._copy = Kernel.open(url, actor=Actor("ada"))

    def __enter__(self) -> Kernel:
        return self._copy

    def __exit__(self, *_error: object) -> None:
        self._copy.close()


def _name(kernel: Kernel) -> str:
    with kernel.database.read() as connection:
        return str(connection.execute(text("SELECT current_database()")).scalar_one())


def _copy(done: Rehearsal) -> str:
    from sqlalchemy.engine import make_url

    return make_url(done.kept).database or ""


def _remove(kernel: Kernel, done: Rehearsal) -> None:
    """Take a kept copy away; that of SQLite goes with the test's folder."""
    if kernel.database.dialect == "postgresql":
        with kernel.database._backend.connect("postgres") as connection:  # type: ignore[attr-defined]
            connection.execute(f'DROP DATABASE "{_copy(done)}" WITH (FORCE)')
