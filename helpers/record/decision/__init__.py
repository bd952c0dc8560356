"""Keep or discard: the evidence, the commit, the words."""
