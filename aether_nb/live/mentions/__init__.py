"""What of the notebook a prompt speaks of: values, variables, functions, cells.

    finding     which parts of a text are mentions: pure, over the text and the names that there are
    text        what in a text is code, mathematics or another language, in which nothing is a mention
    values      what the mentions stand for, worked out once on the main thread, before the run
    failures    the errors of the user's cells, for ``{Err[3]}``
    completing  names behind ``@`` and inside braces, for IPython's completer

What a person typed stays as it was typed and is the instruction; a value is data and never becomes a part of it.
"""
