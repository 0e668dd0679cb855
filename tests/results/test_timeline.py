"""The backups of one database in the order of their creation, packed."""

from itertools import islice

from hypothesis import given
from hypothesis import strategies as st

from exporter.results import Attempt, Outcome, TimeLine, Track
from tests.support.builders import NOON

NOW = NOON.timestamp()
MOMENTS = st.floats(0, 4).map(round)
TRACKS = st.lists(st.lists(st.tuples(MOMENTS, st.sampled_from(Outcome)), max_size=8).map(sorted), max_size=3)


def packed(tracks: list[list[tuple[int, Outcome]]]) -> TimeLine:
    """Return a time line; each attempt takes as long as its place in its track."""
    return TimeLine(
        tuple(
            Track.of(
                [moment for moment, _ in track],
                [float(place) for place in range(len(track))],
                [outcome for _, outcome in track],
            )
            for track in tracks
        )
    )


@given(TRACKS)
def test_newest_first_is_the_reverse(tracks: list[list[tuple[int, Outcome]]]) -> None:
    """Attempts of the same time are reversed too."""
    line = packed(tracks)

    assert list(line.newest_first()) == list(line)[::-1]


def test_a_long_time_line_is_read_only_as_far_as_needed() -> None:
    """An outcome that cannot be read is behind those that are asked for."""
    unreadable = bytes([255]) * 1000 + bytes([Outcome.FULL, Outcome.FAILED])
    line = TimeLine((Track.of([NOW + place for place in range(1002)], [], unreadable),))

    assert list(islice(line.newest_first(), 2)) == [
        Attempt(NOW + 1001, Outcome.FAILED),
        Attempt(NOW + 1000, Outcome.FULL),
    ]
