"""Which web pages may talk to a server of ours: its own, and no other page that the person's browser has open."""

from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketClose


def loopback(port: int) -> frozenset[str]:
    """Return the names, with port, by which a server on this machine's loopback is called."""
    return frozenset(f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]"))


class OwnPages:
    """A layer around an ASGI application that answers 403 to what pages of others ask for.

    A browser names the page that asks in `Origin`, with every request that can change something and every websocket;
    programs do not, and pass. CORS alone is no such check: a server that knows it only keeps the answer from the page,
    after it has done what was asked, and a websocket knows no CORS.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str] = ()) -> None:
        """Wrap an application.

        Args:
            app: what is asked when nothing speaks against it.
            hosts: what `Host` may be, with port, in lower case: a page elsewhere whose name was made to lead here says
                its own. Empty for a server that anyone may reach by any name.
        """
        self._app, self._hosts = app, hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See the ASGI specification."""
        refusal = self._refusal(Headers(scope=scope)) if scope["type"] in ("http", "websocket") else ""
        if not refusal:
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await PlainTextResponse(refusal, 403)(scope, receive, send)
        else:
            await WebSocketClose(1008, refusal)(scope, receive, send)

    def _refusal(self, headers: Headers) -> str:
        """Return what speaks against a request; "" for nothing."""
        host, origin = headers.get("host", "").lower(), headers.get("origin", "").lower()
        if self._hosts and host not in self._hosts:
            return f"this server is not called {host!r}, but {' or '.join(sorted(self._hosts))}"
        # Two names of one server are one page: its own address may stand in a page under either.
        if origin and _place(origin) not in {host, *self._hosts}:
            return f"a page of {origin} may not ask this server"
        return ""


def _place(origin: str) -> str | None:
    """Return the name and port that an origin has; None for what is no address, such as "http://[oops"."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return None
