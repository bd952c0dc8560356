"""Waves: designed experiments, from their layout over the workers to the effects."""
