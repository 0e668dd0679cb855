"""Situations by topic, as tables: each is run by `tests/alerts/test_situations.py`."""

from typing import Final

from tests.alerts.situations.compliance import COMPLIANCE
from tests.alerts.situations.objectives import OBJECTIVES
from tests.alerts.situations.outages import OUTAGES
from tests.alerts.situations.past import PAST
from tests.alerts.situations.targets import TARGETS
from tests.alerts.situations.walks import WALKS
from tests.support.situation import Situation

SITUATIONS: Final[tuple[Situation, ...]] = (*OBJECTIVES, *OUTAGES, *TARGETS, *WALKS, *PAST, *COMPLIANCE)
