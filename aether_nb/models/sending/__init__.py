"""How a request gets to a server and an answer back: over HTTP, mended, again, not too fast, or from before."""
