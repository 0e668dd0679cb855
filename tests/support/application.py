"""An ASGI application that runs on a real socket, and requests to it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import requests
import uvicorn
from starlette.applications import Starlette

from exporter.server.run import listen, port_of


@contextmanager
def running(app: Starlette) -> Iterator[str]:
    """Serve on a free port until the end of the block; yield the URL."""
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off"))
    with listen("127.0.0.1:0") as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{port_of(listener)}"
        finally:
            server.should_exit = True
            thread.join()


def get(url: str, **headers: str | None) -> requests.Response:
    """Send a GET request without following redirects; a header of `None` is not sent."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return requests.get(url, headers=named, timeout=10, allow_redirects=False)
