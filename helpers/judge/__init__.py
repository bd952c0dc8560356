"""Candidate against baseline: a verdict with an interval."""
