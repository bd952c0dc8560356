"""The rule that decides, as pure statistics: no files, no processes."""
