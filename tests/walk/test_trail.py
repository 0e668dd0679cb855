"""The markers that a walk has used, and the records it can go back to."""

from exporter.records import Malformed
from exporter.walk.trail import Place, Trail
from tests.support.lists import page


def test_a_page_is_continued_from_its_own_marker() -> None:
    """The marker is the id of its last record, if that record has a usable id."""
    assert Trail().unused_marker(page(3, 2)) == "2"


def test_a_used_marker_is_replaced_by_the_next_one_of_the_page() -> None:
    """First to the page's other markers, then to its records from the last one on."""
    trail = Trail()
    last_page = page(4, 3, 2, markers=("2", "linked"))
    markers = []
    while marker := trail.unused_marker(last_page):
        markers.append(marker)
        trail.use(marker)

    assert markers == ["2", "linked", "3", "4"]


def test_the_fallback_of_a_marker_is_the_record_before_it() -> None:
    """It may be on an earlier page."""
    trail = Trail()
    trail.extend(page(5, 4))
    trail.use("4")
    trail.extend(page(3))
    trail.use("3")

    assert [place.marker for place in trail.fallbacks] == ["4", "5"]


def test_the_fallback_of_the_first_record_is_the_head() -> None:
    """Nothing is before it."""
    trail = Trail()
    trail.extend(page(5))
    trail.use("5")

    assert trail.fallbacks == (Place(None, 0),)


def test_three_fallbacks_are_kept() -> None:
    """Those of the newest markers."""
    trail = Trail()
    for number in range(9, 0, -1):
        trail.extend(page(number))
        trail.use(str(number))

    assert [place.marker for place in trail.fallbacks] == ["2", "3", "4"]
    assert repr(trail) == "Trail(used=9, fallbacks=('2', '3', '4'))"


def test_a_place_knows_the_malformed_records_before_it() -> None:
    """Those of earlier pages too."""
    trail = Trail()
    trail.extend(page(5, 4, malformed=(Malformed(2, "bad"),)), 3)
    trail.use("4", 4)
    trail.extend(page(3), 4)
    trail.use("3", 4)

    assert trail.fallbacks == (Place("4", 4), Place("5", 3))
