"""When what another service says cannot be entered in the books."""


class DoesNotFit(Exception):  # a finding about the books, which a person has to look at
    """A fact from another service contradicts the ledger.

    It is never booked half or guessed at: the programme halts until somebody has found the cause.
    """
