"""The commands of ``sleeping``, one module per verb, registered as any plugin's are.

A module holds a function that does the work and returns a Result, and a few lines that register
it. Nothing here prints.
"""
