"""Sources of papers, and fetching one."""
