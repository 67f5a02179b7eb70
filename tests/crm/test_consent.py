"""Consent: the newest word counts, and every word is kept."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fenbu.errors import NotFound, Refused, TransitionRefused
from fenbu.testing.clock import Clock
from fenbu.testing.enterprises import Enterprises
from fenbu_crm.errors import SaidLater
from tests.crm.bureau import ACME, Bureau, columns


def say(
    bureau: Bureau, verb: str, purpose: str = "newsletter", at: datetime | None = None, **more: str
) -> str:
    said = {} if at is None else {"said_at": at}
    values = {"customer": ACME, "purpose": purpose, "source": "form", **more}
    return str(bureau.crm(f"consent.{verb}", **values, **said)["state"])


def test_what_was_said_last_counts_and_what_was_said_before_is_kept(bureau: Bureau) -> None:
    bureau.customer()
    say(bureau, "give", source="web form")
    say(bureau, "give", "phone")
    say(bureau, "withdraw", source="call to Ann")
    assert columns(bureau.look("consents"), "purpose", "state", "source") == [
        ("newsletter", "withdrawn", "call to Ann"),
        ("phone", "given", "form"),
    ]
    assert columns(bureau.look("consent-entries", purpose="newsletter"), "state", "source", "noted_by") == [
        ("withdrawn", "call to Ann", "ada"),
        ("given", "web form", "ada"),
    ]
    say(bureau, "give")
    assert bureau.look("consents", purpose="newsletter")[0]["state"] == "given"
    assert [topic for topic, _ in bureau.story(ACME)].count("crm.consent-changed") == 4
    assert bureau.ill() == {}


def test_a_letter_that_is_entered_late_counts_from_the_day_it_was_written(bureau: Bureau) -> None:
    bureau.customer()
    written = bureau.clock.now - timedelta(days=3)
    say(bureau, "give", at=written)
    assert bureau.look("consents")[0]["said_at"] == written
    with pytest.raises(SaidLater):
        say(bureau, "withdraw", at=written - timedelta(days=1))
    assert bureau.look("consents")[0]["state"] == "given"


def test_what_was_said_cannot_be_unsaid_behind_the_rules(bureau: Bureau) -> None:
    bureau.customer()
    say(bureau, "give")
    for statement in ("UPDATE crm_consent_entry SET state = 'withdrawn'", "DELETE FROM crm_consent_entry"):
        with pytest.raises(Exception, match="cannot be"):
            bureau.tamper(statement)
    bureau.tamper("UPDATE crm_consent SET state = 'withdrawn'")
    assert "crm.consent_is_what_was_said_last" in bureau.ill()


@pytest.mark.databases("sqlite")
def test_any_row_of_words_leaves_the_state_of_the_newest(enterprise: Enterprises, clock: Clock) -> None:
    """Words about two purposes, said now or some minutes ago, in any order; those that make no sense change nothing."""
    bureau = Bureau(enterprise("crm"), clock)
    words = st.lists(
        st.tuples(
            st.sampled_from(["give", "withdraw"]),
            st.sampled_from(["newsletter", "phone"]),
            st.integers(min_value=0, max_value=3),
        ),
        max_size=8,
    )

    @settings(
        max_examples=25,
        deadline=None,
        derandomize=True,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(words)
    def check(spoken: list[tuple[str, str, int]]) -> None:
        customer = bureau.customer()
        model: dict[str, tuple[str, datetime]] = {}
        for verb, purpose, ago in spoken:
            at = bureau.clock.now - timedelta(minutes=ago)
            state, newest = model.get(purpose, ("", None))
            fits = (newest is None or newest <= at) and (verb == "give" or state == "given")
            try:
                say(bureau, verb, purpose, at, customer=customer)
            except (SaidLater, TransitionRefused, NotFound) as refused:
                assert not fits, refused
            else:
                assert fits, (verb, purpose, ago, model)
                model[purpose] = ("given" if verb == "give" else "withdrawn", at)
        rows = bureau.look("consents", customer=customer)
        assert {row["purpose"]: (row["state"], row["said_at"]) for row in rows} == model

    check()
    assert bureau.ill() == {}


def test_who_gives_no_name_cannot_consent(shop: Bureau) -> None:
    with pytest.raises(Refused, match="stands for everybody who gives no name"):
        say(shop, "give", customer="CA-WALK-IN")
