"""What a session gave: one projection of its journal, and the faces that show it."""
