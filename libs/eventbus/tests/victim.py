"""A relay or a consumer in a process of its own, killed at the worst moment: `victim.py <moment> <url> <folder>`.

The moments: `before-ack`, when a page is committed but not acknowledged; `before-answer`, when a batch is sent but
not answered; `after-answer`, when it is stored but the relay does not know it yet.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

from nats.aio.client import Client
from nats.aio.msg import Msg

from libs.eventbus.tests.support import consumer, open_source, open_target, relay


def die() -> None:
    """As `kill -9` does."""
    os.kill(os.getpid(), signal.SIGKILL)


class Doomed(Client):
    """A connection that takes its process with it."""

    moment = ""

    async def publish(self, subject: str, *args: Any, **options: Any) -> None:
        """Dies instead of acknowledging, or right after the end of a batch has left."""
        if self.moment == "before-ack" and subject.startswith("$JS.ACK"):
            die()
        await super().publish(subject, *args, **options)
        if self.moment == "before-answer" and subject.startswith("fx."):
            await self.flush()
            die()

    async def request(self, subject: str, *args: Any, **options: Any) -> Msg:
        """Dies when the batch is stored."""
        answer = await super().request(subject, *args, **options)
        if self.moment == "after-answer" and subject.startswith("fx."):
            die()
        return answer


async def main(moment: str, url: str, folder: Path) -> None:
    """Runs until it dies."""
    nc = Doomed()
    nc.moment = moment
    await nc.connect(url)
    if moment == "before-ack":
        await consumer(open_target(f"sqlite:///{folder}/commission.db"), nc).run()
    else:
        await relay(open_source(folder), nc).run()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], Path(sys.argv[3])))
