"""`python -m services.traceability serve|migrate|rebuild`."""

from libs.servicekit import main
from services.traceability.wiring import SERVICE

main(SERVICE)
