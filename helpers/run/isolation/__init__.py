"""One run behind walls: environment, mounts, processes, limits."""
