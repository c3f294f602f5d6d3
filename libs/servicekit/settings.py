"""Settings of a service, from environment variables `FENXIAO_…` only."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

PREFIX = "FENXIAO_"


class SettingsError(Exception):
    """A setting is missing or wrong; the message names it."""


class Settings(BaseModel):
    """What every service needs to know."""

    model_config = ConfigDict(frozen=True)

    service_address: str = Field(pattern=r"^[^:]+:\d+$")
    """Where to listen, `host:port`."""
    web_address: str = Field(default="", pattern=r"^([^:]+:\d+)?$")
    """Where to answer HTTP, for services that do; empty: nowhere."""
    database_url: str
    """`sqlite:///path` or `postgresql://…`."""
    nats_url: str
    nats_nkey_seed_file: Path | None = None
    jwks_file: Path
    """Public keys of who may issue credentials (RFC 7517)."""
    environment: Literal["development", "production"] = "production"
    """In development reflection is open and logs are for people."""
    others: Mapping[str, str] = Field(default_factory=dict)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Reads and checks them."""
        source = os.environ if environment is None else environment
        found = {name.removeprefix(PREFIX).lower(): value for name, value in source.items() if name.startswith(PREFIX)}
        known = {name: value for name, value in found.items() if name in cls.model_fields and name != "others"}
        try:
            return cls.model_validate({**known, "others": {n: v for n, v in found.items() if n not in known}})
        except ValidationError as error:
            problems = "; ".join(f"{PREFIX}{str(e['loc'][0]).upper()}: {e['msg']}" for e in error.errors())
            raise SettingsError(f"settings are missing or wrong: {problems}") from None

    def extra(self, name: str) -> str | None:
        """A setting of one service only: `FENXIAO_<NAME>`."""
        return self.others.get(name.lower())

    def required(self, name: str) -> str:
        """The same, where the service cannot do without."""
        value = self.others.get(name.lower())
        if value is None:
            raise SettingsError(f"the setting {PREFIX}{name.upper()} is missing")
        return value
