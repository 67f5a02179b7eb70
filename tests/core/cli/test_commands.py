"""The other commands: modules, settings, metrics, doctor, flows, explain, audit, export."""

from __future__ import annotations

import json

import pytest

from fenbu.engine.kernel import Kernel
from fenbu.testing.dummies import DummyModule, DummyModules
from tests.core.cli.running import Fenbu


def _deliver(fenbu: Fenbu) -> None:
    fenbu("worker", "--once")


def test_modules_are_listed_with_sign_and_word(fenbu: Fenbu, site: DummyModules) -> None:
    site.install(DummyModule(name="tea", requires=("water>=1",)))

    listed = fenbu("modules")

    line = next(line for line in listed.out.splitlines() if line.startswith("kiosk"))
    assert line.split() == ["kiosk", "●", "enabled", "2.1", "The", "kiosk"]
    row = next(one for one in fenbu("modules", "--json").data["modules"] if one["module"] == "tea")
    assert row["state"] == "incompatible"
    assert row["problem"] == "tea needs water>=1, which is not installed"
    assert row["advice"]


def test_a_module_that_cannot_be_loaded_is_named_with_what_to_do(fenbu: Fenbu, site: DummyModules) -> None:
    site.install(DummyModule(name="kettle", files={"manifest.py": 'raise RuntimeError("no water")\n'}))

    ran = fenbu("modules")

    assert ran.code == 0
    assert "✖ quarantined" in ran.out
    assert "RuntimeError: no water" in ran.out
    assert "kettle: mend or reinstall the package dummy-kettle" in ran.err
    assert "RuntimeError: no water" in fenbu("modules", "kettle").out


def test_a_module_that_is_off_is_shown_with_the_command_that_enables_it_and_what_it_needs(
    fenbu: Fenbu, site: DummyModules
) -> None:
    site.install(DummyModule(name="tea", requires=("water>=1",)), DummyModule(name="water", version="1.0"))

    line = next(line for line in fenbu("modules").out.splitlines() if line.startswith("tea"))
    assert line.split()[:3] == ["tea", "○", "discovered"]
    assert line.endswith("fenbu enable water tea")
    assert "fenbu enable water tea" in fenbu("modules", "tea").out


def test_one_module_is_told_with_all_that_it_brings(fenbu: Fenbu) -> None:
    told = fenbu("modules", "kiosk", "--json").data

    assert told["state"] == "enabled"
    assert told["subscriptions"] == ["kiosk.bells"]
    assert "kiosk.sale.sell" in told["actions"]
    assert fenbu("modules", "kios").code == 64
    assert "did you mean kiosk?" in fenbu("modules", "KIOSK").err


def test_a_module_is_switched_off_and_on_and_its_rows_are_kept(fenbu: Fenbu) -> None:
    _deliver(fenbu)
    refused = fenbu("disable", "kiosk")
    assert refused.code == 64
    assert "-y says yes beforehand" in refused.err

    assert fenbu("disable", "kiosk", "--how", "park", "-y").code == 0
    assert fenbu("show", "kiosk.sales").code == 64
    assert fenbu("enable", "kiosk").code == 0
    assert len(fenbu("show", "kiosk.sales", "--json").data["rows"]) == 3


def test_a_dry_run_of_enabling_enables_nothing(fenbu: Fenbu, site: DummyModules) -> None:
    site.install(DummyModule(name="tea", tables=("pot",)))

    ran = fenbu("enable", "tea", "--dry-run")

    assert ran.code == 0
    states = {one["module"]: one["state"] for one in fenbu("modules", "--json").data["modules"]}
    assert states["tea"] == "discovered"


def test_a_module_with_newer_code_is_brought_up_to_it(fenbu: Fenbu, site: DummyModules) -> None:
    site.install(DummyModule(name="tea", version="1.0"))
    assert fenbu("enable", "tea").code == 0
    site.forget("tea")
    site.install(DummyModule(name="tea", version="2.0", provides=("tea.pots",)))
    assert "fenbu upgrade tea" in fenbu("modules").err
    assert fenbu("upgrade", "--json").data["answer"]["upgraded"] == ["tea"]
    site.forget("tea")
    assert "● enabled" in next(line for line in fenbu("modules").out.splitlines() if line.startswith("tea"))


_EARS = """
from fenbu_kiosk.contracts import SaleMade


def hear(work, event: SaleMade) -> None:
    pass
"""


def test_who_waits_for_an_act_does_not_wait_in_vain_for_a_module_that_catches_up(
    fenbu: Fenbu, site: DummyModules
) -> None:
    ears = "(Subscription('tea.ears', history='catch_up', on={'kiosk.sale-made/1': 'fenbu_tea.flows:hear'}),)"
    site.install(DummyModule(name="tea", flows=_EARS, manifest={"subscriptions": ears}))
    _deliver(fenbu)
    assert "tea reads what happened before it was on" in fenbu("enable", "tea").err
    row = next(one for one in fenbu("modules", "--json").data["modules"] if one["module"] == "tea")
    [reads] = row["catching_up"]
    assert (reads["subscription"], reads["done"], reads["rate"]) == ("tea.ears", 0, None)
    assert reads["total"] >= 3
    assert "tea.ears has read 0 of" in (said := fenbu("modules").err)
    assert "and stands still: fenbu worker goes on" in said

    ran = fenbu("do", "kiosk.sale.pay", "--number", "K-1", "--wait")
    assert "tea catches up with what happened before" in ran.err
    assert fenbu("modules", "tea", "--json").data["state"] == "enabled"


def test_a_module_that_is_enabled_with_patience_has_caught_up_and_showed_how_far_it_was(
    fenbu: Fenbu, site: DummyModules, monkeypatch: pytest.MonkeyPatch
) -> None:
    ears = "(Subscription('tea.ears', history='catch_up', on={'kiosk.sale-made/1': 'fenbu_tea.flows:hear'}),)"
    site.install(DummyModule(name="tea", flows=_EARS, manifest={"subscriptions": ears}))
    _deliver(fenbu)
    monkeypatch.setattr("fenbu.cli.output._PLAIN_PROGRESS_EVERY", 0.0)
    assert "reading what happened before: " in fenbu("enable", "tea", "--wait").err
    assert fenbu("modules", "tea", "--json").data["state"] == "enabled"


def test_what_a_module_has_that_does_not_run_is_not_taken_for_a_slip(
    fenbu: Fenbu, site: DummyModules
) -> None:
    site.install(DummyModule(name="tea"))
    ran = fenbu("show", "tea.pots")
    assert "there is no view tea.pots here: tea does not run (installed, never enabled)" in ran.err
    assert "fenbu enable tea" in ran.err
    assert fenbu("disable", "kiosk", "--how", "park", "-y").code == 0
    assert "kiosk does not run (switched off; its rows are kept)" in fenbu("do", "kiosk.sale.sell").err


def test_settings_are_read_and_changed_and_the_change_is_audited(fenbu: Fenbu) -> None:
    assert fenbu("settings", "get", "kiosk.cups").out == "6\n"
    assert fenbu("settings", "set", "kiosk.cups", "8").code == 0
    assert fenbu("settings", "get", "kiosk", "cups").out == "8\n"

    row = next(one for one in fenbu("settings", "list", "--json").data["settings"] if one["name"] == "cups")
    assert (row["value"], row["default"]) == (8, False)
    act = fenbu("audit", "list", "--json").data["rows"][0]
    assert act["action"] == "fenbu.setting.set"


def test_a_setting_that_does_not_fit_is_refused(fenbu: Fenbu) -> None:
    ran = fenbu("settings", "set", "kiosk", "cups", "none")
    assert ran.code == 64
    assert "kiosk.cups" in ran.err

    nearest = fenbu("settings", "get", "kiosk.cup")
    assert nearest.code == 64
    assert "did you mean cups?" in nearest.err
    assert fenbu("settings", "set", "kiosk.cups", "7", "--dry-run").code == 0
    assert fenbu("settings", "get", "kiosk.cups").out == "6\n"


def test_metrics_are_exact_and_defined(fenbu: Fenbu) -> None:
    measured = {one["metric"]: one for one in fenbu("metrics", "--json").data["metrics"]}

    assert measured["kiosk.takings"]["value"] == "10.0000"
    assert measured["kiosk.takings"]["unit"] == "GBP"
    assert "kiosk.takings  10.00 GBP  Takings" in fenbu("metrics").out
    assert "Sum of all sales" in fenbu("metrics", "kiosk.takings").out


def test_the_doctor_is_content_when_all_is_delivered(fenbu: Fenbu) -> None:
    fenbu("flows", "list")
    sick = fenbu("doctor")
    assert sick.code == 1
    assert "fenbu.worker: start a worker: fenbu worker" in sick.err

    _deliver(fenbu)
    dead = fenbu("doctor")
    assert dead.code == 1
    assert "the bell is broken for K-2" in dead.out

    number = fenbu("flows", "dead", "--json").data["rows"][0]["delivery"]
    fenbu("flows", "skip", number, "--reason", "no bell", "-y")
    well = fenbu("doctor", "--json")
    assert well.code == 0, well.out
    assert well.data["healthy"] is True
    assert {one["health"] for one in well.data["checks"]} == {"ok"}


def test_a_check_that_raises_is_unknown_and_the_others_go_on(fenbu: Fenbu, site: DummyModules) -> None:
    site.write(
        "kiosk",
        "views.py",
        "from fenbu import Check\nVIEWS = METRICS = ()\n"
        "def fails(work):\n    raise RuntimeError('nobody knows')\n"
        "CHECKS = (Check(name='kiosk.odd', title='Odd', run=fails, repair='ask'),)\n",
    )
    site.forget("kiosk")
    _deliver(fenbu)

    checks = {one["check"]: one for one in fenbu("doctor", "--json").data["checks"]}

    assert (checks["kiosk.odd"]["health"], checks["kiosk.odd"]["detail"]) == (
        "unknown",
        "RuntimeError: nobody knows",
    )
    assert checks["fenbu.books"]["health"] == "ok"


def test_every_command_says_that_deliveries_wait_and_that_no_worker_runs(fenbu: Fenbu) -> None:
    for arguments in (
        ("show", "kiosk.sales"),
        ("modules",),
        ("metrics",),
        ("flows", "map"),
        ("audit", "list"),
    ):
        assert "3 deliveries wait; no worker runs: fenbu worker delivers them" in fenbu(*arguments).err

    _deliver(fenbu)
    assert "wait" not in fenbu("metrics").err


def test_a_dead_delivery_is_listed_tried_again_and_given_up(fenbu: Fenbu) -> None:
    _deliver(fenbu)
    row = fenbu("flows", "dead", "--json").data["rows"][0]
    assert row["key"] == "K-2"
    assert row["error"].startswith("Permanent: the bell is broken for K-2")

    retried = fenbu("flows", "retry", row["delivery"], "--wait")
    assert retried.code == 1
    assert "the bell is broken for K-2" in retried.err

    assert fenbu("flows", "skip", row["delivery"], "-y").code == 64
    assert fenbu("flows", "skip", row["delivery"], "--reason", "no bell").code == 64
    assert fenbu("flows", "skip", row["delivery"], "--reason", "no bell", "-y").code == 0
    assert "nothing is dead" in fenbu("flows", "dead").err
    assert fenbu("flows", "skip", row["delivery"], "--reason", "again", "-y").code == 1
    acts = [one["action"] for one in fenbu("audit", "list", "--json").data["rows"]]
    assert acts[:2] == ["fenbu.flow.skip", "fenbu.flow.retry"]


def test_a_dead_call_is_told_in_the_story_tried_again_and_given_up(fenbu: Fenbu) -> None:
    key = fenbu("do", "kiosk.sale.post", "--number", "K-1", "--json").data["answer"]["call"]
    _deliver(fenbu)

    dead = fenbu("flows", "dead")
    assert "Calls to the outside" in dead.out
    assert key in dead.out
    assert [one["call"] for one in fenbu("flows", "dead", "--json").data["calls"]] == [key]
    story = [one["text"] for one in fenbu("explain", "sale", "K-1", "--json").data["chapters"]]
    assert any(text.startswith("kiosk.post K-1, 2.50 GBP: dead – ") for text in story), story
    assert "the post office is closed" in fenbu("doctor", "fenbu.dead").out

    assert fenbu("flows", "retry", "--call", key, "--wait").code == 1
    assert fenbu("flows", "retry", "--all", "--json").data["answer"] == {"retried": 2}  # and the bell of K-2
    assert fenbu("flows", "dead", "--json").data["calls"] == []
    _deliver(fenbu)
    assert fenbu("flows", "skip", "--call", key, "--reason", "by hand", "-y").code == 0
    told = fenbu("explain", "sale", "K-1").out
    assert "kiosk.post K-1, 2.50 GBP: failed – by hand" in told
    assert "kiosk.whispered" in told


def test_a_paused_subscription_gathers_until_it_is_resumed(fenbu: Fenbu) -> None:
    assert fenbu("flows", "pause", "kiosk.bells", "--reason", "noise").code == 0
    _deliver(fenbu)
    row = fenbu("flows", "list", "--json").data["rows"][0]
    assert (row["state"], row["reason"], row["waiting"], row["done"]) == ("paused", "noise", 3, 0)

    assert fenbu("flows", "resume", "kiosk.bells").code == 0
    _deliver(fenbu)
    row = fenbu("flows", "list", "--json").data["rows"][0]
    assert (row["state"], row["waiting"], row["done"], row["dead"]) == ("active", 0, 2, 1)


def test_events_are_delivered_again_on_purpose(fenbu: Fenbu) -> None:
    _deliver(fenbu)

    assert fenbu("flows", "replay", "kiosk.bells", "--key", "K-1", "--json").data["answer"] == {"replayed": 1}
    _deliver(fenbu)
    assert fenbu("flows", "list", "--json").data["rows"][0]["done"] == 3


def test_the_map_shows_who_takes_what_and_what_is_stuck(fenbu: Fenbu) -> None:
    _deliver(fenbu)

    ran = fenbu("flows", "map")
    assert "┌ kiosk.bells ✖ 1 dead" in ran.out
    assert "└─ kiosk.sale-made/1  capital" in ran.out
    arrow = fenbu("flows", "map", "--json").data["arrows"][0]
    assert arrow["topics"] == [{"topic": "kiosk.sale-made/1", "lane": "capital", "route": None}]
    assert arrow["dead"] == 1


def test_the_map_says_who_tells_whom_and_what_comes_of_it(fenbu: Fenbu) -> None:
    fenbu("worker", "--once")

    assert fenbu("flows", "map", "--json").data["arrows"][0]["sources"] == ["kiosk"]
    assert "kiosk → kiosk" in fenbu("flows", "map").out.splitlines()[0]


def test_flows_alone_lists_the_subscriptions(fenbu: Fenbu) -> None:
    assert fenbu("flows").out == fenbu("flows", "list").out != ""


def test_a_group_without_a_command_names_its_commands(fenbu: Fenbu) -> None:
    ran = fenbu("settings")

    assert (ran.code, ran.out) == (64, "")
    assert "which command? get, list, set" in ran.err


def test_a_topic_that_nobody_takes_is_named(fenbu: Fenbu) -> None:
    fenbu("do", "kiosk.sale.pay", "--number", "K-1")

    topics = fenbu("flows", "unmatched", "--json").data["topics"]

    assert [(one["topic"], one["events"]) for one in topics if one["module"] == "kiosk"] == [
        ("kiosk.whispered", 1)
    ]


def test_the_story_of_a_document_is_told_in_time_order(fenbu: Fenbu) -> None:
    fenbu("worker", "--once")
    fenbu("do", "kiosk.sale.pay", "--number", "K-1")

    story = fenbu("explain", "sale", "K-1", "--json").data

    told = [(one["kind"], one["text"]) for one in story["chapters"]]
    assert told[:2] == [("act", "kiosk.sale.sell"), ("event", "sold for 2.50 GBP")]
    assert ("act", "kiosk.sale.pay") in told
    assert ("event", "kiosk.whispered: sale K-1") in told
    sold = story["chapters"][1]
    assert [(one["subscription"], one["state"]) for one in sold["deliveries"]] == [("kiosk.bells", "done")]
    times = [one["at"] for one in story["chapters"]]
    assert times == sorted(times)


def test_a_story_shows_what_is_dead_and_why(fenbu: Fenbu) -> None:
    _deliver(fenbu)

    ran = fenbu("explain", "sale", "K-2")

    assert "✖ kiosk.bells dead 1 attempts: Permanent: the bell is broken for K-2" in ran.out


def test_a_story_begins_with_what_it_is_about_and_ends_with_where_to_go_on(fenbu: Fenbu) -> None:
    told = fenbu("explain", "sale", "K-1").out.splitlines()
    story = fenbu("explain", "sale", "K-1", "--json").data

    assert told[0] == "sale K-1"
    assert "  fenbu show kiosk.sales K-1" in told[1:4]
    assert story["records"]["kiosk.sales"]["number"] == "K-1"
    assert (story["speaks_of"], story["stands_in"]) == ([], [])


def test_an_unknown_kind_of_document_is_refused_with_those_that_are_known(fenbu: Fenbu) -> None:
    ran = fenbu("explain", "sail", "K-1")

    assert ran.code == 64
    assert "there is no kind of document sail here" in ran.err
    assert "did you mean sale? known here are: " in ran.err


def test_a_document_that_nobody_knows_has_no_story(fenbu: Fenbu) -> None:
    ran = fenbu("explain", "sale", "K-404")

    assert ran.code == 1
    assert "kiosk.sales has no record K-404" in ran.err


def test_the_trail_is_sealed_verified_and_a_changed_row_is_found(fenbu: Fenbu, kiosk_url: str) -> None:
    assert fenbu("audit", "seal", "--json").data["sealed"] == 4
    assert fenbu("audit", "verify", "--json").data == {
        "schema": "fenbu.audit-verify/1",
        "whole": True,
        "sealed_to": 4,
        "unsealed": 0,
        "unsealed_since": None,
        "broken_at": None,
    }

    _tamper(kiosk_url)

    ran = fenbu("audit", "verify")
    assert ran.code == 1
    assert "broken at seal 1" in ran.out
    assert fenbu("doctor", "fenbu.audit").code == 1


def test_who_delivers_and_comes_back_leaves_a_sealed_trail(fenbu: Fenbu) -> None:
    assert "min old" in fenbu("doctor", "fenbu.audit").out
    fenbu("do", "kiosk.sale.pay", "--number", "K-1", "--wait")
    assert fenbu("audit", "verify", "--json").data["unsealed"] == 0
    fenbu("do", "kiosk.sale.cancel", "--number", "K-3", "-y")
    assert fenbu("audit", "verify", "--json").data["unsealed"] > 0
    fenbu("worker", "--once")
    assert fenbu("audit", "verify", "--json").data["unsealed"] == 0


def _tamper(url: str) -> None:
    """Change an audit row as somebody with the database's password could: the trigger taken away first."""
    with Kernel.open(url) as kernel, kernel.database.migrate() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("ALTER TABLE fenbu_audit DISABLE TRIGGER ALL")
        else:
            found = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'fenbu_audit'"
            for name in connection.exec_driver_sql(found).scalars().all():
                connection.exec_driver_sql(f"DROP TRIGGER {name}")
        connection.exec_driver_sql("UPDATE fenbu_audit SET actor = 'nobody' WHERE id = 2")


def test_the_trail_can_be_narrowed(fenbu: Fenbu) -> None:
    rows = fenbu("audit", "list", "--action", "kiosk.sale.sell", "--subject", "K-2", "--json").data["rows"]

    assert len(rows) == 1
    assert "Bob" not in str(rows)


def test_the_canonical_export_tells_facts_line_by_line(fenbu: Fenbu) -> None:
    lines = [json.loads(line) for line in fenbu("export", "canonical").out.splitlines()]

    assert ["fenbu", "timeline", ["K-1", "kiosk.sale-made/1", "", 1]] in lines
    assert fenbu("export", "canonical", "--json").data["schema"] == "fenbu.canonical/1"
    assert fenbu("export", "canonical", "kisok").code == 64


def test_explain_alone_lists_the_kinds_of_document_and_where_their_numbers_stand(fenbu: Fenbu) -> None:
    assert ["sale", "fenbu", "show", "kiosk.sales"] in [
        line.split() for line in fenbu("explain").out.splitlines()
    ]
    assert {"kind": "sale", "view": "kiosk.sales"} in fenbu("explain", "--json").data["kinds"]

    which = fenbu("explain", "sale")
    assert which.code == 64
    assert "which sale? fenbu show kiosk.sales lists them" in which.err
