"""How any value is told in a few words, in bounded time and without running code of an unknown object.

    kinds        the tables in which a type is found; to add one, write a function and add a line
    safely       reading classes and objects as they are stored
    words        names, types and single values as text that can be mistaken for nothing else
    looks        how closely to look, and what a description is made of
    figures      what the values of a column amount to
    columns      a line about each column of a table
    pandases polarses arrows arrays labelled    tables and arrays, by library
    lazies       what would have to be computed, consumed or awaited
    containers records functions learners pictures connections    everything else

No library is imported here: whoever has one of its objects has imported it.
"""
