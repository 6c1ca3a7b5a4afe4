"""A cell in a notebook: what is typed becomes a task, a run is shown under it, a click becomes a word to the run."""
