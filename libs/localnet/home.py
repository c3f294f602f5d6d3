"""The directory in which one network lives: where everything is, who may read it, and who is using it."""

import fcntl
import json
import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# What a reset removes. Keys stay: they name nobody, and making them anew would only cost time.
_DATA = ("network", "data", "nats", "chain", "log")

SECRET_FILE = 0o600
SECRET_FOLDER = 0o700


class HomeError(Exception):
    """The home cannot be used as it is; the message says what to do."""


def default_home() -> Path:
    """Return the home that is used when none is named: $FENXIAO_HOME, or `.fenxiao` in the working directory."""
    return Path(os.environ.get("FENXIAO_HOME") or ".fenxiao")


def write_secret(path: Path, content: str | bytes) -> None:
    """Write a file that only its owner can read, at no moment otherwise."""
    data = content.encode() if isinstance(content, str) else content
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, SECRET_FILE), "wb") as file:
        file.write(data)
    new.replace(path)


def write_json(path: Path, content: object) -> None:
    """Write JSON so that a reader sees the old file or the new one, never half of it."""
    new = path.with_name(path.name + ".new")
    new.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    new.replace(path)


@dataclass(frozen=True)
class Home:
    """The paths of one network."""

    root: Path

    @classmethod
    def at(cls, path: Path | None = None) -> "Home":
        """Return the home at a path (or the default one), which need not exist yet."""
        return cls((path or default_home()).expanduser().absolute())

    @property
    def network(self) -> Path:
        """What the running network says about itself."""
        return self.root / "network"

    @property
    def keys(self) -> Path:
        """Every private key."""
        return self.root / "keys"

    @property
    def data(self) -> Path:
        """The services' databases."""
        return self.root / "data"

    @property
    def logs(self) -> Path:
        """What the processes print."""
        return self.root / "log"

    @property
    def nats(self) -> Path:
        """The store of JetStream."""
        return self.root / "nats"

    @property
    def chain(self) -> Path:
        """The state of the development chain."""
        return self.root / "chain"

    @property
    def token(self) -> Path:
        """The credential that the command line uses when none is given."""
        return self.root / "token"

    @property
    def issuer_key(self) -> Path:
        """The private key that signs credentials."""
        return self.keys / "issuer.pem"

    @property
    def jwks(self) -> Path:
        """The public keys that credentials are checked with."""
        return self.keys / "jwks.json"

    @property
    def network_file(self) -> Path:
        """Addresses and process ids, for programs."""
        return self.network / "network.json"

    @property
    def contracts_file(self) -> Path:
        """Where the contracts stand on the chain."""
        return self.network / "contracts.json"

    @property
    def demo_mark(self) -> Path:
        """Stands where the demo made the network, which the next demo may therefore replace."""
        return self.root / "made-by-demo"

    def database(self, service: str) -> Path:
        """Return the file of a service's database."""
        return self.data / f"{service}.db"

    def log(self, name: str) -> Path:
        """Return the log of a process."""
        return self.logs / f"{name}.log"

    def nkey_seed(self, service: str) -> Path:
        """Return the file of a service's NATS seed."""
        return self.keys / f"{service}.nk"

    def create(self) -> None:
        """Make the folders that are missing and correct loosened permissions of those that hold secrets."""
        for folder in (self.root, self.network, self.data, self.logs, self.nats, self.chain):
            folder.mkdir(parents=True, exist_ok=True)
        for folder in (self.keys, self.data):
            folder.mkdir(mode=SECRET_FOLDER, exist_ok=True)
            folder.chmod(SECRET_FOLDER)
        for secret in self.secrets():
            secret.chmod(SECRET_FILE)

    def secrets(self) -> list[Path]:
        """Return the files that nobody but the owner may read."""
        found = [path for path in sorted(self.keys.glob("*")) if path.is_file()] if self.keys.is_dir() else []
        return [*found, self.token] if self.token.exists() else found

    def has_network(self) -> bool:
        """Say whether a network has been started here before."""
        return self.network.exists()

    def reset(self) -> None:
        """Remove the network's data. Keys stay. Call it with the lock held only."""
        for name in _DATA:
            shutil.rmtree(self.root / name, ignore_errors=True)

    def read_network(self) -> dict[str, Any] | None:
        """Return what the network said about itself when it last started or changed."""
        try:
            return json.loads(self.network_file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None

    @contextmanager
    def locked(self) -> Generator[None]:
        """Hold the home, so that no second network starts in it. The system lets go when the process dies."""
        self.root.mkdir(parents=True, exist_ok=True)
        path = self.root / "lock"
        with path.open("a+", encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                owner = path.read_text(encoding="utf-8").strip()
                raise HomeError(
                    f"A network is already running in {self.root} (process {owner}). "
                    "Stop it with Ctrl-C, or choose another directory with --home."
                ) from None
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            yield

    def in_use(self) -> bool:
        """Say whether a network is running here."""
        try:
            with (self.root / "lock").open("r", encoding="utf-8") as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except FileNotFoundError:
            return False
        return False
