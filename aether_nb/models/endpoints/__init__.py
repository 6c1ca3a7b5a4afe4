"""Who is asked: the address, the key, what its server can do, and what it means when it refuses."""
