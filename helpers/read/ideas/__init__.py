"""The queue of ideas, and where each of them came from."""
