import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from ganline.explorer.own_pages import OwnPages


@pytest.mark.parametrize(
    ("origin", "status"),
    [("http://127.0.0.1:5000", 200), ("", 200), ("http://elsewhere.example", 403), ("null", 403),
     ("http://[oops", 403), ("http://[::1", 403)],
)  # fmt: skip
def test_an_origin_that_is_no_address_is_a_page_of_others(origin, status):
    app = Starlette(routes=[Route("/", lambda request: PlainTextResponse("done"))])
    client = TestClient(OwnPages(app, ["127.0.0.1:5000"]), base_url="http://127.0.0.1:5000")
    assert client.get("/", headers={"origin": origin}).status_code == status
