"""The library behind the scripts: a ground floor and the rooms read, run, judge and record.

An import points from a later room to an earlier one or to the ground, never back (see CONTRIBUTING.md).
"""
