"""Isolated copies of a work tree, sealed into git."""
