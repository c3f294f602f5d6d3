"""What a plan is made of. A new type is a module here and one more member of `Component`.

With a second type, `Component` becomes `Annotated[Unilevel | Direct, Field(discriminator="type")]`, the engine's
`match` gets a case for it, and nothing else changes.
"""

from fenxiao.plans.components.unilevel import Unilevel

Component = Unilevel
"""Any component, told apart by `type`."""

__all__ = ["Component", "Unilevel"]
