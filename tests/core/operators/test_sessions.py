"""Sessions: opened by a secret, kept by a token, ended by time, logout or being disabled; guessing does not pay."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from pydantic import SecretStr

from fenbu.engine.guard import secrets
from fenbu.engine.guard.errors import LoginRefused, SessionOver, TooManyTries
from fenbu.engine.guard.sessions import FREE
from fenbu.engine.kernel import Kernel
from fenbu.engine.reading import page
from fenbu.errors import InputInvalid
from fenbu.testing.clock import Clock
from tests.core.operators.conftest import SECRET, Enter

WRONG = SecretStr("a horse by the river")


def acts(kernel: Kernel) -> list[tuple[str, str]]:
    """Return who tried to log in, with the outcome, the latest first."""
    with kernel.read() as work:
        rows = page(work, kernel.assembly.view("fenbu.audit")).rows
    return [(row["actor"], row["outcome"]) for row in rows if row["action"] == "fenbu.operator.login"]


def test_a_secret_opens_a_session_that_is_written_down(office: Kernel, enter: Enter) -> None:
    opened = office.login("ann", SECRET)

    kernel = enter(opened.token)

    assert (kernel.actor.name, office.actor.name) == ("ann", "ada")
    kernel.perform("fenbu.operator.logout", {"everywhere": True})
    assert acts(office) == [("ann", "done")]


def test_hashing_is_argon2id() -> None:
    secrets_hash = secrets.hashed(SECRET, "test")
    assert secrets_hash.startswith("$argon2id$")
    assert secrets.fits(secrets_hash, SecretStr(" a horse by the harbour\n"))
    assert not secrets.fits(secrets_hash, WRONG)
    assert not secrets.fits(None, SECRET)


@pytest.mark.parametrize("name", ["ann", "nobody", "ada"])
def test_a_refusal_does_not_tell_which_of_name_and_secret_is_wrong(office: Kernel, name: str) -> None:
    with pytest.raises(LoginRefused) as refused:
        office.login(name, WRONG)

    assert str(refused.value) == "this name and this secret do not open a session"
    assert refused.value.exit_code == 77
    assert acts(office) == [(name if name != "nobody" else "?", "denied")]


@pytest.mark.parametrize("name", ["ann", "nobody"])
def test_after_five_wrong_secrets_a_name_waits_and_ever_longer(
    office: Kernel, clock: Clock, name: str
) -> None:
    for _turn in range(FREE):
        with pytest.raises(LoginRefused):
            office.login(name, WRONG)
    with pytest.raises(TooManyTries) as refused:
        office.login(name, SECRET)
    assert 1 <= refused.value.seconds <= 15

    clock.move(seconds=16)
    with pytest.raises(LoginRefused):
        office.login(name, WRONG)
    clock.move(seconds=16)
    with pytest.raises(TooManyTries):
        office.login(name, SECRET)
    clock.move(seconds=20)
    if name == "ann":
        office.login(name, SECRET)
        with pytest.raises(LoginRefused):  # the count begins anew
            office.login(name, WRONG)


def test_a_new_secret_from_an_owner_ends_the_wait(office: Kernel) -> None:
    for _turn in range(FREE):
        with pytest.raises(LoginRefused):
            office.login("ann", WRONG)
    office.perform("fenbu.operator.secret", {"operator": "ann", "secret": WRONG})
    assert office.login("ann", WRONG).operator == "ann"


def test_many_guesses_at_once_are_not_free(office: Kernel, enter: Enter) -> None:
    """A try is counted before its secret is compared."""
    ended: list[type[Exception]] = []

    def guess(kernel: Kernel) -> None:
        try:
            kernel.login("ann", WRONG)
        except (LoginRefused, TooManyTries) as error:
            ended.append(type(error))

    threads = [threading.Thread(target=guess, args=(enter(),)) for _turn in range(FREE + 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(ended, key=lambda type_: type_.__name__) == [LoginRefused] * FREE + [TooManyTries] * 3


def test_a_session_ends_by_time_also_for_who_is_inside(office: Kernel, enter: Enter, clock: Clock) -> None:
    opened = office.login("ann", SECRET, timedelta(hours=1))
    inside = enter(opened.token)

    clock.move(hours=1, seconds=1)

    with pytest.raises(SessionOver, match="the session has ended at 2026-01-05"):
        enter(opened.token)
    with pytest.raises(SessionOver):
        inside.perform("fenbu.problem.clear", {"module": "erp"})
    with inside.read() as work, pytest.raises(SessionOver):
        page(work, inside.assembly.view("fenbu.operators"))


def test_logout_ends_one_session_and_everywhere_all(office: Kernel, enter: Enter) -> None:
    first, second, third = (office.login("ann", SECRET).token for _turn in range(3))
    enter(first).perform("fenbu.operator.logout")
    with pytest.raises(SessionOver):
        enter(first)

    enter(second).perform("fenbu.operator.logout", {"everywhere": True})
    with pytest.raises(SessionOver):
        enter(third)


def test_who_is_disabled_has_no_session_any_more_and_opens_none(office: Kernel, enter: Enter) -> None:
    token = office.login("ann", SECRET).token
    office.perform("fenbu.operator.disable", {"operator": "ann"})

    with pytest.raises(SessionOver):
        enter(token)
    with pytest.raises(LoginRefused):
        office.login("ann", SECRET)

    office.perform("fenbu.operator.enable", {"operator": "ann"})
    with pytest.raises(SessionOver):
        enter(token)
    assert office.login("ann", SECRET).operator == "ann"


def test_a_token_that_nobody_was_given_opens_nothing(office: Kernel, enter: Enter) -> None:
    with pytest.raises(SessionOver, match="the session has ended"):
        enter(secrets.new_token())


@pytest.mark.parametrize("lasts", [timedelta(0), timedelta(days=400)])
def test_a_session_lasts_a_sensible_time(office: Kernel, lasts: timedelta) -> None:
    with pytest.raises(InputInvalid, match="a session lasts"):
        office.login("ann", SECRET, lasts)
