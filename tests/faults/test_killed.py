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
from tests.faults.stories import STORIES, Story, lived

LONGEST = 200
"""Lives after which a story that is killed at every commit should have ended."""
MOMENTS = {"sqlite": 150, "postgresql": 100}
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

    def undisturbed(self) -> Ended:
        with self.fresh() as place:
            return killing.ended(lived, self._story.name, place, time.time(), 0)

    def killed(self, kills: Iterable[Kill]) -> tuple[str, int]:
        """Die as told, one life after another, then live to the end; return what it came to and the deaths."""
        began, died = time.time(), 0
        with self.fresh() as place:
            for kill in kills:
                if not killing.killed(lived, self._story.name, place, began, died, kill=kill):
                    break
                died += 1
            return killing.ended(lived, self._story.name, place, began, died).answer, died


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


def each_alone(grounds: Grounds, calm: Ended, kills: Iterable[Kill]) -> int:
    """Die once in a life of its own, for each; return the deaths."""
    total = 0
    for kill in kills:
        came, died = grounds.killed([kill])
        assert difference(calm.answer, came, kill) == ""
        total += died
    return total


@told
@pytest.mark.timeout(240)
def test_a_story_that_dies_after_its_second_commit_again_and_again_ends_the_same(
    grounds: Grounds, story: Story, tally: Tally
) -> None:
    calm = grounds.undisturbed()
    came, died = grounds.killed(again_and_again(Kill(commit=2 + story.opening, after=True)))
    assert difference(calm.answer, came, "again and again") == ""
    assert died >= calm.commits // 4
    tally(died)


@told
@pytest.mark.proof
@pytest.mark.timeout(3600)
def test_before_and_after_every_commit_a_story_may_die(grounds: Grounds, story: Story, tally: Tally) -> None:
    calm = grounds.undisturbed()
    died = each_alone(grounds, calm, killing.commits(calm.commits))
    assert died >= 2 * calm.commits - 4  # a busy machine may have put more into one commit
    for kill in (Kill(commit=2 + story.opening), Kill(commit=1 + story.opening, after=True)):
        came, more = grounds.killed(again_and_again(kill))
        assert difference(calm.answer, came, f"again and again {kill}") == ""
        died += more
    tally(died)


@told
@pytest.mark.proof
@pytest.mark.timeout(3600)
def test_at_any_moment_a_story_may_die(grounds: Grounds, tally: Tally, database_kind: Kind) -> None:
    calm, count = grounds.undisturbed(), MOMENTS[database_kind]
    died = each_alone(grounds, calm, killing.moments(20261122, count, calm.statements))
    assert died >= count * 0.8
    tally(died)
