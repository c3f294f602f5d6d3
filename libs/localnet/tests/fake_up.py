"""`fenxiao up` with a stand-in for its services: home as the only argument."""

import sys
from functools import partial
from pathlib import Path

from libs.localnet import commands, ports
from libs.localnet.network import LocalNetwork

FAKE = Path(__file__).with_name("fake_service.py")

if __name__ == "__main__":
    home = Path(sys.argv[1])
    ports.FIRST = 19101
    told = str(home.with_name("told.json"))
    commands.LocalNetwork = partial(
        LocalNetwork, services=("membership",), command=lambda _: (sys.executable, str(FAKE), told)
    )
    sys.exit(commands.up(home, as_json=True))
