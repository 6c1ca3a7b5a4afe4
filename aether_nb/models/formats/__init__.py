"""Wire formats: how a request is written, and how the bytes of an answer become a reply."""
