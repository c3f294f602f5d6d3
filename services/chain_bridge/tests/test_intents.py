"""How a distribution is cut into payments, and what has its turn."""

import pytest

from services.chain_bridge.domain.intents import Intent, State, batches, has_turn, purpose_of_payment, purpose_of_root


@pytest.mark.parametrize(
    ("payees", "sizes"),
    [(0, []), (1, [1]), (150, [150]), (151, [76, 75]), (300, [150, 150]), (893, [149] * 5 + [148])],
)
def test_payments_are_of_nearly_equal_size(payees: int, sizes: list[int]) -> None:
    given = list(range(payees))
    parts = list(batches(given))
    assert [len(part) for part in parts] == sizes
    assert [payee for part in parts for payee in part] == given


def intent(number: int, *, payees: int = 0, programme: str = "shop", currency: str = "GBP") -> Intent:
    purpose = purpose_of_payment(currency, number, 0) if payees else purpose_of_root(currency, number)
    return Intent(f"{programme}{purpose}", programme, purpose, currency, number, b"", payees, State.PLANNED)


def test_roots_go_in_order() -> None:
    first, second = intent(1), intent(2)
    assert has_turn(first, [second, first])
    assert not has_turn(second, [first, second])
    assert has_turn(second, [second])


def test_others_do_not_hold_a_root_up() -> None:
    others = [intent(1, programme="other"), intent(1, currency="EUR"), intent(1, payees=3)]
    assert has_turn(intent(2), others)


def test_payments_wait_for_nothing() -> None:
    assert has_turn(intent(2, payees=3), [intent(1), intent(1, payees=3)])
