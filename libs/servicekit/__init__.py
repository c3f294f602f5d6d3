"""What every service stands on: settings, logs, access, the gRPC server built from tables, a process's life."""

from libs.servicekit.lifecycle import main
from libs.servicekit.service import Call, Command, Query, Running, Service, Stream, Upload
from libs.servicekit.settings import Settings, SettingsError

__all__ = ["Call", "Command", "Query", "Running", "Service", "Settings", "SettingsError", "Stream", "Upload", "main"]
