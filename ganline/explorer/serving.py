"""How our pages are served: on this machine alone unless asked otherwise, to their own origin."""

import socket
from collections.abc import Awaitable, Callable
from typing import Any

from nicegui import app, ui
from starlette.requests import Request
from starlette.responses import Response

from ganline.core.errors import UserError
from ganline.explorer.own_pages import OwnPages, loopback

LOOPBACK = ("127.0.0.1", "localhost", "::1")
POLICY = (
    "default-src 'none'; connect-src 'self'; font-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; "
    "script-src 'self' 'unsafe-inline' 'unsafe-eval'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""What a page may load: its own files and nothing else. NiceGUI 3.18 builds it with inline scripts, compiled here."""


def serve(
    page: Callable[[], Any], title: str, favicon: str, host: str, port: int, browser: bool, ready: Callable[[str], None]
) -> None:
    """Serve a page until interrupted.

    Args:
        page: builds one, for each person that opens it.
        title: of the browser's window.
        favicon: an emoji.
        host: address to listen on. Another than 127.0.0.1 lets other machines in.
        port: 0 for any that is free.
        browser: whether to open the page in the person's browser.
        ready: is told the page's address before it is served.

    Raises:
        UserError: the address or the port cannot be had.
    """
    port = free_port(host, port)
    app.middleware("http")(_with_policy)
    app.add_middleware(OwnPages, hosts=loopback(port) if host in LOOPBACK else ())
    ready(f"http://{host}:{port}")
    ui.run(
        page,
        host=host,
        port=port,
        title=title,
        favicon=favicon,
        show=browser,
        reload=False,
        show_welcome_message=False,
    )


async def _with_policy(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    response = await call_next(request)
    response.headers["Content-Security-Policy"] = POLICY
    return response


def free_port(host: str, port: int) -> int:
    """Return a port that can be listened on: the one given, or with 0 any.

    Raises:
        UserError: it cannot be had, or the host is "", which would be every address.
    """
    if not host:
        raise UserError(
            "--host is empty, which would let all other machines in: 127.0.0.1 is this machine's own address"
        )
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise UserError(f"cannot listen on {host}, port {port}: {error.strerror}") from None
        return probe.getsockname()[1]
