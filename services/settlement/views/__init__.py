"""Read models: tables made from the events of this service, and from nothing else."""
