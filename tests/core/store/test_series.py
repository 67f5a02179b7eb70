"""Invoice numbers have no gaps and no doubles."""

import threading

import pytest

from fenbu.engine.store.database import Database
from fenbu.engine.store.series import next_number


def take(database: Database, series: str = "invoice") -> int:
    with database.write() as connection:
        return next_number(connection, series)


def test_a_series_begins_with_one_and_each_has_its_own(database: Database) -> None:
    assert [take(database), take(database), take(database, "credit"), take(database)] == [1, 2, 1, 3]


def test_a_number_whose_work_failed_is_used_by_the_next(database: Database) -> None:
    take(database)
    with pytest.raises(ZeroDivisionError), database.write() as connection:
        assert next_number(connection, "invoice") == 2
        _ = 1 // 0
    assert take(database) == 2


def test_many_at_once_leave_no_gap_and_no_double(database: Database) -> None:
    taken: list[int] = []

    def some() -> None:
        for turn in range(12):
            try:
                with database.write() as connection:
                    number = next_number(connection, "invoice")
                    if turn % 3 == 2:
                        raise ZeroDivisionError
                taken.append(number)
            except ZeroDivisionError:
                pass

    threads = [threading.Thread(target=some) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(taken) == list(range(1, 6 * 8 + 1))
