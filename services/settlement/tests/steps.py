"""What can happen to settlement, in any order: material for properties."""

from typing import NamedTuple

from hypothesis import strategies as st

from services.settlement.tests.naive import MEMBERS


class Sale(NamedTuple):
    """Lines of several members, all with the same window."""

    amounts: list[tuple[str, int]]
    until: int | None


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


Step = Sale | Return | Close | Propose | Pay | Wallet | Suspend | Reinstate

_MEMBER = st.sampled_from(MEMBERS)
_DAY = st.integers(0, 12)
_AMOUNT = st.integers(1, 60)

STEPS = st.lists(
    st.one_of(
        st.builds(Sale, st.lists(st.tuples(_MEMBER, _AMOUNT), min_size=1, max_size=3), st.none() | _DAY),
        st.builds(Sale, st.lists(st.tuples(_MEMBER, _AMOUNT), min_size=1, max_size=3), _DAY),
        st.builds(Return, _MEMBER, st.integers(1, 90), st.none() | st.integers(0, 5)),
        st.builds(Close, _DAY),
        st.just(Propose()),
        st.builds(Pay, st.lists(_MEMBER, unique=True)),
        st.builds(Wallet, _MEMBER, st.integers(0, 1)),
        st.builds(Suspend, _MEMBER),
        st.builds(Reinstate, _MEMBER),
    ),
    max_size=40,
)
