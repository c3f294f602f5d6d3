"""`python -m services.chain_bridge serve|migrate|rebuild`."""

from libs.servicekit import main
from services.chain_bridge.wiring import SERVICE

main(SERVICE)
