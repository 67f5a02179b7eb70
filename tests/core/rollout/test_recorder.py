"""The recorder of a rehearsal: calls are written down and answered, and nothing goes out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from fenbu.calls import CallDone
from fenbu.engine.kernel import Kernel
from fenbu.engine.recorder import Recorder
from fenbu.errors import Permanent
from fenbu.settings import reveal, secrets_withheld
from fenbu.testing.dummies import DummyModule, DummyModules
from fenbu.testing.enterprises import OWNER, Enterprises

FLOWS = """
import socket
from pathlib import Path
from fenbu import CallDone
from fenbu.inputs import Input
from fenbu.settings import reveal


class Send(Input):
    letter: str


def send_card(work, wanted):
    work.call("post.card", subject=wanted.letter, key=wanted.letter, payload={"to": "Hull"})
    work.call("post.parcel", subject=wanted.letter, key=wanted.letter, payload={"to": "Hull"})
    return {}


def go_out(request):
    Path(reveal(request.settings.token)).write_text("sent")
    return CallDone({})


def might(request):
    return CallDone({"stamp": f"{request.subject} to {request.payload['to']}"})


def peek(request):
    return CallDone({"stamp": reveal(request.settings.token)})


def dial(request):
    socket.create_connection(("127.0.0.1", 9))


def record(work, request, outcome):
    pass
"""
CALL = "send='fenbu_post.flows:go_out', record='fenbu_post.flows:record'"


def post(rehearse: str) -> DummyModule:
    calls = f"(Call(operation='post.card', {CALL}, {rehearse}), Call(operation='post.parcel', {CALL}))"
    told = "title='Send', input='fenbu_post.flows:Send', run='fenbu_post.flows:send_card'"
    action = f"(Action(name='post.card.send', {told}),)"
    return DummyModule(
        name="post", settings='token: Secret = ""', flows=FLOWS, manifest={"calls": calls, "actions": action}
    )


@contextmanager
def copy_of(kernel: Kernel, recorder: Recorder | None) -> Iterator[Kernel]:
    made = kernel.database.scratch("a rehearsal")
    try:
        with Kernel.open(made.url, actor=OWNER, recorder=recorder) as copied:
            yield copied
    finally:
        made.remove()


def states(kernel: Kernel) -> dict[str, str]:
    with kernel.read() as work:
        rows = work.connection.execute(text("SELECT operation, state FROM fenbu_call"))
        return {row.operation: row.state for row in rows}


@pytest.fixture
def token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a call that goes out leaves its trace; known by a secret alone."""
    monkeypatch.setenv("POST_TOKEN", str(tmp_path / "sent"))
    return tmp_path / "sent"


@pytest.fixture
def office(enterprise: Enterprises, dummy_modules: DummyModules, token: Path, postgres_tools: None) -> Kernel:
    """A post office with a card and a parcel to send."""
    dummy_modules.install(post("rehearse='fenbu_post.flows:might'"))
    kernel = enterprise("post", settings={"post": {"token": "env:POST_TOKEN"}})
    kernel.perform("post.card.send", {"letter": "L-1"})
    return kernel


def test_calls_are_answered_as_their_module_says_and_others_stay_open(office: Kernel, token: Path) -> None:
    recorder = Recorder()

    with copy_of(office, recorder) as copied:
        assert copied.drain(timeout=20).finished
        assert states(copied) == {"post.card": "done", "post.parcel": "new"}

    (made,) = recorder.calls
    assert (made.module, made.request.operation, made.request.payload) == (
        "post",
        "post.card",
        {"to": "Hull"},
    )
    assert made.answer == CallDone({"stamp": "L-1 to Hull"})
    assert states(office) == {"post.card": "new", "post.parcel": "new"}, "the original waits as before"
    assert not token.exists(), "nothing was sent"


def test_without_a_recorder_no_call_leaves_a_copy(office: Kernel, token: Path) -> None:
    with copy_of(office, None) as copied:
        assert copied.drain(timeout=20).finished
        assert states(copied) == {"post.card": "new", "post.parcel": "new"}
    assert not token.exists()


def test_a_recorder_answers_no_call_of_an_enterprise_that_is_no_copy(office: Kernel, token: Path) -> None:
    recorder = Recorder()

    with Kernel.open(office.database.url, actor=OWNER, recorder=recorder) as mistaken:
        mistaken.drain(timeout=20)

    assert recorder.calls == []
    assert states(office) == {"post.card": "new", "post.parcel": "new"}
    assert office.drain(timeout=20).finished
    assert token.read_text() == "sent", "the outside is asked by the enterprise itself"


@pytest.mark.parametrize(
    ("rehearse", "told"),
    [("peek", "env:POST_TOKEN is not resolved on a copy"), ("dial", "post tried to reach 127.0.0.1")],
)
def test_a_module_that_reaches_out_all_the_same_is_refused(
    rehearse: str,
    told: str,
    enterprise: Enterprises,
    dummy_modules: DummyModules,
    token: Path,
    postgres_tools: None,
) -> None:
    dummy_modules.install(post(f"rehearse='fenbu_post.flows:{rehearse}', attempts=1"))
    kernel = enterprise("post", settings={"post": {"token": "env:POST_TOKEN"}})
    kernel.perform("post.card.send", {"letter": "L-1"})

    with secrets_withheld(), copy_of(kernel, Recorder()) as copied:
        assert copied.drain(timeout=20).finished
        with copied.read() as work:
            rows = work.connection.execute(
                text("SELECT state, error FROM fenbu_call WHERE attempts > 0")
            ).all()

    assert [row.state for row in rows] == ["dead"]
    assert told in rows[0].error
    assert str(token) not in rows[0].error


def test_secrets_are_withheld_only_while_something_is_tried(token: Path) -> None:
    with secrets_withheld(), pytest.raises(Permanent, match="env:POST_TOKEN is not resolved on a copy"):
        reveal("env:POST_TOKEN")
    assert reveal("env:POST_TOKEN") == str(token)
