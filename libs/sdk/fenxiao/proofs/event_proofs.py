"""The proof of an EPCIS event as a file: some of its fields, and what shows that they belong to its public commitment.

Whoever has the file can verify it without anybody's help. That the commitment is the one that was made public he sees
from the public event `TraceEventCaptured` of the same event hash, or from its inclusion in the log.
"""

import json
import re
from typing import Any, Final, NamedTuple

from fenxiao.errors import Refusal
from fenxiao.proofs.fields import Commitment, Opened, Redacted, require_opened
from fenxiao.proofs.hashes import to_hex
from fenxiao.proofs.json_files import as_bytes, as_number, as_text, read_json
from fenxiao.proofs.log_entries import entry_hash

FORMAT: Final = "fenxiao-event-proof-1"
PUBLIC_EVENT: Final = "fenxiao.api.traceability.v1.TraceEventCaptured"
MOST_BYTES: Final = 16 * 1024 * 1024
"""Of a file that is read."""

_NAME: Final = re.compile(r"programmes/[a-z0-9-]{3,40}/traceEvents/[0-9a-f-]{36}")


class EventProof(NamedTuple):
    """What is shown of an event."""

    trace_event: str
    """Its resource name."""
    event_hash: str
    """`ni:///sha-256;…?ver=CBV2.0`."""
    event_id: str
    """By which its public event stands in the log."""
    view: Redacted

    @property
    def entry(self) -> bytes:
        """The hash by which it stands in the log."""
        programme = self.trace_event.split("/")[1]
        return entry_hash(self.event_id, PUBLIC_EVENT, programme, self.view.commitment.root)


def write_proof(proof: EventProof) -> bytes:
    """Write a proof as JSON."""
    return json.dumps({"format": FORMAT, **document_of(proof)}, ensure_ascii=False, indent=1).encode() + b"\n"


def document_of(proof: EventProof) -> dict[str, Any]:
    """Give a proof as JSON values."""
    commitment, opened, hashes = proof.view
    return {
        "traceEvent": proof.trace_event,
        "eventHash": proof.event_hash,
        "eventId": proof.event_id,
        "commitment": {"root": to_hex(commitment.root), "size": commitment.size},
        "fields": [
            {"number": one.number, "path": one.path, "text": one.text, "salt": to_hex(one.salt)} for one in opened
        ],
        "hashes": [to_hex(one) for one in hashes],
    }


def read_proof(data: bytes) -> EventProof:
    """Read a proof and verify it. Raises `Refusal` INVALID_PROOF or FIELDS_NOT_PROVED."""
    if len(data) > MOST_BYTES:
        raise _invalid(f"it has more than {MOST_BYTES:,} bytes")
    try:
        document = read_json(data)
        if document["format"] != FORMAT:
            raise _invalid(f"its format is not {FORMAT}")
    except (ValueError, KeyError, TypeError):
        raise _invalid("it is not JSON of the right form") from None
    return proof_from(document)


def proof_from(document: Any) -> EventProof:
    """Read JSON values and verify them. Raises `Refusal` INVALID_PROOF or FIELDS_NOT_PROVED."""
    try:
        commitment = Commitment(as_bytes(document["commitment"]["root"]), as_number(document["commitment"]["size"]))
        opened = tuple(
            Opened(as_number(one["number"]), as_text(one["path"]), as_text(one["text"]), as_bytes(one["salt"]))
            for one in document["fields"]
        )
        view = Redacted(commitment, opened, tuple(as_bytes(one) for one in document["hashes"]))
        name = as_text(document["traceEvent"])
        proof = EventProof(name, as_text(document["eventHash"]), as_text(document["eventId"]), view)
    except (ValueError, KeyError, TypeError, IndexError):
        raise _invalid("a part of it is missing, or has another form") from None
    if not _NAME.fullmatch(name):
        raise _invalid("traceEvent is no resource name")
    require_opened(proof.view, commitment)
    return proof


def _invalid(why: str) -> Refusal:
    return Refusal("INVALID_PROOF", f"This is no proof of an event: {why}; download it again.")
