"""Tests for the verification of passwords."""

import asyncio
import base64
import threading
from collections import Counter
from collections.abc import Mapping
from typing import Final

import bcrypt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.fair_slots import FairSlots
from exporter.server.passwords import (
    CACHED,
    LONGEST,
    LoginCache,
    PasswordVerifier,
    TooManyLoginsError,
    login_digest,
    parse_basic,
)
from tests.support.web_config import ALICE, SALT

BOB: Final = bcrypt.hashpw(b"a" * LONGEST, SALT)
HASHES: Final = {b"alice": ALICE, b"bob": BOB}


def basic(user: bytes, password: bytes) -> str:
    """Return an `Authorization` header."""
    return "Basic " + base64.b64encode(user + b":" + password).decode()


class Counting:
    """bcrypt that counts its calls, in total and at the same time."""

    def __init__(self) -> None:
        self.calls: Counter[tuple[bytes, bytes]] = Counter()
        self.threads: set[int] = set()
        self.at_once = self.most_at_once = 0

    def __call__(self, password: bytes, hashed: bytes) -> bool:
        """Check as bcrypt does."""
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.threads.add(threading.get_ident())
        self.calls[password, hashed] += 1
        matches = bcrypt.checkpw(password, hashed)
        self.at_once -= 1
        return matches


def verify(
    *headers: str, hashes: Mapping[bytes, bytes] = HASHES, verifier: PasswordVerifier | None = None
) -> list[bool]:
    """Verify headers one after the other."""

    async def check() -> list[bool]:
        used = verifier or PasswordVerifier()
        return [await used.verify(hashes, header) for header in headers]

    return asyncio.run(check())


@pytest.mark.parametrize(
    ("header", "good"),
    [
        (basic(b"alice", b"wonderland"), True),
        (basic(b"bob", b"a" * LONGEST), True),
        (basic(b"alice", b"wonderland").replace("Basic", "bAsIc"), True),
        (basic(b"alice", b""), False),
        (basic(b"alice", b"Wonderland"), False),
        (basic(b"Alice", b"wonderland"), False),
        (basic(b"carol", b"wonderland"), False),
        (basic(b"bob", b"wonderland"), False),
        (basic(b"", b""), False),
        ("", False),
        ("Basic", False),
        ("Basic !!!!", False),
        ("Basic é", False),
        ("Bearer " + base64.b64encode(b"alice:wonderland").decode(), False),
        ("Basic " + base64.b64encode(b"alice").decode(), False),
    ],
)
def test_valid_and_invalid_logins(header: str, good: bool) -> None:  # noqa: FBT001 - what is expected
    """Only a known user with the right password is valid."""
    assert verify(header) == [good]


@pytest.mark.parametrize(
    "password", [b"a" * (LONGEST + 1), b"a" * 5000, b"wonderland\0wonderland", b"wonderland\0"]
)
def test_passwords_that_bcrypt_would_truncate(password: bytes) -> None:
    """They are refused without a check."""
    counting = Counting()

    assert (
        verify(basic(b"alice", password), basic(b"bob", password), verifier=PasswordVerifier(counting))
        == [False] * 2
    )
    assert not counting.calls


def test_a_valid_login_is_checked_once() -> None:
    """An invalid login is checked each time, so that no flood of them displaces the valid ones."""
    counting = Counting()
    headers = [basic(b"alice", b"wonderland"), basic(b"alice", b"bad")] * 3

    assert verify(*headers, verifier=PasswordVerifier(counting)) == [True, False] * 3
    assert counting.calls == {(b"wonderland", ALICE): 1, (b"bad", ALICE): 3}


def test_a_changed_hash_is_checked_again() -> None:
    """The old password is invalid after the change."""
    verifier = PasswordVerifier()
    header = basic(b"alice", b"wonderland")
    changed = {b"alice": bcrypt.hashpw(b"looking-glass", SALT)}

    async def check() -> list[bool]:
        return [await verifier.verify(hashes, header) for hashes in (HASHES, changed, {b"bob": BOB})]

    assert asyncio.run(check()) == [True, False, False]


def test_an_unknown_user_takes_as_long_as_a_known_one() -> None:
    """Its password is checked against a known user's hash, and is invalid even if it matches."""
    counting = Counting()
    hashes = {b"alice": ALICE}

    assert verify(basic(b"carol", b"wonderland"), hashes=hashes, verifier=PasswordVerifier(counting)) == [
        False
    ]
    assert counting.calls == {(b"wonderland", ALICE): 1}


def test_three_hundred_logins_at_once() -> None:
    """The event loop keeps running, one bcrypt runs at a time, and equal logins share it."""
    counting = Counting()
    beats = 0

    async def beat() -> None:
        nonlocal beats
        while True:
            await asyncio.sleep(0)
            beats += 1

    async def check() -> list[bool]:
        verifier = PasswordVerifier(counting, FairSlots(1))
        heart = asyncio.create_task(beat())
        good = [verifier.verify(HASHES, basic(b"alice", b"wonderland")) for _ in range(150)]
        bad = [verifier.verify(HASHES, basic(b"alice", b"%d" % number)) for number in range(150)]
        answers = await asyncio.gather(*good, *bad)
        heart.cancel()
        return answers

    assert asyncio.run(check()) == [True] * 150 + [False] * 150
    assert counting.calls[b"wonderland", ALICE] == 1
    assert counting.calls.total() == 151
    assert counting.most_at_once == 1
    assert len(counting.threads) == 1
    assert threading.get_ident() not in counting.threads
    assert beats > 150


def test_a_full_queue_refuses_logins() -> None:
    """A cached login needs no place in the queue."""
    release = threading.Event()

    def slow(password: bytes, hashed: bytes) -> bool:
        if password != b"wonderland":
            assert release.wait(10)
        return bcrypt.checkpw(password, hashed)

    async def check() -> None:
        verifier = PasswordVerifier(slow, FairSlots(1, max_waiting=2))
        assert await verifier.verify(HASHES, basic(b"alice", b"wonderland"))
        waiting = [asyncio.ensure_future(verifier.verify(HASHES, basic(b"a", b"%d" % n))) for n in range(3)]
        await asyncio.sleep(0)
        with pytest.raises(TooManyLoginsError):
            await verifier.verify(HASHES, basic(b"a", b"more"))
        assert await verifier.verify(HASHES, basic(b"alice", b"wonderland"))
        release.set()
        assert await asyncio.gather(*waiting) == [False] * 3

    asyncio.run(check())


def test_the_least_recently_used_login_is_dropped() -> None:
    """It is checked again; the others are not."""
    hashes = {b"user-%d" % number: bcrypt.hashpw(b"secret-%d" % number, SALT) for number in range(CACHED + 1)}
    headers = [basic(b"user-%d" % number, b"secret-%d" % number) for number in range(CACHED)]
    counting = Counting()
    verifier = PasswordVerifier(counting)

    async def check() -> None:
        for header in (*headers, headers[0], basic(b"user-%d" % CACHED, b"secret-%d" % CACHED)):
            assert await verifier.verify(hashes, header)
        before = counting.calls.total()
        assert await verifier.verify(hashes, headers[0])
        assert counting.calls.total() == before
        assert await verifier.verify(hashes, headers[1])
        assert counting.calls.total() == before + 1

    asyncio.run(check())


def test_the_cache_holds_digests_only() -> None:
    """A digest has no part of a login, and the cache keeps its size."""
    cache = LoginCache(2)
    digests = [cache.digest(b"user", b"secret-%d" % number) for number in range(3)]
    for digest in digests:
        cache.add(digest)

    assert not any(b"secret" in digest or b"user" in digest for digest in digests)
    assert [cache.use(digest) for digest in digests] == [False, True, True]
    assert repr(cache) == "LoginCache(2 of 2)"
    assert (
        repr(PasswordVerifier())
        == "PasswordVerifier(FairSlots(0 of 1 in use, 0 waiting), LoginCache(0 of 100))"
    )


PARTS: Final = st.binary(max_size=6)


@given(st.tuples(PARTS, PARTS, PARTS), st.tuples(PARTS, PARTS, PARTS))
def test_digests_are_equal_for_equal_parts_only(one: tuple[bytes, ...], other: tuple[bytes, ...]) -> None:
    """Different parts never have the same digest."""
    assert (login_digest(b"", *one) == login_digest(b"", *other)) is (one == other)


@given(st.tuples(PARTS, PARTS))
def test_bytes_that_move_between_parts_change_the_digest(pair: tuple[bytes, bytes]) -> None:
    """The same bytes in other parts are another login."""
    first, second = pair

    assert login_digest(b"", first, b"h" + second, b"p") != login_digest(b"", first + b"h", second, b"p")


def test_a_password_may_contain_colons() -> None:
    """The first colon ends the user name."""
    assert parse_basic(basic(b"a", b"b:c")) == (b"a", b"b:c")


def test_the_loop_ends_before_the_check() -> None:
    """The result is dropped."""
    entered, release, done = threading.Event(), threading.Event(), threading.Event()

    def slow(_password: bytes, _hashed: bytes) -> bool:
        entered.set()
        assert release.wait(10)
        threading.Timer(0, done.set).start()
        return True

    async def check() -> None:
        login = asyncio.ensure_future(PasswordVerifier(slow).verify(HASHES, basic(b"alice", b"x")))
        await asyncio.to_thread(entered.wait, 10)
        login.cancel()

    asyncio.run(check())
    release.set()

    assert done.wait(10)


def test_a_removed_user_is_refused_although_another_has_its_hash() -> None:
    """Logins are cached for each user."""
    verifier = PasswordVerifier()
    carol = basic(b"carol", b"wonderland")
    both, one = {b"alice": ALICE, b"carol": ALICE}, {b"alice": ALICE}

    async def check() -> list[bool]:
        return [await verifier.verify(hashes, carol) for hashes in (both, both, one, both)]

    assert asyncio.run(check()) == [True, True, False, True]


NAMES: Final = st.sampled_from([b"alice", b"bob", b"carol"])


@settings(deadline=None)
@given(st.lists(st.tuples(st.sets(NAMES, min_size=1), NAMES), max_size=8))
def test_only_a_user_in_force_is_valid(history: list[tuple[set[bytes], bytes]]) -> None:
    """A login is valid only while its user exists, even if all users have the same hash."""
    verifier = PasswordVerifier(lambda password, _hashed: password == b"wonderland")

    async def check() -> None:
        for users, user in history:
            entered = await verifier.verify(dict.fromkeys(users, ALICE), basic(user, b"wonderland"))
            assert entered is (user in users)

    asyncio.run(check())


class Gated:
    """bcrypt that waits for the test, and notes the order of the passwords."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.release = threading.Event()
        self.order: list[bytes] = []

    def __call__(self, password: bytes, _hashed: bytes) -> bool:
        """Check by comparing."""
        self.entered.set()
        assert self.release.wait(20)
        self.order.append(password)
        return password == b"wonderland"


def test_a_new_login_overtakes_seven_hundred_of_another_address() -> None:
    """It has the first or second turn after the check in progress."""
    gated = Gated()

    async def check() -> bool:
        verifier = PasswordVerifier(gated)
        others = [
            asyncio.ensure_future(verifier.verify(HASHES, basic(b"%d" % n, b"%d" % n), "192.0.2.1"))
            for n in range(700)
        ]
        await asyncio.sleep(0)
        new = asyncio.ensure_future(verifier.verify(HASHES, basic(b"alice", b"wonderland"), "192.0.2.2"))
        await asyncio.sleep(0)
        gated.release.set()
        entered = await new
        refused = [one for one in await asyncio.gather(*others, return_exceptions=True) if one is not False]
        assert {type(one) for one in refused} == {TooManyLoginsError}
        assert len(refused) > 600
        return entered

    assert asyncio.run(check())
    assert gated.order.index(b"wonderland") <= 2


def test_a_new_login_gets_a_place_in_a_full_queue() -> None:
    """The address with the most logins gives up one."""
    gated = Gated()

    async def check() -> bool:
        verifier = PasswordVerifier(gated)
        others = [
            asyncio.ensure_future(verifier.verify(HASHES, basic(b"a", b"%d" % n), f"192.0.2.{n % 20}"))
            for n in range(700)
        ]
        await asyncio.sleep(0)
        new = asyncio.ensure_future(verifier.verify(HASHES, basic(b"alice", b"wonderland"), "2001:db8::1"))
        await asyncio.sleep(0)
        gated.release.set()
        entered = await new
        await asyncio.gather(*others, return_exceptions=True)
        return entered

    assert asyncio.run(check())
    assert gated.order.index(b"wonderland") <= 21


def test_equal_valid_logins_share_one_check() -> None:
    """Logins of other addresses share it too: at its turn, each finds the first one in the cache."""
    counting = Counting()

    async def check() -> list[bool]:
        verifier = PasswordVerifier(counting)
        return await asyncio.gather(
            *(verifier.verify(HASHES, basic(b"alice", b"wonderland"), f"192.0.2.{n}") for n in range(20))
        )

    assert asyncio.run(check()) == [True] * 20
    assert counting.calls.total() == 1


def test_a_cancelled_login_is_not_checked() -> None:
    """It gives up its place in the queue."""
    gated = Gated()

    async def check() -> None:
        verifier = PasswordVerifier(gated, FairSlots(1, max_waiting=1))
        first = asyncio.ensure_future(verifier.verify(HASHES, basic(b"a", b"first")))
        await asyncio.sleep(0)
        gone = asyncio.ensure_future(verifier.verify(HASHES, basic(b"a", b"gone")))
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.sleep(0)
        last = asyncio.ensure_future(verifier.verify(HASHES, basic(b"a", b"last")))
        await asyncio.sleep(0)
        gated.release.set()
        assert list(await asyncio.gather(first, last)) == [False, False]

    asyncio.run(check())
    assert gated.order == [b"first", b"last"]


def test_a_login_that_is_cancelled_during_its_check() -> None:
    """The next login is checked after it."""
    gated = Gated()

    async def check() -> None:
        verifier = PasswordVerifier(gated)
        gone = asyncio.ensure_future(verifier.verify(HASHES, basic(b"a", b"gone")))
        await asyncio.sleep(0)
        gone.cancel()
        gated.release.set()
        assert not await verifier.verify(HASHES, basic(b"a", b"next"))

    asyncio.run(check())
    assert gated.order == [b"gone", b"next"]


def test_an_error_of_a_check_fails_its_login_only() -> None:
    """The next login is checked."""

    def check_password(password: bytes, _hashed: bytes) -> bool:
        if password == b"odd":
            raise MemoryError
        return True

    async def check() -> None:
        verifier = PasswordVerifier(check_password)
        with pytest.raises(MemoryError):
            await verifier.verify(HASHES, basic(b"alice", b"odd"))
        assert await verifier.verify(HASHES, basic(b"alice", b"even"))

    asyncio.run(check())


def test_a_thread_that_cannot_start_fails_its_login_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next login tries again."""

    def fail(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    async def check() -> None:
        verifier = PasswordVerifier()
        with monkeypatch.context() as patch:
            patch.setattr(threading.Thread, "start", fail)
            with pytest.raises(TooManyLoginsError):
                await verifier.verify(HASHES, basic(b"alice", b"wonderland"))
        assert await verifier.verify(HASHES, basic(b"alice", b"wonderland"))

    asyncio.run(check())


def test_close_refuses_uncached_logins() -> None:
    """Logins that are being checked, wait or arrive are refused; a cached login is valid."""
    gated = Gated()

    async def check() -> None:
        verifier = PasswordVerifier(gated)
        gated.release.set()
        assert await verifier.verify(HASHES, basic(b"alice", b"wonderland"))
        gated.release.clear()
        waiting = [asyncio.ensure_future(verifier.verify(HASHES, basic(b"a", b"%d" % n))) for n in range(3)]
        await asyncio.sleep(0)
        verifier.close()
        found = await asyncio.gather(*waiting, return_exceptions=True)
        assert [type(one) for one in found] == [TooManyLoginsError] * 3
        with pytest.raises(TooManyLoginsError):
            await verifier.verify(HASHES, basic(b"alice", b"new"))
        assert await verifier.verify(HASHES, basic(b"alice", b"wonderland"))

    asyncio.run(check())
    gated.release.set()


def test_close_starts_no_check() -> None:
    """The thread ends after the check in progress."""
    gated = Gated()
    verifier = PasswordVerifier(gated)

    async def check() -> None:
        waiting = [asyncio.ensure_future(verifier.verify(HASHES, basic(b"a", b"%d" % n))) for n in range(3)]
        await asyncio.to_thread(gated.entered.wait, 20)
        verifier.close()
        gated.release.set()
        await asyncio.gather(*waiting, return_exceptions=True)

    asyncio.run(check())
    verifier._thread.shutdown(wait=True)  # noqa: SLF001 - the interpreter does so when it exits

    assert gated.order == [b"0"]
