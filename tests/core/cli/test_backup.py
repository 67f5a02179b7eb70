"""``fenbu backup``: a copy that can be looked at, and sends nothing until somebody says so."""

from __future__ import annotations

from pathlib import Path

from fenbu.engine.kernel import Kernel
from tests.core.cli.running import Fenbu


def test_a_backup_is_a_whole_copy_that_sends_nothing_until_it_is_released(
    fenbu: Fenbu, kiosk_url: str, tmp_path: Path
) -> None:
    fenbu("do", "kiosk.sale.post", "--number", "K-1")
    file = tmp_path / "backup.db"
    made = fenbu("backup", str(file))
    if kiosk_url.startswith("postgresql"):
        assert made.code == 1
        assert f"pg_dump --format=custom --file={file}" in made.err
        return
    assert made.code == 0, made.err
    with Kernel.open(str(file)) as copy:
        assert str(copy.assembly.copy_of).startswith("Kiosk, backup of ")
        copy.drain()
        assert _states(copy) == ["new"]
        released = copy.perform("fenbu.copy.release", {"reason": "the disk is gone"}).answer
        assert released["calls"] == 1
        assert copy.assembly.copy_of is None
        copy.drain()
        assert _states(copy) != ["new"]


def test_a_backup_does_not_replace_a_file_and_an_original_is_not_released(
    fenbu: Fenbu, kiosk_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "precious.txt"
    file.write_text("precious", encoding="utf-8")
    assert fenbu("backup", str(file)).code == 1
    assert file.read_text(encoding="utf-8") == "precious"
    assert "calls leave it already" in fenbu("do", "fenbu.copy.release", "--reason", "why", "-y").err


def _states(kernel: Kernel) -> list[str]:
    with kernel.database.read() as connection:
        return [str(row[0]) for row in connection.exec_driver_sql("SELECT state FROM fenbu_call")]
