"""What a person carries away: branches to merge, and evidence that a stranger can repeat."""
