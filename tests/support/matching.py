"""Which requests to the embedded API a fault applies to."""

from exporter.simulator import Request


def of_backups(request: Request) -> bool:
    """Match requests for backups, not the concurrent ones for instances."""
    return request.path == "/v1/database-backups"
