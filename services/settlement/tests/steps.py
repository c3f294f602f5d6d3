"""What can happen to settlement, in any order: material for properties."""

from typing import NamedTuple

from hypothesis import strategies as st

from services.settlement.tests.naive import MEMBERS


class Sale(NamedTuple):
    """Lines of several members, all under the same conditions."""

    amounts: list[tuple[str, int]]
    until: int | None
    identity: bool
    threshold: int
    delivered: tuple[str, ...] = ()
    """Business transactions whose delivery they wait for."""


class Return(NamedTuple):
    """A clawback; `named` chooses one of the member's lines, None names none."""

    member: str
    amount: int
    named: int | None


class Close(NamedTuple):
    """Close as of a day."""

    day: int


class Propose(NamedTuple):
    """The newest root gets on chain."""


class Pay(NamedTuple):
    """The vault pays these what is open under the newest root on chain."""

    members: list[str]


class Wallet(NamedTuple):
    """A wallet is proved."""

    member: str
    wallet: int


class Suspend(NamedTuple):
    """A member is suspended."""

    member: str


class Reinstate(NamedTuple):
    """And reinstated."""

    member: str


class Check(NamedTuple):
    """A member's identity is checked; it counts up to a day that may be far."""

    member: str
    since: int
    days: int


class Withdraw(NamedTuple):
    """The check counts no longer from a day on."""

    member: str
    since: int


class Deliver(NamedTuple):
    """A delivery becomes known that happened on a day."""

    delivery: str
    since: int
    transactions: tuple[str, ...]


class Undeliver(NamedTuple):
    """It has not happened; nothing if it was never said, or was withdrawn."""

    delivery: str


Step = Sale | Return | Close | Propose | Pay | Wallet | Suspend | Reinstate | Check | Withdraw | Deliver | Undeliver

_MEMBER = st.sampled_from(MEMBERS)
_DAY = st.integers(0, 12)
_AMOUNT = st.integers(1, 60)
_AMOUNTS = st.lists(st.tuples(_MEMBER, _AMOUNT), min_size=1, max_size=3)
_THRESHOLD = st.sampled_from((0, 20, 50, 90))

_TRANSACTIONS = st.lists(st.sampled_from(("po1", "po2", "po3")), min_size=1, max_size=2, unique=True).map(tuple)
_DELIVERY = st.sampled_from(("d1", "d2", "d3"))

STEPS = st.lists(
    st.one_of(
        st.builds(Sale, _AMOUNTS, st.none() | _DAY, st.just(False), st.just(0)),  # a strategy
        st.builds(Sale, _AMOUNTS, _DAY, st.just(False), st.just(0)),  # a strategy
        st.builds(Sale, _AMOUNTS, st.none() | _DAY, st.booleans(), _THRESHOLD),
        st.builds(Sale, _AMOUNTS, _DAY, st.booleans(), _THRESHOLD),
        st.builds(Sale, _AMOUNTS, st.none() | _DAY, st.just(False), st.just(0), _TRANSACTIONS),
        st.builds(Sale, _AMOUNTS, _DAY, st.booleans(), _THRESHOLD, _TRANSACTIONS),
        st.builds(Return, _MEMBER, st.integers(1, 90), st.none() | st.integers(0, 5)),
        st.builds(Close, _DAY),
        st.just(Propose()),
        st.builds(Pay, st.lists(_MEMBER, unique=True)),
        st.builds(Wallet, _MEMBER, st.integers(0, 1)),
        st.builds(Suspend, _MEMBER),
        st.builds(Reinstate, _MEMBER),
        st.builds(Check, _MEMBER, _DAY, st.sampled_from((1, 3, 1000))),
        st.builds(Withdraw, _MEMBER, _DAY),
        st.builds(Deliver, _DELIVERY, _DAY, _TRANSACTIONS),
        st.builds(Undeliver, _DELIVERY),
    ),
    max_size=40,
)
