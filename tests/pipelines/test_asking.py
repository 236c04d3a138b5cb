"""Flow runs that a flow asks for: what becomes of the others when one is deleted, or the server is away."""

import httpx
import pytest
from prefect.exceptions import ObjectNotFound
from prefect.states import Completed, Crashed, Running

from pipelines import asking
from pipelines.asking import Request

THREE = [Request("train/train", name, {}) for name in ("a", "b", "c")]


class Server:
    """Answers looks at flow runs by what is scripted for each: states, or errors; the last one stays."""

    def __init__(self, script, away=None):
        self.script, self.away, self.cancelled, self.submitted = script, away or {}, [], []

    def submit(self, request, key=None):
        """Take a request, unless the server is away then; the number of the request stands for the flow run."""
        self.submitted.append((request.name, key))
        if error := self.away.get(len(self.submitted)):
            raise error
        return "abc".index(request.name)

    def read_flow_run(self, id):
        """Return something with a state."""
        answers = self.script[id]
        state = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(state, BaseException):
            raise state
        return type("FlowRun", (), {"state": state})

    def set_flow_run_state(self, id, state):
        """Cancel one; the first cannot be."""
        if id == 0:
            raise httpx.ConnectError("refused")
        self.cancelled.append(id)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


@pytest.fixture
def ask(monkeypatch):
    """Return a function that asks a scripted server for THREE."""

    class Log:
        warning = info = lambda self, line: None

    def asked(server):
        monkeypatch.setattr(asking, "POLL", 0)
        monkeypatch.setattr(asking, "get_run_logger", Log)
        monkeypatch.setattr(asking, "get_client", lambda sync_client: server)
        monkeypatch.setattr(asking, "_submit", server.submit)
        return asking.ask(THREE)

    return asked


def test_a_flow_run_that_is_deleted_is_at_its_end_and_the_others_go_on(ask):
    deleted, done = ObjectNotFound(Exception()), Completed()
    server = Server({0: [deleted], 1: [Running(), done], 2: [Running(), Running(), done]})
    answers = ask(server)
    assert [answer.state.is_completed() for answer in answers] == [False, True, True]
    assert answers[0].state.is_cancelled() and "deleted" in answers[0].state.message and server.cancelled == []


BUSY = httpx.HTTPStatusError("503", request=httpx.Request("POST", "http://x"), response=httpx.Response(503))


@pytest.mark.parametrize("error", [httpx.ConnectError("refused"), httpx.ReadTimeout("no answer"), BUSY])
def test_a_crash_while_the_server_is_away_is_asked_for_again_later_as_the_same(ask, error):
    server = Server({0: [Crashed(), Crashed(), Completed()], 1: [Completed()], 2: [Completed()]}, away={4: error})
    assert all(answer.state.is_completed() for answer in ask(server))
    assert server.submitted[:3] == [("a", None), ("b", None), ("c", None)] and server.cancelled == []
    assert server.submitted[3:] == [("a", "0 again")] * 2


def test_a_request_that_is_refused_is_not_made_for_ever(ask):
    refused = httpx.HTTPStatusError("422", request=BUSY.request, response=httpx.Response(422))
    with pytest.raises(httpx.HTTPStatusError, match="422"):
        ask(server := Server({0: [Crashed()], 1: [Running()], 2: [Running()]}, away={4: refused}))
    assert len(server.submitted) == 4 and server.cancelled == [1, 2]


def test_one_that_cannot_be_cancelled_keeps_no_other_from_it(ask):
    with pytest.raises(KeyboardInterrupt):
        ask(server := Server({0: [Running()], 1: [Running()], 2: [KeyboardInterrupt()]}))
    assert server.cancelled == [1, 2]
