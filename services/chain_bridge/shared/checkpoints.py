"""Checkpoints as they are asked for."""

from datetime import datetime

from fenxiao.api.chain_bridge.v1 import chain_bridge_pb2 as pb
from fenxiao.errors import Kind, Refusal
from fenxiao.proofs.hashes import parse_hash
from libs.eventlog import Reader
from libs.servicekit.times import to_timestamp
from services.chain_bridge.adapters.log_key import LogSigner
from services.chain_bridge.views.log import Signed, checkpoint_of, newest_checkpoint


def checkpoint_at(reader: Reader, size: int) -> Signed:
    """The checkpoint of a size; 0: the newest. Raises `Refusal` NO_CHECKPOINT."""
    if size < 0:
        raise Refusal("INVALID_LOG_SIZE", "a size of the log is 0 or more", field="size")
    found = checkpoint_of(reader, size) if size else newest_checkpoint(reader)
    if found is None:
        message = f"there is no checkpoint of the size {size}" if size else "the log has made no checkpoint yet"
        raise Refusal("NO_CHECKPOINT", f"{message}; ask for the newest a little later", kind=Kind.NOT_FOUND)
    return found


def checkpoint_message(signed: Signed, signer: LogSigner) -> pb.Checkpoint:
    """As the API shows it."""
    return pb.Checkpoint(
        origin=signer.origin,
        size=signed.size,
        root=parse_hash(signed.root),
        note=signed.note,
        make_time=to_timestamp(datetime.fromisoformat(signed.made_at)),
        log_key=signer.key.text,
    )
