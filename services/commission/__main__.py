"""`python -m services.commission serve|migrate|rebuild`."""

from libs.servicekit import main
from services.commission.wiring import SERVICE

main(SERVICE)
