"""`fenxiao token`: issues a credential with the key in the network's home."""

# ruff: noqa: PLC0415 - loaded at every call; gRPC and what stands on it only when a command runs

import re
from datetime import timedelta
from enum import StrEnum
from typing import Annotated

import typer

from fenxiao.cli import output
from fenxiao.cli.session import Session
from fenxiao.cli.texts import t
from fenxiao.errors import Kind, Refusal

_SERVICES = ("members", "plans", "sales", "periods", "ranks", "disputes", "settlement", "trace", "custody")
_READ = (*(f"{service}.read" for service in _SERVICES), "chain.read", "events.read")
_WRITE = (
    *(f"{service}.write" for service in _SERVICES),
    *("rewards.write", "redemptions.write", "trace.recall", "trace.rules", "trace.subscribe", "trace.privacy"),
)
_LONGEST = timedelta(days=366)
_TTL = re.compile(r"([1-9][0-9]{0,5})([dhm])")
_UNITS = {"d": "days", "h": "hours", "m": "minutes"}


class Role(StrEnum):
    """What a credential's holder is."""

    OPERATOR = "operator"
    MERCHANT = "merchant"
    AUDITOR = "auditor"
    REGULATOR = "regulator"


_SCOPES = {
    Role.OPERATOR: ("*",),
    Role.MERCHANT: (*_READ, *_WRITE),
    Role.AUDITOR: _READ,
    Role.REGULATOR: ("trace.read",),
}
_OF_PARTIES = ("trace.read", "trace.write", "trace.subscribe")
"""Of a credential that names a party: it is good for traced goods alone."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("token", help=t("Issue a credential with the network's own key."))(token)


def token(
    context: typer.Context,
    role: Annotated[
        Role,
        typer.Option("--role", help=t("What the credential's holder is: operator, merchant, auditor or regulator.")),
    ] = Role.MERCHANT,
    scope: Annotated[
        list[str] | None,
        typer.Option("--scope", help=t("A scope such as sales.write; may be repeated. By role if none is named.")),
    ] = None,
    all_programmes: Annotated[bool, typer.Option("--all-programmes", help=t("Good for every programme."))] = False,
    ttl: Annotated[str, typer.Option("--ttl", help=t("How long it is valid: 30d, 12h or 90m."))] = "30d",
    subject: Annotated[str, typer.Option("--subject", help=t("Who it is for; appears in every event."))] = "",
    party: Annotated[
        list[str] | None,
        typer.Option(
            "--party", help=t("A party (PGLN, GLN or URI) whose events it may see, and no others; may be repeated.")
        ),
    ] = None,
) -> None:
    """Print a credential."""
    from datetime import UTC, datetime

    from fenxiao.client.home import find_home
    from fenxiao.credentials import ANY_PROGRAMME, canonical_party, issue, load_issuer

    session = Session.of(context)
    if bool(session.programme) == all_programmes:
        raise typer.BadParameter("name one with --programme, or say --all-programmes", param_hint="--programme")
    programme = ANY_PROGRAMME if all_programmes else session.programme
    lifetime = _lifetime(ttl)
    keys = find_home(session.home) / "keys"
    try:
        issuer = load_issuer(keys)
    except OSError:
        message = (
            f"There is no issuer's key that can be read in {keys}; only who runs the network can issue credentials."
        )
        raise Refusal("NO_ISSUER_KEY", message, kind=Kind.DENIED) from None
    scopes = sorted(set(scope or (_OF_PARTIES if party else _SCOPES[role])))
    name, parties = subject or role.value, sorted({canonical_party(one) for one in party or ()})
    if parties and not subject:
        # Who reports an event sees it: two parties of one name would see each other's.
        raise typer.BadParameter("say whose credential it is with --subject", param_hint="--subject")
    made = issue(
        issuer.private_pem, issuer.kid, subject=name, programme=programme, role=role.value, scopes=scopes,
        ttl=lifetime, parties=parties,
    )  # fmt: skip
    if session.as_json:
        expires = (datetime.now(UTC) + lifetime).isoformat(timespec="seconds").replace("+00:00", "Z")
        output.print_json(
            {
                "token": made,
                "subject": name,
                "programme": programme,
                "role": role.value,
                "scopes": scopes,
                **({"parties": parties} if parties else {}),
                "expires_at": expires,
            }
        )
        return
    typer.echo(made)


def _lifetime(text: str) -> timedelta:
    found = _TTL.fullmatch(text)
    lifetime = timedelta(**{_UNITS[found[2]]: int(found[1])}) if found else timedelta()
    if not timedelta() < lifetime <= _LONGEST:
        raise typer.BadParameter("write 30d, 12h or 90m; at most 366 days", param_hint="--ttl")
    return lifetime
