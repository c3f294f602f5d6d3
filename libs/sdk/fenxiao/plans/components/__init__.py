"""What a plan is made of. A new type is a module here and one more member of `Component`; nothing else changes."""

from typing import Annotated

from pydantic import Field

from fenxiao.plans.components.binary import Binary
from fenxiao.plans.components.bounty import Bounty
from fenxiao.plans.components.campaign import Campaign
from fenxiao.plans.components.differential import Differential
from fenxiao.plans.components.direct import Direct
from fenxiao.plans.components.generation import Generation
from fenxiao.plans.components.matching import Matching
from fenxiao.plans.components.matrix import Matrix
from fenxiao.plans.components.points import Points
from fenxiao.plans.components.pool import Pool
from fenxiao.plans.components.stairstep import Stairstep
from fenxiao.plans.components.unilevel import Unilevel

Component = Annotated[
    Binary
    | Bounty
    | Campaign
    | Differential
    | Direct
    | Generation
    | Matching
    | Matrix
    | Points
    | Pool
    | Stairstep
    | Unilevel,
    Field(discriminator="type"),
]
"""Any component, told apart by `type`."""

__all__ = [
    "Binary",
    "Bounty",
    "Campaign",
    "Component",
    "Differential",
    "Direct",
    "Generation",
    "Matching",
    "Matrix",
    "Points",
    "Pool",
    "Stairstep",
    "Unilevel",
]
