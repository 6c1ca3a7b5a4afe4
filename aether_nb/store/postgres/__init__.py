"""A store on a PostgreSQL server, for many machines: the same contracts as in a folder."""
