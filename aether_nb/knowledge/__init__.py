"""Knowledge beside the notebook: what was imported, how it is kept, and how it is found again.

The folder is ``.aether/knowledge`` unless a setting says otherwise. Importing this room loads nothing heavy: LanceDB
and pyarrow come when an index is opened, a library that reads PDF or Word when such a file is read.
"""
