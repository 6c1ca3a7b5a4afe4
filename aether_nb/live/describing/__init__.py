"""How any value is told in a few words.

words     names, types and single values as text that can be mistaken for nothing else
figures   what the values of a column amount to
tables    tables, a line about each column
"""
