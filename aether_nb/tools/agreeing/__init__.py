"""Programs that others wrote: how they are defined, and what the user has said before one is started."""
