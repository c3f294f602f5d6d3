"""The verifier: recomputes what members were paid from exported data and the chain, and needs nobody's word.

Input is an export (a folder, see `export`) and, for what stands on chain, a node's RPC address and the contracts'
addresses. No service has to run.
"""

from fenxiao.verify.chain import Chain, ChainUnreachable
from fenxiao.verify.export import ExportError, read_export, write_export
from fenxiao.verify.report import Check, Report
from fenxiao.verify.verifier import verify

__all__ = [
    "Chain",
    "ChainUnreachable",
    "Check",
    "ExportError",
    "Report",
    "read_export",
    "verify",
    "write_export",
]
