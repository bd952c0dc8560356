"""Measuring pairs: the two sides, what they print, what they leave behind."""
