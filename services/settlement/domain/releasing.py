"""What is released when: of the lines of a member in one currency, those whose conditions are fulfilled.

A line is **ripe** when it waits for nothing but its threshold: its return window has ended at the programme's time,
the member's identity is checked at that time where the line asks for it (`identity`), and the goods have been delivered
by then for which it waits (`deliveries`). A line without a threshold has one of 0.

**The rule of thresholds**: released is the largest set of ripe lines such that, with all of it released, what is
payable (debt netted first) reaches the threshold of every line in it. There is exactly one: two such sets together are
one too, since each line only adds to what is payable. It is found in ascending order: with the lines up to some
threshold come all lines with lower ones, so it is the lines up to the highest threshold that they reach together.

The rule is looked at when something may have come to be fulfilled: when lines are posted, when the programme's time is
set, when an identity is checked, and when a delivery is known. So behind every entry nothing is held that could be
released. What has been released stays released, whatever is taken out of the payable balance later, but for a delivery
that is withdrawn: its release is undone, and that of no other line.
"""

from collections.abc import Mapping
from typing import NamedTuple


class Ripe(NamedTuple):
    """What a member has ripe."""

    net: int
    """What is payable less the debt; one of the two is 0."""
    held: Mapping[int, int]
    """What is held of the ripe lines, by threshold."""

    @property
    def reached(self) -> int:
        """The threshold up to which they are released; 0 if no other is reached."""
        reached, together = 0, self.net
        for threshold in sorted(self.held):
            together += self.held[threshold]
            if together >= threshold:
                reached = max(reached, threshold)
        return reached

    @property
    def due(self) -> int:
        """What is released."""
        reached = self.reached
        return sum(amount for threshold, amount in self.held.items() if threshold <= reached)
