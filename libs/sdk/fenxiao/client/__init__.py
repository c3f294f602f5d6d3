"""The client: every service of a network as typed gRPC stubs, and what stands on them (imports, exports, streams)."""

from fenxiao.client.client import SERVICES, Client
from fenxiao.client.consistency import Consistency
from fenxiao.client.home import Network, find_home, read_credential, read_network

__all__ = ["SERVICES", "Client", "Consistency", "Network", "find_home", "read_credential", "read_network"]
