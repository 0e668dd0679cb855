"""Strategies for values of HTTP headers that no parser should trust."""

from typing import Final

from hypothesis import strategies as st

RATE_HEADER_NAMES: Final = (
    "Date",
    "Retry-After",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
)

_DIGITS = st.text("0123456789", min_size=1, max_size=6000)
HEADER_VALUES: Final = st.one_of(
    st.integers(15, 5000).map("9".__mul__),
    _DIGITS,
    _DIGITS.map("-{}".format),
    st.text(max_size=40),
    st.floats().map(str),
    st.integers().map(str),
    st.integers(min_value=10**300, max_value=10**320).map(str),
    st.builds("Fri, 01 Jan {} {}:00:00 {}".format, _DIGITS, st.integers(-1, 99), st.text("+-0123456789GMT")),
    st.sampled_from(
        [
            "²",
            "-" * 10,
            "1e400",
            "0x10",
            "1_0",
            " 5 ",
            "inf",
            "nan",
            "Mon, 01 Jan 99999999999999999999 00:00:00 GMT",
            "Mon, 01 Jan 0001 00:00:00 +2359",
            "Mon, 01 Jan 9999 23:59:59 -2359",
            "Fri, 31 Dec 9999 23:59:59 -0000",
            "Mon, 01 Jan 2026 00:00:00 +99999999999999999999",
            "01 Jan",
            ",",
        ]
    ),
)
