"""Sending results to where subscribers want them, and nowhere else.

An address inside our own network is never called unless a setting allows it, whatever name it is given: names are
resolved here, and only addresses that anybody in the world can reach are connected to. Redirects are not followed.
"""

import hashlib
import hmac
import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from libs.servicekit import Settings

SIGNATURE: Final = "GS1-Signature"
_TIMEOUT: Final = aiohttp.ClientTimeout(total=15, connect=5)
_READ: Final = 4096
_EMBEDDING: Final = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"), IPv6Network("2002::/16"))
"""IPv6 networks whose addresses stand for IPv4 ones (RFC 6052, 8215, 3056)."""


class Webhooks:
    """Posts results. Opened once for the service."""

    def __init__(self, settings: Settings) -> None:
        self.inside = settings.others.get("webhooks_inside") == "allowed"
        """Whether addresses of our own network may be called (`FENXIAO_WEBHOOKS_INSIDE=allowed`)."""
        self.tries = int(settings.others.get("webhooks_tries") or 8)
        """After so many, a delivery is a dead letter."""
        self.pause = float(settings.others.get("webhooks_pause") or 1.0)
        """Seconds before the second try; twice as many before each further one."""

    async def send(self, destination: str, body: bytes, secret: str) -> str:
        """Post a document. Says what went wrong; empty: it was taken."""
        if not self.inside and is_inside_literal(destination):
            return "FORBIDDEN_ADDRESS"
        headers = {"Content-Type": "application/json"}
        if secret:
            headers[SIGNATURE] = signature(body, secret)
        connector = aiohttp.TCPConnector(resolver=None if self.inside else _Outside(), use_dns_cache=False)
        try:
            async with (
                aiohttp.ClientSession(connector=connector, timeout=_TIMEOUT, trust_env=False) as session,
                session.post(destination, data=body, headers=headers, allow_redirects=False) as answer,
            ):
                await answer.content.read(_READ)
                return "" if 200 <= answer.status < 300 else f"HTTP {answer.status}"
        except TimeoutError:
            return "TIMEOUT"
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return type(error).__name__


def signature(body: bytes, secret: str) -> str:
    """HMAC-SHA256 of the body, as it stands in the header."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def is_outside(text: str) -> bool:
    """Whether an address is one that anybody can reach."""
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return _is_public(address.ipv4_mapped)
        if any(address in network for network in _EMBEDDING):
            return False
    return _is_public(address)


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    return address.is_global and not address.is_multicast


def is_inside_literal(destination: str) -> bool:
    """Whether a URL names an address itself, and one that not everybody can reach."""
    host = urlsplit(destination).hostname or ""
    try:
        return not is_outside(host)
    except ValueError:
        return False


class _Outside(AbstractResolver):
    """Gives addresses outside alone."""

    def __init__(self) -> None:
        self._resolver = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = [one for one in await self._resolver.resolve(host, port, family) if is_outside(one["host"])]
        if not found:
            raise OSError(f"{host} has no address outside")
        return found

    async def close(self) -> None:
        await self._resolver.close()
