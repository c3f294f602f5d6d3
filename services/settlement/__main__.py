"""`python -m services.settlement serve|migrate|rebuild`."""

from libs.servicekit import main
from services.settlement.wiring import SERVICE

main(SERVICE)
