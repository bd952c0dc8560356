"""Journal, commit, report: nothing is ever lost."""
