"""How a public event stands in the log: one entry, which names the event and commits to what it says.

```
fenxiao event 1
id
type
programme
commitment: 64 hex digits
```

An event that carries a commitment of its own (`commitment_root`, the tree of its salted fields) stands by that, so that
single fields of it can be opened; every other stands by the SHA-256 of its protobuf payload, as it went over the bus.
"""

import hashlib
from typing import Final

from fenxiao.proofs.log_tree import leaf_hash

_FORM: Final = "fenxiao event 1"


def entry(event_id: str, event_type: str, programme: str, commitment: bytes) -> bytes:
    """Give the entry of an event; none of the texts has a line break in it."""
    return "\n".join([_FORM, event_id, event_type, programme, commitment.hex()]).encode()


def entry_hash(event_id: str, event_type: str, programme: str, commitment: bytes) -> bytes:
    """Give the hash by which an event stands in the log."""
    return leaf_hash(entry(event_id, event_type, programme, commitment))


def payload_commitment(payload: bytes) -> bytes:
    """Give what an event without a commitment of its own stands by."""
    return hashlib.sha256(payload).digest()
