"""One comparison from its plan to its verdict, here or on a worker."""
