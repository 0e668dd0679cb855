"""Basic authentication: who is let in, what it costs, and what cannot be confused."""

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

from exporter.server.login_queue import LoginQueue, TooManyLoginsError
from exporter.server.passwords import (
    CACHED,
    LONGEST,
    LoginCache,
    PasswordVerifier,
    login_digest,
    parse_basic,
)

SALT: Final = bcrypt.gensalt(4)
ALICE: Final = bcrypt.hashpw(b"wonderland", SALT)
BOB: Final = bcrypt.hashpw(b"a" * LONGEST, SALT)
HASHES: Final = {b"alice": ALICE, b"bob": BOB}


def basic(user: bytes, password: bytes) -> str:
    """Write the header."""
    return "Basic " + base64.b64encode(user + b":" + password).decode()


class Counting:
    """bcrypt, counted; says how many checks went on at once."""

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
    *headers: str, hashes: Mapping[bytes, bytes] = HASHES, checker: PasswordVerifier | None = None
) -> list[bool]:
    """Check one after the other."""

    async def check() -> list[bool]:
        used = checker or PasswordVerifier()
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
def test_who_is_let_in(header: str, good: bool) -> None:  # noqa: FBT001 - what is expected
    """A known user with the right password, and nobody else."""
    assert verify(header) == [good]


@pytest.mark.parametrize(
    "password", [b"a" * (LONGEST + 1), b"a" * 5000, b"wonderland\0wonderland", b"wonderland\0"]
)
def test_what_bcrypt_would_cut_or_repeat(password: bytes) -> None:
    """Bcrypt is not asked: it would take what begins with the right 72 bytes, or repeats them by a NUL."""
    counting = Counting()

    assert (
        verify(basic(b"alice", password), basic(b"bob", password), checker=PasswordVerifier(counting))
        == [False] * 2
    )
    assert not counting.calls


def test_a_good_login_is_checked_once() -> None:
    """A bad one every time, so that no flood of them pushes the good ones out."""
    counting = Counting()
    headers = [basic(b"alice", b"wonderland"), basic(b"alice", b"bad")] * 3

    assert verify(*headers, checker=PasswordVerifier(counting)) == [True, False] * 3
    assert counting.calls == {(b"wonderland", ALICE): 1, (b"bad", ALICE): 3}


def test_a_new_hash_is_asked() -> None:
    """The old password is of no use any more, the same password under a new salt is checked anew."""
    checker = PasswordVerifier()
    header = basic(b"alice", b"wonderland")
    changed = {b"alice": bcrypt.hashpw(b"looking-glass", SALT)}

    async def check() -> list[bool]:
        return [await checker.verify(hashes, header) for hashes in (HASHES, changed, {b"bob": BOB})]

    assert asyncio.run(check()) == [True, False, False]


def test_an_unknown_user_costs_a_check_too() -> None:
    """Against a known one's hash, and the right password of that one opens nothing."""
    counting = Counting()
    hashes = {b"alice": ALICE}

    assert verify(basic(b"carol", b"wonderland"), hashes=hashes, checker=PasswordVerifier(counting)) == [
        False
    ]
    assert counting.calls == {(b"wonderland", ALICE): 1}


def test_three_hundred_logins_at_once() -> None:
    """The loop stays free, one bcrypt goes on at a time, and equal logins share it."""
    counting = Counting()
    beats = 0

    async def beat() -> None:
        nonlocal beats
        while True:
            await asyncio.sleep(0)
            beats += 1

    async def check() -> list[bool]:
        checker = PasswordVerifier(counting, LoginQueue(total=300, per_network=300))
        heart = asyncio.create_task(beat())
        good = [checker.verify(HASHES, basic(b"alice", b"wonderland")) for _ in range(150)]
        bad = [checker.verify(HASHES, basic(b"alice", b"%d" % number)) for number in range(150)]
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


def test_not_endlessly_many_wait() -> None:
    """The next is told so at once; a remembered login needs no place in the queue."""
    release = threading.Event()

    def slow(password: bytes, hashed: bytes) -> bool:
        if password != b"wonderland":
            assert release.wait(10)
        return bcrypt.checkpw(password, hashed)

    async def check() -> None:
        checker = PasswordVerifier(slow, LoginQueue(total=2))
        assert await checker.verify(HASHES, basic(b"alice", b"wonderland"))
        waiting = [asyncio.ensure_future(checker.verify(HASHES, basic(b"a", b"%d" % n))) for n in range(3)]
        await asyncio.sleep(0)
        with pytest.raises(TooManyLoginsError):
            await checker.verify(HASHES, basic(b"a", b"more"))
        assert await checker.verify(HASHES, basic(b"alice", b"wonderland"))
        release.set()
        assert await asyncio.gather(*waiting) == [False] * 3

    asyncio.run(check())


def test_what_is_remembered_is_bounded_and_no_password() -> None:
    """The longest unused is forgotten; nothing of what was sent is kept."""
    hashes = {b"user-%d" % number: bcrypt.hashpw(b"secret-%d" % number, SALT) for number in range(CACHED + 1)}
    headers = [basic(b"user-%d" % number, b"secret-%d" % number) for number in range(CACHED)]
    counting = Counting()
    checker = PasswordVerifier(counting)

    async def check() -> None:
        for header in (*headers, headers[0], basic(b"user-%d" % CACHED, b"secret-%d" % CACHED)):
            assert await checker.verify(hashes, header)
        before = counting.calls.total()
        assert await checker.verify(hashes, headers[0])
        assert counting.calls.total() == before
        assert await checker.verify(hashes, headers[1])
        assert counting.calls.total() == before + 1

    asyncio.run(check())


def test_the_cache_holds_digests_only() -> None:
    """It shows no part of a login, and keeps as many logins as allowed."""
    cache = LoginCache(2)
    digests = [cache.digest(b"user", b"secret-%d" % number) for number in range(3)]
    for digest in digests:
        cache.add(digest)

    assert not any(b"secret" in digest or b"user" in digest for digest in digests)
    assert [cache.use(digest) for digest in digests] == [False, True, True]
    assert repr(cache) == "LoginCache(2 of 2)"


PARTS: Final = st.binary(max_size=6)


@given(st.tuples(PARTS, PARTS, PARTS), st.tuples(PARTS, PARTS, PARTS))
def test_keys_cannot_be_confused(one: tuple[bytes, ...], other: tuple[bytes, ...]) -> None:
    """User, hash and password are equal each, or the keys differ, wherever one ends and the next begins."""
    assert (login_digest(b"", *one) == login_digest(b"", *other)) is (one == other)


@given(st.tuples(PARTS, PARTS))
def test_moved_borders_are_other_keys(pair: tuple[bytes, bytes]) -> None:
    """What only shifts bytes from one part to the next is another login."""
    first, second = pair

    assert login_digest(b"", first, b"h" + second, b"p") != login_digest(b"", first + b"h", second, b"p")


def test_parsing_leaves_colons_to_the_password() -> None:
    """The first colon ends the name."""
    assert parse_basic(basic(b"a", b"b:c")) == (b"a", b"b:c")


def test_the_loop_may_end_before_the_check() -> None:
    """What comes of it then interests nobody."""
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


def test_a_removed_user_is_refused_where_another_has_the_same_hash() -> None:
    """The good logins are remembered by user: who is not in the file has none, whatever the hash."""
    checker = PasswordVerifier()
    carol = basic(b"carol", b"wonderland")
    both, one = {b"alice": ALICE, b"carol": ALICE}, {b"alice": ALICE}

    async def check() -> list[bool]:
        return [await checker.verify(hashes, carol) for hashes in (both, both, one, both)]

    assert asyncio.run(check()) == [True, True, False, True]


NAMES: Final = st.sampled_from([b"alice", b"bob", b"carol"])


@settings(deadline=None)
@given(st.lists(st.tuples(st.sets(NAMES, min_size=1), NAMES), max_size=8))
def test_only_a_user_in_force_ever_enters(history: list[tuple[set[bytes], bytes]]) -> None:
    """A login is good only while its user exists, even if all users have the same hash."""
    checker = PasswordVerifier(lambda password, _hashed: password == b"wonderland")

    async def check() -> None:
        for users, user in history:
            entered = await checker.verify(dict.fromkeys(users, ALICE), basic(user, b"wonderland"))
            assert entered is (user in users)

    asyncio.run(check())


class Gated:
    """bcrypt that waits to be told to go on, and notes the order of what it checked."""

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


def test_a_new_login_does_not_wait_for_seven_hundred_strangers() -> None:
    """Of one address, or of seven hundred names: another address has the second turn after what goes on."""
    gated = Gated()

    async def check() -> bool:
        checker = PasswordVerifier(gated)
        strangers = [
            asyncio.ensure_future(checker.verify(HASHES, basic(b"%d" % n, b"%d" % n), "192.0.2.1"))
            for n in range(700)
        ]
        await asyncio.sleep(0)
        new = asyncio.ensure_future(checker.verify(HASHES, basic(b"alice", b"wonderland"), "192.0.2.2"))
        await asyncio.sleep(0)
        gated.release.set()
        entered = await new
        refused = [
            one for one in await asyncio.gather(*strangers, return_exceptions=True) if one is not False
        ]
        assert {type(one) for one in refused} == {TooManyLoginsError}
        assert len(refused) > 600
        return entered

    assert asyncio.run(check())
    assert gated.order.index(b"wonderland") <= 2


def test_a_new_login_finds_a_place_among_strangers_of_many_addresses() -> None:
    """The queue is full of them: the address with the most gives one up."""
    gated = Gated()

    async def check() -> bool:
        checker = PasswordVerifier(gated)
        strangers = [
            asyncio.ensure_future(checker.verify(HASHES, basic(b"a", b"%d" % n), f"192.0.2.{n % 20}"))
            for n in range(700)
        ]
        await asyncio.sleep(0)
        new = asyncio.ensure_future(checker.verify(HASHES, basic(b"alice", b"wonderland"), "2001:db8::1"))
        await asyncio.sleep(0)
        gated.release.set()
        entered = await new
        await asyncio.gather(*strangers, return_exceptions=True)
        return entered

    assert asyncio.run(check())
    assert gated.order.index(b"wonderland") <= 21


def test_equal_logins_share_one_answer() -> None:
    """Those that wait when it is found get it, wherever they come from."""
    counting = Counting()

    async def check() -> list[bool]:
        checker = PasswordVerifier(counting)
        return await asyncio.gather(
            *(checker.verify(HASHES, basic(b"alice", b"bad"), f"192.0.2.{n}") for n in range(20))
        )

    assert asyncio.run(check()) == [False] * 20
    assert counting.calls.total() == 1


def test_a_client_that_leaves_gives_up_its_place() -> None:
    """Its login is not checked any more."""
    gated = Gated()

    async def check() -> None:
        checker = PasswordVerifier(gated, LoginQueue(total=1))
        first = asyncio.ensure_future(checker.verify(HASHES, basic(b"a", b"first")))
        await asyncio.sleep(0)
        gone = asyncio.ensure_future(checker.verify(HASHES, basic(b"a", b"gone")))
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.sleep(0)
        last = asyncio.ensure_future(checker.verify(HASHES, basic(b"a", b"last")))
        await asyncio.sleep(0)
        gated.release.set()
        assert list(await asyncio.gather(first, last)) == [False, False]

    asyncio.run(check())
    assert gated.order == [b"first", b"last"]


def test_a_client_that_leaves_during_its_check() -> None:
    """The answer interests nobody any more, and the next login has its turn."""
    gated = Gated()

    async def check() -> None:
        checker = PasswordVerifier(gated)
        gone = asyncio.ensure_future(checker.verify(HASHES, basic(b"a", b"gone")))
        await asyncio.sleep(0)
        gone.cancel()
        gated.release.set()
        assert not await checker.verify(HASHES, basic(b"a", b"next"))

    asyncio.run(check())
    assert gated.order == [b"gone", b"next"]


def test_a_check_that_fails_costs_its_own_login_only() -> None:
    """The thread goes on with the next."""

    def check_password(password: bytes, _hashed: bytes) -> bool:
        if password == b"odd":
            raise MemoryError
        return True

    async def check() -> None:
        checker = PasswordVerifier(check_password)
        with pytest.raises(MemoryError):
            await checker.verify(HASHES, basic(b"alice", b"odd"))
        assert await checker.verify(HASHES, basic(b"alice", b"even"))

    asyncio.run(check())


def test_a_thread_that_cannot_start_costs_its_own_login_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next login tries again."""

    def fail(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    async def check() -> None:
        checker = PasswordVerifier()
        with monkeypatch.context() as patch:
            patch.setattr(threading.Thread, "start", fail)
            with pytest.raises(TooManyLoginsError):
                await checker.verify(HASHES, basic(b"alice", b"wonderland"))
        assert await checker.verify(HASHES, basic(b"alice", b"wonderland"))

    asyncio.run(check())


def test_closing_refuses_what_waits() -> None:
    """What is being checked, what waits and what comes is refused; a remembered login still enters."""
    gated = Gated()

    async def check() -> None:
        checker = PasswordVerifier(gated)
        gated.release.set()
        assert await checker.verify(HASHES, basic(b"alice", b"wonderland"))
        gated.release.clear()
        waiting = [asyncio.ensure_future(checker.verify(HASHES, basic(b"a", b"%d" % n))) for n in range(3)]
        await asyncio.sleep(0)
        checker.close()
        found = await asyncio.gather(*waiting, return_exceptions=True)
        assert [type(one) for one in found] == [TooManyLoginsError] * 3
        with pytest.raises(TooManyLoginsError):
            await checker.verify(HASHES, basic(b"alice", b"new"))
        assert await checker.verify(HASHES, basic(b"alice", b"wonderland"))

    asyncio.run(check())
    gated.release.set()


def test_after_closing_nothing_is_begun() -> None:
    """The thread ends with the check under way, whatever waited behind it."""
    gated = Gated()
    checker = PasswordVerifier(gated)

    async def check() -> None:
        waiting = [asyncio.ensure_future(checker.verify(HASHES, basic(b"a", b"%d" % n))) for n in range(3)]
        await asyncio.to_thread(gated.entered.wait, 20)
        checker.close()
        gated.release.set()
        await asyncio.gather(*waiting, return_exceptions=True)

    asyncio.run(check())
    checker._thread.shutdown(wait=True)  # noqa: SLF001 - the interpreter does so when it exits

    assert gated.order == [b"0"]
