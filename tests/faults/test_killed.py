"""Killed before and after every commit, and at any moment, a story ends as if nobody had died.

An undisturbed life is lived first: what it came to is what every other must come to, and its commits are the places
to die. A death is followed by a life that begins with nothing but the database and what lies beside it.
"""

from __future__ import annotations

import difflib
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fenbu.testing.databases import Databases, DatabaseServer, Kind
from tests.faults import killing
from tests.faults.conftest import Tally
from tests.faults.killing import Ended, Kill
from tests.faults.office import Place
from tests.faults.stories import STORIES, Story, came_to, lived

LONGEST = 200
"""Lives after which a story that is killed at every commit should have ended."""
MOMENTS = {"sqlite": 120, "postgresql": 80}
"""Deaths at moments of chance, for each story."""

told = pytest.mark.parametrize("story", STORIES.values(), ids=str)


class Grounds:
    """Copies of the database in which a story begins, one after another in the same folder."""

    def __init__(self, server: DatabaseServer, story: Story, folder: Path) -> None:
        self._server, self._story, self._folder = server, story, folder

    @contextmanager
    def fresh(self) -> Iterator[Place]:
        template = f"{self._story} in {self._folder}"
        url = self._server.copy(template, lambda url: self._story.build(Place(url, self._folder)))
        place = Place(url, self._folder)
        place.clear()
        try:
            yield place
        finally:
            self._server.drop(url)

    def undisturbed(self) -> tuple[Ended, str]:
        """Live without a death; return what there was to die at, and what it came to."""
        with self.fresh() as place:
            life = killing.ended(lived, self._story.name, place, time.time(), 0)
            return life, killing.ended(came_to, self._story.name, place, time.time(), 0).answer

    def killed(self, kills: Iterable[Kill]) -> tuple[str, int]:
        """Die as told, one life after another, then live to the end; return what it came to and the deaths."""
        began, died = time.time(), 0
        with self.fresh() as place:
            for kill in kills:
                if not killing.killed(lived, self._story.name, place, began, died, kill=kill):
                    break
                died += 1
            return killing.ended(came_to, self._story.name, place, began, died).answer, died


@pytest.fixture
def grounds(story: Story, databases: Databases, database_kind: Kind, tmp_path: Path) -> Grounds:
    return Grounds(databases.server(database_kind), story, tmp_path)


def difference(calm: str, came: str, where: object) -> str:
    lines = difflib.unified_diff(calm.splitlines(), came.splitlines(), "undisturbed", f"killed {where}", n=0)
    return "\n".join(list(lines)[:40])


def again_and_again(kill: Kill) -> Iterator[Kill]:
    """Yield the same death for each life."""
    yield from [kill] * LONGEST
    pytest.fail(f"{LONGEST} lives did not end it")


def each_alone(grounds: Grounds, calm: str, kills: Iterable[Kill]) -> int:
    """Die once in a life of its own, for each; return the deaths."""
    total = 0
    for kill in kills:
        came, died = grounds.killed([kill])
        assert difference(calm, came, kill) == ""
        total += died
    return total


@told
@pytest.mark.timeout(240)
def test_a_story_that_dies_after_its_second_commit_again_and_again_ends_the_same(
    grounds: Grounds, story: Story, tally: Tally
) -> None:
    life, calm = grounds.undisturbed()
    came, died = grounds.killed(again_and_again(Kill(commit=2 + story.opening, after=True)))
    assert difference(calm, came, "again and again") == ""
    assert died >= life.commits // 5
    tally(died)


@told
@pytest.mark.proof
@pytest.mark.timeout(3600)
def test_before_and_after_every_commit_a_story_may_die(grounds: Grounds, story: Story, tally: Tally) -> None:
    life, calm = grounds.undisturbed()
    died = each_alone(grounds, calm, killing.commits(life.commits))
    assert died >= 2 * life.commits - 4  # a busy machine may have put more into one commit
    for kill in (Kill(commit=2 + story.opening), Kill(commit=1 + story.opening, after=True)):
        came, more = grounds.killed(again_and_again(kill))
        assert difference(calm, came, f"again and again {kill}") == ""
        died += more
    tally(died)


@told
@pytest.mark.proof
@pytest.mark.timeout(3600)
def test_at_any_moment_a_story_may_die(grounds: Grounds, tally: Tally, database_kind: Kind) -> None:
    (life, calm), count = grounds.undisturbed(), MOMENTS[database_kind]
    died = each_alone(grounds, calm, killing.moments(20261122, count, life.statements))
    assert died >= count * 0.8
    tally(died)


@pytest.mark.proof
@pytest.mark.timeout(3600)
@pytest.mark.databases("postgresql")
@told
def test_the_connection_may_be_cut_before_any_statement_and_nothing_is_counted_against_an_event(
    grounds: Grounds,
) -> None:
    life, calm = grounds.undisturbed()
    each_alone(grounds, calm, killing.cuts(life.statements, step=7))
