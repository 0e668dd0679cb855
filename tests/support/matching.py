"""Which requests to the embedded API a fault applies to."""

from exporter.simulator import Request


def of_backups(request: Request) -> bool:
    """Match requests for backups, and not those for the list of instances that runs beside."""
    return request.path == "/v1/database-backups"
