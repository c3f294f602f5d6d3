"""What a recall reaches, as a file that anybody verifies without us: who has what, by which events, and their proofs.

Of each affected thing the chain of events stands there that leads from what is recalled to it. Of each event those
fields stand there that its maker of the file may show, with what proves that they belong to the event's public
commitment, and the path by which that commitment stands in the log, as of a checkpoint that the log has signed.

It proves that what stands there was said, and when at the latest. That nothing was left out, no file can prove.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from fenxiao.epcis import Names, canonical_text
from fenxiao.errors import Refusal
from fenxiao.proofs.checkpoints import Checkpoint, LogKey, verify_checkpoint
from fenxiao.proofs.event_proofs import EventProof, document_of, proof_from
from fenxiao.proofs.hashes import to_hex
from fenxiao.proofs.json_files import as_bytes, as_number, as_text, read_json
from fenxiao.proofs.log_tree import verify_inclusion

FORMAT: Final = "fenxiao-recall-bundle-1"
MOST_BYTES: Final = 1 << 30
"""Of a file that is read."""

LOT: Final = "lot"
"""The kind of a step from a lot to a serial number of it."""

_NAMING: Final = frozenset({"parentID", "epcList", "childEPCs", "inputEPCList", "outputEPCList"})
_QUANTITIES: Final = frozenset({"quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList"})
_LOT_NUMBERS: Final = ("lotNumber", "lot")


class Included(NamedTuple):
    """An event's place in the log."""

    number: int
    """From 0."""
    hashes: tuple[bytes, ...]


class Step(NamedTuple):
    """An event that leads from something affected to something else."""

    source: str
    target: str
    kind: str
    trace_event: str


class Affected(NamedTuple):
    """Something that a recall reaches."""

    item: str
    where: Mapping[str, Any]
    """Holder, place, amount and so on, as the repository says: not proved."""
    steps: tuple[Step, ...]


class Bundle(NamedTuple):
    """All of it."""

    recalled: str
    """Canonical Digital Link."""
    affected: tuple[Affected, ...]
    events: Mapping[str, EventProof]
    """By resource name."""
    places: Mapping[str, Included]
    """Likewise; those that are missing stand in no checkpoint yet."""
    checkpoint: str
    """Signed; empty if there was none."""


class Report(NamedTuple):
    """What was verified."""

    checkpoint: Checkpoint | None
    events: int
    """Whose fields belong to their commitments."""
    in_log: int
    """Of these, those that stand in the log."""
    items: int
    steps: int
    """Whose event names both of its ends."""
    problems: tuple[str, ...]
    """What is wrong."""
    unchecked: tuple[str, ...]
    """What could not be checked."""

    @property
    def right(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


def write_bundle(bundle: Bundle) -> Iterator[bytes]:
    """Write a bundle as JSON, piece by piece."""
    head = {"format": FORMAT, "recalled": bundle.recalled, "checkpoint": bundle.checkpoint}
    yield json.dumps(head, ensure_ascii=False).encode()[:-1]
    yield b',\n"affected": [\n'
    yield from _joined(
        {
            "item": one.item,
            "where": dict(one.where),
            "steps": [
                {"source": s.source, "target": s.target, "kind": s.kind, "event": s.trace_event} for s in one.steps
            ],
        }
        for one in bundle.affected
    )
    yield b'],\n"events": [\n'
    yield from _joined(_event(proof, bundle.places.get(name)) for name, proof in bundle.events.items())
    yield b"]}\n"


def _event(proof: EventProof, place: Included | None) -> dict[str, Any]:
    log = {"index": place.number, "hashes": [to_hex(one) for one in place.hashes]} if place else None
    return {**document_of(proof), **({"log": log} if log else {})}


def _joined(values: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    for number, value in enumerate(values):
        yield (b",\n" if number else b"") + json.dumps(value, ensure_ascii=False).encode()


def read_bundle(data: bytes) -> Bundle:
    """Read a bundle; every event's fields are verified. Raises `Refusal` INVALID_BUNDLE, and those of `proof_from`."""
    if len(data) > MOST_BYTES:
        raise _invalid(f"it has more than {MOST_BYTES:,} bytes")
    try:
        document = read_json(data)
        if document["format"] != FORMAT:
            raise _invalid(f"its format is not {FORMAT}")
        affected = tuple(
            Affected(
                as_text(one["item"]),
                dict(one["where"]),
                tuple(
                    Step(as_text(s["source"]), as_text(s["target"]), as_text(s["kind"]), as_text(s["event"]))
                    for s in one["steps"]
                ),
            )
            for one in document["affected"]
        )
        listed = [(proof_from(one), _included(one.get("log"))) for one in document["events"]]
        recalled, checkpoint = as_text(document["recalled"]), as_text(document["checkpoint"])
    except (ValueError, KeyError, TypeError, IndexError, AttributeError):
        raise _invalid("a part of it is missing, or has another form") from None
    return Bundle(
        recalled,
        affected,
        {proof.trace_event: proof for proof, _ in listed},
        {proof.trace_event: place for proof, place in listed if place},
        checkpoint,
    )


def verify_bundle(bundle: Bundle, key: LogKey) -> Report:
    """Verify what can be verified with the log's key alone. Raises `Refusal` INVALID_CHECKPOINT."""
    problems: list[str] = []
    checkpoint = verify_checkpoint(bundle.checkpoint, key) if bundle.checkpoint else None
    in_log = 0
    for name, proof in bundle.events.items():
        place = bundle.places.get(name)
        if place is None:
            continue
        if checkpoint is not None and verify_inclusion(
            proof.entry, place.number, checkpoint.size, place.hashes, checkpoint.root
        ):
            in_log += 1
        else:
            problems.append(f"{name} does not stand in the log where the file says")
    named = {name: identifiers(proof) for name, proof in bundle.events.items()}
    steps = 0
    for one in bundle.affected:
        at = bundle.recalled
        for step in one.steps:
            wrong = _wrong(step, at, named)
            if wrong:
                problems.append(f"{one.item}: {wrong}")
            else:
                steps += 1
            at = step.target
        if at != one.item:
            problems.append(f"{one.item}: its chain of events ends at {at}")
    unchecked = ["whether everything that is affected stands here", "where things are and who has them"]
    if in_log < len(bundle.events):
        missing = len(bundle.events) - in_log
        unchecked.append(f"{missing} of {len(bundle.events)} events stand in no checkpoint of this file")
    return Report(
        checkpoint, len(bundle.events), in_log, len(bundle.affected), steps, tuple(problems), tuple(unchecked)
    )


def _wrong(step: Step, at: str, named: Mapping[str, frozenset[str]]) -> str:
    """What is wrong with a step; empty if nothing is."""
    if step.source != at:
        return f"a step begins at {step.source} where the one before ended at {at}"
    found = named.get(step.trace_event)
    if found is None:
        return f"there is no proof of the event {step.trace_event}"
    source = step.source
    if step.kind == LOT and source not in found:
        # A lot may be named in the master data only.
        source = f"{LOT}:{source.rpartition('/')[2]}"
    missing = [one for one in (source, step.target) if one not in found]
    return f"{step.trace_event} does not name {missing[0]}, or that field is not opened" if missing else ""


def identifiers(proof: EventProof) -> frozenset[str]:
    """Give the canonical identifiers of objects and lots in the opened fields of an event."""
    values: dict[str, Any] = {one.path: _json(one.text) for one in proof.view.opened}
    names = Names().within(values.get("@context")).within(values.get("/@context"))
    found: set[str] = set()
    for path, value in values.items():
        name, _, below = path.removeprefix("/").partition("/")
        if not isinstance(value, str):
            continue
        if name in _NAMING or (name in _QUANTITIES and below.endswith("/epcClass")):
            found.add(canonical_text(value, names))
        elif name == "ilmd" and below.endswith(_LOT_NUMBERS):
            found.add(f"{LOT}:{value}")
    return frozenset(found)


def _json(text: str) -> Any:
    try:
        return read_json(text.encode())
    except ValueError:
        return None


def _included(value: Any) -> Included | None:
    if value is None:
        return None
    return Included(as_number(value["index"]), tuple(as_bytes(one) for one in value["hashes"]))


def _invalid(why: str) -> Refusal:
    return Refusal("INVALID_BUNDLE", f"This is no bundle of a recall: {why}; make it again.")
