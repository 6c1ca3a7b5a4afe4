"""What a model may do: the tools, and how a function becomes one."""
