"""THE GUARD, or what is asked about while code runs.

While the agent's code runs, its way to files, processes and the network is watched. What the card of the call said, and
you agreed to, is done. Whatever else the code tries is asked about at that moment, and the code waits for your answer:
yes, yes to all like it in this folder or in this call, or no. A no is a PermissionError in the code, and the model is
told what was refused and why. Anything but a yes is a no, nobody there is a no, and so is no answer for ten minutes.
What the code leaves behind to run later (call_later, a task) may do only what was agreed to once the call is over.

IT ASKS BEFORE
    a file is written, cut off, moved, linked or deleted, a folder made or deleted, permissions, owners, dates or
    attributes changed, a database file opened, a process started, forked or signalled, a connection made or waited for,
    the name of a host looked up, a compiled library loaded through ctypes.

IT DOES NOT ASK
    about reading; about files inside the folder of --allow-writes, and in mode auto inside the working folder (but for
    hidden files, and such as hold keys); about what the code has made itself; about temporary files of the tempfile
    module; about what libraries do for themselves: __pycache__, matplotlib's fonts, joblib's workers, threadpoolctl.

IT DOES NOT SEE
    - what compiled libraries write by themselves: DuckDB, polars, pyarrow (pandas' to_parquet too), HDF5, NetCDF;
    - what is called through ctypes or cffi once it is loaded, and modules that are written in C;
    - what is done in threads that the code starts (threading, concurrent.futures, asyncio.to_thread), and in processes:
      you are asked about the process, not about what it then does; about joblib's workers (n_jobs=2) not at all;
    - what goes through a file, a connection or a database that is open already, os.mkfifo and os.mknod;
    - the working directory and os.environ; undo takes care of these.
    All this is read before the code runs, and is high risk there: you are asked about the call itself, in every mode.
    But a file that is named in the code, stands on the card and lies in the working folder is medium risk.

WHERE YOU ARE ASKED
    In the panel; on ipykernel 6, whose panel is deaf while code runs, at an input box; in a terminal by input().

YOURS IS LEFT ALONE
    Your own cells are never watched, nor are your threads and tasks, nor what IPython does before and after a cell.

It stops accidents and honest mistakes. It is no wall against hostile code.
"""
