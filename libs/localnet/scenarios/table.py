"""Every scenario, by the name under which it runs. The first one runs if none is named."""

from collections.abc import Mapping
from typing import Final

from fenxiao.cli.exits import Misuse
from libs.localnet.scenarios.flat import FLAT
from libs.localnet.scenarios.gift_wholesale import GIFT
from libs.localnet.scenarios.olive_oil import OLIVE_OIL
from libs.localnet.scenarios.painting import PAINTING
from libs.localnet.scenarios.phones import PHONES
from libs.localnet.steps import Scenario

SCENARIOS: Final[Mapping[str, Scenario]] = {
    scenario.name: scenario for scenario in (GIFT, OLIVE_OIL, PHONES, FLAT, PAINTING)
}


def scenario_named(name: str) -> Scenario:
    """Find a scenario. Raises `Refusal` NO_SUCH_SCENARIO with the names that there are."""
    if name not in SCENARIOS:
        raise Misuse("NO_SUCH_SCENARIO", f"There is no scenario {name[:64]!r}; name one of {', '.join(SCENARIOS)}.")
    return SCENARIOS[name]
