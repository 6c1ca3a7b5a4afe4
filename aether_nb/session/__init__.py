"""One notebook's conversation: its runs from the question to the last event, and everything they own or stand beside.

It knows no cell, no verb and no terminal: who shows a run, and who asks for it, lies above.
"""
