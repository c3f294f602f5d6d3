"""The log's own key (Ed25519): read once, never logged, never written."""

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from fenxiao.proofs.checkpoints import Checkpoint, LogKey, key_of, sign
from libs.servicekit import Settings, SettingsError


class LogSigner:
    """Signs what the log says of itself."""

    def __init__(self, origin: str, private: Ed25519PrivateKey, *, every_seconds: float) -> None:
        self._private = private
        self.origin = origin
        """The log's name."""
        self.every_seconds = every_seconds
        """A log that grows says so as often."""

    @property
    def key(self) -> LogKey:
        """By which others know the log."""
        return key_of(self.origin, self._private)

    def sign(self, size: int, root: bytes) -> str:
        """The signed checkpoint of a size and a root."""
        return sign(Checkpoint(self.origin, size, root), self._private)


def open_log_key(settings: Settings) -> LogSigner:
    """Opens the PEM file (PKCS 8) that the settings name."""
    path = Path(settings.required("log_key_file"))
    try:
        private = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError):
        raise SettingsError(f"FENXIAO_LOG_KEY_FILE: {path} cannot be read as a private key in PEM") from None
    if not isinstance(private, Ed25519PrivateKey):
        raise SettingsError(f"FENXIAO_LOG_KEY_FILE: {path} must hold an Ed25519 key")
    every = settings.extra("checkpoint_seconds") or "60"  # noqa: S610 - a setting, no Django
    try:
        seconds = float(every)
    except ValueError:
        raise SettingsError(f"FENXIAO_CHECKPOINT_SECONDS: {every!r} is no number of seconds") from None
    return LogSigner(settings.required("log_origin"), private, every_seconds=seconds)
