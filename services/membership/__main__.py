"""`python -m services.membership serve|migrate|rebuild`."""

from libs.servicekit import main
from services.membership.wiring import SERVICE

main(SERVICE)
