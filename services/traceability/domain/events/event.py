"""What every fact is."""

from pydantic import BaseModel, ConfigDict


class Event(BaseModel):
    """A fact: past tense and frozen."""

    model_config = ConfigDict(frozen=True)
