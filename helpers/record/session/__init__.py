"""A session from its beginning to its lock, and where it stands."""
