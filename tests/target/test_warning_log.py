"""The log of data warnings."""

import structlog
from structlog.testing import capture_logs

from exporter.results import DataWarning
from exporter.target.warning_log import WarningLog


def test_a_warning_is_logged_when_it_appears_and_when_it_is_gone() -> None:
    """A lasting warning is not logged again, even if its numbers change."""
    log = WarningLog(structlog.get_logger())
    with capture_logs() as lines:
        log.update([DataWarning("malformed", "1 malformed record"), DataWarning("future", "2 backups")])
        log.update([DataWarning("malformed", "5 malformed records"), DataWarning("future", "2 backups")])
        log.update([DataWarning("future", "2 backups")])
        log.update([DataWarning("malformed", "1 malformed record"), DataWarning("future", "2 backups")])

    assert [(line["log_level"], line["event"], line["data_warning"]) for line in lines] == [
        ("warning", "1 malformed record", "malformed"),
        ("warning", "2 backups", "future"),
        ("info", "data warning resolved", "malformed"),
        ("warning", "1 malformed record", "malformed"),
    ]
    assert repr(log) == "WarningLog(['future', 'malformed'])"
