"""Servers of the Model Context Protocol and their tools: found, agreed to, started, called."""
