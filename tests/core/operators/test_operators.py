"""Operators: nobody acts beyond what was granted, gives more than they hold, or locks everybody out."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from pydantic import SecretStr

from fenbu import approvals
from fenbu.engine.conditions import Condition
from fenbu.engine.guard.errors import LastOwner, MoreThanHeld, NoOperator, OperatorDisabled, RoleHeld
from fenbu.engine.guard.operators import STRANGER, layers, os_user
from fenbu.engine.kernel import Kernel
from fenbu.engine.reading import page
from fenbu.engine.work import EngineWork
from fenbu.errors import AlreadyExists, InputInvalid, NotFound, NotPermitted, SamePerson, Unknown
from fenbu.work import Actor
from tests.core.operators.conftest import ANN, SECRET, Enter

ADA, BO = Actor("ada"), Actor("bo")


def do(kernel: Kernel, verb: str, by: Actor = ADA, **values: Any) -> Any:
    return kernel.perform(f"fenbu.{verb}", values, actor=by).answer


def granted(kernel: Kernel, name: str) -> str:
    with kernel.read() as work:
        wanted = [Condition("operator", name)]
        return str(page(work, kernel.assembly.view("fenbu.operators"), filters=wanted).rows[0]["grants"])


def test_the_owner_by_the_systems_user_needs_no_login(database_url: str) -> None:
    Kernel.init(database_url, name="Tea", currency="GBP", time_zone="UTC").close()

    with Kernel.open(database_url) as kernel:
        assert kernel.actor == Actor(os_user())
        assert do(kernel, "operator.add", by=kernel.actor, operator="ann")["operator"] == "ann"


def test_what_the_environment_says_of_the_user_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    before = os_user()
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "ada")
    assert os_user() == before


def test_a_user_of_the_system_is_not_the_operator_of_the_same_name(
    office: Kernel, enter: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    do(office, "operator.grant", operator="ann", grants="owner")
    monkeypatch.setattr("fenbu.engine.guard.operators.os_user", lambda: "ann")

    stranger = enter()

    assert stranger.actor == Actor("ann", STRANGER)
    with pytest.raises(NoOperator, match=r"fenbu\.operator\.add") as refused:
        do(stranger, "operator.add", by=stranger.actor, operator="eve")
    assert refused.value.exit_code == 77


def test_a_refusal_names_the_permission_and_who_may_grant_it(office: Kernel) -> None:
    with pytest.raises(NotPermitted) as refused:
        do(office, "operator.add", by=ANN, operator="eve")

    assert str(refused.value) == "ann may not do this: the permission fenbu.operator.add is missing"
    assert refused.value.hint == "ask ada for: fenbu operator grant ann fenbu.operator.add"


def test_what_is_refused_is_written_down_and_changes_nothing(office: Kernel) -> None:
    with pytest.raises(NotPermitted):
        do(office, "operator.grant", by=BO, operator="bo", grants="owner")

    with office.read() as work:
        last = page(work, office.assembly.view("fenbu.audit"), limit=1).rows[0]
    assert (last["actor"], last["action"], last["outcome"]) == ("bo", "fenbu.operator.grant", "denied")
    assert granted(office, "bo") == "viewer"


def test_a_permission_counts_from_its_grant_to_its_revocation(office: Kernel) -> None:
    do(office, "operator.grant", operator="bo", grants=["fenbu.role.*", "erp.*"])
    assert do(office, "role.define", by=BO, role="clerk", permissions="erp.order.*")["changed"] is False

    do(office, "operator.revoke", operator="bo", grants="fenbu.role.*")

    assert granted(office, "bo") == "erp.* viewer"
    with pytest.raises(NotPermitted):
        do(office, "role.define", by=BO, role="clerk", permissions="erp.*")


def test_nobody_gives_or_takes_more_than_they_hold(office: Kernel) -> None:
    do(office, "operator.grant", operator="ann", grants=["fenbu.operator.*", "fenbu.role.*"])

    for grants in ("owner", "erp.*", "decision viewer"):
        with pytest.raises(MoreThanHeld):
            do(office, "operator.grant", by=ANN, operator="ann", grants=grants)
    with pytest.raises(MoreThanHeld):
        do(office, "operator.add", by=ANN, operator="eve", grants="owner")
    with pytest.raises(MoreThanHeld):
        do(office, "role.define", by=ANN, role="clerk", permissions="payments.*")
    for verb in ("operator.disable", "operator.enable", "operator.logout"):
        with pytest.raises(MoreThanHeld):
            do(office, verb, by=ANN, operator="ada")
    with pytest.raises(MoreThanHeld):
        do(office, "operator.secret", by=ANN, operator="ada", secret="taken over!")
    with pytest.raises(MoreThanHeld):
        do(office, "operator.revoke", by=ANN, operator="ada", grants="owner")

    assert do(office, "operator.grant", by=ANN, operator="bo", grants="core")["granted"] == ["core"]


def test_a_role_that_grows_grows_only_by_what_its_maker_holds(office: Kernel) -> None:
    do(office, "role.define", role="till", permissions="payments.*")
    do(office, "operator.grant", operator="ann", grants=["till", "fenbu.role.define"])
    with pytest.raises(MoreThanHeld):
        do(office, "role.define", by=ANN, role="till", permissions=["payments.*", "hrm.*"])
    do(office, "role.define", by=ANN, role="till", permissions="payments.payment.*")

    with pytest.raises(RoleHeld, match="the role till is held by ann"):
        do(office, "role.remove", role="till")
    do(office, "operator.revoke", operator="ann", grants="till")
    do(office, "role.remove", role="till")
    with pytest.raises(Unknown, match="till"):
        do(office, "operator.grant", operator="ann", grants="till")


@pytest.mark.parametrize(
    ("verb", "values"),
    [("operator.disable", {}), ("operator.revoke", {"grants": "owner"})],
)
def test_the_last_owner_who_can_come_in_stays(office: Kernel, verb: str, values: dict[str, Any]) -> None:
    do(
        office, "operator.add", operator="eve", grants="owner"
    )  # has neither a secret nor a user: cannot come in

    with pytest.raises(LastOwner, match="ada is the last owner who can come in"):
        do(office, verb, operator="ada", **values)

    do(office, "operator.secret", operator="eve", secret="now I can come in")
    do(office, verb, operator="ada", **values)
    with pytest.raises(NotPermitted):
        do(office, "operator.add", operator="max")


def test_of_two_owners_who_disable_each_other_one_stays(office: Kernel, enter: Enter) -> None:
    do(office, "operator.add", operator="eve", grants="owner", secret=SECRET)
    start = threading.Barrier(2)
    ended: list[str] = []

    def disable(kernel: Kernel, who: str, other: str) -> None:
        start.wait()
        try:
            do(kernel, "operator.disable", by=Actor(who), operator=other)
            ended.append("done")
        except (OperatorDisabled, LastOwner):
            ended.append("refused")

    pair = [
        threading.Thread(target=disable, args=(enter(actor=Actor(who)), who, other))
        for who, other in (("ada", "eve"), ("eve", "ada"))
    ]
    for thread in pair:
        thread.start()
    for thread in pair:
        thread.join()

    assert sorted(ended) == ["done", "refused"]


def test_an_operator_disabled_in_mid_work_ends_between_two_acts(office: Kernel, enter: Enter) -> None:
    """Disabling waits for the act in hand; the next one, of a kernel that was open all the time, is refused."""
    working, beside = enter(actor=ANN), enter(actor=ADA)
    begun, over = threading.Event(), threading.Event()

    def disable() -> None:
        do(beside, "operator.disable", operator="ann")
        over.set()

    thread = threading.Thread(target=disable)

    def act(work: EngineWork) -> bool:
        if not begun.is_set():
            begun.set()
            thread.start()
        work.require("fenbu.setting.set")
        return over.wait(0.3)

    assert working.run(act, ANN) is False
    thread.join()
    with pytest.raises(OperatorDisabled):
        working.run(act, ANN)
    with pytest.raises(OperatorDisabled, match="the operator is disabled"):
        do(working, "problem.clear", by=ANN, module="erp")
    do(office, "operator.enable", operator="ann")
    with pytest.raises(NotFound):
        do(working, "problem.clear", by=ANN, module="erp")


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"operator": "fenbu"}, "is not one that fenbu uses itself"),
        ({"operator": "ann smith"}, "has no blanks"),
        ({"operator": "eve", "grants": "Owner"}, "neither a role"),
        ({"operator": "eve", "grants": "*"}, "neither a role"),
        ({"operator": "eve", "secret": "short"}, "8 to 1024 characters"),
        ({"operator": "eve", "secret": 12345678}, "8 to 1024 characters"),
    ],
)
def test_what_makes_no_operator_is_refused_without_repeating_a_secret(
    office: Kernel, values: dict[str, Any], told: str
) -> None:
    with pytest.raises(InputInvalid, match=told) as refused:
        do(office, "operator.add", **values)
    assert str(values.get("secret", "–")) not in f"{refused.value}{refused.value.problems}"


def test_a_secret_in_the_wrong_field_is_not_repeated(office: Kernel) -> None:
    with pytest.raises(InputInvalid) as refused:
        do(office, "operator.add", operator="eve", secrte="hunter2hunter2")
    assert "hunter2" not in f"{refused.value}{refused.value.problems}"


def test_a_name_is_taken_however_it_is_written(office: Kernel) -> None:
    with pytest.raises(AlreadyExists):
        do(office, "operator.add", operator="ANN")
    with pytest.raises(AlreadyExists, match="ada"):
        do(office, "operator.add", operator="eve", os_user="ada")


@pytest.mark.parametrize("grants", ["cor", "fenbu.modul.enable", "fenbu.sohw"])
def test_a_slip_in_a_grant_is_refused(office: Kernel, grants: str) -> None:
    with pytest.raises(Unknown):
        do(office, "operator.grant", operator="bo", grants=grants)


def test_who_decides_is_said_by_the_layer_and_not_by_what_an_owner_may(office: Kernel) -> None:
    do(office, "operator.grant", operator="bo", grants=["decision", "functional"])

    with office.read() as work:
        assert layers(work.transaction.standing) == frozenset()
    for actor, found in ((ANN, {"core"}), (BO, {"decision", "functional"})):
        assert office.run(lambda work: layers(work.transaction.standing), actor) == found


def test_who_asks_or_applies_does_not_approve() -> None:
    concerned = [("ann", "has asked for it"), ("bo", "applies it"), ("", "nobody")]

    with pytest.raises(SamePerson, match="stage 2 cannot be approved by bo, who applies it"):
        approvals.require_another(BO, "stage 2", concerned)
    approvals.require_another(ADA, "stage 2", concerned)


def test_a_secret_of_ones_own_is_ones_own_business(office: Kernel, enter: Enter) -> None:
    session = enter(office.login("ann", SECRET).token)
    other = office.login("ann", SECRET)
    fresh = SecretStr("another horse")
    values = {"secret": fresh, "current": SECRET}

    with pytest.raises(Exception, match="do not open a session"):
        session.perform("fenbu.operator.secret", {"secret": fresh})
    assert session.perform("fenbu.operator.secret", values).answer["sessions_ended"] == 1

    with pytest.raises(NotPermitted):
        session.perform("fenbu.operator.secret", {"operator": "bo", "secret": fresh})
    with pytest.raises(NotPermitted):
        enter(other.token)
    assert office.login("ann", fresh).operator == "ann"
