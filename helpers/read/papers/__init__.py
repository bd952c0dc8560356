"""Sources of papers, and fetching one."""

from helpers.read.papers.identifiers import parse_id

__all__ = ["parse_id"]
