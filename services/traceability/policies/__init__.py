"""What traceability does when something has happened."""
