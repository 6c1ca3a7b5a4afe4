"""What verbs do, in a notebook and in a terminal: one file a subject. The table of verbs itself is ``verbs``."""
