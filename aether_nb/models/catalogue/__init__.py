"""What is known of providers and their models: rows, keys, lists, prices."""
