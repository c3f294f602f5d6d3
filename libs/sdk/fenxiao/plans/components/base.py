"""What all components share."""

from pydantic import BaseModel, ConfigDict

from fenxiao.plans.fields import Id


class Strict(BaseModel):
    """A part of a plan: frozen, nothing unknown in it, nothing converted silently."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", use_attribute_docstrings=True)


class ComponentBase(Strict):
    """A component: one rule by which members earn."""

    id: Id
    """Names the component on every line that it posts; unique in the plan."""
