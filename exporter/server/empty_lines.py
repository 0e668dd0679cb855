"""Empty lines before a request, which a server should ignore: RFC 9112, section 2.2."""

from typing import Final

import h11

LINE_ENDS: Final = b"\r\n"


def skip_empty_lines(connection: h11.Connection) -> None:
    """Drop the empty lines that h11 has received before a request: it would refuse the request."""
    received = connection.trailing_data[0]
    empty = len(received) - len(received.lstrip(LINE_ENDS))
    if empty and connection.their_state is h11.IDLE:
        connection._receive_buffer.maybe_extract_at_most(empty)  # noqa: SLF001 - there is no public way
