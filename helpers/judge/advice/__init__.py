"""What to do next, computed from the journal. It decides nothing."""
