"""The table of faults, a file for each kind of part.

Rule: a row says everything about its fault; hw_sim/faults.py collects them, nobody else keeps a list.
"""
