"""Says what the resolver can do (`/.well-known/gs1resolver`)."""

from aiohttp import web

from fenxiao.errors import Refusal
from libs.servicekit import Call, Running
from services.traceability.domain.digital_links import KEYS
from services.traceability.domain.links import VOCABULARY
from services.traceability.shared.resolver import data, preflight, problem, root_of


async def describe_resolver(running: Running, request: web.Request, _: Call) -> web.StreamResponse:
    """The description file of a programme's resolver."""
    if request.method == "OPTIONS":
        return preflight()
    try:
        root = root_of(running, request)
    except Refusal as refusal:
        return problem(refusal)
    description = {
        "name": f"Fenxiao resolver of the programme {root.programme}",
        "resolverRoot": root.url,
        "supportedPrimaryKeys": list(KEYS),
        "supportedLinkTypes": [
            {"namespace": VOCABULARY, "prefix": "gs1:", "profile": "https://www.gs1.org/voc/?show=linktypes"}
        ],
        "linkTypeDefaultCanBeLinkset": False,
        "supportedContextValuesEnumerated": [],
        "validatesCheckDigits": True,
        "supportsCompression": False,
    }
    return data(description, "application/json")
